"""Jobs for many objects at once: what a rebuild leaves to be done.

Also what each process finds every minute: of all who find the same, one enqueues it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from archivo.database import table_of, take_turn
from archivo.identifiers import JobId, new_uuid
from archivo.jobs import CAUSE, Job, JobState, Queue

_JOBS: Final = table_of(Job)
_SOME: Final = 400


def enqueue_each(
    session: Session, kind: str, objects: Collection[str], *, queue: Queue, now: datetime, priority: int = 5, cause: str | None = None
) -> list[JobId]:
    """jobs.enqueue() without params for many objects, with a few statements; the ids of the jobs that are new."""
    listed = list(objects)
    waiting: set[str] = set()
    for start in range(0, len(listed), _SOME):
        queued = select(_JOBS.c.object_id, _JOBS.c.params).where(
            _JOBS.c.object_id.in_(listed[start : start + _SOME]), _JOBS.c.kind == kind, _JOBS.c.state == JobState.QUEUED
        )
        waiting |= {each for each, params in session.execute(queued.order_by(_JOBS.c.id).with_for_update()) if not {*params} - {CAUSE}}
    params = {CAUSE: cause} if cause else {}
    shared = {"kind": kind, "queue": queue, "priority": priority, "params": params, "created_at": now}
    new = {new_uuid(now): each for each in listed if each not in waiting}
    if new:
        session.execute(insert(_JOBS), [{"id": made, "object_id": each, **shared} for made, each in new.items()])
    return [JobId(made) for made in new]


def without_job(session: Session, kind: str, objects: Collection[str]) -> list[str]:
    """Those of these objects that have no job of this kind to be done or being done, for whoever finds that they want one.

    Who asks for the same kind meanwhile waits until this transaction ends: of many who look at the same instant one enqueues, and the
    others are told. What they saw before they asked may have been done since.
    """
    take_turn(session, f"job {kind}")
    listed = list(objects)
    busy: set[str] = set()
    for start in range(0, len(listed), _SOME):
        these = (_JOBS.c.object_id.in_(listed[start : start + _SOME]), _JOBS.c.kind == kind)
        is_open = _JOBS.c.state.in_((JobState.QUEUED, JobState.RUNNING))
        busy |= set(session.scalars(select(_JOBS.c.object_id).where(*these, is_open)))
    return [each for each in listed if each not in busy]
