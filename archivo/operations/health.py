"""Which server is missing, of those that serving needs."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from sqlalchemy import select

from archivo.archive import Archive
from preservation.ocfl_root import is_there
from search.index import IndexUnavailable, Query, Scope

NOBODY: Final = Scope(frozenset({"nobody"}))
"""Sees nothing, and yet has a label: one without any is answered without asking the index."""
PATIENCE: Final = 3.0
"""Seconds for all of them together: who asks whether we are ready does not wait for what is not."""


class Health:
    """Asks the servers of one archive whether they answer. One that hangs is not asked again before it has answered, however many ask."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._asked: dict[str, _Question] = {}

    def missing(self) -> list[str]:
        """What does not answer in time: `database`, `store`, `index`, `broker`; empty when all does."""
        with self._lock:
            for name, ask in ASKED.items():
                if name not in self._asked or not self._asked[name].is_alive():
                    self._asked[name] = _Question(name, ask, self._archive)
                    self._asked[name].start()
            asked = dict(self._asked)
        deadline = time.monotonic() + PATIENCE
        for question in asked.values():
            question.join(max(0.0, deadline - time.monotonic()))
        return [name for name, question in asked.items() if not question.is_answered]


def check_index_format(archive: Archive) -> None:
    """Raises IndexFormatChanged where the index has to be rebuilt before anything is served; one that is away may come back."""
    with suppress(IndexUnavailable):
        _index(archive)


class _Question(threading.Thread):
    """One question to one server, in a thread of its own."""

    def __init__(self, name: str, ask: Callable[[Archive], None], archive: Archive) -> None:
        super().__init__(name=f"salud: {name}", daemon=True)
        self._ask, self._archive = ask, archive
        self.is_answered = False

    def run(self) -> None:
        with suppress(Exception):  # whatever it says, it does not serve
            self._ask(self._archive)
            self.is_answered = True


def _database(archive: Archive) -> None:
    with archive.reading() as session:
        session.execute(select(1))


def _store(archive: Archive) -> None:
    if not is_there(archive.store):
        raise ConnectionError


def _index(archive: Archive) -> None:
    archive.index.search(Query("archivo", limit=1), scope=NOBODY)


def _broker(archive: Archive) -> None:
    if not archive.legs.answers():
        raise ConnectionError


ASKED: Final[Mapping[str, Callable[[Archive], None]]] = {"database": _database, "store": _store, "index": _index, "broker": _broker}
