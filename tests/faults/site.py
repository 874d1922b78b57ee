"""One archive on four real servers: a web and two workers, each with a home of its own, that share nothing but the servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from archivo.archive import Archive
from archivo.assembly import opened
from archivo.settings import read_settings
from tests.faults.clocked import CLOCK
from tests.faults.hosts import Machine
from tests.processes import children, stands_still, until
from tests.programs import free_port

ROOT: Final = Path(__file__).parents[2]
WORKERS: Final = ("uno", "dos")
WEB: Final = "web"
STARTS: Final = 120.0
"""Seconds after which a process that does not begin never will; it may wait for servers that are starting."""


@dataclass
class Member:
    """A process of the archive, started again however often it ends."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    program: Path = ROOT
    entered: tuple[str, ...] = ()
    """The command by which it is run on its machine."""
    running: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        assert self.running
        return self.running.pid

    def start(self) -> None:
        with self.log.open("ab") as out:
            command = [*self.entered, sys.executable, *self.words]
            self.running = subprocess.Popen(command, cwd=self.program, env=dict(self.environment), stdout=out, stderr=out)

    def has_ended(self) -> bool:
        return self.running is None or self.running.poll() is not None

    def kill(self) -> None:
        """End it at once, with kill -9."""
        self.send(signal.SIGKILL)
        assert self.running
        self.running.wait()

    def send(self, number: signal.Signals) -> None:
        assert self.running
        self.running.send_signal(number)

    def freeze(self, is_busy: Callable[[], int]) -> None:
        """Have it stand still in the middle of something, until SIGCONT."""

        def stands_busy() -> bool:
            self.send(signal.SIGSTOP)
            until(lambda: stands_still(self.pid))
            if is_busy():
                return True
            self.send(signal.SIGCONT)
            return False

        until(stands_busy)

    def stop(self) -> int:
        """Tell it to end, and wait; its status."""
        if self.running is None:
            return 0
        with suppress(ProcessLookupError):
            self.send(signal.SIGCONT)
        self.running.terminate()
        try:
            return self.running.wait(60)
        finally:
            self.running.kill()
            self.running.wait()

    def children(self) -> list[int]:
        """The processes in which it reads files of strangers."""
        return children(self.pid, b"ingest.tools.child")


def audit_key() -> str:
    """A new key that signs the trail, for all the processes of an archive, whose homes are apart."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Site:
    """The archive as a whole. `settings` are the addresses of its servers, which all its processes share; `program` is where the program
    that they run lies. Where they are not `apart`, all share one home, with what is embedded in it. Of `machines`, by the names of their
    processes, each stands on its own.
    """

    folder: Path
    settings: Mapping[str, str]
    command: tuple[str, ...] = ("-m", "archivo")
    port: int = field(default_factory=free_port)
    members: dict[str, Member] = field(default_factory=dict)
    program: Path = ROOT
    apart: bool = True
    machines: Mapping[str, Machine] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, home: str) -> dict[str, str]:
        """What a process of this archive is told, with a home of its own where they are apart."""
        home = home if self.apart else "casa"
        others = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVO_")}
        own = {"ARCHIVO_HOME": str(self.folder / home), "ARCHIVO_WORKERS": "1", CLOCK: str(self.folder / f"{home}.clock")}
        return {**others, **self.settings, **own}

    def member(self, name: str) -> Member:
        """A process by its name; the first time, as it will be started."""
        if name not in self.members:
            words = ("serve", "--port", str(self.port)) if name == WEB else ("worker",)
            entered = self.machines[name].command(self._others(name)) if name in self.machines else ()
            log = self.folder / f"{name}.log"
            self.members[name] = Member(name, (*self.command, *words), self.environment(name), log, self.program, entered)
        return self.members[name]

    def _others(self, name: str) -> list[Path]:
        """The homes of the other machines, and of who gives orders, made for them to be hidden."""
        others = [self.folder / other for other in (*self.machines, "consola") if other != name]
        for home in others:
            home.mkdir(exist_ok=True)
        return others

    def start(self, *names: str) -> None:
        """Start what does not run, and wait until the web answers."""
        for name in names or (WEB, *WORKERS):
            if self.member(name).has_ended():
                self.member(name).start()
        self.wait_for_web()

    def wait_for_web(self) -> None:
        ends = time.monotonic() + STARTS
        while True:
            with suppress(httpx.HTTPError):
                httpx.get(f"{self.address}/health/live", timeout=5)
                return
            if self.member(WEB).has_ended():  # a server that it needs at its start is away
                self.member(WEB).start()
            assert time.monotonic() < ends, self.log_of(WEB)
            time.sleep(0.1)

    def keep_running(self) -> None:
        """Start again what ended by itself, as whoever runs the processes of a machine does."""
        for member in self.members.values():
            if member.has_ended():
                member.start()

    def stop(self) -> dict[str, int]:
        """Tell all to end; the status of each."""
        return {name: member.stop() for name, member in self.members.items()}

    def log_of(self, name: str) -> str:
        """The last words of a process."""
        return self.member(name).log.read_text("utf-8", "replace")[-3000:]

    def order(self, *words: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command of the archive, as an operator does on a machine of theirs."""
        command = [sys.executable, "-m", "archivo", *words]
        environment = self.environment("consola")
        return subprocess.run(command, input=stdin, cwd=self.program, env=environment, capture_output=True, text=True, timeout=600)

    @contextmanager
    def opened(self) -> Iterator[Archive]:
        """The archive in this process, to count what it holds."""
        with opened(read_settings(self.environment("consola"))) as archive:
            yield archive
