"""Read a PDF's own text with pdfium, page by page, with the box of each word as the page is shown."""

import ctypes
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingest.tools.answers import Refused
from ingest.tools.hidden_layer import is_hidden, is_junk, without
from ingest.tools.passages import clean

Box = tuple[float, float, float, float]
WordBox = tuple[str, float, float, float, float]

_SCALE: Final = 100_000
_MAX_CHARS: Final = 2_000_000
_MAX_OBJECTS: Final = 5_000
_MIN_CHARS: Final = 150
_MIN_COVER: Final = 0.5
_MARGIN: Final = 0.12
_DRAWN_ANNOTATIONS: Final = frozenset({c.FPDF_ANNOT_WIDGET, c.FPDF_ANNOT_FREETEXT, c.FPDF_ANNOT_STAMP})
_HYPHEN_AT_BREAK: Final = re.compile("[\x02\ufffe](?:\r\n|\n)?")
_WORD: Final = re.compile(r"[^\s\x02\ufffe]+")


@dataclass(frozen=True, slots=True)
class PageText:
    """A page: its text, its size in points and its words as shown; `pending`: its image must be read; `broken`: it cannot be loaded.

    `garbled`: it has a text layer that means nothing, by its characters or, unseen over an image, by its words.
    """

    number: int
    text: str
    width: float
    height: float
    words: list[WordBox]
    pending: bool = False
    garbled: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class _Laid:
    """A word where it stands in the page's characters and on the page as shown."""

    start: int
    end: int
    word: WordBox
    hidden: bool


_FIELDS: Final = tuple(field.name for field in fields(PageText))


def read(path: str, first: int, last: int) -> dict[str, object]:
    """Pages `first` to `last` (from 1, both included) and how many there are by pdfium's count. Refuses what does not open."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as fault:
        raise Refused("pdf.encrypted" if "password" in str(fault).lower() else "pdf.damaged") from fault
    try:
        count = len(document)
        if count > 0 and document.get_formtype() != c.FORMTYPE_NONE:
            document.init_forms()
        pages = [_page(document, number) for number in range(first, min(last, count) + 1)]
        return {"count": count, "pages": [{name: getattr(page, name) for name in _FIELDS} for page in pages]}
    finally:
        document.close()


def _page(document: pdfium.PdfDocument, number: int) -> PageText:
    try:
        page = document[number - 1]
    except pdfium.PdfiumError:
        return PageText(number, "", 0.0, 0.0, [], broken=True)
    try:
        page = _with_annotations(document, page, number)
        width, height = page.get_size()
        raw, laid, junk = _without_junk(page)
        words = [one.word for one in laid]
        text = clean(_HYPHEN_AT_BREAK.sub("", raw))
        garbled = is_garbled(text)
        pending = garbled or _is_image_of_text(page, text, words, height)
        unusable = garbled or (junk and pending)
        if garbled or not text:
            return PageText(number, "", width, height, [], pending, unusable)
        return PageText(number, text, width, height, words, pending, unusable)
    finally:
        page.close()


def _with_annotations(document: pdfium.PdfDocument, page: pdfium.PdfPage, number: int) -> pdfium.PdfPage:
    """Draw filled fields, notes and stamps into the page (in memory only), because the text layer leaves them out."""
    count = min(c.FPDFPage_GetAnnotCount(page), 1000)
    for index in range(count):
        annotation = c.FPDFPage_GetAnnot(page, index)
        kind = c.FPDFAnnot_GetSubtype(annotation) if annotation else c.FPDF_ANNOT_UNKNOWN
        if annotation:
            c.FPDFPage_CloseAnnot(annotation)
        if kind in _DRAWN_ANNOTATIONS:
            if c.FPDFPage_Flatten(page, c.FLAT_NORMALDISPLAY) == c.FLATTEN_SUCCESS:
                page.close()
                return document[number - 1]
            break
    return page


def hidden_words(page: pdfium.PdfPage) -> list[WordBox]:
    """The words of the page's unseen layer, none of one that is junk."""
    _, laid, _ = _without_junk(page)
    return [one.word for one in laid if one.hidden]


def own_text(page: pdfium.PdfPage) -> str:
    """The page's text as pdfium reads it, without an unseen layer that is junk."""
    raw, _, _ = _without_junk(page)
    return raw


def _without_junk(page: pdfium.PdfPage) -> tuple[str, list[_Laid], bool]:
    """The page's characters and words, and whether those of an unseen layer over an image of a page were left out because they are junk."""
    raw, laid = _text_and_words(page)
    if not is_junk(one.word[0] for one in laid if one.hidden) or _drawn_and_cover(page)[1] < _MIN_COVER:
        return raw, laid, False
    return without(raw, [(one.start, one.end) for one in laid if one.hidden]), [one for one in laid if not one.hidden], True


