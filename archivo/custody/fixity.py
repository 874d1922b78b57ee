"""Read again what is kept in each place, what was read longest ago first, within what its policy allows in a night."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from archivo import jobs
from archivo.archive import Archive, ObjectLease, Transaction
from archivo.audit import services as audit
from archivo.custody.models import FixityNight
from archivo.custody.policy import FixityPolicy, local, policy_of
from archivo.database import added, table_of
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.jobs import Lease, Queue
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import Document, Fonds, Incoming, KeptCopy
from archivo.records.rows import batches
from archivo.retention.models import TrdVersion
from preservation.ocfl import StorageRoot
from preservation.ocfl_inventory import INVENTORY, BadInventory, parse
from preservation.ocfl_layout import ROOT_DECLARATION, digest, key_of, prefix_of, read
from preservation.store import ObjectMissing, ObjectStore

SLICE: Final = 20.0
"""Seconds that one job reads: then the next one goes on, and who waits for a worker is not kept waiting by a night's reading."""
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


def places(archive: Archive) -> dict[str, ObjectStore]:
    """Where packages are kept: the archive's own store, and its replicas."""
    return {PRINCIPAL: archive.store, **archive.replicas}


def leaves_to_others(archive: Archive, lease: Lease) -> bool:
    """Whether a job is about a place that this process was not told of, as while machines are set up one by one: then it is ended, and who
    knows the place asks for it again in a minute.
    """
    if lease.object_id in places(archive):
        return False
    with archive.transaction() as transaction:
        jobs.finish(transaction.session, lease, transaction.now)
    return True


def check(archive: Archive, location: str, object_id: str, night: str | None = None) -> Checked:
    """Read every byte of a package in a place, and say in the catalogue, and in the night's count, what was found.

    Raises StoreUnavailable: then nothing is said.
    """
    found = _read_again(archive, location, object_id)
    with archive.transaction() as transaction:
        _note(transaction, location, object_id, found)
        if night is not None:
            counted = update(FixityNight).where(FixityNight.location == location, FixityNight.day == night)
            wrong = found.outcome != FixityOutcome.INTACT
            sums = {"checked": FixityNight.checked + 1, "wrong": FixityNight.wrong + int(wrong), "size": FixityNight.size + found.size}
            transaction.session.execute(counted.values(**sums))
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
    begin_night(archive, location, night)
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
            end_night(transaction, location, night)
        else:
            jobs.give_back(transaction.session, lease, transaction.now, after=rest)


def _have_repaired(archive: Archive, location: str, object_id: str, night: str, policy: FixityPolicy) -> None:
    """Ask for the repair of what was found amiss, unless more was found in this night than may be repaired without a person.

    The job is of the package in that place, `copia/…`: who waits for the jobs of a document does not wait for a place that is away.
    """
    with archive.transaction() as transaction:
        row = transaction.session.get_one(FixityNight, (location, night))
        if row.wrong <= policy.repairs_a_night and not jobs.any_open(transaction.session, [about := f"{location}/{object_id}"]):
            transaction.enqueue("repair", about, queue=Queue.CUSTODY, priority=7)


def check_all(archive: Archive, location: str, told: Callable[[str, Checked], None]) -> str:
    """Read all that a place holds now, whatever its policy says; each is told as it is read. The night it counts for: that of today."""
    night = local(archive, archive.clock()).date().isoformat()
    begin_night(archive, location, night)
    register(archive)
    if location == PRINCIPAL:
        _register_held(archive)
    for object_id in _listed(archive, _C.location == location, (_C.object_id,)):
        told(object_id, check(archive, location, object_id, night))
    with archive.transaction() as transaction:
        end_night(transaction, location, night)
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
        if not is_busy and next(due(archive, location, policy), None) is not None:
            with archive.transaction() as transaction:
                transaction.enqueue("check", location, queue=Queue.CUSTODY, priority=9, params={"night": night})


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


