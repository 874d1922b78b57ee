"""What became of a migration of formats: who asked, how many copies are made, wait or were refused and why, and each document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit.services import record_export
from archivo.errors import Unknown
from archivo.identifiers import is_uuid
from archivo.intake.migrating import ROLE
from archivo.intake.migration_plan import DryRun
from archivo.intake.models import Migration, MigrationDocument
from archivo.jobs import Job, JobState
from archivo.records.models import Document, DocumentEvent, Representation
from archivo.records.rows import BATCH, visible_to

MOST_LISTED: Final = 50
MADE: Final = "migration.made"
"""The code of the event of a copy that was kept, or how it begins: what is compared otherwise has words of its own."""


class Standing(StrEnum):
    """How a document of a migration stands. `refused`: tried, and no copy was kept; `left`: not tried, for it needed none by then or could
    have none; `stuck`: its job spent its attempts, and waits for a person.
    """

    REFUSED = "refused"
    STUCK = "stuck"
    LEFT = "left"
    WAITING = "waiting"
    MADE = "made"


@dataclass(frozen=True, slots=True)
class MigrationSummary:
    """A migration as a list of them shows it, with how many of its documents stand how."""

    id: str
    at: datetime
    actor: str
    chosen: Mapping[str, str]
    planned: DryRun
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def is_over(self) -> bool:
        return not self.counts.get(Standing.WAITING)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why copies were not made, and of how many documents. `code` is of an event or of Planned.why; `detail` in Spanish, of some."""

    standing: str
    code: str
    detail: str
    count: int


@dataclass(frozen=True, slots=True)
class MigrationView:
    """A migration whole, but for its documents."""

    summary: MigrationSummary
    queued_at: datetime | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Migrated:
    """A document of a migration. Of one that the actor may not know of only how it stands: `title` is None, and nothing is told."""

    id: str
    title: str | None
    standing: str
    code: str | None
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PreservationCopy:
    """The preservation copy of a document: when it was made, and its comparison with the original, as its event says it (`code`, `told`);
    None and empty where nobody noted it.
    """

    made_at: datetime | None
    code: str | None
    told: Mapping[str, Any]


_FAILED: Final = select(Job.object_id).where(Job.kind == "migrate", Job.state == JobState.FAILED)
_OPEN: Final = exists().where(
    Job.object_id == MigrationDocument.document_id, Job.kind == "migrate", Job.state.in_((JobState.QUEUED, JobState.RUNNING))
)
_IS_STUCK: Final = MigrationDocument.document_id.in_(_FAILED) & ~_OPEN
STANDING: Final[ColumnElement[str]] = case(
    (MigrationDocument.ended_at.is_(None) & MigrationDocument.queued & _IS_STUCK, Standing.STUCK.value),
    (MigrationDocument.ended_at.is_(None), Standing.WAITING.value),
    (MigrationDocument.code.startswith(MADE), Standing.MADE.value),
    (MigrationDocument.code.startswith("migration."), Standing.REFUSED.value),
    else_=Standing.LEFT.value,
)


def list_migrations(archive: Archive, actor: Actor) -> list[MigrationSummary]:
    """The newest migrations. Raises Refused."""
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        newest = session.scalars(select(Migration).order_by(Migration.at.desc(), Migration.id.desc()).limit(MOST_LISTED))
        return _summaries(session, list(newest))


def view_migration(archive: Archive, actor: Actor, migration_id: str) -> MigrationView:
    """A migration and how it goes. Raises Refused, Unknown."""
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        migration = known_migration(session, migration_id)
        detail = MigrationDocument.params["reason"].as_string().label("detail")
        each = select(STANDING.label("standing"), MigrationDocument.code, detail).where(MigrationDocument.migration_id == migration_id)
        each = each.where(MigrationDocument.ended_at.is_not(None), ~MigrationDocument.code.startswith(MADE))
        rows = each.subquery()
        grouped = select(rows.c.standing, rows.c.code, rows.c.detail, func.count()).group_by(rows.c.standing, rows.c.code, rows.c.detail)
        reasons = [Reason(standing, code, detail or "", count) for standing, code, detail, count in session.execute(grouped)]
        (summary,) = _summaries(session, [migration])
    reasons.sort(key=lambda one: (-one.count, one.code, one.detail))
    return MigrationView(summary, migration.queued_at, tuple(reasons))


