"""What an XML vocabulary allows, as data, and a checker that holds a stream of elements against it: order, number, attributes, values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lxml import etree

from preservation.validation.xml_reading import line_of, readable, shortened, split

ANY: Final = "*"
"""A content that is another vocabulary's: what stands in it is not judged."""
SOME: Final = "+"
"""As ANY, but at least one element of it."""
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_XLINK: Final = "{http://www.w3.org/1999/xlink}"
_OTHERS: Final = (ANY, SOME)
_NAME: Final = r"[^\W\d][\w.\-\u00b7]*"
_DATETIME: Final = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_BASE64: Final = r"(?:[A-Za-z0-9+/]\s*)"
_LEXICAL: Final[Mapping[str, re.Pattern[str]]] = {
    "id": re.compile(_NAME),
    "idref": re.compile(_NAME),
    "idrefs": re.compile(rf"({_NAME}(\s+{_NAME})*)?"),
    "int": re.compile(r"[+-]?\d{1,18}"),
    "natural": re.compile(r"\+?\d{1,18}"),
    "positive": re.compile(r"\+?0*[1-9]\d{0,17}"),
    "base64": re.compile(rf"\s*(?:{_BASE64}{{4}})*(?:{_BASE64}{{2}}=\s*=\s*|{_BASE64}{{3}}=\s*)?"),
    "uri": re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:|[^:/?#%]*(?:%[0-9A-Fa-f]{2}[^:/?#%]*)*(?=[/?#]|$))(?:[^%]|%[0-9A-Fa-f]{2})*"),
}
_CHILD: Final = re.compile(r"[A-Za-z]+")
_GUESSED: Final = 40

Values = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What one element may hold.

    `children` is a regular expression over names, `name note*`; empty for none; ANY or SOME for what is not judged. `attributes` maps a
    name, with `!` where it is required, to a type (`string`, `uri`, `id`, `idref`, `idrefs`, `int`, `natural`, `positive`, `dateTime`,
    `base64`) or to its values. `text` is the type of its text; None where there must be none. `is_closed`: it takes no attribute of
    another vocabulary.
    """

    children: str = ""
    attributes: Mapping[str, Values] = field(default_factory=dict)
    text: Values | None = None
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a document leaves its model. `reason`: `element` (may not stand there), `missing`, `order`, `attribute` (unknown), `required`
    (an attribute), `value` or `text`; `what` names it, `found` shows it; `line` from 1.
    """

    reason: str
    element: str
    what: str
    found: str
    line: int


@dataclass(frozen=True, slots=True)
class Model:
    """A vocabulary: its namespace and its kinds by local name; where xsi:type picks among several, by `name[type]` (those are `varied`)."""

    namespace: str
    kinds: Mapping[str, Kind]
    varied: frozenset[str]
    orders: Mapping[str, re.Pattern[str]]
    required: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Mapping[str, Values]]

    @classmethod
    def of(cls, namespace: str, kinds: Mapping[str, Kind]) -> "Model":
        """The model of these kinds. KeyError if one names a child that no kind describes."""
        described = {name.partition("[")[0] for name in kinds}
        for name, kind in kinds.items():
            if unknown := set(_CHILD.findall(kind.children)) - described:
                raise KeyError(f"{name}: {sorted(unknown)}")
        orders = {name: re.compile(_over_text(kind.children)) for name, kind in kinds.items() if kind.children not in _OTHERS}
        required = {name: tuple(one[:-1] for one in kind.attributes if one.endswith("!")) for name, kind in kinds.items()}
        attributes = {name: {one.rstrip("!"): values for one, values in kind.attributes.items()} for name, kind in kinds.items()}
        varied = frozenset(name.partition("[")[0] for name in kinds if "[" in name)
        return cls(namespace, kinds, varied, orders, required, attributes)

    def name_of(self, element: etree._Element) -> str | None:
        """The key of the element's kind; None if the model describes none such."""
        namespace, name = split(element.tag)
        if namespace != self.namespace:
            return None
        if name in self.kinds:
            return name
        varied = f"{name}[{(element.get(f'{{{XSI}}}type') or '').rpartition(':')[2]}]"
        return varied if varied in self.kinds else None


def _over_text(children: str) -> str:
    """An expression over names as one over text, where every name is followed by a comma."""
    return _CHILD.sub(lambda found: f"(?:{found.group()},)", children).replace(" ", "")


def lexical(kind: Values, text: str) -> bool:
    """Whether a text is one of the values, or of the type (white space around it does not count)."""
    if isinstance(kind, tuple):
        return text in kind
    bare = text.strip()
    if kind == "dateTime":
        return is_datetime(bare)
    return kind not in _LEXICAL or _LEXICAL[kind].fullmatch(bare) is not None


