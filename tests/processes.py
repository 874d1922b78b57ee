"""What tests ask of processes and of time: whether one stands still, whose children run, and to wait for something to come."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

LONGEST: Final = 240.0
"""Seconds after which something never comes."""


def until(reached: Callable[[], object], longest: float = LONGEST) -> None:
    """Wait until it is so; fails when it never is."""
    ends = time.monotonic() + longest
    while not reached():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process lives; one that has ended and that nobody has asked about does not."""
    with suppress(OSError):
        return _stat(Path(f"/proc/{pid}/stat"))[0] not in "ZX"
    return False


def stands_still(pid: int) -> bool:
    """Whether all threads of a process are stopped."""
    return all(_stat(task / "stat")[0] == "T" for task in Path(f"/proc/{pid}/task").iterdir())


def children(pid: int, word: bytes) -> list[int]:
    """The processes that a process started, and whose command line holds a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(_stat(folder / "stat")[1]) == pid and word in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def of_session(pid: int) -> list[int]:
    """The living processes of a session, by the process that began it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(_stat(folder / "stat")[3]) == pid and is_running(int(folder.name)):
                found.append(int(folder.name))
    return found


def _stat(path: Path) -> list[str]:
    """The fields after the name of the program: state, parent and so on (proc(5))."""
    return path.read_text("utf-8", "replace").rpartition(")")[2].split()
