"""A document that comes in a signed envelope is checked as it comes, found by what it says, shown by its pages, and given without it."""

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from archivo.records.models import DocumentPart
from tests.ingest import made
from tests.ingest.enveloping import enveloped
from tests.ingest.signing import AUTHORITY
from tests.ingest.test_signed_mail import BODY, beside

from .conftest import Command

PDF = made.pdf(["Acta de la reunión número siete", "Se aprueba el cronograma de transferencias"])


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_TRUST_ROOTS", str(AUTHORITY.trusted_in(tmp_path / "raices")))


@pytest.fixture
def envelope(tmp_path: Path) -> Path:
    path = tmp_path / "acta siete.pdf.p7m"
    path.write_bytes(enveloped(PDF, AUTHORITY.signer("Ana María Ñustes")))
    return path


def test_the_document_of_an_envelope_is_found_shown_checked_and_given(archivo: Command, envelope: Path, client: TestClient) -> None:
    (one,) = archivo("deposit", envelope, "--wait", "--json").lines
    assert one["state"] == "findable"
    archivo("publish", one["id"])
    (hit,) = archivo("search", "cronograma", "--json").value["hits"]
    assert (hit["id"], hit["page"]) == (one["id"], 2)
    shown = archivo("show", one["id"], "--json").value
    (checked,) = [event for event in shown["events"] if event["type"] == "digital signature validation"]
    assert (checked["outcome"], "válidas, 1" in checked["detail"]) == ("success", True)
    assert "La firma de Ana María Ñustes es válida" in client.get(f"/documentos/{one['id']}?ver=integridad").text
    image = client.get(f"/documentos/{one['id']}/paginas/2/imagen", params={"ancho": 700})
    assert Image.open(io.BytesIO(image.content)).size[0] == 700
    assert [(file["role"], file["mime"]) for file in shown["representations"]] == [
        ("original", "application/pkcs7-mime"),
        ("access", "application/pdf"),
    ]
    assert client.get(f"/documentos/{one['id']}/descargar/original").content == envelope.read_bytes()
    copy = client.get(f"/documentos/{one['id']}/descargar/access")
    assert copy.content == PDF
    assert "acta%20siete.pdf.access.pdf" in copy.headers["content-disposition"]
    assert archivo("verify", "--json").value["ok"] == 1


def test_a_copy_that_is_no_pdf_is_kept_as_what_it_is(archivo: Command, client: TestClient, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "nota.txt.p7m"
    path.write_bytes(enveloped("Nota del tranvía".encode(), AUTHORITY.signer("Ana")))
    (one,) = archivo("deposit", path, "--wait", "--json").lines
    archivo("publish", one["id"])
    copy = client.get(f"/documentos/{one['id']}/descargar/access")
    assert copy.text == "Nota del tranvía"
    assert [found.name for found in (home / "store").rglob("access/*")] == ["copy.txt"]


def test_that_the_headers_of_a_signed_message_are_not_signed_is_told_beside_its_signature(
    archivo: Command, client: TestClient, tmp_path: Path
) -> None:
    path = tmp_path / "citacion.eml"
    path.write_bytes(beside(BODY, enveloped(BODY, AUTHORITY.signer("Ana María Ñustes"), attached=False)))
    (one,) = archivo("deposit", path, "--wait", "--json").lines
    archivo("publish", one["id"])
    page = client.get(f"/documentos/{one['id']}?ver=integridad").text
    assert "La firma de Ana María Ñustes es válida" in page
    assert "pero no sus encabezados" in page


def test_rebuilding_keeps_where_the_pages_are(archivo: Command, home: Path, envelope: Path) -> None:
    from archivo.assembly import opened

    def places() -> list[object]:
        with opened() as archive, archive.reading() as session:
            return list(session.scalars(select(DocumentPart.place).order_by(DocumentPart.number)))

    archivo("deposit", envelope, "--wait", "--json")
    before = places()
    assert before == [{"steps": [["cms", 1]], "mime": "application/pdf", "page": number} for number in (1, 2)]
    assert archivo("rebuild", "--json").status == 0
    assert places() == before
