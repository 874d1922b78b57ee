"""Migrations of formats in their pages: what would be done, the order, how it goes, why not, and the copy beside its original."""

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from archivo.access.policy import AccessClass, custody
from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.audit.services import verify_chain
from archivo.discovery.migration_wording import chosen_in_words, compared, why_one
from archivo.identifiers import new_uuid
from archivo.intake.migration_acts import AT_ONCE, ask, documents_of
from archivo.intake.migration_plan import of_formats, of_ids
from archivo.intake.migration_views import Standing, list_migrated, view_migration
from archivo.intake.models import MigrationDocument
from archivo.intake.services import Metadata, Upload, deposit
from archivo.jobs import Job, JobState
from archivo.records.models import Fonds
from archivo.records.services import view_document
from archivo.worker import work_until_done

from .made_rows import a_document
from .test_migrating import gif, scan
from .test_web_pages import PASSWORD, browser, signed_in, token, words

CUSTODY = custody("pruebas")
GIF = "image/gif"


@pytest.fixture
def kept(home: Path) -> Iterator[Archive]:
    """An archive with an archivist, an operator and a servant."""
    with opened() as archive:
        for login, role in (("ana", "archivist"), ("olga", "operator"), ("sara", "servant")):
            create_user(archive, CUSTODY, login, role, password=PASSWORD)
        yield archive


def handed_over(archive: Archive, **files: bytes) -> dict[str, str]:
    """The identifiers of files deposited and processed, by name; what begins with «reservado» is so."""
    found = {}
    for name, content in files.items():
        access = AccessClass.RESERVADA if name.startswith("reservado") else AccessClass.PUBLICA
        upload = Upload(io.BytesIO(content), name.replace("_", "."), Metadata(title=name.partition("_")[0], access=access))
        found[name] = deposit(archive, CUSTODY, upload).id
    work_until_done(archive, found.values())
    return found


def followed(client: TestClient, page: str, words_of_it: str) -> str:
    """The page to which the first link with these words leads."""
    (address,) = re.findall(rf'<a href="([^"]+)">{re.escape(words_of_it)}', page)[:1]
    answer = client.get(html.unescape(address))
    assert answer.status_code == 200, words(answer.text)
    return answer.text


