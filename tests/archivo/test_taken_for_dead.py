"""A deposit that another machine takes for dead while it goes on: its clock is ahead, or who receives was frozen. It is kept or refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from typing import Any, BinaryIO

import pytest
from sqlalchemy import func, select

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.audit.models import AuditEntry
from archivo.custody.services import verify
from archivo.errors import Unavailable
from archivo.intake.models import DigestClaim
from archivo.intake.recovery import SILENCE, recover_deposits
from archivo.intake.services import Deposited, Upload, deposit
from archivo.operations.consistency import examine
from archivo.records.models import Document, Incoming
from archivo.worker import work_until_done
from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.store import ObjectKey, ObjectStore, StoredObject

ACTOR = custody("pruebas")
CONTENT = b"Circular sobre los turnos de la biblioteca"


@dataclass
class Interrupted:
    """A store that does something else before, or after, the n-th object is put."""

    store: ObjectStore
    at: int
    before: bool
    act: Callable[[], object]
    puts: int = 0

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        self.puts += 1
        if self.before and self.puts == self.at:
            self.act()
        stored = self.store.put(key, content, expected=expected)
        if not self.before and self.puts == self.at:
            self.act()
        return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def elsewhere(archive: Archive) -> Archive:
    """The same archive on another machine, whose clock is ahead."""
    ahead = SILENCE + timedelta(seconds=1)
    clock = archive.clock
    return replace(archive, process="allá:1:1", is_alive=lambda _: True, receiving=set(), holding=set(), clock=lambda: clock() + ahead)


def through(archive: Archive, store: Any) -> Archive:
    return replace(archive, store=store, packages=StorageRoot(store))


def handed_over(archive: Archive) -> Deposited:
    return deposit(archive, ACTOR, Upload(BytesIO(CONTENT), "circular.txt"))


def rows(archive: Archive, model: Any, *conditions: Any) -> int:
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def puts_of_a_deposit(archive: Archive) -> int:
    counted = Interrupted(archive.store, 0, True, lambda: None)
    deposit(through(archive, counted), ACTOR, Upload(BytesIO(b"Otra circular"), "otra.txt"))
    return counted.puts


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_at_every_step_it_is_kept_once_or_refused_whole(archive: Archive, before: bool) -> None:
    """Whatever instant another takes it for dead at: what is answered as received is kept, and what is refused leaves nothing."""
    last = puts_of_a_deposit(archive)
    assert last > 5
    refused = 0
    for at in range(1, last + 1):
        content = CONTENT + str((at, before)).encode()
        store = Interrupted(archive.store, at, before, lambda: recover_deposits(elsewhere(archive)))
        documents, objects = rows(archive, Document), len(set(archive.packages.objects()))
        try:
            answered = deposit(through(archive, store), ACTOR, Upload(BytesIO(content), "circular.txt")).id
        except Unavailable:
            refused += 1
            assert rows(archive, Document) == documents
            assert len(set(archive.packages.objects())) == objects
            answered = deposit(archive, ACTOR, Upload(BytesIO(content), "circular.txt")).id
        assert rows(archive, Document) == documents + 1, at
        assert rows(archive, AuditEntry, AuditEntry.object_id == answered, AuditEntry.act == "document.deposit") == 1, at
        assert verify(archive, ACTOR, [answered]).is_clean, at
    assert 0 < refused < last  # some are refused, and some were whole already
    with archive.reading() as session:
        work_until_done(archive, set(session.scalars(select(Document.id))))
    assert not rows(archive, Incoming)
    assert not rows(archive, DigestClaim)
    assert examine(archive).is_whole
    assert verify(archive, ACTOR).is_clean


def test_who_recovers_first_recovers_alone(archive: Archive) -> None:
    """Of two machines that take the same deposit for dead, the second finds it taken, and alive."""
    with archive.database.writing() as session:
        session.add(Incoming(document_id="0", owner="nadie:1:1", started_at=archive.clock() - SILENCE * 2))
    first = elsewhere(archive)
    second = replace(first, process="acá:1:1", receiving=set())
    found: list[int] = []
    store = archive.store

    class Asking(StorageRoot):
        def recover(self, object_id: str) -> Any:
            found.append(recover_deposits(second))
            return super().recover(object_id)

    assert recover_deposits(replace(first, packages=Asking(store))) == 1
    assert found == [0]
    assert not rows(archive, Incoming)
