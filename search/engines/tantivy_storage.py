"""Where the embedded engine keeps its index, and how writers and readers of several processes agree on it.

    folder/lock       held by the one writer of the moment; the others wait
    folder/current    the name of the generation that answers, replaced at once when a rebuilding ends
    folder/<name>/entries, folder/<name>/words

A commit of the engine is atomic, and so is the replacement of `current`: a process killed at any instant leaves what was before, or what is
after. What no generation names is removed by the next writer.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from tantivy import DocAddress, Index, Query, Schema, Searcher

from search.engines.tantivy_schema import entries_schema, opened, words_schema
from search.index import IndexFormatChanged
from search.tree import Node

_FORMAT = "v2"
_ATTEMPTS = 10
_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Generation:
    """A folder with a whole index: its entries, and the words ever written in them."""

    folder: Path

    def entries(self, *, create: bool = False) -> Index:
        return self._open("entries", entries_schema, create)

    def words(self, *, create: bool = False) -> Index:
        return self._open("words", words_schema, create)

    def stamp(self) -> tuple[int, ...]:
        """Changes with every commit. Raises FileNotFoundError if the generation is gone."""
        seen = [(self.folder / part / "meta.json").stat() for part in ("entries", "words")]
        return tuple(value for each in seen for value in (each.st_ino, each.st_mtime_ns))

    def _open(self, part: str, schema: Callable[[], Schema], create: bool) -> Index:
        folder = self.folder / part
        if create:
            folder.mkdir(parents=True)
        return opened(str(folder), schema(), create=create)


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment of the index: what it holds does not change while it is read. `counts` and `frequencies` remember what was asked of it."""

    entries: Searcher
    words: Searcher
    counts: dict[tuple[frozenset[str], Node, int], int] = field(default_factory=dict)
    frequencies: dict[tuple[str, str], int] = field(default_factory=dict)

    def frequency(self, field: str, word: str) -> int:
        """How many entries have a word in a field, whoever may see them; what was removed counts until its file is merged."""
        known = self.frequencies.get((field, word))
        if known is None:
            if len(self.frequencies) >= _REMEMBERED:
                self.frequencies.clear()
            known = self.frequencies[field, word] = self.entries.doc_freq(field, word)
        return known

    def find(self, query: Query, limit: int) -> tuple[int, list[tuple[float, DocAddress]]]:
        """How many entries answer, and the best of them with their scores."""
        result: Any = self.entries.search(query, limit)
        return result.count, result.hits

    def column(self, field: str, addresses: list[DocAddress]) -> list[int]:
        """The number each of the entries has in a field."""
        values: list[Any] = self.entries.fast_field_values(field, addresses) if addresses else []
        return values

    def stored(self, field: str, address: DocAddress) -> Any:
        """What the entry keeps in a field."""
        return self.entries.doc(address).get_first(field)


class Storage:
    """The generations in a folder. Nothing is made in it until something is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._name = ""
        self._stamp: tuple[int, ...] = ()
        self._open: tuple[Index, Index] | None = None
        self._reading: Reading | None = None

    def reading(self) -> Reading | None:
        """The index as it is now, whoever wrote it; None if nothing was ever written. Raises IndexFormatChanged."""
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    return self._refreshed()
                except (FileNotFoundError, ValueError):  # a rebuilding ended in between, and removed what `current` named
                    self._name = ""
            return self._refreshed()

    @contextmanager
    def writing(self) -> Iterator[Generation]:
        """The generation that answers, for one writer alone; the first one is made if there is none."""
        with self._locked():
            name = self._named()
            if name:
                yield Generation(self._folder / name)
                return
            with self._new() as generation:
                yield generation

    @contextmanager
    def rebuilding(self) -> Iterator[Generation]:
        """A new, empty generation, which answers from the end of the block on; if the block raises, nothing changes."""
        with self._locked(), self._new() as generation:
            yield generation

    @contextmanager
    def _new(self) -> Iterator[Generation]:
        numbers = [int(each.name.rpartition("-")[2]) for each in self._folder.glob("v*-*")]
        generation = Generation(self._folder / f"{_FORMAT}-{max(numbers, default=0) + 1}")
        try:
            generation.entries(create=True)
            generation.words(create=True)
            yield generation
            self._point_to(generation.folder.name)
        finally:
            self._clean()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._clean()
            yield

    def _refreshed(self) -> Reading | None:
        name = self._named()
        if not name:
            return None
        generation = Generation(self._folder / name)
        stamp = generation.stamp()
        if self._reading is not None and (name, stamp) == (self._name, self._stamp):
            return self._reading
        if self._open is None or name != self._name:
            self._open = (generation.entries(), generation.words())
        for index in self._open:
            index.reload()
        self._name, self._stamp = name, stamp
        self._reading = Reading(self._open[0].searcher(), self._open[1].searcher())
        return self._reading

    def _named(self) -> str:
        """The generation that answers, "" for none. Raises IndexFormatChanged."""
        name = self._current()
        if name and not name.startswith(f"{_FORMAT}-"):
            raise IndexFormatChanged(name)
        return name

    def _current(self) -> str:
        try:
            return (self._folder / "current").read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    def _point_to(self, name: str) -> None:
        new = self._folder / "current.new"
        with new.open("w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / "current")
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _clean(self) -> None:
        """Remove the generations that do not answer: left by a rebuilding that ended, or that was interrupted."""
        current = self._current()
        for each in self._folder.glob("v*-*"):
            if each.name != current:
                shutil.rmtree(each, ignore_errors=True)
