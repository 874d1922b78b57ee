"""Text from anywhere, as XML can carry it."""

import re
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    r"""A text in which what XML cannot carry (control characters, lone surrogates), and a lone carriage return, stand as \xNN or \uNNNN."""
    return _NOT_XML.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text).replace("\r", "\\r")


def href_of(path: str) -> str:
    """A relative path as a URL (RFC 3986): what a URL cannot carry is %XX of its UTF-8, or of its bytes where a name is not UTF-8."""
    return quote(path, safe="/-._~!$'()*+,;=@", errors="surrogateescape")


def indented(element: Element, level: int) -> str:
    """An element as ElementTree's indent() and tostring() write it at a depth of two spaces a level, in less time.

    Names are without namespaces, and an element has a text or others inside it.
    """
    edge = "\n" + "  " * level
    named = "".join([f' {name}="{_attribute(value)}"' for name, value in element.items()])
    if len(element):
        inside = "".join([f"{edge}  {indented(child, level + 1)}" for child in element])
        return f"<{element.tag}{named}>{inside}{edge}</{element.tag}>"
    return f"<{element.tag}{named}>{_escaped(element.text)}</{element.tag}>" if element.text else f"<{element.tag}{named} />"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(value: str) -> str:
    return _escaped(value).replace('"', "&quot;").replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#09;")
