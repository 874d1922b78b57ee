"""Rows on a PostgreSQL server: writers side by side, a server that dies in the middle of work, texts and orders as those of SQLite."""

import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from archivo import jobs
from archivo.access import services as access
from archivo.access.policy import Actor, custody, scope
from archivo.app import create_app
from archivo.archive import Archive, CatalogueEdition, ObjectLease
from archivo.assembly import ensure_schema, opened
from archivo.audit.services import verify_chain
from archivo.custody import deletion, oversight
from archivo.custody.services import verify
from archivo.database import Database, is_away
from archivo.errors import ArchivoError, Conflict, Malformed, Unavailable
from archivo.intake.idempotency import Kept, remember
from archivo.intake.models import DigestClaim
from archivo.intake.publication import publish, withdraw
from archivo.intake.services import Metadata, Upload, deposit
from archivo.jobs import Job, Queue
from archivo.operations.reconciling import reconcile
from archivo.records.models import Document, DocumentEvent, Fonds, Incoming
from archivo.records.rows import alphabetical
from archivo.records.services import describe, view_document, view_parts
from archivo.settings import read_settings
from archivo.worker import Crew, work_until_done
from search.index import Query
from tests.processes import until
from tests.servers import Postgres, started_postgres

from .made_rows import AT, a_document

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]
ACTOR = custody("prueba")
TOGETHER = 8
Answer = TypeVar("Answer")


@pytest.fixture
def address(postgres: Postgres, tables: str) -> Iterator[str]:
    with postgres.database(tables) as url:
        yield url


@pytest.fixture
def archive(address: str, tmp_path: Path) -> Iterator[Archive]:
    with opened(read_settings({"ARCHIVO_HOME": str(tmp_path / "casa"), "ARCHIVO_DATABASE_URL": address})) as assembled:
        yield assembled


def send(archive: Archive, words: str, name: str = "oficio.txt") -> str:
    return deposit(archive, ACTOR, Upload(io.BytesIO(f"Oficio. {words}\n".encode()), name)).id


def at_once(act: Callable[[int], Answer], times: int = TOGETHER) -> list[Answer | Exception]:
    """Do it from several threads that begin together; what each answered or raised."""
    begin = threading.Barrier(times)

    def one(n: int) -> Answer | Exception:
        begin.wait()
        try:
            return act(n)
        except Exception as fault:
            return fault

    with ThreadPoolExecutor(times) as crew:
        return list(crew.map(one, range(times)))


def count(archive: Archive, model: type) -> int:
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


