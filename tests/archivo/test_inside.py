"""A message with a scanned petition is found by what the petition says, which is shown where it stands."""

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from archivo.archive import Archive
from archivo.intake import processing
from archivo.intake.models import RecognisedPage
from archivo.records.models import DocumentPart
from archivo.worker import work_until_done
from tests.corpus.pages import make_page
from tests.corpus.scans import character_errors, pdf_of, scan
from tests.ingest import made

from .conftest import Command

PETITION = [make_page(template, 3) for template in ("oficio", "memorando", "acta")]


@pytest.fixture
def message(tmp_path: Path) -> Path:
    pages = [scan(tmp_path, page, "fax200") for page in PETITION]
    content = pdf_of(pages, tmp_path / "peticion.pdf").read_bytes()
    path = tmp_path / "correo.eml"
    path.write_bytes(made.eml([("nota.txt", "text/plain", b"Anexo la solicitud"), ("peticion.pdf", "application/pdf", content)]))
    return path


def rare_word(page_number: int) -> str:
    """A word of that page of the petition that no other page holds."""
    others = {word for n, page in enumerate(PETITION, 1) if n != page_number for word in page.text.split()}
    return max((word for word in PETITION[page_number - 1].text.split() if word.isalpha() and word not in others), key=len)


def test_a_scanned_petition_in_a_message_is_found_shown_and_kept(
    archivo: Command, archive: Archive, client: TestClient, message: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "PAGES_A_JOB", 2)
    (one,) = archivo("deposit", message, "--wait", "--json").lines
    archivo("publish", one["id"])
    assert one["state"] == "findable"
    shown = archivo("show", one["id"], "--json").value
    assert shown["pages"] == 5
    assert [representation["role"] for representation in shown["representations"]] == ["original"]
    word = rare_word(2)
    (hit,) = archivo("search", word, "--json").value["hits"]
    assert (hit["id"], hit["page"]) == (one["id"], 4)
    page = client.get(f"/documentos/{one['id']}", params={"q": word}).text
    assert "peticion.pdf, página 2 · 4 de 5" in page
    assert "Reconocido por máquina" in page
    assert "«peticion.pdf, página 2»" in page
    assert "<rect" in page
    image = client.get(f"/documentos/{one['id']}/paginas/4/imagen", params={"ancho": 700})
    drawn = Image.open(io.BytesIO(image.content)).convert("L")
    words = archivo("text", one["id"], "--page", "4", "--words", "--json").value
    found = next(each for each in words["words"] if each["text"] == word)
    left, top, right, bottom = (int(found[side] * drawn.width / words["width"]) for side in ("x0", "y0", "x1", "y1"))
    box = drawn.crop((left, top, right, bottom))
    assert sum(value < 128 for value in box.tobytes()) / (box.width * box.height) > 0.1
    assert client.get(f"/documentos/{one['id']}/paginas/1/imagen").status_code == 404
    assert archivo("verify", "--json").value["ok"] == 1
    archivo("export", one["id"], tmp_path / "objeto")
    assert word in next((tmp_path / "objeto").rglob("text.txt")).read_text("utf-8")


def test_rebuilding_keeps_where_the_pages_are(archivo: Command, home: Path, message: Path) -> None:
    from archivo.assembly import opened

    def places() -> list[object]:
        with opened() as archive, archive.reading() as session:
            return list(session.scalars(select(DocumentPart.place).order_by(DocumentPart.number)))

    archivo("deposit", message, "--wait", "--json")
    before = places()
    assert [bool(place) for place in before] == [False, False, True, True, True]
    assert archivo("rebuild", "--json").status == 0
    assert places() == before


def test_a_page_recognised_before_for_another_place_is_recognised_again(
    archivo: Command, archive: Archive, message: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an attachment did not open in the run that numbered the pages, and does now."""
    monkeypatch.setattr(processing, "PAGES_A_JOB", 2)
    (one,) = archivo("deposit", message, "--json").lines
    wrong = {"steps": [["eml", 1]], "mime": "application/pdf", "page": 1}
    with archive.transaction() as transaction:
        other = RecognisedPage(document_id=one["id"], number=3, alto=b"", findings=[], place=wrong)
        transaction.session.add(other)
    work_until_done(archive, [one["id"]])
    texts = [page["text"] for page in archivo("text", one["id"], "--json").value["pages"]]
    assert [character_errors(page.text, text) < 0.05 for page, text in zip(PETITION, texts[2:], strict=True)] == [True] * 3
    with archive.reading() as session:
        assert session.scalars(select(RecognisedPage)).all() == []