def list_migrated(
    archive: Archive, actor: Actor, migration_id: str, *, standing: Standing | None, limit: int, offset: int
) -> list[Migrated]:
    """Some documents of a migration, what calls for a person first. Raises Refused, Unknown."""
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        known_migration(session, migration_id)
        found = _documents(migration_id, standing).limit(limit).offset(offset).subquery()
        seen = select(found, Document.title).outerjoin(Document, (Document.id == found.c.document_id) & visible_to(actor))
        return [_migrated(*row) for row in session.execute(seen.order_by(found.c.place, found.c.document_id))]


def export_migrated(archive: Archive, actor: Actor, migration_id: str, *, standing: Standing | None) -> Iterator[Migrated]:
    """All of them, read some at a time. Leaves an entry in the trail. Raises Refused, Unknown."""
    counts = view_migration(archive, actor, migration_id).summary.counts
    total = sum(counts.values()) if standing is None else counts.get(standing, 0)
    record_export(archive, actor.login, "migration", total)
    starts = range(0, total, BATCH)
    return (
        row
        for start in starts
        for row in list_migrated(archive, actor, migration_id, standing=standing, limit=min(BATCH, total - start), offset=start)
    )


def copy_of(archive: Archive, document_id: str) -> PreservationCopy | None:
    """The preservation copy of a document that the caller may see; None of one without."""
    with archive.reading() as session:
        if session.get(Representation, (document_id, ROLE)) is None:
            return None
        made = select(DocumentEvent).where(DocumentEvent.document_id == document_id, DocumentEvent.code.startswith(MADE))
        event = session.scalars(made.order_by(DocumentEvent.sequence.desc()).limit(1)).first()
    return PreservationCopy(event.at, event.code, event.params) if event else PreservationCopy(None, None, {})


def known_migration(session: Session, migration_id: str) -> Migration:
    """Raises Unknown."""
    migration = session.get(Migration, migration_id) if is_uuid(migration_id) else None
    if migration is None:
        raise Unknown("migration.unknown", f"No hay una migración «{migration_id[:40]}».", "Búsquela en la lista de migraciones.")
    return migration


def _summaries(session: Session, migrations: Sequence[Migration]) -> list[MigrationSummary]:
    of_them = MigrationDocument.migration_id.in_([one.id for one in migrations])
    each = select(MigrationDocument.migration_id, STANDING.label("standing")).where(of_them).subquery()
    counts: dict[str, dict[str, int]] = {}
    counted = select(each.c.migration_id, each.c.standing, func.count()).group_by(each.c.migration_id, each.c.standing)
    for migration_id, standing, count in session.execute(counted):
        counts.setdefault(migration_id, {})[standing] = count
    return [
        MigrationSummary(one.id, one.at, one.actor, one.chosen, DryRun.from_json(one.planned), counts.get(one.id, {})) for one in migrations
    ]


def _documents(migration_id: str, standing: Standing | None) -> Select[*tuple[Any, ...]]:
    place = case({each.value: place for place, each in enumerate(Standing)}, value=STANDING).label("place")
    columns = (MigrationDocument.document_id, STANDING.label("standing"), MigrationDocument.code, MigrationDocument.params, place)
    found = select(*columns).where(MigrationDocument.migration_id == migration_id)
    if standing is not None:
        found = found.where(STANDING.in_((standing.value,)))
    return found.order_by(place, MigrationDocument.document_id)


def _migrated(
    document_id: str, standing: str, code: str | None, told: Mapping[str, Any] | None, _place: int, title: str | None
) -> Migrated:
    return Migrated(document_id, title, standing, None if title is None else code, {} if title is None else told or {})
