"""The vocabulary of a reader, read from the index itself: no count is kept that could disagree with the entries."""

from collections.abc import Iterable, Mapping

from tantivy import Query

from search.engines.tantivy_sampling import level_for, of_a_share
from search.engines.tantivy_schema import words_schema
from search.engines.tantivy_storage import Reading
from search.index import Query as Asked
from search.index import Scope
from search.tree import Node, Prefix, Some, Term

_COMMON = 1_000
"""From this many bodies on, titles and descriptions are left out of the count of a word's pages, and it is made in a sample of about so
many: no threshold is near."""
_FREQUENT = 100
"""From this many bodies on, a word's frequency is that in bodies: it only ranks."""
_NEAR = 400
_REMEMBERED = 50_000


class ReaderWords:
    """A `search.spelling.Vocabulary`: words are found among all, and counted only in entries the scope opens."""

    def __init__(self, reading: Reading, scope: Scope) -> None:
        self._reading = reading
        self._scope = scope

    def pages(self, word: str) -> int:
        in_bodies = self._reading.frequency("bu", word)
        if in_bodies >= _COMMON:
            level = level_for(in_bodies, _COMMON)
            if (pages := self._counted(Term("bu", word), level) << level) >= _COMMON // 2:
                return pages
        return self._counted(Some((Term("bu", word), Term("tu", word), Term("du", word)))) if self.frequency(word) else 0

    def starting(self, start: str) -> int:
        level = level_for(self.size(), 2 * _COMMON)
        sampled = self._counted(Prefix("bu", start), level)
        return sampled << level if sampled >= _COMMON // 4 else self._counted(Prefix("bu", start))

    def size(self) -> int:
        return self._reading.entries.num_docs

    def frequency(self, word: str) -> int:
        in_bodies = self._reading.frequency("bu", word)
        return in_bodies if in_bodies >= _FREQUENT else in_bodies + sum(self._reading.frequency(field, word) for field in ("tu", "du"))

    def near(self, word: str, distance: int) -> Mapping[str, int]:
        near: dict[str, int] = {}
        for edits in range(distance, 0, -1):
            query = Query.fuzzy_term_query(words_schema(), "word", word, distance=edits)
            near.update((word, edits) for word in self._found(query, "word"))
        return near

    def sounding(self, key: str) -> Iterable[str]:
        return set(self._found(Query.term_query(words_schema(), "sound", key, "basic"), "word"))

    def spelled(self, word: str) -> str:
        found = self._found(Query.term_query(words_schema(), "word", word, "basic"), "spelling")
        return min((each for each in found if each != word), default=word)

    def _found(self, query: Query, field: str) -> list[str]:
        words = self._reading.words
        return [str(words.doc(address).get_first(field)) for _, address in words.search(query, _NEAR, count=False).hits]

    def _counted(self, node: Node, level: int = 0) -> int:
        """How many of the reader's entries answer, of those at the level."""
        key = (self._scope.labels, node, level)
        known = self._reading.counts.get(key)
        if known is None:
            if len(self._reading.counts) >= _REMEMBERED:
                self._reading.counts.clear()
            query = of_a_share(node, Asked(""), self._scope, level)
            known = self._reading.counts[key] = self._reading.find(query, 1)[0]
        return known
