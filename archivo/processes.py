"""The processes of an archive and their threads: which one lives, which waits for work, whose leases are renewed, which rounds it makes."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

GRACE: Final = 8.0
"""Seconds that the jobs at hand have to end when their process is told to; then they are handed back. Containers are killed after ten."""


class Bell:
    """Wakes the threads of this process that wait for work."""

    def __init__(self) -> None:
        self._rung = 0
        self._changed = threading.Condition()

    def ring(self) -> None:
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def heard(self) -> int:
        """How often it has rung; asked before looking for work, so that a ring meanwhile is not missed."""
        return self._rung

    def wait(self, heard: int, seconds: float) -> None:
        """Until it has rung since, or some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != heard, seconds)


class Renewals:
    """Renews the leases that this process holds, well before they end: one thread, which lives while something is held."""

    def __init__(self, every: timedelta) -> None:
        self._every = every.total_seconds()
        self._lock = threading.Lock()
        self._held: dict[int, Callable[[], object]] = {}
        self._is_running = False

    @contextmanager
    def keeping(self, renew: Callable[[], object]) -> Iterator[None]:
        """Call `renew` now and then. What it raises is passed over: it is called again, and who has lost a lease is told when it ends."""
        with self._lock:
            self._held[id(renew)] = renew
            if not self._is_running:
                threading.Thread(target=self._run, name="renovación", daemon=True).start()
                self._is_running = True
        try:
            yield
        finally:
            with self._lock:
                del self._held[id(renew)]

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(self._every)
            with self._lock:
                held = list(self._held.values())
                if not held:
                    self._is_running = False
                    return
            for renew in held:
                with suppress(Exception):
                    renew()


class Rounds:
    """The last round of each thing, by its name: as many as there are things, and nothing else makes one forgotten. Safe among threads."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()

    def begins(self, name: str, now: datetime, every: timedelta) -> bool:
        """Whether a round begins now: the first who asks, of each stretch of time, is told so."""
        number = int(now.timestamp() // every.total_seconds())
        with self._lock:
            if self._last.get(name) == number:
                return False
            self._last[name] = number
            return True

    def is_unfinished(self, name: str) -> None:
        """Have the next who asks begin it again, for there is more to do."""
        with self._lock:
            self._last.pop(name, None)


def host_name() -> str:
    """A name for this host and its table of processes: two containers, or two machines, that have the same name are not taken for one."""
    known = [os.uname().nodename]
    with suppress(OSError):
        known += [Path("/proc/sys/kernel/random/boot_id").read_text("ascii"), os.readlink("/proc/self/ns/pid")]  # noqa: PTH115 - no path
    return f"{known[0]}-{hashlib.sha256(''.join(known).encode()).hexdigest()[:8]}"


def process_name(host: str, pid: int) -> str:
    """A name for a process that another process of the same host can look up: host, pid and the instant it started, in clock ticks."""
    return f"{host}:{pid}:{_started(pid) or 0}"


def lives(name: str, host: str) -> bool:
    """Whether a named process still runs. One of another host is believed to: only its lease ends it."""
    where, *rest = name.rsplit(":", 2)
    if where != host or len(rest) != 2:
        return True
    pid, started = rest
    return pid.isdecimal() and str(_started(int(pid)) or 0) == started and started != "0"


def _started(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
