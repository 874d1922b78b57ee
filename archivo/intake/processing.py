"""The processing of a document: from received bytes to a kept, readable, classified and findable record."""

import json
import shutil
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.archive import Archive, Transaction
from archivo.identifiers import urn
from archivo.intake.models import RecognisedPage
from archivo.intake.proposals import Proposals, propose_description
from archivo.jobs import Lease, Queue
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
from archivo.records.packaging import (
    ACCESS_COPY,
    ORIGINAL,
    RecordRows,
    event_rows,
    read_package,
    write_metadata,
    write_texts,
)
from archivo.records.premis import premis_of
from archivo.retention import classification
from archivo.retention.classification import Proposed
from ingest import alto
from ingest.pipeline import Report, run
from ingest.step import Part, Workspace
from ingest.steps.derive import Derive
from ingest.steps.extract import Extract
from ingest.steps.identify import Identify
from ingest.steps.recognize import Recognize
from ingest.steps.scan import Scan
from ingest.steps.validate import Validate
from preservation.fixity import CHUNK
from preservation.premis import Event, EventType, Outcome

AGENT: Final = "Archivo"
PAGES_A_JOB: Final = 20
READING: Final = (Scan(), Identify(), Validate(), Extract())
MAKING: Final = (Recognize(), Derive())


class RetryLater(Exception):
    """A step failed in a way that a later run may mend."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the steps made of a document, ready to be packaged."""

    work: Workspace
    parts: Sequence[Part]
    events: tuple[Event, ...]
    proposals: Proposals
    proposed: Proposed | None


def process_document(archive: Archive, lease: Lease) -> None:
    """Take a received document through the chain. Safe to run again from the beginning, whatever ended the run before.

    A document with many pages to recognise leaves a job a range of them and ends here; the last of those brings it back.
    """
    document_id = lease.object_id
    if not _begin(archive, lease):
        return
    folder = archive.scratch(f"{document_id}-{lease.attempt}")
    try:
        work = open_workspace(archive, document_id, folder)
        reading = run(work, READING, clock=archive.clock)
        _load_recognised(archive, document_id, work)
        if len(work.pending) > PAGES_A_JOB:
            _split(archive, lease, work.pending)
            return
        making = run(work, MAKING, clock=archive.clock)
        if (reading.retry or making.retry) and lease.attempt < jobs.MAX_ATTEMPTS:
            raise RetryLater(document_id)
        outcome = _conclude(archive, document_id, work, reading, making)
        with archive.writing_object(urn(document_id)):
            _package(archive, lease, outcome)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def recognise_range(archive: Archive, lease: Lease) -> None:
    """Recognise some pages of a document, keep them, and bring the document back when they were the last."""
    document_id = lease.object_id
    numbers = [int(n) for n in lease.params["pages"]]
    with archive.reading() as session:
        done = set(session.scalars(select(RecognisedPage.number).where(RecognisedPage.document_id == document_id)))
        findable = session.get_one(Document, document_id).state in (DocumentState.PRESERVED, DocumentState.FINDABLE)
    missing = [n for n in numbers if n not in done]
    folder = archive.scratch(f"{document_id}-{lease.id}-{lease.attempt}")
    try:
        pages: dict[int, Part] = {}
        work = open_workspace(archive, document_id, folder)
        if missing and not findable:
            run(work, READING, clock=archive.clock)
            found_before = len(work.findings)
            pages = Recognize().pages(work, [n for n in missing if n in set(work.pending)])
            work.findings[:found_before] = []
        with archive.transaction() as transaction:
            for number, part in pages.items():
                transaction.session.merge(_recognised_row(document_id, number, part, work))
            jobs.finish(transaction.session, lease, transaction.now)
            left = [j for j in jobs.open_jobs(transaction.session, document_id) if j.kind == "recognise" and j.id != lease.id]
            if not left and not findable:
                transaction.enqueue("process", document_id, queue=Queue.INGEST)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def index_documents(archive: Archive, leases: Sequence[Lease]) -> None:
    """Make the entries of kept documents findable; one commit of the index for all."""
    from archivo.records.indexing import entries_of

    entries = []
    with archive.reading() as session:
        for lease in leases:
            document = session.get_one(Document, lease.object_id)
            parts = list(session.scalars(select(DocumentPart).filter_by(document_id=document.id).order_by(DocumentPart.number)))
            entries.extend(entries_of(document, parts, classification.class_facets(session, document.id)))
    archive.index.put(entries)
    with archive.transaction() as transaction:
        for lease in leases:
            document = transaction.session.get_one(Document, lease.object_id)
            if document.state == DocumentState.PRESERVED:
                document.state = DocumentState.FINDABLE
            jobs.finish(transaction.session, lease, transaction.now)


