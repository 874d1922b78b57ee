"""What an object lost is given back from a good copy, the damaged bytes kept aside; where no copy is good, nothing is touched."""

import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from preservation.ocfl import StorageRoot
from preservation.ocfl_copy import copy_root
from preservation.ocfl_inventory import BadInventory
from preservation.ocfl_layout import digest, prefix_of, read
from preservation.ocfl_repair import Repair, repair
from preservation.store import DigestMismatch, ObjectKey, ObjectStore, StoredObject, StoreUnavailable
from preservation.stores.memory import MemoryStore

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ID = "urn:uno"
PREFIX = prefix_of(ID)


def write(store: ObjectStore, text: str) -> None:
    root = StorageRoot(store)
    root.ensure()
    with root.new_version(ID, base=root.head(ID)) as writer:
        writer.put_bytes("record.json", text.encode())
        writer.put_bytes(f"{text}.bin", text.encode() * 1000)
        writer.commit("a reason", "an archivist", None, NOW)


def overwrite(store: ObjectStore, key: ObjectKey, data: bytes) -> None:
    store.delete(key, authority="uncommitted")
    store.put(key, io.BytesIO(data))


def held(store: ObjectStore) -> dict[ObjectKey, bytes | None]:
    return {one.key: read(store, one.key) for one in store.list(PREFIX)}


class Aside(dict[ObjectKey, bytes]):
    def __call__(self, key: ObjectKey, content: BinaryIO) -> None:
        self[key] = content.read()


@pytest.fixture
def original() -> MemoryStore:
    store = MemoryStore()
    for text in ("uno", "dos", "tres"):
        write(store, text)
    return store


@pytest.fixture
def copy(original: MemoryStore) -> MemoryStore:
    target = MemoryStore()
    assert [outcome for _, outcome in copy_root(original, target)] == ["copied"]
    return target


def mended(store: ObjectStore, copies: Sequence[ObjectStore], recorded: str | None = None, aside: Aside | None = None) -> Repair:
    return repair(store, PREFIX, copies, recorded=recorded, put_aside=Aside() if aside is None else aside)


def keys(store: ObjectStore) -> list[ObjectKey]:
    return [one.key for one in store.list(PREFIX)]


def test_every_file_damaged_or_lost_is_given_back_and_nothing_else_is_touched(original: MemoryStore, copy: MemoryStore) -> None:
    before = held(original)
    for key, content in before.items():
        assert content is not None
        for damaged in (b"x" + content[1:], None):
            aside = Aside()
            if damaged is None:
                original.delete(key, authority="uncommitted")
            else:
                overwrite(original, key, damaged)
            found = mended(original, [copy], aside=aside)
            assert [one.key for one in found.restored] == [key]
            assert found.after.is_intact
            assert held(original) == before
            assert aside == ({} if damaged is None else {key: damaged})


def test_a_whole_object_is_given_back(original: MemoryStore, copy: MemoryStore) -> None:
    before = held(original)
    for key in before:
        original.delete(key, authority="uncommitted")
    assert mended(original, [copy]).after.is_intact
    assert held(original) == before


def test_what_is_damaged_in_every_copy_is_left_as_it_stands(original: MemoryStore, copy: MemoryStore) -> None:
    bad = next(key for key in keys(original) if key.endswith("dos.bin"))
    overwrite(original, bad, b"malo")
    overwrite(copy, bad, b"malo tambien")
    aside = Aside()
    found = mended(original, [copy], aside=aside)
    assert found.restored == ()
    assert [damage.key for damage in found.after.damaged] == [bad]
    assert read(original, bad) == b"malo"
    assert aside == {}


def test_a_file_comes_from_the_copy_that_has_it_right(original: MemoryStore, copy: MemoryStore) -> None:
    bad = next(key for key in keys(original) if key.endswith("dos.bin"))
    good = read(original, bad)
    other = MemoryStore()
    list(copy_root(original, other))
    overwrite(original, bad, b"malo")
    overwrite(copy, bad, b"malo tambien")
    (one,) = mended(original, [copy, other]).restored
    assert (one.source, one.was, one.now) == (1, digest("sha256", b"malo").value, digest("sha256", good or b"").value)


def test_a_copy_that_is_behind_gives_what_it_has(original: MemoryStore, copy: MemoryStore) -> None:
    write(original, "cuatro")
    before = held(original)
    old, new = (next(key for key in keys(original) if key.endswith(name)) for name in ("uno.bin", "cuatro.bin"))
    overwrite(original, old, b"malo")
    overwrite(original, new, b"malo")
    found = mended(original, [copy])
    assert [one.key for one in found.restored] == [old]
    assert [damage.key for damage in found.after.damaged] == [new]
    assert read(original, old) == before[old]


