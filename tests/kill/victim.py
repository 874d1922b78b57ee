"""Processes that do one act on an archive and kill themselves at the n-th durable operation.

Every put, replace and delete of the store, every closed batch, every commit of the database and every writing of the index is two points:
before it and after it. Point 0 kills nothing and prints how many there were. What was answered is printed as soon as it is.
"""

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import event
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.assembly import assemble
from archivo.settings import read_settings
from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.store import ObjectKey, ObjectStore, StoredObject
from search.index import Entry, Query, Results, Scope, SearchIndex, Understood
from tests.kill.acts import ACTS


@dataclass
class Fate:
    """Counts the points passed, and kills this process at one of them."""

    point: int
    passed: int = 0

    def pass_by(self, *_: object) -> None:
        self.passed += 1
        if self.passed == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self) -> Iterator[None]:
        self.pass_by()
        yield
        self.pass_by()


@dataclass
class CountedStore:
    """A store whose durable operations pass by the fate."""

    store: ObjectStore
    fate: Fate

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        with self.fate.around():
            return self.store.put(key, content, expected=expected)

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        with self.fate.around():
            return self.store.replace(key, content, was=was)

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        with self.fate.around():
            self.store.delete(key, authority=authority)

    @contextmanager
    def batch(self) -> Iterator[None]:
        with self.store.batch():
            yield
        self.fate.pass_by()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass
class CountedIndex:
    """An index whose writings pass by the fate."""

    index: SearchIndex
    fate: Fate

    def put(self, entries: Iterable[Entry]) -> None:
        with self.fate.around():
            self.index.put(entries)

    def remove(self, documents: Iterable[str]) -> None:
        with self.fate.around():
            self.index.remove(documents)

    def rebuild(self, entries: Iterable[Entry]) -> int:
        with self.fate.around():
            return self.index.rebuild(entries)

    def search(self, query: Query, *, scope: Scope) -> Results:
        return self.index.search(query, scope=scope)

    def understood(self, text: str, *, scope: Scope) -> Understood:
        return self.index.understood(text, scope=scope)


def counted(archive: Archive, fate: Fate) -> Archive:
    """The archive with every port counted."""
    store = CountedStore(archive.store, fate)
    event.listen(Session, "before_commit", fate.pass_by)
    event.listen(Session, "after_commit", fate.pass_by)
    return replace(archive, store=store, packages=StorageRoot(store), index=CountedIndex(archive.index, fate))


def main(home: str, act: str, point: int, words: list[str]) -> None:
    """Do the act, killed at the point."""
    archive, tools = assemble(read_settings({"ARCHIVO_HOME": home, "ARCHIVO_WORKERS": "1"}))
    fate = Fate(point)
    for answer in ACTS[act](counted(archive, fate), *map(Path, words)):
        print(answer, flush=True)
    print(f"points {fate.passed}", flush=True)
    tools.close()
    archive.database.close()


def serve() -> None:
    """For each line `[answers, home, act, point, instant, words]` fork a victim that writes to the file `answers`; print how each ended.

    `instant`, in seconds, ends it by the kernel's alarm, wherever it is then; 0 does not.

    Forked from a process that has loaded the program and opened nothing: starting Python anew for each would take most of the time.
    """
    for module in ("archivo.migrations.run", "ingest.classifier"):
        import_module(module)
    for line in sys.stdin:
        answers, home, act, point, instant, words = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_REAL, instant)
            os.dup2(os.open(answers, os.O_WRONLY | os.O_CREAT, 0o600), 1)
            main(home, act, point, words)
            sys.stdout.flush()
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
