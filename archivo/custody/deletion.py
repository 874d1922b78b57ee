"""Ask that documents be deleted under an authority, have another person confirm it, desist; and when each is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.access.policy import ACTS, Actor, Grant, may_see, require
from archivo.access.services import was_handed_over
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.custody import holding
from archivo.custody.deletion_rules import Authority, deletion_rules
from archivo.custody.models import Deletion, DeletionDocument, DeletionState
from archivo.database import lock, rows_of
from archivo.errors import Conflict, Invalid, Refused, Unknown
from archivo.identifiers import is_uuid, new_uuid
from archivo.jobs import Job, JobState, Queue
from archivo.jobs_of_many import without_job
from archivo.records import holds
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import Document, DocumentState, KeptCopy
from archivo.records.services import clean_line, visible_document

MOST: Final = 1000
MACHINE: Final = "cli:"
KEPT: Final = (DocumentState.PRESERVED, DocumentState.FINDABLE, DocumentState.FAILED)
OPEN: Final = (DeletionState.REQUESTED, DeletionState.CONFIRMED, DeletionState.EXECUTING)


@dataclass(frozen=True, slots=True)
class Order:
    """The act that orders a deletion. `type` is one of the policy's; `date` is ISO; `signed_by` names who signed it."""

    type: str
    number: str
    date: str
    signed_by: str


@dataclass(frozen=True, slots=True)
class DeletionDocumentView:
    """A document of a request, by the title that is still told of it; empty for who may not know of it. `is_held`: a hold stands on it."""

    id: str
    title: str
    is_held: bool
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeletionView:
    """A request. `authority` is the kind of act in words, `rule` its norm. `places`: the replicas where something of it still stands.
    `kept`: why the server of the archive's own store let nothing be deleted when it was last asked ("" if it does), in Spanish.
    """

    id: str
    state: str
    authority: str
    rule: str
    number: str
    date: str
    signed_by: str
    reason: str
    requested_by: str
    requested_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    due_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    executed_at: datetime | None
    documents: tuple[DeletionDocumentView, ...]
    places: tuple[str, ...]
    kept: str

    @property
    def is_held(self) -> bool:
        return any(each.is_held and each.done_at is None for each in self.documents)


def request(archive: Archive, actor: Actor, ids: Sequence[str], order: Order, reason: str) -> DeletionView:
    """Ask that these documents be deleted. Nothing is touched until another person confirms it and its time comes.

    Raises Invalid for an order that is not whole or no documents, Conflict for a document that is held, not kept, or asked for already.
    """
    require(archive, actor, Grant.DELETE)
    ids = list(dict.fromkeys(ids))
    if not 1 <= len(ids) <= MOST:
        raise Invalid(
            "deletion.documents", f"Se pide la eliminación de 1 a {MOST} documentos a la vez. No se pidió nada.", "Hágalo por partes."
        )
    order, reason = _checked(archive, order), holds.reason_or_invalid(reason)
    with archive.transaction() as transaction:
        session = transaction.session
        for document_id in sorted(ids):
            document = visible_document(session, actor, document_id, held=True)
            if document.state not in KEPT:
                raise _not_yet(document, "todavía se está leyendo")
            if _is_asked_for(session, document_id):
                raise _not_yet(document, "ya está en otra petición")
        _refuse_held(session, ids)
        deletion = Deletion(
            id=new_uuid(transaction.now),
            state=DeletionState.REQUESTED,
            authority_type=order.type,
            authority_number=order.number,
            authority_date=order.date,
            authority_signed_by=order.signed_by,
            reason=reason,
            requested_by=actor.login,
            requested_at=transaction.now,
        )
        session.add(deletion)
        session.flush()
        session.add_all(DeletionDocument(deletion_id=deletion.id, document_id=each) for each in ids)
        _record(transaction, actor, "deletion.request", deletion, documents=len(ids))
        for document_id in ids:
            audit.record(transaction, actor.login, "document.deletion.request", document_id, detail={"deletion": deletion.id})
        session.flush()
        return _view(archive, session, actor, deletion)


