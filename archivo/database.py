"""Engine, Base, UTC type, session; generic SQLAlchemy, so SQLite and PostgreSQL are one."""

import errno
import math
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Final, Literal, TypeVar

from sqlalchemy import (
    JSON,
    URL,
    DateTime,
    Delete,
    Dialect,
    Engine,
    MetaData,
    Select,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.selectable import ForUpdateArg
from sqlalchemy.types import TypeDecorator

_SQLITE_AWAY: Final = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    )
)
_SQLITE_DAMAGED: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_POSTGRESQL_AWAY: Final = frozenset(("08", "40", "53", "57", "58"))
_TURN: Final = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
_TURNED_AWAY: Final[Mapping[Literal["absent", "refused", "busy"], re.Pattern[str]]] = {
    "absent": re.compile(r'database "[^"]*" does not exist|no existe la base de datos'),
    "refused": re.compile(
        r"authentication failed|no password supplied|role \"[^\"]*\" does not exist|not permitted to log in|no pg_hba\.conf entry"
        r"|permission denied for database|pg_hba\.conf rejects"
        r"|la autentificación|no existe el rol|no se le permite conectarse|pg_hba\.conf|permiso denegado a la base de datos"
    ),
    "busy": re.compile(
        r"the database system is|too many (?:connections|clients)|remaining connection slots"
        r"|el sistema de base de datos|[Dd]emasiad[oa]s (?:conexiones|clientes)|conexiones restantes"
    ),
}
HELD: Final = ForUpdateArg(key_share=True)
"""The lock of one who changes a row: others may read it, and add rows that refer to it."""
_TIMEOUTS: Final = "-c statement_timeout=300s -c lock_timeout=60s -c idle_in_transaction_session_timeout=120s"
"""What ends on the server: a statement that takes too long, a wait for a lock, and a transaction whose program is frozen or cut off."""
POOL: Final = 10
OVERFLOW: Final = 20
CONNECTIONS: Final = 2 * (POOL + OVERFLOW)
"""The most connections to PostgreSQL that a process holds: of its two engines, those kept in a pool and those more that a rush opens."""
_IDLE: Final = 1.0
"""Seconds without use after which a connection is asked whether it lives before it is used again: to ask is one trip in four of a claim."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}


def without_nul(text: str) -> str:
    """A text that any database keeps: U+0000, which PostgreSQL refuses, becomes U+FFFD."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements that concern no object of a session: SQLAlchemy makes them in a third of the time."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


Row = TypeVar("Row", bound=Base)


