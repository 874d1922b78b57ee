"""Documents of the office programs before 2007 give their text; what is encrypted, cut or of another kind says so."""

import pytest

from ingest.limits import Limits
from ingest.step import PartKind
from tests.ingest import compound, made
from tests.ingest.conftest import Take


def test_a_word_document_gives_its_pieces_as_they_are_seen(take: Take) -> None:
    pieces = (
        "Señor alcalde:\r",
        'Vea \x13 HYPERLINK "http://x.example.org" \x14el \x13 PAGE \x147\x15 anexo\x15.\r'.encode("cp1252"),
        "Concepto\x07Valor\x07\x07Predio\x07“El Encanto”\x07\x07",
        "Línea\x0botra\x0cPie€\x01\x08\r".encode("cp1252"),
    )
    taken = take(compound.doc(*pieces, Macros=b"x"), "oficio.doc")
    assert taken.text == "Señor alcalde:\nVea el 7 anexo.\nConcepto\tValor\nPredio\t“El Encanto”\nLínea\notra\nPie€"
    assert taken.work.parts[0].kind is PartKind.SECTION
    assert taken.codes == {"office.macros"}
    assert take(compound.word_95("Año de 1995\rFin".encode("cp1252")), "viejo.doc").text == "Año de 1995\nFin"


def test_a_workbook_gives_a_part_a_sheet(take: Take) -> None:
    content = compound.xls({"Inventario": [["Caja", "Asunto"], [1.0, "Nómina de 1987"]], "Préstamos": [[2.5]]})
    parts = take(content, "inventario.xls").work.parts
    assert [(part.kind, part.label, part.text) for part in parts] == [
        (PartKind.SHEET, "Inventario", "Caja\tAsunto\n1\tNómina de 1987"),
        (PartKind.SHEET, "Préstamos", "2.5"),
    ]
    strayed = take(compound.xls({"Hoja": [["Caja", "al fin"]]}, shift=60_000), "inventario.xls")
    assert strayed.text.split() == ["Caja", "al", "fin"]


def test_a_presentation_gives_a_part_a_slide_with_its_notes(take: Take) -> None:
    content = compound.ppt([(["Plan de trabajo", "Gestión"], ["Un cuadro"]), ([], ["Resultados"])], notes="Decir que se cumplió")
    parts = take(content, "plan.ppt").work.parts
    assert [(part.kind, part.label) for part in parts] == [(PartKind.SLIDE, "Plan de trabajo"), (PartKind.SLIDE, "Resultados")]
    assert [part.text for part in parts] == ["Plan de trabajo\nGestión\nUn cuadro\nDecir que se cumplió", "Resultados"]


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (compound.doc("Secreto", encrypted=True), "a.doc"),
        (compound.xls({"Hoja": [["Secreto"]]}, encrypted=True), "a.xls"),
        (compound.ppt([(["Secreto"], [])], encrypted=True), "a.ppt"),
    ],
    ids=["doc", "xls", "ppt"],
)
def test_what_asks_for_a_password_says_so(take: Take, content: bytes, filename: str) -> None:
    taken = take(content, filename)
    assert taken.errors == {"office.encrypted"}
    assert "Secreto" not in taken.text


@pytest.mark.parametrize("kind", ["doc", "xls", "ppt"])
def test_what_is_cut_or_spoiled_never_harms(take: Take, kind: str) -> None:
    whole = {
        "doc": compound.doc("Texto " * 2000),
        "xls": compound.xls({"Hoja": [["Texto"] * 200] * 20}),
        "ppt": compound.ppt([(["Texto " * 500], [])]),
    }[kind]
    for share in (0.1, 0.5, 0.9):
        spoiled = bytes(255 - byte if index % 97 == 0 and index > 1536 else byte for index, byte in enumerate(whole))
        for content in (whole[: int(len(whole) * share)], spoiled):
            taken = take(content, f"roto.{kind}")
            assert taken.errors or taken.text


def test_pieces_that_repeat_one_text_do_not_grow_without_measure(take: Take) -> None:
    """A table of pieces may name the same bytes many times."""
    document = bytearray(compound.doc(*[b"x" * 2000] * 400))
    taken = take(bytes(document), "largo.doc", limits=Limits(max_text_chars=5000, seconds_per_call=60))
    assert len(taken.text) <= 5010
    assert "text.truncated" in taken.codes


def test_a_list_that_names_one_slide_many_times_does_not_repeat_what_it_holds(take: Take) -> None:
    content = compound.ppt([(["Plan"], ["Un cuadro"])], notes="Una nota", times=6000)
    parts = take(content, "plan.ppt").work.parts
    assert parts[0].text == "Plan\nUn cuadro\nUna nota"
    assert len(parts) == 5000
    boxes = [part.text for part in parts if "cuadro" in part.text]
    assert len(boxes) * len("Un cuadro") < len(content)
    assert sum("nota" in part.text for part in parts) == 1


def test_an_old_document_is_read_inside_a_message(take: Take) -> None:
    attachments = [("oficio.doc", compound.doc("Texto del oficio")), ("acta.pdf", made.pdf(["Texto del acta"]))]
    taken = take(compound.msg("Remisión", "Van anexos", attachments), "correo.msg")
    assert [part.label for part in taken.work.parts] == ["Remisión", "oficio.doc", "acta.pdf"]
    assert [part.text for part in taken.work.parts[1:]] == ["Texto del oficio", "Texto del acta"]
    assert "Van anexos" in taken.work.parts[0].text
