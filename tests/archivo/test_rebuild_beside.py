"""A rebuild beside people and programs who go on working: what they do meanwhile is neither lost nor undone."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import select

from archivo.access.policy import custody
from archivo.access.services import actor_of_login, create_user
from archivo.archive import Archive
from archivo.custody import deletion
from archivo.custody.deletion import Order
from archivo.custody.services import verify
from archivo.intake.rebuilding import Rebuilt, rebuild_catalogue
from archivo.intake.sealing import count_unsealed, seal
from archivo.intake.services import Deposited, Upload, deposit
from archivo.jobs import Job, JobState
from archivo.records.models import Document, DocumentEvent, DocumentPart, Incoming
from archivo.records.packaging import TEXT
from archivo.records.services import describe
from archivo.worker import work_until_done
from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.ocfl_inventory import Inventory
from preservation.ocfl_writer import VersionWriter
from preservation.store import ObjectKey, ObjectStore, StoredObject

ACTOR = custody("prueba")


class Listing:
    """A store whose first look over everything happens while somebody delivers, who began later than whoever looks."""

    def __init__(self, store: ObjectStore, deliver: Callable[["Listing"], Deposited], at: int) -> None:
        self._store, self._deliver, self._at = store, deliver, at
        self._puts = 0
        self.listed: list[ObjectKey] | None = None
        self.delivered: Deposited | None = None

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        stored = self._store.put(key, content, expected=expected)
        self._puts += 1
        if self._puts == self._at:
            self.listed = list(self._store.keys())
        return stored

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        if prefix or self.delivered is not None:
            yield from self._store.keys(prefix)
            return
        self.delivered = self._deliver(self)
        assert self.listed is not None
        yield from self.listed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Reading(StorageRoot):
    """A storage root that does something else each of the first times that the texts of a document are read, or begin to be."""

    def __init__(self, store: ObjectStore, object_id: str, acts: list[Callable[[], object]], *, before: bool = False) -> None:
        super().__init__(store)
        self._object_id, self._acts, self._before = object_id, acts, before

    def open_in(
        self, inventory: Inventory, logical: str, version: int | None = None, *, start: int = 0, length: int | None = None
    ) -> BinaryIO:
        stream = None if self._before else super().open_in(inventory, logical, version, start=start, length=length)
        if inventory.object_id == self._object_id and logical == TEXT and self._acts:
            self._acts.pop(0)()
        return stream or super().open_in(inventory, logical, version, start=start, length=length)


def through(archive: Archive, store: Any) -> Archive:
    return replace(archive, store=store, packages=StorageRoot(store))


def finish(archive: Archive) -> None:
    with archive.reading() as session:
        work_until_done(archive, set(session.scalars(select(Job.object_id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))))))


def a_document(archive: Archive) -> Document:
    with archive.reading() as session:
        return session.scalars(select(Document).where(Document.state == "findable").order_by(Document.id)).all()[-1]


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_deposit_that_begins_after_it_and_commits_meanwhile_is_whole(archive: Archive, at: int) -> None:
    store = Listing(archive.store, lambda store: deposit(through(archive, store), ACTOR, Upload(BytesIO(b"Circular"), "c.txt")), at)
    rebuilt = rebuild_catalogue(through(archive, store))
    assert rebuilt.unreadable == ()
    assert store.delivered is not None
    assert verify(archive, ACTOR, [store.delivered.id]).is_clean
    with closing(archive.packages.open(f"urn:uuid:{store.delivered.id}", "original/data")) as content:
        assert content.read() == b"Circular"
    finish(archive)
    with archive.reading() as session:
        assert session.get_one(Document, store.delivered.id).state == "findable"


def test_a_deposit_whose_rows_are_still_to_come_writes_them_itself(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its package stands, and a rebuild finds it; whoever received it says that it did, once."""
    rebuilt: list[Rebuilt] = []

    commit = VersionWriter.commit

    def committed(writer: VersionWriter, *said: Any) -> Inventory:
        inventory = commit(writer, *said)
        if not rebuilt and said[0] == "Recepción":
            rebuilt.append(rebuild_catalogue(archive))
        return inventory

    monkeypatch.setattr(VersionWriter, "commit", committed)
    given = deposit(archive, ACTOR, Upload(BytesIO(b"Circular"), "c.txt"))
    assert len(rebuilt) == 1
    finish(archive)
    with archive.reading() as session:
        assert session.get_one(Document, given.id).state == "findable"
        assert not session.scalars(select(Incoming)).all()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "unsealed"])
