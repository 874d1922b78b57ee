"""The vocabulary of a reader, asked of the server in few requests.

A plan asks for one word after another. It is made several times: each time from the answers known so far, noting what else it would have
asked, which is then asked of the server all at once; the last time nothing is left to ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from search.engines.elastic_operations import Json
from search.engines.elastic_query import level_for, share, unscored, within
from search.engines.elastic_server import Source
from search.engines.elastic_writing import DEEPEST, STAMP
from search.index import Scope
from search.spelling import one_edit_apart
from search.tree import Field, Node, Prefix, Some, Term

_LARGE = 200_000
"""From so many entries on, it is worth a request to know which words are common before they are counted."""
_COMMON = 1_000
_NEAR = 400
_ROUNDS = 8
_REMEMBERED = 50_000
_TEXTS: tuple[Field, ...] = ("bu", "tu", "du")
_ENTRIES: Json = {"size": 0, "track_total_hits": True, "query": {"exists": {"field": "doc"}}}
_STAMP: Json = {
    "size": 1,
    "track_total_hits": False,
    "query": {"ids": {"values": [STAMP]}},
    "stored_fields": "_none_",
    "docvalue_fields": ["stamp"],
}

Made = TypeVar("Made")


@dataclass(slots=True)
class Known:
    """What is known of the words of an index that does not change: `counts` are a reader's, the rest anyone's. `size` is how many entries
    there are, -1 if not known; `about` how many there were when last seen.
    """

    stamp: str = ""
    about: int = 0
    size: int = -1
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    edits: dict[tuple[str, int], Mapping[str, int]] = field(default_factory=dict)
    frequencies: dict[str, int] = field(default_factory=dict)
    counts: dict[tuple[frozenset[str], Node], int] = field(default_factory=dict)

    @property
    def is_much(self) -> bool:
        return max(len(self.lists), len(self.frequencies) // 10, len(self.counts)) > _REMEMBERED


class Outdated(Exception):
    """The index is no longer the one that something is remembered of."""


class Memory:
    """Remembers what is known of an index for as long as its stamp is the same."""

    def __init__(self) -> None:
        self.known = Known()

    def begin(self, stamp: str) -> Known:
        """Forget all: the index has this stamp now."""
        self.known = Known(stamp, max(self.known.size, self.known.about))
        return self.known


class Moment:
    """The index while one search reads it, with what is remembered of it.

    The first request brings the stamp too. Where the index has changed it raises Outdated, for what was asked was asked in the light of
    what is no longer so; from then on `known` is empty, and is filled from an index that has that stamp or a later one.
    """

    def __init__(self, source: Source, memory: Memory) -> None:
        self._source = source
        self._memory = memory
        self._is_now = False
        self.known = memory.begin(memory.known.stamp) if memory.known.is_much else memory.known

    def ask(self, searches: Sequence[Json]) -> list[Json]:
        """The answers to several searches, run at once. Raises IndexGone, Outdated."""
        if self._is_now:
            return self._source.ask(searches)
        stamp, *answers = self._source.ask([_STAMP, *searches])
        self._is_now = True
        stamps = [hit["fields"]["stamp"][0] for hit in stamp["hits"]["hits"]]
        if stamps != [self.known.stamp]:
            self.known = self._memory.begin(*stamps or [""])
            raise Outdated
        return answers

    def frequencies(self, words: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
        return self._source.frequencies(words, fields)


class ReaderWords:
    """A `search.spelling.Vocabulary`: words are found among all, and counted only in entries the scope opens."""

    def __init__(self, moment: Moment, scope: Scope) -> None:
        self._moment = moment
        self._scope = scope
        self._known = moment.known
        self._uncounted: dict[Node, None] = {}
        self._unlisted: dict[tuple[str, str], Json] = {}

    def complete(self, make: Callable[[], Made]) -> Made:
        """What `make` makes when it has all the words it asks for."""
        for _ in range(_ROUNDS):
            made = make()
            if not (self._uncounted or self._unlisted or self._known.size < 0):
                return made
            self._fetch()
        return make()

    def pages(self, word: str) -> int:
        return self._counted(Some(tuple(Term(field, word) for field in _TEXTS)))

    def starting(self, start: str) -> int:
        return self._counted(Prefix("bu", start))

    def size(self) -> int:
        return self._known.size

    def frequency(self, word: str) -> int:
        return self._known.frequencies[word] if word in self._known.frequencies else self.pages(word)

    def near(self, word: str, distance: int) -> Mapping[str, int]:
        if (edits := self._known.edits.get((word, distance))) is not None:
            return edits
        kind = "2" if ("2", word) in self._known.lists else str(distance)
        nearest = {"value": word, "fuzziness": distance, "max_expansions": _NEAR, "rewrite": f"top_terms_boost_{_NEAR}"}
        listed = self._listed(kind, word, {"fuzzy": {"word": nearest}})
        edits = {each: 1 if one_edit_apart(each, word) else 0 if each == word else 2 for each in listed}
        edits = {each: edit for each, edit in edits.items() if edit <= distance}
        if (kind, word) in self._known.lists:
            self._known.edits[word, distance] = edits
        return edits

    def sounding(self, key: str) -> Iterable[str]:
        return self._listed("sound", key, {"term": {"sound": key}})

    def spelled(self, word: str) -> str:
        return min((each for each in self._listed("spelling", word, {"term": {"word": word}}) if each != word), default=word)

    def _counted(self, node: Node) -> int:
        count = self._known.counts.get((self._scope.labels, node))
        if count is None:
            self._uncounted[node] = None
        return count or 0

    def _listed(self, kind: str, value: str, query: Json) -> list[str]:
        if (kind, value) not in self._known.lists:
            field = "spelling" if kind == "spelling" else "word"
            terms = {"field": field, "size": _NEAR, "execution_hint": "map"}
            seen = {"bool": {"filter": query}}
            self._unlisted[kind, value] = {"size": 0, "track_total_hits": False, "query": seen, "aggs": {"words": {"terms": terms}}}
        return self._known.lists.get((kind, value), [])

    def _fetch(self) -> None:
        """Ask for all that is wanted, and for the frequencies of the words that were found near others."""
        if self._known.about > _LARGE:
            self._learn(node.parts[0].word for node in self._uncounted if isinstance(node, Some) and isinstance(node.parts[0], Term))
        levels: dict[int, list[Node]] = {}
        for node in self._uncounted:
            levels.setdefault(self._level(node), []).append(node)
        counting = [self._counting(nodes, level) for level, nodes in levels.items()]
        answers = iter(self._moment.ask([*self._unlisted.values(), *counting, *([_ENTRIES] if self._known.size < 0 else [])]))
        found: set[str] = set()
        for (kind, value), answer in zip(self._unlisted, answers, strict=False):
            self._known.lists[kind, value] = [bucket["key"] for bucket in answer["aggregations"]["words"]["buckets"]]
            found.update(self._known.lists[kind, value] if kind != "spelling" else ())
        for (level, nodes), answer in zip(levels.items(), answers, strict=False):
            counts = [int(bucket["doc_count"]) << level for bucket in answer["aggregations"]["counts"]["buckets"]]
            self._known.counts |= zip(((self._scope.labels, node) for node in nodes), counts, strict=True)
        for answer in answers:
            self._known.size = self._known.about = int(answer["hits"]["total"]["value"])
        self._unlisted, self._uncounted = {}, {}
        self._learn(found)

    def _learn(self, words: Iterable[str]) -> None:
        if unknown := sorted(set(words) - self._known.frequencies.keys()):
            self._known.frequencies |= self._moment.frequencies(unknown, _TEXTS)

    def _level(self, node: Node) -> int:
        """In what share of the entries a node is counted: common words in one where there are enough of them."""
        match node:
            case Some((Term(_, word), *_)):
                return level_for(self._known.frequencies.get(word, 0), _COMMON, DEEPEST)
            case _:
                return 0

    def _counting(self, nodes: Sequence[Node], level: int) -> Json:
        """How many of the reader's entries answer each node, of those at the level."""
        seen = {"bool": {"filter": [within(self._scope), *share(level)]}}
        filters = [unscored(node) for node in nodes]
        return {"size": 0, "track_total_hits": False, "query": seen, "aggs": {"counts": {"filters": {"filters": filters}}}}