class TestAtOnce:
    def test_the_first_deposits_make_one_fonds_and_one_trail(self, archive: Archive) -> None:
        answers = at_once(lambda n: send(archive, f"número {n}"))
        assert len({*map(str, answers)}) == TOGETHER
        assert all(isinstance(answer, str) for answer in answers), answers
        assert count(archive, Fonds) == 1
        assert count(archive, Document) == TOGETHER
        assert verify_chain(archive).broken_at is None
        assert verify_chain(archive).entries == 2 * TOGETHER  # its deposit, and the first version of its package

    def test_the_same_bytes_are_kept_once(self, archive: Archive) -> None:
        for turn in range(4):

            def send_alike(n: int, words: str = f"lo mismo {turn}") -> str:
                return send(archive, words, f"{n}.txt")

            answers = at_once(send_alike)
            assert len({*map(str, answers)}) == 1, answers
        assert count(archive, Document) == 4
        assert count(archive, DigestClaim) == count(archive, Incoming) == 0

    def test_one_of_those_who_saw_the_same_version_changes_it(self, archive: Archive) -> None:
        document = send(archive, "descrito")
        answers = at_once(lambda n: describe(archive, ACTOR, document, {"title": f"Título {n}"}, seen_version=1))
        assert [answer for answer in answers if not isinstance(answer, Conflict)] == [2], answers
        assert view_document(archive, ACTOR, document).version == 2

    def test_no_act_is_lost_among_others(self, archive: Archive) -> None:
        document = send(archive, "descrito")
        answers = at_once(lambda n: describe(archive, ACTOR, document, {"title": f"Título {n}", "description": f"{n}"}))
        assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(2, TOGETHER + 2)), answers
        assert [act.n for act in view_document(archive, ACTOR, document).history] == list(range(1, TOGETHER + 2))

    def test_a_job_is_taken_once(self, archive: Archive) -> None:
        with archive.database.writing() as session:
            for n in range(40):
                jobs.enqueue(session, "seal", f"objeto-{n}", queue=Queue.SEAL, now=archive.clock())

        def take(n: int) -> list[str]:
            taken = []
            for _ in range(40):
                with archive.database.claiming() as session:
                    lease = jobs.claim(session, f"obrero-{n}", archive.clock(), queues=[Queue.SEAL])
                if lease is None:
                    break
                taken.append(lease.object_id)
            return taken

        answers = at_once(take)
        everything = [each for taken in answers if isinstance(taken, list) for each in taken]
        assert sorted(everything) == sorted(f"objeto-{n}" for n in range(40)), answers

    def test_a_job_that_is_counted_on_is_not_begun_before_the_act_can_be_seen(self, archive: Archive) -> None:
        with archive.database.writing() as session:
            first = jobs.enqueue(session, "index", "objeto", queue=Queue.INDEX, now=archive.clock())
        with archive.database.writing() as acting:
            assert jobs.enqueue(acting, "index", "objeto", queue=Queue.INDEX, now=archive.clock()) == first
            with archive.database.claiming() as working:
                assert jobs.claim(working, "obrero", archive.clock(), objects=["objeto"]) is None
        with archive.database.claiming() as working:
            assert jobs.claim(working, "obrero", archive.clock(), objects=["objeto"]) is not None

    def test_a_request_is_answered_once(self, archive: Archive) -> None:
        answers = at_once(lambda n: remember(archive, "ana", "clave", Kept("d", 202, {"n": n})))
        assert len({str(answer.answer) for answer in answers if isinstance(answer, Kept)}) == 1, answers
        assert all(isinstance(answer, Kept) for answer in answers)

    def test_a_person_is_created_once(self, archive: Archive) -> None:
        answers = at_once(lambda _: access.create_user(archive, ACTOR, "ana", "archivist", password="una frase bien larga"), 4)
        assert [answer for answer in answers if not isinstance(answer, Conflict)] == [None], answers

    def test_the_lease_of_an_object_is_of_one(self, archive: Archive) -> None:
        inside: list[int] = []

        def hold(n: int) -> None:
            with archive.writing_object("urn:x"):
                inside.append(n)
                assert len(inside) == 1
                time.sleep(0.01)
                inside.remove(n)

        assert at_once(hold) == [None] * TOGETHER
        assert count(archive, ObjectLease) == 0

    def test_everybody_works_on_the_same_documents(self, archive: Archive) -> None:
        """Acts, processing, sealing, indexing and the reconciler, all upon three documents: none waits for another for ever."""
        documents = [send(archive, f"la quebrada Chivatera {n}") for n in range(3)]

        def act(n: int) -> None:
            for turn in range(4):
                document = documents[(n + turn) % 3]
                match n % 4:
                    case 0:
                        publish(archive, ACTOR, document)
                        withdraw(archive, ACTOR, document)
                    case 1:
                        describe(archive, ACTOR, document, {"title": f"{n}-{turn}", "description": "x"})
                    case 2:
                        work_until_done(archive, set(documents))
                    case _:
                        reconcile(archive)
                        send(archive, f"la quebrada Chivatera {turn % 3}", f"{n}-{turn}.txt")

        assert [answer for answer in at_once(act) if answer is not None] == []
        work_until_done(archive, set(documents))
        with archive.reading() as session:
            assert set(session.scalars(select(Document.state))) == {"findable"}
            assert not session.scalars(select(Document.id).where(Document.sealed_version < Document.version)).all()
            assert not session.scalars(select(Job.error_code).where(Job.state == "failed")).all()
            numbered = select(DocumentEvent.document_id, func.count(), func.max(DocumentEvent.sequence))
            sequences = session.execute(numbered.group_by(DocumentEvent.document_id))
            assert all(number == last for _, number, last in sequences)
        assert archive.index.search(Query("chivatera"), scope=scope(ACTOR)).total == 3
        assert verify_chain(archive).broken_at is None
        assert verify(archive, ACTOR).is_clean


def test_a_database_that_is_away_is_told_and_taken_up_again(archive: Archive, postgres: Postgres, address: str) -> None:
    document = send(archive, "descrito")
    publish(archive, ACTOR, document)
    work_until_done(archive, {document})
    name = address.rpartition("/")[2]
    with TestClient(create_app(archive, "secreto"), base_url="http://archivo.test", raise_server_exceptions=False) as web:
        assert web.get(f"/documentos/{document}").status_code == 200
        postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        page, problem = web.get(f"/documentos/{document}"), web.get(f"/api/v1/documents/{document}")
        with pytest.raises(DBAPIError) as fault, archive.reading() as session:
            session.execute(text("SELECT 1"))
        postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert is_away(fault.value)
        assert (page.status_code, problem.status_code) == (503, 503)
        assert "Un servicio que el archivo necesita no responde." in page.text
        assert problem.json()["code"] == "service.away"
        assert web.get(f"/documentos/{document}").status_code == 200
        assert send(archive, "otro") != document


