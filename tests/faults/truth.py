"""What must hold after any fault: every document that was handed over is kept, whole, findable and told of once."""

import hashlib
import json
import time
from collections import Counter
from typing import Final

from sqlalchemy import func, select

from archivo.archive import Archive, ObjectLease
from archivo.audit.models import AuditEntry
from archivo.audit.services import verify_chain
from archivo.intake.models import DigestClaim, RecognisedPage
from archivo.jobs import Job, JobState, Queue
from archivo.records.models import Document, DocumentEvent, Incoming
from tests.faults.people import Reader, Sender, Told
from tests.faults.site import Site

LONGEST: Final = 300.0
"""Seconds after which work of which nothing more has ended never will: some leases of a minute, and their sweeps."""
BOUND: Final = (Incoming, DigestClaim, RecognisedPage, ObjectLease)


def hold(site: Site, sender: Sender, reader: Reader, told: Told) -> int:
    """Wait until all is at rest, and count: see the assertions. The number of documents."""
    assert not told.wrong, told.wrong
    with site.opened() as archive:
        rest(site, archive)
        documents = _rows_are_as_handed_over(archive, sender)
        _nothing_is_bound(archive)
        assert verify_chain(archive).broken_at is None
    _each_is_found_once_and_as_it_was_sent(reader, sender)
    verified = site.order("verify", "--json")
    counted = json.loads(verified.stdout)
    assert (verified.returncode, counted["checked"], counted["ok"]) == (0, documents, documents), verified.stdout + verified.stderr
    compared = site.order("reconcile", "--check", "--json")
    assert (compared.returncode, json.loads(compared.stdout)["ok"]) == (0, True), compared.stdout + compared.stderr
    return documents


def rest(site: Site, archive: Archive) -> None:
    """Wait until nothing is left to do. What ends by itself meanwhile is started again."""
    ends, least = time.monotonic() + LONGEST, None
    while left := _open(archive):
        much = sum(map(abs, left.values()))
        if least is None or much < least:
            ends, least = time.monotonic() + LONGEST, much
        assert time.monotonic() < ends, (left, {name: site.log_of(name) for name in site.members})
        site.keep_running()
        time.sleep(0.5)


def _open(archive: Archive) -> dict[str, int]:
    """What is still to be done or forgotten, by name; what the broker still carries."""
    with archive.reading() as session:
        jobs = Counter(session.scalars(select(Job.state).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))))
        rows = {model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0 for model in BOUND}
    carried = {str(queue): archive.legs.carried(queue) for queue in Queue}
    return {name: -1 if number is None else number for name, number in {**jobs, **rows, **carried}.items() if number != 0}


def in_flight(archive: Archive) -> int:
    """How many documents were received, and cannot be found yet."""
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(Document).where(Document.state != "findable")) or 0


def _rows_are_as_handed_over(archive: Archive, sender: Sender) -> int:
    """Each paper is one document, received once, told of once in the trail, and findable; the number of documents."""
    with archive.reading() as session:
        states = {document.id: (document.state, document.sha256) for document in session.scalars(select(Document))}
        failed = list(session.execute(select(Job.kind, Job.error_code, Job.error_detail).where(Job.state == JobState.FAILED)))
        received = select(DocumentEvent.document_id).where(DocumentEvent.code.in_(("received", "digest", "packaged")))
        events = Counter(session.scalars(received))
        audited = Counter(session.scalars(select(AuditEntry.object_id).where(AuditEntry.act == "document.deposit")))
    assert not failed, failed
    wanted = {document: ("findable", hashlib.sha256(paper.content).hexdigest()) for paper, document in sender.kept.items()}
    assert states == wanted, {one: (states.get(one), wanted.get(one)) for one in states.keys() ^ wanted.keys()}
    assert len(wanted) == len(sender.kept)
    assert events == dict.fromkeys(wanted, 3)
    assert audited == dict.fromkeys(wanted, 1)
    return len(states)


def _nothing_is_bound(archive: Archive) -> None:
    with archive.reading() as session:
        for model in BOUND:
            assert not session.scalar(select(func.count()).select_from(model)), model.__tablename__
        assert not list(session.scalars(select(Document.id).where(Document.sealed_version < Document.version)))


def _each_is_found_once_and_as_it_was_sent(reader: Reader, sender: Sender) -> None:
    """By the word that no other has, through the web; and what is downloaded is what was sent."""
    for paper, document in sender.kept.items():
        found = reader.search(paper.word)
        assert found == [document], (paper.filename, paper.word, found, document)
        answer = reader.visit(f"/documentos/{document}/descargar/original")
        assert answer
        assert answer.content == paper.content, paper.filename
