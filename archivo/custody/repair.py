"""Give back to a package what it lost, in any of its places, from a copy that was checked first; what was damaged is kept apart."""

import errno
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive, Busy, Transaction
from archivo.audit import services as audit
from archivo.custody import nights, roots
from archivo.custody.asides import MACHINE, put_aside
from archivo.custody.fixity import REPAIRABLE, FixityOutcome, check, told_of
from archivo.custody.places import ROOT, places
from archivo.custody.services import FixityReport, verify_each
from archivo.identifiers import urn
from archivo.jobs import Job, Lease
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import Document, KeptCopy, Tombstone
from archivo.retention.classification import add_event
from preservation.ocfl_inventory import INVENTORY
from preservation.ocfl_layout import prefix_of
from preservation.ocfl_repair import Restored
from preservation.ocfl_repair import repair as repair_object
from preservation.ocfl_root import is_there
from preservation.premis import Event, EventType, Outcome
from preservation.store import ObjectKey, ObjectStore, StoreError, StoreFull, StoreUnavailable


@dataclass(frozen=True, slots=True)
class RestoredFile:
    """A file given back: where, the digests of before and now, the place of the copy it came from (None: see follows_from()), and the
    package that keeps the damaged bytes (None: there were none, or the store does not give them). `id` is ROOT for a file of the place's
    own root.
    """

    id: str
    location: str
    key: str
    was: str | None
    now: str
    source: str | None
    aside: str | None


@dataclass(frozen=True, slots=True)
class Lost:
    """A package that is still not whole in a place: no copy is good, or none that is left is the one that was written."""

    id: str
    location: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """A package that was left as it is in a place, for a person to look at: why is of LEFT."""

    id: str
    location: str
    why: str


LEFT: Final = {
    FixityOutcome.UNEXPECTED: "tiene archivos que nadie guardó: mírelos antes de apartarlos",
    FixityOutcome.AHEAD: "tiene una versión que no consta en la bitácora: si es de este archivo, «archivo rebuild» la reconoce",
    "away": "ese lugar no responde, o no admite escribir: repita la orden cuando responda",
    "busy": "alguien lo está escribiendo: repita la orden",
    "full": "no hay espacio allí, o en el almacén de este archivo para apartar lo dañado: haga sitio y repita la orden",
    "silent": "otro lugar no responde, y puede que su copia sea la buena: repita la orden cuando responda",
    "deleted": "un acto ordenó eliminarlo, y no se restituye: «archivo replicas --run» pone la constancia en su lugar",
    "unknown": "no hay un paquete con ese identificador, ni copia de él",
}
_PASSING: Final = ("away", "busy", "full", "silent")
"""Why something was left that may be otherwise in a while."""
LATER: Final = timedelta(hours=1)
AT_MOST: Final = timedelta(days=1)
"""When what a night asked for is tried again where it could not be done, and since it was asked for until when."""


@dataclass(slots=True)
class RepairReport:
    """What was given back, what could not be, and what was left."""

    restored: list[RestoredFile] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not (self.lost or self.left)


def verify_and_repair(archive: Archive, actor: Actor, ids: Sequence[str] = ()) -> tuple[FixityReport, RepairReport]:
    """What verify() finds, and the repair() of it, once the other places were read as well: all of each, or these packages there.

    A place that does not answer is left for later, and keeps no other from being read and repaired.
    """
    report, amiss = verify_each(archive, actor, ids)
    done = RepairReport()
    for location in archive.replicas:
        try:
            _read_place(archive, location, ids)
        except StoreUnavailable:
            done.left.append(Left(ROOT, location, "away"))
    with archive.reading() as session:
        unknown = [one for one in amiss if session.get(KeptCopy, (PRINCIPAL, one)) is None]
    away = {each.location for each in done.left}
    if not ids:
        for location in places(archive).keys() - away:
            _try(archive, actor.login, location, ROOT, done)
    _repair_each(archive, actor, ids, done, away)
    done.left += [Left(each, PRINCIPAL, "unknown") for each in unknown]
    return report, done


