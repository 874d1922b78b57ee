"""The text of OpenDocument files (ISO/IEC 26300-1): text documents, spreadsheets, presentations."""

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from ingest.tools.answers import Passage, Refused
from ingest.tools.package import Package
from ingest.tools.passages import clean

_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_MANIFEST: Final = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_MAX_SPACES: Final = 100
_COUNT: Final = re.compile(r"[0-9]{1,12}")


def check_encryption(package: Package) -> None:
    """Refuses (office.encrypted) a package whose manifest declares encrypted entries (part 2, 3.4)."""
    manifest = package.xml("META-INF/manifest.xml")
    if manifest is not None and next(manifest.iter(f"{_MANIFEST}encryption-data"), None) is not None:
        raise Refused("office.encrypted")


def body_text(package: Package) -> str:
    """The body of a text document, and the headers and footers of its page styles."""
    styles, content = package.xml("styles.xml"), _content(package)
    beside = [] if styles is None else [clean(_flow(part)) for name in ("header", "footer") for part in styles.iter(f"{_STYLE}{name}")]
    return "\n\n".join(text for text in dict.fromkeys((clean(_flow(content)), *beside)) if text)


def sheets(package: Package) -> Iterator[Passage]:
    for table in _content(package).iter(f"{_TABLE}table"):
        yield Passage("sheet", clean(_flow(table)), table.get(f"{_TABLE}name", ""))


def pages(package: Package) -> Iterator[Passage]:
    for page in _content(package).iter(f"{_DRAW}page"):
        yield Passage("slide", clean(_flow(page)), page.get(f"{_DRAW}name", ""))


def canvases(package: Package) -> Iterator[tuple[int, Any]]:
    """What pictures stand on: the pages of a presentation, from 1, or else the whole body, as 0."""
    content = _content(package)
    yield from list(enumerate(content.iter(f"{_DRAW}page"), 1)) or [(0, content)]


def _content(package: Package) -> Any:
    content = package.xml("content.xml")
    body = None if content is None else content.find(f"{_OFFICE}body")
    if body is None:
        raise Refused("package.damaged")
    for taken_out in list(body.iter(f"{_TEXT}tracked-changes")):
        taken_out.clear()
    return body


def _flow(root: Any) -> str:
    """Text in order. The tail of an element belongs to the paragraph that holds it, so depth in paragraphs is kept."""
    pieces: list[str] = []
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        paragraph = tag in (f"{_TEXT}p", f"{_TEXT}h")
        if event == "start":
            depth += paragraph
            pieces.append(_mark(element))
            if depth and isinstance(tag, str):
                pieces.append(_said(element))
            continue
        depth -= paragraph
        pieces.append("\n" if paragraph and not _in_cell(element) else _end(tag))
        if depth and element is not root:
            pieces.append(element.tail or "")
    return "".join(pieces)


def _said(element: Any) -> str:
    """The text of an element; none of a page number that stands as its name between angles (`<number>`), which each page replaces."""
    text: str = element.text or ""
    return "" if element.tag == f"{_TEXT}page-number" and text.startswith("<") else text


def _mark(element: Any) -> str:
    if element.tag == f"{_TEXT}s":
        count = element.get(f"{_TEXT}c", "1")
        return " " * min(int(count) if _COUNT.fullmatch(count) else 1, _MAX_SPACES)
    return "\t" if element.tag == f"{_TEXT}tab" else "\n" if element.tag == f"{_TEXT}line-break" else ""


def _end(tag: object) -> str:
    if tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        return "\t"
    return "\n" if tag in (f"{_TABLE}table-row", f"{_TABLE}table") else " " if tag in (f"{_TEXT}p", f"{_TEXT}h") else ""


def _in_cell(paragraph: Any) -> bool:
    parent = paragraph.getparent()
    return parent is not None and parent.tag == f"{_TABLE}table-cell"