def test_an_older_copy_never_takes_the_place_of_a_newer_object_that_cannot_be_read(original: MemoryStore, copy: MemoryStore) -> None:
    write(original, "cuatro")
    recorded = digest("sha256", read(original, ObjectKey(f"{PREFIX}inventory.json")) or b"").value
    for key in keys(original):
        if "inventory.json" in key:
            overwrite(original, key, b"{")
    before = held(original)
    assert mended(original, [copy], recorded).restored == ()
    assert held(original) == before


def forge(store: ObjectStore, places: Sequence[str], change: Callable[[bytes], bytes]) -> None:
    """Change inventories, and have their sidecars agree."""
    for place in places:
        changed = change(read(store, ObjectKey(f"{PREFIX}{place}inventory.json")) or b"")
        overwrite(store, ObjectKey(f"{PREFIX}{place}inventory.json"), changed)
        sidecar = f"{digest('sha256', changed).value}  inventory.json\n".encode()
        overwrite(store, ObjectKey(f"{PREFIX}{place}inventory.json.sha256"), sidecar)


def last_reason(data: bytes) -> bytes:
    before, _, after = data.rpartition(b"a reason")
    return before + b"no reason" + after


def every_reason(data: bytes) -> bytes:
    return data.replace(b"a reason", b"no reason")


@pytest.mark.parametrize("change", [last_reason, every_reason])
def test_of_two_inventories_that_differ_the_recorded_one_counts(
    original: MemoryStore, copy: MemoryStore, change: Callable[[bytes], bytes]
) -> None:
    """Somebody who alters the inventory and its sidecar together is found by the record, and by the earlier ones, if it is said of them."""
    before = held(original)
    recorded = digest("sha256", before[ObjectKey(f"{PREFIX}inventory.json")] or b"").value
    forge(original, ("", "v3/"), change)
    assert StorageRoot(original).verify(ID).is_intact == (change is last_reason)
    done = mended(original, [copy], recorded)
    assert done.after.is_intact
    assert held(original) == before
    assert {one.key.removeprefix(PREFIX): one.source for one in done.restored} == {
        f"{place}{name}": 0 for place in ("", "v3/") for name in ("inventory.json", "inventory.json.sha256")
    }


def test_a_forged_inventory_of_which_no_good_copy_is_left_changes_nothing_else(original: MemoryStore) -> None:
    """What earlier inventories say is not made to agree with it."""
    recorded = digest("sha256", read(original, ObjectKey(f"{PREFIX}inventory.json")) or b"").value
    forge(original, ("", "v3/"), every_reason)
    before = held(original)
    assert mended(original, [], recorded).restored == ()
    assert held(original) == before


class TestEarlierInventories:
    """Forged together with its sidecar, the inventory of an earlier version is found by what the root inventory says, and by the record."""

    CHANGES: Mapping[str, Callable[[bytes], bytes]] = {
        "another reason": every_reason,
        "another logical path": lambda data: data.replace(b'"record.json"', b'"recxrd.json"'),
        "another content path": lambda data: data.replace(b"/record.json", b"/recxrd.json"),
        "another head": lambda data: data.replace(b'"head": "v2"', b'"head": "v1"'),
        "another identifier": lambda data: data.replace(b"urn:uno", b"urn:dos"),
        "no inventory": lambda data: b"{}",
    }

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    @pytest.mark.parametrize("is_known", [True, False])
    def test_it_is_found_and_given_back(
        self, original: MemoryStore, copy: MemoryStore, change: Callable[[bytes], bytes], is_known: bool
    ) -> None:
        before = held(original)
        recorded = digest("sha256", before[ObjectKey(f"{PREFIX}inventory.json")] or b"").value if is_known else None
        forge(original, ("v2/",), change)
        assert [one.key for one in StorageRoot(original).verify(ID).damaged] == [f"{PREFIX}v2/inventory.json"]
        assert mended(original, [copy], recorded).after.is_intact
        assert held(original) == before

    def test_it_is_neither_copied_nor_exported(self, original: MemoryStore, tmp_path: Path) -> None:
        forge(original, ("v2/",), every_reason)
        assert [outcome for _, outcome in copy_root(original, MemoryStore())] == ["damaged"]
        with pytest.raises(BadInventory):
            StorageRoot(original).export(ID, tmp_path / "out")

    def test_where_the_root_inventory_is_known_no_copy_is_needed(self, original: MemoryStore) -> None:
        before = held(original)
        recorded = digest("sha256", before[ObjectKey(f"{PREFIX}inventory.json")] or b"").value
        forge(original, ("v1/", "v2/"), every_reason)
        done = mended(original, [], recorded)
        assert done.after.is_intact
        assert held(original) == before
        assert {one.source for one in done.restored} == {None}

    def test_one_that_says_the_same_in_other_bytes_is_found_by_the_record_alone(self, original: MemoryStore, copy: MemoryStore) -> None:
        """Another program may have written it so; that it did not, only the record knows."""
        right = read(original, ObjectKey(f"{PREFIX}v1/inventory.json")) or b""
        told = {1: [digest("sha256", right).value]}
        forge(original, ("v1/",), lambda data: data.replace(b"\n", b""))
        assert StorageRoot(original).verify(ID).is_intact
        (found,) = StorageRoot(original).verify(ID, told=told).damaged
        assert (found.key, found.expected) == (f"{PREFIX}v1/inventory.json", told[1][0])
        assert repair(original, PREFIX, [copy], recorded=None, put_aside=Aside(), told=told).after.is_intact
        assert read(original, ObjectKey(f"{PREFIX}v1/inventory.json")) == right


