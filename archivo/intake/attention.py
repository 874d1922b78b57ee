"""What needs a person, and what the chain forgot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, or_, select

from archivo.access.policy import Actor, Grant, labels_held, require
from archivo.archive import Archive, Transaction
from archivo.jobs import Job, JobState, Queue
from archivo.records.models import Document, DocumentState
from archivo.retention.models import Classification

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that waits for a person. `reason`: `classify`, `audit`, `doubtful` or `failed`."""

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
    failed: int


def count_waiting(archive: Archive, actor: Actor) -> Attention:
    """What needs a person now, by reason."""
    require(archive, actor, Grant.CLASSIFY)
    with archive.reading() as session:

        def count(reason: str) -> int:
            return session.scalar(select(func.count()).select_from(_waiting(actor, reason).subquery())) or 0

        return Attention(count("classify"), count("audit"), count("doubtful"), count("failed"))


def list_waiting(archive: Archive, actor: Actor, reason: str, *, after: str | None = None, limit: int = PAGE) -> list[Waiting]:
    """The documents that wait for a reason, oldest first, after a given one."""
    require(archive, actor, Grant.CLASSIFY)
    statement = _waiting(actor, reason).order_by(Document.id).limit(limit)
    if after:
        statement = statement.where(Document.id > after)
    with archive.reading() as session:
        return [
            Waiting(
                d.id, d.title, d.filename, d.office_code, d.part_count, d.received_at, reason, d.is_doubtful, c.confidence if c else None
            )
            for d, c in session.execute(statement)
        ]


def requeue_forgotten(transaction: Transaction) -> None:
    """Give a job again to documents that wait for a step and have none, however that came to be."""
    session = transaction.session
    for states, kind, queue in (
        ((DocumentState.RECEIVED, DocumentState.PROCESSING), "process", Queue.INGEST),
        ((DocumentState.PRESERVED,), "index", Queue.INDEX),
    ):
        has_job = select(Job.id).where(
            Job.object_id == Document.id, Job.kind.in_((kind, "recognise")), Job.state.in_((JobState.QUEUED, JobState.RUNNING))
        )
        forgotten = select(Document.id).where(Document.state.in_(states), ~has_job.exists())
        for document_id in session.scalars(forgotten):
            transaction.enqueue(kind, document_id, queue=queue)


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
        case _:
            return statement.where(Document.state == DocumentState.FAILED)
