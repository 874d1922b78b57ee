"""How fast jobs are done and how soon they begin: `python -m tests.bench.bench_jobs [--jobs N] [--queued N] [--broker URL]` prints JSON.

Jobs of one small effect, a row, each written in a transaction of its own, by `--writers` threads as by the requests of a web, and worked by
`archivo worker` in processes of their own, of two threads each: one with `local://`, two with `--broker`, an address `amqp://…` (the queues
`archivo.…` there are emptied). `--database` is an empty one of PostgreSQL; without it each part has an SQLite of its own.

`end_to_end`: a job a transaction while the workers work, from the first one to the last effect. `waiting`: all were written before.
`processor_ms`: of writer and workers, for each job; on a machine that does other things it tells more than the clock. `latency_ms`: from
the instant a job is written, its commit included, to the beginning of its work, one job at a time. `claim_ms`: of processor, to take and
finish a job where it is alone and where `--queued` others wait. `web_ms`: what an archivist waits for the home, results and the page of
jobs of an `archivo serve` beside RabbitMQ, with no job and while as many wait that nobody works; the ratio of p50.
"""

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select

from archivo import jobs
from archivo.access.policy import custody
from archivo.access.services import create_token, create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.database import table_of
from archivo.identifiers import new_uuid
from archivo.jobs import Job, JobState, Queue
from archivo.settings import read_settings
from tests.bench.bench_http import free_port, serve
from tests.brokers import RabbitMQ
from tests.faults.people import Reader, Told
from tests.faults.site import audit_key
from tests.hands import EFFECT, KIND, add_jobs, begin

PAGES = {"home": "/", "results": "/buscar?q=junta", "jobs": "/trabajos"}
ASKED = 60
PASSWORD = "una frase para las medidas"
TICKS = os.sysconf("SC_CLK_TCK")
BATCH = 5_000


