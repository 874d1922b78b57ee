"""The running Archive: its ports, its clock, its transaction. What every use case receives first."""

import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sqlalchemy import String, bindparam, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from archivo import jobs
from archivo.database import Base, Database, added, delete_rows, table_of
from archivo.identifiers import JobId, new_uuid
from archivo.jobs import Queue
from archivo.jobs_of_many import enqueue_each
from archivo.processes import Bell, Renewals, Rounds
from archivo.tracing import Traces
from preservation.ocfl import StorageRoot
from preservation.store import ObjectStore
from search.index import SearchIndex

if TYPE_CHECKING:
    from ingest.limits import Limits
    from ingest.step import Programs, Tools

T = TypeVar("T")
Clock = Callable[[], datetime]
OBJECT_LEASE: Final = jobs.LEASE


class Signer(Protocol):
    """Signs the trail with a key that the database does not hold: see audit.signing."""

    @property
    def name(self) -> str: ...

    @property
    def is_there(self) -> bool:
        """Whether there is a key already; if not, it is made when it is first needed."""
        ...

    @property
    def has_signed(self) -> bool:
        """Whether it is known, without the database, that the key was used before: it is made at the first entry."""
        ...

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key (Ed25519)."""
        ...

    @property
    def public_pem(self) -> str: ...

    def sign(self, text: str) -> str: ...


class Legs(Protocol):
    """Tells workers that a job waits. It may forget: the job table is the truth and is swept. Sending never raises, nor waits."""

    def send(self, job_id: JobId, queue: Queue) -> None: ...

    def carried(self, queue: Queue) -> int | None:
        """How many messages wait in a queue; None where nothing is carried, or nobody can tell now."""
        ...

    def answers(self) -> bool:
        """Whether who carries messages answers; true where nobody needs to."""
        ...

    def check(self) -> None:
        """Raises Unavailable, in words, where `answers` is false."""
        ...

    def close(self) -> None:
        """Send what is still to be sent, for a moment at most."""
        ...


class ObjectLease(Base):
    """Who may write an OCFL object now. All writers of an object take it."""

    __tablename__ = "object_lease"

    object_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner: Mapped[str] = mapped_column(String(140))
    until: Mapped[datetime]


class CatalogueEdition(Base):
    """Another number after each change of what may be found: what was counted of one edition stands until the next."""

    __tablename__ = "catalogue_edition"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


_LONG: Final = 0.5
"""Seconds of counting from which on what was counted rests, `_REST` times as long."""
_REST: Final = 30
_MOST_RESTING: Final = 200
_EDITION: Final = select(table_of(CatalogueEdition).c.number)
_LEASE_HELD: Final = select(ObjectLease).where(ObjectLease.object_id == bindparam("object")).with_for_update()


class Busy(Exception):
    """Another is writing this object."""


@dataclass(slots=True)
class Hold:
    """The lease of an OCFL object, while it is held."""

    object_id: str
    owner: str
    ended: bool = False

    def end_with(self, session: Session) -> None:
        """Give it back in a transaction of the caller's, which its last act belongs to."""
        delete_rows(session, ObjectLease, object_id=self.object_id, owner=self.owner)
        self.ended = True


@dataclass(frozen=True, slots=True)
class Institution:
    """What this archive's institution is: its fonds by default, and its data, read by assembly from archivo/data."""

    entity_code: str
    entity_name: str
    timezone: str
    roles: Mapping[str, frozenset[str]]
    role_names: Mapping[str, str]
    max_upload_bytes: int


@dataclass(frozen=True, slots=True)
class Stamping:
    """Who stamps the anchors of the trail (RFC 3161), as `credentials` (`user:password`), and in which certificates is trusted for it.

    Without a `url` nobody is asked; what was stamped before is judged all the same.
    """

    url: str = ""
    credentials: str = field(default="", repr=False)
    policy: str = ""
    roots: Path | None = None


