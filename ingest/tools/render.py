"""Page images for people: a whole page, or the part of it around some words. Drawn in a child, written to a file only its owner reads."""

import os
from pathlib import Path
from typing import Any, Final

from PIL import Image

from ingest.tools.answers import Refused
from ingest.tools.raster import SourcePage, open_page

MOST_PIXELS: Final = 40_000_000
MOST_WIDTH: Final = 8_000
_CROP_DPI: Final = 300
_SOURCE_PIXELS: Final = 200_000_000
_OPTIONS: Final = {"webp": (("quality", 80), ("method", 2)), "jpeg": (("quality", 85),)}
_TURNS: Final = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def page(path: str, mime: str, page: int, width_px: int, turn: int, destination: str, format: str = "webp") -> dict[str, Any]:
    """Draw page `page` (from 1) `width_px` wide, after its own rotation and `turn` degrees clockwise: as the words' boxes see it.

    Answers the size in pixels and in points. Raises Refused: `page_missing`, `too_large`, `damaged`, `encrypted`.
    """
    with open_page(Path(path), mime, page, _SOURCE_PIXELS) as source:
        width, height = _shown(source, turn)
        _check(width_px, width_px * height / width)
        image = _turned(source.draw(width_px * 72 / width, colour=True), turn)
        if image.width != width_px:
            image = image.resize((width_px, max(1, round(width_px * height / width))), Image.Resampling.LANCZOS, reducing_gap=2.0)
    _write(image, Path(destination), format)
    return {"width_px": image.width, "height_px": image.height, "width": width, "height": height}


def crop(
    path: str,
    mime: str,
    page: int,
    box: tuple[float, float, float, float],
    width_px: int,
    turn: int,
    destination: str,
    format: str = "webp",
) -> dict[str, Any]:
    """Draw the part of a page inside `box` (x0, y0, x1, y1 in points of the page as shown after `turn`), at most `width_px` wide.

    Answers the size in pixels. Raises Refused as page() does, and `empty` for a box without area on the page.
    """
    with open_page(Path(path), mime, page, _SOURCE_PIXELS) as source:
        width, height = _shown(source, turn)
        x0, y0, x1, y1 = max(0.0, box[0]), max(0.0, box[1]), min(width, box[2]), min(height, box[3])
        if x1 - x0 < 1 or y1 - y0 < 1:
            raise Refused("empty")
        dpi = min(_CROP_DPI, width_px * 72 / (x1 - x0), 72 * (MOST_PIXELS / (width * height)) ** 0.5)
        _check(width_px, width_px * (y1 - y0) / (x1 - x0))
        whole = _turned(source.draw(dpi, colour=True), turn)
        scale = whole.width / width
        image = whole.crop((int(x0 * scale), int(y0 * scale), max(1, round(x1 * scale)), max(1, round(y1 * scale))))
        if image.width > width_px:
            image = image.resize((width_px, max(1, round(width_px * image.height / image.width))), Image.Resampling.LANCZOS)
    _write(image, Path(destination), format)
    return {"width_px": image.width, "height_px": image.height}


def _shown(source: SourcePage, turn: int) -> tuple[float, float]:
    return (source.height, source.width) if turn % 180 else (source.width, source.height)


def _check(width_px: float, height_px: float) -> None:
    if not 1 <= width_px <= MOST_WIDTH or width_px * height_px > MOST_PIXELS:
        raise Refused("too_large")


def _turned(image: Image.Image, turn: int) -> Image.Image:
    return image.transpose(_TURNS[turn % 360]) if turn % 360 else image


def _write(image: Image.Image, destination: Path, format: str) -> None:
    """Whole or not at all, and readable by its owner only."""
    half = destination.with_name(f".{destination.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as stream:
            image.save(stream, format, **dict(_OPTIONS[format]))
        half.replace(destination)
    finally:
        half.unlink(missing_ok=True)


CALLS = {"page": page, "crop": crop}
