"""Pages as images, from PDF files and from image files of one or many frames. Imported in children only.

A page is taken as shown: after a PDF page's own /Rotate and crop box, or an image's EXIF orientation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pypdfium2
import pypdfium2.raw as c
from PIL import Image, ImageFile, ImageOps, TiffImagePlugin

from ingest.tools.answers import Refused

PDF: Final = "application/pdf"
FORMATS: Final = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "MPO", "JPEG2000")
_MOST_PICTURES: Final = 50
Image.MAX_IMAGE_PIXELS = None  # the limit is `max_pixels`, looked at before a pixel is decoded
ImageFile.LOAD_TRUNCATED_IMAGES = True  # what there is of a picture cut short is read; that it is cut, its examination says
TiffImagePlugin.READ_LIBTIFF = True  # the library's own reader scrambles an uncompressed TIFF whose orientation lays it on its side


class SourcePage(Protocol):
    """A page that can be drawn. Sizes are points of the page as shown."""

    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...
    @property
    def own_dpi(self) -> float | None:
        """The resolution of an image file; None for a page that can be drawn at any."""
        ...

    @property
    def two_tone(self) -> bool: ...
    @property
    def is_spoiled(self) -> bool:
        """Whether a picture on the page cannot be shown, or has fewer data than it declares. Slow: asked of a page that looks blank."""
        ...

    def draw(self, dpi: float, *, colour: bool) -> Image.Image:
        """An image in mode RGB or L; an image file comes in its own resolution, or reduced towards `dpi` where that saves decoding."""
        ...


@contextmanager
def open_page(path: Path, mime: str, number: int, max_pixels: int) -> Iterator[SourcePage]:
    """The page `number`, from 1. Raises Refused: `page_missing`, `too_large`, `damaged` or `encrypted`."""
    if mime == PDF:
        with _pdf(path) as document:
            if not 1 <= number <= len(document):
                raise Refused("page_missing")
            yield _PdfPage(document, number, max_pixels)
        return
    try:
        with Image.open(path, formats=FORMATS) as image:
            if not 1 <= number <= max(1, getattr(image, "n_frames", 1)):
                raise Refused("page_missing")
            image.seek(number - 1)
            if image.width * image.height > max_pixels:
                raise Refused("too_large")
            yield _ImagePage(image)
    except (OSError, ValueError, SyntaxError) as fault:
        raise Refused("damaged") from fault


def image_dpi(width: int, height: int, declared: float) -> float:
    """The resolution an image declares where it makes a page of a possible size, else the one that makes its long side that of A4."""
    if 70 <= declared <= 1200 and 3 <= min(width, height) / declared <= 14:
        return declared
    return max(width, height) / 11.7


def declared_dpi(image: Image.Image) -> float:
    try:
        return float(image.info.get("dpi", (0, 0))[0] or 0)
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0


def flatten(image: Image.Image) -> Image.Image:
    """The same picture without transparency, in mode 1, L, RGB or CMYK: what was transparent is white."""
    if image.mode == "F":
        return _from_decimals(image)
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        opaque = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", opaque.size, "white"), opaque).convert("RGB")
    return image if image.mode in ("1", "L", "RGB", "CMYK") else image.convert("RGB")


def _from_decimals(image: Image.Image) -> Image.Image:
    """Grey of decimal numbers, whose white is the least of 1, 255 and 65,535 that holds them all; what is no number is black."""
    values = np.nan_to_num(np.asarray(image), nan=0.0, posinf=0.0, neginf=0.0)
    white = next((white for white in (1.0, 255.0) if values.max() <= white), 65_535.0)
    return Image.fromarray((values.clip(0, white) * (255 / white)).astype(np.uint8))


@contextmanager
def _pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as fault:
        raise Refused("encrypted" if "assword" in str(fault) else "damaged") from fault
    try:
        document.init_forms()
        yield document
    finally:
        document.close()


class _PdfPage:
    own_dpi = None
    two_tone = False

    def __init__(self, document: pypdfium2.PdfDocument, number: int, max_pixels: int) -> None:
        try:
            self._page = document[number - 1]
        except pypdfium2.PdfiumError as fault:
            raise Refused("damaged") from fault
        self.width, self.height = self._page.get_size()
        self._max_pixels = max_pixels
        if self.width < 1 or self.height < 1:
            raise Refused("damaged")

    def draw(self, dpi: float, *, colour: bool) -> Image.Image:
        if self.width * self.height * (dpi / 72) ** 2 > self._max_pixels:
            raise Refused("too_large")
        try:
            image: Image.Image = self._page.render(scale=dpi / 72, grayscale=not colour).to_pil()
        except pypdfium2.PdfiumError as fault:
            raise Refused("damaged") from fault
        return image.convert("RGB" if colour else "L")

    @property
    def is_spoiled(self) -> bool:
        pictures = self._page.get_objects(filter=(c.FPDF_PAGEOBJ_IMAGE,), max_depth=4)
        return any(map(_is_spoiled, islice(pictures, _MOST_PICTURES)))


def _is_spoiled(picture: pypdfium2.PdfImage) -> bool:
    try:
        picture.get_bitmap(render=False).close()
        if picture.get_filters(skip_simple=True):
            return False
        told = picture.get_metadata()
        return bool(len(picture.get_data(decode_simple=True)) < -(-told.width * told.bits_per_pixel // 8) * told.height)
    except pypdfium2.PdfiumError:
        return True


class _ImagePage:
    is_spoiled = False  # its examination says whether the file is cut

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._dpi = image_dpi(*image.size, declared_dpi(image))
        self.two_tone = image.mode == "1"
        width, height = (side * 72 / self._dpi for side in image.size)
        on_its_side = image.format != "TIFF" and image.getexif().get(0x0112, 1) >= 5
        self.width, self.height = (height, width) if on_its_side else (width, height)

    @property
    def own_dpi(self) -> float:
        return self._dpi

    def draw(self, dpi: float, *, colour: bool) -> Image.Image:
        if self._image.format == "JPEG":
            factor = min(1.0, dpi / self._dpi)
            size = (max(1, int(self._image.width * factor)), max(1, int(self._image.height * factor)))
            self._image.draft("RGB" if colour else "L", size)
        upright = ImageOps.exif_transpose(self._image)
        return flatten(upright).convert("RGB" if colour else "L")
