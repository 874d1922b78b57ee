"""What custody has to answer for: what was read again in each place, how far the copies are behind, whether the trail is whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.audit import stamping
from archivo.audit.anchors import Anchor
from archivo.audit.chain import Fault, FaultKind
from archivo.audit.link import links
from archivo.custody import fixity, holding, replicas, roots
from archivo.custody.fixity import Checked, FixityOutcome
from archivo.custody.models import FixityNight
from archivo.custody.places import places
from archivo.custody.policy import policy_of
from archivo.custody.replicas import Lag
from archivo.errors import Unknown
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import KeptCopy, Tombstone
from archivo.web.spanish import count
from preservation.locking import LockedVersion, locking
from preservation.ocfl_copy import Outcome
from preservation.store import StoreFull, StoreUnavailable

OUTCOMES: Final[Mapping[str, str]] = {
    FixityOutcome.INTACT: "íntegro",
    FixityOutcome.DAMAGED: "tiene archivos cuyos bytes no son los guardados",
    FixityOutcome.MISSING: "le faltan archivos",
    FixityOutcome.ALTERED: "su inventario no es el que se escribió",
    FixityOutcome.UNEXPECTED: "tiene archivos que nadie guardó",
    FixityOutcome.AHEAD: "tiene una versión que no consta en la bitácora",
}
LOCKED: Final = "locked"
COPYING: Final[Mapping[str, str]] = {
    Outcome.BEGUN: "todavía se está escribiendo",
    Outcome.DAMAGED: "el original está dañado",
    Outcome.OTHER: "en la copia hay otra cosa en su lugar, o está dañada",
    LOCKED: "el servidor de la copia no deja borrar lo que se eliminó",
}
MOST_LAG: Final = timedelta(days=1)
MOST_SILENT: Final = timedelta(days=3)
"""Since when something is to be read and nothing is: as many nights nobody worked, or the place did not answer."""
NIGHTS_SHOWN: Final = 90


@dataclass(frozen=True, slots=True)
class Night:
    """A night's reading of a place: packages read, those not intact, bytes; and the packages that were given back what they lacked."""

    day: str
    checked: int
    wrong: int
    size: int
    restored: int = 0


@dataclass(frozen=True, slots=True)
class WrongCopy:
    """A package that is not intact in a place, as its last reading found it."""

    id: str
    outcome: str
    checked_at: datetime
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceState:
    """What is known of a place. `held` counts its packages; `checked` those that were ever read again, `due` those whose turn it is,
    `overdue` those whose turn passed long ago, `wrong` those not intact; `oldest` is the earliest last reading, `last` the latest.
    `alarms` are Spanish sentences; none means that all is well. `retention`: how its server is asked to keep each object that is written.
    `root`: the files of the place's own root that were not as they should be when last read.
    """

    location: str
    held: int
    checked: int
    due: int
    overdue: int
    wrong: int
    oldest: datetime | None
    last: datetime | None
    size: int
    every_days: int
    behind: int
    nights: tuple[Night, ...]
    wrong_copies: tuple[WrongCopy, ...]
    alarms: tuple[str, ...]
    retention: str = ""
    root: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StampsShown:
    """Whether stamps are asked for, the last one obtained, the days that still lack theirs, and a Spanish sentence where they lack it
    for longer than a day ("" if not).
    """

    is_asked: bool
    last: stamping.Stamp | None
    unstamped: tuple[str, ...]
    alarm: str


@dataclass(frozen=True, slots=True)
class NotCopied:
    """A package that could not be copied to a replica, and why (preservation.ocfl_copy.Outcome)."""

    id: str
    location: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CopyState:
    """How a package stands in a place: its version there, when all of it was last read again, and what was found (None: never read).

    `lock`: what its server was read to hold of it at `lock_read_at`, in Spanish; "" where nothing was ever held there.
    """

    location: str
    version: int
    checked_at: datetime | None
    outcome: str | None
    lock: str = ""
    lock_read_at: datetime | None = None


