"""Columns are widened until what their cells show has room, and no more; what has room already is left as it is."""

from pathlib import Path

import pytest
from lxml import etree

from ingest.tools.process import ToolBox
from tests.ingest import made

_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"'
    for name, uri in (("office", "office"), ("style", "style"), ("table", "table"), ("text", "text"), ("fo", "xsl-fo-compatible"))
)


def cell(text: str = "", *, kind: str = "string", style: str = "") -> str:
    named = f' table:style-name="{style}"' if style else ""
    return (
        f'<table:table-cell office:value-type="{kind}"{named}><text:p>{text}</text:p></table:table-cell>' if text else "<table:table-cell/>"
    )


def widths(tools: ToolBox, tmp_path: Path, *rows: list[str], columns: int = 3) -> list[float] | None:
    """The width of each column afterwards, in inches; None where the workbook is left as it is."""
    styles = (
        '<style:style style:name="co1" style:family="table-column"><style:table-column-properties style:column-width="1in"/></style:style>'
        '<style:style style:name="w" style:family="table-cell"><style:table-cell-properties fo:wrap-option="wrap"/></style:style>'
    )
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    table = f'<table:table><table:table-column table:style-name="co1" table:number-columns-repeated="{columns}"/>{body}</table:table>'
    path, wide = tmp_path / "a.fods", tmp_path / "b.fods"
    path.write_text(
        f"<office:document {_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body></office:document>"
    )
    changed = tools.call("wide_sheets", "widen", timeout=60, path=str(path), destination=str(wide))
    assert wide.exists() is changed
    if not changed:
        return None
    tree = etree.parse(wide)
    of = {
        style.get(f"{_STYLE}name"): float(properties.get(f"{_STYLE}column-width", "0in").removesuffix("in"))
        for style in tree.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}table-column-properties")
    }
    found = []
    for column in tree.iter(f"{_TABLE}table-column"):
        found += [of[column.get(f"{_TABLE}style-name")]] * int(column.get(f"{_TABLE}number-columns-repeated", "1"))
    return found


LONG = "Mantenimiento de andenes"


def test_what_has_room_is_left(tools: ToolBox, tmp_path: Path) -> None:
    assert widths(tools, tmp_path, [cell("Corto"), cell("12", kind="float")]) is None
    assert widths(tools, tmp_path, [cell(LONG), cell(), cell(), cell("fin")], columns=4) is None  # it goes on over the empty cells
    assert widths(tools, tmp_path, [cell(LONG, style="w"), cell("fin")]) == [1.6, 1, 1]  # its longest word, for it wraps


def test_a_text_that_its_neighbour_cuts_and_an_amount_get_room(tools: ToolBox, tmp_path: Path) -> None:
    found = widths(tools, tmp_path, [cell(LONG), cell("1.250.000.000,00", kind="currency"), cell("fin")])
    assert found is not None
    assert found[0] > len(LONG) * 0.1
    assert found[1] > 16 * 0.1
    assert found[2] == 1


def test_what_is_no_workbook_is_refused(tools: ToolBox, tmp_path: Path) -> None:
    from ingest.tools.process import ToolFailed

    (tmp_path / "a").write_bytes(made.pdf(["nada"]))
    with pytest.raises(ToolFailed):
        tools.call("wide_sheets", "widen", timeout=60, path=str(tmp_path / "a"), destination=str(tmp_path / "b"))
