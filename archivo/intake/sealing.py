"""Seal acts into packages, and make the rows of a package again."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from archivo.archive import Archive, Busy, Transaction
from archivo.database import HELD, delete_rows, is_away, is_damaged, lock
from archivo.errors import Conflict
from archivo.identifiers import urn
from archivo.intake.keeping import gather_rows
from archivo.intake.recovery import adopt, check_owner, restore_class
from archivo.jobs import Queue
from archivo.records.checking import read_json
from archivo.records.holdings import ASIDE, LEDGER, PRINCIPAL, TOMBSTONE, note_kept, note_package
from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentPart,
    DocumentState,
    Fonds,
    Incoming,
    Office,
    RecordVersion,
    Tombstone,
)
from archivo.records.packaging import EVENTS, RECORD, Package, package_of, read_bytes, read_package, write_metadata
from archivo.records.premis import premis_of
from archivo.records.tombstones import is_tombstone, read_tombstone
from archivo.retention.models import Classification, TrdClass, TrdVersion
from archivo.retention.packaging import FONDS, SOURCE, TRD, read_fonds, read_trd
from preservation.ocfl_inventory import BadInventory, Inventory
from preservation.store import DigestMismatch, ObjectMissing, StoreError

_QUEUED: Final = 1000
_ATTEMPTS: Final = 3
UNSEALED: Final = (DocumentState.RECEIVED, DocumentState.PROCESSING, DocumentState.DELETED)


def seal(archive: Archive, document_id: str) -> None:
    """Write what was done to a record since as the next version of its package; nothing when all of it is there already.

    Nothing either when the package tells of later acts than the rows, as after an older copy of the database was put back: then it is
    `rebuild_catalogue` that makes the rows follow the package. Raises Conflict when each tells of acts that the other does not.
    """
    with archive.writing_object(urn(document_id)):
        seal_held(archive, document_id)


def seal_held(archive: Archive, document_id: str) -> None:
    """seal(), for a caller that holds the lease of the package."""
    archive.packages.recover(urn(document_id))
    with archive.reading() as session:
        rows = gather_rows(session, document_id)
        session.expunge_all()
    document = rows.document
    head = archive.packages.head(urn(document_id))
    if head is None or document.state in UNSEALED:
        return
    if head < document.ocfl_version and is_tombstone(archive, document_id):  # an older copy of the database was put back
        return
    if head > document.ocfl_version:
        held = read_package(archive, document_id)
        assert held is not None
        if _parted(rows.versions, held.versions):
            raise Conflict(
                "package.parted",
                "El paquete y la base de datos tienen actos distintos, y nada se selló: haga «archivo rebuild».",
                "Valdrá lo que dice el paquete; «archivo rebuild» nombra los documentos cuyos últimos actos hay que repetir.",
            )
        if held.document.version > document.version:
            return
        _note_sealed(archive, document_id, archive.packages.inventory(urn(document_id)), held.document.version)
        document.ocfl_version, document.sealed_version = head, max(document.sealed_version, held.document.version)
        for version in rows.versions:
            version.sealed_in = version.sealed_in or (head if version.n <= document.sealed_version else None)
    if document.sealed_version == document.version and not _events_unsealed(archive, document_id, len(rows.events)):
        return
    with archive.packages.new_version(urn(document_id), base=head) as writer:
        write_metadata(writer, rows, premis_of(rows))
        inventory = writer.commit("Acto sobre el documento", "Archivo", None, archive.clock())
    _note_sealed(archive, document_id, inventory, document.version)


def _parted(rows: Sequence[RecordVersion], packaged: Sequence[RecordVersion]) -> bool:
    """Whether the acts of the rows and those of the package are not the same as far as both go."""
    return any((one.at, one.actor, one.act) != (other.at, other.actor, other.act) for one, other in zip(rows, packaged, strict=False))


def count_unsealed(session: Session) -> int:
    """Acts that no package holds yet."""
    return session.scalar(select(func.count()).select_from(Document).where(Document.sealed_version < Document.version)) or 0


def seal_everything(archive: Archive) -> list[str]:
    """Seal every record with acts or events that no package holds yet; the records whose acts cannot be, for the package holds others.

    One whose package cannot be read costs only itself.
    """
    parted = []
    with archive.reading() as session:
        kept = list(session.scalars(select(Document.id).order_by(Document.id)))
    for document_id in kept:
        with suppress(BadInventory, ObjectMissing, DigestMismatch, ValueError, KeyError):
            try:
                seal(archive, document_id)
            except Conflict:
                parted.append(document_id)
    return parted


def begin_learning(archive: Archive) -> None:
    """Have each schedule's classifier trained, and a class proposed for each document that has none: proposals are in no package."""
    with archive.transaction() as transaction:
        for version in transaction.session.scalars(select(TrdVersion.id)):
            transaction.enqueue("train", version, queue=Queue.TRAIN, priority=9)
    unclassified = (
        select(Document.id)
        .outerjoin(Classification, Classification.document_id == Document.id)
        .where(Document.state == DocumentState.FINDABLE, Classification.document_id.is_(None))
        .order_by(Document.id)
        .limit(_QUEUED)
    )
    last = ""
    while True:
        with archive.transaction() as transaction:
            some = list(transaction.session.scalars(unclassified.where(Document.id > last)))
            transaction.enqueue_each("classify", some, queue=Queue.INGEST, priority=9)
        if len(some) < _QUEUED:
            return
        last = some[-1]


