"""The text of XLSX workbooks (ISO/IEC 29500-1, 18): a passage a sheet, values as last calculated."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import load_workbook

from ingest.tools.answers import Passage
from ingest.tools.package import Package
from ingest.tools.passages import clean


def sheets(path: str, package: Package, max_chars: int) -> Iterator[Passage]:
    """Sheets in order, each cut at `max_chars`; a row is a line with its cells between tabs, empty rows and trailing cells left out.

    Every XML entry is looked at first, because the library's own parser would expand entities.
    """
    for name in sorted(package.names):
        if name.startswith("xl/") and name.endswith((".xml", ".rels")):
            package.without_doctype(name)
    with Path(path).open("rb") as stream:  # a name without .xlsx would be refused
        workbook = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        for sheet in workbook.worksheets:
            if hasattr(sheet, "reset_dimensions"):
                sheet.reset_dimensions()  # declared, and often a lie of a million rows
            yield Passage("sheet", clean("\n".join(_lines(sheet.iter_rows(values_only=True), max_chars))), sheet.title)


def _lines(rows: Iterable[Sequence[object]], max_chars: int) -> Iterator[str]:
    size = 0
    for row in rows:
        line = "\t".join(shown(value) for value in row).rstrip()
        size += len(line)
        if size > max_chars:
            return
        if line:
            yield line


def shown(value: object) -> str:
    """A cell's value as text on one line; whole numbers without decimals, dates in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return " ".join(str(value).split())
