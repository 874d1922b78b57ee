"""Write what processing found into a document's package, and only then into its rows."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from mimetypes import guess_extension
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, make_transient

from archivo import jobs
from archivo.archive import Archive, Hold, Transaction
from archivo.database import Base, Row, delete_rows, lock, rows_of, table_of, without_nul
from archivo.identifiers import urn
from archivo.intake.models import RecognisedPage
from archivo.intake.proposals import Proposals, propose_description
from archivo.jobs import Lease, Queue
from archivo.records import holds
from archivo.records.holdings import note_package
from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentPart,
    DocumentState,
    Fonds,
    Office,
    RecordVersion,
    Representation,
)
from archivo.records.packaging import ACCESS_COPY, RecordRows, event_rows, read_package, write_metadata, write_texts
from archivo.records.premis import premis_of
from archivo.retention import classification, learning
from archivo.retention.classification import DECIDED, Proposed
from archivo.retention.models import Classification
from ingest import alto
from ingest.step import Format, Part, Place, Workspace
from preservation.ocfl_writer import VersionWriter
from preservation.premis import Event, EventType, Outcome

AGENT: Final = "Archivo"
PAGES_A_FILE: Final = 20
PACKAGED: Final = (RecordVersion, Representation, DocumentPart, DocumentEvent, DocumentFinding)
RECEIVED: Final = (RecordVersion, Representation, DocumentEvent)
"""What a package holds before its document is processed, or is processed again."""
PROCESSED: Final = (Representation, DocumentPart, DocumentEvent, DocumentFinding)
_VERSIONS: Final = table_of(RecordVersion)
_NEWLY_SEALED: Final = (
    update(_VERSIONS)
    .filter_by(sealed_in=None)
    .where(_VERSIONS.c.document_id == bindparam("document"), _VERSIONS.c.n <= bindparam("sealed"))
)
_FOUND: Final = ["mime", "puid", "format_name", "part_count", "is_doubtful", "proposals"]


@dataclass(frozen=True, slots=True)
class Processed:
    """What the steps made of a document and what was proposed of it, ready to be packaged."""

    work: Workspace
    events: tuple[Event, ...]


def keep_outcomes(archive: Archive, lease: Lease, hold: Hold, outcome: Processed) -> None:
    """Write the next version, read it all back, and only then say `preserved`. The rows follow in one transaction.

    The caller holds the object's lease, which ends with that transaction. Raises LeaseLost when the job is another's now, or done.
    """
    document_id = lease.object_id
    with archive.reading() as session:
        rows = gather_rows(session, document_id, RECEIVED)
        jobs.check_held(session, lease)
        proposals, proposed = _propose(archive, session, rows.document, outcome.work.parts)
        boxed = session.scalars(select(DocumentPart.alto).where(DocumentPart.document_id == document_id).distinct())
        read_before = {name for name in boxed if name}
        session.expunge_all()
    written = rows.document.version
    lasting = [one for one in rows.representations if one.role != "access"]
    read_before.update(one.path for one in rows.representations if one not in lasting)
    with archive.packages.new_version(urn(document_id), base=rows.document.ocfl_version) as writer:
        for name in read_before:
            writer.remove(name)
        parts = _write_parts(writer, document_id, outcome.work)
        representations = [*lasting, *_write_copy(writer, document_id, outcome.work)]
        _describe_from(rows.document, representations, outcome.work, proposals)
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
        inventory = writer.commit("Procesamiento", AGENT, "", archive.clock())
    with archive.transaction() as transaction:
        document = lock(transaction.session, Document, document_id)
        _copy_processed(document, rows.document)
        document.state = DocumentState.PRESERVED
        document.ocfl_version, document.sealed_version = writer.number, written
        _replace_rows(transaction, document_id, representations, parts, events, findings)
        note_package(transaction, AGENT, document_id, inventory)
        _after_keeping(transaction, document, lease, proposed)
        hold.end_with(transaction.session)


def _propose(archive: Archive, session: Session, document: Document, parts: Sequence[Part]) -> tuple[Proposals, Proposed | None]:
    """The description that the texts let propose, and the class of a document that nobody decided yet."""
    text = "\n".join(part.text for part in parts[:10])[:20_000]
    offices = {office.code: office.name for office in rows_of(session, Office, fonds_id=document.fonds_id)}
    is_decided = _is_decided(session.get(Classification, document.id))
    return propose_description(text, offices), None if is_decided else classification.propose(archive, session, document, text)


def _is_decided(found: Classification | None) -> bool:
    return found is not None and found.status in DECIDED


def _after_keeping(transaction: Transaction, document: Document, lease: Lease, proposed: Proposed | None) -> None:
    """The document is kept: its class, its index entries, and the end of its job."""
    mark_sealed(transaction, document)
    delete_rows(transaction.session, RecognisedPage, document_id=document.id)
    decided = transaction.session.get(Classification, document.id)
    if decided is not None and _is_decided(decided):  # by a person, it may be while the document was processed
        learning.queue_training_if_due(transaction, decided.trd_id)
    elif proposed is not None:
        classification.write_proposal(transaction, document, proposed)
    elif decided is None:
        transaction.enqueue("classify", document.id, queue=Queue.INGEST, priority=6)
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
    standing = rows_of(session, DocumentEvent, "sequence", document_id=document_id)
    for event in standing:
        session.expunge(event)
    later = [event for event in standing if (event.code, event.at) not in held]
    for model in PROCESSED:
        delete_rows(session, model, document_id=document_id)
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


def _write_parts(writer: VersionWriter, document_id: str, work: Workspace) -> list[DocumentPart]:
    """Put the words' boxes by ranges of pages, and give the rows of all parts."""
    rows: list[DocumentPart] = []
    parts = work.parts
    for start in range(0, len(parts), PAGES_A_FILE):
        group = parts[start : start + PAGES_A_FILE]
        name = f"alto/{group[0].number:05d}-{group[-1].number:05d}.xml"
        boxed = [part for part in group if part.words]
        if boxed:
            writer.put_bytes(name, alto.dump(boxed))
        rows.extend(_part_row(document_id, part, name if part.words else None, work.places.get(part.number)) for part in group)
    return rows


