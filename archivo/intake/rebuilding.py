"""The catalogue made again from the store alone: one look over the store, then the rows, of documents many in a transaction."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from archivo.archive import Archive, Busy, ObjectLease, Transaction
from archivo.database import is_away, is_damaged
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.intake.recovery import restore_class
from archivo.intake.sealing import (
    KINDS,
    begin_learning,
    is_behind,
    kind_of,
    known_fonds,
    restore_package,
    restored,
    restored_beside,
    seal_everything,
)
from archivo.jobs import Job, JobState, Queue
from archivo.records.holdings import LEDGER, PRINCIPAL, note_each_kept
from archivo.records.models import Document, DocumentPart, DocumentState, Incoming
from archivo.records.packaging import RECORD, Package, package_at
from archivo.retention.classification import class_facets
from preservation.ocfl_layout import prefix_of
from preservation.store import StoreError

TOGETHER: Final = 200
"""Documents whose rows are written in one transaction."""
ROOM: Final = 8 << 20
"""Characters of text of the documents of one transaction, so that a few long ones do not fill the memory."""
HANDS: Final = 4
AHEAD: Final = 16
"""Packages that are read at once, and that are read or being read before their turn."""
_SURVEYED: Final = 1000
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild restored, the objects it could not read, and the documents whose last acts no package holds, which are undone.

    `deleted` counts tombstones; `ledgers` are the identifiers of the ledgers that the store holds.
    """

    fonds: int = 0
    trd_versions: int = 0
    documents: int = 0
    unreadable: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    deleted: int = 0
    ledgers: tuple[str, ...] = ()


@dataclass(slots=True)
class _Held:
    """The identifiers of all objects by what they are, sixteen bytes each, and the objects that cannot be read."""

    kinds: dict[str, list[bytes]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    unreadable: list[str] = field(default_factory=list)

    def identifiers(self, kind: str) -> Iterator[str]:
        """In their order, which is that in which they were received."""
        self.kinds[kind].sort()
        return (str(UUID(bytes=each)) for each in self.kinds[kind])


@dataclass(frozen=True, slots=True)
class _Read:
    """A document's package, with what the catalogue says of its being kept."""

    package: Package
    version: int
    fingerprint: str
    written: datetime

    @property
    def weight(self) -> int:
        return sum(len(part.text) for part in self.package.parts)


def rebuild_catalogue(archive: Archive, told: Told = lambda done, total: None) -> Rebuilt:
    """Make fonds, TRD versions, documents, versions and decisions again from the store alone; `told` hears how many objects are done, of
    how many: of 0 while they are being looked for.

    What an existing catalogue holds unsealed is sealed first, but for acts on an older copy of a document that its package does not know.
    People, tokens, audit and jobs are not touched. A document whose package holds only its reception comes back as received, with its job.
    What is half written goes; what somebody is writing now is not touched. The memory that it takes hardly grows with the store.
    """
    undone = seal_everything(archive)
    held = _survey(archive, told)
    counts: dict[str, int] = {}
    done, total = 0, sum(map(len, held.kinds.values()))
    for kind in KINDS:
        damaged = []
        for some, bad in _restored(archive, kind, held.identifiers(kind)):
            damaged += bad
            done += some
            told(done, total)
        held.unreadable += [urn(identifier) for identifier in damaged]
        counts[kind] = len(held.kinds[kind]) - len(damaged)
    begin_learning(archive)
    fonds, schedules, documents, deleted, *_ = counts.values()
    return Rebuilt(fonds, schedules, documents, tuple(held.unreadable), tuple(undone), deleted, tuple(held.identifiers(LEDGER)))


def rebuild_index(archive: Archive) -> int:
    """Make every index entry again, beside the old index; the number of entries."""
    from archivo.records.indexing import entries_of

    with archive.reading() as session:
        kept = Document.state.in_((DocumentState.PRESERVED, DocumentState.FINDABLE))

        def entries() -> Any:
            for document in session.scalars(select(Document).where(kept).order_by(Document.id)):
                parts = list(session.scalars(select(DocumentPart).filter_by(document_id=document.id).order_by(DocumentPart.number)))
                yield from entries_of(document, parts, class_facets(session, [document.id]).get(document.id, ()))

        return archive.index.rebuild(entries())


def objects_to_finish(archive: Archive) -> set[str]:
    """The objects that have jobs open: what a rebuild still has to finish."""
    with archive.reading() as session:
        return {*session.scalars(select(Job.object_id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))).distinct())}


def _survey(archive: Archive, told: Told) -> _Held:
    held = _Held()
    for number, (prefix, object_id, inventory) in enumerate(archive.packages.survey(partial(_alone, archive)), 1):
        identifier = from_urn(object_id) if object_id is not None else ""
        kind = kind_of(inventory.state()) if inventory is not None and is_uuid(identifier) else None
        if kind is None:
            held.unreadable.append(object_id or prefix.rstrip("/"))
        else:
            held.kinds[kind].append(UUID(identifier).bytes)
        if number % _SURVEYED == 0:
            told(number, 0)
    return held


@contextmanager
def _alone(archive: Archive, prefix: str, object_id: str | None) -> Iterator[bool]:
    """Whether nobody is writing at a place of the store; the lease of what lies there is held meanwhile, where its name is known."""
    with ExitStack() as held:
        if object_id is not None:
            try:
                held.enter_context(archive.writing_object(object_id, wait=0))
            except Busy:
                yield False
                return
        with archive.reading() as session:
            leased = select(ObjectLease.object_id).where(ObjectLease.object_id != (object_id or ""))
            busy = [*session.scalars(leased), *map(urn, session.scalars(select(Incoming.document_id)))]
        yield prefix not in map(prefix_of, busy)


