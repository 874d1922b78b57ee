"""The engine of many machines: a SearchIndex on an Elasticsearch server.

A search asks for the reader's words (elastic_words), runs the plan's trees in turn, always within the reader's labels (elastic_query,
elastic_reading), asking with them how words are spelled, and puts documents in order (elastic_ranking). Writers take turns, and write to
the index that answers and to the one that is being built (elastic_storage, elastic_filling, elastic_writing).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from search.analysis import encodable
from search.codes import NO_PATTERNS, CodePatterns
from search.engines.elastic_filling import Filling
from search.engines.elastic_ranking import WINDOW, by_document
from search.engines.elastic_reading import Reading, every_document
from search.engines.elastic_server import IndexGone, Patience, Server, Source
from search.engines.elastic_storage import Generation, Storage
from search.engines.elastic_words import Memory, Moment, Outdated, ReaderWords
from search.engines.elastic_writing import Preparation, Prepared
from search.index import EntriesRefused, Entry, IndexUnavailable, Note, Query, Results, Scope, Understood
from search.plan import plan, synonym_table
from search.query import parse

_PAUSES = (0.0, 0.05, 0.2, 0.5)
_MOST_GONE = 10
_GENERATIONS_REMEMBERED = 3
_WORDS_REMEMBERED = 500_000
_PATIENCE = Patience()
_NOTHING = Results(0, True, (), {}, Understood())

Read = TypeVar("Read")


class ElasticIndex:
    """A `search.index.SearchIndex` at `http[s]://[user:password@]host:port/prefix`. `patterns` say what a code is, `synonyms` which
    expressions mean the same.

    Any number of threads, processes and machines may use the same address. Raises ValueError for an address that cannot be read,
    IndexUnavailable where the server does not serve, IndexFormatChanged where the index was written by another version of the program,
    EntriesRefused for entries that the server cannot hold.

    A put() that raised may be done in part: of some documents the new entries, of others the old. Put again, all are new.
    """

    def __init__(
        self,
        address: str,
        patterns: CodePatterns = NO_PATTERNS,
        synonyms: Iterable[Sequence[str]] = (),
        patience: Patience = _PATIENCE,
    ) -> None:
        self._server = Server(address, patience)
        self._storage = Storage(self._server)
        self._source = Source(self._server, self._storage.readers)
        self._patterns = patterns
        self._synonyms = synonym_table(synonyms)
        self._preparation = Preparation(patterns)
        self._known: dict[str, set[str]] = {}
        self._memory = Memory()

    def put(self, entries: Iterable[Entry]) -> None:
        prepared = [part for entry in entries for part in self._preparation.prepared(entry)]
        self._write(frozenset(each.document for each in prepared), prepared)

    def remove(self, documents: Iterable[str]) -> None:
        self._write(frozenset(map(encodable, documents)), [])

    def rebuild(self, entries: Iterable[Entry]) -> int:
        count = 0

        def prepared() -> Iterable[Prepared]:
            nonlocal count
            for entry in entries:
                count += 1
                yield from self._preparation.prepared(entry)

        with self._storage.rebuilding() as generation:
            refused = self._filling(generation).build(prepared())
        if refused:
            raise EntriesRefused(refused)
        return count

    def documents(self) -> Iterable[str]:
        """Each document that has entries, once: see search.index.Listed."""
        try:
            yield from every_document(self._source)
        except IndexGone as error:
            if self._storage.is_readable():
                raise IndexUnavailable("the index was replaced meanwhile") from error

    def search(self, query: Query, *, scope: Scope) -> Results:
        return self._read(lambda moment: self._answered(query, scope, moment), _NOTHING) if scope.labels else _NOTHING

    def understood(self, text: str, *, scope: Scope) -> Understood:
        def understood(moment: Moment) -> Understood:
            words = ReaderWords(moment, scope)
            parsed = parse(text, self._patterns)
            return words.complete(lambda: plan(text, parsed, words, self._synonyms)).understood

        return self._read(understood, Understood()) if scope.labels else Understood()

    def _read(self, read: Callable[[Moment], Read], nothing: Read) -> Read:
        """What is read of the index as it is at one moment; `nothing` where there is none."""
        for pause in _PAUSES:
            moment = Moment(self._source, self._memory)
            try:
                try:
                    return read(moment)
                except Outdated:
                    return read(moment)
            except IndexGone:  # never written, or a rebuilding ended while it was read
                if not self._storage.is_readable():
                    return nothing
                time.sleep(pause)
        raise IndexUnavailable("no copy of the index can be read")

    def _write(self, documents: frozenset[str], prepared: list[Prepared]) -> None:
        """To every generation that is there now, and again to those that are there afterwards."""
        if not documents:
            return
        turn = self._storage.turn()
        written: set[str] = set()
        refused: dict[str, str] = {}
        gone = 0
        while waiting := [each for each in self._storage.generations(create=bool(prepared)) if each.index not in written]:
            for generation in waiting:
                try:
                    refused |= self._filling(generation).put(documents, prepared, turn)
                    written.add(generation.index)
                except IndexGone as error:  # a rebuilding ended: what answers now is there afterwards
                    gone += 1
                    if gone > _MOST_GONE:
                        raise IndexUnavailable("the index is being replaced all the time") from error
        if refused:
            raise EntriesRefused(refused)

    def _filling(self, generation: Generation) -> Filling:
        if len(self._known) > _GENERATIONS_REMEMBERED:
            self._known.clear()
        known = self._known.setdefault(generation.index, set())
        if len(known) > _WORDS_REMEMBERED:
            known.clear()
        return Filling(self._server, generation, known)

    def _answered(self, query: Query, scope: Scope, moment: Moment) -> Results:
        parsed = parse(query.text, self._patterns)
        words = ReaderWords(moment, scope)
        asked = words.complete(lambda: plan(query.text, parsed, words, self._synonyms))
        asked.notes(words)  # what these need of spellings comes with the search itself
        asked.did_you_mean(words)
        reading = Reading(words.ask, query, scope, words, parsed.naming)
        found, said = reading.nothing(), None
        for step in asked.steps:
            found = reading.found(step)
            if found.count:
                said = step.note
                break
        notes = (*asked.notes(words), *([said] if said else []))
        if not reading.knows:
            notes += (Note("code_cited" if found.count else "code_absent", {"code": parsed.named}),)
        total, facets = reading.counted(found)
        hits = by_document(found.pages, max(query.offset, 0), reading.last, found.whole)
        return Results(total, found.count <= WINDOW, hits, facets, asked.understood, notes, asked.did_you_mean(words))