class Database:
    """The rows. `reading()` and `writing()` give sessions. A reading one sees one instant of the rows, whatever is written meanwhile.

    On SQLite a writing one takes the write lock at its beginning, so that two writers wait for each other instead of failing in the middle.
    On PostgreSQL writers go side by side (READ COMMITTED): one that decides by what it reads locks the row that it decides about, the
    document's before all others (`lock`). Errors never quote values: they may be a document's words, and operators read errors.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine = _sqlite_engine(parsed, "FULL")
            event.listen(self.engine, "begin", _begin_sqlite)
            self.reader: Engine = self.engine
            self._claimer = _sqlite_engine(parsed, "NORMAL")
        else:
            self.engine = _postgresql_engine(parsed, _TIMEOUTS)
            self.reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._claimer = _postgresql_engine(parsed, f"{_TIMEOUTS} -c synchronous_commit=off", isolation_level="AUTOCOMMIT")
        self.writer: Engine = self.engine.execution_options(archivo_writes=True)

    @contextmanager
    def changes(self) -> Iterator[Callable[[], int] | None]:
        """A question for one thread, which costs next to nothing: its answer is another one whenever anybody committed since. None where
        the database has no such thing.
        """
        if not self.is_sqlite:
            yield None
            return
        with closing(self.engine.raw_connection()) as connection:
            yield lambda: int(connection.cursor().execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self.reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Commits at the end; an exception rolls everything back."""
        with Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def claiming(self) -> Iterator[Session]:
        """A session each of whose statements is kept by itself, without waiting for the disk: the server or the machine that is killed
        may forget the last ones, which others then find undone. For who takes what is to be done, never for what was done.
        """
        with Session(self._claimer, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
        self._claimer.dispose()


def lock(session: Session, model: type[Row], identity: str) -> Row:
    """The row of this identity, which nobody else changes until the transaction ends. Raises NoResultFound.

    Hold a row before reading what is decided from it. On SQLite, whose writers are one at a time, it is only read.
    """
    row: Row = session.scalars(_locking(model), {"identity": identity}).one()
    return row


def take_turn(session: Session, name: str) -> None:
    """Wait for whoever took the turn of this name, and hold it until the transaction ends: for who decides by rows that may not be there.

    What is read after it knows what was written in the turns before. On SQLite, whose writers are one at a time, there is no need of it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_TURN, {"name": name})


def rows_of(session: Session, model: type[Row], order: str | None = None, **values: object) -> list[Row]:
    """The rows of a model whose columns have these values, none of them None, by the column `order`.

    Its statement is made once: to make one costs SQLAlchemy more than to execute it. So do `delete_rows` and `lock`.
    """
    return list(session.scalars(_rows_by(model, tuple(values), order), values))


def delete_rows(session: Session, model: type[Base], **values: object) -> None:
    """Delete the rows of a model whose columns have these values, none of them None; what the session holds of them does not know."""
    session.execute(_delete_by(model, tuple(values)), values)


@cache
def _rows_by(model: type[Base], names: tuple[str, ...], order: str | None) -> Select[Any]:
    columns = table_of(model).c
    return select(model).where(*(columns[name] == bindparam(name) for name in names)).order_by(columns[order] if order else None)


@cache
def _delete_by(model: type[Base], names: tuple[str, ...]) -> Delete:
    table = table_of(model)
    return delete(table).where(*(table.c[name] == bindparam(name) for name in names))


@cache
def _locking(model: type[Base]) -> Select[Any]:
    (key,) = inspect(model).primary_key
    held = select(model).where(key == bindparam("identity")).with_for_update(key_share=True)
    return held.execution_options(populate_existing=True)


def added(session: Session, row: Base) -> bool:
    """Add a row; False, and the transaction goes on, when another transaction had added one of its key first."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def is_full(fault: Exception) -> bool:
    """Whether a fault is of a disk without room (SQLite's SQLITE_FULL; PostgreSQL's disk_full; ENOSPC)."""
    cause = getattr(fault, "orig", fault)
    return "is full" in str(cause) or getattr(cause, "sqlstate", None) == "53100" or getattr(cause, "errno", None) == errno.ENOSPC


def is_damaged(fault: Exception) -> bool:
    """Whether a fault is that the file of SQLite is damaged, or is none of SQLite's."""
    cause = getattr(fault, "orig", None)
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_DAMAGED


def is_away(fault: Exception) -> bool:
    """Whether a fault is that the database cannot be asked, or cannot write, now: the same act may succeed later, unchanged.

    Of SQLite: busy, full, unreadable. Of PostgreSQL: the connection (class 08, or no SQLSTATE), a conflict with others (40), no
    resources (53), an operator's intervention or a timeout (57), its disk (58), a lock not obtained (55P03).
    """
    if isinstance(fault, PoolTimeout):
        return True
    if not isinstance(fault, DBAPIError):
        return False
    cause = fault.orig
    if fault.connection_invalidated:
        return True
    if isinstance(cause, sqlite3.Error):
        return isinstance(cause, sqlite3.OperationalError) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return isinstance(fault, OperationalError | InterfaceError)
    return state[:2] in _POSTGRESQL_AWAY or state in ("55P03", "25P03")


def is_denied(fault: Exception) -> bool:
    """Whether a fault is that the user of PostgreSQL may not do it (insufficient_privilege), or sees no schema where tables are made."""
    return getattr(getattr(fault, "orig", None), "sqlstate", None) in ("42501", "3F000")


def turned_away(fault: Exception) -> Literal["absent", "refused", "busy"] | None:
    """Why a PostgreSQL that answers let nobody in: the database is not there, the user or the password are not accepted, or not now.
    None where it was not asked, or did not answer.

    Of a connection that is refused the driver tells only the server's sentence, in the language of the server: English or Spanish here.
    """
    said = str(getattr(fault, "orig", None) or "")
    return next((why for why, sentence in _TURNED_AWAY.items() if sentence.search(said)), None)


def _sqlite_engine(url: URL, synchronous: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 60, "isolation_level": None}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "busy_timeout=60000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql_engine(url: URL, server_options: str, **named: Any) -> Engine:
    from psycopg import Error, adapters
    from psycopg.adapt import AdaptersMap
    from psycopg.types.string import StrDumper, StrDumperVarchar

    class WithoutNul(StrDumper):
        """PostgreSQL keeps no U+0000 in a text: it becomes U+FFFD, which no key holds."""

        def dump(self, obj: str) -> Any:
            return super().dump(without_nul(obj))

    class VarcharWithoutNul(StrDumperVarchar):
        def dump(self, obj: str) -> Any:
            return super().dump(without_nul(obj))

    context = AdaptersMap(adapters)
    context.register_dumper(str, WithoutNul)
    context.register_dumper(str, VarcharWithoutNul)
    patience = {"connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
    ours = {**patience, "tcp_user_timeout": "60000", "options": server_options, "application_name": "archivo"}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={**{name: value for name, value in ours.items() if name not in url.query}, "context": context},
        pool_size=POOL,
        max_overflow=OVERFLOW,
        hide_parameters=True,
        **named,
    )

    @event.listens_for(engine, "checkin")
    def note_use(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask_the_idle(connection: Any, record: Any, _fairy: Any) -> None:
        if time.monotonic() - record.info.get("used", math.inf) > _IDLE:
            try:
                engine.dialect.do_ping(connection)
            except Error as fault:
                raise InvalidatePoolError from fault

    return engine


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("archivo_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
