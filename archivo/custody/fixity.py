"""Read again what is kept in each place, what was read longest ago first, within what its policy allows in a night."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.archive import Archive, ObjectLease, Transaction
from archivo.audit import services as audit
from archivo.custody import nights, roots
from archivo.custody.models import FixityNight
from archivo.custody.places import ROOT, leaves_to_others, places, require_there
from archivo.custody.policy import FixityPolicy, local, policy_of
from archivo.database import added, table_of
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.jobs import Lease, Queue
from archivo.jobs_of_many import without_job
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import Document, Fonds, Incoming, KeptCopy
from archivo.records.rows import batches
from archivo.retention.models import TrdVersion
from preservation.ocfl import StorageRoot
from preservation.ocfl_check import Verification
from preservation.ocfl_inventory import INVENTORY, BadInventory
from preservation.ocfl_layout import key_of, prefix_of
from preservation.store import ObjectMissing, ObjectStore

SLICE: Final = 20.0
"""Seconds that one job reads: then the next one goes on, and who waits for a worker is not kept waiting by a night's reading."""
ROOT_EVERY: Final = timedelta(days=7)
_SOME: Final = 100
MANY: Final = 5_000
"""Packages that get their rows in one look through the tables."""
_ATTEMPTS: Final = 3
WRITERS: Final = ("process", "recognise", "migrate", "seal", "keep_trd", "keep_fonds")
"""The kinds of job of a package that write a version of it: begun and not ended, they may have left half of one."""
_C: Final = table_of(KeptCopy).c


class FixityOutcome(StrEnum):
    """What a reading found of a package. `altered`: its inventory and sidecar agree, and are not those that were written. `ahead`: it has a
    version that nobody told of, be it that a crash came between, or that somebody else wrote it.
    """

    INTACT = "intact"
    DAMAGED = "damaged"
    MISSING = "missing"
    ALTERED = "altered"
    UNEXPECTED = "unexpected"
    AHEAD = "ahead"


REPAIRABLE: Final = (FixityOutcome.DAMAGED, FixityOutcome.MISSING, FixityOutcome.ALTERED)
"""What a repair can mend; the rest is for a person to look at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A key that is not as it should be; digests in hexadecimal, None where unknown or nothing stands there."""

    key: str
    what: FixityOutcome
    expected: str | None = None
    found: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the reading of a package in a place found, and how many bytes it holds there."""

    outcome: FixityOutcome
    faults: tuple[Fault, ...]
    size: int


def check(archive: Archive, location: str, object_id: str, night: str | None = None) -> Checked:
    """Read every byte of a package in a place, and say in the catalogue, and in the night's count, what was found.

    Raises StoreUnavailable: then nothing is said.
    """
    found = _read_again(archive, location, object_id)
    with archive.transaction() as transaction:
        is_kept = _note(transaction, location, object_id, found)
        if night is not None and is_kept:
            nights.count(transaction, location, night, checked=1, wrong=int(found.outcome != FixityOutcome.INTACT), size=found.size)
    return found


def check_some(archive: Archive, lease: Lease) -> None:
    """Work a job of a night's reading for a while, and give it back for as long as the bytes a second allowed ask for; at the end of the
    night the ledger is written.
    """
    if leaves_to_others(archive, lease):
        return
    location = lease.object_id
    policy = policy_of(archive, location)
    night = str(lease.params["night"])
    began = time.monotonic()
    size = 0
    nights.begin_night(archive, location, night)
    if not roots.check_root(archive, location, night).is_intact:
        _have_repaired(archive, location, ROOT, night, policy)
    for object_id in due(archive, location, policy):
        if time.monotonic() - began > SLICE or _is_over(archive, location, night, policy):
            break
        found = check(archive, location, object_id, night)
        size += found.size
        if found.outcome in REPAIRABLE:
            _have_repaired(archive, location, object_id, night, policy)
    rest = timedelta(seconds=max(0.0, size / policy.bytes_per_second - (time.monotonic() - began)))
    is_over = _is_over(archive, location, night, policy) or next(due(archive, location, policy), None) is None
    with archive.transaction() as transaction:
        if is_over:
            jobs.finish(transaction.session, lease, transaction.now)
            nights.end_night(transaction, location, night)
        else:
            jobs.give_back(transaction.session, lease, transaction.now, after=rest)


def _have_repaired(archive: Archive, location: str, object_id: str, night: str, policy: FixityPolicy) -> None:
    """Ask for the repair of what was found amiss, unless more was found in this night than may be repaired without a person.

    The job is of the package in that place, `copia/…`: who waits for the jobs of a document does not wait for a place that is away.
    """
    with archive.transaction() as transaction:
        row = transaction.session.get_one(FixityNight, (location, night))
        if row.wrong <= policy.repairs_a_night:
            for about in without_job(transaction.session, "repair", [f"{location}/{object_id}"]):
                transaction.enqueue("repair", about, queue=Queue.CUSTODY, priority=7)


def check_all(archive: Archive, location: str, told: Callable[[str, Checked], None]) -> str:
    """Read all that a place holds now, whatever its policy says; each is told as it is read. The night it counts for: that of today."""
    night = nights.today(archive)
    nights.begin_night(archive, location, night)
    roots.check_root(archive, location, night)
    register(archive)
    if location == PRINCIPAL:
        _register_held(archive)
    for object_id in _listed(archive, _C.location == location, (_C.object_id,)):
        told(object_id, check(archive, location, object_id, night))
    with archive.transaction() as transaction:
        nights.end_night(transaction, location, night)
    return night


def schedule(archive: Archive) -> None:
    """Begin the night's reading of each place whose hour it is, unless it is under way, or over, or nothing is due. Any number may ask."""
    register(archive)
    now = archive.clock()
    for location in places(archive):
        policy = policy_of(archive, location)
        night = policy.night_of(local(archive, now))
        if night is None or _is_over(archive, location, night, policy):
            continue
        with archive.reading() as session:
            is_busy = any(job.kind == "check" for job in jobs.open_jobs(session, location))
        if not is_busy and (next(due(archive, location, policy), None) is not None or _is_root_due(archive, location)):
            with archive.transaction() as transaction:
                for each in without_job(transaction.session, "check", [location]):
                    if not nights.has_ended(transaction.session, each, night):
                        transaction.enqueue("check", each, queue=Queue.CUSTODY, priority=9, params={"night": night})