def asked(client: TestClient, preview: str) -> tuple[str, str]:
    """Confirm what a preview shows: the identifier of the migration, and its page."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', preview.partition('action="/custodia/migraciones"')[2])
    form: dict[str, list[str]] = {}
    for name, value in hidden:
        form.setdefault(name, []).append(html.unescape(value))
    answer = client.post("/custodia/migraciones", data=form)
    assert answer.status_code == 303, words(answer.text)
    where = answer.headers["location"]
    return where.rpartition("/")[2], client.get(where).text


def worked(archive: Archive, migration_id: str) -> None:
    """Do what was asked for."""
    work_until_done(archive, [migration_id])
    work_until_done(archive, documents_of(archive, CUSTODY, migration_id))


def test_a_format_is_migrated_from_its_row_and_told_document_by_document(kept: Archive) -> None:
    ids = handed_over(kept, sello_gif=gif(), moviles_gif=gif(3), acta_pdf=scan())
    before = {each: tuple(one.role for one in view_document(kept, CUSTODY, each).representations) for each in ids.values()}
    ana = signed_in(kept, "ana")
    register = ana.get("/custodia/formatos").text
    assert "2 a PNG" in words(register)
    assert "1 a PDF/A-2b" in words(register)
    preview = followed(ana, register[register.index("a PNG") :], "Migrar…")
    assert "Se harían las copias de 2 documentos" in words(preview)
    assert "Todavía no se ha hecho nada" in words(preview)
    assert {each: tuple(one.role for one in view_document(kept, CUSTODY, each).representations) for each in before} == before
    migration_id, page = asked(ana, preview)
    assert "Faltan 2 de 2 copias" in words(page)
    worked(kept, migration_id)
    told = words(ana.get(f"/custodia/migraciones/{migration_id}").text)
    assert "Se hizo 1 de 2 copias" in told
    assert "1 documento. No se pudo hacer la copia: el original no se puede reescribir así." in told
    assert "ana" in told
    assert "1 y 1 igual menos de 0,01 % distintos" in told
    assert {each: code for each, code in documents_of(kept, CUSTODY, migration_id).items()} == {
        ids["sello_gif"]: "migration.made",
        ids["moviles_gif"]: "migration.impossible",
    }
    only = ana.get(f"/custodia/migraciones/{migration_id}?resultado=descartadas").text
    assert ids["moviles_gif"] in only
    assert ids["sello_gif"] not in only
    csv = ana.get(f"/custodia/migraciones/{migration_id}/documentos.csv").text
    assert csv.count("\n") == 3
    assert "no se puede reescribir así" in csv
    assert "De Graphics Interchange Format 87a a PNG" in words(ana.get("/custodia/migraciones").text)
    again = words(followed(ana, ana.get("/custodia/formatos").text.partition("a PNG")[2], "Migrar…"))
    assert "Uno ya se intentó antes" in again
    assert "1 documento. Ya tiene su copia de preservación." in again


def test_nobody_is_told_of_a_document_that_is_closed_to_them(kept: Archive) -> None:
    ids = handed_over(kept, sello_gif=gif(), reservado_gif=gif(2))
    ana, olga = signed_in(kept, "ana"), signed_in(kept, "olga")
    migration_id, _ = asked(olga, followed(olga, olga.get("/custodia/formatos").text, "Migrar…"))
    worked(kept, migration_id)
    address = f"/custodia/migraciones/{migration_id}"
    assert ">reservado<" in ana.get(address).text
    for page in (olga.get(address).text, olga.get(f"{address}/documentos.csv").text):
        assert "reservado" not in page
        assert "se puede reescribir" not in page.partition("Documento por documento")[2]
    assert "Un documento que usted no puede consultar" in olga.get(address).text
    assert set(ids.values()) == set(documents_of(kept, CUSTODY, migration_id))


def test_who_may_not_verify_can_neither_look_nor_ask(kept: Archive) -> None:
    sara, citizen = signed_in(kept, "sara"), browser(kept)
    for address in ("/custodia/migraciones", "/custodia/migraciones/prever", f"/custodia/migraciones/{new_uuid(kept.clock())}"):
        assert (sara.get(address).status_code, citizen.get(address).status_code) == (403, 303)
    order = {"ficha": token(sara.get("/documentos").text), "medio": GIF, "migracion": new_uuid(kept.clock())}
    assert sara.post("/custodia/migraciones", data=order).status_code == 403
    assert signed_in(kept, "ana").get(f"/custodia/migraciones/{new_uuid(kept.clock())}").status_code == 404
    assert "Hacer copias de preservación" not in sara.get("/documentos").text


def test_documents_ticked_in_their_list_and_the_whole_of_a_list(kept: Archive) -> None:
    ids = handed_over(kept, sello_gif=gif(), acta_pdf=scan(), nota_txt=b"Una nota que ya se conserva bien.")
    ana = signed_in(kept, "ana")
    order = {"ficha": token(ana.get("/documentos").text), "accion": "copia-de-preservacion", "alcance": "marcados"}
    preview = ana.post("/documentos/lote", data={**order, "doc": [ids["sello_gif"], ids["nota_txt"]]}).text
    assert "Se haría la copia de 1 documento" in words(preview)
    assert "1 documento. No hay aquí con qué migrarlo." in words(preview)
    assert "2 documentos elegidos uno por uno" in words(preview)
    migration_id, _ = asked(ana, preview)
    worked(kept, migration_id)
    assert documents_of(kept, CUSTODY, migration_id) == {ids["sello_gif"]: "migration.made"}
    none = ana.post("/documentos/lote", data=order)
    assert none.status_code == 422
    assert "No se eligió ningún documento" in words(none.text)
    listed = ana.post("/documentos/lote?acceso=publica&q=acta", data={**order, "alcance": "filtro"})
    assert (listed.status_code, listed.headers["location"]) == (303, "/custodia/migraciones/prever?q=acta&acceso=publica")
    whole = ana.get("/custodia/migraciones/prever?acceso=publica").text
    assert "acceso: pública" in words(whole)
    assert "1 documento. Ya tiene su copia de preservación." in words(whole)
    migration_id, _ = asked(ana, whole)
    assert set(documents_of(kept, CUSTODY, migration_id)) == {ids["acta_pdf"]}


def test_the_record_shows_its_copy_beside_its_original(kept: Archive) -> None:
    original = gif()
    (identifier,) = handed_over(kept, sello_gif=original).values()
    ana = signed_in(kept, "ana")
    page = f"/documentos/{identifier}?ver=integridad"
    preview = followed(ana, ana.get(page).text, "Hacer una copia de preservación…")
    assert "Se haría la copia de 1 documento" in words(preview)
    assert "Hacer una copia" not in browser(kept).get(page).text
    migration_id, _ = asked(ana, preview)
    worked(kept, migration_id)
    told = words(ana.get(page).text)
    assert "Copia de preservación Hecha" in told
    assert "DesdeEl original, en Graphics Interchange Format 87a fmt/3" in told
    assert "FormatoPortable Network Graphics 1.0 fmt/11 válida según Archivo" in told
    assert "Páginas del original y de la copia: 1 y 1. Texto: igual." in told
    copy = ana.get(f"/documentos/{identifier}/descargar/preservation")
    assert copy.content.startswith(b"\x89PNG")
    assert copy.headers["content-disposition"].startswith('attachment; filename="sello.preservation.png"')
    assert ana.get(f"/documentos/{identifier}/descargar/original").content == original
    assert browser(kept).get(f"/documentos/{identifier}/descargar/preservation").status_code == 404


def test_thousands_are_counted_noted_and_queued_some_at_a_time(kept: Archive) -> None:
    handed_over(kept, sello_gif=gif())
    number = 1007
    assert number > 2 * AT_ONCE
    with kept.transaction() as transaction:
        fonds = transaction.session.scalars(select(Fonds.id)).one()
        known = {"mime": GIF, "puid": "fmt/4", "format_name": "GIF", "size": 1000}
        transaction.session.add_all([a_document(fonds, n, **known) for n in range(number)])
    ana = signed_in(kept, "ana")
    preview = ana.get(f"/custodia/migraciones/prever?formato=fmt/4&medio={GIF}").text
    assert f"Se harían las copias de {number} documentos, 1,0 MB" in words(preview)
    assert "/documentos/" not in preview.partition("<main")[2].replace("/documentos/lote", "")
    migration_id = new_uuid(kept.clock())
    ask(kept, CUSTODY, of_formats([("fmt/4", GIF)]), {"formato": "fmt/4"}, migration_id)
    ask(kept, CUSTODY, of_formats([("fmt/4", GIF)]), {"formato": "fmt/4"}, migration_id)
    with kept.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "migrate")) == 0
    work_until_done(kept, [migration_id])
    with kept.reading() as session:
        queued = select(func.count(Job.object_id.distinct()), func.count()).where(Job.kind == "migrate")
        assert tuple(session.execute(queued).one()) == (number, number)
        assert session.scalar(select(func.count()).select_from(MigrationDocument).where(~MigrationDocument.queued)) == 0
        noted = session.scalars(select(AuditEntry.detail).where(AuditEntry.act == "document.migrate")).all()
    assert [detail["migration"] for detail in noted] == [migration_id] * number
    assert verify_chain(kept).broken_at is None
    view = view_migration(kept, CUSTODY, migration_id)
    assert (view.summary.total, view.summary.counts, view.queued_at is not None) == (number, {Standing.WAITING: number}, True)
    page = ana.get(f"/custodia/migraciones/{migration_id}?pagina=2").text
    assert len(re.findall(r'<a class="name" data-item href="/documentos/', page)) == 50


def test_what_waits_is_let_be_unless_another_waits_for_it_too(kept: Archive) -> None:
    ids = handed_over(kept, sello_gif=gif(), acta_pdf=scan())
    ana = signed_in(kept, "ana")
    both, one = new_uuid(kept.clock()), new_uuid(kept.clock())
    ask(kept, CUSTODY, of_ids(ids.values()), {}, both)
    ask(kept, CUSTODY, of_ids([ids["acta_pdf"]]), {}, one)
    work_until_done(kept, [both, one])
    page = ana.get(f"/custodia/migraciones/{both}").text
    answer = ana.post(f"/custodia/migraciones/{both}/desistir", data={"ficha": token(page)})
    assert answer.status_code == 303
    told = words(ana.get(answer.headers["location"]).text)
    assert "2 copias que esperaban ya no se harán" in told
    assert "2 documentos. Alguien desistió antes de que se intentaran." in told
    work_until_done(kept, ids.values())
    assert documents_of(kept, CUSTODY, both) == dict.fromkeys(ids.values(), "withdrawn")
    assert documents_of(kept, CUSTODY, one) == {ids["acta_pdf"]: "migration.made"}
    assert [each.role for each in view_document(kept, CUSTODY, ids["sello_gif"]).representations] == ["original"]
    assert "Desistir" not in ana.get(f"/custodia/migraciones/{both}").text


def test_a_job_that_spent_its_attempts_is_told_as_one_that_waits_for_a_person(kept: Archive) -> None:
    (identifier,) = handed_over(kept, sello_gif=gif()).values()
    migration_id = new_uuid(kept.clock())
    ask(kept, CUSTODY, of_formats([("fmt/3", GIF)]), {}, migration_id)
    work_until_done(kept, [migration_id])
    with kept.transaction() as transaction:
        transaction.session.execute(update(Job).where(Job.kind == "migrate").values(state=JobState.FAILED, error_code="internal"))
    (one,) = list_migrated(kept, CUSTODY, migration_id, standing=Standing.STUCK, limit=9, offset=0)
    assert one.id == identifier
    assert "Su trabajo falló varias veces y espera a una persona" in words(
        signed_in(kept, "ana").get(f"/custodia/migraciones/{migration_id}").text
    )


def test_a_comparison_says_which_pages_are_not_the_same() -> None:
    told = {"target": "PDF/A-2b", "before": 3, "after": 3, "worst": "4,20", "pages": "1, 2", "text": "2", "points": "1, 2"}
    words_of_it = compared(told)
    assert (words_of_it.pages, words_of_it.text) == ("3 y 3", "distinto en la página 2")
    assert words_of_it.points == "hasta 4,20 % distintos; más de lo admitido en las páginas 1, 2"
    assert (
        why_one("migration.impossible", {"reason": "tardó más de lo permitido"}) == "No se pudo hacer la copia: tardó más de lo permitido."
    )
    by_words = compared({"words": 1204, "found": "faltan 0", "shown": "3 páginas"})
    assert (by_words.pages, by_words.text, by_words.points) == ("copia de 3 páginas", "de 1204 palabras, faltan 0", "")
    assert why_one("migration.differs.words", {}) == why_one("migration.differs", {}) != why_one("nada", {})
    assert chosen_in_words({"riesgo": "sin-evaluar"}) == chosen_in_words({"riesgo": "unknown"}) == "riesgo sin evaluar"
    assert chosen_in_words({"serie": "100-02", "situacion": "publicado"}) == "serie 100-02, situación: publicado"
