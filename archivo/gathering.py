"""Which job for the index gathers the others: one commit of the index serves many documents, whoever works them."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from archivo.database import table_of
from archivo.jobs import IN_COMPANY, Job, JobState, Queue

_J: Final = table_of(Job).c
_OTHERS: Final = table_of(Job).alias()


def alone(since: datetime, now: datetime) -> ColumnElement[bool]:
    """Of a job, for jobs.claim_one(): that it is not for the index, or that no other for the index was begun since, which it could go with.

    One that was tried in company in vain goes alone.
    """
    gathers = (_OTHERS.c.state == JobState.RUNNING, _OTHERS.c.queue == Queue.INDEX, _OTHERS.c.started_at > since)
    others = select(_OTHERS.c.id).where(*gathers, _OTHERS.c.lease_until > now)
    return or_(_J.queue != Queue.INDEX, _J.attempt >= IN_COMPANY, ~others.exists())


def waits(session: Session, job_id: str, now: datetime) -> bool:
    """Whether a job that could not be claimed is one for the index, due, that waits for the worker of another to take it along."""
    queued = (_J.id == job_id, _J.queue == Queue.INDEX, _J.state == JobState.QUEUED)
    return session.execute(select(_J.id).where(*queued, or_(_J.not_before.is_(None), _J.not_before <= now))).first() is not None