def restore_objects(archive: Archive, identifiers: Iterable[str]) -> None:
    """Make the rows of these objects again from their packages; what cannot be read is left as it is."""
    for identifier in identifiers:
        with suppress(StoreError, BadInventory):
            kind = kind_of(archive.packages.inventory(urn(identifier)).state())
            if kind is not None:
                restored(archive, kind, identifier)


def kind_of(held: Collection[str]) -> str | None:
    """Which of KINDS a version that holds these files is; None where it is none of this program's."""
    return next((kind for kind in KINDS if kind in held), None)


def restored(archive: Archive, kind: str, identifier: str) -> bool:
    """Whether an object gave its rows back; one that is damaged, or that no database keeps, costs only itself."""
    return _done(lambda: _restore(archive, kind, identifier))


def restored_beside(archive: Archive, identifier: str) -> bool:
    """restored() of a document beside whoever works on it: under the lease of its package, and what only the rows tell is sealed first.

    What is being received is left to whoever receives it; and to whoever writes it longer than one waits, what has rows already.
    """
    try:
        with archive.writing_object(urn(identifier)):
            return _done(lambda: _follow_package(archive, identifier))
    except Busy:
        with archive.reading() as session:
            return session.get(Document, identifier) is not None


def is_behind(session: Session, package: Package, row: Document) -> bool:
    """Whether a package, as it was read, tells less than the rows do of its document, whose row the caller holds."""
    told = package.document
    return row.ocfl_version > told.ocfl_version or row.version > told.version or _count_events(session, row.id) > len(package.events)


