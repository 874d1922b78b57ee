"""Holds as the servers keep them: set on every object of a held package where the server can (S3 Object Lock), taken away, read back.

The archive's own hold comes first and stops every deletion by itself; this one stops those who go to the server past the archive. What
was set, and what was then read back, is an entry of the trail, by which it is known what is still to be done.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.custody.asides import set_apart
from archivo.custody.lock_words import day, kept_in_words
from archivo.identifiers import urn
from archivo.jobs import Job, JobState, Queue
from archivo.jobs_of_many import without_job
from archivo.records import holds
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import KeptCopy, LegalHold
from archivo.web.spanish import count
from preservation.locking import LockDenied, Locked, LockingStore, locking
from preservation.ocfl_layout import prefix_of
from preservation.store import StoreUnavailable

ACT: Final = "document.hold.server"
KEPT: Final = "deletion.kept"
AGAIN: Final = timedelta(days=1)
"""How often what a server keeps of a held document is read again."""
TOLD_AGAIN: Final = timedelta(days=30)
"""How often a reading that found all as it was is told in the trail nevertheless."""
MOST_READ: Final = 200
"""Entries of a document among which the last reading of each place is looked for."""
OF_LATE: Final = timedelta(hours=1)
DENIED: Final = "el servidor donde se guarda no deja preguntar si lo retiene"
_AGENT: Final = "Archivo"


@dataclass(frozen=True, slots=True)
class PlaceLock:
    """What the server of a place said of a package at `read_at`. `is_able`: it can hold; `answers`: it answered (else nothing is known);
    `is_denied`: it answered, and does not let this program ask (nor is anything known).

    `objects` counts versions of objects, `held` those with a hold; `mode` and `until` are of the retention that ends last.
    """

    location: str
    version: int
    is_able: bool
    objects: int
    held: int
    mode: str
    until: datetime | None
    read_at: datetime
    answers: bool = True
    is_denied: bool = False

    def is_as(self, is_held: bool) -> bool:
        """Whether all of it is held, or none."""
        return not self.is_able or self.held == (self.objects if is_held else 0)


def schedule(archive: Archive, ids: Sequence[str] = ()) -> list[str]:
    """Have the servers told of what was held or let go of late, of what such a package grew by, and read again each day: the documents for
    which there is a job. Any number may ask, each minute; what was not touched of late is looked at once an hour. `ids`: these alone.
    """
    stores = _locking(archive)
    if not stores:
        return []
    with archive.reading() as session:
        chosen = select(LegalHold.document_id).distinct()
        if ids:
            chosen = chosen.where(LegalHold.document_id.in_(list(ids)))
        elif not _is_new_hour(archive):
            chosen = chosen.where(_touched_since(archive.clock() - OF_LATE))
        every = list(session.scalars(chosen.order_by(LegalHold.document_id)))
        held = {each.document_id for each in holds.standing(session, every)}
        due = [each for each in every if _is_due(session, stores, each, each in held, archive.clock())]
        wanting = [each for each in due if not any(job.kind == "hold" for job in jobs.open_jobs(session, each))]
    if wanting:
        with archive.transaction() as transaction:
            for document_id in without_job(transaction.session, "hold", wanting):
                transaction.enqueue("hold", document_id, queue=Queue.CUSTODY, priority=8)
    return due


def tell_servers(archive: Archive, document_id: str) -> None:
    """Have every object of a document's package held, or none, in each place whose server can; read it back, and say so in the trail.

    It may be done again; that all is as it was is told once in a while. A place that does not answer, or does not say whether it can, is
    told later.
    """
    for location, store in _locking(archive).items():
        with archive.reading() as session:
            kept = session.get(KeptCopy, (location, document_id))
            is_held = bool(holds.standing(session, [document_id]))
            last = last_read(session, document_id, [location]).get(location)
        if kept is None:
            continue
        with suppress(StoreUnavailable):
            found, changed = Locked(), 0
            if is_able := store.locks():
                prefix = prefix_of(urn(document_id))
                changed = store.hold(prefix, is_held)
                found = store.locked(prefix)
            said = {"place": location, "version": kept.version, "held": is_held, "able": is_able, "changed": changed, **_told(found)}
            if changed or last is None or not _is_again(last, said, is_held, archive.clock()):
                with archive.transaction() as transaction:
                    audit.record(transaction, _AGENT, ACT, document_id, detail=said)


def last_read(session: Session, document_id: str, locations: Collection[str]) -> dict[str, PlaceLock]:
    """What the server of each of these places said when its reading was last told in the trail: for a document that the caller may show."""
    found: dict[str, PlaceLock] = {}
    for at, detail in audit.entries_of(session, document_id, ACT, MOST_READ):
        with suppress(KeyError, TypeError, ValueError):
            found.setdefault(str(detail["place"]), _place_lock(at, detail))
        if found.keys() >= set(locations):
            break
    return {location: lock for location, lock in found.items() if location in locations}


def read_now(archive: Archive, actor: Actor, document_id: str) -> list[PlaceLock]:
    """What each place's server says now of a document's package; one that does not answer is told as such."""
    require(archive, actor, Grant.HOLD, document_id)
    return [_read(archive, location, store, document_id) for location, store in _locking(archive).items()]


def in_words(lock: PlaceLock) -> str:
    """What a server keeps, in Spanish, without a full stop."""
    if lock.is_denied:
        return "su servidor no deja preguntar si retiene: lo retiene, al menos, este archivo"
    if not lock.answers:
        return "su servidor no respondió"
    if not lock.is_able:
        return "su servidor no puede retener: lo retiene solo este archivo"
    objects = count(lock.objects, "objeto")
    told = f"su servidor retiene {lock.held} de {objects}" if lock.held else f"su servidor no retiene ninguno de {objects}"
    if lock.until is None or lock.until <= lock.read_at:
        return told
    return f"{told}, y no deja borrarlos todos hasta el {day(lock.until)} ({lock.mode})"


def keeps_from_deletion(archive: Archive, deletion_id: str, ids: Sequence[str]) -> bool:
    """Whether the server of the archive's own store keeps anything of these documents, or of their damaged bytes that were set apart, or
    does not say; then the trail tells why, once a day.

    Raises StoreUnavailable where it does not answer.
    """
    store = _locking(archive).get(PRINCIPAL)
    if store is None:
        return False
    now = archive.clock()
    with archive.reading() as session:
        apart = set_apart(archive, session, ids)
    for document_id, package in [(each, package) for each in ids for package in (each, *apart.get(each, ()))]:
        try:
            if not store.locks():
                return False
            found = store.locked(prefix_of(urn(package)))
            why = kept_in_words(found) if found.keeps(now) else ""
        except LockDenied:
            found, why = Locked(), DENIED
        if why:
            with archive.transaction() as transaction:
                if not is_kept(transaction.session, deletion_id, now):
                    detail = {"document": document_id, "why": why, **_told(found)}
                    audit.record(transaction, _AGENT, KEPT, deletion_id, refused=True, detail=detail)
            return True
    return False


def is_kept(session: Session, deletion_id: str, now: datetime) -> bool:
    """Whether a server was found to keep something of a deletion, until a day that did not come, or less than a day ago."""
    for at, detail in audit.entries_of(session, deletion_id, KEPT):
        until = detail.get("until")
        return at > now - AGAIN or (not detail.get("held_objects") and bool(until) and datetime.fromisoformat(str(until)) > now)
    return False


def why_kept(session: Session, deletion_id: str) -> str:
    """Why a server kept something of a deletion when it was last asked, in Spanish; "" if it never did."""
    for _, detail in audit.entries_of(session, deletion_id, KEPT):
        return f"{detail.get('document')}: {detail.get('why')}"
    return ""


def _locking(archive: Archive) -> dict[str, LockingStore]:
    every = {PRINCIPAL: archive.store, **archive.replicas}
    return {name: store for name, each in every.items() if (store := locking(each)) is not None}


def _is_new_hour(archive: Archive) -> bool:
    """Whether this process has not looked at every hold yet in this hour."""
    return archive.rounds.begins("holds looked at", archive.clock(), OF_LATE)


def _touched_since(at: datetime) -> ColumnElement[bool]:
    """Holds placed, or lifted, or whose package was written or copied, since an instant."""
    copied = exists().where(KeptCopy.object_id == LegalHold.document_id, KeptCopy.kept_at >= at)
    return or_(LegalHold.placed_at >= at, LegalHold.lifted_at >= at, copied)


def _is_due(session: Session, stores: Mapping[str, LockingStore], document_id: str, is_held: bool, now: datetime) -> bool:
    said = last_read(session, document_id, stores.keys())
    for location in stores:
        kept = session.get(KeptCopy, (location, document_id))
        if kept is None:
            continue
        last = said.get(location)
        if last is None or not last.is_as(is_held):
            return True
        if is_held and (last.version != kept.version or (last.read_at < now - AGAIN and not _was_read(session, document_id, now - AGAIN))):
            return True
    return False


def _was_read(session: Session, document_id: str, since: datetime) -> bool:
    """Whether the servers were asked, whatever was found; one that was away then is asked the next time."""
    done = select(Job.id).where(Job.object_id == document_id, Job.kind == "hold", Job.finished_at >= since)
    return session.scalars(done.where(Job.state == JobState.DONE).limit(1)).first() is not None


def _is_again(last: PlaceLock, said: Mapping[str, Any], is_held: bool, now: datetime) -> bool:
    """Whether a reading found all as the last that was told did, not long ago."""
    found = _place_lock(last.read_at, said)
    return found == last and last.is_as(is_held) and last.read_at > now - TOLD_AGAIN


def _read(archive: Archive, location: str, store: LockingStore, document_id: str) -> PlaceLock:
    now = archive.clock()
    try:
        is_able = store.locks()
        found = store.locked(prefix_of(urn(document_id))) if is_able else Locked()
    except StoreUnavailable as fault:
        is_denied = isinstance(fault, LockDenied)
        return PlaceLock(location, 0, False, 0, 0, "", None, now, answers=is_denied, is_denied=is_denied)
    return PlaceLock(location, 0, is_able, found.objects, found.held, found.mode, found.until, now)


def _told(found: Locked) -> dict[str, Any]:
    until = found.until and found.until.astimezone(UTC).isoformat()
    return {"objects": found.objects, "held_objects": found.held, "mode": found.mode, "until": until}


def _place_lock(at: datetime, detail: Mapping[str, Any]) -> PlaceLock:
    until = detail["until"]
    return PlaceLock(
        location=str(detail["place"]),
        version=int(detail["version"]),
        is_able=bool(detail["able"]),
        objects=int(detail["objects"]),
        held=int(detail["held_objects"]),
        mode=str(detail["mode"]),
        until=datetime.fromisoformat(until) if until else None,
        read_at=at,
    )
