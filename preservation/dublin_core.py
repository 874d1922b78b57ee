"""Simple Dublin Core (DCMES 1.1, ISO 15836-1) in the container of OAI: a description that any catalogue reads."""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from preservation.xml_text import indented, printable

ELEMENTS: Final = (
    *("contributor", "coverage", "creator", "date", "description", "format", "identifier", "language"),
    *("publisher", "relation", "rights", "source", "subject", "title", "type"),
)
_SPACES: Final = {"xmlns:oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/", "xmlns:dc": "http://purl.org/dc/elements/1.1/"}


def to_xml(statements: Sequence[tuple[str, str]]) -> bytes:
    """A document of these statements, each an element of ELEMENTS and its text; those without text are left out. ValueError for another."""
    root = Element("oai_dc:dc", _SPACES)
    for name, text in statements:
        if name not in ELEMENTS:
            raise ValueError(f"no element of Dublin Core: {name}")
        if text.strip():
            SubElement(root, f"dc:{name}").text = printable(text)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + indented(root, 0).encode() + b"\n"
