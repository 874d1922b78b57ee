"""XLSX workbooks that the library refuses, straight from their XML (ISO/IEC 29500-1, 18.3): those of the strict kind, and those with parts
that break the rules. What can be followed is read; what cannot is left out.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import from_excel

from ingest.tools.answers import Passage
from ingest.tools.ooxml import RELATIONS, main_part
from ingest.tools.package import Package
from ingest.tools.passages import clean

_S: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets(package: Package, max_chars: int, shown: Callable[[object], str]) -> Iterator[Passage]:
    """Sheets in order, each cut at `max_chars`; a row is a line with its cells, worded by `shown`, between tabs."""
    main = main_part(package, "xl/workbook.xml")
    root, related = package.xml(main), package.relations(main)
    parts = dict(related.values())
    texts = [_text(item) for item in package.elements(parts.get("sharedStrings", ""), f"{_S}si")]
    dated = _dated(package.xml(parts.get("styles", "")))
    for entry in () if root is None else root.iter(f"{_S}sheet"):
        kind, name = related.get(entry.get(f"{RELATIONS}id", ""), ("", ""))
        if kind == "worksheet":
            rows = ([shown(_value(cell, texts, dated)) for cell in row.iter(f"{_S}c")] for row in package.elements(name, f"{_S}row"))
            yield Passage("sheet", clean("\n".join(_lines(rows, max_chars))), entry.get("name", ""))


def _lines(rows: Iterator[list[str]], max_chars: int) -> Iterator[str]:
    size = 0
    for row in rows:
        line = "\t".join(row).rstrip()
        size += len(line)
        if size > max_chars:
            return
        if line:
            yield line


def _dated(styles: Any) -> frozenset[str]:
    """The cell styles (18.8.45) that show a number as a date."""
    if styles is None:
        return frozenset()
    codes = {entry.get("numFmtId"): entry.get("formatCode", "") for entry in styles.iter(f"{_S}numFmt")}
    codes = {str(number): code for number, code in BUILTIN_FORMATS.items()} | codes
    formats = [entry.get("numFmtId") for group in styles.iter(f"{_S}cellXfs") for entry in group.iter(f"{_S}xf")]
    return frozenset(str(index) for index, number in enumerate(formats) if is_date_format(codes.get(number, "General")))


def _value(cell: Any, texts: Sequence[str], dated: frozenset[str]) -> object:
    """What a cell shows, as last calculated (18.3.1.4, 18.18.11)."""
    kind, value = cell.get("t", "n"), cell.findtext(f"{_S}v") or ""
    if kind == "inlineStr":
        return _text(cell)
    with suppress(ValueError, IndexError, OverflowError):
        if kind == "s":
            return texts[int(value)] if int(value) >= 0 else ""
        if kind == "b":
            return bool(int(value))
        if kind == "n" and value:
            number = float(value)
            return from_excel(number) if cell.get("s") in dated else number
    return "" if kind == "s" else value


def _text(element: Any) -> str:
    """A string item (18.4.8): its runs together, without phonetic hints."""
    return "".join(text.text or "" for text in element.iter(f"{_S}t") if text.getparent().tag != f"{_S}rPh")
