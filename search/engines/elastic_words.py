"""The vocabulary of a reader, asked of the server in few requests.

A plan asks for one word after another. It is made several times: each time from the answers known so far, noting what else it would have
asked, which is then asked of the server all at once; the last time nothing is left to ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from search.engines.elastic_operations import Json
from search.engines.elastic_query import level_for, share, translated, within
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
    frequencies: dict[str, int] = field(default_factory=dict)
    counts: dict[tuple[frozenset[str], Node], int] = field(default_factory=dict)

    @property
    def is_much(self) -> bool:
        return max(len(self.lists), len(self.frequencies) // 10, len(self.counts)) > _REMEMBERED


class Memory:
    """Remembers what is known of an index for as long as its stamp is the same."""

    def __init__(self) -> None:
        self._known = Known()

    def known(self, source: Source) -> Known:
        """What is known of the index as it is now. Raises IndexGone."""
        search = {"size": 1, "query": {"ids": {"values": [STAMP]}}, "stored_fields": "_none_", "docvalue_fields": ["stamp"]}
        stamps = [hit["fields"]["stamp"][0] for hit in source.ask([search])[0]["hits"]["hits"]]
        known = self._known
        if not stamps or known.stamp != stamps[0] or known.is_much:
            known = self._known = Known(stamps[0] if stamps else "", max(known.size, known.about))
        return known


class ReaderWords:
    """A `search.spelling.Vocabulary`: words are found among all, and counted only in entries the scope opens."""

    def __init__(self, source: Source, scope: Scope, known: Known) -> None:
        self._source = source
        self._scope = scope
        self._known = known
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
        farther = self._known.lists.get(("2", word))
        if farther is None:
            query = {"fuzzy": {"word": {"value": word, "fuzziness": distance, "rewrite": "constant_score"}}}
            farther = self._listed(str(distance), word, query)
        edits = {each: 1 if one_edit_apart(each, word) else 0 if each == word else 2 for each in farther}
        return {each: edit for each, edit in edits.items() if edit <= distance}

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
            self._unlisted[kind, value] = {"size": 0, "query": {"bool": {"filter": query}}, "aggs": {"words": {"terms": terms}}}
        return self._known.lists.get((kind, value), [])

    def _fetch(self) -> None:
        """Ask for all that is wanted, and for the frequencies of the words that were found near others."""
        if self._known.about > _LARGE:
            self._learn(node.parts[0].word for node in self._uncounted if isinstance(node, Some) and isinstance(node.parts[0], Term))
        levels: dict[int, list[Node]] = {}
        for node in self._uncounted:
            levels.setdefault(self._level(node), []).append(node)
        counting = [self._counting(nodes, level) for level, nodes in levels.items()]
        answers = iter(self._source.ask([*self._unlisted.values(), *counting, *([_ENTRIES] if self._known.size < 0 else [])]))
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
            self._known.frequencies |= self._source.frequencies(unknown, _TEXTS)

    def _level(self, node: Node) -> int:
        """In what share of the entries a node is counted: common words in one where there are enough of them."""
        match node:
            case Some((Term(_, word), *_)):
                return level_for(self._known.frequencies.get(word, 0), _COMMON, DEEPEST)
            case _:
                return 0

    def _counting(self, nodes: Sequence[Node], level: int) -> Json:
        """How many of the reader's entries answer each node, of those at the level."""
        seen = {"bool": {"filter": [within(self._scope), *([share(level)] if level else [])]}}
        filters = [translated(node) for node in nodes]
        return {"size": 0, "track_total_hits": False, "query": seen, "aggs": {"counts": {"filters": {"filters": filters}}}}