def _is_root_due(archive: Archive, location: str) -> bool:
    """Whether a place that holds something had no night for so long that its own files, which each night reads, are to be read."""
    with archive.reading() as session:
        last = session.scalar(select(func.max(FixityNight.began_at)).where(FixityNight.location == location))
        holds = session.scalar(select(KeptCopy.object_id).where(KeptCopy.location == location).limit(1)) is not None
    return holds and (last is None or last < archive.clock() - ROOT_EVERY)


def due(archive: Archive, location: str, policy: FixityPolicy) -> Iterator[str]:
    """What a place holds that is to be read now: what never was, then what was read longest ago."""
    now = archive.clock()
    never = (_C.checked_at.is_(None), (_C.object_id,))
    long_ago = (_C.checked_at < now - policy.every, (_C.checked_at, _C.object_id))
    for wanted, order in (never, long_ago):
        yield from (one for one in _listed(archive, and_(_C.location == location, wanted), order) if policy.takes(one, now))


def register(archive: Archive) -> None:
    """Give a row to the packages of the store that none speaks of: earlier programs kept none. It looks through all, once an hour."""
    hour = int(archive.clock().timestamp()) // 3600
    archive.counts.get(f"packages registered in hour {hour}", lambda: _register(archive))


def _register(archive: Archive) -> None:
    for model in (Document, Fonds, TrdVersion):
        there = and_(KeptCopy.location == PRINCIPAL, KeptCopy.object_id == model.id)
        unknown = select(model.id, model.ocfl_version).outerjoin(KeptCopy, there).order_by(model.id).limit(MANY)
        unknown = unknown.where(model.ocfl_version > 0, KeptCopy.object_id.is_(None))
        last = ""
        while True:
            with archive.reading() as session:
                found = session.execute(unknown.where(model.id > last)).all()
            if not found:
                break
            for some in batches(found):
                _give_rows(archive, [(object_id, version) for object_id, version in some])
            last = found[-1][0]


def _give_rows(archive: Archive, packages: Sequence[tuple[str, int]]) -> None:
    """All at once, unless the writer of one tells of it meanwhile: then one by one, and its own row stays."""
    now = archive.clock()
    rows = [unknown_copy(object_id, version, now) for object_id, version in packages]
    try:
        with archive.database.writing() as session:
            session.add_all(rows)
    except IntegrityError:
        for object_id, version in packages:
            with archive.database.writing() as session:
                added(session, unknown_copy(object_id, version, now))


def _register_held(archive: Archive) -> None:
    """Give a row to what the store holds and no table names, as damaged bytes set apart whose writer died before it told of them."""
    with suppress(BadInventory):  # raised once all have come
        for object_id in archive.packages.objects():
            identifier = from_urn(object_id)
            with archive.reading() as session:
                is_known = session.get(KeptCopy, (PRINCIPAL, identifier)) is not None
            if not is_known and is_uuid(identifier):
                _give_rows(archive, [(identifier, 0)])


def unknown_copy(object_id: str, version: int, now: datetime) -> KeptCopy:
    """A package of the archive's store whose inventory was never told."""
    return KeptCopy(location=PRINCIPAL, object_id=object_id, version=version, kept_at=now, size=0, faults=[])


def _is_over(archive: Archive, location: str, night: str, policy: FixityPolicy) -> bool:
    """Whether the night has read all that it may, has ended, or is no longer."""
    with archive.reading() as session:
        row = session.get(FixityNight, (location, night))
    is_now = policy.night_of(local(archive, archive.clock())) == night
    return not is_now or (row is not None and (row.ended_at is not None or row.size >= policy.bytes_a_night))


