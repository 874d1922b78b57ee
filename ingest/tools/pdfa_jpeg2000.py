"""JPEG 2000 images of a PDF/A-2 or -3: channels, colour specifications and depth (ISO 19005-2, 6.2.8.3; ISO/IEC 15444-1, annex I)."""

from collections.abc import Iterator
from typing import Final

import pikepdf

from ingest.tools.pdfa_rules import Case

_MOST: Final = 10_000
_CIEJAB: Final = 19
_ENUMERATED: Final = 1


def judge_jpeg2000(case: Case, image: pikepdf.Object) -> None:
    """What a JPEG 2000 image breaks; a codestream without boxes has no colour specification to judge."""
    boxes = dict(_header(image.read_raw_bytes()))
    size, specifications = boxes.get(b"ihdr", [b""])[0], boxes.get(b"colr", [])
    if len(size) < 11:
        return
    if int.from_bytes(size[8:10], "big") not in (1, 3, 4):
        case.broken("jpeg2000", image, "channels")
    if b"bpcc" in boxes or not 1 <= (size[10] & 0x7F) + 1 <= 38:
        case.broken("jpeg2000", image, "depth")
    if "/ColorSpace" not in image:
        _colour(case, image, specifications)


def _colour(case: Case, image: pikepdf.Object, specifications: list[bytes]) -> None:
    """One specification, or one marked as the best; of a method and a space that may be used."""
    best = [one for one in specifications if one[2:3] == b"\x01"] if len(specifications) > 1 else specifications
    if len(specifications) > 1 and len(best) != 1:
        case.broken("jpeg2000", image, "colour specifications")
    for one in best[:1]:
        if one[:1] not in (b"\x01", b"\x02", b"\x03"):
            case.broken("jpeg2000", image, "method of the colour specification")
        if one[0] == _ENUMERATED and int.from_bytes(one[3:7], "big") == _CIEJAB:
            case.broken("jpeg2000", image, "CIEJab")


def _header(content: bytes) -> dict[bytes, list[bytes]]:
    """The boxes inside the header box, by type."""
    found: dict[bytes, list[bytes]] = {}
    for kind, body in _boxes(content):
        if kind == b"jp2h":
            for inner, data in _boxes(body):
                found.setdefault(inner, []).append(data)
    return found


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, body) of each box (I.4)."""
    place = 0
    for _ in range(_MOST):
        length, kind, head = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8], 8
        if length == 1:
            length, head = int.from_bytes(content[place + 8 : place + 16], "big"), 16
        end = place + length if length else len(content)
        if len(kind) < 4 or end < place + head or end > len(content):
            return
        yield kind, content[place + head : end]
        place = end
