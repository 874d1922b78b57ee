"""The durable job table: what must be done, written in the same transaction as the record.

The table is the truth; a broker is only the legs. A job is claimed by lease: its owner renews it while it works, and what a dead owner
held is claimed again. The one who finishes late, after its lease went to another, is told so (LeaseLost) and its effects roll back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Index, Select, String, and_, case, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from archivo.database import Base, table_of
from archivo.identifiers import JobId, new_uuid

LEASE: Final = timedelta(seconds=60)
MAX_ATTEMPTS: Final = 5
GATHER: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=5)


class Queue(StrEnum):
    """Queues by kind of work, so that a thousand pages to recognise never delay an upload."""

    INGEST = "ingest"
    OCR = "ocr"
    INDEX = "index"
    SEAL = "seal"
    TRAIN = "train"


class JobState(StrEnum):
    """`failed` is for a person: its attempts are spent; `retry()` queues it again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """A thing to do to one object. `params` hold identifiers and numbers, never content. `key` makes an enqueued job unique while open."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_queue_priority", "state", "queue", "priority", "id"), Index("ix_job_object_id", "object_id"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    queue: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int] = mapped_column(default=5)
    object_id: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default=JobState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(String(500))


_JOBS: Final = table_of(Job)


@dataclass(frozen=True, slots=True)
class Lease:
    """A claimed job: what to do, and the proof of who may finish it."""

    id: JobId
    kind: str
    object_id: str
    params: Mapping[str, Any]
    attempt: int
    owner: str


class LeaseLost(Exception):
    """Another has this job now; what was done under the old lease must not be kept."""


def enqueue(
    session: Session,
    kind: str,
    object_id: str,
    *,
    queue: Queue,
    now: datetime,
    priority: int = 5,
    params: Mapping[str, Any] | None = None,
) -> JobId:
    """Write a job in this transaction. One still queued with the same kind, object and params serves; its id is given back.

    That one is held until the transaction ends: nobody begins it before what is done here can be seen.
    """
    wanted = dict(params or {})
    waiting = select(Job.id, Job.params).where(Job.object_id == object_id, Job.kind == kind, Job.state == JobState.QUEUED)
    for job_id, params_waiting in session.execute(waiting.order_by(Job.id).with_for_update()):
        if params_waiting == wanted:
            return JobId(job_id)
    job = Job(id=new_uuid(now), kind=kind, queue=queue, priority=priority, object_id=object_id, params=wanted, created_at=now)
    job.state, job.attempt = JobState.QUEUED, 0
    session.add(job)
    session.flush()
    return JobId(job.id)


def claim(
    session: Session,
    owner: str,
    now: datetime,
    *,
    queues: Collection[Queue] | None = None,
    objects: Collection[str] | None = None,
    lease: timedelta = LEASE,
) -> Lease | None:
    """Take the next job that is due, or whose lease ended. None when there is nothing to do.

    A new job for the index goes after all others for a moment, so that one commit of the index serves many documents.
    """
    due = _due(now)
    if queues is not None:
        due = due.where(Job.queue.in_(queues))
    for chunk in _chunks(objects):
        statement = due if chunk is None else due.where(Job.object_id.in_(chunk))
        job = session.scalars(statement.order_by(_gathering(now), Job.priority, Job.id).limit(1).with_for_update(skip_locked=True)).first()
        if job is not None:
            return _take(job, owner, now, lease)
    return None


def claim_more(session: Session, owner: str, now: datetime, queue: Queue, most: int, *, lease: timedelta = LEASE) -> list[Lease]:
    """Take up to `most` jobs of a queue that are due."""
    due = _due(now).where(Job.queue == queue).order_by(Job.priority, Job.id)
    return [_take(job, owner, now, lease) for job in session.scalars(due.limit(most).with_for_update(skip_locked=True))]


def claim_one(session: Session, job_id: str, owner: str, now: datetime, *, lease: timedelta = LEASE) -> Lease | None:
    """Take this job if it is due; None if it is done, held by another, or not due yet."""
    job = session.scalars(_due(now).where(Job.id == job_id).with_for_update(skip_locked=True)).first()
    return None if job is None else _take(job, owner, now, lease)


def renew(session: Session, lease: Lease, now: datetime, *, by: timedelta = LEASE) -> bool:
    """Hold on to a job; False when it is another's now."""
    return _mine(session, lease, lease_until=now + by)


def check_held(session: Session, lease: Lease) -> None:
    """Raises LeaseLost when the job is another's now, or done. Asked after a read, it tells that nobody had finished the job by then."""
    held = select(_JOBS.c.id).filter_by(id=lease.id, state=JobState.RUNNING, owner=lease.owner, attempt=lease.attempt)
    if session.execute(held).first() is None:
        raise LeaseLost(lease.id)


def finish(session: Session, lease: Lease, now: datetime) -> None:
    """Mark the job done in the same transaction as its effects. Raises LeaseLost."""
    if not _mine(session, lease, **_finished(now)):
        raise LeaseLost(lease.id)


def finish_all(session: Session, leases: Sequence[Lease], now: datetime) -> None:
    """finish() for jobs claimed together by one owner."""
    for attempt in sorted({lease.attempt for lease in leases}):
        ids = [lease.id for lease in leases if lease.attempt == attempt]
        held = (_JOBS.c.id.in_(ids), _JOBS.c.state == JobState.RUNNING, _JOBS.c.owner == leases[0].owner, _JOBS.c.attempt == attempt)
        result = session.execute(update(_JOBS).where(*held).values(**_finished(now)))
        if getattr(result, "rowcount", 0) != len(ids):
            raise LeaseLost(", ".join(ids))