def is_datetime(text: str) -> bool:
    """Whether a text is an xs:dateTime that exists: 2026-02-30T00:00:00 is none."""
    if _DATETIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text.removeprefix("-")[:19].replace("T24:00:00", "T00:00:00"))
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class _Open:
    """An element being read: its kind's name, None where nothing is judged; its children, a run of equals told by two."""

    name: str | None
    children: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        if self.children[-2:] != [name, name]:
            self.children.append(name)


class Checker:
    """Holds a document against a model as it is read: hand it every event of xml_reading.events(), each before the element is cleared."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._open: list[_Open] = []

    @property
    def judges(self) -> bool:
        """Whether what is being read belongs to the model, rather than to a vocabulary inside it."""
        return bool(self._open) and self._open[-1].name is not None

    def start(self, element: etree._Element) -> Iterator[Fault]:
        parent = self._open[-1] if self._open else None
        if parent is not None and (parent.name is None or self._model.kinds[parent.name].children in _OTHERS):
            self._open.append(_Open(None))
            return
        name = self._model.name_of(element)
        self._open.append(_Open(name))
        if parent is not None and parent.name is not None:
            parent.add(name.partition("[")[0] if name else self._stranger(element))
            before = element.getprevious()
            container = element.getparent()
            between = before.tail if before is not None else container.text if container is not None else None
            if between and not between.isspace():
                yield Fault("text", parent.name, "", shortened(between.strip()), line_of(element))
        if name is not None:
            yield from self._attributes(name, element)

    def _stranger(self, element: etree._Element) -> str:
        """How a child that the model does not describe is told: one of another vocabulary, or of a type that there is not, with that."""
        namespace, name = split(element.tag)
        if namespace != self._model.namespace:
            return readable(element.tag)
        kind = element.get(f"{{{XSI}}}type")
        return name if kind is None and name not in self._model.varied else f'{name} xsi:type="{shortened(kind or "")}"'

    def end(self, element: etree._Element) -> Iterator[Fault]:
        name, children = self._open[-1].name, self._open[-1].children
        if name is not None and name in self._model.orders:
            yield from self._order(name, children, element)
            kind = self._model.kinds[name]
            text = (element[-1].tail if len(element) else element.text) or ""
            if kind.text is None and text and not (kind.children and text.isspace()):
                yield Fault("text", name, "", shortened(text), line_of(element))
            elif kind.text is not None and not lexical(kind.text, text):
                yield Fault("value", name, "", shortened(text.strip()), line_of(element))
        elif name is not None and self._model.kinds[name].children == SOME:
            if next(element.iterchildren(etree.Element), None) is None:
                yield Fault("missing", name, "un elemento", "", line_of(element))
            if element.text and not element.text.isspace():
                yield Fault("text", name, "", shortened(element.text.strip()), line_of(element))
        self._open.pop()

    def _attributes(self, name: str, element: etree._Element) -> Iterator[Fault]:
        known = self._model.attributes[name]
        for key, value in element.attrib.items():
            attribute = str(key)
            if attribute.startswith(_XLINK):
                attribute = f"xlink:{attribute.removeprefix(_XLINK)}"
            if attribute in known:
                if not lexical(known[attribute], str(value)):
                    yield Fault("value", name, attribute, shortened(str(value)), line_of(element))
            elif attribute.startswith("{"):
                if self._model.kinds[name].is_closed and split(attribute)[0] != XSI:
                    yield Fault("attribute", name, readable(attribute), "", line_of(element))
            elif not ("xlink:*" in known and attribute.startswith("xlink:")):
                yield Fault("attribute", name, shortened(attribute), "", line_of(element))
        for attribute in self._model.required[name]:
            key = _XLINK + attribute[6:] if attribute.startswith("xlink:") else attribute
            if element.get(key) is None:
                yield Fault("required", name, attribute, "", line_of(element))

    def _order(self, name: str, children: list[str], element: etree._Element) -> Iterator[Fault]:
        order = self._model.orders[name]
        if order.fullmatch("".join(f"{child}," for child in children)):
            return
        allowed = list(dict.fromkeys(_CHILD.findall(self._model.kinds[name].children)))
        strange = [child for child in dict.fromkeys(children) if child not in allowed]
        for child in strange:
            yield Fault("element", name, shortened(child), "", line_of(element))
        if strange:
            return
        if len(children) <= _GUESSED:
            for child in allowed:
                for at in range(len(children) + 1):
                    if order.fullmatch("".join(f"{one}," for one in [*children[:at], child, *children[at:]])):
                        yield Fault("missing", name, child, "", line_of(element))
                        return
        yield Fault("order", name, ", ".join(children[:_GUESSED]), "", line_of(element))