def _read_place(archive: Archive, location: str, ids: Sequence[str]) -> None:
    """Raises StoreUnavailable."""
    night = nights.today(archive)
    if not ids:
        roots.check_root(archive, location, night)
    held = select(KeptCopy.object_id).where(KeptCopy.location == location).order_by(KeptCopy.object_id)
    with archive.reading() as session:
        wanted = list(session.scalars(held.where(KeptCopy.object_id.in_(ids)) if ids else held))
    for object_id in wanted:
        check(archive, location, object_id, night)


def repair(archive: Archive, actor: Actor, ids: Sequence[str] = ()) -> RepairReport:
    """Repair what the last readings found amiss, of these packages or of all, in every place. Raises StoreFull.

    Nothing that is good is written over, and nothing that is damaged before its right bytes were read from another place. What one package
    or place refuses keeps no other from being repaired.
    """
    report = RepairReport()
    _repair_each(archive, actor, ids, report, ())
    return report


def _repair_each(archive: Archive, actor: Actor, ids: Sequence[str], report: RepairReport, away: Collection[str]) -> None:
    require(archive, actor, Grant.VERIFY)
    for location, object_id in _amiss(archive, ids):
        if location not in away:
            _try(archive, actor.login, location, object_id, report)


def repair_found(archive: Archive, lease: Lease) -> None:
    """Work a job: repair what a night found amiss of one package in one place. What has no good copy stays an alarm.

    While that place refuses, or a copy that may be the good one does not answer, it is given back for an hour later, for a day; then it is
    a failure, for a person. Of what only a person may judge, and of what an act deletes, nothing is done.
    """
    location, _, object_id = lease.object_id.rpartition("/")
    location = location or PRINCIPAL
    report = RepairReport()
    if location not in places(archive):
        report.left.append(Left(object_id, location, "away"))
    elif object_id == ROOT or _is_repairable(archive, location, object_id):
        try:
            _try(archive, MACHINE, location, object_id, report)
        except (StoreFull, OSError) as fault:
            if isinstance(fault, OSError) and fault.errno != errno.ENOSPC:
                raise
            report.left.append(Left(object_id, location, "full"))
    waits = next((left.why for left in report.left if left.why in _PASSING), None)
    with archive.transaction() as transaction:
        session, now = transaction.session, transaction.now
        if waits is None:
            jobs.finish(session, lease, now)
        elif now - session.get_one(Job, lease.id).created_at < AT_MOST:
            jobs.give_back(session, lease, now, after=LATER)
        else:
            jobs.fail(session, lease, now, "package.unrepaired", f"{location}: {LEFT[waits]}", retry=False)


def _amiss(archive: Archive, ids: Sequence[str]) -> list[tuple[str, str]]:
    """The places of this process, and the packages, of these or of all, that were not intact there when last read."""
    wrong = select(KeptCopy.location, KeptCopy.object_id).where(KeptCopy.outcome.is_not(None), KeptCopy.outcome != FixityOutcome.INTACT)
    wrong = wrong.where(KeptCopy.object_id.in_(ids)) if ids else wrong
    with archive.reading() as session:
        found = session.execute(wrong.order_by(KeptCopy.object_id, KeptCopy.location)).all()
    return [(location, object_id) for location, object_id in found if location in places(archive)]


def _is_repairable(archive: Archive, location: str, object_id: str) -> bool:
    with archive.reading() as session:
        kept = session.get(KeptCopy, (location, object_id))
        return kept is not None and kept.outcome in REPAIRABLE


def _try(archive: Archive, login: str, location: str, object_id: str, report: RepairReport) -> None:
    """Raises StoreFull."""
    try:
        (_repair_root if object_id == ROOT else _repair)(archive, login, location, object_id, report)
    except Busy:
        report.left.append(Left(object_id, location, "busy"))
    except StoreUnavailable:
        report.left.append(Left(object_id, location, "away"))


def _repair_root(archive: Archive, login: str, location: str, object_id: str, report: RepairReport) -> None:
    """Of the place's own root, whose files need no copy."""
    done = roots.repair_root(archive, login, location)
    restored = [RestoredFile(object_id, location, one.key, one.was, one.now, None, aside) for one, aside in done]
    report.restored += restored
    if restored:
        with archive.transaction() as transaction:
            _tell(transaction, login, object_id, restored)
            nights.count(transaction, location, nights.today(archive), restored=1)
        roots.check_root(archive, location, nights.today(archive))


