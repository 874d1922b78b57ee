"""What the record of a document looks like to who may see it: plain values, bound to no session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentPart,
    Fonds,
    Office,
    RecordVersion,
    Representation,
)
from archivo.records.tombstones import TombstoneView, view_tombstone
from archivo.records.wording import event_sentence
from ingest.findings import Finding

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class RepresentationView:
    """A file of the document. `size` in bytes; `identity` how its format was told, empty values where it was not."""

    role: str
    path: str
    mime: str | None
    puid: str | None
    sha256: str
    size: int
    identity: "IdentityView"


@dataclass(frozen=True, slots=True)
class IdentityView:
    """How a file's format was told: `certainty` as preservation.formats.Certainty, `signatures` the PRONOM signature files asked."""

    name: str | None = None
    version: str | None = None
    certainty: str | None = None
    basis: str | None = None
    signatures: str | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """What happened to the document; `detail` is a Spanish sentence."""

    type: str
    outcome: str
    agent: str
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """What was found in the document, in Spanish."""

    code: str
    severity: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ActView:
    """One act of the record's history: what each field was and became."""

    n: int
    at: datetime
    actor: str
    act: str
    changes: Mapping[str, Any]
    sealed_in: int | None


@dataclass(frozen=True, slots=True)
class PartView:
    """A part and its text. Sizes in points; `confidence` 0-100 of recognised text; `place` (ingest.step.Place) of a page that is inside."""

    number: int
    kind: str
    label: str
    text: str
    source: str
    width: float | None
    height: float | None
    turn: int
    confidence: float | None
    is_doubtful: bool
    engine: str
    place: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A record as its page and `archivo show` present it. `tombstone`: what remains of one that was deleted; None of the others."""

    id: str
    state: str
    title: str
    title_source: str
    description: str
    date: str | None
    begins_on: str | None
    ends_on: str | None
    fonds_code: str
    fonds_name: str
    office_code: str | None
    office_name: str | None
    document_type: str | None
    number: str | None
    producer: str | None
    access: str
    published: bool
    version: int
    is_sealed: bool
    ocfl_version: int
    filename: str
    original: RepresentationView
    format_name: str | None
    representations: tuple[RepresentationView, ...]
    part_count: int
    is_doubtful: bool
    received_at: datetime
    received_by: str
    events: tuple[EventView, ...]
    findings: tuple[FindingView, ...]
    history: tuple[ActView, ...]
    proposals: Mapping[str, Any]
    tombstone: TombstoneView | None


def view_of(session: Session, document: Document) -> DocumentView:
    fonds = session.get_one(Fonds, document.fonds_id)
    office = session.scalars(select(Office).where(Office.fonds_id == fonds.id, Office.code == document.office_code)).first()
    own = {"document_id": document.id}
    representations = list(session.scalars(select(Representation).filter_by(**own)))
    views = {r.role: representation_view(r) for r in representations}
    events = session.scalars(select(DocumentEvent).filter_by(**own).order_by(DocumentEvent.sequence))
    findings = session.scalars(select(DocumentFinding).filter_by(**own).order_by(DocumentFinding.sequence))
    history = session.scalars(select(RecordVersion).filter_by(**own).order_by(RecordVersion.n))
    return DocumentView(
        id=document.id,
        state=document.state,
        title=document.title,
        title_source=document.title_source,
        description=document.description,
        date=document.date,
        begins_on=document.begins_on,
        ends_on=document.ends_on,
        fonds_code=fonds.code,
        fonds_name=fonds.name,
        office_code=document.office_code,
        office_name=office.name if office else None,
        document_type=document.document_type,
        number=document.number,
        producer=document.producer,
        access=document.access,
        published=document.published,
        version=document.version,
        is_sealed=document.sealed_version == document.version,
        ocfl_version=document.ocfl_version,
        filename=document.filename,
        original=views["original"],
        format_name=document.format_name,
        representations=tuple(views[role] for role in sorted(views, key=lambda role: (role != "original", role))),
        part_count=document.part_count,
        is_doubtful=document.is_doubtful,
        received_at=document.received_at,
        received_by=document.received_by,
        events=tuple(EventView(e.type, e.outcome, e.agent, e.at, event_sentence(e.code, e.params)) for e in events),
        findings=tuple(finding_view(f.code, f.params) for f in findings),
        history=tuple(ActView(v.n, v.at, v.actor, v.act, v.changes, v.sealed_in) for v in history),
        proposals=document.proposals,
        tombstone=view_tombstone(session, document),
    )


def finding_view(code: str, params: Mapping[str, Any]) -> FindingView:
    """A finding in words."""
    finding = Finding(code, params)
    return FindingView(code, str(finding.severity), finding.message, finding.remedy)


def representation_view(row: Representation) -> RepresentationView:
    told = {name: text or None for name, text in (row.identity or {}).items()}
    return RepresentationView(row.role, row.path, row.mime, row.puid, row.sha256, row.size, IdentityView(**told))


def part_view(part: DocumentPart) -> PartView:
    text = (part.number, part.kind, part.label, part.text, part.source)
    return PartView(*text, part.width, part.height, part.turn, part.confidence, part.is_doubtful, part.engine, part.place)
