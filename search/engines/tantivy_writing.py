"""Entries made into the embedded engine's documents, and the words they are spelled with."""

import json
import re
from functools import lru_cache
from hashlib import blake2b
from types import TracebackType

from tantivy import Document, IndexWriter

from search.analysis import fold, normalise
from search.codes import CodePatterns, codes
from search.engines.tantivy_schema import SEPARATOR
from search.engines.tantivy_storage import Generation
from search.index import Entry
from search.spelling import sound

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
        self._own_codes = lru_cache(100)(self._codes)
        self._normal = lru_cache(100)(normalise)
        self._last = ("", "")

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
        title, description, body = self._normal(entry.title), self._normal(entry.description), normalise(entry.body)
        document = Document()
        for name, text in (("t", title), ("d", description), ("b", body)):
            if text:
                document.add_text(name + "u", text)
                document.add_text(name + "s", text)
        own = self._own_codes(entry.own)
        document.add_text("own", own)
        read = body if entry.page else f"{title}\n{description}\n{body}"
        document.add_text("codes", " ".join(dict.fromkeys((*own.split(), *codes(read, self._patterns)))))
        self._identify(document, entry)
        self._writer.add_document(document)
        self._words.add(body)
        if self._last != (title, description):
            self._last = (title, description)
            self._words.add(title)
            self._words.add(description)

    def _codes(self, text: str) -> str:
        return " ".join(codes(normalise(text), self._patterns))

    def _identify(self, document: Document, entry: Entry) -> None:
        document.add_text("document", storable(entry.document))
        document.add_unsigned("doc", numbered(entry.document))
        document.add_unsigned("page", entry.page)
        for label in entry.labels:
            document.add_text("label", storable(label))
        for facet, values in entry.facets.items():
            for value in values:
                document.add_text("facet", storable(f"{facet}{SEPARATOR}{value}"))
        for year in (year for year in entry.years if year >= 0):
            document.add_unsigned("year", year)
        facets = facet_values(entry)
        document.add_bytes("facets", facets.encode())
        document.add_unsigned("set", numbered(facets))


class WordWriter:
    """Writes the words not yet known, with their sounds and spellings."""

    def __init__(self, generation: Generation) -> None:
        self._index = generation.words()
        self._index.reload()
        self._known = self._index.searcher()
        self._seen: set[str] = set()
        self._new: set[str] = set()

    def add(self, text: str) -> None:
        fresh = set(text.lower().split()) - self._seen
        if len(self._seen) > _SEEN:
            self._seen.clear()
        self._seen |= fresh
        for word in _WRITTEN_WORD.findall(" ".join(fresh)):
            if word not in self._new and not self._known.doc_freq("spelling", word):
                self._new.add(word)

    def commit(self) -> None:
        if not self._new:
            return
        writer = self._index.writer(_WORD_MEMORY, 1)
        for spelling in sorted(self._new):
            word = fold(spelling)
            document = Document()
            document.add_text("word", word)
            document.add_text("sound", sound(word))
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


def facet_values(entry: Entry) -> str:
    """The entry's facet values and years as JSON, the same for equal values."""
    values = {facet: sorted(set(each)) for facet, each in entry.facets.items()} | {"year": sorted({str(year) for year in entry.years})}
    return json.dumps(values, sort_keys=True, ensure_ascii=True)
