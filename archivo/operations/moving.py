"""Move the rows of an archive from one database to another, and prove that they are the same."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Row, Select, Table, func, insert, select

import archivo.access.models
import archivo.intake.models
import archivo.records.models
import archivo.retention.models  # noqa: F401 - the tables register themselves
from archivo.archive import ObjectLease
from archivo.audit.models import AuditHead
from archivo.database import Base, Database, table_of, without_nul
from archivo.errors import Conflict, Malformed
from archivo.jobs import Job, JobState
from archivo.records.models import Incoming

BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Moved:
    """A table that is the same in both databases: how many rows, and the SHA-256 of all of them in the order of their key."""

    table: str
    rows: int
    digest: str


class Differs(Exception):
    """A row is not the same in both databases; names the table, the row's key and the columns, never their content."""


def move(source: Database, target: Database, told: Callable[[Moved], None], *, lives: Callable[[str], bool]) -> list[Moved]:
    """Copy every table from one instant of `source` into `target`, read all of it back and compare it row by row; each table is `told`.

    All or nothing: the target keeps its rows only when every one is the same, and the source has not changed meanwhile. `lives` tells of
    the name of a process whether it still works. Raises Malformed when the target holds anything or somebody is working on the source, and
    Conflict when a row is not the same or the source changed; nothing is kept then.
    """
    with source.reader.connect() as read, target.writer.connect() as written, written.begin():
        _refuse_if_held(written)
        _refuse_if_worked(read, lives)
        began = _mark(read)
        moved = []
        for table in Base.metadata.sorted_tables:
            _copy(table, read, written)
            try:
                done = _compared(table, read, written)
            except Differs as fault:
                raise Conflict(
                    "migrate.differs",
                    f"Una fila no quedó igual en el destino: {fault}. El destino se dejó vacío; el origen está como estaba.",
                    "No use el destino y avise a quien mantiene el programa.",
                ) from fault
            told(done)
            moved.append(done)
        with source.reader.connect() as later:
            if _mark(later) != began:
                raise Conflict(
                    "migrate.changed",
                    "El archivo cambió mientras se trasladaba. El destino se dejó vacío; el origen está completo.",
                    "Detenga serve y worker en todas las máquinas y repita la orden.",
                )
    return moved


def _refuse_if_held(written: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        if written.execute(select(table).limit(1)).first() is not None:
            raise Malformed(
                "migrate.target",
                f"El destino ya tiene datos (tabla {table.name}). No se cambió nada.",
                "Dé una base de datos nueva y vacía como destino.",
            )


def _refuse_if_worked(read: Connection, lives: Callable[[str], bool]) -> None:
    """Refuse a source that a living process is writing; what dead ones left is recovered in the target."""
    jobs, incoming, leases = table_of(Job), table_of(Incoming), table_of(ObjectLease)
    owners = {owner for (owner,) in read.execute(select(jobs.c.owner).where(jobs.c.state == JobState.RUNNING))}
    owners |= {owner for column in (incoming.c.owner, leases.c.owner) for (owner,) in read.execute(select(column))}
    if any(owner and lives(owner.partition("#")[0]) for owner in owners):
        raise Malformed(
            "migrate.working",
            "Hay procesos que trabajan sobre el archivo de origen. No se cambió nada.",
            "Detenga serve y worker en todas las máquinas y repita la orden.",
        )


def _mark(read: Connection) -> tuple[Any, ...]:
    """What changes with whatever is done in an archive: the head of the trail, and the jobs."""
    head, jobs = table_of(AuditHead), table_of(Job)
    counted = select(func.count(), func.max(jobs.c.id), func.sum(jobs.c.attempt), func.max(jobs.c.finished_at))
    return tuple(read.execute(select(head.c.hash)).scalars()), *read.execute(counted).one()


def _copy(table: Table, read: Connection, written: Connection) -> None:
    with _streamed(table, read) as found:
        for rows in found.partitions(BATCH):
            written.execute(insert(table), [{name: _kept(value) for name, value in row._mapping.items()} for row in rows])


def _compared(table: Table, read: Connection, written: Connection) -> Moved:
    """Read a table of both in the order of its key. Raises Differs."""
    digest = hashlib.sha256()
    rows = 0
    with _streamed(table, read) as left, _streamed(table, written) as arrived:
        for ours, theirs in zip_longest(map(_canonical, left), map(_canonical, arrived)):
            if ours != theirs:
                raise Differs(_difference(table, ours, theirs))
            digest.update(ours.encode())
            rows += 1
    return Moved(table.name, rows, digest.hexdigest())


def _streamed(table: Table, connection: Connection) -> CursorResult[Any]:
    ordered: Select[Any] = select(table).order_by(*table.primary_key)
    return connection.execute(ordered, execution_options={"yield_per": BATCH})


def _canonical(row: Row[Any]) -> str:
    """A row as a line of JSON that is the same whatever database keeps it."""
    return json.dumps({name: _plain(value) for name, value in row._mapping.items()}, sort_keys=True, separators=(",", ":")) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return f"sha256:{hashlib.sha256(value).hexdigest()}" if isinstance(value, bytes) else _kept(value)


def _kept(value: Any) -> Any:
    """A value as any database keeps it."""
    return without_nul(value) if isinstance(value, str) else value


def _difference(table: Table, ours: str | None, theirs: str | None) -> str:
    """Where two rows differ, in words that tell nothing of their content."""
    one, other = json.loads(ours or "{}"), json.loads(theirs or "{}")
    columns = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    key = "/".join(str((one or other)[column.name]) for column in table.primary_key)
    return f"tabla {table.name}, clave {key}, columnas {', '.join(columns)}"
