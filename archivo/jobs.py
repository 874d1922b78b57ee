"""The durable job table: what must be done, written in the same transaction as the record.

The table is the truth; a broker is only the legs. A job is claimed by lease: its owner renews it while it works, and what a dead owner
held is claimed again. The one who finishes late, after its lease went to another, is told so (LeaseLost) and its effects roll back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Index, Select, String, Update, and_, bindparam, case, func, insert, or_, select, union_all, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from archivo.database import Base, UtcDateTime, table_of
from archivo.identifiers import JobId, new_uuid

CAUSE: Final = "traceparent"
LEASE: Final = timedelta(seconds=60)
MAX_ATTEMPTS: Final = 5
IN_COMPANY: Final = 2
"""Attempts for which a job may be worked together with others: after that it is tried alone, so that no job spends those of another."""
GATHER: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=5)
HEADS: Final = 8
"""How many jobs at the head of a queue are looked at: those before the free one are being taken by others at this very moment."""


class Queue(StrEnum):
    """Queues by kind of work, so that a thousand pages to recognise never delay an upload."""

    INGEST = "ingest"
    OCR = "ocr"
    INDEX = "index"
    SEAL = "seal"
    TRAIN = "train"
    CUSTODY = "custody"


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
_J: Final = _JOBS.c
_NOW: Final = bindparam("at", type_=UtcDateTime())
_NEVER: Final = bindparam("never", type_=UtcDateTime())
"""An instant so far ahead that only a clock that was ahead put a job off until after it."""
_WAITED: Final = or_(_J.not_before.is_(None), _J.not_before <= _NOW, _J.not_before > _NEVER)
_ENDED: Final = and_(_J.lease_until < _NOW, _J.attempt < MAX_ATTEMPTS)
_READY: Final = and_(_J.state == JobState.QUEUED, _WAITED)
_ABANDONED: Final = and_(_J.state == JobState.RUNNING, _ENDED)
_NAMED_STATE: Final = _J.state.concat("")
"""The state, for rows that are already named by their identifier: SQLite would prefer to walk the index of all that are in that state."""
_DUE: Final = or_(and_(_NAMED_STATE == JobState.QUEUED, _WAITED), and_(_NAMED_STATE == JobState.RUNNING, _ENDED))
_GATHERING: Final = case((and_(_J.queue == Queue.INDEX, _J.created_at > bindparam("fresh", type_=UtcDateTime())), 1), else_=0)
_TAKEN: Final = (
    update(_JOBS)
    .values(
        state=JobState.RUNNING,
        owner=bindparam("by"),
        lease_until=bindparam("until", type_=UtcDateTime()),
        attempt=_J.attempt + 1,
        started_at=_NOW,
    )
    .returning(_J.id, _J.kind, _J.object_id, _J.params, _J.attempt)
)
_NEW: Final = insert(_JOBS)
_MINE: Final = (
    _J.id == bindparam("job"),
    _J.state == JobState.RUNNING,
    _J.owner == bindparam("by"),
    _J.attempt == bindparam("turn"),
)
_HELD: Final = select(_J.id).where(*_MINE)
_CHANGED: Final = update(_JOBS).where(*_MINE)
_WAITING: Final = (
    select(_J.id, _J.params)
    .where(_J.object_id == bindparam("object"), _J.kind == bindparam("kind"), _J.state == JobState.QUEUED)
    .order_by(_J.id)
    .with_for_update()
)


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
    cause: str | None = None,
) -> JobId:
    """Write a job in this transaction. One still queued with the same kind, object and params serves; its id is given back.

    That one is held until the transaction ends: nobody begins it before what is done here can be seen. `cause`, a W3C traceparent, goes
    with its params and tells no job from another.
    """
    wanted = dict(params or {})
    for job_id, params_waiting in session.execute(_WAITING, {"object": object_id, "kind": kind}):
        if {name: value for name, value in params_waiting.items() if name != CAUSE} == wanted:
            return JobId(job_id)
    if cause:
        wanted[CAUSE] = cause
    made = JobId(new_uuid(now))
    what = {"kind": kind, "queue": queue, "priority": priority, "object_id": object_id, "params": wanted}
    session.execute(_NEW, {"id": made, **what, "created_at": now})
    return made


def claim(
    session: Session,
    owner: str,
    now: datetime,
    *,
    queues: Collection[Queue] | None = None,
    objects: Collection[str] | None = None,
    lease: timedelta = LEASE,
) -> Lease | None:
    """Take the next job that is due, or whose lease ended. None when there is nothing to do. As fast with a hundred thousand waiting.

    A new job for the index goes after all others for a moment, so that one commit of the index serves many documents.
    """
    for chunk in _chunks(objects):
        taking = _taking_next(tuple(queues or Queue)) if chunk is None else _taking(select(_J.id).where(_DUE, _J.object_id.in_(chunk)))
        taken = _take(session, taking, owner, now, lease)
        if taken is not None:
            return taken
    return None


def claim_more(session: Session, owner: str, now: datetime, queue: Queue, most: int, *, lease: timedelta = LEASE) -> list[Lease]:
    """Take up to `most` jobs of a queue that are due, and that were not tried in vain before."""
    chosen = (
        _heads((queue,), most)
        .with_only_columns(_J.id)
        .where(_J.attempt < IN_COMPANY)
        .order_by(_J.priority, _J.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(chosen, _instants(now)))
    taking = (_take(session, _taking_one(), owner, now, lease, job_id) for job_id in ids)
    return [taken for taken in taking if taken is not None]


def claim_one(session: Session, job_id: str, owner: str, now: datetime, *, only: ColumnElement[bool] | None = None) -> Lease | None:
    """Take this job if it is due; None if it is unknown, done, held by another, not due yet or not `only`. Waits for who is writing it."""
    return _take(session, _taking_one() if only is None else _taking_one().where(only), owner, now, LEASE, job_id)


def is_any_due(session: Session, now: datetime, queues: Collection[Queue] | None = None) -> bool:
    """Whether there is something to claim; a read, so that those who wait for work disturb nobody who writes."""
    return session.scalars(_heads(tuple(queues or Queue), 1).with_only_columns(_J.id).limit(1), _instants(now)).first() is not None


def renew(session: Session, lease: Lease, now: datetime, *, by: timedelta = LEASE) -> bool:
    """Hold on to a job; False when it is another's now."""
    return _mine(session, lease, lease_until=now + by)