def test_damage_that_cannot_be_put_aside_is_not_overwritten(original: MemoryStore, copy: MemoryStore) -> None:
    bad = next(key for key in keys(original) if key.endswith("dos.bin"))
    overwrite(original, bad, b"malo")

    def full(key: ObjectKey, content: BinaryIO) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        repair(original, PREFIX, [copy], recorded=None, put_aside=full)
    assert read(original, bad) == b"malo"


def test_several_files_flipped_at_random_are_all_found_and_given_back(original: MemoryStore, copy: MemoryStore) -> None:
    before = held(original)
    chance = random.Random(11)
    for _ in range(60):
        hurt = chance.sample(sorted(before), chance.randrange(1, len(before)))
        for key in hurt:
            content = bytearray(before[key] or b"")
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            overwrite(original, key, bytes(content))
        found = mended(original, [copy])
        assert found.after.is_intact, hurt
        assert held(original) == before


def test_inventories_whose_damage_names_an_impossible_file_stop_nothing(original: MemoryStore, copy: MemoryStore) -> None:
    before = held(original)
    for place in ("", "v1/", "v2/", "v3/"):
        key = ObjectKey(f"{PREFIX}{place}inventory.json")
        overwrite(original, key, (before[key] or b"").replace(b"/content/", b"/conten?/"))
    assert not StorageRoot(original).verify(ID).is_intact
    recorded = digest("sha256", before[ObjectKey(f"{PREFIX}inventory.json")] or b"").value
    assert mended(original, [copy], recorded).after.is_intact
    assert held(original) == before


def test_a_version_after_the_recorded_one_is_never_rolled_back(original: MemoryStore, copy: MemoryStore) -> None:
    """A crash, or an earlier program, leaves a record that is behind; the object grew from what was recorded."""
    recorded = digest("sha256", read(original, ObjectKey(f"{PREFIX}inventory.json")) or b"").value
    write(original, "cuatro")
    before = held(original)
    bad = next(key for key in keys(original) if key.endswith("dos.bin"))
    overwrite(original, bad, b"malo")
    assert [one.key for one in mended(original, [copy], recorded).restored] == [bad]
    assert held(original) == before
    assert StorageRoot(original).head(ID) == 4


def test_a_copy_that_is_away_does_not_keep_the_others_from_giving(original: MemoryStore, copy: MemoryStore) -> None:
    class Away(MemoryStore):
        def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
            raise StoreUnavailable("away")

        def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
            raise StoreUnavailable("away")

    before = held(original)
    for place in ("", "v1/", "v3/"):
        overwrite(original, ObjectKey(f"{PREFIX}{place}inventory.json"), b"{")
    overwrite(original, next(key for key in keys(original) if key.endswith("dos.bin")), b"malo")
    found = mended(original, [Away(), copy])
    assert found.after.is_intact
    assert held(original) == before
    assert {one.source for one in found.restored} <= {None, 1}


def test_damage_whose_keeping_aside_fails_by_its_own_digest_is_not_overwritten(original: MemoryStore, copy: MemoryStore) -> None:
    bad = next(key for key in keys(original) if key.endswith("dos.bin"))
    overwrite(original, bad, b"malo")

    def lossy(key: ObjectKey, content: BinaryIO) -> None:
        raise DigestMismatch("what was kept aside is not what was read")

    with pytest.raises(DigestMismatch):
        repair(original, PREFIX, [copy], recorded=None, put_aside=lossy)
    assert read(original, bad) == b"malo"


def test_bytes_that_the_store_does_not_give_are_replaced_and_told_as_unknown(original: MemoryStore, copy: MemoryStore) -> None:
    bad = next(key for key in keys(original) if key.endswith("dos.bin"))
    good = read(original, bad)

    class Knowing(MemoryStore):
        """One that knows its damage, as MinIO, or a disk that cannot read a sector."""

        def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
            file = super().open(key, start, length)
            if key == bad and file.read() == b"malo":
                raise DigestMismatch(key)
            file.seek(0)
            return file

    store = Knowing()
    list(copy_root(original, store))
    overwrite(store, bad, b"malo")
    (one,) = mended(store, [copy]).restored
    assert (one.key, one.was) == (bad, None)
    assert read(store, bad) == good
