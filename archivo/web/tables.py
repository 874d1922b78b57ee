"""Tables that go by one of their columns: the order as an address holds it, the links of the heads, and the pages of what is long."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from archivo.web.addresses import Change

Row = TypeVar("Row")
MOST_PAGES: Final = 100_000
WAYS: Final = {
    "text": ("de la A a la Z", "de la Z a la A"),
    "date": ("primero lo más antiguo", "primero lo más reciente"),
    "number": ("de menor a mayor", "de mayor a menor"),
    "ordinal": ("de menor a mayor", "de mayor a menor"),
}
"""What ascending and descending mean, in words, for each kind of column; numbers go to the right, ordinals do not."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `key` is its word in addresses, `by` the field that a use case orders by; without them it orders nothing."""

    label: str
    key: str = ""
    by: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Order:
    """By which field a list goes, and which way. What lacks it goes to the end either way."""

    by: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: the address that orders by it, or the other way round where it orders already (`sorted`, as ARIA says it)."""

    label: str
    key: str
    kind: str
    address: str | None
    sorted: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """What a page shows of the order of its table. `choices` are value, words and whether it is the one in use, for narrow screens."""

    heads: tuple[Head, ...]
    choices: tuple[tuple[str, str, bool], ...]
    kept: Mapping[str, object]


def read_order(text: str, columns: Sequence[Column], default: str) -> Order:
    """The order that an address asks for (a column's word, after a hyphen for descending) or the default one; with none, as they come."""
    fields = {column.key: column.by for column in columns if column.key}
    word = text if text.removeprefix("-") in fields else default
    return Order(fields.get(word.removeprefix("-"), ""), word.startswith("-"))


def table(columns: Sequence[Column], order: Order, change: Change, state: Mapping[str, object]) -> Table:
    """The heads of a table in this order. Choosing another begins again at the first page."""
    heads, choices = [], []
    for column in columns:
        if not column.key:
            heads.append(Head(column.label, "", column.kind, None, None))
            continue
        is_now = column.by == order.by
        other = not order.descending if is_now else column.kind != "text"
        now = ("descending" if order.descending else "ascending") if is_now else None
        heads.append(Head(column.label, column.key, column.kind, change(orden=_word(column, other), pagina=None), now))
        for descending in (False, True):
            words = f"{column.label}: {WAYS[column.kind][descending]}"
            choices.append((_word(column, descending), words, is_now and descending == order.descending))
    kept = {name: value for name, value in state.items() if name not in ("orden", "pagina") and value not in ("", None)}
    return Table(tuple(heads), tuple(choices), kept)


def arranged(rows: Iterable[Row], order: Order, value: Callable[[Row], Any] | None = None) -> list[Row]:
    """Rows already in memory, by the field named or by what `value` gives; equal ones stay as they came, and so do all without an order."""
    if not order.by:
        return list(rows)
    valued = [(row, value(row) if value else getattr(row, order.by)) for row in rows]
    known = [(row, alphabetical(found) if isinstance(found, str) else found) for row, found in valued if found is not None]
    known.sort(key=lambda pair: pair[1], reverse=order.descending)
    return [row for row, _ in known] + [row for row, found in valued if found is None]


def alphabetical(text: str) -> str:
    """A text by which Spanish is ordered: capitals and accents aside, ñ after n."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if c == "\u0303" or not unicodedata.combining(c))


def page_number(asked: int) -> int:
    """A page that can be asked for: from the first, and not so far that no list reaches it."""
    return min(max(asked, 1), MOST_PAGES)


def _word(column: Column, descending: bool) -> str:
    return f"{'-' if descending else ''}{column.key}"
