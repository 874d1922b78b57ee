"""How JPEG, PNG and JPEG 2000 files are built: segments, chunks and boxes, read by their lengths. Nothing is decoded."""

import mmap
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ingest.tools.answers import Examined

_LONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_MOST: Final = 100_000
"""Segments, chunks or boxes looked at."""
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@contextmanager
def _mapped(path: str) -> Iterator[mmap.mmap]:
    with Path(path).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def jpeg(path: str, found: Examined) -> None:
    """ITU-T T.81, annex B, up to the first scan: every segment begins where the one before it ends, and a scan has its frame and tables."""
    with _mapped(path) as content:
        place = 2
        tables: set[tuple[str, int]] = set()
        quantised: set[int] | None = None
        for _ in range(_MOST):
            while content[place : place + 2] == b"\xff\xff":
                place += 1
            marker = content[place + 1] if place + 1 < len(content) else 0
            if content[place : place + 1] != b"\xff" or marker in (0x00, 0xD8, 0xD9):
                found.note("jpeg.markers", at=place)
                return
            if marker in _LONE:
                place += 2
                continue
            length = int.from_bytes(content[place + 2 : place + 4], "big")
            body = content[place + 4 : place + 2 + length]
            if length < 2 or len(body) != length - 2:
                found.note("jpeg.markers", at=place)
                return
            if marker == 0xDA:
                _scan(body, quantised, tables, found)
                return
            if marker in _FRAMES:
                quantised = _frame(body, marker, found)
            tables |= _tables(marker, body)
            place += 2 + length
    found.note("jpeg.frame")


def _frame(body: bytes, marker: int, found: Examined) -> set[int]:
    """The quantisation tables that a frame names (B.2.2); none where it needs none."""
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or not body[5] or not int.from_bytes(body[3:5], "big"):
        found.note("jpeg.frame")
        return set()
    return set() if marker in (0xC3, 0xC7, 0xCB, 0xCF) else set(body[8::3])


def _tables(marker: int, body: bytes) -> set[tuple[str, int]]:
    """The tables that a DQT or DHT segment defines (B.2.4.1, B.2.4.2)."""
    defined: set[tuple[str, int]] = set()
    place = 0
    while marker == 0xDB and place < len(body):
        defined.add(("q", body[place] & 15))
        place += 129 if body[place] >> 4 else 65
    while marker == 0xC4 and place + 17 <= len(body):
        defined.add(("h", body[place] & 15))
        place += 17 + sum(body[place + 1 : place + 17])
    return defined


def _scan(body: bytes, quantised: set[int] | None, tables: set[tuple[str, int]], found: Examined) -> None:
    if quantised is None:
        found.note("jpeg.frame")
    elif not body or len(body) != 4 + 2 * body[0] or any(("q", number) not in tables for number in quantised):
        found.note("jpeg.tables")


def png(path: str, found: Examined) -> None:
    """ISO/IEC 15948, 5: chunks in their order, each with its check; what follows the end is nobody's."""
    names: list[bytes] = []
    with _mapped(path) as content:
        place = 8
        for _ in range(_MOST):
            head = content[place : place + 8]
            if len(head) < 8:
                break
            length, name = int.from_bytes(head[:4], "big"), head[4:]
            end = place + 12 + length
            if length > 0x7FFFFFFF or end > len(content) or not (name.isalpha() and name.isascii()):
                found.note("png.chunks", at=place)
                return
            with memoryview(content) as view, view[place + 4 : end - 4] as covered:
                checked = zlib.crc32(covered)
            if checked != int.from_bytes(content[end - 4 : end], "big"):
                found.note("png.check", name=name.decode("ascii"))
            if not names and (name != b"IHDR" or not _png_header(content[place + 8 : end - 4])):
                found.note("png.header")
            names.append(name)
            place = end
            if name == b"IEND":
                break
        is_indexed = content[25] == 3 if len(content) > 25 else False
    _png_order(names, is_indexed, found)


def _png_header(body: bytes) -> bool:
    """11.2.2: size, depth and colour that go together."""
    if len(body) != 13:
        return False
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    usual = compression == 0 and filtering == 0 and interlace in (0, 1)
    return 0 < width < 1 << 31 and 0 < height < 1 << 31 and depth in _DEPTHS.get(colour, ()) and usual


def _png_order(names: list[bytes], is_indexed: bool, found: Examined) -> None:
    """5.6: one header, data together, the palette before them, the end last."""
    data = [index for index, name in enumerate(names) if name == b"IDAT"]
    palette = names.index(b"PLTE") if b"PLTE" in names else None
    together = bool(data) and data[-1] - data[0] == len(data) - 1
    palette_fits = palette is None or (bool(data) and palette < data[0])
    once = names.count(b"IHDR") == 1 and names.count(b"PLTE") <= 1
    if not (together and palette_fits and once) or names[-1:] != [b"IEND"] or (is_indexed and palette is None):
        found.note("png.order")
    strange = next((name for name in names if name[:1].isupper() and name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND")), None)
    if strange is not None:
        found.note("png.unknown_chunk", name=strange.decode("ascii"))


def jp2(path: str, found: Examined) -> None:
    """ISO/IEC 15444-1, annex I: signature, type, header and codestream, in boxes that end inside the file; annex A of the codestream."""
    with _mapped(path) as content:
        boxes = list(_boxes(content, 0, len(content)))
        if any(end > len(content) for _, _, end in boxes) or not boxes:
            found.note("jp2.boxes")
            return
        names = [name for name, _, _ in boxes]
        if names[:2] != [b"jP  ", b"ftyp"] or b"jp2h" not in names or b"jp2c" not in names or names.index(b"jp2h") > names.index(b"jp2c"):
            found.note("jp2.boxes")
            return
        _, start, end = boxes[names.index(b"jp2h")]
        header = list(_boxes(content, start, end))
        if not header or header[0][0] != b"ihdr" or b"colr" not in [name for name, _, _ in header]:
            found.note("jp2.header")
            return
        height, width = struct.unpack(">II", content[header[0][1] : header[0][1] + 8])
        _, start, end = boxes[names.index(b"jp2c")]
        _codestream(content, start, end, (width, height), found)


def _codestream(content: mmap.mmap, start: int, end: int, size: tuple[int, int], found: Examined) -> None:
    """Annex A: SOC and SIZ first, with the size that the header says, and EOC last."""
    if content[start : start + 4] != b"\xff\x4f\xff\x51" or end - start < 40:
        found.note("jp2.codestream")
        return
    right, bottom, left, top = struct.unpack(">IIII", content[start + 8 : start + 24])
    if (right - left, bottom - top) != size:
        found.note("jp2.size")
    if content[end - 2 : end] != b"\xff\xd9":
        found.note("image.truncated")


def _boxes(content: mmap.mmap, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the content, byte after it) of the boxes between two places."""
    for _ in range(_MOST):
        if start + 8 > end:
            return
        length, name = int.from_bytes(content[start : start + 4], "big"), content[start + 4 : start + 8]
        body = start + 8
        if length == 1:
            length, body = int.from_bytes(content[start + 8 : start + 16], "big"), start + 16
        after = end if length == 0 else start + length
        yield name, body, after
        if after < body:
            return
        start = after
