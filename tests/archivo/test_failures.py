"""A job whose attempts are spent: it and its document are a person's at once, and who works goes on."""

import threading
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from archivo import gathering, jobs, worker
from archivo.access.policy import custody
from archivo.archive import Archive, Busy
from archivo.identifiers import new_uuid, urn
from archivo.intake.services import Upload, deposit
from archivo.jobs import Job, JobState, Lease, Queue
from archivo.records.models import Document, DocumentState
from archivo.worker import run_job, work_until_done
from search.engines.elastic import ElasticIndex
from tests.processes import until


def last_attempt(archive: Archive, object_id: str) -> Lease:
    with archive.database.writing() as session:
        for job in session.scalars(select(Job).where(Job.object_id == object_id)):
            job.attempt = jobs.MAX_ATTEMPTS - 1
    with archive.database.writing() as session:
        lease = jobs.claim(session, f"{archive.process}#1", archive.clock(), objects=[object_id])
    assert lease is not None
    return lease


def without_package(archive: Archive) -> str:
    document = deposit(archive, custody("pruebas"), Upload(BytesIO(b"Circular uno"), "uno.txt")).id
    for stored in list(archive.packages.keys(urn(document))):
        archive.store.delete(stored.key, authority="uncommitted")
    return document


def test_a_job_that_failed_and_its_document_are_told_together(archive: Archive) -> None:
    document = without_package(archive)
    lease = last_attempt(archive, document)
    refused: list[str] = []

    @event.listens_for(archive.database.engine, "before_cursor_execute")
    def refuse_once(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("UPDATE document ") and f"'{DocumentState.FAILED}'" in str(parameters) and not refused:
            refused.append(statement)
            raise OperationalError("", None, ConnectionError(), connection_invalidated=True)

    run_job(archive, lease)
    assert refused
    with archive.reading() as session:
        assert session.get_one(Job, lease.id).state == JobState.FAILED
        assert session.get_one(Document, document).state == DocumentState.FAILED


@pytest.mark.parametrize("kind", ["process", "recognise"])
def test_a_job_of_a_document_that_is_not_there_fails_alone(archive: Archive, kind: str) -> None:
    with archive.transaction() as transaction:
        transaction.enqueue(kind, object_id := new_uuid(transaction.now), queue=Queue.INGEST, params={"pages": [1]})
    lease = last_attempt(archive, object_id)
    run_job(archive, lease)
    with archive.reading() as session:
        assert session.get_one(Job, lease.id).state == JobState.FAILED


def test_a_fault_whose_words_no_database_keeps_is_noted_all_the_same(archive: Archive) -> None:
    document = without_package(archive)
    lease = last_attempt(archive, document)
    with archive.database.writing() as session:
        jobs.fail(session, lease, archive.clock(), "tool\udcff", "carta\udcff.txt")
    with archive.reading() as session:
        assert session.get_one(Job, lease.id).error_detail == "carta?.txt"
        assert session.get_one(Job, lease.id).error_code == "tool?"


def test_a_thread_takes_back_at_once_the_lease_that_it_could_not_give_back(archive: Archive) -> None:
    def refuse(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM object_lease"):
            raise OperationalError("", None, ConnectionError(), connection_invalidated=True)

    event.listen(archive.database.engine, "before_cursor_execute", refuse)
    with archive.writing_object("urn:cosa"):
        pass
    event.remove(archive.database.engine, "before_cursor_execute", refuse)
    with archive.writing_object("urn:cosa", wait=0):
        with pytest.raises(Busy), archive.writing_object("urn:cosa", wait=0):
            pass
        assert archive.holding, "it is held still"


def test_what_a_fault_quotes_is_not_kept(archive: Archive) -> None:
    class Quoting:
        def __getattr__(self, _: str) -> object:
            raise ValueError("invalid literal for int(): 'Rosa Gómez'")

    document = without_package(archive)
    lease = last_attempt(archive, document)
    run_job(replace(archive, packages=Quoting()), lease)  # type: ignore[arg-type]  # a package store that breaks at whatever it is asked
    with archive.reading() as session:
        job = session.get_one(Job, lease.id)
    assert (job.state, job.error_code) == (JobState.FAILED, "ValueError")
    assert job.error_detail
    assert "Rosa" not in job.error_detail


def indexing(archive: Archive, number: int) -> None:
    """So many documents that wait to be indexed, and nothing else that waits."""
    documents = [deposit(archive, custody("pruebas"), Upload(BytesIO(f"Circular {n}".encode()), f"{n}.txt")).id for n in range(number)]
    work_until_done(archive, set(documents))
    with archive.transaction() as transaction:
        for document in documents:
            transaction.enqueue("index", document, queue=Queue.INDEX)


def index_jobs(archive: Archive) -> list[tuple[str, int]]:
    with archive.reading() as session:
        return [(job.state, job.attempt) for job in session.scalars(select(Job).where(Job.kind == "index", Job.state != JobState.DONE))]


def test_an_index_that_is_away_costs_no_document_of_a_batch_an_attempt(archive: Archive) -> None:
    indexing(archive, 3)
    with archive.database.writing() as session:
        lease = jobs.claim(session, f"{archive.process}#1", archive.clock(), queues=[Queue.INDEX])
    assert lease
    run_job(replace(archive, index=ElasticIndex("http://127.0.0.1:9/archivo")), lease)
    assert index_jobs(archive) == [("queued", 0)] * 3


def test_where_servers_are_asked_a_document_is_indexed_with_those_that_wait_to_be_processed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "COMPANY", 60)
    other = deposit(archive, custody("pruebas"), Upload(BytesIO(b"Acta"), "acta.txt")).id
    work_until_done(archive, {other})
    indexing(archive, 1)
    with archive.reading() as session:
        (first,) = session.scalars(select(Job.id).where(Job.kind == "index", Job.state != JobState.DONE))
    with archive.transaction() as transaction:
        transaction.enqueue("classify", other, queue=Queue.INGEST)
    indexes = threading.Thread(target=worker.run_by_id, args=(archive, first))
    indexes.start()
    with archive.transaction() as transaction:
        transaction.enqueue("index", other, queue=Queue.INDEX)
    with archive.database.writing() as session:
        assert jobs.claim(session, f"{archive.process}#1", archive.clock(), queues=[Queue.INGEST])
    indexes.join()
    assert index_jobs(archive) == []


def test_of_documents_to_be_indexed_one_gathers_the_others(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers do not gather at once: each would write the index for half of the documents."""
    monkeypatch.setattr(worker, "COMPANY", 60)
    glances: list[bool] = []
    waits = gathering.waits

    def noted(session: Session, job_id: str, now: datetime) -> bool:
        glances.append(waits(session, job_id, now))
        return glances[-1]

    monkeypatch.setattr(gathering, "waits", noted)
    other = deposit(archive, custody("pruebas"), Upload(BytesIO(b"Acta"), "acta.txt")).id
    work_until_done(archive, {other})
    indexing(archive, 2)
    with archive.reading() as session:
        both = list(session.scalars(select(Job.id).where(Job.kind == "index", Job.state != JobState.DONE)))
    with archive.transaction() as transaction:
        transaction.enqueue("classify", other, queue=Queue.INGEST)
    workers = []
    for job_id in both:
        workers.append(threading.Thread(target=worker.run_by_id, args=(archive, job_id)))
        workers[-1].start()
        until(lambda: any(state == "running" for state, _ in index_jobs(archive)))
    until(lambda: len(glances) > 1)
    assert sorted(state for state, _ in index_jobs(archive)) == ["queued", "running"]
    with archive.database.writing() as session:
        assert jobs.claim(session, f"{archive.process}#1", archive.clock(), queues=[Queue.INGEST])
    for each in workers:
        each.join()
    assert index_jobs(archive) == []
    with archive.reading() as session:
        assert len(set(session.scalars(select(Job.owner).where(Job.id.in_(both))))) == 1


def test_what_was_tried_in_company_in_vain_is_tried_alone(archive: Archive) -> None:
    """A job that ends its process spends its own attempts, and of those that were with it only the first."""
    indexing(archive, 3)
    with archive.database.writing() as session:
        for job in session.scalars(select(Job).where(Job.kind == "index", Job.state == JobState.QUEUED)):
            job.attempt = jobs.IN_COMPANY
        lease = jobs.claim(session, f"{archive.process}#1", archive.clock(), queues=[Queue.INDEX])
    assert lease
    run_job(archive, lease)
    assert index_jobs(archive) == [("queued", jobs.IN_COMPANY)] * 2
