"""What a query finds on the server, for one reader: pages in order, and how many documents there are with each value.

Documents are counted from one entry of each: exactly where no more than WINDOW pages answer, and beyond it among a fair share of the
documents, chosen so that about `_SAMPLE` pages answer in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from search.engines.elastic_operations import Json
from search.engines.elastic_query import filtered, level_for, translated
from search.engines.elastic_ranking import WINDOW, Page, documents_in, pages_for
from search.engines.elastic_server import Source
from search.engines.elastic_writing import DEEPEST
from search.engines.tantivy_schema import SEPARATOR
from search.index import FacetValue, Query, Scope
from search.tree import Node, Nothing, Some, Term

_SAMPLE = 2_000
_ESTIMATE = 20_000
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
    """What was found with `wanted`: the best pages, in order, and how many there are (about, beyond WINDOW); `counted` if that was done."""

    wanted: Json
    pages: list[Page]
    count: int
    counted: Json | None = None


class Reading:
    """A query asked by a reader. `size` is how many entries there are."""

    def __init__(self, source: Source, query: Query, scope: Scope, size: int) -> None:
        self._ask = source.ask
        self._query = query
        self._scope = scope
        self._size = size
        self.last = max(query.offset, 0) + max(query.limit, 0)

    def nothing(self) -> Found:
        return Found(translated(Nothing()), [], 0)

    def found(self, tree: Node) -> Found:
        """The best pages, as many as hold the documents asked for, or WINDOW."""
        most, wanted = pages_for(self.last, 0), translated(tree)
        searches = [self._ranked(wanted, most, [])]
        if self._size <= WINDOW:
            searches[0] |= _COUNTING
        else:
            searches.append(
                {"size": 0, "track_total_hits": True, "query": self._filtered(wanted, level_for(self._size, _ESTIMATE, DEEPEST))}
            )
        answers = self._ask(searches)
        pages = list(_pages(answers[0]))
        while len(pages) == most < WINDOW and documents_in(pages) < self.last:
            most = pages_for(self.last, most)
            pages += _pages(self._ask([self._ranked(wanted, most - len(pages), pages)])[0])
        total = answers[0]["hits"]["total"]
        if total["relation"] == "eq":
            return Found(wanted, pages, total["value"], answers[0].get("aggregations"))
        estimated = answers[1]["hits"]["total"]["value"] << level_for(self._size, _ESTIMATE, DEEPEST)
        return Found(wanted, pages, max(WINDOW + 1, estimated))

    def counted(self, found: Found) -> tuple[int, Mapping[str, tuple[FacetValue, ...]]]:
        """How many documents were found, and how many of them have each value of each facet, most first."""
        level = level_for(found.count, _SAMPLE, DEEPEST) if found.count > WINDOW else 0
        counted = found.counted
        if counted is None and found.count:
            counted = self._ask([{"size": 0, "query": self._filtered(found.wanted, level), "track_total_hits": False, **_COUNTING}])[0][
                "aggregations"
            ]
        if not counted:
            return 0, {}
        facets: dict[str, list[FacetValue]] = {}
        values = [(each["key"], each["doc_count"]) for each in counted["documents"]["facets"]["buckets"]]
        for named, count in sorted(values, key=lambda each: (-each[1], each[0])):
            facet, _, value = named.partition(SEPARATOR)
            facets.setdefault(facet, []).append(FacetValue(value, count << level))
        return counted["documents"]["doc_count"] << level, {facet: tuple(each) for facet, each in facets.items()}

    def knows(self, codes: Iterable[str]) -> bool:
        """Whether the reader may see a document that is known by one of the codes."""
        owned = filtered(translated(Some(tuple(Term("own", code) for code in codes))), Query(""), self._scope)
        return bool(self._ask([{"size": 0, "track_total_hits": 1, "query": owned}])[0]["hits"]["total"]["value"])

    def _filtered(self, wanted: Json, level: int = 0) -> Json:
        return filtered(wanted, self._query, self._scope, level)

    def _ranked(self, wanted: Json, count: int, after: list[Page]) -> Json:
        follow = {"search_after": list(after[-1].place)} if after else {}
        shown = {"stored_fields": "_none_", "docvalue_fields": ["document"]}
        return {"size": count, "track_total_hits": WINDOW, "query": self._filtered(wanted), "sort": _ORDER, **shown, **follow}


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
