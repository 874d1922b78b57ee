"""What a query finds on the server, for one reader: pages in order, and how many documents there are with each value.

Documents are counted from one entry of each: exactly where no more than WINDOW pages answer, and beyond it among a fair share of the
documents, in which at least `_SAMPLE` pages answer. They are counted in a share of `_SHARE` entries or more by the request that ranks the
pages, and once more only where that was not the share to count in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.engines.elastic_operations import Json
from search.engines.elastic_query import filters, level_for, share, translated, unscored, within
from search.engines.elastic_ranking import WINDOW, Page, documents_in, pages_for
from search.engines.elastic_server import Source
from search.engines.elastic_writing import DEEPEST
from search.engines.tantivy_schema import SEPARATOR
from search.index import FacetValue, Query, Scope
from search.tree import Node, Nothing, Some, Term

_SAMPLE = 2_000
_SHARE = 10_000
_LISTED = 1_000
_COUNTING: Json = {
    "aggs": {
        "documents": {
            "diversified_sampler": {"field": "doc", "max_docs_per_value": 1, "shard_size": WINDOW},
            "aggs": {"facets": {"terms": {"field": "facet", "size": WINDOW}}},
        }
    }
}
_ORDER = [{"_score": "desc"}, {"doc": "asc"}, {"page": "asc"}, {"part": "asc"}]


@dataclass(frozen=True, slots=True)
class Found:
    """What a tree found: the best pages, in order, and how many there are (about, beyond WINDOW); the documents counted among one in
    2**level of all, if that was done.
    """

    tree: Node
    pages: list[Page]
    count: int
    level: int = 0
    counted: Json | None = None


class Reading:
    """A query asked by a reader. `size` is how many entries there are. `knows`: whether, as far as was asked, the reader may see a
    document that is known by one of the codes that the query names, or it names none.
    """

    def __init__(self, ask: Callable[[Sequence[Json]], list[Json]], query: Query, scope: Scope, size: int, codes: Iterable[str]) -> None:
        self._ask = ask
        self._let_through = filters(query, scope)
        self._level = level_for(size, _SHARE, DEEPEST)
        owned = unscored(Some(tuple(Term("own", code) for code in codes)))
        self._naming = [{"size": 0, "track_total_hits": 1, "query": {"bool": {"filter": [owned, within(scope)]}}}] if codes else []
        self.knows = True
        self.last = max(query.offset, 0) + max(query.limit, 0)

    def nothing(self) -> Found:
        return Found(Nothing(), [], 0)

    def found(self, tree: Node) -> Found:
        """The best pages, as many as hold the documents asked for, or WINDOW."""
        most, wanted = pages_for(self.last, 0), translated(tree)
        ranked, counted, *named = self._ask([self._ranked(wanted, most, []), self._counting(tree, self._level), *self._naming])
        self.knows = all(each["hits"]["total"]["value"] for each in named) and self.knows
        self._naming = []
        pages = list(_pages(ranked))
        while len(pages) == most < WINDOW and documents_in(pages) < self.last:
            most = pages_for(self.last, most)
            pages += _pages(self._ask([self._ranked(wanted, most - len(pages), pages)])[0])
        count = int(ranked["hits"]["total"]["value"])
        if ranked["hits"]["total"]["relation"] == "eq":
            return Found(tree, pages, count, 0, counted if self._level == 0 else None)
        count = max(WINDOW + 1, counted["hits"]["total"]["value"] << self._level)
        level = level_for(count, _SAMPLE, DEEPEST)
        if level < self._level or counted["aggregations"]["documents"]["doc_count"] >= WINDOW:
            return Found(tree, pages, count, level)
        return Found(tree, pages, count, self._level, counted)

    def counted(self, found: Found) -> tuple[int, Mapping[str, tuple[FacetValue, ...]]]:
        """How many documents were found, and how many of them have each value of each facet, most first."""
        if not found.count:
            return 0, {}
        answer = found.counted or self._ask([self._counting(found.tree, found.level)])[0]
        counted, level = answer["aggregations"]["documents"], found.level
        facets: dict[str, list[FacetValue]] = {}
        values = [(each["key"], each["doc_count"]) for each in counted["facets"]["buckets"]]
        for named, count in sorted(values, key=lambda each: (-each[1], each[0])):
            facet, _, value = named.partition(SEPARATOR)
            facets.setdefault(facet, []).append(FacetValue(value, count << level))
        return counted["doc_count"] << level, {facet: tuple(each) for facet, each in facets.items()}

    def _counting(self, tree: Node, level: int) -> Json:
        """The documents that answer, counted among one in 2**level of all."""
        query = {"bool": {"filter": [unscored(tree), *self._let_through, *share(level)]}}
        return {"size": 0, "track_total_hits": True, "query": query, **_COUNTING}

    def _ranked(self, wanted: Json, count: int, after: list[Page]) -> Json:
        follow = {"search_after": list(after[-1].place)} if after else {}
        shown = {"stored_fields": "_none_", "docvalue_fields": ["document"]}
        query = {"bool": {"must": [wanted], "filter": self._let_through}}
        return {"size": count, "track_total_hits": WINDOW, "query": query, "sort": _ORDER, **shown, **follow}


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