def confirm(archive: Archive, actor: Actor, deletion_id: str) -> DeletionView:
    """Confirm what another person asked for: from now on it waits, and then it is done.

    Raises Refused for the person who asked, for the machine's own line of commands, which is nobody, and for an account that another
    made or changed since it was asked for: whoever asks could be the second person too; Conflict for one that is not waiting for it, or
    has a document that is held; Unknown.
    """
    require(archive, actor, Grant.DELETE, deletion_id)
    with archive.reading() as session:
        asked = _known(session, deletion_id)
        asked_by, is_new = asked.requested_by, was_handed_over(session, actor.login, asked.requested_at)
    if actor.role == "custody" or actor.login == asked_by.removeprefix(MACHINE):
        audit.record_refusal(archive, actor.login, "deletion.confirm", deletion_id)
        raise Refused(
            "deletion.same_person",
            "Una eliminación la confirma una persona del archivo distinta de quien la pidió. No se confirmó.",
            f"Pida a otra persona que pueda {ACTS[Grant.DELETE]} que ingrese y la confirme.",
        )
    if is_new:
        audit.record_refusal(archive, actor.login, "deletion.confirm", deletion_id)
        raise Refused(
            "deletion.new_account",
            "Esta cuenta se creó, o recibió de otra persona su clave o su papel, después de que se pidió la eliminación. No se confirmó.",
            "Confírmela con una cuenta que ya estuviera así; o desistan de ella y pídanla de nuevo.",
        )
    with archive.transaction() as transaction:
        session = transaction.session
        deletion = lock(session, Deletion, deletion_id)
        _must_be(deletion, (DeletionState.REQUESTED,))
        ids = _ids(session, deletion_id)
        for document_id in sorted(ids):
            visible_document(session, actor, document_id, held=True)
        _refuse_held(session, ids)
        deletion.state, deletion.confirmed_by, deletion.confirmed_at = DeletionState.CONFIRMED, actor.login, transaction.now
        deletion.due_at = transaction.now + deletion_rules().waiting
        _record(transaction, actor, "deletion.confirm", deletion)
        return _view(archive, session, actor, deletion)


def withdraw(archive: Archive, actor: Actor, deletion_id: str) -> DeletionView:
    """Desist of a deletion that was not begun. Raises Conflict for one that was, Unknown."""
    require(archive, actor, Grant.DELETE, deletion_id)
    with archive.transaction() as transaction:
        session = transaction.session
        _known(session, deletion_id)
        deletion = lock(session, Deletion, deletion_id)
        _must_be(deletion, (DeletionState.REQUESTED, DeletionState.CONFIRMED))
        deletion.state, deletion.withdrawn_by, deletion.withdrawn_at = DeletionState.WITHDRAWN, actor.login, transaction.now
        _record(transaction, actor, "deletion.withdraw", deletion)
        return _view(archive, session, actor, deletion)


def list_deletions(archive: Archive, actor: Actor) -> list[DeletionView]:
    """Every request, the newest first."""
    require(archive, actor, Grant.DELETE)
    with archive.reading() as session:
        return [_view(archive, session, actor, each) for each in session.scalars(select(Deletion).order_by(Deletion.id.desc()))]


def view_deletion(archive: Archive, actor: Actor, deletion_id: str) -> DeletionView:
    """One request. Raises Unknown."""
    require(archive, actor, Grant.DELETE, deletion_id)
    with archive.reading() as session:
        return _view(archive, session, actor, _known(session, deletion_id))


def schedule(archive: Archive, *, again: bool = False) -> list[str]:
    """Have what is due, or was begun, done: the requests for which there is a job. Any number may ask.

    One whose job failed waits for a person, who asks for it `again`.
    """
    now = archive.clock()
    with archive.reading() as session:
        begun = select(Deletion.id).where(Deletion.state == DeletionState.EXECUTING)
        waited = select(Deletion.id).where(Deletion.state == DeletionState.CONFIRMED, Deletion.due_at <= now)
        due = [*session.scalars(begun), *session.scalars(waited)]
        free = [each for each in due if not holds.standing(session, _left(session, each))]
        free = [each for each in free if again or not holding.is_kept(session, each, now)]
        failed = {job.object_id for job in session.scalars(select(Job).where(Job.kind == "delete", Job.state == JobState.FAILED))}
        free = [each for each in free if again or each not in failed]
        wanting = [each for each in free if not jobs.open_jobs(session, each)]
    if wanting:
        with archive.transaction() as transaction:
            for deletion_id in without_job(transaction.session, "delete", wanting):
                transaction.enqueue("delete", deletion_id, queue=Queue.CUSTODY, priority=8)
    return free


def documents_of(archive: Archive, deletion_ids: Sequence[str]) -> set[str]:
    """The documents of some requests that are not tombstones yet."""
    with archive.reading() as session:
        return {document_id for each in deletion_ids for document_id in _left(session, each)}


def _checked(archive: Archive, order: Order) -> Order:
    known = deletion_rules().authorities
    if order.type not in known:
        names = ", ".join(f"{each.type} ({each.name})" for each in known.values())
        raise _incomplete(f"«{order.type}» no es un acto que pueda ordenar una eliminación", f"Los que hay: {names}.")
    number, signed_by = clean_line(order.number), clean_line(order.signed_by)
    if not 1 <= len(number) <= 120 or not signed_by:
        raise _incomplete("falta el número del acto o quién lo firmó", "Escriba los que tiene el acto.")
    try:
        day = date.fromisoformat(order.date)
    except ValueError as fault:
        raise _incomplete(f"«{order.date}» no es una fecha", "Escríbala como 2027-03-15.") from fault
    if day > archive.clock().date():
        raise _incomplete("la fecha del acto está por venir", "Revise la fecha: un acto ordena desde que se firma.")
    return Order(order.type, number, day.isoformat(), signed_by)


