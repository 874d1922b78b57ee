"""Claims, leases and their renewal, and the crew that works the table by itself."""

import signal
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from archivo import jobs, worker
from archivo.archive import Archive, ObjectLease
from archivo.identifiers import new_uuid
from archivo.intake.recovery import SILENCE, still_receiving
from archivo.jobs import Job, JobState, Lease, Queue
from archivo.operations.reconciling import reconcile
from archivo.operations.services import KINDS
from archivo.processes import Renewals, lives, process_name
from archivo.records.models import Incoming
from archivo.worker import Crew
from tests.hands import KIND, add_jobs, begin, count, effects
from tests.processes import until


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    table: Any = worker.TABLE
    monkeypatch.setitem(table, KIND, count)


def states(archive: Archive) -> list[str]:
    with archive.reading() as session:
        return list(session.scalars(select(Job.state).order_by(Job.id)))


def claimed(archive: Archive, *queues: Queue, seconds: float = 0) -> Lease | None:
    with archive.database.claiming() as session:
        return jobs.claim(session, "alguien#1", archive.clock() + timedelta(seconds=seconds), queues=queues or None)


def change(archive: Archive, job_id: str, **values: Any) -> None:
    with archive.database.writing() as session:
        session.execute(update(Job).where(Job.id == job_id).values(**values))


def test_jobs_go_by_priority_then_age_and_new_ones_of_the_index_last(archive: Archive) -> None:
    (index,) = add_jobs(archive, 1, Queue.INDEX)
    (old,) = add_jobs(archive, 1)
    time.sleep(0.002)  # an identifier tells milliseconds apart
    new, urgent = [*add_jobs(archive, 1), *add_jobs(archive, 1, Queue.OCR)]
    change(archive, index, priority=3)
    change(archive, urgent, priority=1)
    order = [claimed(archive) for _ in range(5)]
    assert [one and one.id for one in order] == [urgent, old, new, index, None]
    with archive.reading() as session:
        assert not jobs.is_any_due(session, archive.clock())


def test_who_works_some_queues_sees_no_other_and_what_a_dead_one_held_comes_again(archive: Archive) -> None:
    (one,) = add_jobs(archive, 1)
    assert claimed(archive, Queue.OCR, Queue.SEAL) is None
    first = claimed(archive, Queue.INGEST)
    assert first is not None
    assert claimed(archive) is None
    later = claimed(archive, Queue.INGEST, seconds=jobs.LEASE.total_seconds() + 1)
    assert later is not None
    assert (later.id, later.attempt) == (one, 2)
    with pytest.raises(jobs.LeaseLost), archive.database.writing() as session:
        jobs.finish(session, first, archive.clock())


def test_many_who_claim_at_once_take_each_job_once(archive: Archive) -> None:
    made = add_jobs(archive, 40)
    crews = [Crew(archive, threads=3) for _ in range(2)]
    for crew in crews:
        crew.start()
    until(lambda: set(states(archive)) == {"done"})
    for crew in crews:
        crew.stop()
    assert effects(archive) == dict.fromkeys(made, 1)


def test_a_claim_that_a_killed_database_forgot_leaves_no_effect_and_the_job_one(archive: Archive) -> None:
    (one,) = add_jobs(archive, 1)
    lease = claimed(archive)
    assert lease is not None
    change(archive, one, state=JobState.QUEUED, attempt=0, owner=None, lease_until=None)
    worker.run_job(archive, lease)
    assert not effects(archive)
    crew = Crew(archive, threads=1)
    crew.start()
    until(lambda: states(archive) == ["done"])
    crew.stop()
    assert effects(archive) == {one: 1}


@pytest.mark.usefixtures("embedded")
def test_what_was_done_waits_for_the_disk_and_who_takes_it_does_not(archive: Archive) -> None:
    asked = text("PRAGMA synchronous")
    with archive.database.writing() as doing, archive.database.claiming() as taking:
        assert (doing.scalar(asked), taking.scalar(asked)) == (2, 1)


def test_a_crew_that_stops_hands_back_what_does_not_end(archive: Archive) -> None:
    crew = Crew(archive, threads=1)
    crew.start()
    (long,) = add_jobs(archive, 1, params={"seconds": 3})
    until(lambda: states(archive) == ["running"])
    crew.stop(grace=0.1)
    with archive.reading() as session:
        job = session.get_one(Job, long)
        assert (job.state, job.attempt, job.owner) == (JobState.QUEUED, 0, None)
    until(lambda: not any(thread.name == "obra-0" for thread in threading.enumerate()))
    assert effects(archive) == {}, "its thread ended later, to no effect"
    again = Crew(archive, threads=1)
    again.start()
    until(lambda: states(archive) == ["done"])
    again.stop()
    assert effects(archive) == {long: 1}


