"""Processes that stand still for longer than others wait for them, and then go on as if nothing had been."""

import signal
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from archivo.archive import Archive, ObjectLease
from archivo.intake.recovery import SILENCE
from archivo.jobs import LEASE, Job, JobState
from archivo.processes import host_name, process_name
from archivo.records.models import Incoming
from tests.faults.papers import papers
from tests.faults.scenes import ABSENCE, Scene
from tests.faults.site import WEB, Member
from tests.processes import until

pytestmark = pytest.mark.faults
TURNS, DOCUMENTS = 3, 12


def test_a_worker_frozen_beyond_its_lease_finishes_late(scene: Scene) -> None:
    """Another has done its work meanwhile: of what it still does when it wakes, nothing counts twice."""
    frozen = scene.site.member("uno")
    with scene.site.opened() as archive:
        for turn in range(TURNS):
            with scene.reader.reading(scene.sender), scene.sender.sending(papers(DOCUMENTS, first=turn * DOCUMENTS, scans=3)):
                frozen.freeze(lambda: working(archive, frozen))
                lapse(archive, frozen)
                until(lambda: not working(archive, frozen))
                frozen.send(signal.SIGCONT)
        until(lambda: again(archive) >= TURNS)
    assert scene.hold() == TURNS * DOCUMENTS


def test_a_web_frozen_while_it_receives_wakes_after_it_was_taken_for_dead(scene: Scene) -> None:
    """What it then says that was received is kept, and what it refuses can be sent again."""
    web = scene.site.member(WEB)
    with scene.site.opened() as archive:
        for turn in range(TURNS):
            with scene.sender.sending(papers(DOCUMENTS, first=turn * DOCUMENTS)):
                web.freeze(lambda: receiving(archive))
                age(archive)
                until(lambda: not receiving(archive))
                web.send(signal.SIGCONT)
    assert scene.hold() == TURNS * DOCUMENTS


def working(archive: Archive, member: Member) -> int:
    """How many jobs a process holds."""
    name = process_name(host_name(), member.pid)
    with archive.reading() as session:
        held = select(func.count()).select_from(Job).where(Job.state == JobState.RUNNING, Job.owner.startswith(name))
        return session.scalar(held) or 0


def again(archive: Archive) -> int:
    """How many jobs were begun more than once."""
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.attempt > 1)) or 0


def lapse(archive: Archive, member: Member) -> None:
    """Until its leases have ended; in the short form, made to end."""
    if LEASE.total_seconds() <= ABSENCE:
        time.sleep(LEASE.total_seconds())
        return
    name, past = process_name(host_name(), member.pid), archive.clock() - timedelta(seconds=1)
    with archive.database.writing() as session:
        session.execute(update(Job).where(Job.state == JobState.RUNNING, Job.owner.startswith(name)).values(lease_until=past))
        session.execute(update(ObjectLease).where(ObjectLease.owner.startswith(name)).values(until=past))


def receiving(archive: Archive) -> int:
    """How many deposits are in flight."""
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(Incoming)) or 0


def age(archive: Archive) -> None:
    """As if it had been silent for longer than anybody believes in it."""
    with archive.database.writing() as session:
        session.execute(update(Incoming).values(started_at=archive.clock() - SILENCE - timedelta(seconds=1)))
