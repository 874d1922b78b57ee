"""A real PostgreSQL for tests: started from the system's package, or given by its address in the environment."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from tests.processes import children, is_running, until
from tests.programs import Program, folder_of, free_port, installed

GIVEN: Final = "ARCHIVO_TEST_POSTGRES"
"""The address of a PostgreSQL whose user may create databases; without it one is started for the tests."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL server of these tests, or one that was given (`program` is None) and cannot be ended."""

    url: str
    program: Program | None = None

    def run(self, statement: str) -> None:
        """Run a statement on the server's own database, outside of a transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

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
        program = self._own()
        answering = children(program.pid, b"")
        program.kill()
        for pid in answering:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(is_running, answering)))

    def kill_one(self, chance: random.Random) -> bool:
        """End at once one of the processes that answer clients, and wait until it has ended; the server then ends the others, and recovers.
        False when there was none.
        """
        answering = children(self._own().pid, b"127.0.0.1(")
        if not answering:
            return False
        killed = chance.choice(answering)
        try:
            os.kill(killed, signal.SIGKILL)
        except ProcessLookupError:
            return False
        until(lambda: not is_running(killed))
        return True

    def start(self) -> None:
        """Start it, also after it was killed."""
        self._own().start(self.answers)

    def stop(self) -> None:
        self._own().stop(signal.SIGINT)

    def answers(self) -> bool:
        """Whether it serves; one that ended its processes recovers first."""
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def _own(self) -> Program:
        assert self.program
        return self.program


def empty(url: str) -> None:
    """Lose everything that a database holds."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@contextmanager
def started_postgres() -> Iterator[Postgres]:
    """A PostgreSQL of one's own, on a free port of 127.0.0.1."""
    programs = installed("PostgreSQL", Path("/usr/lib/postgresql"), "*/bin/postgres").parent
    with folder_of("postgres") as folder:
        port, data = free_port(), folder / "data"
        settings = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}", "fsync=off")
        words = [str(programs / "postgres"), "-D", str(data), *(word for setting in settings for word in ("-c", setting))]
        program = Program(tuple(words), folder, user="postgres")
        program.run(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        server = Postgres(f"postgresql://postgres@127.0.0.1:{port}/postgres", program)
        try:
            server.start()
            yield server
        finally:
            server.stop()
