"""The rules of ISO 19005 that our own reading of a PDF judges, the clause of each in every part, and what is found broken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import pikepdf

CLAUSES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "identifier": ("6.1.3", "6.1.3"),
        "limits": ("6.1.12", "6.1.13"),
        "information": ("6.7.3", ""),
        "name-utf8": ("", "6.1.8"),
        "embedded-file": ("6.1.11", ""),
        "permissions": ("", "6.1.12"),
        "colourants": ("6.1.12", "6.1.13"),
        "page-size": ("", "6.1.13"),
        "nesting": ("6.1.12", "6.1.13"),
        "optional-content": ("6.1.13", "6.9"),
        "operator": ("6.2.10", "6.2.2"),
        "inherited-resource": ("", "6.2.2"),
        "output-profile": ("6.2.2", "6.2.3"),
        "icc-profile": ("6.2.3.2", "6.2.4.2"),
        "overprint": ("", "6.2.4.2"),
        "device-colour": ("6.2.3.3", "6.2.4.3"),
        "spot-colour": ("", "6.2.4.4"),
        "image": ("6.2.4", "6.2.8"),
        "jpeg2000": ("", "6.2.8.3"),
        "inline-filter": ("6.1.10", "6.1.10"),
        "form": ("6.2.5", "6.2.9"),
        "reference-xobject": ("6.2.6", "6.2.9"),
        "postscript": ("6.2.7", "6.2.9"),
        "graphics-state": ("6.2.8", "6.2.5"),
        "rendering-intent": ("6.2.9", "6.2.6"),
        "cid-set": ("", "6.2.11.4.2"),
        "glyph-width": ("6.3.6", "6.2.11.5"),
        "transparency": ("6.4", ""),
        "blend-mode": ("6.4", "6.2.10"),
        "transparency-space": ("", "6.2.10"),
        "annotation-type": ("6.5.2", "6.3.1"),
        "annotation-flags": ("6.5.3", "6.3.2"),
        "annotation-colour": ("6.5.3", ""),
        "appearance": ("6.5.3", "6.3.3"),
        "field-appearance": ("6.9", "6.3.3"),
        "form-fields": ("6.9", "6.4.1"),
        "xfa": ("", "6.4.2"),
        "signature": ("", "6.4.3"),
        "action": ("6.6.1", "6.5.1"),
        "field-action": ("6.6.2", "6.4.1"),
        "trigger": ("6.6.2", "6.5.2"),
        "embedded-specification": ("", "6.8"),
        "presentation": ("", "6.10"),
        "requirements": ("", "6.11"),
    }
)
"""Rule → its clause in ISO 19005-1 and in ISO 19005-2 and -3; empty where that part has no such rule."""
_DEEPEST: Final = 50


@dataclass(slots=True)
class Case:
    """A document held to level B of a part: what is found broken in it, as (clause, where, what), each once."""

    document: pikepdf.Pdf
    part: int
    found: dict[tuple[str, str, str], None] = field(default_factory=dict)
    unjudged: dict[str, None] = field(default_factory=dict)
    """What could not be read, so that nothing is said of it."""
    intent: str | None = None
    """The colour space of the profile of the PDF/A output intent, as its header writes it (`RGB `, `CMYK`, `GRAY`); None without one."""

    def broken(self, rule: str, holder: object, what: str) -> None:
        """Note a breach, if the part has the rule; `holder` is the object it stands in."""
        clause = CLAUSES[rule][self.part > 1]
        if clause:
            self.found[clause, where(holder), what] = None


def where(holder: object) -> str:
    """`obj 12 0` for an object with a number of its own; a place in words is as it is."""
    if isinstance(holder, str):
        return holder
    if isinstance(holder, pikepdf.Object) and holder.is_indirect:
        return f"obj {holder.objgen[0]} {holder.objgen[1]}"
    return ""


def named(holder: pikepdf.Object, key: str) -> str:
    """The name that a key holds, without its slash; empty for none."""
    return text(holder.get(key))


def text(value: object) -> str:
    """A name without its slash; empty for what is no name."""
    if not isinstance(value, pikepdf.Name):
        return ""
    try:
        return str(value)[1:]
    except UnicodeDecodeError:
        return value.unparse().decode("latin-1")[1:]


def dictionary(value: object) -> pikepdf.Object | None:
    """A dictionary or the one of a stream; None for anything else."""
    return value if isinstance(value, pikepdf.Dictionary | pikepdf.Stream) else None


def listed(value: object) -> list[object]:
    """The items of an array; what is no array is the only item; nothing of nothing."""
    if isinstance(value, pikepdf.Array):
        return list(value)
    return [] if value is None else [value]


def whole(value: object) -> int | None:
    """An integer, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def inherited(node: pikepdf.Object, key: str) -> object:
    """What the nodes above a page or field have for a key."""
    above = dictionary(node.get("/Parent"))
    for _ in range(_DEEPEST):
        if above is None:
            return None
        if (found := above.get(key)) is not None:
            return found
        above = dictionary(above.get("/Parent"))
    return None


def words(text: str) -> frozenset[str]:
    """Names that are written one after another."""
    return frozenset(text.split())
