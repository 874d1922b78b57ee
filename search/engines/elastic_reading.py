"""What a query finds on the server, for one reader: pages in order, and how many documents there are with each value.

Documents are counted from one entry of each: exactly where no more than WINDOW pages answer, and beyond it among a fair share of the
documents, in which at least `_SAMPLE` pages answer. What is likely to be needed of the two is asked while the pages are ranked, the first
no further than WINDOW, the other in a share of `_SHARE` entries; they are counted once more only where that was not the share to count in.
Where words have to stand next to each other it is seen first how many pages answer.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from search.engines.elastic_operations import Json
from search.engines.elastic_query import filters, level_for, share, translated, unscored, within
from search.engines.elastic_ranking import WINDOW, Page, documents_in, pages_for
from search.engines.elastic_server import Source
from search.engines.elastic_writing import DEEPEST
from search.engines.tantivy_schema import SEPARATOR
from search.index import FacetValue, Query, Scope
from search.plan import Step
from search.tree import Node, Nothing, Some, Term

_MUCH = 50_000
"""In an index of more entries, those that answer the whole of a query are looked for first."""
_WHOLE = 50
"""From this many pages on that answer the whole query, these come first. The embedded engine, to which a part is not so much dearer, asks
for more of both: of 246 queries to 100,000 documents all have the same first document, and .998 of the first ten are the same.
"""
_SURE = 2
"""How many times more entries may answer than was estimated, for the other forms of a word are not counted."""
_DEVIATIONS = 3
_SAMPLE = 600
_SHARE = 25_000
_LISTED = 1_000
_COUNTING: Json = {
    "aggs": {
        "documents": {
            "diversified_sampler": {"field": "doc", "max_docs_per_value": 1, "shard_size": WINDOW},
            "aggs": {"facets": {"terms": {"field": "facet", "size": WINDOW, "order": [{"_count": "desc"}, {"_key": "asc"}]}}},
        }
    }
}
_ORDER = [{"_score": "desc"}, {"doc": "asc"}, {"page": "asc"}, {"part": "asc"}]


@dataclass(frozen=True, slots=True)
class Found:
    """What a tree found: the best pages, in order, and how many there are (about, beyond WINDOW); the documents counted among one in
    2**level of all, if that was done. So many pages as `whole` answer the whole query and come before the others, if all do not.
    """

    tree: Node
    pages: list[Page]
    count: int
    whole: int = 0
    level: int = 0
    counted: Json | None = None


class Estimates(Protocol):
    """What is known of how many entries there are, and of how many answer a tree."""

    def size(self) -> int: ...
    def likely(self, tree: Node) -> float: ...


class Reading:
    """A query asked by a reader. `knows`: whether, as far as was asked, the reader may see a document that is known by one of the codes
    that the query names, or it names none.
    """

    def __init__(
        self, ask: Callable[[Sequence[Json]], list[Json]], query: Query, scope: Scope, words: Estimates, codes: Iterable[str]
    ) -> None:
        self._ask = ask
        self._let_through = filters(query, scope)
        self._words = words
        self._level = level_for(words.size(), _SHARE, DEEPEST)
        owned = unscored(Some(tuple(Term("own", code) for code in codes)))
        self._naming = [{"size": 0, "track_total_hits": 1, "query": {"bool": {"filter": [owned, within(scope)]}}}] if codes else []
        self.knows = True
        self.last = max(query.offset, 0) + max(query.limit, 0)

    def nothing(self) -> Found:
        return Found(Nothing(), [], 0)

    def found(self, step: Step) -> Found:
        """The best pages, as many as hold the documents asked for, or WINDOW."""
        most = pages_for(self.last, 0)
        whole = step.whole if self._words.size() > _MUCH else None
        likely = self._words.likely(step.tree)
        guess = whole if whole and (likely > WINDOW or self._words.likely(whole) > _WHOLE) else None
        first = self._ranked(translated(guess or step.tree), most, [], step.adjacent or (_WHOLE if guess else False))
        wholly = [self._wholly(whole)] if whole and not guess else []
        levels = [] if step.adjacent else self._levels(likely)
        ranked, *answers = self._ask([first, *wholly, *(self._counting(step.tree, level) for level in levels), *self._naming])
        told = answers.pop(0) if wholly else ranked
        counts = dict(zip(levels, answers, strict=False))
        self.knows = all(each["hits"]["total"]["value"] for each in answers[len(levels) :]) and self.knows
        self._naming = []
        if 0 in counts and not any(each["hits"]["total"]["value"] for each in counts.values()):
            return Found(step.tree, [], 0)
        if whole and told["hits"]["total"]["value"] < _WHOLE:
            whole = None
        if whole is not guess:
            ranked = self._ask([self._ranked(translated(whole or step.tree), most, [])])[0]
        pages, before = self._pages(step.tree, whole, ranked, most)
        if not pages:
            return Found(step.tree, [], 0)
        if step.adjacent:
            return self._found_adjacent(step.tree, pages, int(ranked["hits"]["total"]["value"]))
        return replace(self._counted(step.tree, pages, counts), whole=before)

    def _found_adjacent(self, tree: Node, pages: list[Page], count: int) -> Found:
        """So many answer: the documents are known where all their pages are."""
        if count == len(pages):
            return Found(tree, pages, count, counted=self._ask([self._counting_documents(pages)])[0])
        return Found(tree, pages, count, level=level_for(count, _SAMPLE, DEEPEST) if count > WINDOW else 0)

    def counted(self, found: Found) -> tuple[int, Mapping[str, tuple[FacetValue, ...]]]:
        """How many documents were found, and how many of them have each value of each facet, most first."""
        if not found.count:
            return 0, {}
        answer = found.counted or self._ask([self._counting(found.tree, found.level)])[0]
        counted, level = answer["aggregations"]["documents"], found.level
        facets: dict[str, list[FacetValue]] = {}
        for each in counted["facets"]["buckets"]:
            facet, _, value = each["key"].partition(SEPARATOR)
            facets.setdefault(facet, []).append(FacetValue(value, each["doc_count"] << level))
        return counted["doc_count"] << level, {facet: tuple(each) for facet, each in facets.items()}

    def _pages(self, tree: Node, whole: Node | None, answer: Json, most: int) -> tuple[list[Page], int]:
        """The best pages, of which `answer` has the first: those that answer the whole query, so many, before those that answer a part of
        it, if that far was asked.
        """
        pages = list(_pages(answer))
        pages += self._following(translated(whole or tree), pages, most)
        before = len(pages)
        if whole and self._wants(pages):
            rest = {"bool": {"must": [translated(tree)], "must_not": [unscored(whole)]}}
            last = pages[-1].score
            pages += [page._replace(score=min(page.score, last)) for page in self._following(rest, [], 0, pages)]
        return pages, before if whole else 0

    def _following(self, wanted: Json, pages: Sequence[Page], most: int, before: Sequence[Page] = ()) -> list[Page]:
        """The pages that come after these, until there are enough with those before, or no more."""
        more: list[Page] = []
        while len(pages) + len(more) == most and self._wants([*before, *pages, *more]):
            added = min(pages_for(self.last, most), WINDOW - len(before)) - most
            most += added
            more += _pages(self._ask([self._ranked(wanted, added, [*pages, *more])])[0])
        return more

    def _wants(self, pages: Sequence[Page]) -> bool:
        return len(pages) < WINDOW and documents_in(pages) < self.last

    def _levels(self, likely: float) -> list[int]:
        """Where to count at first: all, where hardly more than WINDOW can answer, or a share of all; both where filters may leave few."""
        if not self._level or likely * _SURE < WINDOW:
            return [0]
        return [self._level] if len(self._let_through) == 1 else [0, self._level]

    def _counted(self, tree: Node, pages: list[Page], counts: Mapping[int, Json]) -> Found:
        """How many answer: by what was counted, or to be counted where it should have been."""
        exact, sample = counts.get(0), counts.get(self._level) if self._level else None
        if exact is None and not self._is_surely_much(sample):
            exact = self._ask([self._counting(tree, 0)])[0]
        if exact and (count := int(exact["hits"]["total"]["value"])) <= WINDOW:
            return Found(tree, pages, count, counted=exact)
        if sample is None and self._level:
            sample = self._ask([self._counting(tree, self._level)])[0]
        count = max(WINDOW + 1, sample["hits"]["total"]["value"] << self._level if sample else 0)
        level = level_for(count, _SAMPLE, DEEPEST)
        if sample is None or level < self._level or sample["aggregations"]["documents"]["doc_count"] >= WINDOW:
            return Found(tree, pages, count, level=level)
        return Found(tree, pages, count, level=self._level, counted=sample)

    def _is_surely_much(self, sample: Json | None) -> bool:
        """Whether more than WINDOW answer, by a share of them: less `_DEVIATIONS` of what chance makes of the documents found in it."""
        if sample is None or not (documents := sample["aggregations"]["documents"]["doc_count"]):
            return False
        least = sample["hits"]["total"]["value"] * (1 - _DEVIATIONS / math.sqrt(documents))
        return bool(least * 2**self._level > WINDOW)

    def _counting(self, tree: Node, level: int) -> Json:
        """The documents that answer, counted among one in 2**level of all; among all, no further than to know that they are many."""
        query = {"bool": {"filter": [unscored(tree), *self._let_through, *share(level)]}}
        stop = {} if level else {"terminate_after": WINDOW + 1}
        return {"size": 0, "track_total_hits": True, "query": query, **stop, **_COUNTING}

    def _counting_documents(self, pages: Iterable[Page]) -> Json:
        """The documents that these pages are of. All entries of a document have the same facets, years and labels."""
        documents = {"terms": {"document": sorted({page.document for page in pages})}}
        return {"size": 0, "track_total_hits": False, "query": {"bool": {"filter": [documents, *self._let_through]}}, **_COUNTING}

    def _wholly(self, whole: Node) -> Json:
        """Whether many answer the whole query."""
        return {"size": 0, "track_total_hits": _WHOLE, "query": {"bool": {"filter": [unscored(whole), *self._let_through]}}}

    def _ranked(self, wanted: Json, count: int, after: Sequence[Page], total: int | bool = False) -> Json:
        follow = {"search_after": list(after[-1].place)} if after else {}
        shown = {"stored_fields": "_none_", "docvalue_fields": ["document"]}
        query = {"bool": {"must": [wanted], "filter": self._let_through}}
        return {"size": count, "track_total_hits": total, "query": query, "sort": _ORDER, **shown, **follow}


def every_document(source: Source) -> Iterator[str]:
    """Each document that has entries, once, in no order. Raises IndexGone."""
    after: Json = {}
    shown = {"stored_fields": "_none_", "docvalue_fields": ["document"]}
    while True:
        search = {
            "size": _LISTED,
            "query": {"exists": {"field": "doc"}},
            "collapse": {"field": "doc"},
            "sort": [{"doc": "asc"}],
            **shown,
            **after,
        }
        hits = source.ask([search])[0]["hits"]["hits"]
        yield from (hit["fields"]["document"][0] for hit in hits)
        if len(hits) < _LISTED:
            return
        after = {"search_after": hits[-1]["sort"]}


def _pages(answer: Json) -> Iterable[Page]:
    for hit in answer["hits"]["hits"]:
        score, doc, page, part = hit["sort"]
        yield Page(hit["fields"]["document"][0], score, (score, doc, page, part))
