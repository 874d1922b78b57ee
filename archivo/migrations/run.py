"""Bring a database to the newest version of the tables, while others read and write it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from archivo.database import Database

ONE_AT_A_TIME: Final = 0x41524348  # "ARCH": the advisory lock of those who change the tables
TRIES: Final = 60
NOT_OBTAINED: Final = "55P03"


class NewerTables(Exception):
    """The tables were made by a later program and this one may not work with them."""


def upgrade(database: Database, revision: str = "head", *, later: Path | None = None) -> None:
    """Upgrade; of several processes one does it and the others wait, then find nothing to do. `later`: a folder of more migrations.

    On PostgreSQL no lock is waited for longer than two seconds, since whoever comes after waits too: it is asked for again in a moment.
    Raises NewerTables when the tables are of a later program that does not allow this one.
    """
    config = _config(later)
    with _alone(database) as connection:
        if _is_later(connection, config):
            _check_allowed(connection, config)
        else:
            _insist(connection, lambda: _run(command.upgrade, config, connection, revision))
            _note_oldest(connection, config)


def downgrade(database: Database, revision: str, *, later: Path | None = None) -> None:
    """Go back to an earlier version of the tables."""
    config = _config(later)
    with _alone(database) as connection:
        _insist(connection, lambda: _run(command.downgrade, config, connection, revision))
        _note_oldest(connection, config)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A connection on which nobody else migrates: SQLite's write lock, or PostgreSQL's advisory lock, which a dead process gives up."""
    if database.is_sqlite:
        with database.writer.connect() as connection, connection.begin():
            yield connection
        return
    with database.engine.connect() as connection:
        try:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = '2s'")
            connection.commit()
            while not connection.scalar(text(f"SELECT pg_try_advisory_lock({ONE_AT_A_TIME})")):
                connection.commit()  # who waits inside a transaction is waited for by who makes an index without stopping anyone
                time.sleep(0.1)
            connection.commit()
            yield connection
            connection.commit()
        finally:
            connection.invalidate()  # nobody else is to use it with what was set here


def _insist(connection: Connection, act: Callable[[], None]) -> None:
    """Do it again while a lock is not obtained; what was done of it stays done."""
    for left in reversed(range(TRIES)):
        try:
            return act()
        except OperationalError as fault:
            if not left or getattr(fault.orig, "sqlstate", None) != NOT_OBTAINED:
                raise
            connection.rollback()
            time.sleep(0.5)


def _run(act: Callable[..., Any], config: Config, connection: Connection, revision: str) -> None:
    config.attributes["connection"] = connection
    act(config, revision)


def _is_later(connection: Connection, config: Config) -> bool:
    """Whether the tables are of a version that this program does not know."""
    current = _current(connection)
    try:
        if current:
            ScriptDirectory.from_config(config).get_revision(current)
    except CommandError:
        return True
    return False


def _check_allowed(connection: Connection, config: Config) -> None:
    ours = ScriptDirectory.from_config(config).get_current_head()
    allowed = connection.scalar(text("SELECT revision FROM oldest_program"))
    if ours is None or allowed is None or ours < allowed:
        raise NewerTables(_current(connection))


def _note_oldest(connection: Connection, config: Config) -> None:
    """Write which is the oldest program that may work with the tables as they are now."""
    current = _current(connection)
    if current and inspect(connection).has_table("oldest_program"):
        oldest = ScriptDirectory.from_config(config).get_revision(current).module.oldest
        connection.execute(text("DELETE FROM oldest_program"))
        connection.execute(text("INSERT INTO oldest_program VALUES (:oldest)"), {"oldest": oldest})


def _current(connection: Connection) -> str | None:
    current = MigrationContext.configure(connection).get_current_revision()
    if not connection.get_execution_options().get("archivo_writes"):
        connection.commit()  # alembic begins its own transactions
    return current


def _config(later: Path | None = None) -> Config:
    config = Config()
    ours = Path(str(files("archivo.migrations")))
    config.set_main_option("script_location", str(ours))
    if later:
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{ours / 'versions'}\n{later}")
    return config
