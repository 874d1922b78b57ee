"""The processing of a document: from received bytes to a kept, readable, classified and findable record."""

import shutil
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from archivo import jobs
from archivo.archive import Archive, Transaction
from archivo.data import format_policy
from archivo.database import HELD, lock, table_of
from archivo.identifiers import urn
from archivo.intake.keeping import Processed, keep_outcomes, take_over
from archivo.intake.models import RecognisedPage
from archivo.jobs import Lease, Queue
from archivo.records.following import has_entries
from archivo.records.holdings import note_package
from archivo.records.indexing import entries_of
from archivo.records.models import (
    Document,
    DocumentPart,
    DocumentState,
)
from archivo.records.packaging import (
    ORIGINAL,
)
from archivo.retention import classification
from ingest import alto
from ingest.pipeline import run
from ingest.step import Part, Place, Workspace
from ingest.steps.accept import Accept
from ingest.steps.authenticate import Authenticate
from ingest.steps.conform import Conform
from ingest.steps.derive import Derive
from ingest.steps.extract import Extract
from ingest.steps.identify import Identify
from ingest.steps.recognize import Recognize, save
from ingest.steps.recognize import pages as recognise_pages
from ingest.steps.scan import Scan
from ingest.steps.validate import Validate
from preservation.premis import Event, EventType, Outcome
from search.index import EntriesRefused, Entry

AGENT: Final = "Archivo"
DOCUMENTS: Final = table_of(Document)
PAGES_A_JOB: Final = 20
AGAIN: Final = "again"
"""The parameter of a job that reads a kept document anew."""
READING: Final = (Scan(), Identify(), Accept(), Validate(), Authenticate(), Conform(), Extract())
MAKING: Final = (Recognize(), Derive())


class RetryLater(Exception):
    """A step failed in a way that a later run may mend."""


