"""What a dead process left of a deposit is finished or removed; rows of a received document are made from its package."""

import logging
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import Base, table_of
from archivo.identifiers import urn
from archivo.jobs import Queue
from archivo.records import holds
from archivo.records.checking import Unreadable, row_of
from archivo.records.holdings import note_package
from archivo.records.models import Document, Incoming, LegalHold
from archivo.records.packaging import Package, read_package
from archivo.retention import classification
from archivo.retention.models import Classification, Decision, TrdClass, TrdVersion
from archivo.retention.services import resolve_class
from preservation.ocfl_inventory import BadInventory
from preservation.store import DigestMismatch, ObjectMissing

LOG: Final = logging.getLogger("archivo.trabajos")
SILENCE: Final = timedelta(minutes=5)
"""Of a deposit received by another machine; then it is taken for dead."""


def recover_deposits(archive: Archive) -> int:
    """Finish or remove what dead processes were receiving; how many.

    A version 1 that is whole is kept as received; anything less is removed. Who was taken for dead and is not is refused when it ends
    (`end_receiving`). A package that cannot be read costs only itself.
    """
    with archive.reading() as session:
        dead = [row for row in session.scalars(select(Incoming)) if is_dead(archive, row)]
    taken = [row for row in dead if _take(archive, row)]
    for row in taken:
        archive.receiving.add(row.document_id)
        try:
            _recover(archive, row.document_id)
        except (BadInventory, ObjectMissing, DigestMismatch, Unreadable) as fault:
            LOG.warning("lo recibido a medias de %s no se pudo leer: %s", row.document_id, type(fault).__name__)
        finally:
            archive.receiving.discard(row.document_id)
    return len(taken)


def end_receiving(session: Session, owner: str, document_id: str) -> bool:
    """End a deposit, with its claim, in the transaction of its rows. False when another process took it for dead, and may have removed
    what was put.
    """
    ended = session.execute(delete(table_of(Incoming)).filter_by(document_id=document_id, owner=owner))
    return bool(getattr(ended, "rowcount", 0))


def is_dead(archive: Archive, row: Incoming) -> bool:
    """Whether nobody is receiving this any more. Of another machine only time tells: who receives says so now and then."""
    if row.owner == archive.process:
        return row.document_id not in archive.receiving
    return not archive.is_alive(row.owner) or row.started_at < archive.clock() - SILENCE


def still_receiving(archive: Archive, document_id: str) -> None:
    """Say, in the row of a deposit in flight, that it goes on."""
    with archive.database.writing() as session:
        mine = update(table_of(Incoming)).filter_by(document_id=document_id, owner=archive.process)
        session.execute(mine.values(started_at=archive.clock()))


def adopt(transaction: Transaction, package: Package) -> None:
    """Make the rows of a received document from its package of version 1, with its job."""
    session = transaction.session
    session.add(package.document)
    session.flush()
    session.add_all([*package.versions, *package.representations, *package.events, *package.findings])
    restore_class(session, package)
    given = package.sections.get("given_class")
    if given and session.get(TrdVersion, given["trd_id"]) is not None:
        chosen = resolve_class(session, given["trd_id"], given["key"], None)
        classification.decide(transaction, package.document, chosen, given["actor"])
    transaction.enqueue("process", package.document.id, queue=Queue.INGEST)


def restore_class(session: Session, package: Package) -> None:
    """Make the class that counts, the decisions and the holds again from a package; a class of a schedule that is nowhere is left out."""
    held, decisions = class_rows(package)
    owner = package.document.id
    if held is not None and session.get(TrdVersion, held.trd_id) is not None:
        if held.class_id is not None:
            check_owner(session, TrdClass, held.class_id, "trd_id", held.trd_id)
        session.merge(held)
    for decision in decisions:
        check_owner(session, Decision, decision.id, "document_id", owner)
        session.merge(decision)
    for hold in package.sections.get("holds") or ():
        check_owner(session, LegalHold, hold["id"], "document_id", owner)
    holds.restore_section(session, owner, package.sections.get("holds") or ())


def class_rows(package: Package) -> tuple[Classification | None, list[Decision]]:
    """The class that a package holds, and the decisions. Raises Unreadable for what retention does not write."""
    own = {"document_id": package.document.id}
    try:
        held = package.sections.get("classification")
        row = row_of(Classification, {**held, **own}) if held else None
        decisions = [row_of(Decision, {**decision, **own}) for decision in package.sections.get("decisions") or ()]
    except TypeError as fault:
        raise Unreadable("not a class or a decision") from fault
    if row is not None and row.status not in set(classification.Status):
        raise Unreadable("not a status of a class")
    return row, decisions


def check_owner(session: Session, model: type[Base], identity: str, column: str, owner: str) -> None:
    """Raise Unreadable where a row of this identity is there, and is of another owner than what a package says."""
    there = session.get(model, identity)
    if there is not None and getattr(there, column) != owner:
        raise Unreadable(f"{model.__name__} of another {column}")


def _take(archive: Archive, row: Incoming) -> bool:
    """Make a deposit that was found dead one's own, before anything of it is touched; False when it was not dead, or is another's now."""
    seen = update(table_of(Incoming)).filter_by(document_id=row.document_id, owner=row.owner, started_at=row.started_at)
    with archive.database.writing() as session:
        taken = session.execute(seen.values(owner=archive.process, started_at=archive.clock()))
        return bool(getattr(taken, "rowcount", 0))


def _recover(archive: Archive, document_id: str) -> None:
    with archive.writing_object(urn(document_id)):
        archive.packages.recover(urn(document_id))
        whole = archive.packages.head(urn(document_id)) is not None
        with archive.transaction() as transaction:
            known = transaction.session.get(Document, document_id) is not None
            if whole and not known and (package := read_package(archive, document_id)):
                adopt(transaction, package)
                kept = package.document
                audit.record(transaction, kept.received_by, "document.deposit", kept.id, detail={"sha256": kept.sha256})
                note_package(transaction, kept.received_by, kept.id, archive.packages.inventory(urn(kept.id)))
            end_receiving(transaction.session, archive.process, document_id)
