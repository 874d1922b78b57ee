"""Lists as CSV files that spreadsheets open as they are: UTF-8 with its mark, commas (RFC 4180), and nothing that runs as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Final

from starlette.responses import StreamingResponse

from archivo.web.addresses import attachment

Cell = str | int | float | bool | None
FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
BLOCK: Final = 1 << 16


def sheet(filename: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingResponse:
    """A list as a CSV file, sent while its rows are read."""
    headers = {"content-disposition": attachment(filename)}
    return StreamingResponse(_blocks(heads, rows), media_type="text/csv; charset=utf-8; header=present", headers=headers)


def local(value: datetime | None, zone: tzinfo) -> str | None:
    """An instant as spreadsheets read it: 2026-11-24 15:04:05, in the zone of the archive."""
    if value is None:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before what would begin one (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in ("\t", "\r", "\n") or text.lstrip()[:1] in FORMULA else text


def _blocks(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    buffer = io.StringIO("\ufeff", newline="")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    for row in chain((heads,), rows):
        writer.writerow([_written(cell) for cell in row])
        if buffer.tell() >= BLOCK:
            yield _taken(buffer)
    yield _taken(buffer)


def _written(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "sí" if cell else "no"
    return harmless(cell) if isinstance(cell, str) else cell


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "backslashreplace")
