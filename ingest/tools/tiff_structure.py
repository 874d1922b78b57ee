"""How a TIFF file is built: directories, the order and the place of their fields, what a baseline image must say (TIFF 6.0; BigTIFF)."""

import os
import struct
from pathlib import Path
from typing import BinaryIO, Final

from ingest.tools.answers import Examined

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WIDTH, _LENGTH, _PHOTOMETRIC = 256, 257, 262
_PLACES: Final = ({273, 279}, {324, 325}, {513})
"""Where the data are: strips, tiles, or a JPEG of the old kind."""
_MOST_DIRECTORIES: Final = 100_000
_MOST_FIELDS: Final = 65_535


def tiff(path: str, found: Examined) -> None:
    """Follow the directories of the TIFF at `path`."""
    with Path(path).open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        head = stream.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = len(head) == 16 and struct.unpack(order + "H", head[2:4])[0] == 43
        place = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])[0]
        seen: set[int] = set()
        while place:
            if place in seen or len(seen) >= _MOST_DIRECTORIES:
                found.note("tiff.loop")
                return
            seen.add(place)
            if place % 2:
                found.note("tiff.word")
            following = _directory(stream, place, size, order, big, found)
            if following is None:
                found.note("tiff.outside", directory=len(seen))
                return
            place = following
    if not seen:
        found.note("tiff.no_directory")


def _directory(stream: BinaryIO, place: int, size: int, order: str, big: bool, found: Examined) -> int | None:
    """The place of the directory after the one at `place`, 0 for the last; None where this one is not all inside the file."""
    count_size, entry_size, offset_size = (8, 20, 8) if big else (2, 12, 4)
    stream.seek(place)
    counted = stream.read(count_size)
    if len(counted) < count_size:
        return None
    count = struct.unpack(order + ("Q" if big else "H"), counted)[0]
    if count > _MOST_FIELDS or place + count_size + count * entry_size + offset_size > size:
        return None
    entries = stream.read(count * entry_size)
    following: int = struct.unpack(order + ("Q" if big else "I"), stream.read(offset_size))[0]
    tags: list[int] = []
    for start in range(0, len(entries), entry_size):
        tag, kind = struct.unpack(order + "HH", entries[start : start + 4])
        number, value = struct.unpack(order + ("QQ" if big else "II"), entries[start + 4 : start + entry_size])
        tags.append(tag)
        length = _SIZES.get(kind, 0) * number
        if length > offset_size and value + length > size:
            found.note("tiff.value_outside", tag=tag)
    if tags != sorted(tags) or len(set(tags)) != len(tags):
        found.note("tiff.order")
    missing = [tag for tag in (_WIDTH, _LENGTH, _PHOTOMETRIC) if tag not in tags]
    if missing or not any(wanted <= set(tags) for wanted in _PLACES):
        found.note("tiff.required", tags=", ".join(map(str, missing)) or "273, 279")
    return following
