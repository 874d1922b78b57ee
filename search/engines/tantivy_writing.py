"""Entries made into the embedded engine's documents, and the words they are spelled with."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from types import TracebackType

from tantivy import Document, IndexWriter

from search.analysis import fold, normalise
from search.codes import CodePatterns, codes
from search.engines.tantivy_sampling import levels
from search.engines.tantivy_schema import SEPARATOR, SETS
from search.engines.tantivy_storage import Generation
from search.index import Entry
from search.spelling import sounds

_MEMORY = 100_000_000
_WORD_MEMORY = 15_000_000
_SEEN = 500_000
_WRITTEN_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,25}(?!\w)")


class EntryWriter:
    """Writes entries into a generation: all of them at the end of the `with` block, or none if it raises."""

    def __init__(self, generation: Generation, patterns: CodePatterns, *, threads: int = 1) -> None:
        self._patterns = patterns
        self._writer: IndexWriter = generation.entries().writer(_MEMORY, threads)
        self._words = WordWriter(generation)
        self._shared: _Shared | None = None

    def __enter__(self) -> "EntryWriter":
        return self

    def __exit__(self, error: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None) -> None:
        if error is None:
            self._words.commit()  # first: the words may be more than those of the entries, never fewer
            self._writer.commit()
        else:
            self._writer.rollback()
        self._writer.wait_merging_threads()

    def remove(self, document: str) -> None:
        self._writer.delete_documents_by_term("document", storable(document))

    def add(self, entry: Entry) -> None:
        if self._shared is None or self._shared.about != _about(entry):
            self._shared = _shared(entry, self._patterns)
            self._words.add(self._shared.title)
            self._words.add(self._shared.description)
        shared, body = self._shared, normalise(entry.body)
        document = Document()
        for name, text in (("t", shared.title), ("d", shared.description), ("b", body)):
            if text:
                document.add_text(name + "u", text)
                document.add_text(name + "s", text)
        for field, text in shared.texts:
            document.add_text(field, text)
        for field, number in shared.numbers:
            document.add_unsigned(field, number)
        document.add_bytes("facets", shared.facets)
        document.add_unsigned("page", entry.page)
        read = body if entry.page else f"{shared.title}\n{shared.description}\n{body}"
        document.add_text("codes", " ".join(dict.fromkeys((*shared.own, *codes(read, self._patterns)))))
        self._writer.add_document(document)
        self._words.add(body)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all entries of a document have; `about` is what it was made from."""

    about: tuple[object, ...]
    title: str
    description: str
    own: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, int], ...]
    facets: bytes


def _about(entry: Entry) -> tuple[object, ...]:
    return entry.document, entry.title, entry.description, entry.own, entry.labels, entry.facets, entry.years


def _shared(entry: Entry, patterns: CodePatterns) -> _Shared:
    own = tuple(codes(normalise(entry.own), patterns))
    number = numbered(entry.document)
    sets = facet_sets(entry)
    texts = [("own", " ".join(own)), ("document", storable(entry.document)), *(("label", storable(label)) for label in entry.labels)]
    texts += [("facet", storable(f"{facet}{SEPARATOR}{value}")) for facet, values in entry.facets.items() for value in values]
    numbers = [("doc", number), *(("share", level) for level in levels(number)), *(("year", year) for year in entry.years if year >= 0)]
    numbers += [(column, set_number(tuple(values))) for column, values in zip(SETS, sets, strict=True)]
    title, description = normalise(entry.title), normalise(entry.description)
    return _Shared(_about(entry), title, description, own, tuple(texts), tuple(numbers), json.dumps(sets).encode())


class WordWriter:
    """Writes the words not yet known, with their sounds and spellings."""

    def __init__(self, generation: Generation) -> None:
        self._index = generation.words()
        self._index.reload()
        self._known = self._index.searcher()
        self._seen: set[str] = set()
        self._new: set[str] = set()

    def add(self, text: str) -> None:
        self._seen.update(text.split())
        if len(self._seen) > _SEEN:
            self._gather()

    def _gather(self) -> None:
        written = set(_WRITTEN_WORD.findall(" ".join(self._seen).lower())) - self._new
        self._seen.clear()
        if self._known.num_docs:
            written = {word for word in written if not self._known.doc_freq("spelling", word)}
        self._new |= written

    def commit(self) -> None:
        self._gather()
        if not self._new:
            return
        writer = self._index.writer(_WORD_MEMORY, 1)
        new = sorted(self._new)
        for spelling, heard in zip(new, sounds(new), strict=True):
            document = Document()
            document.add_text("word", fold(spelling))
            document.add_text("sound", heard)
            document.add_text("spelling", spelling)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()


def storable(text: str) -> str:
    """The text without what cannot be stored (lone surrogates)."""
    return text.encode("utf-8", "replace").decode()


def numbered(text: str) -> int:
    """A number for a text, the same on every machine; two texts share one with a chance of 1 in 2**64."""
    return int.from_bytes(blake2b(storable(text).encode(), digest_size=8).digest(), "big")


def facet_sets(entry: Entry) -> list[list[str]]:
    """The entry's facet values, years among them, as many lists as there are columns for them: a facet in each, the last has the rest."""
    values = {**entry.facets, "year": tuple(map(str, entry.years))}
    each = [[f"{facet}{SEPARATOR}{value}" for value in sorted(set(values[facet]))] for facet in sorted(values)]
    last = len(SETS) - 1
    return [*each[:last], *([] for _ in range(last - len(each))), [value for more in each[last:] for value in more]]


@lru_cache(10_000)
def set_number(values: tuple[str, ...]) -> int:
    """A number for a set of facet values, 0 for none."""
    return numbered("\0".join(values)) if values else 0