def _done(act: Callable[[], None]) -> bool:
    try:
        act()
    except StatementError as fault:
        if is_away(fault) or is_damaged(fault):
            raise
        return False
    except (StoreError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return True


def _note_sealed(archive: Archive, document_id: str, inventory: Inventory, sealed: int) -> None:
    with archive.transaction() as transaction:
        document = lock(transaction.session, Document, document_id)
        document.ocfl_version = inventory.head
        document.sealed_version = max(document.sealed_version, sealed)
        waiting = select(RecordVersion).filter_by(document_id=document_id, sealed_in=None)
        for version in transaction.session.scalars(waiting):
            if version.n <= sealed:
                version.sealed_in = inventory.head
        note_package(transaction, "Archivo", document_id, inventory)


def _events_unsealed(archive: Archive, document_id: str, known: int) -> bool:
    return len(read_json(read_bytes(archive, document_id, EVENTS))) < known


def _restore(archive: Archive, kind: str, identifier: str) -> None:
    KINDS[kind](archive, identifier)
    _note_principal(archive, identifier)


def _note_principal(archive: Archive, identifier: str) -> None:
    inventory = archive.packages.inventory(urn(identifier))
    with archive.database.writing() as session:
        note_kept(session, PRINCIPAL, identifier, inventory.head, inventory.fingerprint(), inventory.versions[inventory.head].created)


def _follow_package(archive: Archive, document_id: str) -> None:
    """Make a document's rows follow its package, whose lease is held. Rows that are edited again and again before they are sealed stay."""
    for _ in range(_ATTEMPTS):
        kind = kind_of(archive.packages.inventory(urn(document_id)).state())
        if kind != RECORD:  # deleted meanwhile
            return _restore(archive, kind or RECORD, document_id)
        is_parted = not _is_sealed_now(archive, document_id)
        package = read_package(archive, document_id)
        assert package is not None
        with archive.reading() as session:
            if not package.processed and session.get(Incoming, document_id) is not None:
                return
        package.document.fonds_id = known_fonds(archive, package.fonds, None)
        with archive.transaction() as transaction:
            row = transaction.session.get(Document, document_id, with_for_update=HELD)
            is_kept = row is not None and package.processed and not is_parted and _has_unsealed(transaction.session, package, row)
            is_followed = not is_kept
            if is_followed:
                restore_package(transaction, package)
        if is_followed:
            return _note_principal(archive, document_id)


def _is_sealed_now(archive: Archive, document_id: str) -> bool:
    """Seal what a document's rows tell besides its package; False where each tells of acts that the other does not."""
    with archive.reading() as session:
        if session.get(Document, document_id) is None:
            return True
    try:
        seal_held(archive, document_id)
    except Conflict:
        return False
    return True


def _has_unsealed(session: Session, package: Package, row: Document) -> bool:
    """Whether a row tells of acts or events that came since it was sealed: not of what a package of old lacks that stands there again."""
    is_edited = row.version > max(row.sealed_version, package.document.version)
    return is_edited or _count_events(session, row.id) > len(package.events)


def _count_events(session: Session, document_id: str) -> int:
    return session.scalar(select(func.count()).select_from(DocumentEvent).where(DocumentEvent.document_id == document_id)) or 0


def _restore_nothing(archive: Archive, identifier: str) -> None:
    """Of a package that has no rows of its own: that it is kept is all. A ledger's are for custody.ledger to restore."""


def _restore_fonds(archive: Archive, identifier: str) -> None:
    """A fonds of a code that another object or the catalogue has already, as a deposit before a rebuild makes it, becomes part of that."""
    fonds, offices = read_fonds(identifier, read_bytes(archive, identifier, FONDS))
    fonds.ocfl_version = archive.packages.inventory(urn(identifier)).head
    with archive.transaction() as transaction:
        session = transaction.session
        known = session.scalars(select(Fonds.id).where(Fonds.code == fonds.code)).first() or fonds.id
        if known == fonds.id:
            session.merge(fonds)
            session.flush()
        _add_offices(session, known, offices)
        if known != fonds.id:
            transaction.enqueue("keep_fonds", known, queue=Queue.SEAL, priority=6)


def _add_offices(session: Session, fonds_id: str, offices: Iterable[Office]) -> None:
    """Of a code that the fonds has already, the office stays that it has. Raises Unreadable for one that is another fonds'."""
    known = {code: office_id for code, office_id in session.execute(select(Office.code, Office.id).where(Office.fonds_id == fonds_id))}
    for office in offices:
        check_owner(session, Office, office.id, "fonds_id", fonds_id)
        if known.get(office.code, office.id) == office.id:
            office.fonds_id = fonds_id
            session.merge(office)


def _restore_trd(archive: Archive, identifier: str) -> None:
    fonds, version, classes = read_trd(identifier, read_bytes(archive, identifier, TRD), read_bytes(archive, identifier, SOURCE))
    version.fonds_id = known_fonds(archive, {"id": fonds.id, "code": fonds.code, "name": fonds.name}, version.imported_at)
    version.ocfl_version = archive.packages.inventory(urn(identifier)).head
    with archive.transaction() as transaction:
        session = transaction.session
        session.merge(version)
        session.flush()
        for item in classes:
            check_owner(session, TrdClass, item.id, "trd_id", identifier)
            session.merge(item)


def _restore_document(archive: Archive, identifier: str) -> None:
    package = read_package(archive, identifier)
    if package is None:
        raise KeyError(RECORD)
    package.document.fonds_id = known_fonds(archive, package.fonds, None)
    with archive.transaction() as transaction:
        restore_package(transaction, package)


def restore_package(transaction: Transaction, package: Package) -> None:
    """Make the rows of a document be what its package says, whatever they were; of one that was only received, where there are none."""
    if package.processed:
        _merge_rows(transaction, package, DocumentState.FINDABLE)
        transaction.enqueue("index", package.document.id, queue=Queue.INDEX, priority=3)
    elif transaction.session.get(Document, package.document.id) is None:
        adopt(transaction, package)


def _restore_tombstone(archive: Archive, identifier: str) -> None:
    """What was deleted is told as deleted, whatever the rows said of it. A tombstone of damaged bytes has no document."""
    said = read_tombstone(archive, identifier)
    record = said["record"]
    if record is not None:
        package = package_of(identifier, archive.packages.inventory(urn(identifier)).head, record, said["events"], [], processed=True)
        package.document.fonds_id = known_fonds(archive, package.fonds, None)
        with archive.transaction() as transaction:
            delete_rows(transaction.session, DocumentPart, document_id=identifier)
            delete_rows(transaction.session, DocumentFinding, document_id=identifier)
            _merge_rows(transaction, package, DocumentState.DELETED)
        archive.index.remove([identifier])
    with archive.transaction() as transaction:
        transaction.session.merge(Tombstone(object_id=identifier, act=said["act"], said=dict(said)))


def _merge_rows(transaction: Transaction, package: Package, state: DocumentState) -> None:
    session = transaction.session
    document = package.document
    document.state = state
    session.merge(document)
    session.flush()
    for model in (RecordVersion, DocumentEvent):
        for row in session.scalars(select(model).where(model.document_id == document.id)):
            session.delete(row)
    session.flush()
    for row in (*package.versions, *package.representations, *package.parts, *package.events, *package.findings):
        session.merge(row)
    restore_class(session, package)


def known_fonds(archive: Archive, fonds: Mapping[str, str], created_at: datetime | None) -> str:
    """The identifier of the fonds of this code; one whose own object was not written yet is known from what its documents say of it."""
    with archive.transaction() as transaction:
        known = transaction.session.scalars(select(Fonds.id).where(Fonds.code == fonds["code"])).first()
        if known is None and transaction.session.get(Fonds, fonds["id"]) is None:
            new = Fonds(id=fonds["id"], code=fonds["code"], name=fonds["name"], created_at=created_at or transaction.now, ocfl_version=0)
            transaction.session.add(new)
            transaction.enqueue("keep_fonds", fonds["id"], queue=Queue.SEAL, priority=6)
        return known or fonds["id"]


KINDS: Final[Mapping[str, Callable[[Archive, str], None]]] = {
    FONDS: _restore_fonds,
    TRD: _restore_trd,
    RECORD: _restore_document,
    TOMBSTONE: _restore_tombstone,
    ASIDE: _restore_nothing,
    LEDGER: _restore_nothing,
}
"""The file that tells what a package is, and how its rows are made again; what the others name comes first."""
