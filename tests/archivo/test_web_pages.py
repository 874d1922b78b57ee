"""The pages over a whole archive, without a browser: who may open what, what a form needs, what each tells."""

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from archivo.access.policy import AccessClass, custody
from archivo.access.services import create_user
from archivo.app import create_app
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.intake.services import Metadata, Upload, deposit
from archivo.retention.classification import confirm
from archivo.worker import work_until_done

PASSWORD = "una frase para las pruebas"
MIGRATIONS = ("/custodia/migraciones", "/custodia/migraciones/prever")
CUSTODY_ONLY = ("/custodia", "/custodia/formatos", *MIGRATIONS, "/custodia/eliminaciones", "/custodia/eliminaciones/pedir")
STAFF_ONLY = ("/trabajo", "/recibir", "/clasificar", "/trabajos", "/personas", "/mi-clave", "/trd", "/documentos", *CUSTODY_ONLY)


@pytest.fixture
def kept(filled: Path) -> Iterator[Archive]:
    """The archive of the filled home, with an archivist and an operator."""
    with opened() as archive:
        for login, role in (("ana", "archivist"), ("olga", "operator")):
            create_user(archive, custody("pruebas"), login, role, password=PASSWORD)
        yield archive


def browser(archive: Archive) -> TestClient:
    return TestClient(create_app(archive, "secreto de las pruebas"), base_url="http://archivo.test", follow_redirects=False)


def token(text: str) -> str:
    found = re.search(r'name="ficha" value="([^"]+)"', text)
    assert found
    return found[1]


def signed_in(archive: Archive, login: str) -> TestClient:
    client = browser(archive)
    form = {"ficha": token(client.get("/ingresar").text), "usuario": login, "clave": PASSWORD, "volver": "/"}
    assert client.post("/ingresar", data=form).status_code == 303
    return client


