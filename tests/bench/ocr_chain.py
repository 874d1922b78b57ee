"""Run recognition as the archive does, and others' programs, and count their processor seconds."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.step import Format, Part, Workspace
from ingest.steps.derive import Derive
from ingest.steps.recognize import Recognize
from ingest.tools.process import ToolBox
from tests.corpus.scans import MIMES

SINGLE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}


@dataclass(frozen=True, slots=True)
class Run:
    """One document through recognition and derivation, in processor seconds of this process and its children."""

    parts: tuple[Part, ...]
    recognition: float
    derivation: float
    derived: bool


class Chain:
    """The product's own steps, with its own children, kept warm."""

    def __init__(self) -> None:
        self.tools = ToolBox(size=1)

    def run(self, path: Path, pages: int = 1) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            kind = Format(None, MIMES[path.suffix], "")
            work = Workspace(Path(folder), path, path.name, self.tools, format=kind, pending=list(range(1, pages + 1)))
            start = _own_seconds()
            Recognize()(work)
            middle = _own_seconds()
            Derive()(work)
            return Run(tuple(work.parts), middle - start, _own_seconds() - middle, work.derivative is not None)

    def close(self) -> None:
        self.tools.close()


def command_seconds(command: Sequence[str | Path]) -> tuple[float, str]:
    """Processor seconds of a program and what it started, and its standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=SINGLE_THREAD)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def bare_tesseract(image: Path) -> tuple[float, str]:
    return command_seconds(["tesseract", image, "-", "-l", "spa", "--psm", "3"])


def stock_ocrmypdf(pdf: Path, output: Path) -> float:
    return command_seconds([sys.executable, "-m", "ocrmypdf", "-q", "-l", "spa", "-j", "1", pdf, output])[0]


def _own_seconds() -> float:
    """Of this process, its living children and theirs that have ended."""
    own = os.times()
    ticks = os.sysconf("SC_CLK_TCK")
    total = own.user + own.system
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            total += sum(map(int, fields[11:15])) / ticks
    return total
