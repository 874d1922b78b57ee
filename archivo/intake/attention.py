"""What needs a person, and what the chain forgot."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, labels_held, require
from archivo.archive import Archive, Transaction
from archivo.audit.services import record_export
from archivo.database import take_turn
from archivo.jobs import Job, JobState, Queue
from archivo.records.models import Document, DocumentState
from archivo.records.rows import alphabetical, batches, in_order, is_unread
from archivo.retention.models import Classification
from archivo.web.tables import Order

PAGE: Final = 50
OLDEST: Final = Order("received")
ORDERS: Final[Mapping[str, SQLColumnExpression[Any]]] = {
    "received": Document.id,  # made in the order of arrival
    "title": alphabetical(Document.title),
    "office": Document.office_code,
    "parts": Document.part_count,
    "confidence": Classification.confidence,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that waits for a person. `reason`: `classify`, `audit`, `doubtful`, `unread` or `failed`."""

    id: str
    title: str
    filename: str
    office_code: str | None
    part_count: int
    received_at: datetime
    reason: str
    is_doubtful: bool
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Attention:
    """How many documents wait, by reason."""

    classify: int
    audit: int
    doubtful: int
    unread: int
    failed: int


def count_waiting(archive: Archive, actor: Actor) -> Attention:
    """What needs a person now, by reason."""
    require(archive, actor, Grant.CLASSIFY)
    with archive.reading() as session:

        def count(reason: str) -> int:
            return session.scalar(select(func.count()).select_from(_waiting(actor, reason).subquery())) or 0

        return Attention(count("classify"), count("audit"), count("doubtful"), count("unread"), count("failed"))


def list_waiting(
    archive: Archive, actor: Actor, reason: str, *, after: str | None = None, order: Order = OLDEST, limit: int = PAGE, offset: int = 0
) -> list[Waiting]:
    """Some of the documents that wait for a reason, oldest first unless another order is asked for; only those received `after` one."""
    require(archive, actor, Grant.CLASSIFY)
    statement = in_order(_waiting(actor, reason), order, ORDERS, Document.id).limit(limit).offset(offset)
    if after:
        statement = statement.where(Document.id > after)
    with archive.reading() as session:
        return [_view(document, found, reason) for document, found in session.execute(statement)]


def export_waiting(archive: Archive, actor: Actor, reasons: Mapping[str, Order]) -> Iterator[Waiting]:
    """All that wait for each of these reasons, in its order, read some at a time; whether each is the actor's to see is asked again then.
    Leaves an entry in the trail.
    """
    require(archive, actor, Grant.CLASSIFY)
    listed: list[tuple[str, list[str]]] = []
    with archive.reading() as session:
        for reason, order in reasons.items():
            wanted = in_order(_waiting(actor, reason).with_only_columns(Document.id), order, ORDERS, Document.id)
            listed.append((reason, list(session.scalars(wanted))))
    record_export(archive, actor.login, "waiting", sum(len(ids) for _, ids in listed))
    return (row for reason, ids in listed for some in batches(ids) for row in _read(archive, actor, reason, list(some)))


def forgotten(session: Session, among: Collection[str] | None = None) -> list[tuple[str, str, Queue]]:
    """The documents that wait for a step and have no job for it, however that came to be, with the kind of job and its queue.

    A job that failed is one: it waits for a person. `among`: only these documents.
    """
    found = []
    for states, kind, queue in (
        ((DocumentState.RECEIVED, DocumentState.PROCESSING), "process", Queue.INGEST),
        ((DocumentState.PRESERVED,), "index", Queue.INDEX),
    ):
        has_job = select(Job.id).where(Job.object_id == Document.id, Job.kind.in_((kind, "recognise")), Job.state != JobState.DONE)
        statement = select(Document.id).where(Document.state.in_(states), ~has_job.exists())
        if among is not None:
            statement = statement.where(Document.id.in_(among))
        found += [(document_id, kind, queue) for document_id in session.scalars(statement)]
    return found


def requeue_forgotten(transaction: Transaction, found: Iterable[tuple[str, str, Queue]]) -> None:
    """Give a job again to those of forgotten() that still have none, of which whoever else found them is told."""
    take_turn(transaction.session, "forgotten")
    for some in batches([document_id for document_id, _, _ in found]):
        for document_id, kind, queue in forgotten(transaction.session, some):
            transaction.enqueue(kind, document_id, queue=queue)


def _read(archive: Archive, actor: Actor, reason: str, ids: list[str]) -> list[Waiting]:
    with archive.reading() as session:
        read = session.execute(_waiting(actor, reason).where(Document.id.in_(ids)))
        found = {document.id: _view(document, decided, reason) for document, decided in read}
    return [found[each] for each in ids if each in found]


def _view(document: Document, found: Classification | None, reason: str) -> Waiting:
    return Waiting(
        document.id,
        document.title,
        document.filename,
        document.office_code,
        document.part_count,
        document.received_at,
        reason,
        document.is_doubtful,
        found.confidence if found else None,
    )


def _waiting(actor: Actor, reason: str) -> Select[Document, Classification]:
    held = labels_held(actor)
    classes = [label.removeprefix("class:") for label in held if label.startswith("class:")]
    visible = or_(Document.access.in_(classes), Document.received_by == actor.login)
    statement = select(Document, Classification).outerjoin(Classification, Classification.document_id == Document.id).where(visible)
    match reason:
        case "classify":
            kept = Document.state.in_((DocumentState.PRESERVED, DocumentState.FINDABLE))
            return statement.where(kept, Classification.status.in_(("suggested", "abstained")))
        case "audit":
            return statement.where(Classification.needs_audit)
        case "doubtful":
            return statement.where(Document.is_doubtful)
        case "unread":
            return statement.where(is_unread())
        case _:
            return statement.where(Document.state == DocumentState.FAILED)