def _repair(archive: Archive, login: str, location: str, object_id: str, report: RepairReport) -> None:
    stores = places(archive)
    others = [name for name in stores if name != location]
    aside: dict[ObjectKey, str] = {}

    def keep_aside(key: ObjectKey, damaged: BinaryIO) -> None:
        aside[key] = put_aside(archive, login, location, object_id, key, damaged)

    with archive.writing_object(urn(object_id)):
        with archive.reading() as session:
            kept = session.get(KeptCopy, (location, object_id))
            if kept is None or _is_to_go(session, kept):
                report.left.append(Left(object_id, location, "deleted"))
                return
            told = told_of(session, object_id, kept.version)
        done = repair_object(
            stores[location],
            prefix_of(urn(object_id)),
            [stores[name] for name in others],
            recorded=kept.inventory,
            put_aside=keep_aside,
            told=told,
        )
        restored = [_restored(object_id, location, one, others, aside) for one in done.restored]
        report.restored += restored
        with archive.transaction() as transaction:
            _tell(transaction, login, object_id, restored)
            if restored:
                nights.count(transaction, location, nights.today(archive), restored=1)
    after = check(archive, location, object_id)
    if after.outcome == FixityOutcome.INTACT:
        return
    if after.outcome not in REPAIRABLE:
        report.left.append(Left(object_id, location, after.outcome))
    elif any(_is_silent(stores[name]) for name in others):
        report.left.append(Left(object_id, location, "silent"))
    else:
        report.lost.append(Lost(object_id, location, tuple(fault.key for fault in after.faults)))


def _is_to_go(session: Session, kept: KeptCopy) -> bool:
    """Whether an act deletes what stands there, and no tombstone has taken its place yet."""
    if session.get(Tombstone, kept.object_id) is None:
        return False
    principal = session.get(KeptCopy, (PRINCIPAL, kept.object_id))
    return principal is None or kept.inventory is None or kept.inventory != principal.inventory


def _is_silent(store: ObjectStore) -> bool:
    """Whether a place does not answer, or is not where it was, as a folder that is not mounted."""
    try:
        return not is_there(store)
    except StoreError:
        return True


def follows_from(restored: RestoredFile) -> str:
    """What the bytes of a file follow from that was given back without a copy, in Spanish."""
    folder, _, name = restored.key.removeprefix(prefix_of(urn(restored.id))).rpartition("/")
    if name.startswith("0=") or restored.id == ROOT:
        return "la norma, que dice lo que siempre contiene"
    if name == INVENTORY:
        return "lo que su inventario dice de esa versión" if folder else "el inventario de su última versión"
    return "el propio inventario"


def _restored(object_id: str, location: str, one: Restored, others: Sequence[str], aside: dict[ObjectKey, str]) -> RestoredFile:
    source = None if one.source is None else others[one.source]
    return RestoredFile(object_id, location, one.key, one.was, one.now, source, aside.get(one.key))


def _tell(transaction: Transaction, login: str, object_id: str, restored: Sequence[RestoredFile]) -> None:
    """In the trail; and in the record of a document, for what was given back in the archive's own store."""
    is_document = transaction.session.get(Document, object_id) is not None
    for one in restored:
        detail = {"place": one.location, "key": one.key, "was": one.was, "now": one.now, "source": one.source, "aside": one.aside}
        audit.record(transaction, login, "package.repair", object_id, detail=detail)
        if is_document and one.location == PRINCIPAL:
            path = one.key.removeprefix(prefix_of(urn(object_id)))
            said = {"path": path, "was": one.was or "desconocida", "now": one.now, "source": one.source or follows_from(one)}
            code = "restored" if one.source else "restored_without_copy"
            event = Event(EventType.REPLICATION, Outcome.SUCCESS, "Archivo", transaction.now, code, said)
            add_event(transaction, object_id, event)
