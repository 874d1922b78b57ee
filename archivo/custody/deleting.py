"""Do what a confirmed deletion orders: each document's package becomes a tombstone, in every place, whatever interrupts it.

What was there is written down first, and from then on the document is told as deleted; then the package goes whole, and a package of the
same name takes its place, which says what it was. Interrupted, it is done again from where it was. Replicas follow as they answer.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.archive import Archive, Busy, Transaction
from archivo.audit import services as audit
from archivo.custody import holding, replicas
from archivo.custody.asides import set_apart
from archivo.custody.deletion import documents_of
from archivo.custody.deletion_rules import Authority, deletion_rules
from archivo.custody.models import Deletion, DeletionDocument, DeletionState
from archivo.database import delete_rows, lock, rows_of
from archivo.errors import Conflict
from archivo.identifiers import urn
from archivo.jobs import Job, JobState
from archivo.records import holds
from archivo.records.holdings import PRINCIPAL, TOMBSTONE, note_package
from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentPart,
    DocumentState,
    Fonds,
    KeptCopy,
    RecordVersion,
    Representation,
    Tombstone,
)
from archivo.records.packaging import PREMIS, RecordRows, canonical, event_json, event_rows, instant, record_json
from archivo.records.premis import premis_of
from archivo.records.tombstones import is_tombstone
from archivo.retention.classification import sealed_sections
from archivo.retention.models import Classification
from preservation.ocfl_inventory import BadInventory, Inventory
from preservation.ocfl_layout import prefix_of
from preservation.ocfl_removal import remove_object
from preservation.premis import Event, EventType, Outcome
from preservation.store import ObjectMissing, StoreFull, StoreUnavailable

NO_TITLE: Final = "Documento eliminado"
_AGENT: Final = "Archivo"


def execute(archive: Archive, deletion_id: str) -> None:
    """Delete what a request names and is not deleted yet, once its time came. Nothing while a hold stands on any of it, or a server's
    lock keeps any of it in the archive's own store.

    Raises Busy where something is still to be done to a document: then it is tried again. Raises Conflict for a package that is damaged,
    once the others are done.
    """
    if not _begin(archive, deletion_id):
        return  # it waits: a hold stands on some of it, or the server keeps it
    damaged: list[Conflict] = []
    for document_id in sorted(documents_of(archive, [deletion_id])):
        try:
            _delete(archive, deletion_id, document_id)
        except Conflict as fault:
            damaged.append(fault)
    if damaged:
        raise damaged[0]
    with archive.transaction() as transaction:
        deletion = lock(transaction.session, Deletion, deletion_id)
        left = [each for each in rows_of(transaction.session, DeletionDocument, deletion_id=deletion_id) if each.done_at is None]
        if not left and deletion.state == DeletionState.EXECUTING:
            deletion.state, deletion.executed_at = DeletionState.EXECUTED, transaction.now
            audit.record(transaction, _AGENT, "deletion.executed", deletion_id)


def _begin(archive: Archive, deletion_id: str) -> bool:
    with archive.reading() as session:
        state = session.get_one(Deletion, deletion_id).state
        ids = [each.document_id for each in rows_of(session, DeletionDocument, "document_id", deletion_id=deletion_id)]
    if state == DeletionState.CONFIRMED and holding.keeps_from_deletion(archive, deletion_id, ids):
        return False
    with archive.transaction() as transaction:
        deletion = lock(transaction.session, Deletion, deletion_id)
        if deletion.state == DeletionState.EXECUTING:
            return True
        is_due = deletion.state == DeletionState.CONFIRMED and deletion.due_at is not None and deletion.due_at <= transaction.now
        ids = [each.document_id for each in rows_of(transaction.session, DeletionDocument, deletion_id=deletion_id)]
        if not is_due or holds.standing(transaction.session, ids):
            return False
        deletion.state = DeletionState.EXECUTING
        audit.record(transaction, _AGENT, "deletion.execute", deletion_id, detail={"documents": len(ids)})
        return True


def _delete(archive: Archive, deletion_id: str, document_id: str) -> None:
    with archive.writing_object(urn(document_id)):
        if not _noted(archive, deletion_id, document_id):
            return
        with archive.reading() as session:
            said = session.get_one(Tombstone, document_id).said
            apart = [
                each
                for each in session.scalars(select(Tombstone).where(Tombstone.act == deletion_id))
                if each.said.get("of") == document_id
            ]
            premis = premis_of(_rows(session, session.get_one(Document, document_id)))
        archive.index.remove([document_id])
        sha256 = str(said["record"]["sha256"])
        shutil.rmtree(archive.cache / "pages" / sha256[:2] / sha256, ignore_errors=True)
        for each in apart:
            _note_buried(archive, each.object_id, _bury(archive, each.object_id, each.said, None))
        inventory = _bury(archive, document_id, said, premis)
        _end_document(archive, deletion_id, document_id, said, inventory)
    for location in archive.replicas:
        for identifier in (document_id, *(each.object_id for each in apart)):
            with suppress(StoreUnavailable, StoreFull):  # it is behind, and is brought up when it answers
                replicas.replicate(archive, location, identifier)


def _noted(archive: Archive, deletion_id: str, document_id: str) -> bool:
    """Write down what there is, and hide it: from here on it is told as deleted. False while a hold stands on it."""
    with archive.transaction() as transaction:
        session = transaction.session
        document = lock(session, Document, document_id)
        if session.get(Tombstone, document_id) is not None:
            return True
        if holds.standing(session, [document_id]):
            return False
        if jobs.open_jobs(session, document_id):
            raise Busy(urn(document_id))
        order = session.get_one(Deletion, deletion_id)
        said = _order_said(order, instant(transaction.now))
        for identifier in set_apart(archive, session, [document_id]).get(document_id, ()):
            whole = {**said, "id": identifier, "of": document_id, **_package_said(archive, identifier), "record": None, "events": []}
            session.add(Tombstone(object_id=identifier, act=deletion_id, said=whole))
            delete_rows(session, KeptCopy, location=PRINCIPAL, object_id=identifier)
        package = _package_said(archive, document_id)
        _hide(transaction, document, order, said)
        rows = _rows(session, document)
        whole = {**said, "id": document_id, **package, "record": record_json(rows, 1), "events": [event_json(each) for each in rows.events]}
        session.add(Tombstone(object_id=document_id, act=deletion_id, said=json.loads(json.dumps(whole))))
        delete_rows(session, KeptCopy, location=PRINCIPAL, object_id=document_id)
        return True


def _order_said(order: Deletion, now: str) -> dict[str, Any]:
    authority = deletion_rules().authorities.get(order.authority_type) or Authority(order.authority_type, order.authority_type, "", "", "")
    assert order.confirmed_by is not None
    assert order.confirmed_at is not None
    return {
        "schema": 1,
        "kind": "tombstone",
        "act": order.id,
        "authority": {
            "type": order.authority_type,
            "name": authority.name,
            "rule": authority.rule,
            "number": order.authority_number,
            "date": order.authority_date,
            "signed_by": order.authority_signed_by,
        },
        "reason": order.reason,
        "requested_by": order.requested_by,
        "requested_at": instant(order.requested_at),
        "confirmed_by": order.confirmed_by,
        "confirmed_at": instant(order.confirmed_at),
        "at": now,
    }


def _package_said(archive: Archive, identifier: str) -> dict[str, Any]:
    """The package that is to go: its versions, the digest of its inventory, and the digest and size of each file. Raises Conflict."""
    try:
        inventory = archive.packages.inventory(urn(identifier))
    except (BadInventory, ObjectMissing) as fault:
        raise Conflict(
            "package.damaged",
            "Lo guardado de este documento está dañado, y no se puede decir qué se eliminaría. No se eliminó.",
            f"Recupérelo antes con «archivo verify --repair {identifier}».",
        ) from fault
    prefix = prefix_of(urn(identifier))
    sizes = {found.key.removeprefix(prefix): found.size for found in archive.packages.keys(urn(identifier))}
    files = [{"path": path, "digest": value, "size": sizes.get(path, 0)} for path, value in sorted(inventory.content().items())]
    return {
        "package": {"version": inventory.head, "inventory": inventory.fingerprint(), "algorithm": inventory.algorithm},
        "files": files,
    }


def _hide(transaction: Transaction, document: Document, order: Deletion, said: Mapping[str, Any]) -> None:
    """Take from the rows what the content said, and what may not be told any more, and tell the deletion."""
    session = transaction.session
    is_told = document.access in deletion_rules().keeps_title
    gone: dict[str, Any] = {"description": "", "proposals": {}, "is_doubtful": False, "part_count": 0}
    if not is_told:
        gone |= {"title": NO_TITLE, "filename": NO_TITLE, "number": None, "producer": None}
    for name, value in gone.items():
        setattr(document, name, value)
    for model in (DocumentPart, DocumentFinding):
        delete_rows(session, model, document_id=document.id)
    delete_rows(session, Job, object_id=document.id, state=JobState.FAILED)  # nothing of it is to be tried again
    for version in rows_of(session, RecordVersion, "n", document_id=document.id):
        version.sealed_in, version.changes = 1, {}
    document.version += 1
    act = {"document_id": document.id, "n": document.version, "at": transaction.now, "actor": order.confirmed_by, "act": "delete"}
    session.add(RecordVersion(**act, changes={"state": [document.state, DocumentState.DELETED]}, sealed_in=1))
    events = rows_of(session, DocumentEvent, "sequence", document_id=document.id)
    for row in events:
        if not is_told and "filename" in row.params:
            row.params = {**row.params, "filename": NO_TITLE}
    decided = session.get(Classification, document.id)
    if decided is not None:
        decided.reasons, decided.alternatives, decided.needs_audit = [], [], False
    told = {**said["authority"], "requested_by": said["requested_by"], "confirmed_by": said["confirmed_by"], "reason": said["reason"]}
    event = Event(EventType.DELETION, Outcome.SUCCESS, _AGENT, transaction.now, "deleted", {**told, "authority": said["authority"]["name"]})
    session.add_all(event_rows(document.id, [event], len(events) + 1))
    document.state, document.ocfl_version, document.sealed_version = DocumentState.DELETED, 0, document.version
    transaction.changes_catalogue = True
    session.flush()


def _rows(session: Session, document: Document) -> RecordRows:
    """The rows of a document that was deleted, as its tombstone is to hold them."""
    own = {"document_id": document.id}
    return RecordRows(
        fonds=session.get_one(Fonds, document.fonds_id),
        document=document,
        versions=rows_of(session, RecordVersion, "n", **own),
        representations=rows_of(session, Representation, "role", **own),
        parts=[],
        events=rows_of(session, DocumentEvent, "sequence", **own),
        findings=[],
        sections={**sealed_sections(session, document.id), **holds.sealed_section(session, document.id)},
    )


def _bury(archive: Archive, identifier: str, said: Mapping[str, Any], premis: bytes | None) -> Inventory:
    """Put a tombstone in the place of a package; one that stands there is finished."""
    object_id = urn(identifier)
    if is_tombstone(archive, identifier):
        archive.packages.recover(object_id)
        return archive.packages.inventory(object_id)
    remove_object(archive.store, prefix_of(object_id), act=str(said["act"]))
    with archive.packages.new_version(object_id, base=None) as writer:
        writer.put_bytes(TOMBSTONE, canonical(said))
        if premis is not None:
            writer.put_bytes(PREMIS, premis)
        writer.check()
        return writer.commit("Eliminación", str(said["confirmed_by"]), "", archive.clock())


def _note_buried(archive: Archive, identifier: str, inventory: Inventory) -> None:
    with archive.transaction() as transaction:
        note_package(transaction, _AGENT, identifier, inventory)
        audit.record(transaction, _AGENT, "package.delete", identifier)


def _end_document(archive: Archive, deletion_id: str, document_id: str, said: Mapping[str, Any], inventory: Inventory) -> None:
    with archive.transaction() as transaction:
        session = transaction.session
        document = lock(session, Document, document_id)
        document.ocfl_version, document.sealed_version = inventory.head, document.version
        session.get_one(DeletionDocument, (deletion_id, document_id)).done_at = transaction.now
        note_package(transaction, _AGENT, document_id, inventory)
        detail = {"deletion": deletion_id, "requested_by": said["requested_by"], "confirmed_by": said["confirmed_by"]}
        audit.record(transaction, _AGENT, "document.delete", document_id, detail=detail)
        transaction.changes_catalogue = True