def copies_of(archive: Archive, object_id: str) -> list[CopyState]:
    """How a package stands in each place that has it, of a document that the caller may show."""
    with archive.reading() as session:
        found = (session.get(KeptCopy, (each, object_id)) for each in places(archive))
        locks = holding.last_read(session, object_id, places(archive).keys())
        return [_copy_state(each, locks.get(each.location)) for each in found if each is not None]


def _copy_state(kept: KeptCopy, lock: holding.PlaceLock | None) -> CopyState:
    told = ("", None) if lock is None else (holding.in_words(lock), lock.read_at)
    return CopyState(kept.location, kept.version, kept.checked_at, kept.outcome, *told)


def fixity_state(archive: Archive, actor: Actor, place: str | None = None) -> list[PlaceState]:
    """What is known of each place, or of one. Raises Unknown for a place that there is not."""
    require(archive, actor, Grant.VERIFY)
    fixity.register(archive)
    lags = {lag.location: lag for lag in replicas.lag(archive)}
    with archive.reading() as session:
        return [_state(archive, session, each, lags.get(each)) for each in _chosen(archive, place)]


def check_now(archive: Archive, actor: Actor, place: str | None, told: Callable[[str, Checked], None]) -> set[str]:
    """Read all that a place holds, or all of them; see fixity.check_all. Raises Unknown, StoreUnavailable.

    The months whose ledgers are to be written, which is a job of each.
    """
    require(archive, actor, Grant.VERIFY)
    months = {fixity.check_all(archive, each, told)[:7] for each in _chosen(archive, place)}
    with archive.transaction() as transaction:
        audit.record(transaction, actor.login, "archive.verify", None, detail={"place": place or "todos"})
    return months


def replicate_now(archive: Archive, actor: Actor) -> list[NotCopied]:
    """Bring every replica up; what could not be copied. Raises StoreFull, StoreUnavailable, once those that answer were brought up."""
    require(archive, actor, Grant.VERIFY)
    fixity.register(archive)
    failed: list[NotCopied] = []
    away: StoreFull | StoreUnavailable | None = None
    for location in archive.replicas:
        try:
            _bring_up(archive, location, failed)
        except (StoreFull, StoreUnavailable) as fault:
            away = away or fault
    if away is not None:
        raise away
    return failed


def _bring_up(archive: Archive, location: str, failed: list[NotCopied]) -> None:
    for object_id in replicas.behind(archive, location):
        try:
            outcome: str = replicas.replicate(archive, location, object_id)
        except LockedVersion:
            outcome = LOCKED
        if outcome != Outcome.COPIED:
            failed.append(NotCopied(object_id, location, outcome))


def replica_lag(archive: Archive, actor: Actor) -> list[Lag]:
    """How far each replica is behind."""
    require(archive, actor, Grant.VERIFY)
    return replicas.lag(archive)


def verify_trail(archive: Archive, actor: Actor, *, keys: Sequence[bytes] = (), anchors: Sequence[Anchor] = ()) -> audit.ChainReport:
    """Prove the trail whole, against its anchors (those given besides those kept) and against the packages that the catalogue knows."""
    require(archive, actor, Grant.VERIFY)
    report = audit.verify_chain(archive, keys=keys, anchors=anchors)
    with archive.reading() as session:
        packages = _unlike_packages(session)
        if not report.entries and not report.faults and session.scalars(select(KeptCopy.object_id).limit(1)).first():
            packages = [Fault(FaultKind.CUT, 1, 1)]  # whoever keeps a package says so in the trail
    return replace(report, faults=(*report.faults, *packages))


def anchor_trail(archive: Archive, actor: Actor) -> Anchor | None:
    """Anchor the trail today; see audit.services.anchor."""
    require(archive, actor, Grant.VERIFY)
    return audit.anchor(archive)


