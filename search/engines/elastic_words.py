"""The vocabulary of a reader, asked of the server in few requests.

A plan asks for one word after another. It is made several times: each time from the answers known so far, noting what else it would have
asked, which is then asked of the server all at once, until nothing is left to ask that decides what is looked for. How words are spelled
is asked with the search itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias, TypeVar

from search.engines.elastic_estimates import likely_share
from search.engines.elastic_operations import Json
from search.engines.elastic_query import level_for, share, unscored, within
from search.engines.elastic_server import Source
from search.engines.elastic_writing import DEEPEST, STAMP
from search.index import Scope
from search.spelling import one_edit_apart
from search.tree import Field, Node, Prefix, Some, Term

_LARGE = 200_000
"""From so many entries on, common words are counted in a share of them."""
_SAMPLED = 40_000
_COMMON = 1_000
_NEAR = 400
_UNSEEN = 4
"""At first, a word that is not counted yet is taken to stand in so many times fewer of the reader's pages than of anyone's."""
_ASSUMING = 3
"""In how many rounds."""
_ROUNDS = 8
_REMEMBERED = 50_000
_SPELLING = "spelling"
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

Counted: TypeAlias = str | Prefix
"""What entries are counted for: a word in any of their texts, or a beginning."""


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
    counts: dict[tuple[frozenset[str], Counted], int] = field(default_factory=dict)

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
        self._uncounted: dict[Counted, None] = {}
        self._unlisted: dict[tuple[str, str], Json] = {}
        self._unspelled: dict[tuple[str, str], Json] = {}
        self._assumes = False
        self._level = level_for(self._known.about, _SAMPLED, DEEPEST) if self._known.about > _LARGE else 0

    def complete(self, make: Callable[[], Made]) -> Made:
        """What `make` makes when it has all the words it asks for, or was made so often that it has to do without the last of them.

        How many pages an uncounted word stands in is assumed in the first rounds, so that few are counted; then it stands in none.
        """
        for made_before in range(_ROUNDS):
            self._assumes = made_before < _ASSUMING
            made = make()
            if not (self._uncounted or self._unlisted or self._known.size < 0):
                return made
            self._fetch()
        self._assumes = False
        return make()

    def ask(self, searches: Sequence[Json]) -> list[Json]:
        """The answers to several searches, with which come the spellings that were asked for so far. Raises IndexGone, Outdated."""
        wanted = {each: search for each, search in self._unspelled.items() if each not in self._known.lists}
        answers = iter(self._moment.ask([*searches, *wanted.values()]))
        answered = list(islice(answers, len(searches)))
        self._remember(wanted, answers)
        return answered

    def pages(self, word: str) -> int:
        return self._counted(word, self._known.frequencies.get(word, 0) // _UNSEEN if self._assumes else 0)

    def starting(self, start: str) -> int:
        return self._counted(Prefix("bu", start))

    def size(self) -> int:
        return self._known.size

    def likely(self, tree: Node) -> float:
        """About how many of the reader's entries answer a tree."""
        return likely_share(tree, self._share) * self._known.size

    def _share(self, node: Term | Prefix) -> float:
        return self._known.counts.get((self._scope.labels, node.word if isinstance(node, Term) else node), 0) / max(self._known.size, 1)

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
        query = {"term": {"word": word}}
        return min((each for each in self._listed(_SPELLING, word, query) if each != word), default=word)

    def _counted(self, wanted: Counted, until_then: int = 0) -> int:
        count = self._known.counts.get((self._scope.labels, wanted))
        if count is None:
            self._uncounted[wanted] = None
            return until_then
        return count

    def _listed(self, kind: str, value: str, query: Json) -> list[str]:
        if (kind, value) not in self._known.lists:
            field, wanted = ("spelling", self._unspelled) if kind == _SPELLING else ("word", self._unlisted)
            terms = {"field": field, "size": _NEAR, "execution_hint": "map"}
            seen = {"bool": {"filter": query}}
            wanted[kind, value] = {"size": 0, "track_total_hits": False, "query": seen, "aggs": {"words": {"terms": terms}}}
        return self._known.lists.get((kind, value), [])

    def _remember(self, wanted: Iterable[tuple[str, str]], answers: Iterator[Json]) -> None:
        for (kind, value), answer in zip(wanted, answers, strict=False):
            self._known.lists[kind, value] = [bucket["key"] for bucket in answer["aggregations"]["words"]["buckets"]]

    def _fetch(self) -> None:
        """Ask for all that is wanted, and for the frequencies of the words that were found near others."""
        wanted = list(self._uncounted)
        counting = [self._counting(each) for each in wanted]
        perhaps_common = [each for each in wanted if self._level and self._may_be_common(each)]
        sampling = [self._sampling(perhaps_common)] if perhaps_common else []
        answers = iter(self._moment.ask([*self._unlisted.values(), *counting, *sampling, *([_ENTRIES] if self._known.size < 0 else [])]))
        self._remember(self._unlisted, answers)
        found = {word for each in self._unlisted for word in self._known.lists[each]}
        counts = {each: int(answer["hits"]["total"]["value"]) for each, answer in zip(wanted, islice(answers, len(wanted)), strict=True)}
        for answer in islice(answers, len(sampling)):
            for each, bucket in zip(perhaps_common, answer["aggregations"]["counts"]["buckets"], strict=True):
                if counts[each] >= _COMMON:
                    counts[each] = max(counts[each], int(bucket["doc_count"]) << self._level)
        self._known.counts |= {(self._scope.labels, each): count for each, count in counts.items()}
        for answer in answers:
            self._known.size = self._known.about = int(answer["hits"]["total"]["value"])
        self._unlisted, self._uncounted = {}, {}
        self._learn(found)

    def _learn(self, words: Iterable[str]) -> None:
        if unknown := sorted(set(words) - self._known.frequencies.keys()):
            self._known.frequencies |= self._moment.frequencies(unknown, _TEXTS)

    def _counting(self, wanted: Counted) -> Json:
        """How many of the reader's entries answer: of common words in a large index no more is counted than that they are common."""
        query = {"bool": {"filter": [_answering(wanted), within(self._scope)]}}
        return {"size": 0, "track_total_hits": _COMMON if self._level else True, "query": query}

    def _may_be_common(self, wanted: Counted) -> bool:
        """Whether it is not known that fewer than _COMMON entries answer a word, whoever may see them."""
        return not isinstance(wanted, str) or self._known.frequencies.get(wanted, _COMMON) >= _COMMON

    def _sampling(self, wanted: Iterable[Counted]) -> Json:
        """How many of the reader's entries answer each, of a share of all."""
        seen = {"bool": {"filter": [within(self._scope), *share(self._level)]}}
        filters = list(map(_answering, wanted))
        return {"size": 0, "track_total_hits": False, "query": seen, "aggs": {"counts": {"filters": {"filters": filters}}}}


def _answering(wanted: Counted) -> Json:
    return unscored(Some(tuple(Term(field, wanted) for field in _TEXTS)) if isinstance(wanted, str) else wanted)
