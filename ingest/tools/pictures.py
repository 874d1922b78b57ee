"""The pictures that an office document shows and that may be scanned pages (DrawingML, VML: ISO/IEC 29500; OpenDocument: ISO/IEC 26300)."""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

from ingest.tools import odf, ooxml
from ingest.tools.answers import Refused
from ingest.tools.package import Package
from ingest.tools.page_like import may_be_page

_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_WP: Final = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_VML: Final = "{urn:schemas-microsoft-com:vml}"
_DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_SVG: Final = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}"
_EMU_PER_CM: Final = 360_000
_FRAMES: Final = frozenset({f"{_WP}inline", f"{_WP}anchor", f"{_P}pic", f"{_P}sp"})
_EMU: Final = re.compile(r"[0-9]{1,12}")
_LENGTH: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,20})?)(cm|mm|in|pt|pc|px)")
_CM: Final = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96}
_EXTENSIONS: Final = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "TIFF": "tif", "GIF": "gif", "BMP": "bmp", "WEBP": "webp"}
_FORMATS: Final = tuple(kind for kind in _EXTENSIONS if kind != "MPO")  # which the library opens as JPEG
_MOST_BYTES: Final = 256 << 20
"""An A3 page at 600 dpi in colour, uncompressed, is 209 MB."""
_FAULTS: Final = (OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, struct.error, OverflowError)

Size = tuple[float, float]
Shown = tuple[str, str, Size | None]
"""The entry that holds a picture, where the document shows it, and its size there in centimetres, None where it is not said."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a document: its number among all that the document shows, and the name that says where it is from."""

    number: int
    name: str
    content: bytes


def pages_in(package: Package, family: str) -> Iterator[Picture | None]:
    """The pictures that may be scanned pages, in the order of the document, each once; None for one too large to be looked at.

    Their numbers depend on the document alone, and on nothing that is thought of a picture: they are kept, to find it again.
    """
    shown: dict[str, tuple[str, Size | None]] = {}
    for entry, where, size in _shown(package, family):
        if entry not in shown or _is_larger(size, shown[entry][1]):
            shown[entry] = (shown[entry][0] if entry in shown else where, size)
    for number, (entry, (where, size)) in enumerate(shown.items(), 1):
        if entry in package.names and package.zip.getinfo(entry).file_size > _MOST_BYTES:
            yield None
            continue
        content = _content(package, entry)
        if (kind := _kind(content, size)) is not None:
            yield Picture(number, f"{where}imagen-{number}.{kind}", content)


def _content(package: Package, entry: str) -> bytes:
    """The bytes of a picture; b"" for one that is not there or does not unpack."""
    try:
        return package.read(entry)
    except Refused:
        return b""


def _shown(package: Package, family: str) -> Iterator[Shown]:
    if family == "document":
        yield from _drawn(package, ooxml.main_part(package, "word/document.xml"), "")
    elif family == "presentation":
        for number, slide in enumerate(ooxml.slide_parts(package), 1):
            yield from _drawn(package, slide, f"diapositiva-{number}-")
    elif family in ("odt", "odp"):
        yield from _framed(package)


def _drawn(package: Package, part: str, where: str) -> Iterator[Shown]:
    """What a part of an OOXML document shows."""
    root = package.xml(part)
    if root is None:
        return
    related = package.relations(part)
    sizes: dict[Any, Size | None] = {}
    for element in root.iter(f"{_A}blip", f"{_VML}imagedata"):
        identifier = element.get(f"{ooxml.RELATIONS}embed") or element.get(f"{ooxml.RELATIONS}id")
        kind, entry = related.get(identifier or "", ("", ""))
        if kind == "image":
            frame = next((above for above in element.iterancestors() if above.tag in _FRAMES), None)
            if frame not in sizes:
                sizes[frame] = None if frame is None else _extent(frame)
            yield entry, where, sizes[frame]


def _extent(frame: Any) -> Size | None:
    """The size of the frame around a picture (ISO/IEC 29500-1, 20.1.7.3 and 20.4.2.7)."""
    for extent in frame.iter(f"{_WP}extent", f"{_A}ext"):
        width, height = _EMU.fullmatch(extent.get("cx", "")), _EMU.fullmatch(extent.get("cy", ""))
        if width and height:
            return int(width[0]) / _EMU_PER_CM, int(height[0]) / _EMU_PER_CM
    return None


def _framed(package: Package) -> Iterator[Shown]:
    """What the body of an OpenDocument file shows."""
    for number, canvas in odf.canvases(package):
        where = f"diapositiva-{number}-" if number else ""
        for image in canvas.iter(f"{_DRAW}image"):
            frame = image.getparent()
            width, height = _centimetres(frame.get(f"{_SVG}width")), _centimetres(frame.get(f"{_SVG}height"))
            yield image.get(f"{_XLINK}href", "").removeprefix("./"), where, (width, height) if width and height else None


def _centimetres(length: str | None) -> float | None:
    found = _LENGTH.fullmatch(length or "")
    return float(found[1]) * _CM[found[2]] if found else None


def _is_larger(one: Size | None, other: Size | None) -> bool:
    return one is not None and other is not None and one[0] * one[1] > other[0] * other[1]


def _kind(content: bytes, shown: Size | None) -> str | None:
    """The extension of a picture that may be a page, by its header alone; None for any other thing."""
    Image.MAX_IMAGE_PIXELS = None  # nothing is decoded here; how many pixels are too many, recognition says
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            return _EXTENSIONS.get(image.format or "") if may_be_page(*image.size, shown) else None
    except _FAULTS:
        return None