def words(text: str) -> str:
    """What a page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def documents(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/documentos/([0-9a-f-]{36})", text)))


def posts(client: TestClient) -> list[str]:
    """The address of every page that takes an order."""
    assert isinstance(client.app, FastAPI)
    contexts = iter_route_contexts(client.app.routes)
    return sorted(
        {c.path for c in contexts if c.path and "POST" in (c.methods or ()) and not c.path.startswith(("/api/", "/csp-informes"))}
    )


def test_every_form_of_every_page_needs_the_token_of_its_session(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    addresses = [re.sub(r"\{[^}]+\}", "0192f0c1-7d3e-7a54-9f1c-2b6d8e4a9c10", path) for path in posts(ana)]
    assert len(addresses) >= 12
    for address in addresses:
        answers = [ana.post(address, data={"accion": "publicar"}), ana.post(address, files={"file": ("a.csv", b"a")})]
        assert {(address, answer.status_code) for answer in answers} <= {(address, 403), (address, 400)}
        assert "su propia sesión" in answers[0].text + answers[1].text


def test_pages_of_the_staff_send_a_citizen_to_sign_in(kept: Archive) -> None:
    citizen = browser(kept)
    for address in STAFF_ONLY:
        answer = citizen.get(address)
        assert (address, answer.status_code, answer.headers["location"][:17]) == (address, 303, "/ingresar?volver=")


def test_each_role_is_offered_what_it_may_do(kept: Archive) -> None:
    ana, olga = (signed_in(kept, login) for login in ("ana", "olga"))
    assert {address: ana.get(address).status_code for address in STAFF_ONLY} == dict.fromkeys(STAFF_ONLY, 200) | {"/personas": 403}
    assert [olga.get(address).status_code for address in ("/trabajo", "/recibir", "/trabajos", "/personas")] == [403, 403, 200, 200]
    menu = words(re.split("</nav>", olga.get("/trabajos").text)[0])
    assert "Personas" in menu
    assert "Recibir" not in menu


def test_signing_in_never_sends_to_another_site(kept: Archive) -> None:
    for volver in ("//malo.test/", "https://malo.test/", "/\\malo.test"):
        client = browser(kept)
        form = {"ficha": token(client.get("/ingresar").text), "usuario": "ana", "clave": PASSWORD, "volver": volver}
        location = client.post("/ingresar", data=form).headers["location"]
        assert location == "/trabajo"


def test_a_wrong_password_says_so_and_keeps_the_name(kept: Archive) -> None:
    client = browser(kept)
    form = {"ficha": token(client.get("/ingresar").text), "usuario": "ana", "clave": "no es esa de verdad", "volver": "/"}
    answer = client.post("/ingresar", data=form)
    assert answer.status_code == 422
    assert 'value="ana"' in answer.text
    assert "no es esa" not in answer.text


def test_signing_out_ends_the_session_for_good(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    cookie = ana.cookies["archivo"]
    assert ana.post("/salir", data={"ficha": token(ana.get("/trabajo").text)}).status_code == 303
    old = browser(kept)
    old.cookies.set("archivo", cookie)
    assert old.get("/trabajo").status_code == 303


def test_the_beginning_counts_only_what_is_public(kept: Archive) -> None:
    text = words(browser(kept).get("/").text)
    assert "documentos públicos" in text
    assert "Petición por ruido" not in text
    assert "Auto 031" not in text


def test_a_citizen_learns_nothing_of_what_is_restricted(kept: Archive) -> None:
    ana, citizen = signed_in(kept, "ana"), browser(kept)
    restricted = documents(ana.get("/buscar?q=ruido+nocturno+plazoleta").text)[0]
    assert not documents(citizen.get("/buscar?q=ruido+nocturno+plazoleta").text)
    assert restricted not in documents(citizen.get("/buscar?q=&desde=2024&hasta=2024").text)
    absent = citizen.get("/documentos/0192f0c1-7d3e-7a54-9f1c-2b6d8e4a9c10")
    for rest in ("", "/descargar/original", "/paginas/1/imagen", "/paginas/1/recorte?x0=0&y0=0&x1=9&y1=9"):
        answer = citizen.get(f"/documentos/{restricted}{rest}")
        assert answer.status_code == absent.status_code == 404
        assert words(answer.text).replace(restricted, "") == words(absent.text).replace("0192f0c1-7d3e-7a54-9f1c-2b6d8e4a9c10", "")


def test_browsing_without_words_holds_its_state_in_the_address(kept: Archive) -> None:
    citizen = browser(kept)
    everything = citizen.get("/buscar").text
    only = citizen.get("/buscar?desde=2020&hasta=2021").text
    assert 0 < len(documents(only)) < len(documents(everything))
    assert "De 2020 a 2021" in words(only)
    assert citizen.get("/buscar?desde=ayer&hasta=99999&pagina=-4&serie=%00").status_code == 200


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"', "“", "a" * 1900, "\u202etxt.exe", "%", "' OR 1=1 --", "*:*"])
def test_nothing_typed_breaks_the_results_nor_gets_out_of_its_text(kept: Archive, text: str) -> None:
    answer = browser(kept).get("/buscar", params={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("text", ["resolución " * 900, "resolución" + "a" * 9_990])
def test_a_query_of_ten_thousand_characters_is_cut_and_says_so(kept: Archive, text: str) -> None:
    ana = signed_in(kept, "ana")
    document = documents(ana.get("/documentos").text)[0]
    for address in ("/buscar", "/buscar.csv", "/documentos", "/documentos.csv", f"/documentos/{document}"):
        answer = ana.get(address, params={"q": text})
        assert (address, answer.status_code) == (address, 200)
        if address in ("/buscar", "/documentos"):
            assert "La consulta es muy larga" in words(answer.text), address
    said = ana.get("/api/v1/search", params={"q": text})
    assert said.status_code == 200
    assert any("La consulta es muy larga" in note for note in said.json()["notes"])


def test_a_document_shows_its_text_its_place_and_its_proof(kept: Archive) -> None:
    citizen = browser(kept)
    found = documents(citizen.get("/buscar?q=tranvia+de+mulas").text)[0]
    assert "<mark" in citizen.get(f"/documentos/{found}?q=tranvia").text
    assert "Transcripción" in words(citizen.get(f"/documentos/{found}?ver=descripcion").text)
    digest = re.search(r"\b[0-9a-f]{64}\b", citizen.get(f"/documentos/{found}?ver=integridad").text)
    original = citizen.get(f"/documentos/{found}/descargar/original")
    assert digest
    assert original.headers["etag"] == f'"{digest[0]}"'
    assert original.headers["content-disposition"].startswith("attachment; filename=")
    assert "sandbox" in original.headers["content-security-policy"]
    assert citizen.get(f"/documentos/{found}?pagina=999").status_code == 404


def test_a_document_that_could_not_be_read_promises_no_text(kept: Archive) -> None:
    broken = deposit(kept, custody("pruebas"), Upload(io.BytesIO(b"%PDF-1.4 cortado"), "cortado.pdf", Metadata())).id
    ana = signed_in(kept, "ana")
    assert "El texto aparecerá aquí" in words(ana.get(f"/documentos/{broken}").text)
    work_until_done(kept, [broken])
    text = words(ana.get(f"/documentos/{broken}").text)
    assert "El texto aparecerá aquí" not in text
    assert "El texto de este documento no se pudo leer" in text


def test_what_was_wrong_with_a_file_received_is_told_with_its_remedy(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    broken = deposit(kept, custody("pruebas"), Upload(io.BytesIO(b"%PDF-1.4 cortado"), "cortado.pdf", Metadata())).id
    sound = deposit(kept, custody("pruebas"), Upload(io.BytesIO(b"texto sano"), "sano.txt", Metadata())).id
    work_until_done(kept, [broken, sound])
    text = words(ana.get(f"/recibir/{broken}").text)
    assert "disponible, con problemas" in text
    assert "disponible para búsqueda" not in text
    assert "Pida una copia nueva" in text
    assert words(ana.get(f"/recibir/{sound}").text) == "disponible para búsqueda"


def test_a_misspelt_word_is_corrected_once(kept: Archive) -> None:
    citizen = browser(kept)
    text = words(citizen.get("/buscar?q=trambia").text)
    assert "Mostrando también: «tranvía»" in text
    assert "¿Quiso decir" not in text


def test_a_rare_word_near_a_common_one_is_asked_about(kept: Archive) -> None:
    for number, text in enumerate(["acueducto"] * 25 + ["acuedusto"]):
        shared = Metadata(access=AccessClass.PUBLICA, published=True)
        given = Upload(io.BytesIO(f"{text} {number}".encode()), f"{number}.txt", shared)
        work_until_done(kept, [deposit(kept, custody("pruebas"), given).id])
    assert "¿Quiso decir acueducto" in words(browser(kept).get("/buscar?q=acuedusto").text)


def test_series_of_one_name_are_told_apart_by_their_office(kept: Archive) -> None:
    chosen = documents(browser(kept).get("/buscar").text)[:2]
    for document, code in zip(chosen, ("100-05-01", "120-03-01"), strict=True):
        confirm(kept, custody("pruebas"), document, code)
    for address in ("/", "/buscar"):
        text = words(browser(kept).get(address).text)
        assert re.search("Informes ?Despacho de la Secretaría General", text)
        assert re.search("Informes ?Subdirección de Gestión Documental y Archivo", text)


def test_every_cell_of_a_table_shown_as_cards_says_what_it_is(kept: Archive) -> None:
    ana, olga = signed_in(kept, "ana"), signed_in(kept, "olga")
    schedule = re.findall(r'href="(/trd/[0-9a-f-]{36})"', ana.get("/trd").text)[0]
    for client, address, rows in ((ana, schedule, 40), (olga, "/personas", 12)):
        tables = re.findall(r'<table class="data cards[^>]*>.*?</table>', client.get(address).text, re.DOTALL)
        assert any(table.partition("<tbody>")[2].count("<tr") >= rows for table in tables), address
        cells = [cell for table in tables for cell in re.findall(r"<td[^>]*>", table.partition("<tbody>")[2])]
        assert [cell for cell in cells if "data-label" not in cell] == []


def test_the_image_of_a_page_and_of_a_line(kept: Archive) -> None:
    citizen = browser(kept)
    found = documents(citizen.get("/buscar?q=ejecucion+presupuestal").text)[0]
    image = citizen.get(f"/documentos/{found}/paginas/1/imagen?ancho=280")
    assert (image.status_code, image.headers["content-type"], image.content[8:12]) == (200, "image/webp", b"WEBP")
    assert citizen.get(f"/documentos/{found}/paginas/1/recorte?x0=50&y0=50&x1=400&y1=80").content[8:12] == b"WEBP"
    assert citizen.get(f"/documentos/{found}/paginas/1/recorte?x0=400&y0=50&x1=50&y1=80").status_code == 404
    assert citizen.get(f"/documentos/{found}/paginas/9/imagen").status_code == 404


def test_a_record_changed_by_another_is_not_overwritten(kept: Archive) -> None:
    ana, other = signed_in(kept, "ana"), signed_in(kept, "ana")
    document = documents(ana.get("/buscar?q=tranvia+de+mulas").text)[0]
    address = f"/documentos/{document}/editar"
    shown = ana.get(address).text
    form = {"ficha": token(shown), "version": re.findall(r'name="version" value="(\d+)"', shown)[0], "acceso": "publica"}
    theirs = {**form, "ficha": token(other.get(address).text), "titulo": "Memorial de los vecinos", "fecha": "1929"}
    assert other.post(address, data=theirs).status_code == 303
    answer = ana.post(address, data={**form, "titulo": "Otro título", "fecha": "1929"})
    assert answer.status_code == 409
    assert 'value="Otro título"' in answer.text
    assert "Memorial de los vecinos" in words(ana.get(f"/documentos/{document}").text)


@pytest.mark.parametrize(("field", "most"), [("tipo", 200), ("numero", 120), ("productor", 300), ("titulo", 1000)])
def test_what_is_too_long_for_its_field_is_refused_and_not_cut(kept: Archive, field: str, most: int) -> None:
    ana = signed_in(kept, "ana")
    document = documents(ana.get("/buscar?q=tranvia+de+mulas").text)[0]
    address = f"/documentos/{document}/editar"
    shown = ana.get(address).text
    form = {
        "ficha": token(shown),
        "version": re.findall(r'name="version" value="(\d+)"', shown)[0],
        "acceso": "publica",
        "titulo": "Memorial",
    }
    answer = ana.post(address, data={**form, field: "a" * (most + 1)})
    assert answer.status_code == 422
    assert "a" * (most + 1) in answer.text
    assert f'id="{field}-error"' in answer.text
    assert ana.post(address, data={**form, field: "a" * most}).status_code == 303


def test_a_schedule_is_checked_before_it_is_imported_and_problems_name_their_cell(kept: Archive) -> None:
    ana = signed_in(kept, "ana")
    bad = "Código,Serie\n,\n".encode()
    form = {"ficha": token(ana.get("/trd").text), "accion": "importar"}
    answer = ana.post("/trd", data=form, files={"file": ("trd.csv", bad)})
    assert answer.status_code == 422
    assert "No se importó nada" in words(answer.text)
    assert words(answer.text).count("Versión 1") == 1


def test_a_password_is_shown_once(kept: Archive) -> None:
    olga = signed_in(kept, "olga")
    form = {"ficha": token(olga.get("/personas").text), "usuario": "luis", "nombre": "Luis Mora", "perfil": "servant"}
    answer = olga.post("/personas", data=form)
    password = re.search(r'<p class="digest">([^<]+)</p>', answer.text)
    assert password
    assert answer.headers["cache-control"] == "no-store"
    assert password[1] not in olga.get("/personas").text
    again = olga.post("/personas", data=form)
    assert again.status_code == 409
    assert "Ya existe" in words(again.text)


def test_a_table_that_is_not_there_is_told_as_such(kept: Archive) -> None:
    answer = signed_in(kept, "ana").get("/trd/0192f0c1-7d3e-7a54-9f1c-2b6d8e4a9c10")
    assert answer.status_code == 404
    assert "No existe esa versión de la tabla de retención." in words(answer.text)
