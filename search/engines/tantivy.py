"""The embedded engine: a SearchIndex in a folder, with no server and nothing held open for writing.

A search runs the plan's trees in turn, always within the reader's labels, and counts documents from the pages found: all of them up to
`_WINDOW`, and beyond it by a fair sample of documents with about `_SAMPLE` pages.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tantivy import DocAddress, Occur
from tantivy import Query as EngineQuery

from search.codes import NO_PATTERNS, CodePatterns
from search.engines.tantivy_sampling import level_for, most, of_a_share
from search.engines.tantivy_schema import SEPARATOR, SETS, entries_schema, filtered, translated, within
from search.engines.tantivy_storage import Reading, Storage
from search.engines.tantivy_words import ReaderWords
from search.engines.tantivy_writing import EntryWriter
from search.index import Entry, FacetValue, Hit, Note, PageHit, Query, Results, Scope, Understood
from search.plan import Plan, Step, plan, synonym_table
from search.query import Parsed, parse
from search.tree import Node, Some, Term

_WINDOW = 10_000
_MANY = 12_000
"""From this many entries on, by estimation, more than `_WINDOW` answer."""
_SAMPLE = 2_000
_WHOLE = 500
"""From this many entries on that answer the whole of a query that many answer in part, these come first."""
_PAGES_EACH = 4
"""How many pages are ranked for each document shown."""
_MORE_PAGES = 0.06
_PAGES_SHOWN = 5
_SETS_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class _Found:
    """The entries a tree found, best first; `count` may be more than those held.

    `firsts`: for each document among them, the place of its best entry, best first.
    `counted`: an entry of each document found, or of a fair sample of them, and how many documents one of these stands for.
    """

    count: int
    scores: Sequence[float]
    addresses: Sequence[DocAddress]
    documents: Sequence[int]
    firsts: Sequence[int] = ()
    counted: Sequence[DocAddress] = ()
    proportion: int = 1
    is_exact: bool = True


class TantivyIndex:
    """A `search.index.SearchIndex` in `folder`. `patterns` say what a code is, `synonyms` which expressions mean the same.

    Any number of threads and processes may use the same folder; writers wait for each other. Raises IndexFormatChanged where the index
    was written by another version of the program.

    What was removed is found no more at once; its words leave the disk when the engine merges its files, and for certain at a rebuild.
    """

    def __init__(self, folder: Path, patterns: CodePatterns = NO_PATTERNS, synonyms: Iterable[Sequence[str]] = ()) -> None:
        self._storage = Storage(folder)
        self._patterns = patterns
        self._synonyms = synonym_table(synonyms)
        self._facet_sets: dict[int, tuple[str, ...]] = {}

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
            for count, entry in enumerate(entries, 1):  # noqa: B007  # the last one is the answer
                writer.add(entry)
        return count

    def documents(self) -> Iterable[str]:
        """Each document that has entries, once: see search.index.Listed."""
        reading = self._storage.reading()
        if reading is not None and reading.entries.num_docs:
            addresses = [address for _, address in reading.find(EngineQuery.all_query(), reading.entries.num_docs)[1]]
            firsts = dict(zip(reading.column("doc", addresses), addresses, strict=True))
            yield from (reading.stored("document", address) for address in firsts.values())

    def search(self, query: Query, *, scope: Scope) -> Results:
        reading = self._storage.reading()
        if reading is None or not scope.labels or reading.entries.num_docs == 0:
            return Results(0, True, (), {}, Understood())
        words = ReaderWords(reading, scope)
        parsed, asked = self._asked(query.text, words)
        found, notes = self._run(reading, asked, query, scope)
        notes += _about_codes(reading, parsed, scope, found)
        first, last = max(query.offset, 0), max(query.offset, 0) + max(query.limit, 0)
        return Results(
            total=len(found.counted) * found.proportion,
            total_is_exact=found.is_exact,
            hits=_hits(reading, found, _best(found, last)[first:]),
            facets=self._facets(reading, list(found.counted), found.proportion),
            understood=asked.understood,
            notes=(*asked.notes(words), *notes),
            did_you_mean=asked.did_you_mean(words),
        )

    def understood(self, text: str, *, scope: Scope) -> Understood:
        reading = self._storage.reading()
        if reading is None or not scope.labels or reading.entries.num_docs == 0:
            return Understood()
        return self._asked(text, ReaderWords(reading, scope))[1].understood

    def _asked(self, text: str, words: ReaderWords) -> tuple[Parsed, Plan]:
        parsed = parse(text, self._patterns)
        return parsed, plan(text, parsed, words, self._synonyms)

    def _run(self, reading: Reading, asked: Plan, query: Query, scope: Scope) -> tuple[_Found, list[Note]]:
        found = _Found(0, (), (), ())
        for step in asked.steps:
            found = _find(reading, step, query, scope)
            if found.count:
                return found, [step.note] if step.note else []
        return found, []

    def _facets(self, reading: Reading, addresses: list[DocAddress], proportion: int) -> dict[str, tuple[FacetValue, ...]]:
        """How many documents have each value, given one entry of each document found."""
        counts: Counter[str] = Counter()
        for place, column in enumerate(SETS):
            numbers = reading.column(column, addresses)
            each = Counter(numbers)
            known = self._facet_sets
            if each.keys() - known.keys():
                known = self._known(reading, place, dict(zip(numbers, addresses, strict=True)))
            for number, count in each.items():
                for named in known[number]:
                    counts[named] += count
        facets: dict[str, list[FacetValue]] = {}
        for named, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            facet, _, value = named.partition(SEPARATOR)
            facets.setdefault(facet, []).append(FacetValue(value, count * proportion))
        return {facet: tuple(values) for facet, values in facets.items()}

    def _known(self, reading: Reading, place: int, examples: dict[int, DocAddress]) -> dict[int, tuple[str, ...]]:
        """What the numbers of a column stand for, read where new from an entry that has it."""
        known = self._facet_sets
        unknown = examples.keys() - known.keys()
        if len(known) > _SETS_REMEMBERED:
            known, unknown = {}, set(examples)
        known = known | {number: tuple(json.loads(reading.stored("facets", examples[number]))[place]) for number in unknown}
        self._facet_sets = known
        return known


def _find(reading: Reading, step: Step, query: Query, scope: Scope) -> _Found:
    """What a step finds, as many of the best as the page asked for needs; counted whole, or by a sample where it is much."""
    limit = min(_WINDOW, max(_SAMPLE, _PAGES_EACH * (query.offset + query.limit)))
    count = likely = _estimated(reading, step.tree, query, scope, _MANY)
    hits: list[tuple[float, DocAddress]] = []
    if likely > _MANY:
        hits = _wholly(reading, step, query, scope, limit)
    if not hits:
        count, hits = _ranked(reading, step.tree, query, scope, limit if likely > _MANY else _WINDOW)
    if len(hits) < count <= _WINDOW:
        count, hits = _ranked(reading, step.tree, query, scope, _WINDOW)
    scores, addresses = zip(*hits, strict=True) if hits else ((), ())
    documents = reading.column("doc", list(addresses))
    firsts = _firsts(documents)
    if count <= _WINDOW:
        return _Found(count, scores, addresses, documents, firsts, [addresses[at] for at in firsts])
    level = level_for(count, _SAMPLE)
    sampled = [address for _, address in reading.find(of_a_share(step.tree, query, scope, level), _WINDOW)[1]]
    counted = [sampled[at] for at in _firsts(reading.column("doc", sampled))]
    return _Found(count, scores, addresses, documents, firsts, counted, 2**level, is_exact=False)


def _wholly(reading: Reading, step: Step, query: Query, scope: Scope, limit: int) -> list[tuple[float, DocAddress]]:
    """The best entries where many answer the whole query: these before those that answer a part of it, which are looked for only if asked
    so far. Nothing where there are not many.
    """
    if step.whole is None or _estimated(reading, step.whole, query, scope, _WHOLE) < _WHOLE:
        return []
    count, hits = _ranked(reading, step.whole, query, scope, limit)
    if count < _WHOLE:
        return []
    if count < _PAGES_EACH * (query.offset + query.limit):
        first = {(address.segment_ord, address.doc) for _, address in hits}
        last = hits[-1][0]
        others = _ranked(reading, step.tree, query, scope, limit)[1]
        hits += [(min(score, last), address) for score, address in others if (address.segment_ord, address.doc) not in first]
    return hits[:limit]


def _ranked(reading: Reading, tree: Node, query: Query, scope: Scope, limit: int) -> tuple[int, list[tuple[float, DocAddress]]]:
    schema = entries_schema()
    return reading.find(filtered(schema, query, scope, translated(schema, tree)), limit)


def _estimated(reading: Reading, tree: Node, query: Query, scope: Scope, enough: int) -> int:
    """About how many entries answer, from a share of them; where `enough` cannot, the most that can."""
    most_of_all = most(reading, tree)
    level = level_for(reading.entries.num_docs, _SAMPLE)
    if most_of_all <= enough or level == 0:
        return most_of_all
    return reading.find(of_a_share(tree, query, scope, level), 1)[0] << level


def _firsts(documents: Sequence[int]) -> list[int]:
    """For each of the documents, the first place where it stands; in order."""
    return sorted(dict(zip(reversed(documents), range(len(documents) - 1, -1, -1), strict=True)).values())


def _best(found: _Found, most: int) -> list[tuple[float, list[int]]]:
    """The best documents, with their scores (that of the best page and a little of the next three) and the places of their pages."""
    firsts, scores, documents = found.firsts, found.scores, found.documents
    if not firsts or not most:
        return []
    enough = scores[firsts[min(most, len(firsts)) - 1]] / (1 + 3 * _MORE_PAGES)
    places: dict[int, list[int]] = {documents[at]: [] for at in takewhile(lambda at: scores[at] >= enough, firsts)}
    for at, document in enumerate(documents):
        if document in places:
            places[document].append(at)
    scored = [(scores[each[0]] + _MORE_PAGES * sum(scores[at] for at in each[1:4]), each) for each in places.values()]
    scored.sort(key=lambda group: (-group[0], documents[group[1][0]]))
    return scored[:most]


def _hits(reading: Reading, found: _Found, best: list[tuple[float, list[int]]]) -> tuple[Hit, ...]:
    shown = [at for _, places in best for at in places[:_PAGES_SHOWN]]
    pages = dict(zip(shown, reading.column("page", [found.addresses[at] for at in shown]), strict=True))
    return tuple(
        Hit(
            reading.stored("document", found.addresses[places[0]]),
            score,
            tuple(PageHit(pages[at], found.scores[at]) for at in places[:_PAGES_SHOWN]),
        )
        for score, places in best
    )


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
