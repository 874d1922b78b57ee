"""The graphics state of a content stream and where it finds its resources, as far as rules of ISO 19005 look at them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from ingest.tools.pdfa_rules import Case, dictionary, listed, text, whole


@dataclass(frozen=True, slots=True)
class Pen:
    """What paints the next mark: a colour space, the pattern chosen in it, whether it overprints."""

    space: Any = pikepdf.Name.DeviceGray
    pattern: Any = None
    overprints: bool = False
    chosen: bool = False
    """Whether the contents set the colour, which text then asks for whether or not its rendering mode paints with it."""


@dataclass(frozen=True, slots=True)
class State:
    """The graphics state, as far as rules of ISO 19005 look at it."""

    fill: Pen = field(default_factory=Pen)
    stroke: Pen = field(default_factory=Pen)
    mode: int = 0
    font: Any = None
    rendering: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        pens = [(key_of(pen.space), key_of(pen.pattern), pen.overprints) for pen in (self.fill, self.stroke)]
        return (*pens, self.mode, key_of(self.font), self.rendering)


@dataclass(slots=True)
class Shown:
    """A font and the strings shown in it, by rendering mode."""

    font: Any
    strings: dict[int, dict[bytes, None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a content stream finds its resources: its own, or those that it would inherit."""

    holder: Any
    own: Any
    inherited: Any = None

    def find(self, case: Case, category: str, name: object) -> object:
        """A resource by name; one that is only inherited breaks 6.2.2 of parts 2 and 3."""
        for resources in (self.own, self.inherited):
            found = dictionary(resources.get(category)) if resources is not None else None
            value = found.get(name) if found is not None and isinstance(name, pikepdf.Name) else None
            if value is not None:
                if resources is not self.own:
                    case.broken("inherited-resource", self.holder, text(name))
                return value
        return None

    @property
    def resources(self) -> Any:
        return self.own if self.own is not None else self.inherited


def appearances(annotation: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The appearance streams of an annotation."""
    states = dictionary(annotation.get("/AP"))
    for each in states.values() if states is not None else ():
        if isinstance(each, pikepdf.Stream):
            yield each
        elif isinstance(each, pikepdf.Dictionary):
            yield from (one for one in each.values() if isinstance(one, pikepdf.Stream))


def differences(font: pikepdf.Object) -> dict[int, str]:
    """Code → glyph name of an encoding of its own (ISO 32000-1, 9.6.6.1)."""
    encoding = dictionary(font.get("/Encoding"))
    names: dict[int, str] = {}
    code = 0
    for each in listed(encoding.get("/Differences")) if encoding is not None else ():
        if (number := whole(each)) is not None:
            code = number
        else:
            names[code] = text(each)
            code += 1
    return names


def key_of(value: object) -> object:
    """What tells one object from another."""
    if not isinstance(value, pikepdf.Object):
        return value
    return value.objgen if value.is_indirect else value.unparse()
