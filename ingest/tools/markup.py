"""Plain and marked-up text: TXT, CSV, JSON, XML, HTML, RTF."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lxml import etree, html

from ingest.tools import rtf
from ingest.tools.answers import Examined, Note, Reading, note, plain, properties
from ingest.tools.decoding import decode
from ingest.tools.package import has_doctype, safe_parser
from ingest.tools.passages import sections

_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENTITY: Final = re.compile(rb"<!ENTITY|\0<\0!\0E\0N\0T\0I\0T\0Y")
_UNSEEN: Final = frozenset({"script", "style", "template", "head", "object", "embed", "iframe", "svg", "math", "noscript"})
# fmt: off
_INLINE: Final = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
    "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})
# fmt: on
_UNREAD: Final = (
    "{*}script",
    "{*}style",
    f"{{{_DS}}}SignatureValue",
    f"{{{_DS}}}DigestValue",
    f"{{{_DS}}}X509Certificate",
    f"{{{_DS}}}Modulus",
)
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_DEPTH: Final = 3
"""How deep documents in the text of others are followed."""
_DECLARED: Final = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]+)""", re.I)


def examine(path: str) -> dict[str, object]:
    """Examine an XML document: well formed, and without entities of its own, which are never expanded (XML 1.0, 4.4)."""
    found = Examined()
    content = Path(path).read_bytes()
    if has_doctype(content) and _ENTITY.search(content):
        found.note("xml.entities")
    try:
        root = etree.fromstring(content, safe_parser())
    except (etree.XMLSyntaxError, ValueError):
        found.note("xml.malformed")
    else:
        signatures = sum(1 for _ in _signatures(root, _DEPTH))
        if signatures:
            found.signed = True
            found.note("xml.signed", count=signatures)
    return plain(found)


def documents_in(root: Any) -> Iterator[Any]:
    """The roots of the documents that stand whole in the text of elements, as an invoice in its container (UBL 2.1, AttachedDocument)."""
    for element in root.iter(etree.Element):
        inner = _whole(element.text or "") if len(element) == 0 else None
        if inner is not None:
            yield inner


def _whole(text: str) -> Any:
    """The root of the document that a text is; None where it is none."""
    if text.lstrip()[:1] != "<":
        return None
    content = _DECLARATION.sub("", text).strip().encode()
    with suppress(etree.XMLSyntaxError, ValueError):
        return None if has_doctype(content) else etree.fromstring(content, safe_parser())
    return None


def _signatures(root: Any, depth: int) -> Iterator[Any]:
    yield from root.iter(f"{{{_DS}}}Signature")
    for inner in documents_in(root) if depth else ():
        yield from _signatures(inner, depth - 1)


def read(path: str, family: str, max_chars: int) -> dict[str, object]:
    """The text of a file of `family` `text`, `json`, `xml`, `html` or `rtf`, as sections."""
    with Path(path).open("rb") as stream:
        content = stream.read(max_chars * (8 if family == "rtf" else 2))
        notes = [note("text.truncated", characters=max_chars)] if stream.read(1) else []
    reading = Reading()
    text = _text(content, family, notes, reading)
    reading.passages, cut = sections(text, max_chars)
    reading.notes = notes + [found for found in cut if found not in notes]
    return plain(reading)


def _text(content: bytes, family: str, notes: list[Note], reading: Reading) -> str:
    if family == "rtf":
        return rtf.text_of(content)
    if family == "xml":
        return _xml_text(content)
    if family == "html":
        text, title = html_text(content)
        reading.properties = properties((("title", title),))
        return text
    text, guessed = decode(content)
    if guessed:
        notes.append(note("text.encoding_guessed"))
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if family == "json" else text


def _xml_text(content: bytes) -> str:
    """The text of elements, a line each, without scripts, styles nor the numbers of signatures, and with that of documents that stand whole
    in the text; of a document that is not well formed, all of it.
    """
    try:
        root = etree.fromstring(content, safe_parser())
    except (etree.XMLSyntaxError, ValueError):
        return decode(content)[0]
    return "\n".join(_lines(root, _DEPTH))


def _lines(root: Any, depth: int) -> Iterator[str]:
    etree.strip_elements(root, *_UNREAD, with_tail=False)
    for piece in root.itertext(etree.Element):
        inner = _whole(str(piece)) if depth else None
        if inner is not None:
            yield from _lines(inner, depth - 1)
        elif text := " ".join(str(piece).split()):
            yield text


def html_text(content: bytes | str) -> tuple[str, str]:
    """(text, title) of an HTML page as a reader sees it: no scripts, no styles, a line for each block."""
    source = content if isinstance(content, str) else _html_decoded(content)
    try:
        root = html.document_fromstring(source.encode(), parser=html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return "", ""
    title = root.findtext(".//title") or ""
    pieces: list[str] = []
    hidden = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = element.tag
        if not isinstance(tag, str):
            pieces.append("" if hidden or event == "start" else _squeezed(element.tail))
            continue
        if event == "start":
            hidden += tag in _UNSEEN
            pieces.append("" if hidden else _mark(tag) + _squeezed(element.text))
            continue
        hidden -= tag in _UNSEEN
        pieces.append("" if hidden else _mark(tag) + _squeezed(element.tail))
    lines = ("".join(pieces)).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip(" ") for line in lines)), title


def _html_decoded(content: bytes) -> str:
    declared = _DECLARED.search(content[:4096])
    if declared and not content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return content.decode(declared[1].decode("ascii"), "strict")
        except (LookupError, ValueError):
            pass
    return decode(content)[0]


def _squeezed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text.replace("\0", "")) if text else ""


def _mark(tag: str) -> str:
    if tag in _INLINE:
        return ""
    return "\t" if tag in ("td", "th") else "\n"


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"examine": examine, "read": read})
