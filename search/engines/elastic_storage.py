"""Where the entries are kept on the server, and how writers and readers of several machines agree on it.

    P.entries.FORMAT.ID   an index with entries, the words they are spelled with, and notes of what was written while it was being built
    P, P.FORMAT           aliases of the index that answers: for people, and for readers of this format
    P.building            alias of the index that a rebuilding fills
    P.to.ID               alias of that index alone: a writer who comes too late finds no index instead of making one
    P.turns               alias of a counter: each writer takes a turn, and of two writings of an entry the one of the later turn stays

The state of a rebuilding is which aliases there are, so every process sees it: who writes, writes to the index that answers and to the one
being built, and looks again afterwards whether there is another. Of two rebuildings the one that began last ends; the other raises.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import uuid4

from search.engines.elastic_server import IndexGone, Server
from search.index import IndexFormatChanged, IndexUnavailable

FORMAT = "2026-11-24"
"""The date of the mapping that is read and written: `mappings/FORMAT.json`."""

BUILT = 1
"""The turn of what a rebuilding writes, so that whatever is put meanwhile stays."""

Aliases = Mapping[str, frozenset[str]]
"""The aliases of each index."""

_FIRST = "first"
_COUNTER = {"settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}, "mappings": {"dynamic": False}}


@dataclass(frozen=True, slots=True)
class Generation:
    """An index with entries. `alias` is where it is written; `is_built` that a rebuilding fills it."""

    index: str
    alias: str
    is_built: bool = False


class Storage:
    """The generations under a prefix. Nothing is made on the server until something is written."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._prefix = server.prefix
        self._building = f"{self._prefix}.building"
        self.readers = f"{self._prefix}.{FORMAT}"

    def is_readable(self) -> bool:
        """Whether there is an index to read. Raises IndexFormatChanged where it is of another format."""
        return bool(self._live(self._all()))

    def turn(self) -> int:
        """A number higher than that of any writing before. If the counter was lost, it goes on from the entries."""
        counter = f"{self._prefix}.turns"
        try:
            number, is_new = self._server.count_up(counter)
        except IndexGone:
            self._server.create(f"{counter}.1", _COUNTER, (counter,))
            number, is_new = self._server.count_up(counter)
        if is_new:
            self._server.count_from(counter, max(self._highest(), BUILT))
            number, _ = self._server.count_up(counter)
        return number

    def generations(self, *, create: bool) -> list[Generation]:
        """Where a writer has to write now. Raises IndexFormatChanged where what answers is of another format."""
        every = self._all()
        if create and not self._live(every):
            self._begin()
            every = self._all()
        found = [self._generation(index, is_built=False) for index in self._live(every)]
        return found + [self._generation(index, is_built=True) for index in _having(self._building, every)]

    @contextmanager
    def rebuilding(self) -> Iterator[Generation]:
        """A new, empty generation, which answers from the end of the block on; if the block raises, nothing changes.

        Raises IndexUnavailable at the end where another rebuilding began meanwhile: that one will answer.
        """
        generation = self._create(uuid4().hex[:12], self._building)
        try:
            self._stop_others(generation)
            yield generation
            self._answer_from(generation)
        except IndexGone as error:
            raise IndexUnavailable("another rebuilding began, and will answer") from error
        except BaseException:
            with suppress(IndexUnavailable):
                self._server.delete(generation.index)
            raise

    def _stop_others(self, generation: Generation) -> None:
        """Rebuildings that were interrupted, or go on elsewhere, can no longer end."""
        for index, aliases in self._all().items():
            if index == generation.index or self._prefix in aliases:
                continue
            try:
                if self._building in aliases:
                    self._server.change_aliases([{"remove": {"index": index, "alias": self._building, "must_exist": True}}])
                self._server.delete(index)
            except IndexGone:  # it ended just now, or was stopped by another
                continue

    def _answer_from(self, generation: Generation) -> None:
        actions: list[dict[str, Any]] = [
            {"remove": {"index": generation.index, "alias": self._building, "must_exist": True}},
            {"add": {"index": generation.index, "alias": self._prefix}},
            {"add": {"index": generation.index, "alias": self.readers}},
        ]
        older = _having(self._prefix, self._all())
        self._server.change_aliases(actions + [{"remove_index": {"index": each}} for each in older])

    def _begin(self) -> None:
        """The first generation, empty. Who is late finds it made; who is so late that a rebuilding has ended removes the own one."""
        made = self._create(_FIRST, self._prefix, self.readers)
        if len(_having(self._prefix, self._all())) > 1:
            self._server.delete(made.index)

    def _create(self, name: str, *aliases: str) -> Generation:
        generation = self._generation(f"{self._prefix}.entries.{FORMAT}.{name}", is_built=name != _FIRST)
        self._server.create(generation.index, mapping(), (generation.alias, *aliases))
        return generation

    def _generation(self, index: str, *, is_built: bool) -> Generation:
        return Generation(index, f"{self._prefix}.to.{index.rpartition('.')[2]}", is_built)

    def _live(self, every: Aliases) -> list[str]:
        live = _having(self._prefix, every)
        if any(not index.startswith(f"{self._prefix}.entries.{FORMAT}.") for index in live):
            raise IndexFormatChanged(live[0])
        return live

    def _all(self) -> Aliases:
        return self._server.aliases(f"{self._prefix}.entries.*")

    def _highest(self) -> int:
        """The highest turn of what is written already."""
        highest = BUILT
        for index in self._all():
            query = {
                "size": 1,
                "_source": False,
                "stored_fields": "_none_",
                "sort": [{"turn": {"order": "desc", "unmapped_type": "long"}}],
                "query": {"exists": {"field": "turn"}},
            }
            answer = self._server.ask(index, [query])[0]
            highest = max([highest, *(int(hit["sort"][0]) for hit in answer["hits"]["hits"])])
        return highest


def _having(alias: str, every: Aliases) -> list[str]:
    return sorted(index for index, aliases in every.items() if alias in aliases)


@cache
def mapping() -> dict[str, Any]:
    """Settings and mappings of a generation."""
    described: dict[str, Any] = json.loads(files("search.engines").joinpath("mappings", f"{FORMAT}.json").read_text("utf-8"))
    return described
