"""Make of a file another in a format that keeps better, and compare the two: pages, text, pixels. The original is only read.

The pairs that exist: PDF → PDF/A-2b (pikepdf), and GIF, BMP or WebP of one picture → PNG (Pillow), which loses nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy
import pikepdf
import pypdfium2
from pikepdf import pdfa
from PIL import Image, ImageOps

from ingest.tools.answers import Refused

PDF: Final = "application/pdf"
PNG: Final = "image/png"
_PICTURES: Final = MappingProxyType(
    {"image/gif": "GIF", "image/bmp": "BMP", "image/x-bmp": "BMP", "image/x-ms-bmp": "BMP", "image/webp": "WEBP"}
)
FAULTS: Final = (pdfa.PdfaError, pikepdf.PdfError, pikepdf.PasswordError, ValueError, KeyError, TypeError)
_DPI: Final = 72
_EMBEDDING: Final = "ISO_19005_2:6.2.11.4.1-1"
"""The rule by which every font is in the file, as pikepdf names it."""
_SHADE: Final = 48
"""How far two shades of grey (0-255) must be for a point to count as another."""
_SHARE: Final = 0.0005
"""Share of the points of a page that may be others: edges drawn anew."""


class Impossible(Exception):
    """The original cannot be made into that; it reaches the parent as ToolFailed. `code`: `fonts` that the file does not carry, `locked`
    for a password, or `impossible` for all else.
    """

    def __init__(self, code: str = "impossible") -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike original and copy are. `text` and `pixels`: pages, from 1, whose text or image is another; `worst` the greatest share of
    points of a page that are others (0-1). `same`: nothing is.
    """

    pages_before: int
    pages_after: int
    text: tuple[int, ...] = ()
    pixels: tuple[int, ...] = ()
    worst: float = 0.0

    @property
    def same(self) -> bool:
        return self.pages_before == self.pages_after and not self.text and not self.pixels


def migrate(original: str, mime: str, destination: str, max_pixels: int) -> dict[str, Any]:
    """Write at `destination` the file that `original`, of media type `mime`, becomes, and compare them.

    Answers {mime, same, comparison}. Raises Impossible, and leaves nothing, for what cannot be made so; refuses (image.bomb) a picture
    beyond `max_pixels`.
    """
    if mime == PDF:
        _pdf_a(original, destination)
        found = compare_pdf(original, destination)
    elif mime in _PICTURES:
        found = _picture(original, _PICTURES[mime], destination, max_pixels)
    else:
        raise Impossible
    return {"mime": PDF if mime == PDF else PNG, "same": found.same, "comparison": asdict(found)}


def _pdf_a(original: str, destination: str) -> None:
    try:
        with pikepdf.open(original) as document:
            without_extras(document)
            pdfa.save(document, Path(destination), "2b")
    except FAULTS as fault:
        Path(destination).unlink(missing_ok=True)
        if isinstance(fault, pikepdf.PasswordError):
            raise Impossible("locked") from fault
        raise Impossible("fonts" if _EMBEDDING in str(fault) else "impossible") from fault


def without_extras(document: pikepdf.Pdf) -> None:
    """Take out what says nothing of what a page shows: how slides change, what opens first, a program's own notes and sums."""
    if "/DocChecksum" in document.trailer:
        del document.trailer["/DocChecksum"]
    for page in document.pages:
        for key in ("/Trans", "/PieceInfo"):
            if key in page.obj:
                del page.obj[key]
    for key in ("/OpenAction", "/PieceInfo"):
        if key in document.Root:
            del document.Root[key]


def compare_pdf(original: str, copy: str) -> Comparison:
    """Compare two PDF files page by page: words in their order, and points as drawn at a coarse size."""
    before, after = pypdfium2.PdfDocument(original), pypdfium2.PdfDocument(copy)
    try:
        text, pixels, worst = [], [], 0.0
        for index in range(min(len(before), len(after))):
            first, second = before[index], after[index]
            if _words(first) != _words(second):
                text.append(index + 1)
            share = _unlike(_drawn(first), _drawn(second))
            worst = max(worst, share)
            if share > _SHARE:
                pixels.append(index + 1)
            first.close()
            second.close()
        return Comparison(len(before), len(after), tuple(text), tuple(pixels), round(worst, 6))
    finally:
        before.close()
        after.close()


def _words(page: Any) -> list[str]:
    textpage = page.get_textpage()
    try:
        return str(textpage.get_text_range()).split()
    finally:
        textpage.close()


def _drawn(page: Any) -> Image.Image:
    image: Image.Image = page.render(scale=_DPI / 72, grayscale=True).to_pil()
    return image.convert("L")


def _unlike(first: Image.Image, second: Image.Image) -> float:
    """The share of points that are others; 1.0 for images of other sizes."""
    if first.size != second.size:
        return 1.0
    difference = numpy.abs(numpy.asarray(first, dtype=numpy.int16) - numpy.asarray(second, dtype=numpy.int16))
    return float((difference > _SHADE).mean())


def _picture(original: str, kind: str, destination: str, max_pixels: int) -> Comparison:
    """Every point the same, with its transparency; one of several pictures is not made, for the others would be lost."""
    Image.MAX_IMAGE_PIXELS = None  # the limit is the caller's
    try:
        with Image.open(original, formats=(kind,)) as image:
            if image.width * image.height > max_pixels:
                raise Refused("image.bomb")
            if getattr(image, "n_frames", 1) != 1:
                raise Impossible
            shown = ImageOps.exif_transpose(image)
            whole = shown.convert("RGBA" if "A" in shown.mode or "transparency" in shown.info else "RGB")
            whole.save(destination, "PNG")
        with Image.open(destination, formats=("PNG",)) as copy:
            same = copy.size == whole.size and copy.mode == whole.mode and copy.tobytes() == whole.tobytes()
    except (OSError, ValueError, SyntaxError, EOFError) as fault:
        Path(destination).unlink(missing_ok=True)
        raise Impossible from fault
    return Comparison(1, 1, pixels=() if same else (1,), worst=0.0 if same else 1.0)


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"migrate": migrate})