def _read_again(archive: Archive, location: str, object_id: str) -> Checked:
    """What is found amiss while somebody writes the package is looked at again."""
    store = places(archive)[location]
    for _ in range(_ATTEMPTS):
        known = _known(archive, location, object_id)
        found = _verified(store, object_id, known)
        if found.outcome == FixityOutcome.INTACT or _known(archive, location, object_id) == known:
            break
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """The version that a place is known to have, with the digest of its inventory; those that earlier versions may have, by number; and
    whether somebody writes the package there now.
    """

    version: int
    inventory: str | None
    told: Mapping[int, Collection[str]]
    is_written: bool


def told_of(session: Session, object_id: str, version: int) -> Mapping[int, Collection[str]]:
    """The sha256 of the inventories that the trail tells of a package's versions before one, by number."""
    told: dict[int, set[str]] = {}
    for _, detail in audit.entries_of(session, object_id, audit.PACKAGE_VERSION) if version > 1 else ():
        number, inventory = detail.get("version"), detail.get("inventory")
        if isinstance(number, int) and isinstance(inventory, str) and number < version:
            told.setdefault(number, set()).add(inventory)
    return told


def _known(archive: Archive, location: str, object_id: str) -> _Known:
    with archive.reading() as session:
        kept = session.get(KeptCopy, (location, object_id))
        is_leased = session.get(ObjectLease, urn(object_id)) is not None
        is_begun = any(job.kind in WRITERS and job.started_at is not None for job in jobs.open_jobs(session, object_id))
        is_written = is_leased or is_begun or session.get(Incoming, object_id) is not None
        version, inventory = (kept.version, kept.inventory) if kept else (0, None)
        return _Known(version, inventory, told_of(session, object_id, version), is_written)


def _verified(store: ObjectStore, object_id: str, known: _Known) -> Checked:
    """Raises StoreUnavailable where the whole store does not answer: then nothing is missing."""
    prefix = prefix_of(urn(object_id))
    try:
        found = StorageRoot(store).verify(urn(object_id), writing=known.is_written, told=known.told)
    except ObjectMissing:
        require_there(store)
        return Checked(FixityOutcome.MISSING, (Fault(prefix, FixityOutcome.MISSING),), 0)
    faults = [Fault(each.key, FixityOutcome.DAMAGED, each.expected, each.found) for each in found.damaged]
    faults += [Fault(key, FixityOutcome.MISSING) for key in found.missing]
    faults += [Fault(key, FixityOutcome.UNEXPECTED) for key in found.unexpected]
    if not faults:
        faults += _unlike_written(prefix, found, known)
    size = sum(each.size for each in store.list(prefix))
    return Checked(faults[0].what if faults else FixityOutcome.INTACT, tuple(faults), size)


def _unlike_written(prefix: str, found: Verification, known: _Known) -> Iterator[Fault]:
    """An inventory, whole and vouched for, that is not the one that was written."""
    if known.inventory is None or not found.written:
        return
    head = max(found.written)
    standing = found.written.get(known.version)
    if standing != known.inventory:
        yield Fault(key_of(prefix, INVENTORY), FixityOutcome.ALTERED, known.inventory, standing or found.written[head])
    elif head > known.version and not known.is_written:
        yield Fault(key_of(prefix, INVENTORY), FixityOutcome.AHEAD, known.inventory, found.written[head])


def _note(transaction: Transaction, location: str, object_id: str, found: Checked) -> bool:
    """Whether the place is known to have the package; of another, nothing is said."""
    values = {
        "checked_at": transaction.now,
        "outcome": found.outcome,
        "size": found.size,
        "faults": [asdict(each) for each in found.faults],
    }
    there = update(KeptCopy).where(KeptCopy.location == location, KeptCopy.object_id == object_id)
    if not getattr(transaction.session.execute(there.values(**values)), "rowcount", 0):
        return False
    if found.outcome != FixityOutcome.INTACT:
        what = {"place": location, "outcome": found.outcome, "files": len(found.faults)}
        audit.record(transaction, "Archivo", "package.fault", object_id, detail=what)
    return True


def _listed(archive: Archive, wanted: ColumnElement[bool], order: tuple[ColumnElement[Any], ...]) -> Iterator[str]:
    """The objects that answer, some at a time, in an order; what is read meanwhile is not met twice."""
    after: tuple[Any, ...] | None = None
    while True:
        beyond = (
            wanted
            if after is None
            else and_(wanted, tuple_(*order) > tuple_(*(literal(each, column.type) for each, column in zip(after, order, strict=True))))
        )
        statement = select(_C.object_id, *order).where(beyond).order_by(*order).limit(_SOME)
        with archive.reading() as session:
            rows = session.execute(statement).all()
        yield from (row[0] for row in rows)
        if len(rows) < _SOME:
            return
        after = tuple(rows[-1][1:])
