"""Whether anything grows while an archive works on and on: `python -m tests.bench.scale_soak [--minutes N] [--every SECONDS]
[--pause SECONDS] [--samples FILE]` prints JSON.

`archivo serve` and `archivo worker` of one home, with whatever servers ARCHIVO_DATABASE_URL, ARCHIVO_STORE_URL, ARCHIVO_BROKER_URL and
ARCHIVO_INDEX_URL name, receive a document born digital or scanned now and then, process it, and are asked for the home, results and records
by two clients. All the while it is looked at the memory (RSS, children included), open files and sockets of both processes, at the files in
their temporary folders and at the jobs that wait. The first third warms up; then the median of the last third may exceed that of the middle
one by what GROWTH says and no more. Exits 1 when something grew. The long form is `--minutes 120`; with `--samples` each look is a line
of FILE as it is taken, so that a run that is cut short has not been for nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.intake.services import Metadata, Upload, deposit
from archivo.jobs import Job, JobState
from archivo.settings import read_settings
from tests.bench.bench_http import Client, free_port, serve
from tests.bench.bench_ingest import KINDS
from tests.bench.bench_memory import children
from tests.bench.bench_search import Writer
from tests.corpus.pages import make_page
from tests.corpus.scans import pdf_of, scan

ACTOR = custody("bench")
SCAN_EACH = 20
GROWTH: Mapping[str, tuple[float, float]] = {
    "rss_mib": (0.05, 16),
    "files": (0, 4),
    "sockets": (0, 4),
    "temporary": (0, 4),
    "jobs": (0, 10),
}
"""By how much each may grow: a share of what it was, and so many besides."""


def looked_at(pid: int) -> dict[str, float]:
    """Memory of a process and its living descendants; its own open files and sockets."""
    pages, links = 0, []
    for one in (pid, *children(pid)):
        with suppress(OSError):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            links.append(str(link.readlink()))
    sockets = sum(link.startswith("socket:") for link in links)
    return {"rss_mib": pages * os.sysconf("SC_PAGE_SIZE") / 2**20, "files": len(links) - sockets, "sockets": sockets}


def sample(archive: Archive, home: Path, pids: Mapping[str, int]) -> dict[str, float]:
    found = {f"{name}.{what}": value for name, pid in pids.items() for what, value in looked_at(pid).items()}
    with archive.reading() as session:
        found["jobs"] = session.scalar(select(func.count()).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))) or 0
    folders = (home / "cache" / "work", home / "incoming")
    found["temporary"] = sum(1 for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file())
    return found


def receive(archive: Archive, until: float, every: float, folder: Path) -> int:
    """Documents handed over, one each `every` seconds; how many."""
    texts = (entry.body for entry in Writer(31).entries(10**6, 1) if entry.page)
    number = 0
    for number, (text, kind) in enumerate(zip(texts, cycle(KINDS), strict=False), 1):
        content, name = kind(text), f"{number}.{kind.__name__}"
        if number % SCAN_EACH == 0:
            content, name = pdf_of([scan(folder, make_page("oficio", number), "fax200")], folder / "scan.pdf").read_bytes(), f"{number}.pdf"
        deposit(archive, ACTOR, Upload(BytesIO(content), name, Metadata(published=True)))
        time.sleep(every)
        if time.monotonic() > until:
            break
    return number


def read(port: int, until: float, pause: float, seed: int) -> None:
    """The home, results and their first record, again and again, with `pause` seconds between two rounds."""
    client, writer = Client(port), Writer(seed)
    while time.monotonic() < until:
        query = urlencode({"q": writer.query()})
        client.get("/")
        client.get(f"/buscar?{query}")
        for hit in json.loads(client.get(f"/api/v1/search?{query}"))["hits"][:1]:
            client.get(f"/documentos/{hit['id']}?{query}")
        time.sleep(pause)


def grown(samples: Sequence[Mapping[str, float]]) -> tuple[dict[str, list[float]], list[str]]:
    """Of each thing its medians in the middle and the last third, and those that grew beyond what is allowed."""
    third = len(samples) // 3
    medians, wrong = {}, []
    for name in samples[-1]:
        middle, last = (statistics.median(one[name] for one in part) for part in (samples[third : 2 * third], samples[2 * third :]))
        share, besides = GROWTH[name.rpartition(".")[2]]
        medians[name] = [round(middle, 1), round(last, 1)]
        if last > middle * (1 + share) + besides:
            wrong.append(name)
    return medians, wrong


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two documents")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two rounds of a reader")
    parser.add_argument("--samples", type=Path, help="a file to which each look is added")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, opened(read_settings(os.environ | {"ARCHIVO_HOME": f"{name}/home"})) as archive:
        home, port = Path(name) / "home", free_port()
        server = serve(home, port)
        line = [sys.executable, "-m", "archivo", "worker"]
        with (home / "worker.log").open("wb") as log:
            worker = subprocess.Popen(line, env=os.environ | {"ARCHIVO_HOME": str(home)}, stdout=log, stderr=log)
        until = time.monotonic() + options.minutes * 60
        readers = [threading.Thread(target=read, args=(port, until, options.pause, seed), daemon=True) for seed in (1, 2)]
        received: list[int] = []
        giver = threading.Thread(target=lambda: received.append(receive(archive, until, options.every, Path(name))), daemon=True)
        samples = []
        try:
            for thread in (*readers, giver):
                thread.start()
            while time.monotonic() < until:
                time.sleep(min(5.0, options.minutes * 60 / 30))
                samples.append(sample(archive, home, {"serve": server.pid, "worker": worker.pid}))
                if options.samples:
                    with options.samples.open("a") as lines:
                        lines.write(json.dumps(samples[-1]) + "\n")
            for thread in (*readers, giver):
                thread.join(60)
        finally:
            for process in (server, worker):
                process.terminate()
                process.wait()
        is_whole = all(not thread.is_alive() for thread in readers) and bool(received)
    medians, wrong = grown(samples)
    report = {
        "command": " ".join(["python -m tests.bench.scale_soak", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "documents": received[0] if received else None,
        "samples": len(samples),
        "medians": medians,
        "grew": wrong,
    }
    print(json.dumps(report, indent=1))
    return 0 if is_whole and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