def test_a_connection_that_ended_while_nobody_used_it_is_noticed_by_nobody(archive: Archive, postgres: Postgres, address: str) -> None:
    with archive.reading() as session, archive.database.claiming() as other:
        assert session.scalar(text("SELECT 1")) == other.scalar(text("SELECT 1"))
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{address.rpartition('/')[2]}'")
    time.sleep(1.1)
    with archive.reading() as session, archive.database.claiming() as other:
        assert session.scalar(text("SELECT 1")) == other.scalar(text("SELECT 1"))


def test_what_was_done_waits_for_the_disk_and_who_takes_it_does_not(archive: Archive) -> None:
    asked = text("SHOW synchronous_commit")
    with archive.database.writing() as doing, archive.database.claiming() as taking:
        assert (doing.scalar(asked), taking.scalar(asked)) == ("on", "off")


@pytest.mark.parametrize(
    ("fault", "away"),
    [
        ("SELECT nada FROM ninguna", False),
        ("SELECT 1/0", False),
        ("SET statement_timeout = 50; SELECT pg_sleep(5)", True),
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", True),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", True),
        ("DO $$ BEGIN RAISE SQLSTATE '23505'; END $$", False),
        ("DO $$ BEGIN RAISE SQLSTATE '25P03'; END $$", True),
    ],
)
def test_which_faults_pass_by_themselves(archive: Archive, fault: str, away: bool) -> None:
    with pytest.raises(DBAPIError) as raised, archive.database.writing() as session:
        session.connection().exec_driver_sql(fault)
    assert is_away(raised.value) is away


def test_a_reader_sees_one_instant(archive: Archive) -> None:
    document = send(archive, "descrito")
    with archive.reading() as session:
        before = session.scalar(select(Document.version).where(Document.id == document))
        describe(archive, ACTOR, document, {"title": "Otro"})
        assert session.scalar(select(Document.version).where(Document.id == document)) == before == 1
        with pytest.raises(DBAPIError, match="read-only"):
            session.execute(text("DELETE FROM job"))


def test_a_nul_is_kept_with_its_mark_and_finds_nothing(archive: Archive) -> None:
    content = b"antes\x00 despu\xc3\xa9s del nulo, con palabras de sobra\n"
    raw = deposit(archive, ACTOR, Upload(io.BytesIO(content), "nu\x00lo.txt", Metadata(title="a\x00b")))
    work_until_done(archive, {raw.id})
    view = view_document(archive, ACTOR, raw.id)
    assert "\x00" not in "".join(part.text for part in view_parts(archive, ACTOR, raw.id))
    assert (view.filename, view.title) == ("nu\ufffdlo.txt", "a b")
    describe(archive, ACTOR, raw.id, {"description": "uno\x00dos"})
    assert view_document(archive, ACTOR, raw.id).description == "uno\ufffddos"
    with archive.reading() as session:
        assert session.scalars(select(Document.id).where(Document.filename == "nu\x00lo.txt")).all() == [raw.id]
        assert session.scalars(select(Document.id).where(Document.title == "ab\x00")).all() == []


def test_the_order_is_that_of_the_bytes_whatever_the_language_of_the_server(postgres: Postgres, tmp_path: Path) -> None:
    titles = ["ñame", "nube", "Árbol", "arbol", "zeta", "a-b", "ab", "a b", "Ñu", "_", "10", "9", "É", "e"]
    found = []
    name = f"prueba_icu_{tmp_path.name}"
    postgres.run(f"CREATE DATABASE \"{name}\" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'es-CO'")
    icu = postgres.url.rpartition("/")[0] + f"/{name}"
    try:
        for url in (icu, f"sqlite:///{tmp_path / 'archivo.db'}"):
            database = Database(url)
            ensure_schema(database)
            with database.writing() as session:
                session.add(Fonds(id="f", code="c", name="n", created_at=AT, ocfl_version=0))
                session.flush()
                session.add_all(a_document("f", n, id=f"{n:02}", title=title) for n, title in enumerate(titles))
            with database.reading() as session:
                by_bytes = session.scalars(select(Document.title).order_by(Document.title)).all()
                in_spanish = session.scalars(select(Document.title).order_by(alphabetical(Document.title), Document.id)).all()
                after = session.scalars(select(Document.title).where(Document.title > "a").order_by(Document.id)).all()
                found.append((by_bytes, in_spanish, after))
            database.close()
    finally:
        postgres.drop(icu)
    assert found[0] == found[1]
    assert found[0][0] == sorted(titles)


