"""A scan through the whole chain: read by machine, kept with its words' places, found, shown."""

import difflib
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.demo import CORPUS
from archivo.identifiers import urn
from archivo.intake import processing
from archivo.worker import work_until_done
from ingest.steps.derive import Derive
from ingest.steps.recognize import Recognize
from tests.corpus.pages import make_page
from tests.corpus.renderings import render

from .conftest import Command
from .test_web_pages import PASSWORD, signed_in

LETTER = "03-oficio-puente-1952.jpg"


def similarity(found: str, true: str) -> float:
    return difflib.SequenceMatcher(None, " ".join(found.split()), " ".join(true.split()), autojunk=False).ratio()


@pytest.fixture
def letter(archivo: Command) -> str:
    (one,) = archivo("deposit", CORPUS / LETTER, "--wait", "--json").lines
    archivo("publish", one["id"])
    identifier: str = one["id"]
    return identifier


def test_a_skewed_scan_is_read_kept_and_found(archivo: Command, letter: str) -> None:
    shown = archivo("show", letter, "--json").value
    assert shown["state"] == "findable"
    assert {r["role"] for r in shown["representations"]} == {"original", "access"}
    assert shown["pages"] == 1
    true = (CORPUS / "truth" / f"{Path(LETTER).stem}.txt").read_text("utf-8")
    (page,) = archivo("text", letter, "--json").value["pages"]
    assert similarity(page["text"], true) > 0.97
    (hit,) = archivo("search", "vigas de madera", "--json").value["hits"]
    assert (hit["id"], hit["page"]) == (letter, 1)
    assert (shown["title"], shown["date"]) == (Path(LETTER).stem, None)
    proposed = archivo("show", letter, "--json").value["proposals"]
    assert (proposed["number"], proposed["date"]) == ("215", "1952-02-03")


def test_its_words_stand_where_the_page_shows_them(archivo: Command, letter: str) -> None:
    page = archivo("text", letter, "--page", "1", "--words", "--json").value
    word = next(w for w in page["words"] if w["text"].startswith("Inspector"))
    image = Image.open(CORPUS / LETTER).convert("L")
    scale = image.width / page["width"]
    box = tuple(round(word[side] * scale) for side in ("x0", "y0", "x1", "y1"))
    inside = image.crop(box)
    dark = sum(1 for value in inside.tobytes() if value < 128) / (inside.width * inside.height)
    whole = sum(1 for value in image.tobytes() if value < 128) / (image.width * image.height)
    assert dark > 3 * whole


def test_its_page_says_that_a_machine_read_it_and_marks_the_words(client: TestClient, letter: str) -> None:
    page = client.get(f"/documentos/{letter}", params={"q": "puente"}).text
    assert "Reconocido por máquina" in page
    assert "<mark" in page
    assert "<rect" in page
    image = client.get(f"/documentos/{letter}/paginas/1/imagen", params={"ancho": 600})
    assert image.status_code == 200
    assert Image.open(io.BytesIO(image.content)).width >= 600


def test_many_pages_are_read_by_ranges_and_joined(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing, "PAGES_A_JOB", 2)
    pages = [render(make_page("oficio", seed), "limpio300", seed).convert("L").resize((1240, 1754)) for seed in (1, 2, 3)]
    scan = tmp_path / "tres.tif"
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(150, 150), compression="tiff_lzw")
    (one,) = archivo("deposit", scan, "--wait", "--json").lines
    assert one["state"] == "findable"
    texts = [page["text"] for page in archivo("text", one["id"], "--json").value["pages"]]
    for seed, text in zip((1, 2, 3), texts, strict=True):
        assert similarity(text, make_page("oficio", seed).text) > 0.9
    assert archivo("verify", "--json").value["ok"] == 1


def test_the_package_can_be_read_without_the_program(archivo: Command, archive: Archive, letter: str, tmp_path: Path) -> None:
    archivo("export", letter, tmp_path / "objeto")
    names = {path.name for path in (tmp_path / "objeto").rglob("*") if path.is_file()}
    assert {"data", "record.json", "events.json", "premis.xml", "text.txt", "parts.json", "copy.pdf"} <= names
    assert "puente" in next((tmp_path / "objeto").rglob("text.txt")).read_text("utf-8")
    (part,) = json.loads(next((tmp_path / "objeto").rglob("parts.json")).read_bytes())
    assert part["number"] == 1
    assert "place" not in part, "an earlier program knows of no places"


