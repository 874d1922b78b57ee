"""The conformance declaration of an OCFL object or storage root, a NAMASTE file (OCFL 1.1, 3.2 and 4.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from preservation.validation.ocfl_inventory import SPECIFICATIONS
from preservation.validation.ocfl_rules import Notes
from preservation.validation.trees import Item, Kind, Tree, Unreadable, read_small

_BARE: Final = re.compile(r"ocfl_(object_)?v?[0-9]+(\.[0-9]+)?$")
_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Words:
    """What a declaration is told with: the word of its dvalue and the codes of its breaches."""

    word: str
    namaste: str
    none: str
    many: str
    pattern: str
    tag: str
    value: str
    content: str


OF_OBJECT: Final = Words("ocfl_object_", "E002", "E003.none", "E003.many", "E004", "E005", "E006", "E007")
OF_ROOT: Final = Words("ocfl_", "E075", "E069", "E076", "E077", "E078", "E079", "E080")


def is_declaration(words: Words, name: str) -> bool:
    """Whether a name is, or seems meant to be, such a declaration."""
    tag, equals, value = name.partition("=")
    meant = (value if equals else tag).lower()
    is_ocfl = meant.startswith("ocfl") if equals else _BARE.search(meant) is not None
    return is_ocfl and ("object" in meant) == (words is OF_OBJECT)


def declared(words: Words, names: Sequence[str]) -> str | None:
    """The highest specification that proper declarations among the names say; None if there is none."""
    found = [version for version in SPECIFICATIONS if f"0={words.word}{version}" in names]
    return found[-1] if found else None


def check_declaration(notes: Notes, words: Words, tree: Tree, at: str, tops: Sequence[Item]) -> str | None:
    """Note what is wrong with the declaration among what stands directly in a folder; the specification that it declares, if any."""
    proper = []
    meant = [item for item in tops if is_declaration(words, item.name)]
    for item in meant or [item for item in tops if item.name.startswith("0=")]:
        if item.kind is not Kind.FILE:
            notes.add(words.namaste, item.name, name=item.name)
        elif _check_name(notes, words, item.name):
            proper.append(item.name)
            _check_content(notes, words, tree, f"{at}/{item.name}" if at else item.name, item.name)
    if not proper:
        notes.add(words.none)
    elif len(proper) > 1:
        notes.add(words.many, count=len(proper))
    return declared(words, proper)


def _check_name(notes: Notes, words: Words, name: str) -> bool:
    tag, equals, value = name.partition("=")
    if not equals:
        notes.add(words.pattern, name, name=name)
        notes.add(words.namaste, name, name=name)
        return False
    if tag != "0":
        notes.add(words.tag, name, name=name)
        if not tag.isdigit():
            notes.add(words.namaste, name, name=name)
        return False
    if value not in [f"{words.word}{version}" for version in SPECIFICATIONS]:
        notes.add(words.value, name, name=name)
        return False
    return True


def _check_content(notes: Notes, words: Words, tree: Tree, path: str, name: str) -> None:
    expected = name.partition("=")[2]
    try:
        data = read_small(tree, path, _LIMIT)
    except Unreadable as fault:
        notes.add("unreadable", name, reason=str(fault))
        return
    if data != f"{expected}\n".encode():
        notes.add(words.content, name, expected=expected)
