"""Copies of every package in the replicas: written version by version, read back, and given to others when the original is damaged."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from archivo import jobs
from archivo.archive import Archive
from archivo.custody.fixity import SLICE, FixityOutcome, check
from archivo.custody.places import leaves_to_others
from archivo.identifiers import urn
from archivo.jobs import Lease, Queue
from archivo.jobs_of_many import without_job
from archivo.records.holdings import PRINCIPAL, note_kept
from archivo.records.models import KeptCopy, Tombstone
from archivo.records.tombstones import is_tombstone
from preservation.locking import LockedVersion
from preservation.ocfl import StorageRoot
from preservation.ocfl_copy import Outcome, copy_object
from preservation.ocfl_inventory import INVENTORY
from preservation.ocfl_layout import key_of, prefix_of, read
from preservation.ocfl_removal import kept_beneath, remove_object
from preservation.store import ObjectStore

_SOME: Final = 100
_ORIGINAL: Final = aliased(KeptCopy)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a replica is behind the archive's own store: the packages it lacks, or has in an earlier version, and since when."""

    location: str
    behind: int
    since: datetime | None


def replicate_some(archive: Archive, lease: Lease) -> None:
    """Work a job: copy what a replica lacks, for a while; then the next job goes on."""
    if leaves_to_others(archive, lease):
        return
    location = lease.object_id
    until = time.monotonic() + SLICE
    last = None
    for object_id in behind(archive, location, after=str(lease.params.get("after", ""))):
        with suppress(LockedVersion):  # it is behind until the server lets it go; the others do not wait for it
            replicate(archive, location, object_id)
        last = object_id
        if time.monotonic() > until:
            break
    else:
        last = None
    with archive.transaction() as transaction:
        jobs.finish(transaction.session, lease, transaction.now)
        if last is not None:  # what could not be copied before it waits for the next round
            transaction.enqueue("replicate", location, queue=Queue.CUSTODY, priority=7, params={"after": last})


def replicate(archive: Archive, location: str, object_id: str) -> Outcome:
    """Copy a package's last version to a replica, and read it back whole against the original's inventory.

    What the source or the replica holds damaged is told as such, and is for repair(). Where the archive has a tombstone, what the replica
    still holds in its place is deleted, as the tombstone's act ordered. Raises StoreFull, StoreUnavailable, of which LockedVersion where
    the replica's server does not let it be deleted, and OtherRoot where something else stands in the replica's place.
    """
    target = archive.replicas[location]
    hour = int(archive.clock().timestamp()) // 3600
    archive.counts.get(f"root of {location} declared in hour {hour}", StorageRoot(target).ensure)
    with archive.writing_object(urn(object_id)):
        _clear_for_tombstone(archive, target, object_id)
        outcome = copy_object(archive.store, target, prefix_of(urn(object_id)))
        if outcome not in (Outcome.COPIED, Outcome.HELD):
            return outcome
        inventory = StorageRoot(target).inventory(urn(object_id))
        with archive.transaction() as transaction:
            note_kept(transaction.session, location, object_id, inventory.head, inventory.fingerprint(), transaction.now)
    found = check(archive, location, object_id)
    return Outcome.COPIED if found.outcome == FixityOutcome.INTACT else Outcome.OTHER


def _clear_for_tombstone(archive: Archive, target: ObjectStore, object_id: str) -> None:
    with archive.reading() as session:
        tombstone = session.get(Tombstone, object_id)
    if tombstone is None or not is_tombstone(archive, object_id):
        return
    prefix = prefix_of(urn(object_id))
    right = {found.key for found in archive.store.list(prefix)}
    standing = set(kept_beneath(target, prefix))
    root = key_of(prefix, INVENTORY)
    if standing - right or (root in standing and read(target, root) != read(archive.store, root)):
        remove_object(target, prefix, act=tombstone.act)


def schedule(archive: Archive) -> None:
    """Have each replica that is behind brought up; any number may ask."""
    for location in archive.replicas:
        with archive.reading() as session:
            is_busy = any(job.kind == "replicate" for job in jobs.open_jobs(session, location))
        if not is_busy and next(behind(archive, location), None) is not None:
            with archive.transaction() as transaction:
                for each in without_job(transaction.session, "replicate", [location]):
                    transaction.enqueue("replicate", each, queue=Queue.CUSTODY, priority=7)


def behind(archive: Archive, location: str, after: str = "") -> Iterator[str]:
    """The packages of which a replica lacks the last version, by identifier, after one."""
    while True:
        statement = _behind(location).with_only_columns(_ORIGINAL.object_id).where(_ORIGINAL.object_id > after)
        with archive.reading() as session:
            some = list(session.scalars(statement.order_by(_ORIGINAL.object_id).limit(_SOME)))
        yield from some
        if len(some) < _SOME:
            return
        after = some[-1]


def lag(archive: Archive) -> list[Lag]:
    """How far each replica is behind."""
    with archive.reading() as session:
        return [
            Lag(each, *session.execute(_behind(each).with_only_columns(func.count(), func.min(_ORIGINAL.kept_at))).one())
            for each in archive.replicas
        ]


def _behind(location: str) -> Select[str]:
    """The packages of the archive's store that a replica has not, or has in an earlier version, or as another object than it is now."""
    there = and_(KeptCopy.location == location, KeptCopy.object_id == _ORIGINAL.object_id)
    lacks = or_(KeptCopy.object_id.is_(None), KeptCopy.version < _ORIGINAL.version, KeptCopy.inventory != _ORIGINAL.inventory)
    return select(_ORIGINAL.object_id).select_from(_ORIGINAL).outerjoin(KeptCopy, there).where(_ORIGINAL.location == PRINCIPAL, lacks)
