"""The text of XLSX workbooks (ISO/IEC 29500-1, 18): a passage a sheet, values as last calculated."""

from collections.abc import Iterator
from datetime import date, datetime, time

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
    workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in workbook.worksheets:
            if hasattr(sheet, "reset_dimensions"):
                sheet.reset_dimensions()  # declared, and often a lie of a million rows
            lines: list[str] = []
            size = 0
            for row in sheet.iter_rows(values_only=True):
                line = "\t".join(_shown(value) for value in row).rstrip()
                if line:
                    lines.append(line)
                    size += len(line) + 1
                if size > max_chars:
                    break
            yield Passage("sheet", clean("\n".join(lines)), sheet.title)
    finally:
        workbook.close()


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return " ".join(str(value).split())
