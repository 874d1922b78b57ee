"""Text from anywhere, as XML can carry it."""

import re
from typing import Final
from urllib.parse import quote

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    r"""A text in which what XML cannot carry (control characters, lone surrogates), and a lone carriage return, stand as \xNN or \uNNNN."""
    return _NOT_XML.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text).replace("\r", "\\r")


def href_of(path: str) -> str:
    """A relative path as a URL (RFC 3986): what a URL cannot carry is %XX of its UTF-8, or of its bytes where a name is not UTF-8."""
    return quote(path, safe="/-._~!$'()*+,;=@", errors="surrogateescape")
