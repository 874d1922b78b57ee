"""A storage root is copied to another store: whole objects, with their digests, at any instant and however often."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.ocfl_copy import Outcome, copy_root
from preservation.ocfl_layout import prefix_of, read
from preservation.ocfl_root import OtherRoot
from preservation.store import ObjectKey, ObjectMissing, StoredObject, StoreUnavailable
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.memory import MemoryStore

NOW = datetime(2026, 11, 24, tzinfo=UTC)
IDS = ("urn:uno", "urn:dos", "urn:tres")


def write(store: MemoryStore | FilesystemStore, object_id: str, title: str) -> None:
    """A version more of an object, or its first."""
    root = StorageRoot(store)
    with root.new_version(object_id, base=root.head(object_id)) as writer:
        writer.put_bytes("record.json", title.encode())
        writer.put_bytes(f"{title}.bin", title.encode() * 1000)
        writer.commit("a reason", "an archivist", None, NOW)


@pytest.fixture
def source(tmp_path: Path) -> FilesystemStore:
    store = FilesystemStore(tmp_path / "store", tmp_path / "incoming")
    StorageRoot(store).ensure()
    for object_id in IDS:
        write(store, object_id, "antes")
    return store


@pytest.fixture(params=["memory", "filesystem"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryStore | FilesystemStore:
    return MemoryStore() if request.param == "memory" else FilesystemStore(tmp_path / "copia", tmp_path / "copia.incoming")


def copied(source: FilesystemStore, target: MemoryStore | FilesystemStore) -> list[Outcome]:
    """What became of each of IDS, in their order; of what is no longer listed, nothing."""
    found = dict(copy_root(source, target))
    return [found[prefix_of(one)] for one in IDS if prefix_of(one) in found]


def held(store: MemoryStore | FilesystemStore) -> dict[str, bytes | None]:
    return {one.key: read(store, one.key) for one in store.list()}


def is_whole(store: MemoryStore | FilesystemStore) -> bool:
    root = StorageRoot(store)
    found = [root.verify(one) for one in root.objects()]
    return not any((one.damaged, one.missing, one.unexpected) != ((), (), ()) for one in found)


def test_the_copy_is_the_same_and_the_next_one_brings_what_is_new(source: FilesystemStore, target: MemoryStore | FilesystemStore) -> None:
    assert copied(source, target) == [Outcome.COPIED] * 3
    assert held(target) == held(source)
    write(source, "urn:dos", "luego")
    assert copied(source, target) == [Outcome.HELD, Outcome.COPIED, Outcome.HELD]
    assert held(target) == held(source)


def test_what_is_being_written_is_not_in_the_copy(source: FilesystemStore, target: MemoryStore | FilesystemStore) -> None:
    before, root = held(source), StorageRoot(source)
    with root.new_version("urn:uno", base=1) as later, root.new_version("urn:nuevo", base=None) as first:
        later.put_bytes("record.json", b"a medias")
        first.put_bytes("record.json", b"a medias")
        found = dict(copy_root(source, target))
        assert found.pop(prefix_of("urn:nuevo")) == Outcome.BEGUN
        assert set(found.values()) == {Outcome.COPIED}
        assert held(target) == before


def test_a_copy_that_is_ahead_stays_as_it_is(source: FilesystemStore, target: MemoryStore | FilesystemStore) -> None:
    copied(source, target)
    write(target, "urn:uno", "luego")
    before = held(target)
    assert copied(source, target) == [Outcome.HELD] * 3
    assert held(target) == before


def test_what_went_another_way_is_told_and_left(source: FilesystemStore, target: MemoryStore | FilesystemStore) -> None:
    copied(source, target)
    write(target, "urn:uno", "luego")
    write(source, "urn:uno", "otra-cosa")
    before = held(target)
    assert copied(source, target) == [Outcome.OTHER, Outcome.HELD, Outcome.HELD]
    assert held(target) == before


def spoil_content(folder: Path) -> None:
    next(folder.rglob("v2/content/*/luego.bin")).write_bytes(b"x")


def lose_content(folder: Path) -> None:
    next(folder.rglob("v2/content/*/luego.bin")).unlink()


def spoil_root(folder: Path) -> None:
    (folder / prefix_of("urn:uno") / "inventory.json").write_bytes(b"{}")


def spoil_version(folder: Path) -> None:
    (folder / prefix_of("urn:uno") / "v2/inventory.json").write_bytes(b"{}")


@pytest.mark.parametrize("harm", [spoil_content, lose_content, spoil_root, spoil_version], ids=lambda one: one.__name__)
def test_what_is_damaged_takes_no_place_in_the_copy(
    source: FilesystemStore, target: MemoryStore | FilesystemStore, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    copied(source, target)
    write(source, "urn:uno", "luego")
    whole = held(source)
    harm(tmp_path / "store")
    assert copied(source, target) == [Outcome.DAMAGED, Outcome.HELD, Outcome.HELD]
    assert StorageRoot(target).inventory("urn:uno").head == 1
    for key, data in whole.items():
        (tmp_path / "store" / key).write_bytes(data or b"")
    assert copied(source, target) == [Outcome.COPIED, Outcome.HELD, Outcome.HELD]
    assert held(target) == whole


class Ending(MemoryStore):
    """One that goes away at its n-th write."""

    left = -1

    def _pass(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreUnavailable("it went away")

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        self._pass()
        return super().put(key, content, expected=expected)

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        self._pass()
        return super().replace(key, content, was=was)


@pytest.mark.parametrize("writes", range(1, 9))
@pytest.mark.parametrize("has_first", [False, True], ids=["first", "second"])
def test_a_copy_that_is_interrupted_leaves_nothing_half_done_and_the_next_one_goes_on(
    source: FilesystemStore, has_first: bool, writes: int
) -> None:
    target = Ending()
    if has_first:
        copied(source, target)
        for one in IDS:
            write(source, one, "luego")
    target.left = writes
    with pytest.raises(StoreUnavailable):
        copied(source, target)
    target.left = -1
    recovered = MemoryStore()
    for key, data in held(target).items():
        recovered.put(ObjectKey(key), io.BytesIO(data or b""))
    list(StorageRoot(recovered).recover_all())
    assert is_whole(recovered)
    copied(source, target)
    assert held(target) == held(source)


def test_what_is_no_storage_root_is_refused(tmp_path: Path) -> None:
    empty, target = FilesystemStore(tmp_path / "nada", tmp_path / "incoming"), MemoryStore()
    with pytest.raises(ObjectMissing):
        list(copy_root(empty, target))
    assert held(target) == {}


def test_a_store_that_holds_anything_else_is_no_place_for_a_copy(source: FilesystemStore) -> None:
    target = MemoryStore()
    target.put(ObjectKey("0=ocfl_1.1"), io.BytesIO(b"ocfl_1.0\n"))
    with pytest.raises(OtherRoot):
        list(copy_root(source, target))
