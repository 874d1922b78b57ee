"""What a dead process left of a deposit is finished or removed; rows of a received document are made from its package."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import table_of
from archivo.identifiers import urn
from archivo.intake.models import DigestClaim
from archivo.jobs import Queue
from archivo.records.models import Document, Incoming
from archivo.records.packaging import Package, parse_instant, read_package
from archivo.retention import classification
from archivo.retention.models import Classification, Decision, TrdVersion
from archivo.retention.services import resolve_class

SILENCE: Final = timedelta(minutes=5)
"""Of a deposit received by another machine; then it is taken for dead."""


def recover_deposits(archive: Archive) -> int:
    """Finish or remove what dead processes were receiving; how many.

    A version 1 that is whole is kept as received, for its sender may have been answered; anything less is removed.
    """
    with archive.reading() as session:
        dead = [row for row in session.scalars(select(Incoming)) if is_dead(archive, row)]
    for row in dead:
        with archive.writing_object(urn(row.document_id)):
            archive.packages.recover(urn(row.document_id))
            whole = archive.packages.head(urn(row.document_id)) is not None
            with archive.transaction() as transaction:
                known = transaction.session.get(Document, row.document_id) is not None
                if whole and not known and (package := read_package(archive, row.document_id)):
                    adopt(transaction, package)
                    kept = package.document
                    audit.record(transaction, kept.received_by, "document.deposit", kept.id, detail={"sha256": kept.sha256})
                transaction.session.execute(delete(DigestClaim).where(DigestClaim.document_id == row.document_id))
                transaction.session.execute(delete(Incoming).where(Incoming.document_id == row.document_id))
    return len(dead)


def is_dead(archive: Archive, row: Incoming) -> bool:
    """Whether nobody is receiving this any more. Of another machine only time tells: who receives says so now and then."""
    if row.owner == archive.process:
        return row.document_id not in archive.receiving
    return not archive.is_alive(row.owner) or row.started_at < archive.clock() - SILENCE


def still_receiving(archive: Archive, document_id: str) -> None:
    """Say, in the row of a deposit in flight, that it goes on."""
    with archive.database.writing() as session:
        session.execute(update(table_of(Incoming)).filter_by(document_id=document_id).values(started_at=archive.clock()))


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
    """Make the class that counts and the decisions again from a package; a class of a schedule that is nowhere is left out."""
    held = package.sections.get("classification")
    if held and session.get(TrdVersion, held["trd_id"]) is not None:
        session.merge(Classification(document_id=package.document.id, **{**held, "at": parse_instant(held["at"])}))
    for decision in package.sections.get("decisions") or ():
        session.merge(Decision(document_id=package.document.id, **{**decision, "at": parse_instant(decision["at"])}))
