"""What only a store of files promises: directories, links, and what the disk shows."""

import errno
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

from preservation.fixity import Digest, digest_of
from preservation.store import DigestMismatch, ObjectExists, ObjectKey, ObjectMissing, StoreError, StoreUnavailable
from preservation.stores import filesystem, flushing
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.flushing import can_flush, sync_file_system


@pytest.fixture
def without_unnamed_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system of a network, which has no files without a name."""
    asked = os.open

    def refusing(path: Any, flags: int, *others: Any, **options: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return asked(path, flags, *others, **options)

    monkeypatch.setattr(os, "open", refusing)


@pytest.fixture(params=["unnamed", "named"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> FilesystemStore:
    if request.param == "named":
        request.getfixturevalue("without_unnamed_files")
    return FilesystemStore(tmp_path / "store", tmp_path / "incoming")


def _put(store: FilesystemStore, key: str, data: bytes = b"x") -> None:
    store.put(ObjectKey(key), io.BytesIO(data))


def test_objects_are_files_at_their_keys(store: FilesystemStore, tmp_path: Path) -> None:
    _put(store, "a/b/c.txt", b"hola")
    assert (tmp_path / "store/a/b/c.txt").read_bytes() == b"hola"
    assert store.local_path(ObjectKey("a/b/c.txt")) == (tmp_path / "store/a/b/c.txt").resolve()


def test_folders_that_hold_one_another_are_refused(tmp_path: Path) -> None:
    for root, incoming in (("a", "a/incoming"), ("a/store", "a"), ("a", "a")):
        with pytest.raises(ValueError, match="one another"):
            FilesystemStore(tmp_path / root, tmp_path / incoming)


def test_folders_on_two_file_systems_are_refused(tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("not run: there is no second file system here")
    with pytest.raises(ValueError, match="file systems"):
        FilesystemStore(tmp_path / "store", other)


def test_delete_removes_empty_parents_and_no_others(store: FilesystemStore, tmp_path: Path) -> None:
    _put(store, "a/b/c/d")
    _put(store, "a/e")
    store.delete(ObjectKey("a/b/c/d"), authority="uncommitted")
    assert sorted(p.name for p in (tmp_path / "store").rglob("*")) == ["a", "e"]
    store.delete(ObjectKey("a/e"), authority="uncommitted")
    assert list((tmp_path / "store").iterdir()) == []


def test_links_are_never_followed(store: FilesystemStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    _put(store, "a/b")
    (tmp_path / "store/a/file").symlink_to(outside / "secret")
    (tmp_path / "store/folder").symlink_to(outside)
    for key in ("a/file", "folder/secret"):
        with pytest.raises(ObjectMissing):
            store.open(ObjectKey(key))
        with pytest.raises(ObjectMissing):
            store.stat(ObjectKey(key))
    with pytest.raises(ObjectMissing):
        store.delete(ObjectKey("folder/secret"), authority="uncommitted")
    for key in ("a/file", "folder/secret", "folder/new", "folder/deep/new"):
        with pytest.raises(ObjectExists):
            _put(store, key, b"secret")
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_strangers_are_listed_so_that_somebody_sees_them(store: FilesystemStore, tmp_path: Path) -> None:
    _put(store, "a/b")
    (tmp_path / "store/a/un título.txt").write_bytes(b"x")
    (tmp_path / "store/a/link").symlink_to("b")
    assert [found.key for found in store.list()] == ["a/b", "a/link", "a/un título.txt"]
    store.delete(ObjectKey("a/link"), authority="uncommitted")
    assert (tmp_path / "store/a/b").exists()


def test_an_object_is_no_folder_and_a_folder_no_object(store: FilesystemStore) -> None:
    _put(store, "a/b")
    with pytest.raises(ObjectExists):
        _put(store, "a/b/c")
    with pytest.raises(ObjectExists):
        _put(store, "a")


def test_a_dead_note_tells_which_directories_are_empty(store: FilesystemStore, tmp_path: Path) -> None:
    """As a kill between making the directories and linking the object leaves them."""
    (tmp_path / "store/a/b/c").mkdir(parents=True)
    (tmp_path / "incoming/0.dirs").write_text("a/b/c/d")
    FilesystemStore(tmp_path / "store", tmp_path / "incoming")
    assert list((tmp_path / "store").iterdir()) == []
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the disk, in order: `sync <path>` and `link <name>`."""
    done: list[str] = []
    sync, link = os.fsync, os.link

    def fsync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def linked(source: str | Path, name: str, **options: Any) -> None:
        done.append(f"link {(Path(source).readlink() if Path(source).is_symlink() else Path(source)).name} {name}")
        link(source, name, **options)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", linked)
    return done


def test_bytes_are_on_the_disk_before_their_name_and_the_name_before_put_returns(store: FilesystemStore, acts: list[str]) -> None:
    _put(store, "a/b/c")
    arriving = acts[0].removeprefix("sync ")
    assert acts == [f"sync {arriving}", f"link {arriving} c", "sync b", "sync a", "sync store"]
    acts.clear()
    _put(store, "a/b/c")
    assert acts[1:] == [f"link {acts[0].removeprefix('sync ')} c", "sync c", "sync b"]