def check_held(session: Session, lease: Lease) -> None:
    """Raises LeaseLost when the job is another's now, or done. Asked after a read, it tells that nobody had finished the job by then."""
    if session.execute(_HELD, _proof(lease)).first() is None:
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


def hand_back(session: Session, process: str) -> int:
    """Return all that the threads of a process hold, which is ending; the number of jobs. It costs no attempt."""
    held = (_J.state == JobState.RUNNING, _J.owner.startswith(f"{process}#", autoescape=True))
    returned = {"state": JobState.QUEUED, "owner": None, "lease_until": None, "attempt": _J.attempt - 1, "not_before": None}
    return int(getattr(session.execute(update(_JOBS).where(*held).values(**returned)), "rowcount", 0))


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
        error_code=_kept(code[:80]),
        error_detail=_kept(detail[:500]),
    )
    if not kept:
        raise LeaseLost(lease.id)
    return state


def retry(session: Session, job: Job) -> None:
    """Queue a failed job again with all its attempts."""
    job.state, job.attempt, job.not_before = JobState.QUEUED, 0, None
    job.finished_at = job.error_code = job.error_detail = None


def release(session: Session, dead: Collection[str], now: datetime) -> int:
    """Queue again what these owners, known to be dead, still hold, and what anybody holds whose lease ended; the number of jobs.

    Those whose attempts are spent are left to bury().
    """
    held = select(Job).where(Job.state == JobState.RUNNING, or_(Job.owner.in_(dead), Job.lease_until < now)).order_by(Job.id)
    released = list(session.scalars(held.with_for_update(skip_locked=True)))
    for job in released:
        if job.attempt < MAX_ATTEMPTS:
            job.state, job.owner, job.lease_until, job.not_before = JobState.QUEUED, None, None, now
        else:
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


