"""The text tag files of a bag: its declaration, its metadata, and how lines are read (RFC 8493, 2.1.1, 2.2.2 and 2.3)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from preservation.validation.bagit_rules import BagNotes
from preservation.validation.trees import Item, Tree, Unreadable, read_small

DECLARATION: Final = "bagit.txt"
INFO: Final = "bag-info.txt"
MOST_BYTES: Final = 256 << 20
OLD_VERSIONS: Final = ("0.93", "0.94", "0.95", "0.96", "0.97")
_BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_LABELS: Final = ("BagIt-Version", "Tag-File-Character-Encoding")
_NO_TEXT: Final = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7", "utf-7"})
_OXUM: Final = re.compile(r"[0-9]{1,30}\.[0-9]{1,30}", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What bagit.txt says: the version, and the encoding of the other tag files as Python knows it."""

    version: str
    encoding: str

    @property
    def is_old(self) -> bool:
        """Whether it is held to draft 0.97 or before, which asks less than RFC 8493."""
        return self.version in OLD_VERSIONS


@dataclass(frozen=True, slots=True)
class Element:
    """One element of bag-info.txt, in its order; labels may repeat. `line` counts from 1."""

    label: str
    value: str
    line: int


def lines_of(text: str) -> list[str]:
    """The lines of a tag file, which end in LF, CR or both; the last may have no end."""
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def read_declaration(notes: BagNotes, tree: Tree, at: str, item: Item | None) -> Declaration:
    """Note what is wrong with bagit.txt; what it says, else what BagIt 1.0 supposes."""
    data = None if item is None else read_tag(notes, tree, at, DECLARATION)
    if data is None:
        if item is None:
            notes.add("declaration_missing")
        return Declaration("1.0", "utf-8")
    if data.startswith(_BOM):
        notes.add("declaration_bom", DECLARATION)
        data = data.removeprefix(_BOM)
    try:
        lines = lines_of(data.decode("utf-8"))
    except UnicodeDecodeError:
        notes.add("declaration_encoding", DECLARATION)
        return Declaration("1.0", "utf-8")
    values = [_value(lines, number, label) for number, label in enumerate(_LABELS)]
    version = _version(notes, values[0])
    for number, (label, value) in enumerate(zip(_LABELS, values, strict=True)):
        if value is None:
            notes.add("declaration_lines", DECLARATION, line=label)
        elif lines[number] != f"{label}: {value}":
            notes.add("declaration_spaces_old" if version in OLD_VERSIONS else "declaration_spaces", DECLARATION, line=lines[number])
    for line in lines[2:]:
        is_blank = not line.strip() and version in OLD_VERSIONS
        notes.add("declaration_spaces_old" if is_blank else "declaration_lines", DECLARATION, line=line)
    return Declaration(version, _encoding(notes, values[1]))


def _value(lines: list[str], number: int, label: str) -> str | None:
    """What a line of the declaration says of a label, however it is spaced; None if it is not of that label."""
    found, colon, value = (lines[number] if number < len(lines) else "").partition(":")
    return value.strip() if colon and found.strip().lower() == label.lower() else None


def _version(notes: BagNotes, value: str | None) -> str:
    if value in OLD_VERSIONS:
        if value != "0.97":
            notes.add("version_old", DECLARATION, version=value)
        return value
    if value is not None and value != "1.0":
        notes.add("version", DECLARATION, version=value)
    return "1.0"


def _encoding(notes: BagNotes, value: str | None) -> str:
    if value is None:
        return "utf-8"
    try:
        "".encode(value)
        b"".decode(value)
        known = value.lower().replace("-", "_") not in _NO_TEXT and "\0" not in value
    except (LookupError, ValueError):
        known = False
    if not known:
        notes.add("encoding", DECLARATION, encoding=value)
        return "utf-8"
    if value.lower().replace("_", "-") not in ("utf-8", "utf8"):
        notes.add("encoding_not_utf8", DECLARATION, encoding=value)
    return value


def read_tag(notes: BagNotes, tree: Tree, at: str, name: str) -> bytes | None:
    """A tag file's bytes; None, noted, if it cannot be read or is too large."""
    try:
        data = read_small(tree, f"{at}/{name}" if at else name, MOST_BYTES)
    except Unreadable as fault:
        notes.add("unreadable", name, reason=str(fault))
        return None
    if data is None:
        notes.add("tag_size", name, limit=MOST_BYTES)
    return data


def read_lines(notes: BagNotes, tree: Tree, at: str, name: str, declaration: Declaration) -> list[str]:
    """The lines of a tag file in the declared encoding; none, noted, if it cannot be read."""
    data = read_tag(notes, tree, at, name)
    if data is None:
        return []
    if data.startswith(_BOM) and declaration.encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        notes.add("tag_bom", name)
        data = data.removeprefix(_BOM)
    try:
        return lines_of(data.decode(declaration.encoding))
    except (UnicodeError, ValueError):
        notes.add("tag_encoding", name, encoding=declaration.encoding)
        return []


def read_info(notes: BagNotes, tree: Tree, at: str, name: str, declaration: Declaration) -> tuple[Element, ...]:
    """The elements of bag-info.txt, in order; note what is wrong with its lines."""
    elements: list[Element] = []
    for number, line in enumerate(read_lines(notes, tree, at, name, declaration), start=1):
        if line[:1] in (" ", "\t") and elements and line.strip():
            last = elements[-1]
            elements[-1] = Element(last.label, f"{last.value} {line.strip()}".strip(), last.line)
            continue
        if not line.strip():
            continue
        label, colon, value = line.partition(":")
        if not colon or not label.strip():
            notes.add("info_line", f"{name}:{number}", text=line)
            continue
        if label != label.strip() or (value and value[0] not in " \t"):
            notes.add("info_spaces_old" if declaration.is_old else "info_spaces", f"{name}:{number}", text=line)
        elements.append(Element(label.strip(), value.strip(), number))
    return tuple(elements)


def check_info(notes: BagNotes, name: str, elements: tuple[Element, ...], declaration: Declaration) -> str | None:
    """Note what is wrong with the reserved elements; the Payload-Oxum, if there is one that can be used."""
    oxums = [element for element in elements if element.label.lower() == "payload-oxum"]
    for element in oxums[1:]:
        notes.add("oxum_repeated_old" if declaration.is_old else "oxum_repeated", f"{name}:{element.line}")
    for element in elements:
        if element.label.lower() == "bagging-date" and not _is_date(element.value):
            notes.add("info_date", f"{name}:{element.line}", value=element.value)
    if not oxums:
        return None
    if not _OXUM.fullmatch(oxums[0].value):
        notes.add("oxum_form", f"{name}:{oxums[0].line}", value=oxums[0].value)
        return None
    return oxums[0].value


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False