def _part_row(document_id: str, part: Part, name: str | None, place: Place | None) -> DocumentPart:
    return DocumentPart(
        document_id=document_id,
        number=part.number,
        kind=str(part.kind),
        label=without_nul(part.label),
        text=without_nul(part.text).replace("\f", " "),
        source=str(part.source),
        width=part.width,
        height=part.height,
        turn=part.turn,
        confidence=part.confidence,
        coverage=part.coverage,
        is_doubtful=part.doubtful,
        engine=part.engine,
        alto=name,
        place=place and place.as_json(),
    )


def _write_copy(writer: VersionWriter, document_id: str, work: Workspace) -> list[Representation]:
    copy = work.derivative
    if copy is None:
        return []
    path = str(PurePosixPath(ACCESS_COPY).with_suffix(guess_extension(copy.format.mime) or ""))
    with copy.path.open("rb") as stream:
        stored = writer.put(path, stream)
    assert stored.digest is not None
    return [
        Representation(
            document_id=document_id,
            role=copy.role,
            path=path,
            mime=copy.format.mime,
            puid=copy.format.puid,
            sha256=stored.digest.value,
            size=stored.size,
            identity=identity_of(copy.format),
        )
    ]


def identity_of(known: Format) -> dict[str, str]:
    """How a format was told, as the row of its file keeps it."""
    return {name: without_nul(getattr(known, name))[:300] for name in ("name", "version", "certainty", "basis", "signatures")}


def _finding_rows(document_id: str, work: Workspace) -> list[DocumentFinding]:
    return [
        DocumentFinding(document_id=document_id, sequence=n, code=f.code, params=dict(f.params)) for n, f in enumerate(work.findings, 1)
    ]


def _describe_from(document: Document, representations: Sequence[Representation], work: Workspace, proposals: Proposals) -> None:
    """What the file says of itself, and what its text lets propose; a proposal waits for a person and changes nothing."""
    found = work.format
    if found is not None:
        document.mime, document.puid, document.format_name = found.mime, found.puid, f"{found.name} {found.version}".strip()
        for representation in representations:
            if representation.role == "original":
                representation.mime, representation.puid, representation.identity = found.mime, found.puid, identity_of(found)
    document.part_count = len(work.parts)
    document.is_doubtful = any(part.doubtful for part in work.parts)
    document.proposals = json.loads(json.dumps(proposals.as_json()))


def _copy_processed(document: Document, made: Document) -> None:
    """Carry over what processing found; what people say of the document is theirs."""
    for name in _FOUND:
        setattr(document, name, getattr(made, name))


def take_over(archive: Archive, lease: Lease) -> bool:
    """The package was written by a run that ended before its rows: make the rows from it. False when it holds no texts yet."""
    package = read_package(archive, lease.object_id)
    if package is None or not package.processed:
        return False
    kept = package.document
    with archive.transaction() as transaction:
        document = lock(transaction.session, Document, lease.object_id)
        for name in (*_FOUND, "ocfl_version"):
            setattr(document, name, getattr(kept, name))
        document.state = DocumentState.PRESERVED
        document.sealed_version = min(kept.version, document.version)
        _replace_rows(transaction, lease.object_id, package.representations, package.parts, package.events, package.findings)
        note_package(transaction, AGENT, lease.object_id, archive.packages.inventory(urn(lease.object_id)))
        _after_keeping(transaction, document, lease, None)
    return True


def mark_sealed(transaction: Transaction, document: Document) -> None:
    """Say of each act that `document.sealed_version` covers in which version of the package it is."""
    sealed = {"document": document.id, "sealed": document.sealed_version, "sealed_in": document.ocfl_version}
    transaction.session.execute(_NEWLY_SEALED, sealed)


def gather_rows(session: Session, document_id: str, tables: Collection[type[Base]] = PACKAGED) -> RecordRows:
    """The rows of a document, as its package is to hold them; those of `tables`."""
    document = session.get_one(Document, document_id)

    def all_of(model: type[Row], order: str) -> list[Row]:
        return rows_of(session, model, order, document_id=document_id) if model in tables else []

    return RecordRows(
        fonds=session.get_one(Fonds, document.fonds_id),
        document=document,
        versions=all_of(RecordVersion, "n"),
        representations=all_of(Representation, "role"),
        parts=all_of(DocumentPart, "number"),
        events=all_of(DocumentEvent, "sequence"),
        findings=all_of(DocumentFinding, "sequence"),
        sections={**classification.sealed_sections(session, document_id), **holds.sealed_section(session, document_id)},
    )
