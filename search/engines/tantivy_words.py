"""The vocabulary of a reader, read from the index itself: no count is kept that could disagree with the entries."""

from collections.abc import Iterable, Mapping, Sequence

from tantivy import Occur, Query

from search.engines.tantivy_schema import entries_schema, translated, within, words_schema
from search.engines.tantivy_storage import Reading
from search.index import Scope
from search.tree import Node, Prefix, Some, Term

_COMMON = 1_000
"""From this many bodies on, titles and descriptions are left out of the count of a word's pages: no threshold is near."""
_NEAR = 400
_REMEMBERED = 50_000


class ReaderWords:
    """A `search.spelling.Vocabulary`: words are found among all, and counted only in entries the scope opens."""

    def __init__(self, reading: Reading, scope: Scope) -> None:
        self._reading = reading
        self._scope = scope

    def pages(self, word: str) -> int:
        in_bodies = self._reading.entries.doc_freq("bu", word)
        if in_bodies >= _COMMON and (pages := self._counted(Term("bu", word))) >= _COMMON // 2:
            return pages
        return self._counted(Some((Term("bu", word), Term("tu", word), Term("du", word)))) if self.frequency(word) else 0

    def starting(self, start: str) -> int:
        return self._counted(Prefix("bu", start))

    def size(self) -> int:
        return self._reading.entries.num_docs

    def frequency(self, word: str) -> int:
        return sum(self._reading.entries.doc_freq(field, word) for field in ("bu", "tu", "du"))

    def near(self, word: str, distance: int) -> Mapping[str, int]:
        near: dict[str, int] = {}
        for edits in range(distance, 0, -1):
            query = Query.fuzzy_term_query(words_schema(), "word", word, distance=edits)
            near.update((each["word"][0], edits) for each in self._found(query))
        return near

    def sounding(self, key: str) -> Iterable[str]:
        return {each["word"][0] for each in self._found(Query.term_query(words_schema(), "sound", key, "basic"))}

    def spelled(self, word: str) -> str:
        found = self._found(Query.term_query(words_schema(), "word", word, "basic"))
        accented = [each["spelling"][0] for each in found if each["spelling"][0] != word]
        return min(accented, default=word)

    def _found(self, query: Query) -> Sequence[dict[str, list[str]]]:
        words = self._reading.words
        return [words.doc(address).to_dict() for _, address in words.search(query, _NEAR, count=False).hits]

    def _counted(self, node: Node) -> int:
        key = (self._scope.labels, node)
        known = self._reading.counts.get(key)
        if known is None:
            if len(self._reading.counts) >= _REMEMBERED:
                self._reading.counts.clear()
            schema = entries_schema()
            query = Query.boolean_query([(Occur.Must, translated(schema, node)), (Occur.Must, within(schema, self._scope))])
            known = self._reading.counts[key] = self._reading.find(query, 1)[0]
        return known