def begin_night(archive: Archive, location: str, night: str) -> None:
    """Have a row for the night; one that is over goes on, for more is read in it."""
    with archive.transaction() as transaction:
        row = FixityNight(location=location, day=night, began_at=transaction.now, checked=0, wrong=0, size=0)
        if not added(transaction.session, row):
            again = update(FixityNight).where(FixityNight.location == location, FixityNight.day == night)
            transaction.session.execute(again.values(ended_at=None, ledger_version=None))


def end_night(transaction: Transaction, location: str, night: str) -> None:
    """Close the night, and have the ledger of its month written."""
    ended = update(FixityNight).where(FixityNight.location == location, FixityNight.day == night)
    transaction.session.execute(ended.values(ended_at=transaction.now))
    transaction.enqueue("keep_ledger", night[:7], queue=Queue.CUSTODY, priority=8)


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
        before, is_written = _standing(archive, location, object_id)
        found = _verified(store, object_id, before, is_written=is_written)
        if found.outcome == FixityOutcome.INTACT or _standing(archive, location, object_id) == (before, is_written):
            break
    return found


def _standing(archive: Archive, location: str, object_id: str) -> tuple[tuple[int, str | None], bool]:
    """The version that a place is known to have, with the digest of its inventory, and whether somebody writes the package there now."""
    with archive.reading() as session:
        kept = session.get(KeptCopy, (location, object_id))
        is_leased = session.get(ObjectLease, urn(object_id)) is not None
        is_begun = any(job.kind in WRITERS and job.started_at is not None for job in jobs.open_jobs(session, object_id))
        is_written = is_leased or is_begun or session.get(Incoming, object_id) is not None
        return (kept.version, kept.inventory) if kept else (0, None), is_written


def _verified(store: ObjectStore, object_id: str, known: tuple[int, str | None], *, is_written: bool) -> Checked:
    """Raises StoreUnavailable where the whole store does not answer: then nothing is missing."""
    prefix = prefix_of(urn(object_id))
    try:
        found = StorageRoot(store).verify(urn(object_id), writing=is_written)
    except ObjectMissing:
        store.stat(ROOT_DECLARATION)
        return Checked(FixityOutcome.MISSING, (Fault(prefix, FixityOutcome.MISSING),), 0)
    faults = [Fault(each.key, FixityOutcome.DAMAGED, each.expected, each.found) for each in found.damaged]
    faults += [Fault(key, FixityOutcome.MISSING) for key in found.missing]
    faults += [Fault(key, FixityOutcome.UNEXPECTED) for key in found.unexpected]
    if not faults:
        faults += _unlike_written(store, prefix, *known, is_written=is_written)
    size = sum(each.size for each in store.list(prefix))
    return Checked(faults[0].what if faults else FixityOutcome.INTACT, tuple(faults), size)


def _unlike_written(store: ObjectStore, prefix: str, version: int, written: str | None, *, is_written: bool) -> Iterator[Fault]:
    """An inventory, whole and vouched for, that is not the one that was written."""
    if written is None:
        return
    data = read(store, key_of(prefix, INVENTORY)) or b""
    inventory = parse(data)
    then = data if inventory.head == version else read(store, key_of(prefix, f"{inventory.folder(version)}/{INVENTORY}")) or b""
    standing = digest("sha256", then).value
    if standing != written:
        yield Fault(key_of(prefix, INVENTORY), FixityOutcome.ALTERED, written, standing)
    elif inventory.head > version and not is_written:
        yield Fault(key_of(prefix, INVENTORY), FixityOutcome.AHEAD, written, digest("sha256", data).value)


def _note(transaction: Transaction, location: str, object_id: str, found: Checked) -> None:
    values = {
        "checked_at": transaction.now,
        "outcome": found.outcome,
        "size": found.size,
        "faults": [asdict(each) for each in found.faults],
    }
    there = update(KeptCopy).where(KeptCopy.location == location, KeptCopy.object_id == object_id)
    transaction.session.execute(there.values(**values))
    if found.outcome != FixityOutcome.INTACT:
        what = {"place": location, "outcome": found.outcome, "files": len(found.faults)}
        audit.record(transaction, "Archivo", "package.fault", object_id, detail=what)


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
