"""Formats by PRONOM, by content, and against the name."""

import io

import pytest

from preservation.formats import Certainty
from tests.ingest import made
from tests.ingest.conftest import Take, named


@pytest.mark.parametrize(
    ("content", "filename", "puid", "mime"),
    [
        (made.pdf(["Hola"]), "acta.pdf", "fmt/17", "application/pdf"),
        (made.docx(), "informe.docx", "fmt/412", made.DOCX),
        (made.tiff(1), "folio.tif", "fmt/353", "image/tiff"),
        (b"Hola, mundo", "nota.txt", "x-fmt/111", "text/plain"),
        (b"a,b\n1,2\n", "datos.csv", "x-fmt/18", "text/csv"),
        (made.eml(), "correo.eml", "fmt/950", "message/rfc822"),
        (b"From: a@example.org\nTo: b@example.org\nSubject: x\n\nHola", "sin_extension", None, "message/rfc822"),
        (b"<p>Hola</p>", "trozo.html", None, "text/html"),
        (b'<?xml version="1.0"?><a/>', "datos.xml", "fmt/101", "application/xml"),
    ],
    ids=named,
)
def test_a_format_is_identified(take: Take, content: bytes, filename: str, puid: str | None, mime: str) -> None:
    taken = take(content, filename)
    assert taken.work.format is not None
    assert (taken.work.format.puid, taken.work.format.mime) == (puid, mime)
    assert "format.extension_mismatch" not in taken.codes
    assert taken.outcomes[1] == ("identify.identified" if puid else "identify.unregistered")


@pytest.mark.parametrize(
    ("content", "filename", "mime"),
    [
        (b"<!DOCTYPE html><html><body><p>Hola, esto es una p\xc3\xa1gina</p></body></html>", "disfrazado.pdf", "text/html"),
        (b"Hola", "nota.pdf", "text/plain"),
        (made.image("PNG"), "foto.jpg", "image/png"),
        (made.pdf(["Hola"]), "acta.docx", "application/pdf"),
        (made.eml(), "correo.pdf", "message/rfc822"),
        (b"\0\1\2" * 40, "ruido.jpg", "application/octet-stream"),
    ],
    ids=named,
)
def test_a_name_that_promises_another_format_is_found_and_the_content_rules(take: Take, content: bytes, filename: str, mime: str) -> None:
    taken = take(content, filename)
    assert taken.work.format is not None
    assert taken.work.format.mime == mime
    assert "format.extension_mismatch" in taken.codes


def test_what_nothing_recognises_is_unknown(take: Take) -> None:
    taken = take(bytes(range(256)) * 4, "cosa.xyzq")
    assert taken.outcomes[1] == "identify.unknown"
    assert {"format.unknown", "text.none"} == taken.codes


def test_names_that_are_hard_on_file_systems(take: Take) -> None:
    for filename in ("..", "a/../../b.pdf", "x" * 300 + ".pdf", "\\xff\\xfe.pdf", "ñandú .PDF", ".pdf"):
        assert take(made.pdf(["Hola"]), filename).text == "Hola"


@pytest.mark.parametrize(
    ("content", "filename", "certainty"),
    [
        (made.pdf(["Hola"]), "acta.pdf", Certainty.SIGNATURE),
        (made.docx(), "informe.docx", Certainty.CONTAINER),
        (b"a,b\n1,2\n", "datos.csv", Certainty.EXTENSION),
        (b"<p>Hola</p>", "trozo.html", Certainty.CONTENT),
        (bytes(range(256)) * 4, "cosa.xyzq", ""),
    ],
    ids=named,
)
def test_what_the_identity_rests_on_is_told_with_the_signatures_asked(take: Take, content: bytes, filename: str, certainty: str) -> None:
    taken = take(content, filename)
    assert taken.work.format is not None
    assert taken.work.format.certainty == certainty
    if certainty:
        assert "DROID_SignatureFile_V" in taken.work.format.signatures
        assert taken.report.events[1].params["certainty"] == certainty
        assert taken.report.events[1].params["signatures"] == taken.work.format.signatures


def test_an_open_document_that_is_cut_is_told_by_the_type_it_says(take: Take) -> None:
    """ISO/IEC 26300-1, part 3, 3.3: the type stands at byte 38, uncompressed, also where the end of the package is lost."""
    head = b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet" + bytes(20) + b'office:version="1.0"'
    taken = take(head, "cuentas.ods")
    assert taken.work.format is not None
    assert (taken.work.format.puid, taken.work.format.mime) == ("fmt/137", "application/vnd.oasis.opendocument.spreadsheet")


def test_names_that_suit_the_content_promise_nothing_else(take: Take) -> None:
    big = io.BytesIO()
    made.picture().save(big, "TIFF", big_tiff=True)
    page = b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Hola</p></body></html>'
    for content, filename in ((big.getvalue(), "plano.tif"), (page, "tramite.xhtml")):
        assert "format.extension_mismatch" not in take(content, filename).codes
