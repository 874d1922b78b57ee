"""The text of Word's binary files: of 97 and later (MS-DOC), and of 6 and 95, which is laid out alike, all in one stream."""

import re
import struct
from collections.abc import Callable, Iterator
from typing import Final

from ingest.tools.answers import Refused

_MAGIC: Final = (0xA5EC, 0xA5DC)
_WORD_97: Final = 0xC1
_ENCRYPTED: Final = 0x0100
_IN_TABLE_1: Final = 0x0200
_COMPLEX: Final = 0x0004
_CLX: Final = 0x01A2
_OLD_CLX: Final = 0x0160
"""Where the file information block says the place and the length of the Clx (MS-DOC, 2.5.6: fcClx, lcbClx), and where that of 6 and 95."""
_COMPRESSED: Final = 1 << 30
_PIECE_TABLE: Final = 2
_FIELD: Final = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
"""A field without fields inside: its instruction, and its result, which is what is seen (MS-DOC, 2.8.25)."""
_MAX_DEPTH: Final = 20


def text_of(stream: Callable[[str], bytes], max_chars: int) -> str:
    """The text in the order of the file: body, notes, headers, comments, boxes; cells between tabs, a row a line; up to `max_chars`.

    `stream` gives the bytes of a stream of the file by its name. Text struck out by a tracked change is part of it. Refuses
    office.encrypted; file.damaged when the pieces of the text cannot be found.
    """
    main = stream("WordDocument")
    if len(main) < 0x22 or struct.unpack_from("<H", main)[0] not in _MAGIC:
        raise Refused("file.damaged")
    (version,), (flags,) = struct.unpack_from("<H", main, 2), struct.unpack_from("<H", main, 0x0A)
    if flags & _ENCRYPTED:
        raise Refused("office.encrypted")
    if version >= _WORD_97:
        found = _pieces(main, stream("1Table" if flags & _IN_TABLE_1 else "0Table"), _CLX)
    elif flags & _COMPLEX:
        found = _pieces(main, main, _OLD_CLX, always_bytes=True)
    else:
        found = _together(main)
    pieces, size = [], 0
    for piece in found:
        pieces.append(piece)
        size += len(piece)
        if size > max_chars:
            break
    return _as_seen("".join(pieces))


def _together(main: bytes) -> Iterator[str]:
    """The text of a file of Word 6 or 95 that was not saved in haste: it lies in one piece."""
    first, end = struct.unpack_from("<II", main, 0x18)
    if not first <= end <= len(main):
        raise Refused("file.damaged")
    yield main[first:end].decode("cp1252", "replace")


def _pieces(main: bytes, table: bytes, clx: int, *, always_bytes: bool = False) -> Iterator[str]:
    """The pieces of the text, by the piece table (MS-DOC, 2.4.1, 2.8.35, 2.9.73), whose place is said at `clx` of the main stream."""
    try:
        start, size = struct.unpack_from("<II", main, clx)
        plc = _piece_table(table[start : start + size])
        count = (len(plc) - 4) // 12
        ends = struct.unpack_from(f"<{count + 1}I", plc)
        for index in range(count):
            length = ends[index + 1] - ends[index]
            (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
            if length <= 0:
                continue
            if always_bytes or place & _COMPRESSED:
                first = place if always_bytes else (place ^ _COMPRESSED) // 2
                yield main[first : first + length].decode("cp1252", "replace")
            else:
                yield main[place : place + 2 * length].decode("utf-16-le", "replace")
    except struct.error as fault:
        raise Refused("file.damaged") from fault


def _piece_table(clx: bytes) -> bytes:
    """The PlcPcd, after the properties that come before it (MS-DOC, 2.9.38)."""
    place = 0
    while place < len(clx) and clx[place] == 1:
        place += 3 + int(struct.unpack_from("<H", clx, place + 1)[0])
    if place >= len(clx) or clx[place] != _PIECE_TABLE:
        raise Refused("file.damaged")
    size = int(struct.unpack_from("<I", clx, place + 1)[0])
    return clx[place + 5 : place + 5 + size]


def _as_seen(text: str) -> str:
    """Fields as their results, marks of cells and lines as tabs and line ends."""
    for _ in range(_MAX_DEPTH):
        text, found = _FIELD.subn(lambda field: field[1] or "", text)
        if not found:
            break
    return text.replace("\x07\x07", "\n").replace("\x07", "\t").replace("\x1e", "-").replace("\x1f", "")
