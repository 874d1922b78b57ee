"""Office documents in the binary formats before 2007 (MS-CFB, MS-DOC, MS-XLS, MS-PPT): what they hold, and their text."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import olefile
from python_calamine import CalamineError, CalamineWorkbook

from ingest.tools import powerpoint_binary, word_binary
from ingest.tools.answers import Passage, Reading, Refused, note, plain, properties
from ingest.tools.beyond import OLD_MACROS
from ingest.tools.passages import clean, sections
from ingest.tools.workbook import shown

_FILE_PASS, _BOUND_SHEET = 0x2F, 0x85
_FAULTS: Final = (struct.error, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


def read(path: str, max_chars: int) -> dict[str, object]:
    """The text of the document at `path`, by the streams that it holds: sections, sheets or slides.

    One that is none of the three, or older than those streams, gives none and says so. Refuses office.encrypted and file.damaged.
    """
    if not olefile.isOleFile(path):
        return plain(Reading(notes=[note("office.old_format")]))
    try:
        with olefile.OleFileIO(path) as file:
            reading = _read(file, path, max_chars)
    except _FAULTS as fault:
        raise Refused("file.damaged") from fault
    return plain(reading)


def _read(file: olefile.OleFileIO, path: str, max_chars: int) -> Reading:
    names = {entry[0].lower() for entry in file.listdir(streams=True, storages=True)}
    if "encryptedpackage" in names:
        raise Refused("office.encrypted")
    reading = Reading(properties=_metadata(file))
    if "worddocument" in names:
        reading.passages, reading.notes = sections(word_binary.text_of(_streams(file), max_chars + 1), max_chars)
    elif "powerpoint document" in names:
        reading.passages = list(_within(powerpoint_binary.slides(_streams(file)), max_chars))
    elif names & {"workbook", "book"}:
        if _asks_for_password(_streams(file)("Workbook") or _streams(file)("Book")):
            raise Refused("office.encrypted")
        reading.passages = list(_within(_sheets(path, max_chars), max_chars))
    else:
        reading.notes.append(note("office.old_format"))
    if sum(len(passage.text) for passage in reading.passages) >= max_chars and not reading.notes:
        reading.notes.append(note("text.truncated", characters=max_chars))
    if names & OLD_MACROS:
        reading.notes.append(note("office.macros"))
    return reading


def _streams(file: olefile.OleFileIO) -> Callable[[str], bytes]:
    def stream(name: str) -> bytes:
        if not file.exists(name):
            return b""
        with file.openstream(name) as content:
            return bytes(content.read())

    return stream


def _sheets(path: str, max_chars: int) -> Iterator[Passage]:
    """Sheets in order, each cut at `max_chars`; a row is a line with its cells between tabs, as of a workbook of today."""
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for name in workbook.sheet_names:
                rows = workbook.get_sheet_by_name(name).iter_rows()
                yield Passage("sheet", clean("\n".join(_lines(rows, max_chars))), clean(name)[:120])
    except CalamineError as fault:
        raise Refused("file.damaged") from fault


def _asks_for_password(workbook: bytes) -> bool:
    """Whether a FILEPASS record stands before the first sheet is named (MS-XLS, 2.4.117)."""
    place = 0
    while place + 4 <= len(workbook):
        kind, size = struct.unpack_from("<HH", workbook, place)
        if kind in (_FILE_PASS, _BOUND_SHEET):
            return bool(kind == _FILE_PASS)
        place += 4 + size
    return False


def _lines(rows: Iterable[Iterable[object]], max_chars: int) -> Iterator[str]:
    size = 0
    for row in rows:
        line = "\t".join(str(value) if isinstance(value, timedelta) else shown(value) for value in row).rstrip()
        size += len(line)
        if size > max_chars:
            return
        if line:
            yield line


def _within(passages: Iterable[Passage], max_chars: int) -> Iterator[Passage]:
    """The passages that hold `max_chars` together."""
    for passage in passages:
        max_chars -= len(passage.text)
        if max_chars < 0:
            yield Passage(passage.kind, passage.text[:max_chars], passage.label)
            return
        yield passage


def _metadata(file: olefile.OleFileIO) -> dict[str, str]:
    """What the document says of itself (MS-OLEPS); nothing where that cannot be read."""
    try:
        found = file.get_metadata()
        encoding = (
            f"cp{found.codepage}" if found.codepage and 0 < found.codepage < 60000 else "utf-8" if found.codepage == 65001 else "cp1252"
        )
        title, author, subject = (_decoded(value, encoding) for value in (found.title, found.author, found.subject))
        created = found.create_time.isoformat() if isinstance(found.create_time, datetime) else ""
    except (*_FAULTS, LookupError):
        return {}
    return properties((("title", title), ("author", author), ("subject", subject), ("created", created)))


def _decoded(value: object, encoding: str) -> str:
    return value.decode(encoding, "replace").strip("\0 ") if isinstance(value, bytes) else ""


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"read": read})
