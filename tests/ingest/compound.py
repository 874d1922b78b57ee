"""Compound files (MS-CFB) made for the tests, and in them documents of Word, Excel, PowerPoint and Outlook that say what they are given."""

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

SECTOR: Final = 512
MINI: Final = 64
END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
Tree = Mapping[str, "bytes | Tree"]


def compound(tree: Tree) -> bytes:
    """A compound file of version 3 with these streams and storages."""
    mini = bytearray()
    small: list[int] = []
    entries = [bytearray()]
    streams: list[tuple[int, str, bytes]] = []

    def place(branch: Tree) -> int:
        """Add the entries of a storage, each the right sibling of the one before; the first of them."""
        numbers = []
        for name, content in branch.items():
            numbers.append(len(entries))
            entries.append(bytearray())
            if not isinstance(content, bytes):
                entries[numbers[-1]] = entry(name, 1, place(content), 0, 0)
            elif len(content) < 4096:
                first = len(small)
                count = -(-len(content) // MINI)
                small.extend([*range(first + 1, first + count), END] if count else [])
                mini.extend(content.ljust(count * MINI, b"\0"))
                entries[numbers[-1]] = entry(name, 2, NONE, first if count else END, len(content))
            else:
                streams.append((numbers[-1], name, content))
        followers.update(pairwise(numbers))
        return numbers[0] if numbers else NONE

    followers: dict[int, int] = {}
    child = place(tree)
    sectors: list[bytes] = []
    chain: list[int] = []

    def store(content: bytes) -> int:
        first, count = len(sectors), -(-len(content) // SECTOR)
        sectors.extend(content[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, count * SECTOR, SECTOR))
        chain.extend([*range(first + 1, first + count), END] if count else [])
        return first if count else END

    for number, name, content in streams:
        entries[number] = entry(name, 2, NONE, store(content), len(content))
    entries[0] = entry("Root Entry", 5, child, store(bytes(mini)), len(mini))
    for number, following in followers.items():
        entries[number][72:76] = struct.pack("<I", following)
    while len(entries) % 4:
        entries.append(bytearray(68) + struct.pack("<III", NONE, NONE, NONE) + bytearray(48))
    directory = store(b"".join(map(bytes, entries)))
    minifat = store(struct.pack(f"<{len(small)}I", *small).ljust(-(-len(small) // 128) * SECTOR, b"\xff")) if small else END
    count = next(n for n in range(1, 110) if n * 128 >= len(sectors) + n)
    first = len(sectors)
    chain += [FAT] * count
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(count * SECTOR, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, count, directory, 0, 4096, minifat, -(-len(small) // 128), END, 0)
    head += struct.pack("<109I", *([*range(first, first + count), *[FREE] * 109][:109]))
    return head + b"".join(sectors) + table


def entry(name: str, kind: int, child: int, start: int, size: int) -> bytearray:
    """A directory entry (MS-CFB, 2.6.1)."""
    encoded = (name + "\0").encode("utf-16-le")
    return bytearray(
        encoded.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(encoded), kind, 1, NONE, NONE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def doc(*pieces: str | bytes, encrypted: bool = False, **beside: bytes) -> bytes:
    """A document of Word 97 whose text is in these pieces: str as UTF-16, bytes as they are, in Windows-1252."""
    main, ends, places = bytearray(0x600), [0], []
    for piece in pieces:
        content = piece if isinstance(piece, bytes) else piece.encode("utf-16-le")
        places.append(len(main) * 2 | 1 << 30 if isinstance(piece, bytes) else len(main))
        main += content
        main += bytes(len(main) % 2)
        ends.append(ends[-1] + len(piece))
    table = struct.pack(f"<{len(ends)}I", *ends) + b"".join(struct.pack("<HIH", 0, place, 0) for place in places)
    clx = b"\x01\x02\x00ab\x02" + struct.pack("<I", len(table)) + table
    struct.pack_into("<HH", main, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", main, 0x0A, 0x0200 | (0x0100 if encrypted else 0))
    struct.pack_into("<II", main, 0x1A2, 8, len(clx))
    return compound({"WordDocument": bytes(main), "1Table": bytes(8) + clx, **beside})


def word_95(text: bytes) -> bytes:
    main = bytearray(0x300) + text
    struct.pack_into("<HH", main, 0, 0xA5DC, 0x68)
    struct.pack_into("<II", main, 0x18, 0x300, 0x300 + len(text))
    return compound({"WordDocument": bytes(main)})


def xls(sheets: Mapping[str, Sequence[Sequence[str | float]]], *, encrypted: bool = False, shift: int = 0) -> bytes:
    """A workbook of Excel 97; `shift` moves the last cell of each sheet so many rows and columns away, as a stray one stands."""
    start = _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    if encrypted:
        start += _biff(0x2F, bytes(54))
    start += _biff(0x42, struct.pack("<H", 1200))
    bodies = [_sheet(rows, shift) for rows in sheets.values()]
    names = [struct.pack("<BB", len(name), 1) + name.encode("utf-16-le") for name in sheets]
    at = len(start) + sum(len(name) + 10 for name in names) + 4
    bounds = b""
    for name, body in zip(names, bodies, strict=True):
        bounds += _biff(0x85, struct.pack("<IH", at, 0) + name)
        at += len(body)
    return compound({"Workbook": (start + bounds + _biff(0x0A, b"") + b"".join(bodies)).ljust(4096, b"\0")})


def _sheet(rows: Sequence[Sequence[str | float]], shift: int) -> bytes:
    cells = [(row, column, value) for row, values in enumerate(rows) for column, value in enumerate(values)]
    body = _biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for index, (row, column, value) in enumerate(cells):
        away = shift if index == len(cells) - 1 else 0
        where = struct.pack("<HHH", min(row + away, 65_535), min(column + away, 255), 0)
        if isinstance(value, str):
            body += _biff(0x204, where + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
        else:
            body += _biff(0x203, where + struct.pack("<d", value))
    return body + _biff(0x0A, b"")


def _biff(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def ppt(slides: Sequence[tuple[Sequence[str], Sequence[str]]], notes: str = "", *, encrypted: bool = False, times: int = 1) -> bytes:
    """A presentation of PowerPoint 97: of each slide the texts of its outline and those of its boxes; `notes` of the first one.

    The whole list of slides stands there so many `times`.
    """
    content, places = b"", {}
    for number, (_, boxes) in enumerate(slides, 1):
        places[number] = len(content)
        atom = _record(0, 0x03EF, bytes(16) + struct.pack("<I", 500 if notes and number == 1 else 0) + bytes(4))
        drawn = _record(0xF, 0xF00D, b"".join(map(_chars, boxes)))
        content += _record(0xF, 0x03EE, atom + _record(0xF, 0x040C, _record(0xF, 0xF004, drawn)))
    places[90] = len(content)
    content += _record(0xF, 0x03F0, _chars(notes) if notes else b"")
    outline = b"".join(_persist(number, 255 + number) + b"".join(map(_bytes, texts)) for number, (texts, _) in enumerate(slides, 1))
    lists = _record(0xF, 0x0FF0, _persist(91, 700) + _chars("Haga clic para modificar"), 1) + _record(0xF, 0x0FF0, outline * times, 0)
    places[100] = len(content)
    content += _record(0xF, 0x03E8, lists + _record(0xF, 0x0FF0, _persist(90, 500), 2))
    directory = len(content)
    content += _record(0, 0x1772, b"".join(struct.pack("<II", number | 1 << 20, place) for number, place in places.items()))
    edit = len(content)
    content += _record(0, 0x0FF5, struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, 0, directory, 100, 200, 0, 0))
    user = _record(0, 0x0FF6, struct.pack("<IIIHHBBH", 20, 0xF3D1C4DF if encrypted else 0xE391C05F, edit, 0, 0x3F4, 3, 0, 0))
    return compound({"PowerPoint Document": content.ljust(4096, b"\0"), "Current User": user})


def _persist(place: int, identifier: int) -> bytes:
    return _record(0, 0x03F3, struct.pack("<IIIII", place, 0, 0, identifier, 0))


def _chars(text: str) -> bytes:
    return _record(0, 0x0FA0, text.encode("utf-16-le"))


def _bytes(text: str) -> bytes:
    return _record(0, 0x0FA8, text.encode("latin-1"))


def _record(version: int, kind: int, content: bytes, instance: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4 | version, kind, len(content)) + content


def msg(subject: str, body: str, attachments: Sequence[tuple[str, bytes]]) -> bytes:
    """A message of Outlook (MS-OXMSG) with its attachments."""
    head = bytes(8) + struct.pack("<IIII", 0, len(attachments), 0, len(attachments)) + bytes(8)
    tree = _properties(head, {0x001A001F: "IPM.Note", 0x0037001F: subject, 0x1000001F: body})
    for number, (name, content) in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = _properties(bytes(8), {0x3707001F: name, 0x37010102: content})
    return compound(tree)


def _properties(head: bytes, values: Mapping[int, str | bytes]) -> dict[str, bytes | Tree]:
    """The streams of the properties of an object, by their tags."""
    encoded = {tag: value if isinstance(value, bytes) else value.encode("utf-16-le") for tag, value in values.items()}
    listed = b"".join(struct.pack("<IIII", tag, 6, len(value), 0) for tag, value in encoded.items())
    listed += struct.pack("<IIII", 0x37050003, 6, 1, 0)  # PidTagAttachMethod: by value
    return {"__properties_version1.0": head + listed, **{f"__substg1.0_{tag:08X}": value for tag, value in encoded.items()}}