@dataclass(slots=True)
class Transaction:
    """Record, audit and jobs that become true together; the jobs are sent once they are.

    `last` is done just before the commit: what all writers wait for, such as the head of the trail, is held for no longer than that.
    """

    session: Session
    now: datetime
    signer: Signer
    sent: list[tuple[JobId, Queue]] = field(default_factory=list)
    last: list[Callable[[], None]] = field(default_factory=list)
    trail: list[dict[str, Any]] = field(default_factory=list)
    """Entries of the audit, chained when it ends."""
    cause: str | None = None
    """What this is done for, as the traces name it; each job tells it on."""
    changes_catalogue: bool = False
    """Whether what may be found, or what is said of it, is another thing once this is committed."""

    def enqueue(self, kind: str, object_id: str, *, queue: Queue, priority: int = 5, params: Mapping[str, object] | None = None) -> JobId:
        """Write a job; see jobs.enqueue."""
        job_id = jobs.enqueue(self.session, kind, object_id, queue=queue, now=self.now, priority=priority, params=params, cause=self.cause)
        self.sent.append((job_id, queue))
        return job_id

    def enqueue_each(self, kind: str, objects: Collection[str], *, queue: Queue, priority: int = 5) -> None:
        """Write a job without params for each of these objects; see jobs_of_many."""
        made = enqueue_each(self.session, kind, objects, queue=queue, now=self.now, priority=priority, cause=self.cause)
        self.sent += [(job_id, queue) for job_id in made]