def _incomplete(what: str, remedy: str) -> Invalid:
    return Invalid("deletion.authority", f"No se pidió la eliminación: {what}.", remedy)


def _not_yet(document: Document, why: str) -> Conflict:
    return Conflict("deletion.document", f"«{document.title}» ({document.id}) {why}. No se pidió nada.", "Quítelo de la petición.")


def _refuse_held(session: Session, ids: Sequence[str]) -> None:
    held = holds.standing(session, ids)
    if held:
        raise Conflict(
            "deletion.held",
            f"El documento {held[0].document_id} está retenido por {held[0].placed_by}: {held[0].reason} No se hizo nada.",
            "Mientras esté retenido no se elimina. Quien puede levantar la retención lo hace con «archivo hold lift».",
        )


def _is_asked_for(session: Session, document_id: str) -> bool:
    asked = select(Deletion.id).join(DeletionDocument, DeletionDocument.deletion_id == Deletion.id)
    return session.scalars(asked.where(DeletionDocument.document_id == document_id, Deletion.state.in_(OPEN))).first() is not None


def _must_be(deletion: Deletion, states: Sequence[DeletionState]) -> None:
    if deletion.state not in states:
        raise Conflict(
            "deletion.state",
            f"Esta petición ya está {STATES[deletion.state]}. No se cambió nada.",
            "Vea cómo van todas con «archivo delete list».",
        )


STATES: Final[Mapping[str, str]] = {
    DeletionState.REQUESTED: "pedida",
    DeletionState.CONFIRMED: "confirmada",
    DeletionState.EXECUTING: "en curso",
    DeletionState.EXECUTED: "ejecutada",
    DeletionState.WITHDRAWN: "desistida",
}
"""The states of a request in a word."""


def _record(transaction: Transaction, actor: Actor, act: str, deletion: Deletion, **detail: object) -> None:
    told = {"type": deletion.authority_type, "number": deletion.authority_number, "date": deletion.authority_date}
    audit.record(transaction, actor.login, act, deletion.id, detail={**told, **detail})


def _known(session: Session, deletion_id: str) -> Deletion:
    found = session.get(Deletion, deletion_id) if is_uuid(deletion_id) else None
    if found is None:
        raise Unknown("deletion.unknown", "No hay una petición con ese identificador.", "Vea todas con «archivo delete list».")
    return found


def _ids(session: Session, deletion_id: str) -> list[str]:
    return [each.document_id for each in rows_of(session, DeletionDocument, "document_id", deletion_id=deletion_id)]


def _left(session: Session, deletion_id: str) -> list[str]:
    return [each.document_id for each in rows_of(session, DeletionDocument, "document_id", deletion_id=deletion_id) if each.done_at is None]


def _view(archive: Archive, session: Session, actor: Actor, row: Deletion) -> DeletionView:
    authority = deletion_rules().authorities.get(row.authority_type) or Authority(row.authority_type, row.authority_type, "", "", "")
    rows = rows_of(session, DeletionDocument, "document_id", deletion_id=row.id)
    held = {each.document_id for each in holds.standing(session, [each.document_id for each in rows])}
    documents = [(each, session.get_one(Document, each.document_id)) for each in rows]
    done = [each.document_id for each in rows if each.done_at is not None]
    return DeletionView(
        id=row.id,
        state=row.state,
        authority=authority.name,
        rule=authority.rule,
        number=row.authority_number,
        date=row.authority_date,
        signed_by=row.authority_signed_by,
        reason=row.reason,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        due_at=row.due_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=row.withdrawn_at,
        executed_at=row.executed_at,
        documents=tuple(
            DeletionDocumentView(each.document_id, _title(actor, found), each.document_id in held, each.done_at)
            for each, found in documents
        ),
        places=tuple(name for name in archive.replicas if _stands_in(session, name, done)),
        kept=holding.why_kept(session, row.id) if row.state == DeletionState.CONFIRMED else "",
    )


def _title(actor: Actor, document: Document) -> str:
    return document.title if may_see(actor, document.access, document.published, document.received_by) else ""


def _stands_in(session: Session, location: str, done: Sequence[str]) -> bool:
    """Whether a replica is known to have, of any of these tombstones, what was there before it."""
    for document_id in done:
        here, there = session.get(KeptCopy, (PRINCIPAL, document_id)), session.get(KeptCopy, (location, document_id))
        if here is not None and there is not None and there.inventory != here.inventory:
            return True
    return False
