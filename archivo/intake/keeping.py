"""Write what processing found into a document's package, and only then into its rows."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, make_transient

from archivo import jobs
from archivo.archive import Archive, Transaction
from archivo.identifiers import urn
from archivo.intake.models import RecognisedPage
from archivo.intake.proposals import Proposals
from archivo.jobs import Lease, LeaseLost, Queue
from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentPart,
    DocumentState,
    Fonds,
    RecordVersion,
    Representation,
)
from archivo.records.packaging import ACCESS_COPY, RecordRows, event_rows, read_package, write_metadata, write_texts
from archivo.records.premis import premis_of
from archivo.retention import classification, learning
from archivo.retention.classification import Proposed
from archivo.retention.models import Classification
from ingest import alto
from ingest.step import Part, Workspace
from preservation.ocfl_writer import VersionWriter
from preservation.premis import Event, EventType, Outcome

AGENT: Final = "Archivo"
PAGES_A_FILE: Final = 20
_PROCESSED: Final = ["mime", "puid", "format_name", "part_count", "is_doubtful", "proposals"]


@dataclass(frozen=True, slots=True)
class Processed:
    """What the steps made of a document and what was proposed of it, ready to be packaged."""

    work: Workspace
    parts: Sequence[Part]
    events: tuple[Event, ...]
    proposals: Proposals
    proposed: Proposed | None


def keep_outcomes(archive: Archive, lease: Lease, outcome: Processed) -> None:
    """Write the next version, read it all back, and only then say `preserved`. The rows follow in one transaction.

    The caller holds the object's lease. Raises LeaseLost when the job is another's now, or done.
    """
    document_id = lease.object_id
    with archive.database.writing() as session:
        if not jobs.renew(session, lease, archive.clock()):
            raise LeaseLost(lease.id)
    with archive.reading() as session:
        rows = gather_rows(session, document_id)
        session.expunge_all()
    written = rows.document.version
    with archive.packages.new_version(urn(document_id), base=rows.document.ocfl_version) as writer:
        parts = _write_parts(writer, document_id, outcome.parts)
        representations = [*rows.representations, *_write_copy(writer, document_id, outcome.work)]
        _describe_from(rows.document, representations, outcome)
        findings = _finding_rows(document_id, outcome.work)
        kept = Event(
            EventType.INFORMATION_PACKAGE_CREATION, Outcome.SUCCESS, AGENT, archive.clock(), "packaged", {"version": writer.number}
        )
        writer.check()
        fixity = Event(EventType.FIXITY_CHECK, Outcome.SUCCESS, AGENT, archive.clock(), "fixity", {})
        events = [*rows.events, *event_rows(document_id, (*outcome.events, kept, fixity), len(rows.events) + 1)]
        full = RecordRows(rows.fonds, rows.document, rows.versions, representations, parts, events, findings, rows.sections)
        write_texts(writer, parts)
        write_metadata(writer, full, premis_of(full))
        writer.check()
        writer.commit("Procesamiento", AGENT, "", archive.clock())
    with archive.transaction() as transaction:
        document = transaction.session.get_one(Document, document_id)
        _copy_processed(document, rows.document)
        document.ocfl_version, document.sealed_version = writer.number, written
        _replace_rows(transaction, document_id, representations, parts, events, findings)
        _mark_sealed(transaction, document)
        _after_keeping(transaction, document, lease, outcome.proposed)


def _after_keeping(transaction: Transaction, document: Document, lease: Lease, proposed: Proposed | None) -> None:
    """The document is kept: its class, its index entries, and the end of its job."""
    document.state = DocumentState.PRESERVED
    transaction.session.execute(delete(RecognisedPage).where(RecognisedPage.document_id == document.id))
    transaction.session.flush()
    if proposed is not None:
        classification.write_proposal(transaction, document, proposed)
    else:
        decided = transaction.session.get(Classification, document.id)
        if decided is None:
            transaction.enqueue("classify", document.id, queue=Queue.INGEST, priority=6)
        else:
            learning.queue_training_if_due(transaction, decided.trd_id)
    if document.sealed_version < document.version:
        transaction.enqueue("seal", document.id, queue=Queue.SEAL, priority=7)
    transaction.enqueue("index", document.id, queue=Queue.INDEX, priority=3)
    jobs.finish(transaction.session, lease, transaction.now)


def _replace_rows(
    transaction: Transaction,
    document_id: str,
    representations: Iterable[Representation],
    parts: Iterable[DocumentPart],
    events: Iterable[DocumentEvent],
    findings: Iterable[DocumentFinding],
) -> None:
    """Put what the package holds in the place of what the rows said; an event that came after it was gathered follows the others."""
    session = transaction.session
    packaged = list(events)
    held = {(event.code, event.at) for event in packaged}
    standing = session.scalars(select(DocumentEvent).filter_by(document_id=document_id).order_by(DocumentEvent.sequence))
    later = [event for event in standing if (event.code, event.at) not in held]
    for event in later:
        session.expunge(event)
    for model in (Representation, DocumentPart, DocumentEvent, DocumentFinding):
        session.execute(delete(model).where(model.document_id == document_id))
    session.flush()
    for row in (*representations, *parts, *packaged, *findings):
        make_transient(row)
        session.add(row)
    for number, event in enumerate(later, len(packaged) + 1):
        make_transient(event)
        event.sequence = number
        session.add(event)
    session.flush()
    if later:
        transaction.enqueue("seal", document_id, queue=Queue.SEAL, priority=7)


def _write_parts(writer: VersionWriter, document_id: str, parts: Sequence[Part]) -> list[DocumentPart]:
    """Put the words' boxes by ranges of pages, and give the rows of all parts."""
    rows: list[DocumentPart] = []
    for start in range(0, len(parts), PAGES_A_FILE):
        group = parts[start : start + PAGES_A_FILE]
        name = f"alto/{group[0].number:05d}-{group[-1].number:05d}.xml"
        boxed = [part for part in group if part.words]
        if boxed:
            writer.put_bytes(name, alto.dump(boxed))
        rows.extend(_part_row(document_id, part, name if part.words else None) for part in group)
    return rows