class Shelf:
    """A few costly things kept in memory by name, the least used given up first. Safe among threads: one makes a thing, who wants the
    same one waits.
    """

    def __init__(self, room: int = 8) -> None:
        self._room = room
        self._things: OrderedDict[str, tuple[threading.Lock, list[Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            making, made = self._things.setdefault(name, (threading.Lock(), []))
            self._things.move_to_end(name)
            while len(self._things) > self._room:
                self._things.popitem(last=False)
        with making:
            if not made:
                made.append(make())
        thing: T = made[0]
        return thing


@dataclass(frozen=True, slots=True)
class Archive:
    """Assembled once by assembly.py. `process` names this process so that another can tell whether it lives."""

    database: Database
    store: ObjectStore
    replicas: Mapping[str, ObjectStore]
    """The other places where every package is kept, by name."""
    packages: StorageRoot
    index: SearchIndex
    tools: "Tools"
    legs: Legs
    signer: Signer
    clock: Clock
    institution: Institution
    limits: "Limits"
    clamav_socket: Path | None
    fixity_policy: Path | None
    programs: "Programs"
    cache: Path
    anchors: Path
    """Where the anchors of the trail are put besides the database, a file a day."""
    shelf: Shelf
    process: str
    is_alive: Callable[[str], bool]
    receiving: set[str] = field(default_factory=set)
    """The deposits that threads of this process are receiving now; what it began besides is to be recovered."""
    holding: set[tuple[str, str]] = field(default_factory=set)
    """The objects whose lease threads of this process hold, with the lease's owner; a lease it could not give back is free."""
    bell: Bell = field(default_factory=Bell)
    counts: Shelf = field(default_factory=lambda: Shelf(room=200))
    """What was counted of the catalogue: see `counted`."""
    resting: dict[str, tuple[float, Any]] = field(default_factory=dict)
    """What took long to count, by name, and until when (monotonic seconds) it is not counted again."""
    traces: Traces = field(default_factory=Traces)
    stamping: Stamping = field(default_factory=Stamping)
    renewals: Renewals = field(default_factory=lambda: Renewals(jobs.LEASE / 3))
    rounds: Rounds = field(default_factory=Rounds)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit what was done, then tell the workers. An exception rolls everything back and tells nobody."""
        with self.database.writing() as session:
            transaction = Transaction(session, self.clock(), self.signer, cause=self.traces.current())
            yield transaction
            for act in transaction.last:
                act()
            if transaction.changes_catalogue:
                _begin_edition(session)
        for job_id, queue in transaction.sent:
            self.legs.send(job_id, queue)
        if transaction.sent:
            self.bell.ring()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with self.database.reading() as session:
            yield session

    def counted(self, session: Session, name: str, count: Callable[[], T]) -> T:
        """What `count` finds in this session by this name, which says all that it depends on besides the catalogue itself.

        It is counted once for each edition of the catalogue; and once a minute, for an earlier program that writes beside this one
        makes no editions. What takes long to count is not counted again before `_REST` times as long has passed, whatever was edited.
        """
        resting: tuple[float, Any] | None = self.resting.get(name)
        if resting is not None and time.monotonic() < resting[0]:
            counted: T = resting[1]
            return counted

        def counting() -> T:
            began = time.monotonic()
            found = count()
            taken = time.monotonic() - began
            if taken > _LONG:
                if len(self.resting) >= _MOST_RESTING:
                    self.resting.clear()
                self.resting[name] = (began + taken * _REST, found)
            return found

        edition = session.scalar(_EDITION)
        return self.counts.get(f"{edition} {int(self.clock().timestamp()) // 60} {name}", counting)

    @contextmanager
    def writing_object(self, object_id: str, *, wait: float = 60.0) -> Iterator[Hold]:
        """Hold the lease of an OCFL object, for as long as it takes. Raises Busy when another holds it for longer than `wait` seconds."""
        hold = Hold(object_id, f"{self.process}#{threading.get_ident()}")
        if (object_id, hold.owner) in self.holding:
            raise Busy(object_id)
        self.holding.add((object_id, hold.owner))
        try:
            self._take_lease(hold, wait)
            with self.renewals.keeping(lambda: self._renew_lease(hold)):
                yield hold
        except BaseException:
            hold.ended = False  # the transaction that was to end it may have ended badly
            raise
        finally:
            self.holding.discard((object_id, hold.owner))
            if not hold.ended:
                with suppress(DBAPIError), self.database.writing() as session:
                    hold.end_with(session)

    def drop_dead_leases(self, session: Session) -> None:
        """Take away the leases of owners that work no more: what they left half-done is recovered by whoever writes the object next."""
        free = select(ObjectLease).order_by(ObjectLease.object_id).with_for_update(skip_locked=True)
        for held in session.scalars(free):
            if self._is_dead(held):
                session.delete(held)

    def dead_leases(self, session: Session) -> list[str]:
        """The objects whose lease is held by an owner that works no more."""
        return [held.object_id for held in session.scalars(select(ObjectLease)) if self._is_dead(held)]

    def scratch(self, name: str) -> Path:
        """A private folder for one run, under the cache."""
        folder = self.cache / "work" / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @contextmanager
    def scratch_for(self, purpose: str) -> Iterator[Path]:
        """A private folder of its own while it is used; where its process is killed it is swept once old (operations.reconciling)."""
        folder = self.scratch(f"{purpose}-{new_uuid(self.clock())}")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _take_lease(self, hold: Hold, wait: float) -> None:
        pause = threading.Event()
        waited = 0.0
        while not self._try_lease(hold):
            if waited >= wait:
                raise Busy(hold.object_id)
            pause.wait(0.05)
            waited += 0.05

    def _try_lease(self, hold: Hold) -> bool:
        now = self.clock()
        try:
            with self.database.writing() as session:
                held = session.scalars(_LEASE_HELD, {"object": hold.object_id}).first()
                if held is None:
                    session.add(ObjectLease(object_id=hold.object_id, owner=hold.owner, until=now + OBJECT_LEASE))
                elif held.owner == hold.owner or self._is_dead(held):  # ours: one that could not be given back
                    held.owner, held.until = hold.owner, now + OBJECT_LEASE
                else:
                    return False
                return True
        except IntegrityError:
            return False

    def _renew_lease(self, hold: Hold) -> None:
        leases = table_of(ObjectLease)
        with self.database.writing() as session:
            mine = update(leases).filter_by(object_id=hold.object_id, owner=hold.owner)
            session.execute(mine.values(until=self.clock() + OBJECT_LEASE))

    def _is_dead(self, held: ObjectLease) -> bool:
        return held.until < self.clock() or not self._holds(held)

    def _holds(self, held: ObjectLease) -> bool:
        """Whether the owner of a lease still works under it, as far as this process can know."""
        process = held.owner.partition("#")[0]
        if process == self.process:
            return (held.object_id, held.owner) in self.holding
        return self.is_alive(process)


def _begin_edition(session: Session) -> None:
    """Held for no longer than the commit, and after the head of the trail: who writes both takes them in one order."""
    editions = table_of(CatalogueEdition)
    following = update(editions).values(number=editions.c.number + 1)
    if not getattr(session.execute(following), "rowcount", 0) and not added(session, CatalogueEdition(id=1, number=1)):
        session.execute(following)  # another transaction made the first one meanwhile