def stamp_anchors(archive: Archive, actor: Actor) -> str | None:
    """Ask now for the stamps that the anchors of late lack; see audit.stamping.stamp_anchors."""
    require(archive, actor, Grant.VERIFY)
    return stamping.stamp_anchors(archive)


def verify_stamps(
    archive: Archive, actor: Actor, given: Sequence[tuple[Anchor, bytes]] = (), *, keys: Sequence[bytes] = ()
) -> stamping.StampReport:
    """Judge the stamps of the anchors, those given besides; see audit.stamping.judge_stamps."""
    require(archive, actor, Grant.VERIFY)
    return stamping.judge_stamps(archive, given, keys=keys)


def kept_stamps(archive: Archive, actor: Actor) -> dict[str, bytes]:
    """The stamps that the trail keeps, by the statement of their anchors."""
    require(archive, actor, Grant.VERIFY)
    return stamping.kept_stamps(archive)


def stamps_to_show(archive: Archive, actor: Actor) -> StampsShown:
    """How the anchors are stamped, without judging anything."""
    require(archive, actor, Grant.VERIFY)
    unstamped = stamping.unstamped_days(archive)
    since = (archive.clock() - MOST_LAG).astimezone(UTC).date().isoformat()
    alarm = ""
    if unstamped and unstamped[-1] < since:
        alarm = (
            f"{count(len(unstamped), 'ancla')} de la bitácora sin estampa cronológica, desde la del {unstamped[-1]}: "
            "la autoridad de estampado no la ha dado. Pídala con «archivo audit anchor», que dice por qué."
        )
    return StampsShown(bool(archive.stamping.url), stamping.last_stamp(archive), unstamped, alarm)


def anchors(archive: Archive, actor: Actor) -> list[Anchor]:
    """The anchors that the database keeps, the newest first."""
    require(archive, actor, Grant.VERIFY)
    return audit.list_anchors(archive)


def _chosen(archive: Archive, place: str | None) -> list[str]:
    names = list(places(archive))
    if place is None:
        return names
    if place not in names:
        raise Unknown("place.unknown", f"No hay un lugar llamado «{place}».", f"Los que hay: {', '.join(names)}.")
    return [place]


def _state(archive: Archive, session: Session, location: str, lag: Lag | None) -> PlaceState:
    policy = policy_of(archive, location)
    now = archive.clock()
    here = KeptCopy.location == location
    never = KeptCopy.checked_at.is_(None)
    whole = policy.every / min(policy.share, 1.0)
    is_due = or_(never, KeptCopy.checked_at < now - whole)
    is_overdue = or_(and_(never, KeptCopy.kept_at < now - whole), KeptCopy.checked_at < now - 2 * whole)
    is_wrong = and_(KeptCopy.outcome.is_not(None), KeptCopy.outcome != FixityOutcome.INTACT)
    counted = [
        func.count(),
        func.count(KeptCopy.checked_at),
        *(func.sum(case((each, 1), else_=0)) for each in (is_due, is_overdue, is_wrong)),
    ]
    extremes = select(func.min(KeptCopy.checked_at), func.max(KeptCopy.checked_at), func.sum(KeptCopy.size)).where(here)
    held, checked, due, overdue, wrong = session.execute(select(*counted).where(here)).one()
    oldest, last, size = session.execute(extremes).one()
    nights = select(FixityNight).where(FixityNight.location == location).order_by(FixityNight.day.desc()).limit(NIGHTS_SHOWN)
    copies = select(KeptCopy).where(here, is_wrong).order_by(KeptCopy.object_id).limit(100)
    state = PlaceState(
        location=location,
        held=held,
        checked=checked,
        due=due or 0,
        overdue=overdue or 0,
        wrong=wrong or 0,
        oldest=oldest,
        last=last,
        size=size or 0,
        every_days=policy.every.days,
        behind=lag.behind if lag else 0,
        nights=tuple(
            Night(each.day, each.checked, each.wrong, each.size, each.restored or 0) for each in reversed(list(session.scalars(nights)))
        ),
        wrong_copies=tuple(_wrong(each) for each in session.scalars(copies)),
        alarms=(),
        retention=retention_of(archive, location),
        root=told.keys if (told := roots.last_told(session, location)) else (),
    )
    return replace(state, alarms=tuple(_alarms(state, lag, now, reads_all=policy.share >= 1)))


