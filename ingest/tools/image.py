"""Images: what their headers say. Nothing is decoded here, so a bomb costs nothing."""

import mmap
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from ingest.tools.answers import Examined, Passage, Reading, Refused, plain, properties
from ingest.tools.page_like import may_be_page

_FORMATS: Final = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "MPO")
_LONG_SIDE_INCHES: Final = 11.7
_SWAPPED: Final = frozenset({5, 6, 7, 8})
_STRIP_OFFSETS: Final = (273, 324)
_STRIP_SIZES: Final = (279, 325)
_FAULTS: Final = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    KeyError,
    TypeError,
    IndexError,
    EOFError,
    struct.error,
    OverflowError,
)


def examine(path: str, max_pixels: int, max_pages: int) -> dict[str, object]:
    """Examine the image at `path`: each frame's size against `max_pixels`, and whether its data are all there."""
    found = Examined()
    try:
        with _opened(path) as image:
            count = 0
            for frame in _frames(image, max_pages):
                count += 1
                width, height = frame.size
                if width * height > max_pixels:
                    found.refuse("image.bomb", width=width, height=height)
                    break
                if not _whole(frame, Path(path)):
                    found.note("image.truncated")
            if count > max_pages:
                found.refuse("image.too_many_frames", limit=max_pages)
            found.properties |= properties((("pages", count), ("created", _exif(image, ExifTags.Base.DateTime))))
    except Refused as refusal:
        found.refuse(refusal.code)
    return plain(found)


def read(path: str, max_pages: int, only_page_like: bool = False) -> dict[str, object]:
    """A page a frame, without text, with its size in points as shown. None at all for `only_page_like` and a picture that is no page."""
    with _opened(path) as image:
        frames = [(may_be_page(*frame.size), Passage("page", "", "", *_points(frame))) for frame in _frames(image, max_pages)]
    is_wanted = not only_page_like or any(is_page for is_page, _ in frames)
    return plain(Reading([passage for _, passage in frames[:max_pages]] if is_wanted else []))


@contextmanager
def _opened(path: str) -> Iterator[ImageFile.ImageFile]:
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, and says how large the image is
    try:
        with Image.open(path, formats=_FORMATS) as image:
            yield image
    except _FAULTS as fault:
        raise Refused("image.damaged") from fault


def _frames(image: ImageFile.ImageFile, max_pages: int) -> Iterator[ImageFile.ImageFile]:
    """The frames of a TIFF, up to one more than `max_pages`; one frame of anything else: an animation is one picture."""
    yield image
    if image.format != "TIFF":
        return
    for index in range(1, max_pages + 1):
        try:
            image.seek(index)
        except EOFError:
            return
        yield image


def _points(frame: ImageFile.ImageFile) -> tuple[float, float]:
    """Size in points after the EXIF orientation; a resolution that makes no sense is taken as a page of 11.7 inches."""
    width, height = frame.size
    if frame.format != "TIFF" and _exif(frame, ExifTags.Base.Orientation) in _SWAPPED:  # the library gives a TIFF's size as shown
        width, height = height, width
    declared = frame.info.get("dpi", (0, 0))
    dpi = float(declared[0] or 0)
    if not (70 <= dpi <= 1200 and 3 <= min(width, height) / dpi <= 50):
        dpi = max(width, height) / _LONG_SIDE_INCHES
    return round(width * 72 / dpi, 2), round(height * 72 / dpi, 2)


def _exif(frame: ImageFile.ImageFile, tag: ExifTags.Base) -> Any:
    """An EXIF value from the header, None without one. The library would decode a whole PNG to look for more."""
    return None if frame.format == "PNG" and "exif" not in frame.info else frame.getexif().get(tag)


def _whole(frame: ImageFile.ImageFile, path: Path) -> bool:
    """Whether the data end as the format asks (JPEG EOI, PNG IEND, GIF trailer) or lie inside the file (TIFF, BMP, WEBP).

    What follows the end, as scanners and cameras leave there, is nobody's.
    """
    size = path.stat().st_size
    if frame.format == "TIFF":
        tags: Any = frame.tag_v2  # type: ignore[attr-defined]  # a TIFF has it
        offsets = next((tags[tag] for tag in _STRIP_OFFSETS if tag in tags), ())
        lengths = next((tags[tag] for tag in _STRIP_SIZES if tag in tags), ())
        return bool(offsets) and all(offset + length <= size for offset, length in zip(offsets, lengths, strict=False))
    with path.open("rb") as stream:
        head = stream.read(12)
        stream.seek(max(0, size - 4096), os.SEEK_SET)
        tail = stream.read()
    if frame.format in ("JPEG", "MPO"):
        return b"\xff\xd9" in tail or _ends(path)
    if frame.format == "PNG":
        return b"IEND" in tail
    if frame.format == "GIF":
        return b"\x3b" in tail[-64:]
    if frame.format == "WEBP":
        return int.from_bytes(head[4:8], "little") + 8 <= size
    return int.from_bytes(head[2:6], "little") <= size


def _ends(path: Path) -> bool:
    """Whether a JPEG's data end somewhere after its first scan begins (ITU-T T.81, B.2): a thumbnail before it has an end of its own."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = 2
        while content[place : place + 1] == b"\xff" and content[place + 1 : place + 2] != b"\xda":
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        return content.find(b"\xff\xd9", place) >= 0


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"examine": examine, "read": read})