def test_a_web_that_works_jobs_and_is_told_to_stop_hands_back_what_does_not_end(archive: Archive) -> None:
    (long,) = add_jobs(archive, 1, params={"seconds": 600})

    def job() -> Job:
        with archive.reading() as session:
            return session.get_one(Job, long)

    with begin("serve", "--port", "0") as serving:
        until(lambda: job().state == JobState.RUNNING)
        serving.terminate()
        assert serving.wait(60) == 0
    assert (job().state, job().attempt, job().owner) == ("queued", 0, None)


def test_a_web_that_is_told_to_stop_while_it_begins_hands_back_what_it_took(archive: Archive) -> None:
    """The first job tells it so: others of the crew are still to begin."""
    (long,) = add_jobs(archive, 1, params={"signal": signal.SIGTERM, "seconds": 600})
    with begin("serve", "--port", "0", slow=True) as serving:
        assert serving.wait(60) == 0
    with archive.reading() as session:
        job = session.get_one(Job, long)
        assert (job.state, job.attempt, job.owner) == ("queued", 0, None)


def test_a_kind_that_a_newer_program_wrote_is_left_for_it(archive: Archive) -> None:
    (one,) = add_jobs(archive, 1)
    change(archive, one, kind="de mañana")
    lease = claimed(archive)
    assert lease is not None
    worker.run_job(archive, lease)
    with archive.reading() as session:
        job = session.get_one(Job, one)
        assert (job.state, job.attempt, job.error_code) == (JobState.QUEUED, 0, None)


def test_a_message_of_another_archive_is_told_in_the_log(archive: Archive, caplog: pytest.LogCaptureFixture) -> None:
    (mine,) = add_jobs(archive, 1)
    worker.run_by_id(archive, mine)
    worker.run_by_id(archive, mine)
    assert "otro archivo" not in caplog.text
    worker.run_by_id(archive, new_uuid(archive.clock()))
    assert "si otro archivo usa el mismo servidor de mensajes, dé a cada uno su host virtual" in caplog.text


def test_the_lease_of_an_object_is_renewed_while_it_is_held(archive: Archive) -> None:
    patient = replace(archive, renewals=Renewals(timedelta(seconds=0.02)))
    with patient.writing_object("urn:cosa"):
        with archive.database.writing() as session:
            held = session.scalars(select(ObjectLease)).one()
            held.until = archive.clock()
        until(lambda: _until(archive) > archive.clock())
        reconcile(archive)
        assert _until(archive) > archive.clock()
    with archive.reading() as session:
        assert session.scalars(select(ObjectLease)).first() is None


def _until(archive: Archive) -> Any:
    with archive.reading() as session:
        return session.scalars(select(ObjectLease.until)).one()


def test_many_who_reconcile_at_once_free_what_the_dead_held_once(archive: Archive) -> None:
    (one,) = add_jobs(archive, 1)
    assert claimed(archive) is not None
    change(archive, one, owner=f"{archive.process.rpartition(':')[0]}:1#1")
    sweepers = [threading.Thread(target=reconcile, args=(archive,)) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    assert states(archive) == ["queued"]
    lease = claimed(archive)
    assert lease is not None
    assert lease.attempt == 2


def test_a_process_of_another_host_or_table_of_processes_is_believed_alive() -> None:
    assert not lives("aquí:1:1", "aquí")
    assert lives("allá:1:1", "aquí")
    assert lives(process_name("aquí", 1), "aquí")


def test_a_deposit_of_another_machine_is_let_alone_while_it_says_that_it_goes_on(archive: Archive) -> None:
    for name, silent in (("callada", SILENCE), ("viva", timedelta(0))):
        with archive.database.writing() as session:
            session.add(Incoming(document_id=name, owner="allá:1:1", started_at=archive.clock() - silent - timedelta(seconds=1)))
    still_receiving(archive, "viva")
    reconcile(archive)
    with archive.reading() as session:
        assert list(session.scalars(select(Incoming.document_id))) == ["viva"]


def test_every_kind_of_job_has_words_for_who_looks_at_the_list() -> None:
    assert worker.TABLE.keys() - {KIND} == KINDS.keys()