def _text_and_words(page: pdfium.PdfPage) -> tuple[str, list[_Laid]]:
    textpage = page.get_textpage()
    try:
        count = min(textpage.count_chars(), _MAX_CHARS)
        if count <= 0:
            return "", []
        raw = textpage.get_text_range(0, count)
        if len(raw) != count:  # characters beyond the basic plane, or left out: index one by one
            raw = "".join(_character(c.FPDFText_GetUnicode(textpage, index)) for index in range(count))
        shown = _as_shown(page, *page.get_size())
        laid = []
        for match in _WORD.finditer(raw):
            start, end = match.span()
            if (box := _box(textpage.raw, start, end - 1, shown)) is not None:
                laid.append(_Laid(start, end, (unicodedata.normalize("NFC", match.group()), *box), is_hidden(textpage.raw, start)))
        return raw, laid
    finally:
        textpage.close()


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _as_shown(page: pdfium.PdfPage, width: float, height: float) -> tuple[float, float, float, float, float, float]:
    """The affine map from the page's own space to points from the top left of the page as shown (crop box and /Rotate applied)."""
    points = []
    for x, y in ((0, 0), (1000, 0), (0, 1000)):
        device_x, device_y = ctypes.c_int(), ctypes.c_int()
        c.FPDF_PageToDevice(page, 0, 0, _SCALE, _SCALE, 0, x, y, device_x, device_y)
        points.append((device_x.value * width / _SCALE, device_y.value * height / _SCALE))
    (x0, y0), (x1, y1), (x2, y2) = points
    return (x1 - x0) / 1000, (x2 - x0) / 1000, x0, (y1 - y0) / 1000, (y2 - y0) / 1000, y0


def _box(textpage: Any, first: int, last: int, shown: tuple[float, float, float, float, float, float]) -> Box | None:
    """The box of a word, from those of its first and last characters, which span the line's height."""
    start, end = c.FS_RECTF(), c.FS_RECTF()
    if not (c.FPDFText_GetLooseCharBox(textpage, first, start) and c.FPDFText_GetLooseCharBox(textpage, last, end)):
        return None
    left, right = min(start.left, end.left), max(start.right, end.right)
    bottom, top = min(start.bottom, end.bottom), max(start.top, end.top)
    a, b, e, d, f, g = shown
    x0, y0 = a * left + b * bottom + e, d * left + f * bottom + g
    x1, y1 = a * right + b * top + e, d * right + f * top + g
    return round(min(x0, x1), 1), round(min(y0, y1), 1), round(max(x0, x1), 1), round(max(y0, y1), 1)


def is_garbled(text: str) -> bool:
    """Whether most of a text layer's characters mean nothing: replacement, private use or unassigned ones."""
    signs = "".join(text[:20_000].split())
    bad = sum(signs.count(sign) for sign in set(signs) if sign == "\ufffd" or unicodedata.category(sign) in ("Co", "Cn", "Cc"))
    return bad > len(signs) * 0.3


def _is_image_of_text(page: pdfium.PdfPage, text: str, words: list[WordBox], height: float) -> bool:
    """Whether the page shows more than its text says: it draws something and has no text, or an image covers it and the text is a stamp.

    A blank page is not pending: nothing is drawn on it.
    """
    chars = len("".join(text.split()))
    low, high = height * _MARGIN, height * (1 - _MARGIN)
    stamped = all(y1 < low or y0 > high for _, _, y0, _, y1 in words)
    if chars >= _MIN_CHARS and not stamped:
        return False
    drawn, cover = _drawn_and_cover(page)
    return drawn if chars == 0 else cover >= _MIN_COVER


def _drawn_and_cover(page: pdfium.PdfPage) -> tuple[bool, float]:
    """Whether anything is drawn on the page, and the share of it that images cover, counted twice where they overlap."""
    shares = list(_images_and_others(page))
    return bool(shares), sum(shares)


def _images_and_others(page: pdfium.PdfPage) -> Iterator[float]:
    """For each thing drawn, the share of the page that an image in it covers, 0 for other things."""
    left, bottom, right, top = page.get_bbox()
    area = max(abs((right - left) * (top - bottom)), 1.0)
    for drawn in islice(page.get_objects(max_depth=1), _MAX_OBJECTS):
        image = drawn.type == c.FPDF_PAGEOBJ_IMAGE
        if drawn.type == c.FPDF_PAGEOBJ_FORM:
            inside = {nested.type for nested in islice(page.get_objects(form=drawn, level=1, max_depth=4), _MAX_OBJECTS)}
            if not inside:
                continue
            image = c.FPDF_PAGEOBJ_IMAGE in inside
        if not image:
            yield 0.0
            continue
        try:
            x0, y0, x1, y1 = drawn.get_bounds()
        except pdfium.PdfiumError:
            continue
        yield max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, top) - max(y0, bottom)) / area
