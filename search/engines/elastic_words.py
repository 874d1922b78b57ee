"""The vocabulary of a reader, asked of the server in few requests.

A plan asks for one word after another. It is made several times: each time from the answers known so far, noting what else it would have
asked, which is then asked of the server all at once; the last time nothing is left to ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from search.engines.elastic_query import level_for, share, translated, within
from search.engines.elastic_server import Json, Source
from search.engines.elastic_writing import DEEPEST
from search.index import Scope
from search.spelling import one_edit_apart
from search.tree import Field, Node, Prefix, Some, Term

_LARGE = 20_000
"""From so many entries on, it is worth a request to know which words are common before they are counted."""
_COMMON = 1_000
_NEAR = 400
_ROUNDS = 8
_TEXTS: tuple[Field, ...] = ("bu", "tu", "du")
_ENTRIES: Json = {"size": 0, "track_total_hits": True, "query": {"exists": {"field": "doc"}}}

Made = TypeVar("Made")


class ReaderWords:
    """A `search.spelling.Vocabulary`: words are found among all, and counted only in entries the scope opens.

    `size` is about how many entries there are, as last known.
    """

    def __init__(self, source: Source, scope: Scope, size: int) -> None:
        self._source = source
        self._scope = scope
        self._size = size
        self._counts: dict[Node, int] = {}
        self._lists: dict[tuple[str, str], list[str]] = {}
        self._frequencies: dict[str, int] = {}
        self._uncounted: dict[Node, None] = {}
        self._unlisted: dict[tuple[str, str], Json] = {}
        self._is_new = True

    def complete(self, make: Callable[[], Made]) -> Made:
        """What `make` makes when it has all the words it asks for."""
        for _ in range(_ROUNDS):
            made = make()
            if not (self._uncounted or self._unlisted or self._is_new):
                return made
            self._fetch()
        return make()

    def pages(self, word: str) -> int:
        return self._counted(Some(tuple(Term(field, word) for field in _TEXTS)))

    def starting(self, start: str) -> int:
        return self._counted(Prefix("bu", start))

    def size(self) -> int:
        return self._size

    def frequency(self, word: str) -> int:
        return self._frequencies[word] if word in self._frequencies else self.pages(word)

    def near(self, word: str, distance: int) -> Mapping[str, int]:
        farther = self._lists.get(("2", word))
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
        if node not in self._counts:
            self._uncounted[node] = None
        return self._counts.get(node, 0)

    def _listed(self, kind: str, value: str, query: Json) -> list[str]:
        if (kind, value) not in self._lists:
            field = "spelling" if kind == "spelling" else "word"
            terms = {"field": field, "size": _NEAR, "execution_hint": "map"}
            self._unlisted[kind, value] = {"size": 0, "query": {"bool": {"filter": query}}, "aggs": {"words": {"terms": terms}}}
        return self._lists.get((kind, value), [])

    def _fetch(self) -> None:
        """Ask for all that is wanted, and for the frequencies of the words that were found near others."""
        if self._size > _LARGE:
            self._learn(node.parts[0].word for node in self._uncounted if isinstance(node, Some) and isinstance(node.parts[0], Term))
        levels: dict[int, list[Node]] = {}
        for node in self._uncounted:
            levels.setdefault(self._level(node), []).append(node)
        counting = [self._counting(nodes, level) for level, nodes in levels.items()]
        answers = iter(self._source.ask([*self._unlisted.values(), *counting, *([_ENTRIES] if self._is_new else [])]))
        found: set[str] = set()
        for (kind, value), answer in zip(self._unlisted, answers, strict=False):
            self._lists[kind, value] = [bucket["key"] for bucket in answer["aggregations"]["words"]["buckets"]]
            found.update(self._lists[kind, value] if kind != "spelling" else ())
        for (level, nodes), answer in zip(levels.items(), answers, strict=False):
            counts = [int(bucket["doc_count"]) << level for bucket in answer["aggregations"]["counts"]["buckets"]]
            self._counts |= zip(nodes, counts, strict=True)
        for answer in answers:
            self._size = int(answer["hits"]["total"]["value"])
        self._unlisted, self._uncounted, self._is_new = {}, {}, False
        self._learn(found)

    def _learn(self, words: Iterable[str]) -> None:
        if unknown := sorted(set(words) - self._frequencies.keys()):
            self._frequencies |= self._source.frequencies(unknown, _TEXTS)

    def _level(self, node: Node) -> int:
        """In what share of the entries a node is counted: common words in one where there are enough of them."""
        match node:
            case Some((Term(_, word), *_)):
                return level_for(self._frequencies.get(word, 0), _COMMON, DEEPEST)
            case _:
                return 0

    def _counting(self, nodes: Sequence[Node], level: int) -> Json:
        """How many of the reader's entries answer each node, of those at the level."""
        seen = {"bool": {"filter": [within(self._scope), *([share(level)] if level else [])]}}
        filters = [translated(node) for node in nodes]
        return {"size": 0, "track_total_hits": False, "query": seen, "aggs": {"counts": {"filters": {"filters": filters}}}}
