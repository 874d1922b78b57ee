"""What an inventory says, byte for byte, and what a root tells in one pass."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.ocfl_inventory import Inventory, Version, parse
from preservation.ocfl_layout import prefix_of
from preservation.store import Changed, ObjectKey, ObjectStore, StoredObject
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.memory import MemoryStore

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(paths=st.lists(TEXT, min_size=0, max_size=4, unique=True), message=st.none() | TEXT, name=TEXT)
def test_an_inventory_is_the_json_that_any_program_writes(paths: list[str], message: str | None, name: str) -> None:
    digests = {f"{number:064x}": (f"v1/content/{path}",) for number, path in enumerate(paths)}
    state = dict(zip(paths, digests, strict=True))
    inventory = Inventory(name, "sha256", 1, digests, {1: Version(NOW, message, name, None, state)})
    written = inventory.to_json()
    assert written == (json.dumps(json.loads(written), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    assert parse(written) == inventory


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryStore() if request.param == "memory" else FilesystemStore(tmp_path / "store", tmp_path / "incoming")


def _write(root: StorageRoot, object_id: str, base: int | None = None) -> None:
    with root.new_version(object_id, base=base) as writer:
        writer.put("a", io.BytesIO(f"{object_id} {base}".encode()))
        writer.commit("m", "n", None, NOW)


def test_a_survey_recovers_and_tells_every_object_in_one_pass(store: ObjectStore) -> None:
    root = StorageRoot(store)
    root.ensure()
    names = [f"urn:{number}" for number in range(6)]
    for name in names:
        _write(root, name)
    _write(root, names[1], base=1)
    half = ObjectKey(f"{prefix_of('urn:never')}v1/content/x/a")
    store.put(half, io.BytesIO(b"half"))
    busy = ObjectKey(f"{prefix_of('urn:busy')}v1/content/x/a")
    store.put(busy, io.BytesIO(b"half"))
    for name, lost in ((names[2], "inventory.json.sha256"), (names[3], "inventory.json"), (names[3], "v1/inventory.json")):
        store.delete(ObjectKey(f"{prefix_of(name)}{lost}"), authority="repair")
    store.put(ObjectKey(f"{prefix_of(names[3])}inventory.json"), io.BytesIO(b"{"))
    asked: dict[str, str | None] = {}

    @contextmanager
    def alone(prefix: str, object_id: str | None) -> Iterator[bool]:
        asked[prefix] = object_id
        yield prefix != prefix_of("urn:busy")

    found = {prefix: (object_id, inventory and inventory.head) for prefix, object_id, inventory in root.survey(alone)}
    assert asked == {prefix_of("urn:never"): None, prefix_of("urn:busy"): None, prefix_of(names[2]): names[2]}
    expected = {prefix_of(name): (name, 2 if name == names[1] else 1) for name in names}
    assert found == {**expected, prefix_of(names[3]): (None, None)}
    assert list(found) == sorted(found)
    assert store.stat(ObjectKey(f"{prefix_of(names[2])}inventory.json.sha256")).size
    assert {half, busy} & {*store.keys()} == {busy}


class Through:
    """A store between, for what another does meanwhile."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("base", [None, 1], ids=["a first version", "a second version"])
@pytest.mark.parametrize("when", ["listed", "asked"])
def test_a_survey_spares_what_a_writer_left_and_then_committed(store: ObjectStore, base: int | None, when: str) -> None:
    """Its files were listed while no root inventory named them, of a server in a page asked for long before; then it ended."""
    root = StorageRoot(store)
    root.ensure()
    if base:
        _write(root, "urn:a")
    writer = ExitStack()
    begun = writer.enter_context(root.new_version("urn:a", base=base))
    begun.put("b", io.BytesIO(b"b"))

    def end() -> None:
        begun.commit("m", "n", None, NOW)
        writer.close()

    class Paged(Through):
        def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
            page = list(store.keys(prefix))
            if when == "listed" and not prefix:
                end()
            yield from page

    @contextmanager
    def alone(prefix: str, object_id: str | None) -> Iterator[bool]:
        if when == "asked":
            end()
        yield True

    ((prefix, object_id, inventory),) = StorageRoot(cast(ObjectStore, Paged(store))).survey(alone)
    assert (prefix, object_id, inventory and inventory.head) == (prefix_of("urn:a"), "urn:a", (base or 0) + 1)
    assert root.verify("urn:a").is_intact


def test_a_first_version_whose_declaration_was_taken_away_is_not_made(store: ObjectStore) -> None:
    """By a recovery that took its writer for dead, between the declaration and the root inventory."""

    class Recovered(Through):
        def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
            stored = store.put(key, content, expected=expected)
            if key.endswith("0=ocfl_object_1.1"):
                store.delete(key, authority="uncommitted")
            return stored

    with pytest.raises(Changed):
        _write(StorageRoot(cast(ObjectStore, Recovered(store))), "urn:a")
    assert list(store.keys()) == []
