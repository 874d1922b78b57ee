"""`archivo migrate-data`: the rows of an archive go to a server and come back, all of them or none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from archivo.access.policy import custody
from archivo.assembly import ensure_schema, open_database, opened
from archivo.audit.services import record_refusal, verify_chain
from archivo.database import Base, Database, table_of
from archivo.errors import Conflict
from archivo.intake.models import BulkAct
from archivo.jobs import Job
from archivo.operations.moving import move
from archivo.processes import host_name, process_name
from archivo.records.models import Document, DocumentPart
from tests.servers import Postgres

from .conftest import Command
from .made_rows import AT

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]
STRANGE = "Ñandú — «cédula»\u200b 😀 \\N \t' \" %s :x {}"


@pytest.fixture
def embedded_url(filled: Path) -> str:
    return f"sqlite:///{filled / 'archivo.db'}"


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    database = Database(url)
    with database.reading() as session:
        held = {t.name: [tuple(row) for row in session.execute(select(t).order_by(*t.primary_key))] for t in Base.metadata.sorted_tables}
    database.close()
    return held


def holds_nothing(url: str) -> bool:
    return not any(rows_of(url).values())


def test_there_and_back_it_is_the_same_archive(
    archivo: Command, embedded_url: str, empty: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as archive:
        with archive.database.writing() as session:
            session.execute(update(table_of(Document)).values(description=STRANGE))
        record_refusal(archive, "ana", "document.view", STRANGE)
        archive.index.put([])
    found = archivo("search", "acueducto", "--json").value["total"]
    there = archivo("migrate-data", embedded_url, empty, "--json")
    assert there.status == 0, there.err
    before = rows_of(embedded_url)
    assert rows_of(empty) == before
    assert {t["name"]: t["rows"] for t in there.value["tables"]} == {name: len(rows) for name, rows in before.items()}
    assert there.value["rows"] == sum(map(len, before.values())) > 100
    assert there.value["same"] is True

    monkeypatch.setenv("ARCHIVO_DATABASE_URL", empty)
    (home / "archivo.db").rename(tmp_path / "guardada.db")
    letter = tmp_path / "carta.txt"
    letter.write_text("El tranvía llegó a Chapinero.", "utf-8")
    assert archivo("search", "acueducto", "--json").value["total"] == found
    assert archivo("deposit", letter, "--wait", "--json").lines[0]["state"] == "findable"
    assert archivo("verify", "--json").status == 0
    with opened() as archive:
        assert verify_chain(archive).broken_at is None

    back = archivo("migrate-data", empty, embedded_url)
    assert back.status == 0, back.err
    assert "iguales una por una" in back.out
    assert rows_of(embedded_url) == rows_of(empty)
    monkeypatch.delenv("ARCHIVO_DATABASE_URL")
    assert archivo("search", "tranvía", "--as", "nadie").status == 2
    assert archivo("verify", "--json").status == 0
    assert archivo("jobs", "--failed", "--json").value == []


def test_a_text_that_postgresql_cannot_keep_is_kept_with_its_mark(archivo: Command, embedded_url: str, empty: str) -> None:
    database = Database(embedded_url)
    with database.writing() as session:
        one = session.scalars(select(DocumentPart.document_id).limit(1)).one()
        parts = table_of(DocumentPart)
        session.execute(update(parts).where(parts.c.document_id == one).values(text="antes\x00después"))
    database.close()
    assert archivo("migrate-data", embedded_url, empty).status == 0
    held = Database(empty)
    with held.reading() as session:
        assert session.scalars(select(DocumentPart.text).where(DocumentPart.document_id == one)).first() == "antes\ufffddespués"
    held.close()


def test_what_undoes_an_act_may_have_a_lower_key_than_the_act(archivo: Command, embedded_url: str, empty: str) -> None:
    database = Database(embedded_url)
    act = BulkAct(id="b" * 36, at=AT, actor="ana", act="classify", undoes=None, ended_at=AT)
    for one in (act, BulkAct(id="a" * 36, at=AT, actor="ana", act="classify", undoes=act.id, ended_at=AT)):
        with database.writing() as session:
            session.add(one)
    database.close()
    ran = archivo("migrate-data", embedded_url, empty, "--json")
    assert ran.status == 0, ran.out
    assert len(rows_of(empty)["bulk_act"]) == 2


def test_a_target_that_holds_anything_is_refused(archivo: Command, embedded_url: str, empty: str) -> None:
    assert archivo("migrate-data", embedded_url, empty).status == 0
    held = rows_of(empty)
    again = archivo("migrate-data", embedded_url, empty, "--json")
    assert (again.status, again.value["error"]["code"]) == (2, "migrate.target")
    assert rows_of(empty) == held


@pytest.mark.parametrize("source", ["sqlite:///no/existe.db", "mysql://x/y", "postgresql://h:puerto/x", "sqlite:///{tmp}/vacia.db"])
def test_a_source_that_is_no_archive_is_refused(archivo: Command, empty: str, tmp_path: Path, source: str) -> None:
    (tmp_path / "vacia.db").touch()
    ran = archivo("migrate-data", source.format(tmp=tmp_path), empty, "--json")
    assert ran.status == 2, ran.out
    assert ran.value["error"]["remedy"]


def test_a_server_that_is_away_is_told(archivo: Command, embedded_url: str) -> None:
    ran = archivo("migrate-data", embedded_url, "postgresql://postgres@127.0.0.1:1/nada", "--json")
    assert (ran.status, ran.value["error"]["code"]) == (1, "database.away")


def test_an_archive_that_somebody_works_on_is_not_moved(archivo: Command, embedded_url: str, empty: str) -> None:
    database = Database(embedded_url)
    with database.writing() as session:
        job = session.scalars(select(Job.id).limit(1)).one()
        owner = f"{process_name(host_name(), os.getpid())}#1"
        session.execute(update(table_of(Job)).where(table_of(Job).c.id == job).values(state="running", owner=owner))
    database.close()
    ran = archivo("migrate-data", embedded_url, empty, "--json")
    assert (ran.status, ran.value["error"]["code"]) == (2, "migrate.working")
    assert holds_nothing(empty)


def test_what_changes_meanwhile_is_not_left_behind(embedded_url: str, empty: str) -> None:
    source, target = open_database("", embedded_url), open_database("", empty)
    ensure_schema(target)

    def act(_: object) -> None:
        with opened() as archive:
            record_refusal(archive, custody("prueba").login, "document.view", "x")

    with pytest.raises(Conflict, match="cambió mientras"):
        move(source, target, act, lives=lambda _: False)
    source.close()
    target.close()
    assert holds_nothing(empty)


def test_a_row_that_did_not_arrive_as_it_left_is_named_without_its_words(embedded_url: str, empty: str) -> None:
    source, target = open_database("", embedded_url), open_database("", empty)
    ensure_schema(target)
    with target.writing() as session:
        session.execute(
            text("CREATE FUNCTION spoil() RETURNS trigger AS $$ BEGIN NEW.title := NEW.title || '.'; RETURN NEW; END $$ LANGUAGE plpgsql")
        )
        session.execute(text("CREATE TRIGGER spoil BEFORE INSERT ON document FOR EACH ROW EXECUTE FUNCTION spoil()"))
    with pytest.raises(Conflict) as told:
        move(source, target, lambda _: None, lives=lambda _: False)
    source.close()
    target.close()
    assert "tabla document, clave" in told.value.message
    assert told.value.message.count("columnas title.") == 1
    assert holds_nothing(empty)
