"""`archivo worker`, or `serve`, with one more kind of job, whose effects can be counted: `python -m tests.hands [serve] [--queues …]`.

HANDS_HOST is the name of the host that it takes itself to be on. With HANDS_SLOW each of its threads takes a moment to begin.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, insert, select

from archivo import assembly, jobs, worker
from archivo.archive import Archive
from archivo.cli import run
from archivo.jobs import Lease, Queue

KIND: Final = "count"
EFFECT: Final = Table(
    "effect",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("job", String(36)),
    Column("process", String(120)),
    Column("at", Float),
)
_COUNTED: Final = insert(EFFECT)
ROOT: Final = Path(__file__).parents[1]


def count(archive: Archive, lease: Lease) -> None:
    """Leave one effect, kept with the end of the job. Its params say what goes wrong before that."""
    begun, asked = time.time(), lease.params
    if asked.get("unless") and not Path(asked["unless"]).exists():
        raise RuntimeError("what this job wants is absent")
    if asked.get("signal") and lease.attempt <= asked.get("times", 1):
        os.kill(os.getpid(), asked["signal"])
        time.sleep(0.5)  # a thread goes on for a moment before all of them stop: not to where it holds the file that others share
    if "seconds" in asked:
        time.sleep(asked["seconds"])
    with archive.transaction() as transaction:
        transaction.session.execute(_COUNTED, {"job": lease.id, "process": archive.process, "at": begun})
        jobs.finish(transaction.session, lease, transaction.now)


def add_jobs(archive: Archive, number: int, queue: Queue = Queue.INGEST, params: Mapping[str, Any] | None = None) -> list[str]:
    """Write jobs to count, each in a transaction of its own, as deposits do; their messages are sent by the archive's legs."""
    EFFECT.create(archive.database.engine, checkfirst=True)
    made = []
    for _ in range(number):
        with archive.transaction() as transaction:
            made.append(str(transaction.enqueue(KIND, f"cosa-{time.time_ns()}", queue=queue, params=params)))
    return made


def effects(archive: Archive) -> Counter[str]:
    """How many effects each job had."""
    with archive.reading() as session:
        return Counter(session.scalars(select(EFFECT.c.job)))


def begin(*words: str, host: str | None = None, log: Path | None = None, slow: bool = False) -> "subprocess.Popen[bytes]":
    """A worker, or what serves, in a process of its own, on the archive of this environment."""
    environment = os.environ | ({"HANDS_HOST": host} if host else {}) | ({"HANDS_SLOW": "yes"} if slow else {})
    with (log or Path(os.devnull)).open("ab") as out:
        return subprocess.Popen([sys.executable, "-m", "tests.hands", *words], cwd=ROOT, env=environment, stdout=out, stderr=out)


class SlowThread(threading.Thread):
    """One that takes a moment to begin, as on a busy machine."""

    def start(self) -> None:
        super().start()
        time.sleep(0.3)


def main(words: list[str]) -> int:
    if "HANDS_SLOW" in os.environ:
        vars(threading)["Thread"] = SlowThread
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    table: Any = worker.TABLE
    table[KIND] = count
    if host := os.environ.get("HANDS_HOST"):
        patch.object(assembly, "host_name", lambda: host).start()
    return run(words if words[:1] == ["serve"] else ["worker", *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
