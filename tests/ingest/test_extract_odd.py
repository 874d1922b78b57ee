"""Documents that keep to their format in a rare way, or break it in a part: what can be read is."""

import io
import re
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from ingest.step import PartKind
from tests.ingest import made
from tests.ingest.conftest import Take


def strict(content: bytes) -> bytes:
    """An office document as programs save it in the strict kind of ISO/IEC 29500."""
    changed = re.compile(rb"http://schemas\.openxmlformats\.org/(\w+)/2006/(main|relationships|math)\b")
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        entries = {name: changed.sub(rb"http://purl.oclc.org/ooxml/\1/\2", source.read(name)) for name in source.namelist()}
    return made.package(entries)


def test_the_strict_kind_of_office_documents_is_read_alike(take: Take) -> None:
    assert made.SPANISH in take(strict(made.docx()), "informe.docx").text
    assert "Decir que se cumplió" in take(strict(made.pptx()), "plan.pptx").work.parts[1].text
    taken = take(strict(made.xlsx()), "inventario.xlsx")
    assert [(part.kind, part.label) for part in taken.work.parts] == [(PartKind.SHEET, "Inventario"), (PartKind.SHEET, "Préstamos")]
    assert taken.work.parts[0].text == "Caja\tCarpeta\tAsunto\n1\t2\tNómina de 1987"
    assert taken.errors == set()


@pytest.mark.parametrize(
    ("entry", "old", "new"),
    [
        ("xl/styles.xml", rb"<fonts.*</fonts>", b'<fonts><font><family val="99"/></font></fonts>'),
        ("docProps/core.xml", rb"<dcterms:created[^>]*>[^<]*", b'<dcterms:created xsi:type="dcterms:W3CDTF">ayer'),
        ("xl/worksheets/sheet2.xml", rb'<c r="A1".*?</c>', b'<c r="A1" t="s"><v>999</v></c>'),
    ],
)
def test_a_workbook_with_a_part_that_breaks_the_rules_gives_the_others(take: Take, entry: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(made.xlsx())) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    changed = re.sub(old, new, entries[entry], flags=re.DOTALL)
    assert changed != entries[entry]
    taken = take(made.package(entries | {entry: changed}), "inventario.xlsx")
    assert taken.work.parts[0].text == "Caja\tCarpeta\tAsunto\n1\t2\tNómina de 1987"
    assert taken.errors == set()
    assert "file.irregular" in taken.codes


def test_dates_of_a_workbook_read_from_its_xml_are_dates(take: Take) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Vence", date(2024, 2, 29), datetime.fromisoformat("2024-02-29T08:30"), True, 1.5])
    content = io.BytesIO()
    workbook.save(content)
    assert take(strict(content.getvalue()), "plazos.xlsx").text == "Vence\t2024-02-29\t2024-02-29 08:30:00\tTrue\t1.5"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_of_wide_letters_is_told_with_or_without_a_mark(take: Take, encoding: str) -> None:
    taken = take(made.SPANISH.encode(encoding), "nota.txt")
    assert taken.text == made.SPANISH
    assert taken.errors == set()


def test_a_stray_byte_costs_only_itself(take: Take) -> None:
    taken = take(f"{made.SPANISH}\n{made.SPANISH} año\n".encode() + b"a\xf1o\n", "nota.txt")
    assert taken.text == f"{made.SPANISH}\n{made.SPANISH} año\naño"
    assert "text.encoding_guessed" in taken.codes


def test_a_message_with_only_a_page_inside_is_a_message(take: Take) -> None:
    head = b"From: a@example.org\nTo: b@example.org\nSubject: Acta\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
    taken = take(head + "<html><body><p>Reunión del año</p></body></html>".encode(), "acta.eml")
    assert taken.work.format is not None
    assert taken.work.format.mime == "message/rfc822"
    assert taken.text == "De: a@example.org\nPara: b@example.org\nAsunto: Acta\n\nReunión del año"
    assert "format.extension_mismatch" not in taken.codes


def test_headers_in_an_undeclared_encoding_keep_their_letters(take: Take) -> None:
    taken = take("From: José <j@example.org>\r\nTo: b@example.org\r\nSubject: Reunión del año\r\n\r\nSeñor".encode("latin-1"), "x.eml")
    assert taken.text == "De: José <j@example.org>\nPara: b@example.org\nAsunto: Reunión del año\n\nSeñor"
    assert taken.work.properties["title"] == "Reunión del año"


def test_a_page_saved_with_what_it_shows_gives_its_text(take: Take) -> None:
    head = "From: <guardado>\r\nSubject: Trámite\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    page = "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>Paso a paso</p></body></html>\r\n--b--\r\n"
    assert "Paso a paso" in take((head + page).encode(), "tramite.mht").text


def test_a_drawing_gives_its_words_without_its_scripts(take: Take) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><style>.a{}</style><text>Plano</text><script>abrir()</script></svg>'
    assert take(drawing.encode(), "plano.svg").text == "Plano"


def test_what_follows_the_end_of_a_picture_is_no_damage(take: Take) -> None:
    taken = take(made.image("JPEG") + bytes(10_000), "foto.jpg")
    assert taken.errors == set()
    assert "image.truncated" in take(made.image("JPEG")[:-2] + bytes(10_000), "foto.jpg").codes