def process_document(archive: Archive, lease: Lease) -> None:
    """Take a received document through the chain. Safe to run again from the beginning, whatever ended the run before.

    With `again` among the job's parameters, one that is kept already is read anew: it stays findable as it is until the new reading is
    kept, as its next version. A document with many pages to recognise leaves a job a range of them and ends here; the last of those brings
    it back.
    """
    document_id = lease.object_id
    filename = _begin(archive, lease)
    if filename is None:
        return
    folder = archive.scratch(f"{document_id}-{lease.attempt}")
    try:
        work = open_workspace(archive, document_id, filename, folder)
        reading = run(work, READING, clock=archive.clock)
        if work.pending:
            _load_recognised(archive, document_id, work)
        if len(work.pending) > PAGES_A_JOB:
            _split(archive, lease, work)
            return
        making = run(work, MAKING, clock=archive.clock)
        if (reading.retry or making.retry) and lease.attempt < jobs.MAX_ATTEMPTS:
            raise RetryLater(document_id)
        processed = Processed(work, (*reading.events, *making.events))
        with archive.writing_object(urn(document_id)) as hold:
            keep_outcomes(archive, lease, hold, processed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def recognise_range(archive: Archive, lease: Lease) -> None:
    """Recognise some pages of a document, keep them, and bring the document back when they were the last."""
    document_id = lease.object_id
    numbers = [int(n) for n in lease.params["pages"]]
    places = {int(n): Place.from_json(place) for n, place in lease.params.get("places", {}).items()}
    with archive.reading() as session:
        rows = session.scalars(select(RecognisedPage).where(RecognisedPage.document_id == document_id, RecognisedPage.number.in_(numbers)))
        done = {row.number for row in rows if _is_of(row, places)}
        document = session.get_one(Document, document_id)
        is_kept = has_entries(document) and not lease.params.get(AGAIN)
    missing = [n for n in numbers if n not in done]
    folder = archive.scratch(f"{document_id}-{lease.id}-{lease.attempt}")
    try:
        pages: dict[int, Part] = {}
        work = open_workspace(archive, document_id, document.filename, folder)
        if missing and not is_kept:
            work.places = places
            run(work, (Identify(),), clock=archive.clock)
            found_before = len(work.findings)
            pages = recognise_pages(work, missing)
            work.findings[:found_before] = []
        with archive.transaction() as transaction:
            lock(transaction.session, Document, document_id)  # of two that end at once, the second sees that it is the last
            for number, part in pages.items():
                transaction.session.merge(_recognised_row(document_id, number, part, work))
            jobs.finish(transaction.session, lease, transaction.now)
            left = [j for j in jobs.open_jobs(transaction.session, document_id) if j.kind == "recognise" and j.id != lease.id]
            if not left and not is_kept:
                transaction.enqueue("process", document_id, queue=Queue.INGEST, params=_again(lease))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def index_documents(archive: Archive, leases: Sequence[Lease]) -> None:
    """Make the entries of kept documents findable; one commit of the index for all. What the index refuses fails for a person, alone."""
    wanted = [lease.object_id for lease in leases]
    with archive.reading() as session:
        every = list(session.scalars(select(Document).where(Document.id.in_(wanted))))
        documents = [document for document in every if document.state != DocumentState.DELETED]
        parts: dict[str, list[DocumentPart]] = {document.id: [] for document in documents}
        for part in session.scalars(select(DocumentPart).where(DocumentPart.document_id.in_(wanted)).order_by(DocumentPart.number)):
            parts[part.document_id].append(part)
        series = classification.class_facets(session, wanted)
    refused = _put(archive, [entry for d in documents for entry in entries_of(d, parts[d.id], series.get(d.id, ()))])
    if len(every) > len(documents):
        archive.index.remove([document.id for document in every if document not in documents])
    taken = [lease for lease in leases if lease.object_id not in refused]
    read = {document.id: document.version for document in documents}
    try:
        with archive.transaction() as transaction:
            transaction.session.execute(
                select(DOCUMENTS.c.id).where(DOCUMENTS.c.id.in_(wanted)).order_by(DOCUMENTS.c.id).with_for_update(key_share=True)
            )
            kept = (DOCUMENTS.c.id.in_([lease.object_id for lease in taken]), DOCUMENTS.c.state == DocumentState.PRESERVED)
            transaction.session.execute(update(DOCUMENTS).where(*kept).values(state=DocumentState.FINDABLE))
            transaction.changes_catalogue = True
            jobs.finish_all(transaction.session, taken, transaction.now)
            for lease in leases:
                if lease not in taken:
                    jobs.fail(transaction.session, lease, transaction.now, "index.refused", "", retry=False)
            _index_again(transaction, read)
    except jobs.LeaseLost:  # another indexes them, or did: what was just written must not stand over something newer
        with archive.transaction() as transaction:
            _index_again(transaction, read)
        raise


def _index_again(transaction: Transaction, read: Mapping[str, int]) -> None:
    """Queue the documents that changed since these versions of them were read."""
    found = transaction.session.execute(select(Document.id, Document.version).where(Document.id.in_(read)).order_by(Document.id))
    for document_id, version in found:
        if version != read[document_id]:
            transaction.enqueue("index", document_id, queue=Queue.INDEX, priority=3)


def _put(archive: Archive, entries: Sequence[Entry]) -> Collection[str]:
    """Put the entries; the documents whose entries the index refused."""
    try:
        archive.index.put(entries)
    except EntriesRefused as fault:
        return frozenset(fault.reasons)
    return ()


def open_workspace(archive: Archive, document_id: str, filename: str, folder: Path) -> Workspace:
    """A workspace over the original: the store's own file where it is local, else a copy."""
    return Workspace(
        folder=folder,
        original=archive.packages.file(urn(document_id), ORIGINAL, folder / "original"),
        filename=filename,
        tools=archive.tools,
        limits=archive.limits,
        clamav_socket=archive.clamav_socket,
        programs=archive.programs,
        policy=format_policy(archive.clock().astimezone(ZoneInfo(archive.institution.timezone)).date()),
    )


def hold_document(transaction: Transaction, document_id: str) -> None:
    """Lock a document, where there is one of this name, before the jobs of it: the order that all keep."""
    transaction.session.get(Document, document_id, with_for_update=HELD)


def mark_failed(transaction: Transaction, document_id: str, reason: str) -> None:
    """The chain could not finish: a person must look. The original is kept, and can be shown, exported, verified and tried again.

    Nothing is done of a document that is not there.
    """
    document = transaction.session.get(Document, document_id, with_for_update=HELD)
    if document is not None and document.state in (DocumentState.RECEIVED, DocumentState.PROCESSING):
        document.state = DocumentState.FAILED
        event = Event(EventType.INGESTION_END, Outcome.FAIL, AGENT, transaction.now, "chain.failed", {"reason": reason})
        classification.add_event(transaction, document_id, event)


def _begin(archive: Archive, lease: Lease) -> str | None:
    """Move the document to processing; its filename. None when its package is already complete (then only its rows may lack)."""
    document_id = lease.object_id
    with archive.transaction() as transaction:
        document = lock(transaction.session, Document, document_id)
        known = document.ocfl_version
        if not has_entries(document):
            document.state = DocumentState.PROCESSING
        elif not lease.params.get(AGAIN):
            jobs.finish(transaction.session, lease, transaction.now)
            return None
    if _was_begun(archive, document_id, known):
        with archive.writing_object(urn(document_id)) as hold:
            archive.packages.recover(urn(document_id))
            head = archive.packages.head(urn(document_id)) or 0
            if head > known:
                if take_over(archive, lease):
                    return None
                with archive.transaction() as transaction:
                    transaction.session.get_one(Document, document_id).ocfl_version = head
                    note_package(transaction, AGENT, document_id, archive.packages.inventory(urn(document_id)))
                    hold.end_with(transaction.session)
    return document.filename


def _was_begun(archive: Archive, document_id: str, known: int) -> bool:
    """Whether the package holds something of a version after the one that the rows know."""
    return any(f"/v{known + 1}/" in stored.key for stored in archive.packages.keys(urn(document_id)))


def _again(lease: Lease) -> dict[str, object]:
    """What a job hands on to those that follow it in the same reading."""
    return {AGAIN: True} if lease.params.get(AGAIN) else {}


def _split(archive: Archive, lease: Lease, work: Workspace) -> None:
    with archive.transaction() as transaction:
        for start in range(0, len(work.pending), PAGES_A_JOB):
            pages = work.pending[start : start + PAGES_A_JOB]
            places = {str(n): work.places[n].as_json() for n in pages if n in work.places}
            params = {"pages": pages, **({"places": places} if places else {}), **_again(lease)}
            transaction.enqueue("recognise", lease.object_id, queue=Queue.OCR, priority=6, params=params)
        jobs.finish(transaction.session, lease, transaction.now)


def _load_recognised(archive: Archive, document_id: str, work: Workspace) -> None:
    with archive.reading() as session:
        held = session.scalars(select(RecognisedPage).where(RecognisedPage.document_id == document_id).order_by(RecognisedPage.number))
        rows = [row for row in held if _is_of(row, work.places)]
    for start in range(0, len(rows), PAGES_A_JOB):
        group = rows[start : start + PAGES_A_JOB]
        work.range_files.append(save(work.folder, {row.number: alto.load(zlib.decompress(row.alto))[0] for row in group}))
        for row in group:
            for finding in row.findings:
                work.find(finding["code"], **finding["params"])
    done = {row.number for row in rows}
    work.pending = [number for number in work.pending if number not in done]


def _is_of(row: RecognisedPage, places: Mapping[int, Place]) -> bool:
    """Whether a page recognised before is the one that has its number now: an attachment that did not open then moves those after it."""
    return (Place.from_json(row.place) if row.place else None) == places.get(row.number)


def _recognised_row(document_id: str, number: int, part: Part, work: Workspace) -> RecognisedPage:
    own = [{"code": f.code, "params": dict(f.params)} for f in work.findings if f.params.get("page") in (None, number)]
    place = work.places.get(number)
    return RecognisedPage(
        document_id=document_id, number=number, alto=zlib.compress(alto.dump([part])), findings=own, place=place and place.as_json()
    )
