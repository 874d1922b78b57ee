"""XML from outside, read as the hostile thing it may be: no entities, no DTD, no network, its size and depth bounded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from lxml import etree

LARGEST: Final = 4 << 30
"""Bytes of one document that are read; libxml2 itself bounds depth (256), names, and the length of one text (10 MB)."""
_BEGINNING: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class XmlRefused(Exception):
    """A document that is not read: `reason` is `syntax`, `doctype` or `size`; `detail` the parser's word for it; `line` from 1, or 0."""

    reason: str
    detail: str
    line: int = 0


class _Bounded:
    def __init__(self, source: BinaryIO, largest: int) -> None:
        self._source = source
        self._left = largest

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(min(size, 1 << 16) if size > 0 else 1 << 16)
        self._left -= len(data)
        if self._left < 0:
            raise XmlRefused("size", str(LARGEST))
        return data


def events(source: BinaryIO, largest: int = LARGEST) -> Iterator[tuple[str, etree._Element]]:
    """("start" or "end", element) in the order of the document, in memory for what the caller keeps: it clears what it is done with.

    Comments and processing instructions are passed over. XmlRefused for what is not well-formed, has a DOCTYPE (the only place where
    entities come from) or is larger than `largest` bytes.
    """
    first = True
    try:
        for event, element in _parsed(source, largest):
            document: Any = element.getroottree().docinfo if first else None
            if document is not None and document.doctype:
                raise XmlRefused("doctype", shortened(document.doctype))
            first = False
            yield event, element
    except etree.XMLSyntaxError as error:
        raise XmlRefused("syntax", shortened(error.msg or ""), error.lineno or 0) from error


def _parsed(source: BinaryIO, largest: int) -> Iterator[tuple[str, etree._Element]]:
    yield from etree.iterparse(
        _Bounded(source, largest),
        events=("start", "end"),
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def root_of(source: BinaryIO) -> tuple[str, str] | None:
    """Namespace and local name of the root element, also of a document that events() refuses; None where there is no XML. Reads no more
    than the beginning.
    """
    try:
        return next((split(element.tag) for _, element in _parsed(source, _BEGINNING)), None)
    except (XmlRefused, etree.XMLSyntaxError, ValueError):
        return None


def split(tag: object) -> tuple[str, str]:
    """Namespace and local name of lxml's `{namespace}name`."""
    namespace, _, name = str(tag).rpartition("}")
    return namespace.removeprefix("{"), name


def readable(tag: object) -> str:
    """An element's name for a person: its local name and, in brackets, its vocabulary."""
    namespace, name = split(tag)
    return f"{name} ({namespace})" if namespace else name


def line_of(element: etree._Element) -> int:
    """The line on which an element begins, from 1; 0 if it is not known."""
    line: Any = element.sourceline
    return int(line or 0)


def shortened(text: str) -> str:
    """A parser's word, short enough to be shown."""
    return text if len(text) <= 200 else text[:199] + "…"
