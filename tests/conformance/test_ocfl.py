"""OCFL packages as others judge them (ocfl-py), after every act and after a kill at every instant; and what verify() sees."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest
from ocfl.object import Object as JudgeOfObjects

from preservation.fixity import Digest
from preservation.ocfl import StorageRoot
from preservation.ocfl_inventory import BadInventory, Inventory
from preservation.ocfl_layout import prefix_of
from preservation.ocfl_root import OtherRoot
from preservation.ocfl_writer import VersionWriter
from preservation.store import BadKey, Changed, DigestMismatch, ObjectKey, ObjectMissing, ObjectStore, StoredObject, StoreFull
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.memory import MemoryStore
from tests.ocfl_judge import judged
from tests.s3_servers import S3Server

ID = "urn:uuid:019aa0f0-0000-7000-8000-000000000001"
OTHER = "urn:uuid:019aa0f0-0000-7000-8000-000000000002"
NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)


Opened = Callable[[Path], ObjectStore]


@pytest.fixture(params=["directory", pytest.param("versitygw", marks=pytest.mark.servers)])
def opened(request: pytest.FixtureRequest) -> Opened:
    """How a store is opened whose objects are files below `store` in a folder: a directory, or an S3 server that keeps them so."""
    if request.param == "directory":
        return lambda folder: FilesystemStore(folder / "store", folder / "incoming")
    server: S3Server = request.getfixturevalue("versitygw")

    def served(folder: Path) -> ObjectStore:
        files = folder / "store"
        place = server.place()
        if files.is_symlink():
            place = replace(place, prefix=f"{files.readlink().name}/")
        else:
            server.file_of(place, "").mkdir(parents=True)
            folder.mkdir(exist_ok=True)
            files.symlink_to(server.file_of(place, ""))
        return server.store(place)

    return served


@pytest.fixture
def root(opened: Opened, tmp_path: Path) -> StorageRoot:
    made = StorageRoot(opened(tmp_path))
    made.ensure()
    return made


def _commit(writer: VersionWriter) -> Inventory:
    return writer.commit("a reason", "an archivist", "mailto:archivist@example.org", NOW)


def _first(root: StorageRoot, object_id: str = ID) -> Inventory:
    with root.new_version(object_id, base=None) as writer:
        writer.put_bytes("original/document.pdf", b"%PDF original" * 100)
        writer.put_bytes("metadata/record.json", b'{"title": "uno"}')
        return _commit(writer)


def _second(root: StorageRoot, object_id: str = ID) -> Inventory:
    with root.new_version(object_id, base=1) as writer:
        writer.put_bytes("metadata/record.json", b'{"title": "dos"}')
        writer.put_bytes("text/1.txt", b"the text")
        writer.put_bytes("access/document.pdf", b"%PDF original" * 100)
        return _commit(writer)


def _third(root: StorageRoot, object_id: str = ID) -> Inventory:
    with root.new_version(object_id, base=2) as writer:
        writer.remove("text/1.txt")
        writer.put_bytes("metadata/record.json", b'{"title": "uno"}')
        return _commit(writer)


ACTS: Sequence[Callable[[StorageRoot], Inventory]] = (_first, _second, _third)


def _assert_valid(folder: Path, objects: int) -> None:
    judge = judged(str(folder))
    assert (judge.num_objects, judge.good_objects) == (objects, objects), judge.errors


def _assert_object_valid(folder: Path) -> None:
    passed, validator = JudgeOfObjects().validate(str(folder))
    assert passed, validator.status_str()


def _contents(root: StorageRoot, object_id: str = ID, version: int | None = None) -> dict[str, bytes]:
    found = {}
    for logical in root.inventory(object_id).state(version):
        with root.open(object_id, logical, version) as file:
            found[logical] = file.read()
    return found


def test_an_empty_root_is_valid(root: StorageRoot, tmp_path: Path, opened: Opened) -> None:
    _assert_valid(tmp_path / "store", 0)
    root.ensure()
    StorageRoot(opened(tmp_path)).ensure()
    _assert_valid(tmp_path / "store", 0)


def test_a_root_of_another_layout_is_refused(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path)
    store.put(ObjectKey("0=ocfl_1.1"), io.BytesIO(b"ocfl_1.1\n"))
    with pytest.raises(OtherRoot):
        StorageRoot(store).ensure()


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_versions_are_valid_and_readable(tmp_path: Path, algorithm: str, opened: Opened) -> None:
    root = StorageRoot(opened(tmp_path), algorithm=algorithm)
    root.ensure()
    for number, act in enumerate(ACTS, 1):
        inventory = act(root)
        assert root.head(ID) == inventory.head == number
        assert root.inventory(ID) == inventory
        assert root.verify(ID).is_intact
        assert root.recover(ID).is_clean
        _assert_valid(tmp_path / "store", 1)
    first = {"original/document.pdf": b"%PDF original" * 100, "metadata/record.json": b'{"title": "uno"}'}
    assert _contents(root, version=1) == first
    assert _contents(root, version=2) == {
        **first,
        "metadata/record.json": b'{"title": "dos"}',
        "text/1.txt": b"the text",
        "access/document.pdf": first["original/document.pdf"],
    }
    assert _contents(root) == {**first, "access/document.pdf": first["original/document.pdf"]}
    assert inventory.versions[3].created == NOW
    assert inventory.versions[3].user_address == "mailto:archivist@example.org"


def test_bytes_already_held_are_not_kept_twice(root: StorageRoot) -> None:
    _first(root)
    _second(root)
    contents = [found.size for found in root.keys(ID) if "/content/" in found.key]
    assert sorted(contents) == sorted([1300, 16, 16, 8])
    with root.new_version(ID, base=2) as writer:
        stored = writer.put_bytes("a/copy", b"the text")
        assert stored.size == 8
        assert stored.digest == root.inventory(ID).digest("text/1.txt")
        assert stored.digest == writer.digest("a/copy")
        again = writer.put_bytes("b/new", b"new bytes")
        assert writer.put_bytes("c/new", b"new bytes").key == again.key
        _commit(writer)
    assert len([found for found in root.keys(ID) if found.key.startswith(f"{prefix_of(ID)}v3/content/")]) == 1


def test_a_version_is_read_back_before_it_is_committed(root: StorageRoot, tmp_path: Path) -> None:
    with root.new_version(ID, base=None) as writer:
        stored = writer.put_bytes("a", b"as it came")
        writer.check()
        other = writer.put_bytes("b", b"and another")
        path = tmp_path / "store" / other.key
        path.write_bytes(b"AND another")
        with pytest.raises(DigestMismatch):
            writer.check()
        path.write_bytes(b"and another")
        writer.check()
        assert writer.number == _commit(writer).head
    assert root.inventory(ID).digest("a") == stored.digest


def test_a_version_may_only_remove_or_hold_nothing(root: StorageRoot, tmp_path: Path) -> None:
    _first(root)
    with root.new_version(ID, base=1) as writer:
        for logical in list(root.inventory(ID).state()):
            writer.remove(logical)
        _commit(writer)
    assert _contents(root) == {}
    with root.new_version(OTHER, base=None) as writer:
        _commit(writer)
    _assert_valid(tmp_path / "store", 2)


def test_what_a_version_put_and_does_not_hold_in_the_end_is_not_kept(root: StorageRoot, tmp_path: Path) -> None:
    def fails() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the reader went away")

    _first(root)
    with root.new_version(ID, base=1) as writer:
        writer.put_bytes("a", b"thought better of it")
        writer.remove("a")
        with pytest.raises(RuntimeError):
            writer.put("b", _Stream(fails()))
        writer.remove("metadata/record.json")
        writer.keep("metadata/record.json")
        with pytest.raises(ObjectMissing):
            writer.remove("never there")
        with pytest.raises(ObjectMissing):
            writer.keep("a")
        inventory = _commit(writer)
    assert inventory.state(2) == inventory.state(1)
    assert root.verify(ID).is_intact
    _assert_valid(tmp_path / "store", 1)


class _Stream(io.RawIOBase, BinaryIO):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int = -1, /) -> bytes:
        return next(self._chunks, b"")


@pytest.mark.parametrize("logical", ["", "/a", "a/", "a//b", "../a", "a/../b", "á", "a b"])
def test_bad_logical_paths(root: StorageRoot, logical: str) -> None:
    with root.new_version(ID, base=None) as writer, pytest.raises(BadKey):
        writer.put_bytes(logical, b"x")
    assert list(root.keys(ID)) == []


def test_a_file_cannot_also_be_a_folder(root: StorageRoot) -> None:
    _first(root)
    with root.new_version(ID, base=1) as writer:
        writer.put_bytes("original", b"x")
        with pytest.raises(BadKey):
            _commit(writer)
    assert root.head(ID) == 1
    assert root.verify(ID).is_intact


def test_leaving_without_commit_leaves_nothing(root: StorageRoot, tmp_path: Path) -> None:
    with root.new_version(ID, base=None) as writer:
        writer.put_bytes("a", b"x")
    assert list(root.keys(ID)) == []
    assert root.head(ID) is None
    _first(root)
    before = list(root.keys(ID))
    begun: list[VersionWriter] = []
    with suppress(RuntimeError), root.new_version(ID, base=1) as writer:
        begun.append(writer)
        writer.put_bytes("a", b"x")
        raise RuntimeError
    assert list(root.keys(ID)) == before
    with pytest.raises(ValueError, match="already"):
        begun[0].put_bytes("b", b"x")
    _assert_valid(tmp_path / "store", 1)


@pytest.mark.parametrize("base", [None, 2, 0])
def test_a_writer_that_saw_another_head_is_refused(root: StorageRoot, base: int | None) -> None:
    _first(root)
    with pytest.raises(Changed), root.new_version(ID, base=base):
        pytest.fail("the version was begun")
    with pytest.raises(Changed), root.new_version(OTHER, base=1):
        pytest.fail("the version was begun")


@pytest.mark.parametrize("acts", [1, 2])
def test_of_two_writers_at_once_one_commits(root: StorageRoot, tmp_path: Path, acts: int) -> None:
    """Without any lease: same version, same files, one of them even the same bytes."""
    base = None
    for act in ACTS[: acts - 1]:
        base = act(root).head
    with root.new_version(ID, base=base) as slow:
        slow.put_bytes("same", b"same bytes")
        slow.put_bytes("own", b"slow")
        with root.new_version(ID, base=base) as quick:
            quick.put_bytes("same", b"same bytes")
            quick.put_bytes("own", b"quick")
            _commit(quick)
        with pytest.raises(Changed):
            _commit(slow)
    assert _contents(root)["own"] == b"quick"
    assert root.recover(ID).is_clean
    assert root.verify(ID).is_intact
    _assert_valid(tmp_path / "store", 1)


def test_a_writer_taken_for_dead_cannot_commit_what_recovery_removed(root: StorageRoot, tmp_path: Path) -> None:
    _first(root)
    with root.new_version(ID, base=1) as writer:
        writer.put_bytes("a", b"x")
        assert len(root.recover(ID).removed) == 1
        with pytest.raises(Changed):
            _commit(writer)
    assert root.head(ID) == 1
    _assert_valid(tmp_path / "store", 1)


class Killed(BaseException):
    """The process is no more."""


class Mortal:
    """A store whose process dies before its k-th change: from then on nothing it asks happens."""

    def __init__(self, store: ObjectStore, lives: int) -> None:
        self._store, self._lives = store, lives

    def _spend(self) -> None:
        self._lives -= 1
        self._live()

    def _live(self) -> None:
        if self._lives < 0:
            raise Killed

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        self._spend()
        return self._store.put(key, content, expected=expected)

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        self._spend()
        return self._store.replace(key, content, was=was)

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        self._spend()
        self._store.delete(key, authority=authority)

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        self._live()
        return self._store.open(key, start, length)

    def stat(self, key: ObjectKey) -> StoredObject:
        self._live()
        return self._store.stat(key)

    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        self._live()
        return self._store.list(prefix, after)

    def digests(self, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
        self._live()
        return self._store.digests(keys, algorithm)

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        self._live()
        return self._store.keys(prefix)

    def local_path(self, key: ObjectKey) -> Path | None:
        self._live()
        return self._store.local_path(key)

    @contextmanager
    def _batch(self) -> Iterator[None]:
        with self._store.batch():
            yield
            self._spend()

    def batch(self) -> AbstractContextManager[None]:
        return self._batch()


def _prepare(opened: Opened, folder: Path, acts: int) -> None:
    root = StorageRoot(opened(folder))
    root.ensure()
    for act in ACTS[:acts]:
        act(root)


def _killed(opened: Opened, folder: Path, lives: int, act: Callable[[StorageRoot], object]) -> bool:
    try:
        act(StorageRoot(Mortal(opened(folder), lives)))
    except Killed:
        return True
    return False


@pytest.mark.parametrize("acts", [0, 1, 2])
def test_a_kill_at_any_instant_leaves_the_version_before_or_the_new_one(tmp_path: Path, acts: int, opened: Opened) -> None:
    heads = set()
    for lives in range(50):
        folder = tmp_path / str(lives)
        _prepare(opened, folder, acts)
        was_killed = _killed(opened, folder, lives, ACTS[acts])
        root = StorageRoot(opened(folder))
        recoveries = list(root.recover_all())
        head = root.head(ID)
        heads.add(head)
        assert head in ({acts, acts + 1} if acts else {None, 1})
        _assert_valid(folder / "store", 1 if head else 0)
        if head:
            assert root.verify(ID).is_intact
        else:
            assert list(root.keys(ID)) == []
        assert not any(recovery.undecided for recovery in recoveries)
        assert root.recover(ID).is_clean
        if not was_killed:
            assert recoveries == []
            break
        if head != acts + 1:
            ACTS[acts](root)
            _assert_valid(folder / "store", 1)
    else:
        pytest.fail("the version was never written whole")
    assert len(heads) == 2
    assert lives >= 6


@pytest.mark.parametrize("acts", [0, 1])
def test_a_recovery_may_be_killed_too(tmp_path: Path, acts: int, opened: Opened) -> None:
    for lives in range(3, 12, 2):
        for again in range(12):
            folder = tmp_path / f"{lives}-{again}"
            _prepare(opened, folder, acts)
            _killed(opened, folder, lives, ACTS[acts])
            finished = not _killed(opened, folder, again, lambda root: root.recover(ID))
            root = StorageRoot(opened(folder))
            root.recover(ID)
            head = root.head(ID)
            _assert_valid(folder / "store", 1 if head else 0)
            if head:
                assert root.verify(ID).is_intact
            shutil.rmtree(folder)
            if finished:
                break


def test_recovery_says_what_it_did(root: StorageRoot, tmp_path: Path, opened: Opened) -> None:
    _first(root)
    _killed(opened, tmp_path, 5, _second)
    _killed(opened, tmp_path, 2, lambda dying: _first(dying, OTHER))
    recoveries = {recovery.prefix: recovery for recovery in root.recover_all()}
    assert set(recoveries) == {prefix_of(ID), prefix_of(OTHER)}
    assert recoveries[prefix_of(ID)].object_id == ID
    assert all(key.startswith(f"{prefix_of(ID)}v2/") for key in recoveries[prefix_of(ID)].removed)
    assert recoveries[prefix_of(ID)].removed
    assert recoveries[prefix_of(OTHER)].object_id is None
    assert len(recoveries[prefix_of(OTHER)].removed) == 2
    assert list(root.recover_all()) == []


def test_objects_somebody_writes_are_not_recovered(root: StorageRoot) -> None:
    with root.new_version(ID, base=None) as writer:
        writer.put_bytes("a", b"x")
        assert list(root.recover_all(busy=[ID])) == []
        _commit(writer)
    assert root.verify(ID).is_intact


def test_while_somebody_writes_their_files_are_not_unexpected(root: StorageRoot) -> None:
    _first(root)
    with root.new_version(ID, base=1) as writer:
        stored = writer.put_bytes("a", b"x")
        assert root.verify(ID, writing=True).is_intact
        assert root.verify(ID).unexpected == (stored.key,)


@pytest.mark.parametrize("lost", ["inventory.json", "inventory.json.sha256"])
def test_damage_is_never_taken_for_an_unfinished_version(root: StorageRoot, tmp_path: Path, lost: str) -> None:
    """A lost root inventory, or the lost sidecar of a later version, removes nothing."""
    _first(root)
    _second(root)
    path = tmp_path / "store" / prefix_of(ID) / lost
    path.unlink()
    before = list(root.keys(ID))
    assert root.recover(ID).undecided == (f"{prefix_of(ID)}{lost}",)
    assert list(root.keys(ID)) == before
    assert f"{prefix_of(ID)}{lost}" in root.verify(ID).missing
    assert list(root.objects()) == [ID]


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_verify_finds_every_flipped_byte(root: StorageRoot, tmp_path: Path) -> None:
    _first(root)
    _second(root)
    random = Random(7)
    flips = 0
    for path in _files_of(tmp_path / "store" / prefix_of(ID)):
        good = path.read_bytes()
        places = set(range(len(good))) if len(good) <= 120 else set(random.sample(range(len(good)), 40))
        for place in sorted(places):
            bad = bytearray(good)
            bad[place] ^= 1 << random.randrange(8)
            path.write_bytes(bad)
            verification = root.verify(ID)
            key = str(path.relative_to(tmp_path / "store"))
            assert key in {damage.key for damage in verification.damaged}, (key, place)
            assert len(verification.damaged) == 1, (key, place, verification)
            assert (verification.missing, verification.unexpected) == ((), ()), (key, place)
            assert root.recover(ID).removed == ()
            assert path.read_bytes() == bad
            flips += 1
        path.write_bytes(good)
    assert flips > 400
    assert root.verify(ID).is_intact


def test_verify_finds_every_removed_file_and_every_added_one(root: StorageRoot, tmp_path: Path) -> None:
    _first(root)
    _second(root)
    for path in _files_of(tmp_path / "store" / prefix_of(ID)):
        good = path.read_bytes()
        path.unlink()
        assert str(path.relative_to(tmp_path / "store")) in root.verify(ID).missing
        path.write_bytes(good)
        added = path.with_name("added")
        added.write_bytes(b"x")
        assert root.verify(ID).unexpected == (str(added.relative_to(tmp_path / "store")),)
        added.unlink()
    assert root.verify(ID).is_intact


def test_verify_sees_an_inventory_and_its_sidecar_changed_together(root: StorageRoot, tmp_path: Path) -> None:
    _first(root)
    _second(root)
    folder = tmp_path / "store" / prefix_of(ID)
    forged = (folder / "v1/inventory.json").read_bytes()
    for name in ("inventory.json", "inventory.json.sha256"):
        (folder / "v2" / name).write_bytes((folder / "v1" / name).read_bytes())
    [damage] = root.verify(ID).damaged
    assert damage.key == f"{prefix_of(ID)}v2/inventory.json"
    assert damage.found in {hashlib.sha256(forged).hexdigest(), hashlib.sha256().hexdigest()}  # or the server does not give them


def test_an_object_that_is_not_there(root: StorageRoot, tmp_path: Path) -> None:
    assert root.head(ID) is None
    for ask in (root.inventory, root.verify):
        with pytest.raises(ObjectMissing):
            ask(ID)
    with pytest.raises(ObjectMissing):
        root.open(ID, "a")
    with pytest.raises(ObjectMissing):
        root.export(ID, tmp_path / "out")
    _first(root)
    with pytest.raises(ObjectMissing):
        root.open(ID, "never there")
    with pytest.raises(ObjectMissing):
        root.open(ID, "original/document.pdf", version=2)


def test_objects_are_listed_even_if_damaged(root: StorageRoot, tmp_path: Path) -> None:
    _first(root)
    _second(root)
    _first(root, OTHER)
    assert sorted(root.objects()) == [ID, OTHER]
    (tmp_path / "store" / prefix_of(ID) / "inventory.json").write_bytes(b"{")
    assert sorted(root.objects()) == [ID, OTHER]
    with pytest.raises(BadInventory):
        root.inventory(ID)
    for path in (tmp_path / "store" / prefix_of(ID)).rglob("inventory.json"):
        path.write_bytes(b"{")
    listed: list[str] = []
    objects = root.objects()
    with pytest.raises(BadInventory):  # only once all the others have come
        listed.extend(objects)
    assert listed == [OTHER]
    assert not root.verify(ID).is_intact


def test_an_export_is_a_valid_object(root: StorageRoot, tmp_path: Path) -> None:
    for act in ACTS:
        act(root)
    (tmp_path / "empty").mkdir()
    for destination in (tmp_path / "empty", tmp_path / "deep" / "new"):
        root.export(ID, destination)
        _assert_object_valid(destination)
        assert len(_files_of(destination)) == len(list(root.keys(ID)))
        with pytest.raises(FileExistsError):
            root.export(ID, destination)
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep" / "new"]


def test_an_export_of_an_interrupted_version_is_still_valid(root: StorageRoot, tmp_path: Path, opened: Opened) -> None:
    _first(root)
    for lives in range(12):
        _killed(opened, tmp_path, lives, _second)
        root.export(ID, tmp_path / "exported" / str(lives))
        _assert_object_valid(tmp_path / "exported" / str(lives))
        root.recover(ID)
        if root.head(ID) == 2:
            break
    assert root.head(ID) == 2


@pytest.mark.parametrize("part", ["v1/content", "v2/inventory.json", "inventory.json"])
def test_a_damaged_object_is_not_exported(root: StorageRoot, tmp_path: Path, part: str) -> None:
    _first(root)
    _second(root)
    path = next(path for path in _files_of(tmp_path / "store" / prefix_of(ID)) if str(path).endswith(part) or part in str(path))
    path.write_bytes(path.read_bytes().replace(b"uno", b"dos").replace(b"%PDF", b"%PDG").replace(b"a reason", b"another"))
    with pytest.raises((DigestMismatch, BadInventory)):
        root.export(ID, tmp_path / "exported" / "out")
    assert list((tmp_path / "exported").glob("*")) == []


def test_local_paths_where_the_store_has_them(tmp_path: Path) -> None:
    root = StorageRoot(FilesystemStore(tmp_path / "store", tmp_path / "incoming"))
    _first(root)
    path = root.local_path(ID, "original/document.pdf")
    assert path is not None
    assert path.read_bytes() == b"%PDF original" * 100
    elsewhere = StorageRoot(MemoryStore())
    _first(elsewhere)
    assert elsewhere.local_path(ID, "original/document.pdf") is None


class Full(Mortal):
    """A store with no room for the k-th change and after it; reading and deleting still work."""

    def _live(self) -> None:
        return

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        self._room()
        return self._store.put(key, content, expected=expected)

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        self._room()
        return self._store.replace(key, content, was=was)

    def _room(self) -> None:
        self._spend()
        if self._lives < 0:
            raise StoreFull("no room")


@pytest.mark.parametrize("acts", [0, 1])
def test_no_room_at_any_instant_leaves_the_version_before_at_once(tmp_path: Path, acts: int, opened: Opened) -> None:
    """Without recovery, unless the root inventory already stood: then the version exists and only its sidecar waits."""
    for lives in range(50):
        folder = tmp_path / str(lives)
        _prepare(opened, folder, acts)
        root = StorageRoot(opened(folder))
        try:
            ACTS[acts](StorageRoot(Full(opened(folder), lives)))
        except StoreFull:
            if root.head(ID) == acts + 1:
                assert root.recover(ID).finished
            else:
                assert root.recover(ID).is_clean
            _assert_valid(folder / "store", 1 if root.head(ID) else 0)
        else:
            break
    assert root.head(ID) == acts + 1
    assert lives > 4


GOOD = ("1.0/good-objects", "1.1/good-objects")


def test_others_good_objects_are_read_verified_and_continued(reference: Path, tmp_path: Path, opened: Opened) -> None:
    objects = [path for group in GOOD for path in sorted((reference / "data/conf_ocfl" / group).iterdir())]
    assert len(objects) > 20
    for number, folder in enumerate(objects):
        store = opened(tmp_path / str(number))
        root = StorageRoot(store)
        root.ensure()
        object_id = json.loads((folder / "inventory.json").read_bytes())["id"]
        for path in _files_of(folder):
            with path.open("rb") as file:
                store.put(ObjectKey(prefix_of(object_id) + str(path.relative_to(folder))), file)
        assert list(root.objects()) == [object_id]
        head = root.inventory(object_id).head
        for version in range(1, head + 1):
            _contents(root, object_id, version)
        assert root.verify(object_id).is_intact, (folder, root.verify(object_id))
        assert root.recover(object_id).is_clean
        with root.new_version(object_id, base=head) as writer:
            writer.put_bytes("another/file", b"of ours")
            _commit(writer)
        assert root.verify(object_id).is_intact
        root.export(object_id, tmp_path / "exported" / str(number))
        _assert_object_valid(tmp_path / "exported" / str(number))