def open_workspace(archive: Archive, document_id: str, folder: Path) -> Workspace:
    """A workspace over the original: the store's own file where it is local, else a copy."""
    with archive.reading() as session:
        filename = session.get_one(Document, document_id).filename
    original = archive.packages.local_path(urn(document_id), ORIGINAL)
    if original is None:
        original = folder / "original"
        with closing(archive.packages.open(urn(document_id), ORIGINAL)) as source, original.open("wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK)
    return Workspace(
        folder=folder,
        original=original,
        filename=filename,
        tools=archive.tools,
        limits=archive.limits,
        clamav_socket=archive.clamav_socket,
    )


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


def mark_failed(archive: Archive, document_id: str, reason: str) -> None:
    """The chain could not finish: a person must look. The original is kept, and can be shown, exported, verified and tried again."""
    with archive.transaction() as transaction:
        document = transaction.session.get_one(Document, document_id)
        if document.state in (DocumentState.RECEIVED, DocumentState.PROCESSING):
            document.state = DocumentState.FAILED
            event = Event(EventType.INGESTION_END, Outcome.FAIL, AGENT, transaction.now, "chain.failed", {"reason": reason})
            classification.add_event(transaction, document_id, event)


def _begin(archive: Archive, lease: Lease) -> bool:
    """Move the document to processing; False when its package is already complete (then only its rows may lack)."""
    document_id = lease.object_id
    with archive.reading() as session:
        document = session.get_one(Document, document_id)
        state, known = document.state, document.ocfl_version
    if state in (DocumentState.PRESERVED, DocumentState.FINDABLE):
        with archive.transaction() as transaction:
            jobs.finish(transaction.session, lease, transaction.now)
        return False
    with archive.writing_object(urn(document_id)):
        archive.packages.recover(urn(document_id))
        if (archive.packages.head(urn(document_id)) or 0) > known and _take_over(archive, lease):
            return False
    with archive.transaction() as transaction:
        transaction.session.get_one(Document, document_id).state = DocumentState.PROCESSING
    return True


def _take_over(archive: Archive, lease: Lease) -> bool:
    """The package was written by a run that ended before its rows: make the rows from it. False when it holds no texts yet."""
    package = read_package(archive, lease.object_id)
    if package is None or not package.processed:
        return False
    kept = package.document
    with archive.transaction() as transaction:
        document = transaction.session.get_one(Document, lease.object_id)
        for name in ("mime", "puid", "format_name", "part_count", "is_doubtful", "proposals", "ocfl_version"):
            setattr(document, name, getattr(kept, name))
        for name in ("title", "title_source", "date", "date_source", "begins_on", "ends_on", "document_type", "number", "producer"):
            if document.version == kept.version:
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


def _split(archive: Archive, lease: Lease, pending: Sequence[int]) -> None:
    with archive.transaction() as transaction:
        for start in range(0, len(pending), PAGES_A_JOB):
            pages = list(pending[start : start + PAGES_A_JOB])
            transaction.enqueue("recognise", lease.object_id, queue=Queue.OCR, priority=6, params={"pages": pages})
        jobs.finish(transaction.session, lease, transaction.now)


def _load_recognised(archive: Archive, document_id: str, work: Workspace) -> None:
    with archive.reading() as session:
        rows = list(session.scalars(select(RecognisedPage).where(RecognisedPage.document_id == document_id)))
    for row in rows:
        if row.number in work.pending:
            work.recognised[row.number] = alto.load(zlib.decompress(row.alto))[0]
            work.pending.remove(row.number)
        for finding in row.findings:
            work.find(finding["code"], **finding["params"])


def _recognised_row(document_id: str, number: int, part: Part, work: Workspace) -> RecognisedPage:
    own = [{"code": f.code, "params": dict(f.params)} for f in work.findings if f.params.get("page") in (None, number)]
    return RecognisedPage(document_id=document_id, number=number, alto=zlib.compress(alto.dump([part])), findings=own)


def _conclude(archive: Archive, document_id: str, work: Workspace, reading: Report, making: Report) -> _Outcome:
    """Propose the description and the class from the texts."""
    text = "\n".join(part.text for part in work.parts[:10])[:20_000]
    with archive.reading() as session:
        document = session.get_one(Document, document_id)
        offices = {o.code: o.name for o in session.scalars(select(Office).where(Office.fonds_id == document.fonds_id))}
        proposals = propose_description(text, offices)
        decided = session.get(classification.Classification, document_id)
        session.expunge(document)
        if document.date is None and proposals.date is not None:
            document.begins_on = proposals.date.begins_on
        proposed = None if decided is not None else classification.propose(archive, session, document, text)
    return _Outcome(work, list(work.parts), (*reading.events, *making.events), proposals, proposed)


def _package(archive: Archive, lease: Lease, outcome: _Outcome) -> None:
    """Write the next version, read it all back, and only then say `preserved`. The rows follow in one transaction."""
    document_id = lease.object_id
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
        classified = (outcome.proposed.event,) if outcome.proposed and outcome.proposed.values["status"] == "automatic" else ()
        events = [*rows.events, *event_rows(document_id, (*outcome.events, *classified, kept, fixity), len(rows.events) + 1)]
        full = RecordRows(rows.fonds, rows.document, rows.versions, representations, parts, events, findings, rows.sections)
        write_texts(writer, parts)
        write_metadata(writer, full, premis_of(full))
        writer.check()
        writer.commit("Procesamiento", AGENT, "", archive.clock())
    with archive.transaction() as transaction:
        document = transaction.session.get_one(Document, document_id)
        _copy_processed(document, rows.document, written)
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
    elif transaction.session.get(classification.Classification, document.id) is None:
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
    session = transaction.session
    for model in (Representation, DocumentPart, DocumentEvent, DocumentFinding):
        session.execute(delete(model).where(model.document_id == document_id))
    session.flush()
    for row in (*representations, *parts, *events, *findings):
        session.merge(row)
    session.flush()


def _write_parts(writer: Any, document_id: str, parts: Sequence[Part]) -> list[DocumentPart]:
    """Put the words' boxes by ranges of pages, and give the rows of all parts."""
    rows = []
    for start in range(0, len(parts), PAGES_A_JOB):
        group = parts[start : start + PAGES_A_JOB]
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


def _write_copy(writer: Any, document_id: str, work: Workspace) -> list[Representation]:
    copy = work.derivative
    if copy is None:
        return []
    with copy.path.open("rb") as stream:
        stored = writer.put(ACCESS_COPY, stream)
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


_PROCESSED: Final = "mime puid format_name part_count is_doubtful proposals".split()
_PROPOSED: Final = "title title_source date date_source begins_on ends_on document_type number producer".split()


def _describe_from(document: Document, representations: Sequence[Representation], outcome: _Outcome) -> None:
    """What the file and its text say of the document; a person's own words are never replaced."""
    found = outcome.work.format
    if found is not None:
        document.mime, document.puid, document.format_name = found.mime, found.puid, f"{found.name} {found.version}".strip()
        for representation in representations:
            if representation.role == "original":
                representation.mime, representation.puid = found.mime, found.puid
    document.part_count = len(outcome.parts)
    document.is_doubtful = any(part.doubtful for part in outcome.parts)
    document.proposals = json.loads(json.dumps(outcome.proposals.as_json()))
    proposals = outcome.proposals
    if document.title_source == "filename" and proposals.title is not None:
        document.title, document.title_source = proposals.title.value[:1000], "text"
    if document.date is None and proposals.date is not None:
        document.date, document.date_source = proposals.date.value, "text"
        document.begins_on, document.ends_on = proposals.date.begins_on, proposals.date.ends_on
    document.document_type = document.document_type or (proposals.document_type.value if proposals.document_type else None)
    document.number = document.number or (proposals.number.value if proposals.number else None)
    document.producer = document.producer or (proposals.producer.value if proposals.producer else None)


def _copy_processed(document: Document, made: Document, written: int) -> None:
    """Carry over what processing found; an act that came meanwhile keeps its own words."""
    for name in _PROCESSED:
        setattr(document, name, getattr(made, name))
    if document.version == written:
        for name in _PROPOSED:
            setattr(document, name, getattr(made, name))