def processor(pid: int) -> float:
    """Seconds of processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def effects(archive: Archive) -> int:
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(EFFECT)) or 0


def wait_for(archive: Archive, number: int) -> None:
    while effects(archive) < number:
        time.sleep(0.05)


def cleared(archive: Archive) -> None:
    with archive.database.writing() as session:
        session.execute(delete(EFFECT))
        session.execute(delete(Job))


@contextmanager
def working(number: int) -> Iterator[list[Any]]:
    """Some workers."""
    with ExitStack() as all_of_them:
        running = [begin() for _ in range(number)]
        for one in running:
            all_of_them.callback(one.wait)
            all_of_them.callback(one.terminate)
        yield running


def throughput(archive: Archive, running: Sequence[Any], number: int, writers: int) -> dict[str, Any]:
    """Jobs a second, the writing of each included, and milliseconds of processor for each."""
    cleared(archive)
    before, begun = [processor(one.pid) for one in running], time.perf_counter()
    own = time.process_time()
    with ThreadPoolExecutor(writers) as writing:
        list(writing.map(lambda n: add_jobs(archive, (number + n) // writers), range(writers)))
    wait_for(archive, number)
    seconds = time.perf_counter() - begun
    writer = time.process_time() - own
    worker = sum(processor(one.pid) for one in running) - sum(before)
    return {
        "jobs_per_second": round(number / seconds, 1),
        "processor_ms": {"writer": round(writer / number * 1e3, 2), "workers": round(worker / number * 1e3, 2)},
    }


def waiting(archive: Archive, workers: int, number: int) -> dict[str, float]:
    """The same with all written before the workers begin: from the first effect to the last."""
    cleared(archive)
    add_jobs(archive, number)
    with working(workers) as running:
        wait_for(archive, number)
        worker = sum(processor(one.pid) for one in running)
    with archive.reading() as session:
        first, last = session.execute(select(func.min(EFFECT.c.at), func.max(EFFECT.c.at))).one()
    return {"jobs_per_second": round((number - 1) / (last - first), 1), "processor_ms_start_included": round(worker / number * 1e3, 2)}


def latency(archive: Archive, number: int) -> dict[str, float]:
    """Milliseconds from writing a job to the beginning of its work, one at a time, at no steady interval."""
    cleared(archive)
    for n in range(number):
        add_jobs(archive, 1)
        wait_for(archive, n + 1)
        time.sleep(0.013 * (n % 7))
    with archive.reading() as session:
        rows = session.execute(select(EFFECT.c.at, table_of(Job).c.created_at).join(table_of(Job), table_of(Job).c.id == EFFECT.c.job))
        took = sorted((at - created.timestamp()) * 1e3 for at, created in rows)
    return {"p50": round(statistics.median(took), 1), "p95": round(took[int(len(took) * 0.95)], 1), "longest": round(took[-1], 1)}


def claiming(archive: Archive, queued: int, number: int) -> dict[str, float]:
    """Milliseconds of processor to take and finish a job of the archive, alone and before many others."""

    def once() -> float:
        add_jobs(archive, number)
        begun = time.process_time()
        for _ in range(number):
            with archive.database.claiming() as session:
                lease = jobs.claim(session, "medida", archive.clock())
            assert lease is not None
            with archive.database.writing() as session:
                jobs.finish(session, lease, archive.clock())
        return (time.process_time() - begun) / number * 1e3

    cleared(archive)
    alone = once()
    have_waiting(archive, queued)
    among = once()
    return {"alone": round(alone, 2), "among_many": round(among, 2), "ratio": round(among / alone, 2)}


def have_waiting(archive: Archive, number: int) -> None:
    """Jobs in every queue, of which nobody was told yet."""
    now, queues = archive.clock(), list(Queue)
    for start in range(0, number, BATCH):
        made = [
            {"id": new_uuid(now), "kind": KIND, "queue": queues[n % len(queues)], "priority": 5, "object_id": f"otra-{n}", "params": {}}
            for n in range(start, min(start + BATCH, number))
        ]
        with archive.database.writing() as session:
            session.execute(insert(Job), [{**one, "state": JobState.QUEUED, "attempt": 0, "created_at": now} for one in made])


def web(archive: Archive, home: Path, queued: int) -> dict[str, Any]:
    """Milliseconds of each page, without jobs and with many that wait."""
    cleared(archive)
    chief = custody("medida")
    create_user(archive, chief, "ana", "archivist", password=PASSWORD)
    port = free_port()
    reader = Reader(f"http://127.0.0.1:{port}", create_token(archive, chief, "ana"), Told())

    def took(path: str) -> float:
        answer = reader.visit(path)
        assert answer is not None
        assert answer.status_code == 200
        return answer.elapsed.total_seconds() * 1e3

    def asked() -> dict[str, dict[str, float]]:
        times = {name: sorted(took(path) for _ in range(ASKED)) for name, path in PAGES.items()}
        return {name: {"p50": round(statistics.median(each), 1), "p95": round(each[ASKED * 95 // 100], 1)} for name, each in times.items()}

    server = serve(home, port)
    try:
        reader.sign_in("ana", PASSWORD)
        asked()
        without = asked()
        have_waiting(archive, queued)
        asked()
        among = asked()
    finally:
        server.terminate()
        server.wait()
    ratio = {name: round(among[name]["p50"] / without[name]["p50"], 2) for name in PAGES}
    return {"jobs": queued, "without": without, "among_many": among, "ratio": ratio}


def measured(home: Path, broker: str, database: str | None, options: argparse.Namespace) -> dict[str, Any]:
    """One transport."""
    names = {"ARCHIVO_HOME": str(home), "ARCHIVO_BROKER_URL": broker, "ARCHIVO_WORKERS": "2"}
    os.environ.update(names | ({"ARCHIVO_DATABASE_URL": database} if database else {}))
    workers = 1 if broker == "local://" else 2
    with opened(read_settings()) as archive:
        add_jobs(archive, 1)
        with working(workers) as running:
            wait_for(archive, 1)
            report: dict[str, Any] = {"latency_ms": latency(archive, options.single)}
            report["end_to_end"] = throughput(archive, running, options.jobs, options.writers)
        report["waiting"] = waiting(archive, workers, options.jobs)
        report["claim_ms"] = claiming(archive, options.queued, 200)
        if broker != "local://":
            report["web_ms"] = web(archive, home, options.queued)
        cleared(archive)
    return report


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--queued", type=int, default=100_000)
    parser.add_argument("--single", type=int, default=60, help="jobs of the latency")
    parser.add_argument("--broker", help="amqp://…; its queues are emptied")
    parser.add_argument("--database", help="an empty one of PostgreSQL")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {
        "command": " ".join(["python -m tests.bench.bench_jobs", *("URL" if "://" in word else word for word in arguments)]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "jobs": options.jobs,
    }
    # two homes on one database: the same secrets in both, or the second would not work there
    os.environ.update({"ARCHIVO_AUDIT_KEY": audit_key(), "ARCHIVO_SECRET": secrets.token_urlsafe(32)})
    with tempfile.TemporaryDirectory() as name:
        report["local"] = measured(Path(name) / "local", "local://", options.database, options)
        if options.broker:
            RabbitMQ(options.broker).empty()
            report["broker"] = measured(Path(name) / "broker", options.broker, options.database, options)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
