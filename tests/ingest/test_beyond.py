"""What an office document carries besides its pages is told, by what is in its package; and which fonts it names."""

from pathlib import Path

import pytest

from ingest.tools.process import ToolBox
from tests.ingest import compound, made, made_office


def beyond(tools: ToolBox, tmp_path: Path, content: bytes) -> dict[str, object]:
    (tmp_path / "original").write_bytes(content)
    told: dict[str, object] = tools.call("beyond", "beyond", timeout=60, path=str(tmp_path / "original"), max_expanded=1 << 30)
    return {name: value for name, value in told.items() if value}


_FORMULA = '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (made.docx(), {}),
        (made_office.sheets(formula=True), {"formulas": 1}),
        (made.odf("spreadsheet", f"<table:table><table:table-row>{_FORMULA * 3}</table:table-row></table:table>"), {"formulas": 3}),
        (made_office.with_macro(), {"macros": True}),
        (made.package(made.entries(made.docx()) | {"word/vbaProject.bin": b"x"}), {"macros": True}),
        (
            made.package(made.entries(made.docx()) | {"word/embeddings/oleObject1.bin": b"x", "word/media/sonido.mp3": b"x"}),
            {"embedded": 1, "media": 1},
        ),
        (made.package(made.entries(made.pptx()) | {"ppt/slides/slide9.xml": b"<p:sld><p:timing/></p:sld>"}), {"moves": True}),
        (made_office.marked(), {"struck": "tachado por la oficina"}),
        (
            made.odf("text", "<text:tracked-changes><text:p>tachado</text:p></text:tracked-changes><text:p>queda</text:p>"),
            {"struck": "tachado"},
        ),
        (
            compound.compound({"Workbook": b"\x06\x00\x02\x00ab\x06\x00\x00\x00\x0a\x00\x00\x00", "_VBA_PROJECT_CUR": {"x": b""}}),
            {"formulas": 2, "macros": True},
        ),
        (b"{\\rtf1 Hola}", {}),
    ],
)
def test_what_no_page_shows_is_told(tools: ToolBox, tmp_path: Path, content: bytes, told: dict[str, object]) -> None:
    assert beyond(tools, tmp_path, content) == told


def test_the_fonts_that_it_names_are_told_and_those_of_the_scripts_of_a_theme_are_not(tools: ToolBox, tmp_path: Path) -> None:
    asked = ["Fuente Inventada", "Fuente", "Otra", "Tahoma", "Segoe UI"]
    path = tmp_path / "original"

    def named(content: bytes) -> list[str]:
        path.write_bytes(content)
        found: list[str] = tools.call("beyond", "named", timeout=60, path=str(path), fonts=asked, max_expanded=1 << 30)
        return found

    assert named(made_office.letter(1, ("Fuente Inventada",))) == ["Fuente Inventada"]  # Tahoma is in its theme, for other alphabets
    assert named(b"{\\rtf1{\\fonttbl{\\f0 Otra;}} Hola}") == ["Otra"]
    assert named(compound.compound({"1Table": "Otra\0".encode("utf-16-le")})) == ["Otra"]
