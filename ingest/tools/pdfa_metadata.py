"""Judge the metadata of a PDF/A: properties that XMP or the file's own extension schemas define, with values of their types.

ISO 19005-1, 6.7.8, 6.7.9 and 6.7.11; ISO 19005-2 and -3, 6.6.2.3 and 6.6.4. `data/pdf_verapdf` and veraPDF itself are what it is tried on.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ingest.tools.xmp import BadPacket, Value, is_utf8, read
from ingest.tools.xmp_schemas import NAMESPACES, PROPERTIES_2004, PROPERTIES_2005, STRUCTURES

Breach = tuple[str, str]
"""The clause that is broken, as `6.7.9`, and what breaks it."""

PDFAID: Final = NAMESPACES["pdfaid"]
LEVELS: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType({1: ("A", "B"), 2: ("A", "B", "U"), 3: ("A", "B", "U")})
"""The levels of conformance of each part."""
_EXTENSION: Final = "http://www.aiim.org/pdfa/ns/extension/"
_SCHEMA: Final = "http://www.aiim.org/pdfa/ns/schema#"
_PROPERTY: Final = "http://www.aiim.org/pdfa/ns/property#"
_TYPE: Final = "http://www.aiim.org/pdfa/ns/type#"
_FIELD: Final = "http://www.aiim.org/pdfa/ns/field#"
_PREFIXES: Final = MappingProxyType(
    {_EXTENSION: "pdfaExtension", _SCHEMA: "pdfaSchema", _PROPERTY: "pdfaProperty", _TYPE: "pdfaType", _FIELD: "pdfaField"}
)
_DATE: Final = re.compile(
    r"-?\d{0,3}|\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
"""A date of ISO 8601 down to the second; what only looks like a year is let pass, as veraPDF does."""
_SIMPLE: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "text": lambda _: True,
        "uri": lambda _: True,
        "url": lambda _: True,
        "locale": lambda _: True,
        "integer": lambda text: re.fullmatch(r"[+-]?\d+", text, re.ASCII) is not None,
        "real": lambda text: re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text, re.ASCII) is not None,
        "boolean": lambda text: text in ("True", "False"),
        "date": lambda text: _DATE.fullmatch(text) is not None,
        "mime": lambda text: re.fullmatch(r"[-\w+.]+/[-\w+.]+", text, re.ASCII) is not None,
        "rational": lambda _: True,
        "position": lambda text: re.fullmatch(r"\d{2,3},\d\d[,.]\d\d[NSEW]", text, re.ASCII) is not None,
        "coordinate": lambda text: re.fullmatch(r"\d{1,3},\d{1,2}(,\d{1,2}|\.\d+)[NSEW]", text, re.ASCII) is not None,
    }
)
_WRITTEN: Final = MappingProxyType(
    {
        "agentname": "text",
        "choice": "text",
        "gpscoordinate": "coordinate",
        "guid": "text",
        "lang alt": "alternatives",
        "mimetype": "mime",
        "propername": "text",
        "renditionclass": "text",
        "xpath": "text",
        "date": "date",
        "oecf/sfr": "Table",
        "beatsplicestretch": "BeatSplice",
        "resampleparams": "Resample",
        "timescalestretch": "Stretch",
    }
)
"""How the types that an extension schema may name are called here; those of the same name are left out."""


def claim(packet: bytes) -> tuple[str, str]:
    """(part, level) of PDF/A that a packet says its file is, as ("2", "B"); empty for none. Nothing else of it is judged."""
    try:
        found = read(packet)
    except BadPacket:
        return _claim_in_words(packet)
    part, level = (found.fields.get(f"{{{PDFAID}}}{name}") for name in ("part", "conformance"))
    return (part.text.strip() if part else ""), (level.text.strip().upper() if level else "")


def _claim_in_words(packet: bytes) -> tuple[str, str]:
    """The claim of a packet that is no XMP, for then it is all the more to be judged."""
    part = re.search(rb"""pdfaid:part\s*(?:=\s*["']|>)\s*(\d)""", packet)
    level = re.search(rb"""pdfaid:conformance\s*(?:=\s*["']|>)\s*([A-Za-z])""", packet)
    return (part[1].decode() if part else ""), (level[1].decode().upper() if level else "")


def breaches(packet: bytes, part: int, *, of: bytes | None = None) -> list[Breach]:
    """What the metadata break of part 1, 2 or 3 of ISO 19005.

    Those of an object identify nothing, and may use the extension schemas `of` the document's own packet.
    """
    syntax = "6.7.9" if part == 1 else "6.6.2.1"
    try:
        if part > 1 and not is_utf8(packet):
            return [(syntax, "the packet is not in UTF-8")]
        found = read(packet)
    except BadPacket as fault:
        return [(syntax, str(fault)[:200])]
    own, broken = _extensions(found, part)
    if of is None:
        return [*broken, *_identification(found, part), *_properties(found, part, own)]
    try:
        inherited = _extensions(read(of), part)[0]
    except BadPacket:
        inherited = {}
    return [*broken, *_properties(found, part, {**inherited, **own})]


def _identification(found: Value, part: int) -> Iterator[Breach]:
    """The prefix of the identification is fixed, and its level is one that the part has; its part is for the caller to compare."""
    clause = "6.7.11" if part == 1 else "6.6.4"
    level = found.fields.get(f"{{{PDFAID}}}conformance")
    if level is None or level.text not in LEVELS[part]:
        yield clause, "level of conformance"
    prefix = found.prefixes.get(PDFAID)
    if f"{{{PDFAID}}}part" not in found.fields:
        yield clause, "no pdfaid:part"
    elif prefix != "pdfaid":
        yield clause, f"prefix {prefix} for the identification"


def _properties(found: Value, part: int, own: "Mapping[str, _Schema]") -> Iterator[Breach]:
    clause = "6.7.9" if part == 1 else "6.6.2.3.1"
    known = PROPERTIES_2004 if part == 1 else PROPERTIES_2005
    for name, value in found.fields.items():
        namespace, _, local = name[1:].partition("}")
        if namespace == _EXTENSION or (namespace == PDFAID and not (part == 1 and local == "corr")):
            continue
        kind = known.get(namespace, {}).get(local)
        schema = own.get(namespace)
        if kind is None and schema is not None:
            kind = schema.properties.get(local)
        if kind is None:
            yield clause, f"{name} is defined nowhere"
        elif not _is(value, kind, schema.types if schema else {}):
            yield clause, f"{name} is not {kind}"


def _is(value: Value, kind: str, own: "Mapping[str, tuple[str, Mapping[str, str]]]", depth: int = 0) -> bool:
    """Whether a value is of a type."""
    if depth > 8:
        return False
    form, _, of = kind.partition(" ")
    if form in ("bag", "seq", "alt") and of:
        return value.form == form and all(_is(item, of, own, depth + 1) for item in value.items)
    if kind == "alternatives":
        languages = [item.language for item in value.items]
        return value.form == "alt" and all(languages) and all(item.form == "text" for item in value.items)
    if kind in _SIMPLE:
        return value.form == "text" and _SIMPLE[kind](value.text)
    namespace, fields = own.get(kind) or STRUCTURES.get(kind) or ("", {})
    if value.form != "structure":
        return False
    expected = {f"{{{namespace}}}{field}": kind for field, kind in fields.items()}
    return all(field in expected and _is(inner, expected[field], own, depth + 1) for field, inner in value.fields.items())


class _Schema:
    """An extension schema: its properties and its own types of value, under names that tell them from those of XMP."""

    def __init__(self) -> None:
        self.properties: dict[str, str] = {}
        self.types: dict[str, tuple[str, Mapping[str, str]]] = {}


def _extensions(found: Value, part: int) -> tuple[dict[str, _Schema], list[Breach]]:
    """The extension schemas that the packet describes, by namespace, and what their descriptions break."""
    clause = "6.7.8" if part == 1 else "6.6.2.3.3"
    container = found.fields.get(f"{{{_EXTENSION}}}schemas")
    if container is None:
        return {}, []
    broken: list[Breach] = []
    if found.prefixes.get(_EXTENSION) != "pdfaExtension":
        broken.append((clause, "prefix of the extension schemas"))
    if container.form != "bag":
        return {}, [*broken, (clause, "the extension schemas are no bag")]
    schemas: dict[str, _Schema] = {}
    for item in container.items:
        texts = _texts(item, _SCHEMA, ("schema", "namespaceURI", "prefix"), ("property", "valueType"), clause, broken)
        schema = schemas.setdefault(texts.get("namespaceURI", ""), _Schema())
        _value_types(item.fields.get(f"{{{_SCHEMA}}}valueType"), schema, clause, broken)
        _described(item.fields.get(f"{{{_SCHEMA}}}property"), schema, clause, broken)
    return schemas, broken


def _described(listed: Value | None, schema: _Schema, clause: str, broken: list[Breach]) -> None:
    for item in _items(listed, "property", clause, broken):
        texts = _texts(item, _PROPERTY, ("name", "valueType", "category", "description"), (), clause, broken)
        if texts.get("category", "internal") not in ("internal", "external"):
            broken.append((clause, "category of a property"))
        kind = _kind(texts.get("valueType", ""), schema)
        if kind is None:
            broken.append((clause, f"value type {texts.get('valueType')} of a property"))
        elif "name" in texts:
            schema.properties[texts["name"]] = kind


def _value_types(listed: Value | None, schema: _Schema, clause: str, broken: list[Breach]) -> None:
    for item in _items(listed, "valueType", clause, broken):
        texts = _texts(item, _TYPE, ("type", "namespaceURI", "prefix", "description"), ("field",), clause, broken)
        fields: dict[str, str] = {}
        schema.types[texts.get("type", "")] = (texts.get("namespaceURI", ""), fields)
        for one in _items(item.fields.get(f"{{{_TYPE}}}field"), "field", clause, broken):
            told = _texts(one, _FIELD, ("name", "valueType", "description"), (), clause, broken)
            kind = _kind(told.get("valueType", ""), schema)
            if kind is None:
                broken.append((clause, f"value type {told.get('valueType')} of a field"))
            elif "name" in told:
                fields[told["name"]] = kind


def _items(listed: Value | None, what: str, clause: str, broken: list[Breach]) -> list[Value]:
    if listed is None:
        return []
    if listed.form != "seq":
        broken.append((clause, f"{what} is no sequence"))
    return listed.items


def _texts(
    item: Value, namespace: str, names: tuple[str, ...], lists: tuple[str, ...], clause: str, broken: list[Breach]
) -> dict[str, str]:
    """The texts of a description, all of which must be there, and nothing else but the lists named."""
    if item.form != "structure":
        broken.append((clause, "a description is no structure"))
        return {}
    if item.prefixes.get(namespace, _PREFIXES[namespace]) != _PREFIXES[namespace]:
        broken.append((clause, f"prefix of {namespace}"))
    known = {f"{{{namespace}}}{name}" for name in (*names, *lists)}
    broken.extend((clause, f"{name} in a description") for name in item.fields if name not in known)
    found = {}
    for name in names:
        value = item.fields.get(f"{{{namespace}}}{name}")
        if value is None or value.form != "text":
            broken.append((clause, f"no {name} in a description"))
        else:
            found[name] = value.text
    return found


def _kind(written: str, schema: _Schema) -> str | None:
    """A type that an extension schema writes ("Seq Text", "closed Choice of Integer") as it is called here; None for one nobody defines."""
    text = " ".join(written.split())
    if text in schema.types:
        return text
    form, _, of = text.partition(" ")
    if form.lower() in ("bag", "seq", "alt") and of:
        inner = _kind(of, schema)
        return inner and f"{form.lower()} {inner}"
    lower = text.lower()
    lower = re.sub(r"^(open|closed) (?=choice)", "", lower)
    lower = re.sub(r"^choice of ", "", lower)
    if lower in _SIMPLE or lower in _WRITTEN:
        return _WRITTEN.get(lower, lower)
    return next((name for name in STRUCTURES if name.lower() == lower), None)