def _part_row(document_id: str, part: Part, name: str | None) -> DocumentPart:
    return DocumentPart(
        document_id=document_id,
        number=part.number,
        kind=str(part.kind),
        label=part.label,
        text=part.text.replace("\f", " "),
        source=str(part.source),
        width=part.width,
        height=part.height,
        turn=part.turn,
        confidence=part.confidence,
        coverage=part.coverage,
        is_doubtful=part.doubtful,
        engine=part.engine,
        alto=name,
    )


def _write_copy(writer: VersionWriter, document_id: str, work: Workspace) -> list[Representation]:
    copy = work.derivative
    if copy is None:
        return []
    with copy.path.open("rb") as stream:
        stored = writer.put(ACCESS_COPY, stream)
    assert stored.digest is not None
    return [
        Representation(
            document_id=document_id,
            role=copy.role,
            path=ACCESS_COPY,
            mime=copy.mime,
            puid=copy.puid,
            sha256=stored.digest.value,
            size=stored.size,
        )
    ]


def _finding_rows(document_id: str, work: Workspace) -> list[DocumentFinding]:
    return [
        DocumentFinding(document_id=document_id, sequence=n, code=f.code, params=dict(f.params)) for n, f in enumerate(work.findings, 1)
    ]


def _describe_from(document: Document, representations: Sequence[Representation], outcome: Processed) -> None:
    """What the file says of itself, and what its text lets propose; a proposal waits for a person and changes nothing."""
    found = outcome.work.format
    if found is not None:
        document.mime, document.puid, document.format_name = found.mime, found.puid, f"{found.name} {found.version}".strip()
        for representation in representations:
            if representation.role == "original":
                representation.mime, representation.puid = found.mime, found.puid
    document.part_count = len(outcome.parts)
    document.is_doubtful = any(part.doubtful for part in outcome.parts)
    document.proposals = json.loads(json.dumps(outcome.proposals.as_json()))


def _copy_processed(document: Document, made: Document) -> None:
    """Carry over what processing found; what people say of the document is theirs."""
    for name in _PROCESSED:
        setattr(document, name, getattr(made, name))


def take_over(archive: Archive, lease: Lease) -> bool:
    """The package was written by a run that ended before its rows: make the rows from it. False when it holds no texts yet."""
    package = read_package(archive, lease.object_id)
    if package is None or not package.processed:
        return False
    kept = package.document
    with archive.transaction() as transaction:
        document = transaction.session.get_one(Document, lease.object_id)
        for name in ("mime", "puid", "format_name", "part_count", "is_doubtful", "proposals", "ocfl_version"):
            setattr(document, name, getattr(kept, name))
        document.sealed_version = min(kept.version, document.version)
        _replace_rows(transaction, lease.object_id, package.representations, package.parts, package.events, package.findings)
        _after_keeping(transaction, document, lease, None)
        if transaction.session.scalars(select(RecordVersion).filter_by(document_id=document.id, sealed_in=None)).first() is not None:
            _mark_sealed(transaction, document)
    return True


def _mark_sealed(transaction: Transaction, document: Document) -> None:
    for version in transaction.session.scalars(select(RecordVersion).filter_by(document_id=document.id, sealed_in=None)):
        if version.n <= document.sealed_version:
            version.sealed_in = document.ocfl_version


def gather_rows(session: Session, document_id: str) -> RecordRows:
    """All the rows of a document, as its package is to hold them."""
    document = session.get_one(Document, document_id)

    def all_of(model: Any, order: Any) -> list[Any]:
        return list(session.scalars(select(model).where(model.document_id == document_id).order_by(order)))

    return RecordRows(
        fonds=session.get_one(Fonds, document.fonds_id),
        document=document,
        versions=all_of(RecordVersion, RecordVersion.n),
        representations=all_of(Representation, Representation.role),
        parts=all_of(DocumentPart, DocumentPart.number),
        events=all_of(DocumentEvent, DocumentEvent.sequence),
        findings=all_of(DocumentFinding, DocumentFinding.sequence),
        sections=classification.sealed_sections(session, document_id),
    )