def retention_of(archive: Archive, location: str) -> str:
    """The retention that a place asks its server for, in Spanish; "" where it asks for none."""
    store = locking(places(archive)[location])
    retention = None if store is None else store.retention
    if retention is None:
        return ""
    return f"{count(retention.days, 'día') if retention.days else count(retention.years, 'año')} ({retention.mode})"


def _wrong(kept: KeptCopy) -> WrongCopy:
    assert kept.checked_at is not None
    return WrongCopy(kept.object_id, str(kept.outcome), kept.checked_at, tuple(str(each["key"]) for each in kept.faults))


def _alarms(state: PlaceState, lag: Lag | None, now: datetime, *, reads_all: bool) -> list[str]:
    found = []
    if state.root:
        found.append(f"Los archivos de la raíz no están como deben: {', '.join(state.root)}. Restitúyalos con «archivo verify --repair».")
    if state.wrong:
        wrong = count(state.wrong, "paquete no está íntegro: repárelo", "paquetes no están íntegros: repárelos")
        found.append(f"{wrong} con «archivo verify --repair».")
    if state.held and not state.checked:
        found.append(
            "Hay paquetes guardados y nunca se leyó ninguno de nuevo: hágalo con «archivo fixity --run», o revise quién trabaja de noche."
        )
    elif state.overdue:
        found.append(
            f"{count(state.overdue, 'paquete')} sin leer desde hace mucho más de lo previsto: "
            "revise quién trabaja de noche y cuánto alcanza a leer."
        )
    elif reads_all and state.due and (state.last is None or state.last < now - MOST_SILENT):
        found.append(
            "Hay paquetes por leer y hace días que no se lee ninguno: revise que alguien trabaje de noche y que este lugar responda."
        )
    if lag is not None and lag.since is not None and lag.since < now - MOST_LAG:
        found.append("A esta copia le faltan paquetes desde hace más de un día: revise si responde y si tiene espacio.")
    return found


def _unlike_packages(session: Session) -> list[Fault]:
    """The entries of the trail whose package is not the one that the catalogue has: each that it names last must be there as it says.

    One that is being deleted has no row while its tombstone is written.
    """
    known: dict[str, tuple[int, object, object]] = {}
    executed: set[str] = set()
    buried: set[str] = set()
    for link in links(session, (audit.PACKAGE_VERSION, "deletion.execute", "document.delete", "package.delete")):
        if link.content is None:
            continue  # the chain tells it
        act, object_id, detail = link.content["act"], str(link.content["object"]), link.content["detail"]
        if act == audit.PACKAGE_VERSION:
            known[object_id] = (link.sequence, detail.get("version"), detail.get("inventory"))
        else:
            (executed if act == "deletion.execute" else buried).add(object_id)
    kept = select(KeptCopy.object_id, KeptCopy.version, KeptCopy.inventory).where(KeptCopy.location == PRINCIPAL)
    for object_id, version, inventory in session.execute(kept.execution_options(yield_per=1000)):
        if object_id in known and known[object_id][1:] == (version, inventory):
            del known[object_id]
    for object_id, act in session.execute(select(Tombstone.object_id, Tombstone.act)):
        if act in executed and object_id not in buried and session.get(KeptCopy, (PRINCIPAL, object_id)) is None:
            known.pop(object_id, None)
    return [Fault(FaultKind.PACKAGE, sequence, sequence) for sequence, *_ in sorted(known.values())]
