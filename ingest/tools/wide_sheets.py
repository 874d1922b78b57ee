"""Widen the columns of a workbook in flat OpenDocument (ISO/IEC 26300-1) until what its cells show has room: for a copy made of pages,
which shows `###` or half a sentence where the window of a program would let the reader pull the column.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from ingest.tools.package import safe_parser

_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_FO: Final = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_INCHES: Final = MappingProxyType({"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72})
_LENGTH: Final = re.compile(r"([0-9.]+)(in|cm|mm|pt)")
_CHARACTER: Final = 0.105
"""Inches of a character, of those that take most of a line in letters of eleven points."""
_MARGIN: Final = 0.15
_USUAL: Final = 0.89
_MOST_COLUMNS: Final = 1024
_WIDEST: Final = 40.0


def widen(path: str, destination: str) -> bool:
    """Write at `destination` the workbook at `path` with room for what its cells show; False, and nothing, if all of it has room.

    Raises lxml.etree.XMLSyntaxError for what is no XML.
    """
    tree = etree.parse(path, safe_parser())
    widths, wrapped = _styles(tree)
    changed = False
    for table in tree.iter(f"{_TABLE}table"):
        changed |= _widen_table(tree, table, widths, wrapped)
    if changed:
        for row in tree.iter(f"{_STYLE}table-row-properties"):
            row.set(f"{_STYLE}use-optimal-row-height", "true")
        tree.write(destination, encoding="UTF-8", xml_declaration=True)
    return changed


def _styles(tree: Any) -> tuple[dict[str, float], frozenset[str]]:
    """The width of each style of columns, in inches, and the styles of cells whose text goes on in another line."""
    widths, wrapped = {}, set()
    for style in tree.iter(f"{_STYLE}style"):
        name = style.get(f"{_STYLE}name", "")
        for properties in style.iter(f"{_STYLE}table-column-properties"):
            if found := _LENGTH.fullmatch(properties.get(f"{_STYLE}column-width", "")):
                widths[name] = float(found[1]) * _INCHES[found[2]]
        if any(properties.get(f"{_FO}wrap-option") == "wrap" for properties in style.iter(f"{_STYLE}table-cell-properties")):
            wrapped.add(name)
    return widths, frozenset(wrapped)


def _widen_table(tree: Any, table: Any, widths: Mapping[str, float], wrapped: frozenset[str]) -> bool:
    columns = list(_columns(table))
    room = [widths.get(column.get(f"{_TABLE}style-name", ""), _USUAL) for column in columns]
    needed = list(room)
    for row in table.iter(f"{_TABLE}table-row"):
        cells = list(_cells(row))
        for place, (cell, texts) in enumerate(cells[: len(room)]):
            if not texts or int(cell.get(f"{_TABLE}number-columns-spanned", "1")) > 1:
                continue
            if cell.get(f"{_TABLE}style-name", "") in wrapped:
                texts = [word for text in texts for word in text.split()]
            wanted = max(map(len, texts), default=0) * _CHARACTER + _MARGIN
            if cell.get(f"{_OFFICE}value-type", "string") == "string":
                wanted -= _free(cells, room, place)
            needed[place] = max(needed[place], min(wanted, _WIDEST))
    if needed == room:
        return False
    _set_widths(tree, table, columns, room, needed)
    return True


def _columns(table: Any) -> Iterator[Any]:
    """An element for each column, in the place of one that stands for several; those beyond _MOST_COLUMNS are left."""
    count = 0
    for column in list(table.iter(f"{_TABLE}table-column")):
        repeated = int(column.get(f"{_TABLE}number-columns-repeated", "1"))
        alone = max(min(repeated, _MOST_COLUMNS - count), 0)
        count += repeated
        for _ in range(alone):
            one = copy(column)
            one.attrib.pop(f"{_TABLE}number-columns-repeated", None)
            column.addprevious(one)
            yield one
        if alone == repeated:
            column.getparent().remove(column)
        else:
            column.set(f"{_TABLE}number-columns-repeated", str(repeated - alone))


def _cells(row: Any) -> Iterator[tuple[Any, list[str]]]:
    """The cells of a row with the lines that each shows, up to _MOST_COLUMNS."""
    count = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        texts = ["".join(line.itertext()) for line in cell.iterchildren(f"{_TEXT}p")]
        for _ in range(int(cell.get(f"{_TABLE}number-columns-repeated", "1"))):
            if count == _MOST_COLUMNS:
                return
            count += 1
            yield cell, texts


def _free(cells: list[tuple[Any, list[str]]], room: list[float], place: int) -> float:
    """The width of the empty columns to the right of a cell, over which a text goes on, up to the next that says something."""
    free = 0.0
    for (_, texts), width in zip(cells[place + 1 :], room[place + 1 :], strict=False):
        if texts:
            return free
        free += width
    return 0.0


def _set_widths(tree: Any, table: Any, columns: list[Any], room: list[float], needed: list[float]) -> None:
    styles = next(tree.iter(f"{_OFFICE}automatic-styles"))
    made: set[str] = {style.get(f"{_STYLE}name", "") for style in styles}
    for column, before, after in zip(columns, room, needed, strict=True):
        if after <= before:
            continue
        tenths = int(after * 10) + 1
        name = f"wide{tenths}"
        if name not in made:
            made.add(name)
            style = etree.SubElement(styles, f"{_STYLE}style", {f"{_STYLE}name": name, f"{_STYLE}family": "table-column"})
            etree.SubElement(style, f"{_STYLE}table-column-properties", {f"{_STYLE}column-width": f"{tenths / 10}in"})
        column.set(f"{_TABLE}style-name", name)


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"widen": widen})
