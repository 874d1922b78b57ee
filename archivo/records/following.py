"""The index follows the record, also where it is changed first, as what is to be hidden asks for, and whatever happens then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archivo.archive import Archive, Transaction
from archivo.database import lock
from archivo.identifiers import JobId, new_uuid
from archivo.jobs import LEASE, Job, JobState, Lease, Queue, give_back, renew
from archivo.records.models import Document, DocumentState


def has_entries(document: Document) -> bool:
    """Whether a record is kept, and so in the index or about to be."""
    return document.state in (DocumentState.PRESERVED, DocumentState.FINDABLE)


def reindex(transaction: Transaction, document: Document) -> None:
    """Queue the making of the record's index entries anew, once it is kept."""
    if has_entries(document):
        transaction.enqueue("index", document.id, queue=Queue.INDEX, priority=3)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The records whose entries go before them, each with a job that makes its entries anew and that nobody works meanwhile."""

    archive: Archive
    held: dict[str, Lease | None] = field(default_factory=dict)

    def begin(self, transaction: Transaction, document: Document) -> None:
        """Before its entries are changed: from the commit on, whoever ends, they are made to follow the record."""
        self.held[document.id] = _held_job(transaction, self.archive, document.id) if has_entries(document) else None

    @contextmanager
    def transaction(self, document_id: str) -> Iterator[Transaction]:
        """The transaction in which the record comes up with its entries, and the job may be worked."""
        with self.archive.transaction() as transaction:
            self._let_go(transaction, document_id)
            yield transaction
            reindex(transaction, lock(transaction.session, Document, document_id))
        del self.held[document_id]

    def end(self) -> None:
        """What did not come up with its entries: these follow it again."""
        if not self.held:
            return
        with self.archive.transaction() as transaction:
            for document_id in sorted(self.held):
                self._let_go(transaction, document_id)
                reindex(transaction, lock(transaction.session, Document, document_id))
        self.held.clear()

    def keep(self) -> None:
        """Hold the jobs for longer."""
        with self.archive.database.writing() as session:
            for lease in [lease for lease in self.held.copy().values() if lease]:
                renew(session, lease, self.archive.clock())

    def _let_go(self, transaction: Transaction, document_id: str) -> None:
        lease = self.held[document_id]
        if lease is not None:
            give_back(transaction.session, lease, transaction.now)


@contextmanager
def index_ahead(archive: Archive) -> Iterator[Ahead]:
    """A stretch in which entries go before their records. A process killed in it leaves jobs that are claimed as any other of the dead."""
    ahead = Ahead(archive)
    with archive.renewals.keeping(ahead.keep):
        try:
            yield ahead
        finally:
            ahead.end()


def _held_job(transaction: Transaction, archive: Archive, document_id: str) -> Lease:
    """Write a job of the index that this process holds already. Its own: one that waits, others work when they please."""
    now, owner = transaction.now, f"{archive.process}#{threading.get_ident()}"
    job = Job(id=new_uuid(now), kind="index", queue=Queue.INDEX, priority=3, object_id=document_id, params={}, created_at=now)
    job.state, job.attempt, job.owner, job.started_at, job.lease_until = JobState.RUNNING, 1, owner, now, now + LEASE
    transaction.session.add(job)
    return Lease(JobId(job.id), job.kind, document_id, {}, job.attempt, owner)