def _restored(archive: Archive, kind: str, identifiers: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Give the objects of a kind their rows back: how many were tried, a few at a time, and which of those could not be read."""
    if kind == RECORD:
        yield from _documents(archive, identifiers)
        return
    for identifier in identifiers:
        yield 1, [] if restored(archive, kind, identifier) else [identifier]


def _documents(archive: Archive, identifiers: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    fonds: dict[tuple[str, str], str] = {}
    batch: list[_Read] = []
    unread: list[str] = []
    weight = 0
    for identifier, read in _read_ahead(archive, identifiers):
        if read is None or not _has_fonds(archive, read.package, fonds):
            if not restored_beside(archive, identifier):
                unread.append(identifier)
        else:
            batch.append(read)
            weight += read.weight
        if len(batch) + len(unread) >= TOGETHER or weight > ROOM:
            yield len(batch) + len(unread), unread + _written(archive, batch)
            batch, unread, weight = [], [], 0
    yield len(batch) + len(unread), unread + _written(archive, batch)


def _has_fonds(archive: Archive, package: Package, known: dict[tuple[str, str], str]) -> bool:
    """Give a document the fonds that it names, which is made where there is none; False for a fonds that no database keeps."""
    name = (package.fonds["id"], package.fonds["code"])
    if name not in known:
        try:
            known[name] = known_fonds(archive, package.fonds, None)
        except StatementError as fault:
            if is_away(fault) or is_damaged(fault):
                raise
            return False
    package.document.fonds_id = known[name]
    return True


def _read_ahead(archive: Archive, identifiers: Iterable[str]) -> Iterator[tuple[str, _Read | None]]:
    """Read the packages in their order, some at once: of a disk that is busy or of a server, it is the waiting that takes long."""
    coming: deque[tuple[str, Future[_Read | None]]] = deque()
    waiting = iter(identifiers)
    with ThreadPoolExecutor(HANDS, "leer") as hands:
        while True:
            held = sum(done.weight for _, future in coming if future.done() and (done := future.result()) is not None)
            while len(coming) < AHEAD and held < ROOM and (identifier := next(waiting, None)) is not None:
                coming.append((identifier, hands.submit(_read, archive, identifier)))
            if not coming:
                return
            identifier, future = coming.popleft()
            yield identifier, future.result()


def _read(archive: Archive, identifier: str) -> _Read | None:
    """A document's package; None for one that cannot be read."""
    try:
        inventory = archive.packages.inventory(urn(identifier))
        package = package_at(archive.packages, identifier, inventory)
    except (StoreError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if package is None:
        return None
    return _Read(package, inventory.head, inventory.fingerprint(), inventory.versions[inventory.head].created)


def _written(archive: Archive, batch: list[_Read]) -> list[str]:
    """Write the rows of documents together; those that no database keeps. Where some are, each is written alone, and costs only itself.

    So are those that somebody is writing, or has written or edited since their packages were read.
    """
    if not batch:
        return []
    every = [each.package.document.id for each in batch]
    try:
        with archive.transaction() as transaction:
            passed = _passed(transaction.session, batch)
            _write(transaction, [each for each in batch if each.package.document.id not in passed])
    except StatementError as fault:
        if is_away(fault) or is_damaged(fault):
            raise
    except (ValueError, KeyError, TypeError):
        pass
    else:
        every = sorted(passed)
    return [identifier for identifier in every if not restored_beside(archive, identifier)]


def _passed(session: Session, batch: list[_Read]) -> set[str]:
    """The documents that have gone on since their packages were read, or are going on; the rows of the others are held as they are."""
    packages = {each.package.document.id: each.package for each in batch}
    rows = session.scalars(select(Document).where(Document.id.in_([*packages])).order_by(Document.id).with_for_update(key_share=True))
    passed = {row.id for row in rows if is_behind(session, packages[row.id], row)}
    leased = session.scalars(select(ObjectLease.object_id).where(ObjectLease.object_id.in_(map(urn, packages))))
    arriving = session.scalars(select(Incoming.document_id).where(Incoming.document_id.in_([*packages])))
    return {*passed, *map(from_urn, leased), *arriving}


def _write(transaction: Transaction, batch: list[_Read]) -> None:
    session = transaction.session
    packages = {each.package.document.id: each.package for each in batch}
    known = {*session.scalars(select(Document.id).where(Document.id.in_([*packages])))}
    new = {identifier: package for identifier, package in packages.items() if identifier not in known and package.processed}
    _add(session, list(new.values()))
    for identifier in (each for each in packages if each not in new):
        restore_package(transaction, packages[identifier])
    transaction.enqueue_each("index", list(new), queue=Queue.INDEX, priority=3)
    note_each_kept(session, PRINCIPAL, {each.package.document.id: (each.version, each.fingerprint, each.written) for each in batch})


def _add(session: Session, packages: list[Package]) -> None:
    """The rows of documents that the catalogue does not have."""
    for package in packages:
        package.document.state = DocumentState.FINDABLE
    session.add_all([package.document for package in packages])
    session.flush()
    for package in packages:
        session.add_all([*package.versions, *package.representations, *package.parts, *package.events, *package.findings])
    session.flush()
    for package in packages:
        restore_class(session, package)
