"""The embedded engine: a SearchIndex in a folder, with no server and nothing held open for writing.

A search runs the plan's trees in turn, always within the reader's labels, and counts documents from the pages found: all of them up to
`_WINDOW`, and beyond it by the proportion seen in the best `_WINDOW` pages; facets are then counted in about `_SAMPLE` documents.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tantivy import DocAddress, Occur
from tantivy import Query as EngineQuery

from search.codes import NO_PATTERNS, CodePatterns
from search.engines.tantivy_schema import entries_schema, filtered, translated, within
from search.engines.tantivy_storage import Reading, Storage
from search.engines.tantivy_words import ReaderWords
from search.engines.tantivy_writing import EntryWriter
from search.index import Entry, FacetValue, Hit, Note, PageHit, Query, Results, Scope, Understood
from search.plan import Plan, plan, synonym_table
from search.query import Parsed, parse
from search.tree import Node, Some, Term

_WINDOW = 10_000
_SAMPLE = 2_500
_MORE_PAGES = 0.06
_PAGES_SHOWN = 5
_SETS_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class _Found:
    """The entries a tree found, best first; `count` may be more than those held."""

    count: int
    scores: Sequence[float]
    addresses: list[DocAddress]
    documents: Sequence[int]

    @property
    def proportion(self) -> float:
        return self.count / len(self.addresses) if self.addresses else 1.0


class TantivyIndex:
    """A `search.index.SearchIndex` in `folder`. `patterns` say what a code is, `synonyms` which expressions mean the same.

    Any number of threads and processes may use the same folder; writers wait for each other. Raises IndexFormatChanged where the index
    was written by another version of the program.
    """

    def __init__(self, folder: Path, patterns: CodePatterns = NO_PATTERNS, synonyms: Iterable[Sequence[str]] = ()) -> None:
        self._storage = Storage(folder)
        self._patterns = patterns
        self._synonyms = synonym_table(synonyms)
        self._facet_sets: dict[int, Mapping[str, list[str]]] = {}

    def put(self, entries: Iterable[Entry]) -> None:
        replaced: set[str] = set()
        with self._storage.writing() as generation, EntryWriter(generation, self._patterns) as writer:
            for entry in entries:
                if entry.document not in replaced:
                    replaced.add(entry.document)
                    writer.remove(entry.document)
                writer.add(entry)

    def remove(self, documents: Iterable[str]) -> None:
        with self._storage.writing() as generation, EntryWriter(generation, self._patterns) as writer:
            for document in documents:
                writer.remove(document)

    def rebuild(self, entries: Iterable[Entry]) -> int:
        count = 0
        with self._storage.rebuilding() as generation, EntryWriter(generation, self._patterns, threads=2) as writer:
            for count, entry in enumerate(entries, 1):  # noqa: B007
                writer.add(entry)
        return count

    def search(self, query: Query, *, scope: Scope) -> Results:
        reading = self._storage.reading()
        if reading is None or not scope.labels or reading.entries.num_docs == 0:
            return Results(0, True, (), {}, Understood())
        parsed = parse(query.text, self._patterns)
        asked = plan(query.text, parsed, ReaderWords(reading, scope), self._synonyms)
        found, notes = self._run(reading, asked, query, scope)
        notes += _about_codes(reading, parsed, scope, found)
        places = _places(found)
        exact = found.count <= len(found.addresses)
        counted = places if exact else places[:: 1 + len(places) // _SAMPLE]
        first, last = max(query.offset, 0), max(query.offset, 0) + max(query.limit, 0)
        return Results(
            total=round(len(places) * found.proportion),
            total_is_exact=exact,
            hits=tuple(_hit(reading, found, each, score) for score, each in _best(found, places, last)[first:]),
            facets=self._facets(
                reading, [found.addresses[each[0]] for each in counted], found.proportion * len(places) / max(len(counted), 1)
            ),
            understood=asked.understood,
            notes=(*asked.notes, *notes),
            did_you_mean=asked.did_you_mean,
        )

    def _run(self, reading: Reading, asked: Plan, query: Query, scope: Scope) -> tuple[_Found, list[Note]]:
        found = _Found(0, [], [], [])
        for step in asked.steps:
            found = _find(reading, step.tree, query, scope)
            if found.count:
                return found, [step.note] if step.note else []
        return found, []

    def _facets(self, reading: Reading, addresses: list[DocAddress], proportion: float) -> dict[str, tuple[FacetValue, ...]]:
        """How many documents have each value, given one entry of each document found."""
        if not addresses:
            return {}
        counts: dict[str, dict[str, int]] = {}
        sets = reading.column("set", addresses)
        where = dict(zip(sets, addresses, strict=True))
        for number, documents in Counter(sets).items():
            for facet, values in self._facet_set(reading, number, where[number]).items():
                of_facet = counts[facet] if facet in counts else counts.setdefault(facet, {})
                for value in values:
                    of_facet[value] = of_facet.get(value, 0) + documents
        return {
            facet: tuple(FacetValue(value, round(count * proportion)) for value, count in sorted(values.items(), key=_commonest))
            for facet, values in counts.items()
        }

    def _facet_set(self, reading: Reading, number: int, address: DocAddress) -> Mapping[str, list[str]]:
        known = self._facet_sets.get(number)
        if known is None:
            if len(self._facet_sets) >= _SETS_REMEMBERED:
                self._facet_sets.clear()
            known = self._facet_sets[number] = json.loads(reading.stored("facets", address))
        return known


def _commonest(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def _find(reading: Reading, tree: Node, query: Query, scope: Scope) -> _Found:
    schema = entries_schema()
    count, hits = reading.find(filtered(schema, query, scope, translated(schema, tree)), _WINDOW)
    addresses = [address for _, address in hits]
    return _Found(count, [score for score, _ in hits], addresses, reading.column("doc", addresses))


def _places(found: _Found) -> list[list[int]]:
    """For each document, the places of its pages among those found, best first; documents by their best page."""
    places: dict[int, list[int]] = {}
    for at, document in enumerate(found.documents):
        if document in places:
            places[document].append(at)
        else:
            places[document] = [at]
    return list(places.values())


def _best(found: _Found, places: list[list[int]], most: int) -> list[tuple[float, list[int]]]:
    """The best documents with their scores: that of the best page and a little of the next three."""
    if not places or not most:
        return []
    scores = found.scores
    enough = scores[places[min(most, len(places)) - 1][0]] / (1 + 3 * _MORE_PAGES)
    rivals = takewhile(lambda each: scores[each[0]] >= enough, places)
    scored = [(scores[each[0]] + _MORE_PAGES * sum(scores[at] for at in each[1:4]), each) for each in rivals]
    scored.sort(key=lambda group: -group[0])
    return scored[:most]


def _hit(reading: Reading, found: _Found, places: list[int], score: float) -> Hit:
    addresses = [found.addresses[at] for at in places[:_PAGES_SHOWN]]
    shown = [PageHit(page, found.scores[at]) for page, at in zip(reading.column("page", addresses), places, strict=False)]
    return Hit(reading.stored("document", addresses[0]), score, tuple(shown))


def _about_codes(reading: Reading, parsed: Parsed, scope: Scope, found: _Found) -> list[Note]:
    """What to say when no document the reader may see is known by the code that was typed."""
    if not parsed.naming:
        return []
    schema = entries_schema()
    owned = translated(schema, Some(tuple(Term("own", code) for code in parsed.naming)))
    query = EngineQuery.boolean_query([(Occur.Must, owned), (Occur.Must, within(schema, scope))])
    if reading.find(query, 1)[0]:
        return []
    return [Note("code_cited" if found.count else "code_absent", {"code": parsed.named})]
