"""How fast files become findable on real servers, against the embedded profile: `python -m tests.bench.scale_profiles --database URL
--store URL --broker URL --index URL [--files N] [--scans N] [--rounds N] [--pid NAME=PID …] [--folder F]` prints one JSON value.

In each round both profiles, in turns, receive files of one page born digital (a quarter each PDF, DOCX, EML and TXT) and then scanned
pages, all different, the same for both, and two `archivo worker` of one thread each work them. `pages_per_minute`: from the first deposit
until all are findable. `processor`: seconds of receiver and workers with their children, for each page, and of each server whose process
is given; on a machine that does other things it tells more than the clock. `ratio`: of the servers' profile to the embedded one, by
the clock and by processor without and with the servers' own. The processor counts until no job is left.

The database must be empty, the queues `archivo.…` of the broker are emptied, and what is kept in store and index stays there.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.demo import TRD
from archivo.intake.services import Upload, deposit
from archivo.jobs import Job, JobState
from archivo.records.models import Document, DocumentState
from archivo.retention.services import import_trd
from archivo.settings import read_settings
from tests.bench.bench_ingest import write_files
from tests.bench.bench_memory import children
from tests.brokers import RabbitMQ
from tests.corpus.pages import TEMPLATES, make_page
from tests.corpus.scans import pdf_of, scan

WORKERS = 2
ACTOR = custody("bench")
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 36_000


def processor(pid: int) -> float:
    """Seconds of processor of a process, its living descendants and its ended children."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS + sum(map(processor, children(pid)))


@dataclass(slots=True)
class Profile:
    """An arrangement of an archive, and what its work took: pages, seconds, and seconds of processor by who took them."""

    settings: Mapping[str, str]
    servers: Mapping[str, int] = field(default_factory=dict)
    taken: dict[str, dict[str, float]] = field(default_factory=dict)

    @contextmanager
    def working(self) -> Iterator[tuple[Archive, list[int]]]:
        """The archive open, and the processes of its workers."""
        line = [sys.executable, "-m", "archivo", "worker", "--while-input"]
        with ExitStack() as stack:
            archive = stack.enter_context(opened(read_settings(self.settings)))
            pids = []
            for _ in range(WORKERS):
                worker = stack.enter_context(
                    subprocess.Popen(
                        line, env=os.environ | self.settings, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                    )
                )
                stack.callback(worker.terminate)
                pids.append(worker.pid)
            yield archive, pids

    def work(self, kinds: Mapping[str, Sequence[Path]], warm: Sequence[Path]) -> None:
        with self.working() as (archive, workers):
            _through(archive, warm)
            for kind, paths in kinds.items():
                before = self._spent(workers)
                spent = {"pages": len(paths), "seconds": _through(archive, paths)}
                spent |= {name: value - before[name] for name, value in self._spent(workers).items()}
                sums = self.taken.setdefault(kind, dict.fromkeys(spent, 0.0))
                self.taken[kind] = {name: sums[name] + value for name, value in spent.items()}

    def _spent(self, workers: Sequence[int]) -> dict[str, float]:
        ours = {"receiver": time.process_time(), "workers": sum(map(processor, workers))}
        return ours | {name: processor(pid) for name, pid in self.servers.items()}


def _through(archive: Archive, paths: Sequence[Path]) -> float:
    """Have the archive receive these files: the seconds until all it holds is findable. Comes back once no job is left."""
    begun = time.perf_counter()
    for path in paths:
        with path.open("rb") as content:
            deposit(archive, ACTOR, Upload(content, path.name))
    _wait(archive, select(Document.state).where(Document.state != DocumentState.FINDABLE))
    seconds = time.perf_counter() - begun
    _wait(archive, select(Job.state).where(Job.state != JobState.DONE))
    return seconds


def _wait(archive: Archive, unfinished: Select[str]) -> None:
    for _ in range(PATIENCE):
        with archive.reading() as session:
            states = set(session.scalars(unfinished.distinct()))
        if not states:
            return
        if "failed" in states:
            break
        time.sleep(0.05)
    sys.exit(f"not all is done: {states}")


def scans(folder: Path, count: int, seed: int) -> list[Path]:
    """PDF files of one scanned page, each different."""
    folder.mkdir()
    pages = (make_page(template, seed + number) for number, template in zip(range(count), cycle(TEMPLATES), strict=False))
    return [pdf_of([scan(folder, page, "fax200")], folder / f"{number:04}.pdf") for number, page in enumerate(pages)]


def told(profile: Profile, kind: str) -> dict[str, Any]:
    taken = dict(profile.taken[kind])
    pages, seconds = taken.pop("pages"), taken.pop("seconds")
    each = {name: round(value / pages, 3) for name, value in taken.items()}
    return {"pages_per_minute": round(pages / seconds * 60, 1), "processor": each}


def ratios(embedded: Profile, servers: Profile, kind: str) -> dict[str, float]:
    """How much of the embedded profile's pace the servers' profile keeps."""
    ours, theirs = embedded.taken[kind], servers.taken[kind]
    own = theirs["receiver"] + theirs["workers"]
    spent = {"seconds": theirs["seconds"], "processor": own, "processor_with_servers": own + sum(theirs[name] for name in servers.servers)}
    base = {"seconds": ours["seconds"]} | dict.fromkeys(("processor", "processor_with_servers"), ours["receiver"] + ours["workers"])
    return {name: round(base[name] / value, 3) for name, value in spent.items()}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    for name in ("database", "store", "broker", "index"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--files", type=int, default=100, help="born digital, in a round")
    parser.add_argument("--scans", type=int, default=10, help="scanned pages, in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pid", action="append", default=[], help="NAME=PID of a server, whose processor is told apart")
    parser.add_argument("--folder", type=Path, help="where to work; by default the system's temporary folder")
    options = parser.parse_args(arguments)
    addresses = {f"ARCHIVO_{name.upper()}_URL": getattr(options, name) for name in ("database", "store", "broker", "index")}
    named = {name: int(pid) for name, _, pid in (one.partition("=") for one in options.pid)}
    RabbitMQ(options.broker).empty()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        work, alone = Path(name), {"ARCHIVO_WORKERS": "1"}
        embedded = Profile(alone | {"ARCHIVO_HOME": str(work / "embedded")})
        servers = Profile(alone | {"ARCHIVO_HOME": str(work / "servers")} | addresses, named)
        for profile in (embedded, servers):
            with opened(read_settings(profile.settings)) as archive:
                import_trd(archive, ACTOR, TRD.read_bytes(), TRD.name)
        for turn in range(options.rounds):
            kinds = {
                "digital": write_files(work / f"digital {turn}", options.files, 100 + turn),
                "scanned": scans(work / f"scanned {turn}", options.scans, 1000 * (turn + 1)),
            }
            warm = [*write_files(work / f"warm {turn}", 8, 200 + turn), *scans(work / f"warm scans {turn}", 2, 1000 * (turn + 1) + 500)]
            for profile in (embedded, servers) if turn % 2 else (servers, embedded):
                profile.work(kinds, warm)
    report = {
        "command": " ".join(["python -m tests.bench.scale_profiles", *("URL" if "://" in word else word for word in arguments)]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "pages": {kind: int(taken["pages"]) for kind, taken in embedded.taken.items()},
        "embedded": {kind: told(embedded, kind) for kind in embedded.taken},
        "servers": {kind: told(servers, kind) for kind in embedded.taken},
        "ratio": {kind: ratios(embedded, servers, kind) for kind in embedded.taken},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