def give_back(session: Session, lease: Lease, now: datetime, *, after: timedelta = timedelta(0)) -> None:
    """Return a job not begun, or stopped half way on purpose; it costs no attempt."""
    _mine(session, lease, state=JobState.QUEUED, owner=None, lease_until=None, attempt=lease.attempt - 1, not_before=now + after)


def fail(session: Session, lease: Lease, now: datetime, code: str, detail: str, *, retry: bool = True) -> JobState:
    """Note a failure: queued again, each time later, until the attempts are spent; then failed, for a person."""
    again = retry and lease.attempt < MAX_ATTEMPTS
    state = JobState.QUEUED if again else JobState.FAILED
    wait = timedelta(seconds=2**lease.attempt)
    kept = _mine(
        session,
        lease,
        state=state,
        owner=None,
        lease_until=None,
        not_before=now + wait if again else None,
        finished_at=None if again else now,
        error_code=code[:80],
        error_detail=detail[:500],
    )
    if not kept:
        raise LeaseLost(lease.id)
    return state


def retry(session: Session, job: Job) -> None:
    """Queue a failed job again with all its attempts."""
    job.state, job.attempt, job.not_before = JobState.QUEUED, 0, None
    job.finished_at = job.error_code = job.error_detail = None


def release_owner(session: Session, owners: Iterable[str], now: datetime) -> int:
    """Make claimable at once what these owners, known to be dead, still hold; the number of jobs."""
    held = select(Job).where(Job.state == JobState.RUNNING, Job.owner.in_(list(owners))).order_by(Job.id)
    released = list(session.scalars(held.with_for_update(skip_locked=True)))
    for job in released:
        job.lease_until = now - timedelta(seconds=1)
    return len(released)


def bury(session: Session, now: datetime) -> list[Job]:
    """Give to a person the jobs that ended the process of each who tried them; they are claimed no more."""
    spent = (Job.state == JobState.RUNNING, Job.lease_until < now, Job.attempt >= MAX_ATTEMPTS)
    buried = list(session.scalars(select(Job).where(*spent).order_by(Job.id).with_for_update(skip_locked=True)))
    for job in buried:
        job.state, job.owner, job.lease_until, job.finished_at = JobState.FAILED, None, None, now
        job.error_code, job.error_detail = "job.crashed", "its process ended in the middle, each time"
    return buried


def owners(session: Session) -> set[str]:
    """Who holds a running job."""
    return {owner for owner in session.scalars(select(Job.owner).where(Job.state == JobState.RUNNING).distinct()) if owner}


def open_jobs(session: Session, object_id: str) -> list[Job]:
    """Jobs of an object that are still to be done or being done."""
    open_states = (JobState.QUEUED, JobState.RUNNING)
    return list(session.scalars(select(Job).where(Job.object_id == object_id, Job.state.in_(open_states)).order_by(Job.id)))


def any_open(session: Session, objects: Collection[str]) -> bool:
    """Whether anything is still to be done for any of these objects."""
    open_states = (JobState.QUEUED, JobState.RUNNING)
    for chunk in _chunks(objects):
        statement = select(Job.id).where(Job.state.in_(open_states), Job.object_id.in_(chunk or [])).limit(1)
        if session.scalars(statement).first() is not None:
            return True
    return False


def waiting_since(session: Session, instant: datetime, limit: int = 500) -> list[tuple[JobId, Queue]]:
    """Queued jobs due since before an instant, in the order of their priority."""
    due = (Job.state == JobState.QUEUED, Job.created_at < instant, or_(Job.not_before.is_(None), Job.not_before < instant))
    rows = session.execute(select(Job.id, Job.queue).where(*due).order_by(Job.priority, Job.id).limit(limit))
    return [(JobId(job_id), Queue(queue)) for job_id, queue in rows]


def running_objects(session: Session) -> set[str]:
    """The objects that somebody is working on."""
    return set(session.scalars(select(Job.object_id).where(Job.state == JobState.RUNNING)))


def _due(now: datetime) -> Select[Job]:
    never = now + LONGEST_WAIT  # put off by a clock that was ahead
    ready = and_(Job.state == JobState.QUEUED, or_(Job.not_before.is_(None), Job.not_before <= now, Job.not_before > never))
    abandoned = and_(Job.state == JobState.RUNNING, Job.lease_until < now, Job.attempt < MAX_ATTEMPTS)
    return select(Job).where(or_(ready, abandoned))


def _gathering(now: datetime) -> ColumnElement[int]:
    return case((and_(Job.queue == Queue.INDEX, Job.created_at > now - GATHER), 1), else_=0)


def _take(job: Job, owner: str, now: datetime, lease: timedelta) -> Lease:
    job.state, job.owner, job.lease_until = JobState.RUNNING, owner, now + lease
    job.attempt += 1
    job.started_at = now
    return Lease(JobId(job.id), job.kind, job.object_id, job.params, job.attempt, owner)


def _finished(now: datetime) -> Mapping[str, Any]:
    return {"state": JobState.DONE, "finished_at": now, "lease_until": None, "error_code": None, "error_detail": None}


def _mine(session: Session, lease: Lease, **values: Any) -> bool:
    held = update(_JOBS).filter_by(id=lease.id, state=JobState.RUNNING, owner=lease.owner, attempt=lease.attempt)
    return bool(getattr(session.execute(held.values(**values)), "rowcount", 0))


def _chunks(objects: Collection[str] | None, size: int = 400) -> Iterable[list[str] | None]:
    if objects is None:
        return [None]
    listed = sorted(objects)
    return [listed[start : start + size] for start in range(0, len(listed), size)]
