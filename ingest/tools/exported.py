"""The PDF that another program made of an office document: what keeps it from being PDF/A put right, and its words compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

import pikepdf
import pypdfium2
from pikepdf import pdfa

from ingest.tools import likeness
from ingest.tools.migration import FAULTS, Impossible, without_extras

_LEAST_SIDE: Final = 3
"""Units (ISO 19005-2, 6.1.13)."""
_MARK: Final = 12
"""Side of the mark of a comment, in points."""
_MARKED: Final = b"q 1 0.85 0.2 rg 0.4 0.4 0.4 RG 0.5 w 0.5 0.5 11 11 re B 3 4 m 9 4 l 3 6.5 m 9 6.5 l 3 9 m 9 9 l S Q"


def settle(made: str, destination: str) -> None:
    """Write at `destination`, as a PDF/A-2b, the PDF that LibreOffice made; whether it is one is judged afterwards. Raises Impossible for
    what is no PDF.

    The page of an empty sheet, which has no size, is left out; the mark of a comment is drawn (ISO 19005-2, 6.3.3), its text as it was.
    """
    try:
        with pikepdf.open(made) as document:
            _without_pages_of_no_size(document)
            for page in document.pages:
                if isinstance(page.obj.get("/Tabs"), pikepdf.String):  # a name (ISO 32000-1, 7.7.3.3)
                    page.obj.Tabs = pikepdf.Name.S
                if "/Annots" in page.obj:
                    _draw_marks(document, page.obj)
            without_extras(document)
            pdfa.prepare(document, "2b")
            document.save(destination, **pdfa.resolve_save_kwargs("2b"))
    except FAULTS as fault:
        raise Impossible from fault


def _without_pages_of_no_size(document: pikepdf.Pdf) -> None:
    for index in reversed(range(len(document.pages))):
        left, bottom, right, top = (float(side) for side in document.pages[index].mediabox.as_list())
        if min(right - left, top - bottom) < _LEAST_SIDE and len(document.pages) > 1:
            del document.pages[index]


def _draw_marks(document: pikepdf.Pdf, page: pikepdf.Object) -> None:
    kept = [one for one in page.Annots.as_list() if one.get("/Subtype") != "/Popup"]
    for note in kept:
        if note.get("/Subtype") == "/Text" and "/AP" not in note:
            if "/Popup" in note:
                del note.Popup
            left, top = float(note.Rect[0]), float(note.Rect[3])
            note.Rect = [left, top - _MARK, left + _MARK, top]
            shape = {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": [0, 0, _MARK, _MARK]}
            note.AP = pikepdf.Dictionary(N=document.make_stream(_MARKED, shape))
    page.Annots = pikepdf.Array(kept)


def compare(copy: str, parts: Sequence[str], cells: bool, struck: str, tolerance: Mapping[str, float]) -> dict[str, Any]:
    """Compare the PDF at `copy` with the parts of its original: see likeness.compare. Answers its Likeness, and {pages, fonts},
    the names of the fonts that it holds.

    What the comments on its pages say is of its text. Raises Impossible for what is too long.
    """
    pages, text, fonts = _said(copy)
    try:
        found = likeness.compare(parts, text, likeness.Tolerance(**tolerance), cells=cells, struck=struck)
    except ValueError as fault:
        raise Impossible from fault
    return {"pages": pages, "fonts": fonts, **asdict(found)}


def _said(path: str) -> tuple[int, str, list[str]]:
    """The number of pages of a PDF, what they and their comments say, and the names of its fonts without the mark of a subset."""
    texts = []
    document = pypdfium2.PdfDocument(path)
    try:
        for page in document:
            textpage = page.get_textpage()
            texts.append(str(textpage.get_text_bounded(*page.get_mediabox())))
            textpage.close()
            page.close()
        pages = len(document)
    finally:
        document.close()
    with pikepdf.open(path) as opened:
        for page in opened.pages:
            texts += [str(one.Contents) for one in page.obj.get("/Annots", []) if "/Contents" in one]
        fonts = {str(one.BaseFont)[1:] for one in opened.objects if isinstance(one, pikepdf.Dictionary) and "/BaseFont" in one}
    return pages, "\n".join(texts), sorted({name.partition("+")[2] or name for name in fonts})


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"settle": settle, "compare": compare})