def test_a_batch_synchronises_everything_when_it_closes(store: FilesystemStore, acts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def synced(descriptor: int) -> None:
        acts.append(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync_file_system(descriptor)

    monkeypatch.setattr(filesystem, "sync_file_system", synced)
    with store.batch():
        _put(store, "a/b/c")
        _put(store, "a/b/d")
        assert {act.split()[0] for act in acts} == {"link"}
    assert acts[2:] == ["flush store"]
    acts.clear()
    _put(store, "e")
    assert acts[0].startswith("sync")


def test_a_flush_that_fails_is_told(store: FilesystemStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "sync_file_system", lambda descriptor: sync_file_system(-1))
    with pytest.raises(StoreUnavailable), store.batch():
        _put(store, "a/b/c")


def test_the_disk_is_asked_from_before_the_first_byte_what_it_failed_to_write(
    store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """syncfs(2) tells of what failed since its descriptor was opened, and of earlier faults only if nobody asked meanwhile."""
    opened: list[str] = []
    asked = os.open

    def noted(path: Any, flags: int, *others: Any, **options: Any) -> int:
        descriptor = asked(path, flags, *others, **options)
        opened.append(f"{descriptor} {flags & os.O_ACCMODE}")
        return descriptor

    flushed: list[int] = []
    monkeypatch.setattr(os, "open", noted)
    monkeypatch.setattr(filesystem, "sync_file_system", flushed.append)
    with store.batch():
        _put(store, "a/b/c")
    assert opened[0] == f"{flushed[0]} {os.O_RDONLY}"


@pytest.mark.parametrize("lack", ["_type_of", "_tells_errors"])
def test_where_one_sync_is_not_enough_each_object_is_synchronised(
    store: FilesystemStore, acts: list[str], monkeypatch: pytest.MonkeyPatch, lack: str
) -> None:
    """On a file system of a network, whose server keeps what fsync(2) tells it to, and on a Linux that tells no errors of syncfs(2)."""
    monkeypatch.setattr(flushing, lack, lambda *asked: 0x6969 if asked else False)
    with store.batch():
        _put(store, "a/b")
        assert [act.split()[0] for act in acts] == ["sync", "link", "sync", "sync"]


def test_what_lies_on_a_disk_of_this_machine_is_known(tmp_path: Path) -> None:
    """/proc is no place whose sync keeps anything; /dev/shm and the folder of the tests are of the machine."""
    assert not can_flush(Path("/proc"))
    assert can_flush(Path("/dev/shm"))


def test_a_batch_goes_on_where_its_folder_was_removed_meanwhile(store: FilesystemStore, tmp_path: Path) -> None:
    with store.batch():
        _put(store, "a/b/c")
        FilesystemStore(tmp_path / "store", tmp_path / "incoming").delete(ObjectKey("a/b/c"), authority="uncommitted")
        assert not (tmp_path / "store/a").exists()
        _put(store, "a/b/d", b"hola")
    assert (tmp_path / "store/a/b/d").read_bytes() == b"hola"


def test_a_batch_keeps_no_folder_open_after_it(store: FilesystemStore) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    with store.batch():
        for number in range(20):
            _put(store, f"a/{number % 3}/{number}")
    with pytest.raises(ObjectExists), store.batch():
        _put(store, "a/1/1", b"others")
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_folders_with_odd_names_are_listed_in_the_order_of_bytes(store: FilesystemStore, tmp_path: Path) -> None:
    for name in ("a/b", "a.b", "a-b/c", "a/b0", "á/x", "b"):
        path = tmp_path / "store" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    listed = [found.key for found in store.list()]
    assert listed == sorted(listed, key=os.fsencode)
    assert [*store.keys()] == listed
    for number, key in enumerate(listed):
        assert [found.key for found in store.list(after=key)] == listed[number + 1 :]
    (tmp_path / "store/\udcff").write_bytes(b"x")
    assert [*store.keys()] == [*listed, "\udcff"]


def test_a_replacement_is_on_the_disk_before_it_is_seen(store: FilesystemStore, acts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def renamed(source: Path, name: str, **options: Any) -> None:
        acts.append("rename")
        rename(source, name, **options)

    monkeypatch.setattr(os, "rename", renamed)
    _put(store, "a/b", b"uno")
    acts.clear()
    store.replace(ObjectKey("a/b"), io.BytesIO(b"dos"), was=digest_of(io.BytesIO(b"uno")))
    assert [act.split()[0] for act in acts] == ["sync", "rename", "sync"]
    assert acts[-1] == "sync a"


def test_one_that_is_only_read_makes_nothing_and_takes_nothing(tmp_path: Path) -> None:
    FilesystemStore(tmp_path / "store", tmp_path / "incoming").put(ObjectKey("a/b"), io.BytesIO(b"bytes"))
    (tmp_path / "incoming").rmdir()
    store = FilesystemStore.only_read(tmp_path / "store")
    with store.open(ObjectKey("a/b")) as content:
        assert content.read() == b"bytes"
    for write in (
        lambda: store.put(ObjectKey("a/c"), io.BytesIO(b"others")),
        lambda: store.replace(ObjectKey("a/b"), io.BytesIO(b"others"), was=Digest("sha256", "0" * 64)),
        lambda: store.delete(ObjectKey("a/b"), authority="uncommitted"),
    ):
        with pytest.raises(StoreError):
            write()
    assert [one.key for one in store.list()] == ["a/b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]


def test_a_file_that_the_disk_cannot_read_is_damaged_and_not_the_store_away() -> None:
    """A bad sector: the other files of the disk are read on. /proc/self/mem answers EIO, as a disk would."""
    store = FilesystemStore.only_read(Path("/proc/self").resolve())
    unreadable, other = ObjectKey("mem"), ObjectKey("comm")
    found = dict(store.digests([unreadable, other], "sha256"))
    assert found[unreadable] == Digest("sha256", hashlib.sha256().hexdigest())
    assert found[other] is not None
    with pytest.raises(DigestMismatch), store.open(unreadable) as file:
        file.read()