def has_ended(session: Session, now: datetime) -> bool:
    """Whether there is a job whose lease ended."""
    return session.scalars(select(_J.id).where(_J.state == JobState.RUNNING, _J.lease_until < now).limit(1)).first() is not None


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


def count_waiting(session: Session, queue: Queue, now: datetime, since: datetime) -> int:
    """How many jobs of a queue are due whose message should have come by now: see waiting()."""
    return session.scalar(select(func.count()).select_from(_JOBS).where(*_unattended(queue, since)), _instants(now)) or 0


def waiting(session: Session, queue: Queue, now: datetime, since: datetime, limit: int) -> list[JobId]:
    """The first jobs of a queue that were due before `since`, that come due again after a failure, or that a dead owner held."""
    chosen = select(_J.id).where(*_unattended(queue, since)).order_by(_J.priority, _J.id).limit(limit)
    return [JobId(job_id) for job_id in session.scalars(chosen, _instants(now))]


def running_objects(session: Session) -> set[str]:
    """The objects that somebody is working on."""
    return set(session.scalars(select(Job.object_id).where(Job.state == JobState.RUNNING)))


def _unattended(queue: Queue, since: datetime) -> tuple[Any, ...]:
    once = or_(_J.not_before.is_not(None), _J.created_at < since)
    return _J.queue == queue, _J.state.in_((JobState.QUEUED, JobState.RUNNING)), or_(and_(_READY, once), _ABANDONED)


def _instants(now: datetime) -> dict[str, datetime]:
    return {"at": now, "never": now + LONGEST_WAIT, "fresh": now - GATHER}


@cache
def _heads(queues: tuple[Queue, ...], most: int) -> Select[Any]:
    """The first due jobs of each queue, each read from its own stretch of the index, and those whose lease ended."""
    firsts = [select(_J.id).where(_READY, _J.queue == queue).order_by(_J.priority, _J.id).limit(most).subquery() for queue in queues]
    abandoned = select(_J.id).where(_ABANDONED, _J.queue.in_(queues)).order_by(_J.priority, _J.id).limit(most).subquery()
    heads = union_all(*(select(found.c.id) for found in (*firsts, abandoned)))
    return select(_JOBS).where(_J.id.in_(heads), _DUE)


def _taking(candidates: Select[Any]) -> Update:
    chosen = candidates.order_by(_GATHERING, _J.priority, _J.id).limit(1).with_for_update(skip_locked=True)
    return _TAKEN.where(_J.id == chosen.correlate(None).scalar_subquery())


@cache
def _taking_next(queues: tuple[Queue, ...]) -> Update:
    return _taking(_heads(queues, HEADS).with_only_columns(_J.id))


@cache
def _taking_one() -> Update:
    return _TAKEN.where(_J.id == bindparam("job"), _DUE)


def _take(session: Session, taking: Update, owner: str, now: datetime, lease: timedelta, job_id: str | None = None) -> Lease | None:
    named = {} if job_id is None else {"job": job_id}
    taken = session.execute(taking, {**_instants(now), **named, "by": owner, "until": now + lease}).first()
    return None if taken is None else Lease(JobId(taken.id), taken.kind, taken.object_id, taken.params, taken.attempt, owner)


def _finished(now: datetime) -> Mapping[str, Any]:
    return {"state": JobState.DONE, "finished_at": now, "lease_until": None, "error_code": None, "error_detail": None}


def _mine(session: Session, lease: Lease, **values: Any) -> bool:
    return bool(getattr(session.execute(_CHANGED, {**_proof(lease), **values}), "rowcount", 0))


def _proof(lease: Lease) -> Mapping[str, Any]:
    return {"job": lease.id, "by": lease.owner, "turn": lease.attempt}


def _kept(text: str) -> str:
    """Text that any database keeps: a fault may name a file by bytes that are no text, and must be noted all the same."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _chunks(objects: Collection[str] | None, size: int = 400) -> Iterable[list[str] | None]:
    if objects is None:
        return [None]
    listed = sorted(objects)
    return [listed[start : start + size] for start in range(0, len(listed), size)]
