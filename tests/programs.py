"""Programs of real servers that tests start: each on 127.0.0.1, in a folder of its own, as a user whom it accepts, ended by its id."""

import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.processes import LONGEST, of_session, stands_still, until

SERVERS: Final = Path(__file__).parents[1] / ".venv" / "servers"
"""Where `.ci/setup servers` puts what does not come from the system's packages."""
PORTS: Final = range(12_000, 32_000)
"""Below those that the system gives to who connects: a client that insists on a dead server could be given its port."""
_REACHED = 0o005
_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL")
"""Ended with the thread that started it, should these tests themselves be ended at once (prctl(2), PR_SET_PDEATHSIG)."""


def installed(name: str, folder: Path, pattern: str) -> Path:
    """The newest program that matches; skips where there is none."""
    found = sorted(folder.glob(pattern), key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))])
    if not found:
        pytest.skip(f"not run: {name} is not installed (.ci/setup servers)")
    return found[-1]


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def folder_of(name: str) -> Iterator[Path]:
    """A folder for a while, that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"archivo-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def within_reach(program: Path, folder: Path) -> Path:
    """A folder of programs where any user may read it: itself, or a copy inside of `folder` when the way to it is closed to others."""
    if os.geteuid() != 0 or all(way.stat().st_mode & _REACHED == _REACHED for way in (program, *program.parents)):
        return program
    return Path(shutil.copytree(program, folder / program.name))


@dataclass(slots=True)
class Program:
    """A program in a session of its own, told nothing of this environment but PATH. Where we are root, `user` runs it and owns `folder`."""

    words: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    _running: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        if os.geteuid() == 0 and self.user:
            owner = pwd.getpwnam(self.user)
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    @property
    def pid(self) -> int:
        assert self._running, "it does not run"
        return self._running.pid

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def start(self, answers: Callable[[], object]) -> None:
        """Start it and wait until it answers. Raises RuntimeError with its last words where it ends instead, or never does."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen((*_WITH_US, *self.words), stdout=log, stderr=log, start_new_session=True, **self._manner())
        ends = time.monotonic() + LONGEST
        while not answers():
            if self._running.poll() is not None or time.monotonic() > ends:
                self.kill()
                raise RuntimeError(f"{self.words[0]} does not start: {self._log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.05)

    def run(self, *words: str) -> None:
        """Have another program do something in the folder, as the same user."""
        done = subprocess.run(words, check=False, capture_output=True, text=True, **self._manner())
        if done.returncode:
            raise RuntimeError(f"{words[0]} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")

    def kill(self) -> None:
        """End it at once with all of its session, with kill -9; its data stay."""
        if self._running:
            self._send(signal.SIGKILL)
            self._running.wait()
            until(lambda: not of_session(self.pid))
            self._running = None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to end, and wait; at once where it does not, or stands still."""
        if self._running:
            self._running.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self._running.wait(30)
            self.kill()

    def freeze(self) -> None:
        """Its sockets stay open and nobody answers."""
        self._send(signal.SIGSTOP)
        until(lambda: all(stands_still(pid) for pid in of_session(self.pid)))

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    @property
    def _log(self) -> Path:
        return self.folder / f"{Path(self.words[0]).name}.log"

    def _manner(self) -> dict[str, Any]:
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder), **self.environment}
        manner: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": self.folder, "env": environment}
        if os.geteuid() == 0 and self.user:
            manner |= {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        return manner
