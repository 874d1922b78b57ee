"""Read an XMP packet as it stands: each property with the form of its value (XMP Specification, "Storage: RDF"; ISO 16684-1, 7)."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from ingest.tools.package import has_doctype

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_LISTS: Final = {f"{_RDF}Bag": "bag", f"{_RDF}Seq": "seq", f"{_RDF}Alt": "alt"}
_WIDE: Final = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Marks of the other encodings of Unicode, the longer first: one begins as another does."""
_UNMARKED: Final = {b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be", b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}
"""How a packet begins in them without a mark (XML 1.0, appendix F.1)."""
_DEEPEST: Final = 40


class BadPacket(Exception):
    """It is not XMP: not XML, with a document type, or RDF that XMP does not allow."""


@dataclass(slots=True)
class Value:
    """A value: `form` is `text`, `bag`, `seq`, `alt` or `structure`. `fields` have their names as {namespace}name."""

    form: str
    text: str = ""
    items: list["Value"] = field(default_factory=list)
    fields: dict[str, "Value"] = field(default_factory=dict)
    language: str | None = None
    prefixes: dict[str, str] = field(default_factory=dict)
    """Of a structure: the prefix that each namespace of its fields was written with."""


def in_utf8(packet: bytes) -> bytes:
    """A packet in UTF-8, whichever encoding of Unicode it is in. Raises BadPacket."""
    mark = next((mark for mark in _WIDE if packet.startswith(mark)), b"")
    encoding = _WIDE.get(mark) or _UNMARKED.get(packet[:4])
    if encoding is None:
        return packet
    try:
        return packet[len(mark) :].decode(encoding).encode()
    except UnicodeError as fault:
        raise BadPacket(f"not {encoding}") from fault


def is_utf8(packet: bytes) -> bool:
    """Whether the packet is in UTF-8."""
    try:
        packet.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in packet[:8]


def read(packet: bytes) -> Value:
    """The properties of a packet, as a structure. Raises BadPacket."""
    packet = in_utf8(packet)
    if has_doctype(packet):
        raise BadPacket("document type")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False, remove_comments=True)
    try:
        root = etree.fromstring(packet.strip(b" \t\r\n\0"), parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise BadPacket(str(fault)) from fault
    if root.tag not in (f"{_RDF}RDF", "{adobe:ns:meta/}xmpmeta", "{adobe:ns:meta/}xapmeta"):
        raise BadPacket(f"root {root.tag}")
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    if rdf is None:
        raise BadPacket("no RDF")
    found = Value("structure")
    for description in _children(rdf):
        if description.tag != f"{_RDF}Description":
            raise BadPacket(f"{description.tag} in RDF")
        if f"{_RDF}about" not in description.attrib and "about" not in description.attrib:
            raise BadPacket("a description of nothing")
        _take(description, found, 0)
    return found


def _take(element: Any, into: Value, depth: int) -> None:
    """The fields that an element writes as attributes and as children."""
    if depth > _DEEPEST:
        raise BadPacket("too deep")
    for name, text in element.attrib.items():
        if not name.startswith("{"):
            if name == "about":
                continue
            raise BadPacket(f"attribute {name}")
        if not name.startswith(_RDF) and name != _LANG:
            _add(into, element, name, Value("text", text))
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise BadPacket("text between properties")
    for child in _children(element):
        if child.tag.startswith(_RDF) and child.tag != f"{_RDF}value":
            raise BadPacket(f"{child.tag} as a property")
        _add(into, child, child.tag, _value(child, depth + 1))


def _add(into: Value, element: Any, name: str, value: Value) -> None:
    if name in into.fields:
        raise BadPacket(f"{name} twice")
    namespace = name[1:].partition("}")[0]
    prefixes = [prefix for prefix, uri in element.nsmap.items() if uri == namespace]
    into.prefixes.setdefault(namespace, element.prefix if element.tag == name else (prefixes or [""])[0] or "")
    into.fields[name] = value


def _value(element: Any, depth: int) -> Value:
    """The value of a property, without its qualifiers (rdf:value is the value that others qualify)."""
    if depth > _DEEPEST:
        raise BadPacket("too deep")
    children = list(_children(element))
    language = element.get(_LANG)
    kind = element.get(f"{_RDF}parseType")
    if kind is not None and kind != "Resource":
        raise BadPacket(f"parseType {kind}")
    if f"{_RDF}resource" in element.attrib:
        return Value("text", element.get(f"{_RDF}resource"), language=language)
    if len(children) == 1 and children[0].tag in _LISTS and kind is None:
        items = list(_children(children[0]))
        if any(item.tag != f"{_RDF}li" for item in items):
            raise BadPacket(f"not an item in {element.tag}")
        return Value(_LISTS[children[0].tag], items=[_value(item, depth + 1) for item in items], language=language)
    inner = children[0] if len(children) == 1 and children[0].tag == f"{_RDF}Description" and kind is None else element
    attributes = [name for name in inner.attrib if not name.startswith(_RDF) and name != _LANG]
    if kind is None and inner is element and not children and not attributes:
        return Value("text", element.text or "", language=language)
    if kind is None and inner is element and children:
        raise BadPacket(f"more than one value in {element.tag}")
    found = Value("structure", language=language)
    _take(inner, found, depth + 1)
    return found.fields.get(f"{_RDF}value", found)


def _children(element: Any) -> Iterator[Any]:
    return (child for child in element if isinstance(child.tag, str))
