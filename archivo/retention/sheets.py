"""CSV and XLSX files as lines of cells, safely: bounded, nothing in them runs or is fetched. Merged cells repeat their value."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

MOST_BYTES = 20 * 1024 * 1024  # of the file, and of each part of an XLSX once expanded
MOST_LINES = 20_000
MOST_COLUMNS = 256
MOST_MERGED = 500_000  # cells

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_BLANKS = re.compile(r"[^\S\n]+")


class SheetUnreadable(Exception):
    """`code` names the rule broken; the text of the exception is its detail, in Spanish."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """One line with something in it. `number` counts from 1 in its sheet; `repeated` are the columns filled by a merged cell above."""

    number: int
    cells: tuple[str, ...]
    repeated: frozenset[int] = frozenset()

    def __getitem__(self, column: int) -> str:
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` is None in a CSV. `encoding` is how a CSV was read."""

    name: str | None
    lines: tuple[Line, ...]
    encoding: str = "utf-8"

    def address(self, line: int, column: int) -> str:
        """`Hoja!C8` in a workbook, `C8` in a CSV."""
        return f"{self.name}!{letters(column)}{line}" if self.name else f"{letters(column)}{line}"


def read_sheets(content: bytes) -> tuple[Sheet, ...]:
    """The sheets of an XLSX, or a CSV as one sheet. Raises SheetUnreadable."""
    if len(content) > MOST_BYTES:
        raise SheetUnreadable("file_too_large", f"pasa de {MOST_BYTES // 1024 // 1024} MB")
    if content[:4] == b"PK\x03\x04":
        return tuple(_workbook(content))
    if b"\x00" in content[:4096] and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise SheetUnreadable("file_unreadable", "contiene datos binarios")
    return (_csv(content),)


def letters(column: int) -> str:
    """0 → A, 26 → AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def tidy(value: str) -> str:
    """Blanks joined, lines kept, nothing at the ends."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace("\x00", "")
    return "\n".join(part for part in (_BLANKS.sub(" ", line).strip() for line in value.split("\n")) if part)


def _csv(content: bytes) -> Sheet:
    text, encoding = _decode(content)
    delimiter = _delimiter(text)
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            values = tuple(tidy(cell) for cell in cells[:MOST_COLUMNS])
            if any(values):
                lines.append(Line(start, values))
            if len(lines) > MOST_LINES:
                raise SheetUnreadable("file_too_large", f"pasa de {MOST_LINES} filas")
            start = reader.line_num + 1
    except csv.Error as error:
        raise SheetUnreadable("file_unreadable", f"la línea {start} no está bien formada") from error
    return Sheet(None, tuple(lines), encoding)


def _decode(content: bytes) -> tuple[str, str]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise SheetUnreadable("file_unreadable", "su codificación está dañada") from error
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "windows-1252"


def _delimiter(text: str) -> str:
    """The one of `,` `;` and tab that most often stands outside quotes in the first lines."""
    outside = re.sub(r'"[^"]*"', "", text[:20_000])
    return max(",;\t", key=outside.count)


def _workbook(content: bytes) -> Iterator[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            strings = _shared_strings(archive)
            for name, part in _parts(archive):
                yield _sheet(name, _xml(archive, part), strings)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        raise SheetUnreadable("file_unreadable", "el libro está dañado, cifrado o no es XLSX") from error


def _xml(archive: zipfile.ZipFile, part: str) -> etree._Element:
    with archive.open(part) as source:
        content = source.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SheetUnreadable("file_too_large", "una de sus partes se expande sin medida")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise SheetUnreadable("file_unreadable", "una de sus partes no es XML bien formado") from error


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of each visible sheet, in the order of the book."""
    targets = {str(one.get("Id")): str(one.get("Target")) for one in _xml(archive, "xl/_rels/workbook.xml.rels")}
    for sheet in _xml(archive, "xl/workbook.xml").iter(f"{_MAIN}sheet"):
        target = targets.get(str(sheet.get(_RELATION)), "")
        if target and sheet.get("state", "visible") == "visible" and "worksheets/" in target:
            yield str(sheet.get("name")), target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_text(one) for one in _xml(archive, "xl/sharedStrings.xml").iter(f"{_MAIN}si")]


def _text(element: etree._Element) -> str:
    """The written text, without phonetic aids."""
    written = (one for one in element.iter(f"{_MAIN}t") if (holder := one.getparent()) is not None and holder.tag != f"{_MAIN}rPh")
    return "".join(one.text or "" for one in written)


def _sheet(name: str, root: etree._Element, strings: list[str]) -> Sheet:
    grid: dict[int, dict[int, str]] = {}
    for cell in root.iter(f"{_MAIN}c"):
        place = _place(str(cell.get("r", "")))
        value = tidy(_value(cell, strings)) if place else ""
        if place and value:
            grid.setdefault(place[0], {})[place[1]] = value
        if len(grid) > MOST_LINES:
            raise SheetUnreadable("file_too_large", f"pasa de {MOST_LINES} filas")
    repeated = _spread(grid, [str(one.get("ref", "")) for one in root.iter(f"{_MAIN}mergeCell")])
    lines = []
    for number in sorted(grid):
        cells = grid[number]
        values = tuple(cells.get(column, "") for column in range(max(cells) + 1))
        lines.append(Line(number, values, frozenset(repeated.get(number, ()))))
    return Sheet(name, tuple(lines))


def _place(reference: str) -> tuple[int, int] | None:
    found = _REFERENCE.fullmatch(reference)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return (int(found[2]), column - 1) if column <= MOST_COLUMNS else None


def _value(cell: etree._Element, strings: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    written = cell.findtext(f"{_MAIN}v") or ""
    if kind == "s":
        return strings[int(written)] if written.isdigit() and int(written) < len(strings) else ""
    if kind == "n" and written:
        try:
            return format(float(written), ".12g")
        except ValueError:
            return written
    return "" if kind == "e" else written


def _spread(grid: dict[int, dict[int, str]], ranges: list[str]) -> dict[int, set[int]]:
    """Give each cell of a merged range its value, only on lines that hold something else; returns what came from a line above."""
    repeated: dict[int, set[int]] = {}
    budget = MOST_MERGED
    for one in ranges:
        first, _, last = one.partition(":")
        start, end = _place(first), _place(last)
        value = grid.get(start[0], {}).get(start[1], "") if start else ""
        if not start or not end or not value or end[0] - start[0] > MOST_LINES:
            continue
        for line in range(start[0], end[0] + 1):
            budget -= 1 + end[1] - start[1]
            if budget < 0:
                raise SheetUnreadable("file_too_large", "sus celdas combinadas abarcan demasiado")
            if line not in grid:
                continue
            for column in range(start[1], end[1] + 1):
                grid[line].setdefault(column, value)
                if line > start[0]:
                    repeated.setdefault(line, set()).add(column)
    return repeated
