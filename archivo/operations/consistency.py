"""Whether store, catalogue, job table and index tell the same: what one has and another lacks, counted, and mended if it can be."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from archivo import jobs
from archivo.archive import Archive
from archivo.identifiers import from_urn, urn
from archivo.intake import attention, recovery, sealing
from archivo.jobs import Job, JobState, Queue
from archivo.operations import reconciling
from archivo.records.holdings import ASIDE, LEDGER
from archivo.records.models import Document, DocumentState, Fonds, Incoming, Tombstone
from archivo.records.rows import batches
from archivo.retention.models import TrdVersion
from preservation.ocfl_inventory import BadInventory
from preservation.store import ObjectMissing
from search.index import Listed

KEPT: Final = (DocumentState.PRESERVED, DocumentState.FINDABLE)


@dataclass(frozen=True, slots=True)
class Consistency:
    """What does not match, by identifier. None of the index where its engine cannot list what it holds.

    `orphan_objects`: packages that no row knows. `orphan_rows`: documents without a package, and deposits that a dead process began.
    `dead_leases`: jobs and objects held by an owner that works no more. `lost_jobs`: documents that wait for a step and have no job for
    it, and jobs whose message the broker should carry and does not.
    """

    orphan_objects: tuple[str, ...]
    orphan_rows: tuple[str, ...]
    dead_leases: tuple[str, ...]
    lost_jobs: tuple[str, ...]
    entries_without_record: tuple[str, ...] | None
    records_without_entry: tuple[str, ...] | None

    @property
    def is_whole(self) -> bool:
        """Nothing was found."""
        found = (self.orphan_objects, self.orphan_rows, self.dead_leases, self.lost_jobs)
        return not any((*found, self.entries_without_record, self.records_without_entry))


def examine(archive: Archive) -> Consistency:
    """Count what does not match, changing nothing. Packages and rows are looked at twice: what is being done now is no fault."""
    objects, rows = _unmatched(archive)
    entries, records = _unmatched_entries(archive)
    return Consistency(objects, (*rows, *_dead_deposits(archive)), _dead_leases(archive), _lost_jobs(archive), entries, records)


def mend(archive: Archive, found: Consistency) -> set[str]:
    """Mend what can be; the objects for which jobs were written. A document without its package cannot: only its backup gives it back."""
    reconciling.reconcile(archive)
    reconciling.send_again(archive)
    sealing.restore_objects(archive, found.orphan_objects)
    if found.entries_without_record:
        archive.index.remove(found.entries_without_record)
    wanting = [(document_id, "index", Queue.INDEX) for document_id in found.records_without_entry or ()]
    wanting += [(document_id, "seal", Queue.SEAL) for document_id in _unsealed(archive)]
    with archive.transaction() as transaction:
        for document_id, kind, queue in wanting:
            transaction.enqueue(kind, document_id, queue=queue)
    return {document_id for document_id, _, _ in wanting} | set(found.orphan_objects)


def _unmatched(archive: Archive) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The packages without row, and the documents without package."""
    with archive.reading() as session:
        before = set(session.scalars(select(Document.id).where(Document.ocfl_version > 0)))
    held = set()
    with suppress(BadInventory):  # raised at the end, of what `archivo verify` tells
        held = {from_urn(object_id) for object_id in archive.packages.objects()}
    with archive.reading() as session:
        known = {*session.scalars(select(Document.id)), *session.scalars(select(Fonds.id)), *session.scalars(select(TrdVersion.id))}
        known.update(session.scalars(select(Incoming.document_id)))
        known.update(session.scalars(select(Tombstone.object_id)))
    orphans = [one for one in sorted(held - known) if _has_package(archive, one) and not _has_no_row(archive, one)]
    return tuple(orphans), tuple(one for one in sorted(before - held) if not _has_package(archive, one))


def _has_package(archive: Archive, identifier: str) -> bool:
    try:
        return archive.packages.head(urn(identifier)) is not None
    except BadInventory:
        return True


def _has_no_row(archive: Archive, identifier: str) -> bool:
    """Whether a package is of a kind that the catalogue has no row of its own for: a ledger, or bytes set apart."""
    try:
        return bool({LEDGER, ASIDE} & archive.packages.inventory(urn(identifier)).state().keys())
    except (BadInventory, ObjectMissing):
        return False


def _dead_deposits(archive: Archive) -> list[str]:
    with archive.reading() as session:
        return [row.document_id for row in session.scalars(select(Incoming)) if recovery.is_dead(archive, row)]


def _dead_leases(archive: Archive) -> tuple[str, ...]:
    now = archive.clock()
    with archive.reading() as session:
        running = session.scalars(select(Job).where(Job.state == JobState.RUNNING))
        held = [job for job in running if job.lease_until is None or job.lease_until < now or not _lives(archive, job)]
        return (*sorted(job.id for job in held), *sorted(map(from_urn, archive.dead_leases(session))))


def _lives(archive: Archive, job: Job) -> bool:
    return archive.is_alive((job.owner or "").partition("#")[0])


def _lost_jobs(archive: Archive) -> tuple[str, ...]:
    with archive.reading() as session:
        lost = [document_id for document_id, _, _ in attention.forgotten(session)]
    lost += _unsealed(archive)
    for queue in Queue:
        carried = archive.legs.carried(queue)
        if carried is not None:
            now = archive.clock()
            with archive.reading() as session:
                waiting = jobs.count_waiting(session, queue, now, now - reconciling.MESSAGE_LOST)
                if waiting > carried:
                    lost += jobs.waiting(session, queue, now, now - reconciling.MESSAGE_LOST, waiting - carried)
    return tuple(lost)


def _unsealed(archive: Archive) -> list[str]:
    """The kept documents with acts that their package lacks, and no job that seals them."""
    open_states = (JobState.QUEUED, JobState.RUNNING)
    has_job = select(Job.id).where(Job.object_id == Document.id, Job.kind == "seal", Job.state.in_(open_states))
    unsealed = select(Document.id).where(Document.state.in_(KEPT), Document.sealed_version < Document.version, ~has_job.exists())
    with archive.reading() as session:
        return list(session.scalars(unsealed.order_by(Document.id)))


def _unmatched_entries(archive: Archive) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The documents that the index holds and nobody knows, and the findable ones that it lacks."""
    if not isinstance(archive.index, Listed):
        return None, None
    with archive.reading() as session:
        findable = set(session.scalars(select(Document.id).where(Document.state == DocumentState.FINDABLE)))
    indexed = set(archive.index.documents())
    return _unknown(archive, indexed - findable), tuple(sorted(findable - indexed - _being_indexed(archive, findable - indexed)))


def _unknown(archive: Archive, indexed: Iterable[str]) -> tuple[str, ...]:
    unknown: list[str] = []
    with archive.reading() as session:
        for some in batches(sorted(indexed)):
            standing = (Document.id.in_(some), Document.state != DocumentState.DELETED)
            known = set(session.scalars(select(Document.id).where(*standing)))
            unknown += [one for one in some if one not in known]
    return tuple(unknown)


def _being_indexed(archive: Archive, documents: Collection[str]) -> set[str]:
    """Those whose entries are being written, or will be by a job that waits."""
    being: set[str] = set()
    with archive.reading() as session:
        for some in batches(sorted(documents)):
            open_jobs = select(Job.object_id).where(Job.object_id.in_(some), Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
            being.update(session.scalars(open_jobs))
    return being
