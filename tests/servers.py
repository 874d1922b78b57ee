"""Real servers for tests: started by the scripts of the reference material, or given by their address in the environment."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

GIVEN: Final = "ARCHIVO_TEST_POSTGRES"
"""The address of a PostgreSQL whose user may create databases; without it one is started for the tests."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL server of these tests, or one that was given (`folder` is None) and cannot be ended."""

    url: str
    folder: Path | None = None
    scripts: Path | None = None

    def run(self, statement: str) -> None:
        """Run a statement on the server's own database, outside of a transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # names made here, never a stranger's

    def new_database(self, template: str | None = None) -> str:
        """The address of a new database: empty, or the copy of another of the same server."""
        name = f"prueba_{uuid4().hex}"
        copied = f' TEMPLATE "{make_url(template).database}"' if template else ""
        self.run(f'CREATE DATABASE "{name}"{copied}')
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A database for a while."""
        url = self.new_database(template)
        try:
            yield url
        finally:
            self.drop(url)

    def kill(self) -> None:
        """End the whole server at once, with kill -9; its data stay."""
        pid = self._pid()
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
        for one in (pid, *map(int, children)):
            os.kill(one, signal.SIGKILL)
        while any(Path(f"/proc/{one}").exists() for one in (pid, *children)):  # a dead one that nobody has seen yet still bars the start
            time.sleep(0.02)

    def kill_one(self, chance: random.Random) -> bool:
        """End at once one of the processes that answer clients; the server then ends the others, and recovers. False when there is none."""
        listed = subprocess.run(["pgrep", "-a", "-P", str(self._pid())], capture_output=True, text=True).stdout.splitlines()
        answering = [int(line.split()[0]) for line in listed if "127.0.0.1(" in line]
        if answering:
            os.kill(chance.choice(answering), signal.SIGKILL)
        return bool(answering)

    def start(self) -> None:
        """Start it, also after it was killed."""
        assert self.folder
        assert self.scripts
        subprocess.run([self.scripts / "postgres.sh", self.folder, str(make_url(self.url).port)], check=True, capture_output=True)

    def stop(self) -> None:
        assert self.scripts
        assert self.folder
        subprocess.run([self.scripts / "stop.sh", self.folder / "postgres.pid", "INT"], check=True, capture_output=True)

    def _pid(self) -> int:
        assert self.folder
        return int((self.folder / "postgres.pid").read_text("ascii"))


def empty(url: str) -> None:
    """Lose everything that a database holds."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@contextmanager
def started_postgres(scripts: Path) -> Iterator[Postgres]:
    """A PostgreSQL of one's own, on a free port of 127.0.0.1."""
    parent = Path(tempfile.mkdtemp(prefix="archivo-postgres-"))
    parent.chmod(0o755)  # the server runs as another user
    server = Postgres(f"postgresql://postgres@127.0.0.1:{free_port()}/postgres", parent / "pg", scripts)
    try:
        server.start()
        server.run("ALTER SYSTEM SET fsync = off")  # the end of a process loses nothing by it, and no test cuts the power
        server.run("SELECT pg_reload_conf()")
        yield server
    finally:
        server.stop()
        shutil.rmtree(parent)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