def test_an_edit_made_while_packages_are_read_stays(filled: Path, archive: Archive, is_sealed: bool, times: int) -> None:
    document = a_document(archive)

    def edit(title: str) -> None:
        describe(archive, ACTOR, document.id, {"title": title})
        if is_sealed and title == titles[0]:  # who comes later waits for the lease
            seal(archive, document.id)

    titles = [f"Título {number}" for number in range(times)]
    acts: list[Callable[[], object]] = [partial(edit, title) for title in titles]
    root = Reading(archive.store, f"urn:uuid:{document.id}", acts)
    rebuilt = rebuild_catalogue(replace(archive, packages=root))
    assert not acts
    assert rebuilt.unreadable == rebuilt.undone == ()
    with archive.reading() as session:
        row = session.get_one(Document, document.id)
        assert (row.title, row.version) == (titles[-1], document.version + times)
    finish(archive)
    with archive.reading() as session:
        assert count_unsealed(session) == 0
        assert session.get_one(Document, document.id).ocfl_version == archive.packages.head(f"urn:uuid:{document.id}")
    rebuild_catalogue(archive)
    with archive.reading() as session:
        assert session.get_one(Document, document.id).title == titles[-1]


def test_a_delivery_noted_while_packages_are_read_stays_noted(filled: Path, archive: Archive) -> None:
    """Of bytes that are held already, another name comes: an event, and no version of the record."""
    document = a_document(archive)
    with closing(archive.packages.open(f"urn:uuid:{document.id}", "original/data")) as content:
        data = content.read()
    acts: list[Callable[[], object]] = [lambda: deposit(archive, ACTOR, Upload(BytesIO(data), "otro nombre.bin"))]
    rebuild_catalogue(replace(archive, packages=Reading(archive.store, f"urn:uuid:{document.id}", acts)))
    finish(archive)
    rebuild_catalogue(archive)
    with archive.reading() as session:
        noted = session.scalars(select(DocumentEvent).filter_by(document_id=document.id, code="received.again")).all()
    assert [event.params["filename"] for event in noted] == ["otro nombre.bin"]


@pytest.mark.parametrize("when", ["read", "before"])
def test_what_is_deleted_while_packages_are_read_stays_deleted(filled: Path, archive: Archive, when: str) -> None:
    document = a_document(archive)
    order = Order("acta", "14 de 2026", "2026-11-20", "el comité")
    create_user(archive, ACTOR, "ana", "archivist", password="una frase larga y propia")
    asked = deletion.request(archive, ACTOR, [document.id], order, "Venció su tiempo de retención.")
    deletion.confirm(archive, actor_of_login(archive, "ana"), asked.id)
    later = replace(archive, clock=lambda: archive.clock() + timedelta(days=8))

    def delete() -> None:
        due = deletion.schedule(later)
        work_until_done(later, {*due, *deletion.documents_of(later, due)})

    root = Reading(archive.store, f"urn:uuid:{document.id}", [delete], before=when == "before")
    rebuilt = rebuild_catalogue(replace(archive, packages=root))
    assert rebuilt.unreadable == ()
    with archive.reading() as session:
        assert session.get_one(Document, document.id).state == "deleted"
        assert not session.scalars(select(DocumentPart).filter_by(document_id=document.id)).all()
    assert verify(archive, ACTOR).is_clean
    finish(archive)
    rebuild_catalogue(archive)
    with archive.reading() as session:
        assert session.get_one(Document, document.id).state == "deleted"