@pytest.fixture
def unread(archivo: Command, monkeypatch: pytest.MonkeyPatch) -> str:
    """A published letter that was received where the language's data were not installed."""
    with monkeypatch.context() as patch:
        patch.setattr(processing, "MAKING", (Recognize(language="zzz"), Derive()))
        (one,) = archivo("deposit", CORPUS / LETTER, "--wait", "--json").lines
    assert [finding["code"] for finding in one["findings"]] == ["ocr.unavailable"]
    archivo("publish", one["id"])
    identifier: str = one["id"]
    return identifier


def test_what_could_not_be_read_waits_for_a_person_who_can_have_it_read_anew(archivo: Command, unread: str, archive: Archive) -> None:
    create_user(archive, custody("pruebas"), "ana", "archivist", password=PASSWORD)
    ana = signed_in(archive, "ana")
    assert "Que no se pudieron leer del todo" in ana.get("/trabajo").text
    assert "sin leer del todo" in ana.get("/documentos").text
    page = ana.get(f"/documentos/{unread}", params={"ver": "integridad"}).text
    assert f'action="/trabajos/{unread}/reintentar"' in page
    assert "Leer de nuevo" in page
    assert archivo("search", "vigas de madera", "--json").value["total"] == 0


def test_what_could_not_be_read_is_read_anew_as_its_next_version(archivo: Command, unread: str, archive: Archive) -> None:
    before = archivo("show", unread, "--json").value
    assert archivo("search", "vigas de madera", "--json").value["total"] == 0

    (job,) = archivo("jobs", "--retry", unread, "--json").value["retried"]
    assert archivo("show", unread, "--json").value["state"] == "findable", "it stays as it is until it is read"
    assert archivo("jobs", "--retry", unread).status == 1, "it is under way"
    work_until_done(archive, {unread})

    (hit,) = archivo("search", "vigas de madera", "--json").value["hits"]
    assert hit["id"] == unread
    assert archivo("verify", unread, "--json").status == 0
    after = archivo("show", unread, "--json").value
    assert (after["state"], after["findings"], after["published"]) == ("findable", [], True)
    assert {r["role"] for r in after["representations"]} == {"original", "access"}
    assert after["version"] == before["version"], "nobody changed its description"
    assert archivo("rebuild", "--json").status == 0
    assert archivo("show", unread, "--json").value == after
    assert archivo("jobs", "--retry", unread).status == 1, "nothing is left to read"
    assert job


def test_a_reading_made_anew_by_ranges_leaves_nothing_of_the_one_before(
    archivo: Command, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "PAGES_A_JOB", 1)
    scan = tmp_path / "oficio y fax.tif"
    pages = [render(make_page("oficio", 79), rendering, 79).convert("L") for rendering in ("limpio300", "fax100")]
    pages[0].save(scan, save_all=True, append_images=pages[1:], dpi=(100, 100))
    (one,) = archivo("deposit", scan, "--wait", "--json").lines
    assert [finding["code"] for finding in one["findings"]] == ["ocr.doubtful"]
    made = {name.partition("/")[0] for name in archive.packages.inventory(urn(one["id"])).state()}
    assert {"access", "alto"} <= made

    archivo("jobs", "--retry", one["id"])
    work_until_done(archive, {one["id"]})
    assert archivo("show", one["id"], "--json").value["findings"] == one["findings"]

    monkeypatch.setattr(processing, "PAGES_A_JOB", 20)
    monkeypatch.setattr(processing, "MAKING", (Recognize(language="zzz"), Derive()))
    archivo("jobs", "--retry", one["id"])
    work_until_done(archive, {one["id"]})
    left = {name.partition("/")[0] for name in archive.packages.inventory(urn(one["id"])).state()}
    assert left == made - {"access", "alto"}
    assert {r["role"] for r in archivo("show", one["id"], "--json").value["representations"]} == {"original"}
    assert archivo("verify", one["id"], "--json").status == 0
