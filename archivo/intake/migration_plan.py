"""Which documents a migration of formats is to be of, and what it would do with them, counted: however many they are, nothing is listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.identifiers import is_uuid
from archivo.intake.migrating import TARGETS, Planned, planned_of, why_left
from archivo.records.models import Document, DocumentEvent, DocumentState
from archivo.records.rows import visible_to
from ingest.step import Programs
from preservation.premis import EventType, Outcome

Chosen = ColumnElement[bool]
Known = tuple[str | None, str | None]
"""PUID and media type."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """The documents of one format that would be migrated, and to what. `size` in bytes; `tried` of them were tried before, in vain."""

    puid: str | None
    mime: str | None
    name: str
    target: str
    count: int
    size: int
    tried: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a migration would do: the conversions, what is most first, and how many documents are left for each reason (Planned.why)."""

    conversions: tuple[Conversion, ...]
    left: Mapping[str, int]

    @property
    def count(self) -> int:
        return sum(one.count for one in self.conversions)

    @property
    def size(self) -> int:
        return sum(one.size for one in self.conversions)

    @property
    def tried(self) -> int:
        return sum(one.tried for one in self.conversions)

    def as_json(self) -> dict[str, Any]:
        return {"conversions": [asdict(one) for one in self.conversions], "left": dict(self.left)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(tuple(Conversion(**one) for one in kept["conversions"]), kept["left"])


def of_ids(ids: Iterable[str]) -> Chosen:
    """These documents, those of them that there are."""
    return Document.id.in_([each for each in ids if is_uuid(each)])


def of_puid(puid: str) -> Chosen:
    """All originals of a format of PRONOM."""
    return Document.puid == puid


def of_formats(formats: Sequence[Known]) -> Chosen:
    """All originals of these formats that are still held."""
    each = (and_(Document.puid.is_not_distinct_from(puid), Document.mime.is_not_distinct_from(mime)) for puid, mime in formats)
    return and_(Document.state != DocumentState.DELETED, or_(false(), *each))


def seen_by(actor: Actor, chosen: Chosen) -> Chosen:
    """Those chosen that the actor may know of."""
    return and_(chosen, visible_to(actor))


def list_planned(archive: Archive, actor: Actor, chosen: Chosen) -> list[Planned]:
    """What would become of each document, one by one. Changes nothing. Raises Refused."""
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        return planned_of(session, archive.programs, chosen)


def dry_run(archive: Archive, actor: Actor, chosen: Chosen) -> DryRun:
    """What would become of the documents chosen, counted by format and by reason. Changes nothing. Raises Refused."""
    require(archive, actor, Grant.VERIFY)
    with archive.reading() as session:
        rows = session.execute(_counted(chosen, archive.programs)).all()
    left: dict[str, int] = {}
    conversions = []
    for puid, mime, name, why, count, size, tried in rows:
        if why is None:
            conversions.append(Conversion(puid, mime, name or "", TARGETS[mime], count, int(size), int(tried)))
        else:
            left[why] = left.get(why, 0) + count
    conversions.sort(key=lambda one: (-one.count, one.puid or "", one.mime or ""))
    return DryRun(tuple(conversions), dict(sorted(left.items(), key=lambda pair: -pair[1])))


def could_be_migrated(archive: Archive, actor: Actor) -> Mapping[Known, Conversion]:
    """What of all that is held could be migrated here, by format. Figures by format name nobody's document. Raises Refused."""
    return {(one.puid, one.mime): one for one in dry_run(archive, actor, Document.mime.in_(TARGETS)).conversions}


def _counted(chosen: Chosen, programs: Programs) -> Select[Any]:
    """Grouped over a subquery, for PostgreSQL does not see that two conditions with parameters are the same."""
    failed = exists().where(
        DocumentEvent.document_id == Document.id, DocumentEvent.type == EventType.MIGRATION, DocumentEvent.outcome == Outcome.FAIL
    )
    columns = (Document.puid, Document.mime, Document.format_name, Document.size)
    each = select(*columns, why_left(programs).label("why"), case((failed, 1), else_=0).label("tried")).where(chosen).subquery()
    sums = (func.max(each.c.format_name), each.c.why, func.count(), func.sum(each.c.size), func.sum(each.c.tried))
    return select(each.c.puid, each.c.mime, *sums).group_by(each.c.puid, each.c.mime, each.c.why)
