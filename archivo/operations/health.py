"""Which server is missing, of those that serving needs."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from sqlalchemy import select

from archivo.archive import Archive
from preservation.ocfl_layout import ROOT_DECLARATION
from search.index import IndexUnavailable, Query, Scope

NOBODY: Final = Scope(frozenset())
PATIENCE: Final = 3.0
"""Seconds for all of them together: who asks whether we are ready does not wait for what is not."""


def missing(archive: Archive) -> list[str]:
    """What does not answer in time: `database`, `store`, `index`, `broker`; empty when all does."""
    asked: Mapping[str, Callable[[Archive], None]] = {"database": _database, "store": _store, "index": _index, "broker": _broker}
    answered: list[str] = []
    crew = [threading.Thread(target=_ask, args=(archive, name, ask, answered), daemon=True) for name, ask in asked.items()]
    for thread in crew:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    for thread in crew:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [name for name in asked if name not in answered]


def check_index_format(archive: Archive) -> None:
    """Raises IndexFormatChanged where the index has to be rebuilt before anything is served; one that is away may come back."""
    with suppress(IndexUnavailable):
        _index(archive)


def _ask(archive: Archive, name: str, ask: Callable[[Archive], None], answered: list[str]) -> None:
    try:
        ask(archive)
    except Exception:  # whatever it says, it does not serve
        return
    answered.append(name)


def _database(archive: Archive) -> None:
    with archive.reading() as session:
        session.execute(select(1))


def _store(archive: Archive) -> None:
    archive.store.stat(ROOT_DECLARATION)


def _index(archive: Archive) -> None:
    archive.index.search(Query("archivo", limit=1), scope=NOBODY)


def _broker(archive: Archive) -> None:
    if not archive.legs.answers():
        raise ConnectionError
