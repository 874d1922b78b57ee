"""The processing of a document: from received bytes to a kept, readable, classified and findable record."""

import shutil
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import select

from archivo import jobs
from archivo.archive import Archive
from archivo.identifiers import urn
from archivo.intake.keeping import Processed, keep_outcomes, take_over
from archivo.intake.models import RecognisedPage
from archivo.intake.proposals import propose_description
from archivo.jobs import Lease, Queue
from archivo.records.indexing import entries_of
from archivo.records.models import (
    Document,
    DocumentPart,
    DocumentState,
    Office,
)
from archivo.records.packaging import (
    ORIGINAL,
)
from archivo.retention import classification
from archivo.retention.models import Classification
from ingest import alto
from ingest.pipeline import Report, run
from ingest.step import Part, Workspace
from ingest.steps.derive import Derive
from ingest.steps.extract import Extract
from ingest.steps.identify import Identify
from ingest.steps.recognize import Recognize, save
from ingest.steps.recognize import pages as recognise_pages
from ingest.steps.scan import Scan
from ingest.steps.validate import Validate
from preservation.fixity import CHUNK
from preservation.premis import Event, EventType, Outcome
from search.index import Entry

AGENT: Final = "Archivo"
PAGES_A_JOB: Final = 20
READING: Final = (Scan(), Identify(), Validate(), Extract())
MAKING: Final = (Recognize(), Derive())


class RetryLater(Exception):
    """A step failed in a way that a later run may mend."""


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
            keep_outcomes(archive, lease, outcome)
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
            pages = recognise_pages(work, [n for n in missing if n in set(work.pending)])
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
    entries: list[Entry] = []
    read: dict[str, int] = {}
    with archive.reading() as session:
        for lease in leases:
            document = session.get_one(Document, lease.object_id)
            read[document.id] = document.version
            parts = list(session.scalars(select(DocumentPart).filter_by(document_id=document.id).order_by(DocumentPart.number)))
            entries.extend(entries_of(document, parts, classification.class_facets(session, document.id)))
    archive.index.put(entries)
    try:
        with archive.transaction() as transaction:
            for lease in leases:
                document = transaction.session.get_one(Document, lease.object_id)
                if document.state == DocumentState.PRESERVED:
                    document.state = DocumentState.FINDABLE
                jobs.finish(transaction.session, lease, transaction.now)
                if document.version != read[document.id]:
                    transaction.enqueue("index", document.id, queue=Queue.INDEX, priority=3)
    except jobs.LeaseLost:  # what was just written may be older than what another wrote meanwhile
        with archive.transaction() as transaction:
            for document_id in read:
                transaction.enqueue("index", document_id, queue=Queue.INDEX, priority=3)
        raise


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
    head = known
    if _was_begun(archive, document_id, known):
        with archive.writing_object(urn(document_id)):
            archive.packages.recover(urn(document_id))
            head = archive.packages.head(urn(document_id)) or 0
            if head > known and take_over(archive, lease):
                return False
    with archive.transaction() as transaction:
        document = transaction.session.get_one(Document, document_id)
        document.state, document.ocfl_version = DocumentState.PROCESSING, head
    return True


def _was_begun(archive: Archive, document_id: str, known: int) -> bool:
    """Whether the package holds something of a version after the one that the rows know."""
    return any(f"/v{known + 1}/" in stored.key for stored in archive.packages.keys(urn(document_id)))


def _split(archive: Archive, lease: Lease, pending: Sequence[int]) -> None:
    with archive.transaction() as transaction:
        for start in range(0, len(pending), PAGES_A_JOB):
            pages = list(pending[start : start + PAGES_A_JOB])
            transaction.enqueue("recognise", lease.object_id, queue=Queue.OCR, priority=6, params={"pages": pages})
        jobs.finish(transaction.session, lease, transaction.now)


def _load_recognised(archive: Archive, document_id: str, work: Workspace) -> None:
    with archive.reading() as session:
        rows = list(session.scalars(select(RecognisedPage).where(RecognisedPage.document_id == document_id)))
        rows.sort(key=lambda row: row.number)
    for start in range(0, len(rows), PAGES_A_JOB):
        group = rows[start : start + PAGES_A_JOB]
        work.range_files.append(save(work.folder, {row.number: alto.load(zlib.decompress(row.alto))[0] for row in group}))
        for row in group:
            for finding in row.findings:
                work.find(finding["code"], **finding["params"])
    done = {row.number for row in rows}
    work.pending = [number for number in work.pending if number not in done]


def _recognised_row(document_id: str, number: int, part: Part, work: Workspace) -> RecognisedPage:
    own = [{"code": f.code, "params": dict(f.params)} for f in work.findings if f.params.get("page") in (None, number)]
    return RecognisedPage(document_id=document_id, number=number, alto=zlib.compress(alto.dump([part])), findings=own)


def _conclude(archive: Archive, document_id: str, work: Workspace, reading: Report, making: Report) -> Processed:
    """Propose the description and the class from the texts."""
    text = "\n".join(part.text for part in work.parts[:10])[:20_000]
    with archive.reading() as session:
        document = session.get_one(Document, document_id)
        offices = {o.code: o.name for o in session.scalars(select(Office).where(Office.fonds_id == document.fonds_id))}
        proposals = propose_description(text, offices)
        decided = session.get(Classification, document_id)
        session.expunge(document)
        proposed = None if decided is not None else classification.propose(archive, session, document, text)
    return Processed(work, list(work.parts), (*reading.events, *making.events), proposals, proposed)