def test_a_start_that_is_refused_leaves_no_connection(postgres: Postgres, address: str, tmp_path: Path) -> None:
    given = {"ARCHIVO_HOME": str(tmp_path / "casa"), "ARCHIVO_DATABASE_URL": address}
    with pytest.raises(Malformed) as told, opened(read_settings(given | {"ARCHIVO_REPLICAS": "copia=gs://otra"})):
        pass
    assert "ARCHIVO_REPLICAS no tiene una dirección" in told.value.message
    left = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(postgres.url, autocommit=True) as looking:
        until(lambda: not looking.execute(left, (make_url(address).database,)).fetchall(), 20)


def test_a_server_killed_in_the_middle_of_work_loses_nothing(tmp_path: Path) -> None:
    with started_postgres() as server, server.database() as url:
        told = _killed_in_the_middle(server, url, tmp_path)
    assert len(told) >= 9
    assert all(isinstance(fault, Unavailable) or is_away(fault) for fault in told), told


def _killed_in_the_middle(server: Postgres, url: str, tmp_path: Path) -> list[ArchivoError | DBAPIError]:
    """People deposit and workers work while the server dies three times, and is away until three were refused; what they were told."""
    settings = read_settings({"ARCHIVO_HOME": str(tmp_path / "casa"), "ARCHIVO_DATABASE_URL": url, "ARCHIVO_WORKERS": "2"})
    with opened(settings) as archive:
        crew = Crew(archive, 2)
        crew.start()
        answered: dict[int, str] = {}
        told: list[ArchivoError | DBAPIError] = []
        stop = threading.Event()

        def people() -> None:
            for n in itertools.count():
                while not stop.is_set():
                    try:
                        answered[n] = send(archive, f"la quebrada Chivatera {n}", f"{n}.txt")
                        break
                    except (ArchivoError, DBAPIError) as fault:
                        told.append(fault)
                        time.sleep(0.05)
                if stop.is_set():
                    return

        sender = threading.Thread(target=people)
        sender.start()
        for _ in range(3):
            seen = len(answered)
            while len(answered) < seen + 4:
                time.sleep(0.02)
            server.kill()
            failed = len(told)
            while len(told) < failed + 3:
                time.sleep(0.02)
            server.start()
        seen = len(answered)
        while len(answered) < seen + 2:
            time.sleep(0.02)
        stop.set()
        sender.join()
        crew.stop()
        reconcile(archive)
        with archive.reading() as session:
            kept = list(session.scalars(select(Document.id)))
        work_until_done(archive, kept)
        assert set(answered.values()) <= set(kept)
        assert len(kept) == len({view_document(archive, ACTOR, one).original.sha256 for one in kept})
        assert archive.index.search(Query("chivatera"), scope=scope(ACTOR)).total == len(kept)
        with archive.reading() as session:
            assert not session.scalars(select(Job.error_code).where(Job.state == "failed")).all()
        for model in (Incoming, DigestClaim, ObjectLease):
            assert count(archive, model) == 0, model
        assert verify_chain(archive).broken_at is None
        assert verify(archive, ACTOR).is_clean
    return told


def test_of_two_that_change_the_catalogue_first_both_make_an_edition(archive: Archive) -> None:
    def change() -> None:
        with archive.transaction() as transaction:
            transaction.changes_catalogue = True

    other = threading.Thread(target=change)
    with archive.database.writing() as session:
        session.add(CatalogueEdition(id=1, number=1))
        session.flush()
        other.start()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        with archive.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as asking:
            while not asking.scalar(waiting):
                assert other.is_alive()
                time.sleep(0.02)
    other.join()
    with archive.reading() as reading:
        assert reading.scalars(select(CatalogueEdition.number)).all() == [2]


def test_what_is_kept_is_read_again_and_deleted_where_an_act_orders_it(archive: Archive) -> None:
    first, second = (send(archive, f"número {n}") for n in range(2))
    work_until_done(archive, {first, second})
    then = replace(archive, clock=lambda: archive.clock() - timedelta(days=30))
    asked = deletion.request(then, ACTOR, [first], deletion.Order("acta", "1", "2020-01-01", "quien firma"), "Venció su tiempo.")
    deletion.confirm(then, Actor("ana", "archivist", ACTOR.grants), asked.id)
    due = deletion.schedule(archive)
    work_until_done(archive, due)
    assert due == [asked.id]
    assert [view_document(archive, ACTOR, each).state for each in (first, second)] == ["deleted", "findable"]
    oversight.check_now(archive, ACTOR, None, lambda *_: None)
    (place,) = oversight.fixity_state(archive, ACTOR)
    assert (place.held, place.checked, place.wrong, place.alarms) == (2, 2, 0, ())
    assert verify(archive, ACTOR).is_clean
