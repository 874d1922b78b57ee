"""A storage root's own files: written once, the layout's added where it was left out, damage of any told and given back."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from preservation.ocfl import StorageRoot
from preservation.ocfl_layout import LAYOUT_CONFIG, LAYOUT_FILE, ROOT_DECLARATION, ROOT_FILES, read
from preservation.ocfl_root import OtherRoot, check_root, is_there, repair_root
from preservation.store import ObjectKey, ObjectStore
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.memory import MemoryStore
from preservation.validate import validate

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def write(store: ObjectStore) -> None:
    with StorageRoot(store).new_version("urn:uno", base=None) as writer:
        writer.put_bytes("a", b"x")
        writer.commit("a reason", "an archivist", None, NOW)


def overwrite(store: ObjectStore, key: ObjectKey, data: bytes | None) -> None:
    store.delete(key, authority="uncommitted")
    if data is not None:
        store.put(key, io.BytesIO(data))


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    StorageRoot(made).ensure()
    write(made)
    return made


class Counting(MemoryStore):
    """Counts what is asked of it."""

    asked = 0

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        self.asked += 1
        return super().open(key, start, length)


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {"a bit flipped": flipped, "emptied": lambda _: b"", "lost": lambda _: None}


def test_the_layout_is_declared_and_the_root_valid(tmp_path: Path) -> None:
    made = FilesystemStore(tmp_path / "store", tmp_path / "incoming")
    StorageRoot(made).ensure()
    write(made)
    said = json.loads((tmp_path / "store" / LAYOUT_FILE).read_bytes())
    assert said["extension"] == json.loads((tmp_path / "store" / LAYOUT_CONFIG).read_bytes())["extensionName"]
    assert said["description"]
    report = validate(tmp_path / "store")
    assert report.valid
    assert not [each for each in report.findings if each.rule.code.startswith(("E", "W01"))]


@pytest.mark.parametrize("key", ROOT_FILES)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_of_any_is_told_and_given_back_and_keeps_nobody_from_opening(
    key: ObjectKey, damage: Callable[[bytes], bytes | None], store: MemoryStore
) -> None:
    bad = damage(ROOT_FILES[key])
    overwrite(store, key, bad)
    found = check_root(store)
    if (key, bad) != (LAYOUT_FILE, None):  # then it is as an earlier program left it
        assert [*(one.key for one in found.damaged), *found.missing] == [key]
        StorageRoot(store).ensure()
        assert read(store, key) == bad
        aside: dict[ObjectKey, bytes] = {}
        (restored,) = repair_root(store, lambda each, content: aside.update({each: content.read()}))
        assert (restored.key, restored.source, restored.was is None) == (key, None, not bad)
        assert aside == ({} if bad is None else {key: bad})
    else:
        assert found.is_intact
        StorageRoot(store).ensure()
    assert read(store, key) == ROOT_FILES[key]
    assert check_root(store).is_intact


def test_a_root_that_stands_whole_is_asked_once() -> None:
    store = Counting()
    StorageRoot(store).ensure()
    store.asked = 0
    StorageRoot(store).ensure()
    assert store.asked == 1


@pytest.mark.parametrize("key", ROOT_FILES)
def test_an_empty_root_that_is_not_as_ours_is_refused(key: ObjectKey) -> None:
    """Nothing tells its damage from another layout, and nothing is lost in it."""
    store = MemoryStore()
    StorageRoot(store).ensure()
    overwrite(store, LAYOUT_FILE, None)
    if key != LAYOUT_FILE:
        overwrite(store, key, b"another")
    else:
        store.put(key, io.BytesIO(b"another"))
    with pytest.raises(OtherRoot):
        StorageRoot(store).ensure()


@pytest.mark.parametrize("ended", range(4))
def test_a_root_whose_first_opening_was_interrupted_is_finished(ended: int) -> None:
    store = MemoryStore()
    for key, data in list(ROOT_FILES.items())[:ended]:
        store.put(key, io.BytesIO(data))
    StorageRoot(store).ensure()
    assert {key: read(store, key) for key in ROOT_FILES} == ROOT_FILES


def test_a_folder_that_is_not_mounted_is_told_from_a_damaged_root(store: MemoryStore) -> None:
    overwrite(store, ROOT_DECLARATION, None)
    overwrite(store, LAYOUT_FILE, b"")
    assert is_there(store)
    assert not is_there(MemoryStore())
