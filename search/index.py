"""The SearchIndex port: Entry, Query, Scope, Results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found: one entry a page (1-based) and one a document (page 0, no body).

    All but `page` and `body` is the document's, the same in each of its entries. `own` is the text in which the document names itself
    (title, number, file number, tax id): codes found there are its own. `labels` open it: a reader who holds any of them sees it.
    `facets` are values by facet (`series`: the class and its ancestors; `type`); `years` are those the document's date spans.
    """

    document: str
    page: int
    title: str
    description: str
    body: str
    own: str
    labels: frozenset[str]
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a reader may see: the labels held. It has no default, and "everything" cannot be asked; no label sees nothing."""

    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked. `text` as typed; `filters` hold facet -> value; years inclusive; `limit` and `offset` count documents."""

    text: str
    filters: Mapping[str, str] = field(default_factory=dict)
    from_year: int | None = None
    to_year: int | None = None
    limit: int = 10
    offset: int = 0


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page that answers, with its own score; page 0: the hit is in the title or description."""

    page: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that answers and its best pages, best first (never empty)."""

    document: str
    score: float
    pages: tuple[PageHit, ...]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """How many of the documents found have this value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Note:
    """How the query was understood, as a code and parameters, worded in Spanish by search.query.NOTES when shown."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Understood:
    """The query as understood, enough to mark its hits in any text: unstemmed folded words, stems, phrases, prefixes and codes."""

    words: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    phrases: tuple[tuple[str, ...], ...] = ()
    prefix: str | None = None
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Results:
    """`total` and facet counts are of documents, exact up to 10,000 matching pages, estimated beyond (`total_is_exact` false)."""

    total: int
    total_is_exact: bool
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    understood: Understood
    notes: tuple[Note, ...] = ()
    did_you_mean: str | None = None


class SearchIndex(Protocol):
    """A full-text index of entries, in Spanish.

    1. `scope` is applied inside the engine, to hits, totals, facets and suggestions alike; it has no default.
    2. "resolucion", "Resolución" and "resoluciones" find the same entries.
    3. When put() or remove() returns, search() sees the change, in this process and in others. put() replaces all entries of each
       document it names; remove() takes documents.
    4. During rebuild() searches answer from the old entries, then from the new.
    5. Spelling, prefixes and variants read only the vocabulary of the reader's labels.
    6. No text a person types makes search() fail.
    """

    def put(self, entries: Iterable[Entry]) -> None: ...
    def remove(self, documents: Iterable[str]) -> None: ...
    def search(self, query: Query, *, scope: Scope) -> Results: ...
    def understood(self, text: str, *, scope: Scope) -> Understood:
        """What search() would say of how it understood the text, without looking for it: to mark its words where they were found."""
        ...

    def rebuild(self, entries: Iterable[Entry]) -> int:
        """Replace everything; the number of entries."""
        ...


@runtime_checkable
class Listed(Protocol):
    """An index that can tell which documents it has entries of, whatever their labels: for who compares it with a catalogue."""

    def documents(self) -> Iterable[str]:
        """Each document once, in no order."""
        ...


class IndexUnavailable(Exception):
    """The index cannot be reached, or could not do it now. Nothing is wrong with what was asked: it may be asked again, and a put() or
    remove() that raised has to be, for it may be done in part.
    """


class IndexRefused(IndexUnavailable):
    """Who serves the index answers, and does not know the user, or not with this password."""


class IndexDenied(IndexUnavailable):
    """Who serves the index answers, knows the user, and does not let them do it."""


class NoIndexServer(IndexUnavailable):
    """What answers there is no server of indexes."""


class IndexFormatChanged(Exception):
    """The index was written by another version of the program, and has to be rebuilt."""


class EntriesRefused(Exception):
    """The entries of some documents cannot be indexed, for the reasons said; those of all others were."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{document}: {reason}" for document, reason in reasons.items()))
        self.reasons = reasons
