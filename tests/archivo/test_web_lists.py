"""The lists of who works: ordered by any column, page by page, and taken away as CSV."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from archivo.access.policy import AccessClass, Actor, custody
from archivo.access.services import actor_of_login, create_token, create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.discovery.lists import PER_PAGE
from archivo.intake.models import RecognisedPage
from archivo.intake.services import Metadata, Upload, deposit
from archivo.jobs import Queue
from archivo.records.models import Document, DocumentState

from .test_web_pages import PASSWORD, browser, documents, signed_in, words

SHEETS = ("/documentos.csv", "/trabajo.csv", "/trabajos.csv", "/personas.csv", "/trd.csv")
MANY = PER_PAGE - 5


@pytest.fixture
def kept(filled: Path) -> Iterator[Archive]:
    with opened() as archive:
        for login, role in (("ana", "archivist"), ("olga", "operator"), ("sofia", "servant")):
            create_user(archive, custody("pruebas"), login, role, password=PASSWORD)
        yield archive


def rows(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def put(archive: Archive, actor: Actor, text: str, title: str | None = None) -> str:
    content = io.BytesIO(text.encode())
    return deposit(archive, actor, Upload(content, f"{text}.txt", Metadata(title, access=AccessClass.PUBLICA))).id


def named(text: str) -> list[str]:
    """The documents of a table, from the first to the last."""
    return documents(text.partition("<tbody>")[2])


def test_documents_go_by_the_column_that_is_asked(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    put(kept, actor_of_login(kept, "ana"), "Ábaco de contar", title="Ábaco de contar")
    page = ana.get("/documentos?orden=titulo").text
    assert re.search(r'<th scope="col" aria-sort="ascending"><a class="sort" id="por-titulo" href="/documentos\?orden=-titulo">', page)
    assert page.count("aria-sort=") == 1
    titles = [row["Título"] for row in rows(ana, "/documentos.csv?orden=titulo")]
    assert titles[0] == "Ábaco de contar"
    assert len(titles) == len(named(page))
    assert [row["Título"] for row in rows(ana, "/documentos.csv?orden=-titulo")] == titles[::-1]
    for order in ("fecha", "-fecha"):
        dates = [row["Fecha"][:4] for row in rows(ana, f"/documentos.csv?orden={order}")]
        known = [date for date in dates if date]
        assert dates[len(known) :] == [""]
        assert known == sorted(known, reverse=order == "-fecha")


def test_pages_neither_repeat_nor_skip_a_document(kept: Archive) -> None:
    ana, actor = signed_in(kept, "ana"), actor_of_login(kept, "ana")
    for number in range(MANY):
        put(kept, actor, f"Planilla {number}", title="Planilla")
    for order in ("titulo", "-titulo", "serie", "-situacion", "acceso", "recibido", ""):
        seen = [document for number in (1, 2) for document in named(ana.get(f"/documentos?orden={order}&pagina={number}").text)]
        assert seen == [row["Dirección"].rpartition("/")[2] for row in rows(ana, f"/documentos.csv?orden={order}")]
        assert len(set(seen)) == len(seen) > PER_PAGE
        assert not named(ana.get(f"/documentos?orden={order}&pagina=99999999").text)


def test_a_sheet_holds_what_its_page_shows_with_the_same_filters(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    series = next(row["Código de serie"] for row in rows(ana, "/documentos.csv") if row["Serie"])
    for state in ("q=acta", "situacion=publicado", "acceso=reservada", "desde=2020&hasta=2021", f"serie={series}", "tipo=Circular"):
        shown = named(ana.get(f"/documentos?{state}").text)
        taken = rows(ana, f"/documentos.csv?{state}")
        assert shown == [row["Dirección"].rpartition("/")[2] for row in taken]
        assert shown
    assert {row["Publicado"] for row in rows(ana, "/documentos.csv?situacion=sin-publicar")} == {"no"}
    assert {row["Acceso"] for row in rows(ana, "/documentos.csv?acceso=reservada")} == {"Pública reservada"}


def test_words_and_pages_of_results_are_taken_in_their_order(kept: Archive) -> None:
    citizen = browser(kept)
    page = citizen.get("/buscar?q=archivo").text
    taken = [row["Dirección"] for row in rows(citizen, "/buscar.csv?q=archivo")]
    assert [documents(address)[0] for address in taken[:10]] == documents(page)[:10]
    counted = re.search(r'<strong class="num">(\d+) documentos', citizen.get("/buscar").text)
    assert counted
    assert len(rows(citizen, "/buscar.csv")) == int(counted[1])
    assert rows(citizen, "/buscar.csv?q=zzzz") == []


def test_what_is_typed_in_a_title_runs_in_no_spreadsheet(kept: Archive) -> None:
    put(kept, actor_of_login(kept, "ana"), "maligno", title='=HYPERLINK("http://malo.test","ver")')
    titles = [row["Título"] for row in rows(signed_in(kept, "ana"), "/documentos.csv")]
    assert titles[0] == '\'=HYPERLINK("http://malo.test","ver")'


def test_a_list_holds_only_what_its_reader_may_see(kept: Archive) -> None:
    ana, sofia = signed_in(kept, "ana"), signed_in(kept, "sofia")
    everything, some = (rows(client, "/documentos.csv") for client in (ana, sofia))
    closed = {row["Título"] for row in everything if row["Acceso"] != "Pública"}
    assert closed
    assert {row["Título"] for row in some} == {row["Título"] for row in everything} - closed
    waiting = rows(sofia, "/trabajo.csv")
    assert waiting
    assert not closed & {row["Título"] for row in waiting}
    for title in closed:
        assert title not in sofia.get("/documentos", params={"q": title}).text.partition("<tbody>")[2]
        assert title not in browser(kept).get("/buscar.csv", params={"q": title}).text


def test_lists_are_taken_by_who_may_and_the_trail_says_so(kept: Archive) -> None:
    ana, olga, citizen = signed_in(kept, "ana"), signed_in(kept, "olga"), browser(kept)
    assert [citizen.get(address).status_code for address in SHEETS] == [303] * 5
    assert [ana.get(address).status_code for address in SHEETS] == [200, 200, 200, 403, 200]
    assert [olga.get(address).status_code for address in ("/trabajo.csv", "/trabajos.csv", "/personas.csv")] == [403, 200, 200]
    with kept.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "list.export").order_by(AuditEntry.sequence))
        taken = [(entry.actor, entry.detail["list"], entry.detail["rows"]) for entry in entries]
    assert [(actor, what) for actor, what, _ in taken] == [
        ("ana", "documents"),
        ("ana", "waiting"),
        ("ana", "jobs"),
        ("olga", "jobs"),
        ("olga", "people"),
    ]
    assert taken[0][2] == len(rows(ana, "/documentos.csv"))


def test_what_waits_goes_by_confidence_and_is_taken_by_reason(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    assert 'aria-sort="descending"' in ana.get("/trabajo?motivo=classify&orden=-confianza").text
    taken = rows(ana, "/trabajo.csv?motivo=classify&orden=-confianza")
    sure = [float(row["Confianza"]) for row in taken if row["Confianza"]]
    assert len(sure) > 1
    assert sure == sorted(sure, reverse=True)
    assert {row["Motivo"] for row in taken} == {"Por clasificar"}
    assert {row["Motivo"] for row in rows(ana, "/trabajo.csv?motivo=nada")} >= {"Por clasificar"}


def test_a_schedule_goes_by_its_columns_and_by_its_form_at_first(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    address = re.search(r"/trd/[0-9a-f-]{36}", ana.get("/trd").text)
    assert address
    form = rows(ana, f"{address[0]}/clases.csv")
    by_years = rows(ana, f"{address[0]}/clases.csv?orden=-ac")
    years = [int(row["Años en archivo central"]) for row in by_years if row["Años en archivo central"]]
    assert years == sorted(years, reverse=True)
    assert sorted(map(str, form)) == sorted(map(str, by_years))
    assert form != by_years
    assert "aria-sort" not in ana.get(address[0]).text
    assert 'aria-sort="descending"' in ana.get(f"{address[0]}?orden=-ac").text


def test_people_go_by_the_name_of_their_role(kept: Archive) -> None:
    taken = rows(signed_in(kept, "olga"), "/personas.csv?orden=-perfil")
    assert [(row["Usuario"], row["Perfil"]) for row in taken] == [
        ("sofia", "Servidor público"),
        ("olga", "Operador"),
        ("ana", "Archivista"),
    ]


def test_jobs_go_by_their_columns_and_keep_their_order_when_they_are_asked_for_again(kept: Archive) -> None:
    olga, actor = signed_in(kept, "olga"), actor_of_login(kept, "ana")
    for number in range(3):
        put(kept, actor, f"Trabajo {number}")
    page = olga.get("/trabajos?orden=pedido")
    assert 'hx-get="/trabajos?orden=pedido"' in page.text
    piece = olga.get("/trabajos?orden=pedido", headers={"hx-request": "true"}).text
    assert 'id="resumen"' in piece
    assert 'id="lista"' in piece
    assert "<html" not in piece
    asked = [row["Identificador"] for row in rows(olga, "/trabajos.csv?orden=pedido")]
    assert len(asked) == 3
    assert asked == sorted(asked)
    assert [row["Identificador"] for row in rows(olga, "/trabajos.csv")] == asked[::-1]
    assert {row["Estado"] for row in rows(olga, "/trabajos.csv?estado=done&orden=trabajo")} == {"hecho"}


def test_a_long_document_tells_how_far_its_reading_is(kept: Archive) -> None:
    ana, olga, sofia = (signed_in(kept, login) for login in ("ana", "olga", "sofia"))
    long = put(kept, actor_of_login(kept, "ana"), "Libro de actas")
    other = put(kept, actor_of_login(kept, "ana"), "Hoja suelta")
    with kept.transaction() as transaction:
        session = transaction.session
        session.get_one(Document, long).state = DocumentState.PROCESSING
        session.get_one(Document, long).access = AccessClass.RESERVADA
        for first in range(1, 5001, 250):
            pages = list(range(first, first + 250))
            transaction.enqueue("recognise", long, queue=Queue.OCR, params={"pages": pages})
        session.add_all(RecognisedPage(document_id=long, number=number, alto=b"", findings=[]) for number in range(1, 341))
    told = "340 de 5000 páginas leídas, 7\u00a0%"
    for client, address in (
        (ana, f"/documentos/{long}"),
        (ana, f"/documentos/{long}/avance"),
        (olga, "/trabajos"),
        (ana, f"/recibir/{long}"),
    ):
        page = client.get(address).text
        assert told.replace("\u00a0", " ") in words(page)
        assert '<progress max="5000" value="340"' in page
    assert f'hx-get="/documentos/{long}/avance"' in ana.get(f"/documentos/{long}").text
    assert "páginas leídas" not in ana.get(f"/documentos/{other}").text
    assert "Libro de actas" not in olga.get("/trabajos").text
    assert sofia.get(f"/documentos/{long}/avance").status_code == browser(kept).get(f"/documentos/{long}/avance").status_code == 404
    with kept.transaction() as transaction:
        transaction.session.get_one(Document, long).state = DocumentState.FAILED
    assert "hx-get" not in ana.get(f"/documentos/{long}/avance").text


def test_tokens_are_taken_away_without_their_values(kept: Archive) -> None:
    value = create_token(kept, custody("pruebas"), "sofia", "=sistema de turnos")
    olga = signed_in(kept, "olga")
    assert "1 ficha" in words(olga.get("/personas").text)
    (row,) = rows(olga, "/fichas.csv")
    assert (row["Para qué"], row["De quién"], row["Estado"]) == ("'=sistema de turnos", "sofia", "vigente")
    assert value not in olga.get("/fichas.csv").text
    assert signed_in(kept, "ana").get("/fichas.csv").status_code == 403
    with kept.reading() as session:
        (entry, *_) = session.scalars(select(AuditEntry).where(AuditEntry.act == "list.export").order_by(AuditEntry.sequence))
    assert (entry.actor, entry.detail) == ("olga", {"list": "tokens", "rows": 1})
