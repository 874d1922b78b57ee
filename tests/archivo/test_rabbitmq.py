"""Jobs over a real RabbitMQ: whatever becomes of messages, workers and broker, each job has exactly one effect. Effects are counted."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from amqp.exceptions import PreconditionFailed
from sqlalchemy import func, select, update

from archivo.archive import Archive
from archivo.assembly import opened
from archivo.broker import TASK, CeleryLegs, queue_name
from archivo.identifiers import JobId, new_uuid
from archivo.jobs import Job, JobState, Queue
from archivo.processes import host_name, process_name
from archivo.records.models import Incoming
from archivo.settings import read_settings
from tests.brokers import RabbitMQ
from tests.hands import add_jobs, begin, effects
from tests.processes import LONGEST, stands_still, until

from .conftest import Command

pytestmark = pytest.mark.servers


@pytest.fixture
def broker(home: Path, rabbitmq: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> RabbitMQ:
    """The broker of this home, without a message."""
    rabbitmq.empty()
    monkeypatch.setenv("ARCHIVO_BROKER_URL", rabbitmq.url)
    monkeypatch.setenv("ARCHIVO_WORKERS", "2")
    return rabbitmq


@pytest.fixture
def archive(broker: RabbitMQ) -> Iterator[Archive]:
    """The archive of this home, which sends its messages to the broker."""
    with opened() as assembled:
        yield assembled


@pytest.fixture
def mute(broker: RabbitMQ) -> Iterator[Archive]:
    """The same archive, from a process that sends no message."""
    with opened(read_settings({**os.environ, "ARCHIVO_BROKER_URL": "local://"})) as archive:
        yield archive


@contextmanager
def workers(number: int, *words: str, host: str | None = None, log: Path | None = None) -> Iterator[list[Any]]:
    """Some workers, which are gone at the end."""
    with ExitStack() as all_of_them:
        started = []
        for _ in range(number):
            one = begin(*words, host=host, log=log)
            all_of_them.callback(one.wait)
            all_of_them.callback(one.kill)
            started.append(one)
        yield started


def states(archive: Archive) -> dict[str, int]:
    with archive.reading() as session:
        return {state: count for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state))}


def all_done(archive: Archive) -> bool:
    return set(states(archive)) == {"done"}


def change(archive: Archive, job_id: str, **values: Any) -> None:
    with archive.database.writing() as session:
        session.execute(update(Job).where(Job.id == job_id).values(**values))


def job(archive: Archive, job_id: str) -> Job:
    with archive.reading() as session:
        return session.get_one(Job, job_id)


def carried(archive: Archive) -> int:
    counted = [archive.legs.carried(queue) for queue in Queue]
    return -1 if None in counted else sum(one or 0 for one in counted)


def test_messages_doubled_and_lost_have_one_effect_each(mute: Archive, broker: RabbitMQ) -> None:
    jobs = add_jobs(mute, 90)
    legs = CeleryLegs(broker.url)
    for job_id in [*jobs[:60], *jobs[:30], *jobs[:30]]:
        legs.send(JobId(job_id), Queue.INGEST)
    for job_id in jobs[60:]:
        change(mute, job_id, created_at=mute.clock() - timedelta(minutes=1))
    with workers(2):
        until(lambda: all_done(mute))
        until(lambda: legs.carried(Queue.INGEST) == 0)
    legs.close()
    assert effects(mute) == dict.fromkeys(jobs, 1)
    with broker.channel() as channel, pytest.raises(PreconditionFailed):
        channel.queue_declare(queue_name(Queue.INGEST), durable=True, auto_delete=False)  # a classic one


def test_workers_killed_in_the_middle_have_one_effect_each(archive: Archive, broker: RabbitMQ) -> None:
    with workers(2) as running, ExitStack() as others:
        jobs = add_jobs(archive, 60, params={"seconds": 0.05})
        jobs += add_jobs(archive, 3, params={"signal": signal.SIGKILL}, queue=Queue.OCR)

        def replaced() -> bool:
            """Whether all is done; who was killed has a successor."""
            for place, one in enumerate(running):
                if one.poll() is not None:
                    (running[place],) = others.enter_context(workers(1))
            return all_done(archive)

        until(lambda: replaced() or sum(effects(archive).values()) > 20)
        running[0].kill()
        until(replaced)
    assert effects(archive) == dict.fromkeys(jobs, 1)


def test_a_broker_killed_in_the_middle_loses_no_job(archive: Archive, broker: RabbitMQ) -> None:
    with workers(2):
        jobs = add_jobs(archive, 60, params={"seconds": 0.02})
        until(lambda: sum(effects(archive).values()) > 5)
        broker.kill()
        jobs += add_jobs(archive, 20)
        assert archive.legs.carried(Queue.INGEST) is None
        broker.start()
        jobs += add_jobs(archive, 20)
        until(lambda: all_done(archive))
        until(lambda: carried(archive) == 0)
    assert effects(archive) == dict.fromkeys(jobs, 1)


def test_a_worker_of_another_machine_that_sleeps_past_its_lease_wakes_to_no_effect(archive: Archive, broker: RabbitMQ) -> None:
    with workers(1, host="uno") as (first,), ExitStack() as later:
        (one,) = add_jobs(archive, 1, params={"signal": signal.SIGSTOP})
        until(lambda: job(archive, one).state == JobState.RUNNING)
        until(lambda: stands_still(first.pid))
        later.enter_context(workers(1, host="dos"))
        change(archive, one, lease_until=archive.clock() - timedelta(seconds=1))
        until(lambda: all_done(archive))
        assert (job(archive, one).owner or "").startswith("dos:")
        first.send_signal(signal.SIGCONT)
        (other,) = add_jobs(archive, 1)
        until(lambda: all_done(archive))
        first.terminate()
        assert first.wait(60) == 0
    assert effects(archive) == {one: 1, other: 1}


def test_a_worker_told_to_stop_ends_its_job_or_hands_it_back(archive: Archive, broker: RabbitMQ) -> None:
    with workers(1) as (worker,):
        (long,) = add_jobs(archive, 1, Queue.OCR, params={"seconds": 600})
        until(lambda: states(archive).get("running") == 1)
        (short,) = add_jobs(archive, 1, params={"seconds": 3})
        until(lambda: states(archive).get("running") == 2)
        worker.terminate()
        assert worker.wait(LONGEST) == 0
    assert job(archive, short).state == JobState.DONE
    assert (job(archive, long).state, job(archive, long).attempt, job(archive, long).owner) == ("queued", 0, None)
    assert effects(archive) == {short: 1}
    until(lambda: archive.legs.carried(Queue.OCR) == 1)
    assert archive.legs.carried(Queue.INGEST) == 0


def test_a_web_recovers_by_itself_a_deposit_that_it_could_not_take_back(archive: Archive, broker: RabbitMQ) -> None:
    with workers(1, "serve", "--port", "0") as (web,):
        with archive.database.writing() as session:
            left = Incoming(document_id=new_uuid(archive.clock()), owner=process_name(host_name(), web.pid), started_at=archive.clock())
            session.add(left)

        def is_gone() -> bool:
            with archive.reading() as session:
                return session.scalars(select(Incoming.document_id)).first() is None

        until(is_gone)
        assert web.poll() is None


def test_poison_ends_in_a_list_with_its_reason_and_is_done_once_when_tried_again(
    archive: Archive, broker: RabbitMQ, archivo: Command, tmp_path: Path
) -> None:
    wanted = tmp_path / "lo que falta"
    (killing,) = add_jobs(archive, 1, Queue.OCR, params={"signal": signal.SIGKILL, "times": 5})
    change(archive, killing, attempt=4)
    with workers(1) as (first,):
        until(lambda: first.poll() is not None)
    (raising,) = add_jobs(archive, 1, params={"unless": str(wanted)})  # now: its last attempt is not to end with that of the other
    change(archive, raising, attempt=4)
    with workers(1):
        until(lambda: states(archive) == {"failed": 2})
        until(lambda: carried(archive) == 0)
        listed = {one["id"]: one["error_code"] for one in archivo("jobs", "--failed", "--json").value}
        assert listed == {raising: "RuntimeError", killing: "job.crashed"}
        wanted.touch()
        change(archive, killing, params={})
        for one in (raising, killing):
            assert archivo("jobs", "--retry", one, "--json").value == {"retried": [one]}
        until(lambda: all_done(archive))
    assert effects(archive) == {raising: 1, killing: 1}


def test_strange_messages_are_dropped_with_a_line_and_none_of_their_words(archive: Archive, broker: RabbitMQ, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    named = {"headers": {"task": TASK, "id": str(uuid4()), "lang": "py"}, "content_type": "application/json"}
    with workers(1, log=log) as (worker,):
        (first,) = add_jobs(archive, 1)
        until(lambda: all_done(archive))
        for body, properties in (
            (b"secreto", {}),
            (b"\xff\xfe secreto", {"content_type": "application/json"}),
            (b'["secreto"]', {"content_type": "application/json"}),
            (b"csecreto\n.", {"content_type": "application/x-python-serialize", "content_encoding": "binary"}),
            (b"[]", {**named, "headers": {"task": "secreto", "id": "secreto"}}),
            (b"{secreto", named),
            (json.dumps([["secreto"], {}, {}]).encode(), named),
            (json.dumps([[str(uuid4()), "secreto"], {}, {}]).encode(), named),
            (json.dumps([[], {"secreto": 1}, {}]).encode(), named),
            (json.dumps([[new_uuid(archive.clock())], {}, {}]).encode(), named),
        ):
            broker.publish(Queue.INGEST, body, content_encoding=properties.pop("content_encoding", "utf-8"), **properties)
        (last,) = add_jobs(archive, 1)
        until(lambda: all_done(archive))
        until(lambda: carried(archive) == 0)
        assert worker.poll() is None
        worker.terminate()
        assert worker.wait(60) == 0
    assert effects(archive) == {first: 1, last: 1}
    with broker.channel() as channel:
        assert channel.queue_declare(queue_name(Queue.INGEST), passive=True).message_count == 0
    lines = log.read_text("utf-8")
    assert lines.count("se descartó un mensaje") == 9
    assert "secreto" not in lines


def test_pages_to_recognise_delay_nothing_else_and_each_worker_keeps_to_its_queues(archive: Archive, broker: RabbitMQ) -> None:
    with workers(1) as (worker,):
        pages = add_jobs(archive, 8, Queue.OCR, params={"seconds": 600})
        until(lambda: states(archive).get("running") == 2)
        (upload,) = add_jobs(archive, 1)
        until(lambda: job(archive, upload).state == JobState.DONE)
        worker.kill()
        worker.wait()
        with workers(1, "--queues", "seal, index"):
            (left,) = add_jobs(archive, 1)
            (sealed,) = add_jobs(archive, 1, Queue.SEAL)
            until(lambda: job(archive, sealed).state == JobState.DONE)
            assert job(archive, left).state == JobState.QUEUED
    assert effects(archive) == {upload: 1, sealed: 1}
    assert not {one for one in pages if job(archive, one).state == JobState.DONE}


def test_the_doctor_tells_whether_the_broker_answers(archivo: Command, archive: Archive) -> None:
    add_jobs(archive, 3)
    until(lambda: archive.legs.carried(Queue.INGEST) == 3)
    (told,) = [check for check in archivo("doctor", "--json").value["checks"] if check["name"] == "mensajería"]
    assert (told["status"], "3 mensajes" in told["message"]) == ("ok", True)
