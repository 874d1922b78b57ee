"""The promises of ObjectStore, over every adapter. A new adapter adds its builder to ADAPTERS and inherits the suite."""

import errno
import hashlib
import io
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preservation.fixity import Digest, digest_of
from preservation.store import (
    BadKey,
    Changed,
    DigestMismatch,
    ObjectExists,
    ObjectKey,
    ObjectMissing,
    ObjectStore,
    StoredObject,
    StoreError,
    StoreFull,
)
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.memory import MemoryStore

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
from tests.s3_servers import NAMES, S3Server

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Adapter:
    """How to build a store in an empty folder, and what else may be asked of it."""

    name: str
    build: Callable[[Path], ObjectStore]
    in_constant_memory: bool
    debris: Callable[[Path], list[str]]


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) if folder.exists() else []


ADAPTERS = [
    Adapter("memory", lambda folder: MemoryStore(), in_constant_memory=False, debris=lambda folder: []),
    Adapter(
        "filesystem",
        lambda folder: FilesystemStore(folder / "store", folder / "incoming"),
        in_constant_memory=True,
        debris=lambda folder: _files(folder / "incoming"),
    ),
]


@pytest.fixture(
    params=[*ADAPTERS, *(pytest.param(name, marks=pytest.mark.servers) for name in NAMES)], ids=lambda one: getattr(one, "name", one)
)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """An adapter of this machine, or the one for S3 over each of the real servers."""
    if isinstance(request.param, Adapter):
        return request.param
    server: S3Server = request.getfixturevalue(request.param)
    return Adapter(server.name, lambda folder: server.store(), in_constant_memory=True, debris=lambda folder: server.unfinished())


@pytest.fixture
def store(adapter: Adapter, tmp_path: Path) -> ObjectStore:
    return adapter.build(tmp_path)


class Source(io.RawIOBase):
    """A stream of so many zero bytes that may fail at its end."""

    def __init__(self, size: int, fails_with: BaseException | None = None) -> None:
        self._left, self._fails_with = size, fails_with

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        count = min(len(view), self._left)
        view[:count] = bytes(count)
        self._left -= count
        if not count and self._fails_with is not None:
            raise self._fails_with
        return count


def _source(size: int, fails_with: BaseException | None = None) -> BinaryIO:
    return cast(BinaryIO, Source(size, fails_with))


def _put(store: ObjectStore, key: str, data: bytes) -> Digest:
    digest = store.put(ObjectKey(key), io.BytesIO(data)).digest
    assert digest is not None
    return digest


def _get(store: ObjectStore, key: str) -> bytes:
    with store.open(ObjectKey(key)) as file:
        return file.read()


def _keys(store: ObjectStore, prefix: str = "", after: str | None = None) -> list[str]:
    return [found.key for found in store.list(prefix, None if after is None else ObjectKey(after))]


def test_what_was_put_is_what_is_read(store: ObjectStore) -> None:
    stored = store.put(ObjectKey("a/b/c.bin"), io.BytesIO(b"hola" * 1000))
    assert (stored.key, stored.size) == ("a/b/c.bin", 4000)
    with store.open(stored.key) as file:
        assert digest_of(file) == stored.digest
    assert store.stat(stored.key).size == 4000


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    assert _put(store, "a/empty", b"") == Digest("sha256", hashlib.sha256().hexdigest())
    assert _get(store, "a/empty") == b""


@pytest.mark.parametrize(("start", "length"), [(0, None), (3, None), (3, 4), (9, 5), (10, None), (12, 3), (0, 0)])
def test_a_range(store: ObjectStore, start: int, length: int | None) -> None:
    _put(store, "a/digits", b"0123456789")
    with store.open(ObjectKey("a/digits"), start, length) as file:
        assert file.read() == b"0123456789"[start:][:length]


def test_a_negative_range_is_misuse(store: ObjectStore) -> None:
    _put(store, "a/digits", b"0123456789")
    with pytest.raises(ValueError, match="negative"):
        store.open(ObjectKey("a/digits"), -1)


def test_absent_objects(store: ObjectStore) -> None:
    _put(store, "a/b", b"x")
    for key in ("a/c", "z", "a", "a/b/c"):
        for ask in (store.open, store.stat):
            with pytest.raises(ObjectMissing):
                ask(ObjectKey(key))
        with suppress(ObjectMissing):  # which only a local store knows
            assert store.local_path(ObjectKey(key)) is None
        with pytest.raises(ObjectMissing):
            store.delete(ObjectKey(key), authority="uncommitted")
        with pytest.raises(ObjectMissing):
            store.replace(ObjectKey(key), io.BytesIO(b"y"), was=Digest("sha256", "0" * 64))


def test_same_bytes_again_succeed_and_other_bytes_do_not(store: ObjectStore) -> None:
    assert _put(store, "a/b", b"uno") == _put(store, "a/b", b"uno")
    for other in (b"dos", b"tres!", b""):
        with pytest.raises(ObjectExists):
            _put(store, "a/b", other)
    assert _get(store, "a/b") == b"uno"


@pytest.mark.parametrize(
    "fault", [RuntimeError("the reader went away"), OSError(errno.ENOSPC, "the source's own disk"), KeyboardInterrupt()]
)
def test_a_stream_that_fails_at_its_end_leaves_nothing(adapter: Adapter, store: ObjectStore, tmp_path: Path, fault: BaseException) -> None:
    with pytest.raises(type(fault)) as caught:
        store.put(ObjectKey("a/b/c"), _source(3 * MEBIBYTE, fault))
    assert caught.value is fault
    assert _keys(store) == []
    assert adapter.debris(tmp_path) == []
    _put(store, "a/b/c", b"afterwards")


def test_expected_digest(adapter: Adapter, store: ObjectStore, tmp_path: Path) -> None:
    right = {name: Digest(name, hashlib.new(name, b"uno").hexdigest()) for name in ("sha256", "sha512", "md5")}
    for name, digest in right.items():
        store.put(ObjectKey(f"a/{name}"), io.BytesIO(b"uno"), expected=digest)
        with pytest.raises(DigestMismatch):
            store.put(ObjectKey(f"b/{name}"), io.BytesIO(b"otro"), expected=digest)
    assert _keys(store) == ["a/md5", "a/sha256", "a/sha512"]
    assert adapter.debris(tmp_path) == []


def test_replace_swaps_only_what_the_caller_had_seen(adapter: Adapter, store: ObjectStore, tmp_path: Path) -> None:
    was = _put(store, "a/inventory.json", b"uno")
    assert store.replace(ObjectKey("a/inventory.json"), io.BytesIO(b"dos"), was=was).size == 3
    assert _get(store, "a/inventory.json") == b"dos"
    store.replace(ObjectKey("a/inventory.json"), io.BytesIO(b"dos"), was=was)  # already new
    with pytest.raises(Changed):
        store.replace(ObjectKey("a/inventory.json"), io.BytesIO(b"tres"), was=was)
    assert _get(store, "a/inventory.json") == b"dos"
    assert adapter.debris(tmp_path) == []


def test_delete_names_its_authority(store: ObjectStore) -> None:
    _put(store, "a/b/c", b"x")
    for unknown in (
        "",
        " ",
        "the director",
        "Uncommitted",
        "repair ",
        "deletion",
        "deletion:",
        "deletion:a b",
        "deletion:a\n",
        "x:deletion:a",
    ):
        with pytest.raises(ValueError, match="decision"):
            store.delete(ObjectKey("a/b/c"), authority=unknown)
    assert _keys(store) == ["a/b/c"]
    for known in ("uncommitted", "repair", "deletion:01998c3e-0000-7000-8000-000000000000"):
        _put(store, "a/b/c", b"x")
        store.delete(ObjectKey("a/b/c"), authority=known)
        assert _keys(store) == []
    _put(store, "a/b/c", b"other bytes, another object")


def test_list_is_in_byte_order_and_resumes(store: ObjectStore) -> None:
    keys = ["a-b/x", "a.b", "a/b", "a/b.c", "a0", "a=/z", "A/b", "b/v1/x", "b/v10/x", "b/v2/x", "b_", "b/v1.x"]
    for key in keys:
        _put(store, key, key.encode())
    assert _keys(store) == sorted(keys)
    for prefix in ["", "a", "a/", "a/b", "b/v1", "b/v1/", "nothing", "a/b.c"]:
        inside = sorted(key for key in keys if key.startswith(prefix))
        assert _keys(store, prefix) == inside
        assert [*store.keys(prefix)] == inside
        for after in [*keys, "a/", "b/v1/zz", "0", "zzz"]:
            assert _keys(store, prefix, after) == [key for key in inside if key > after], (prefix, after)
    assert {found.key: found.size for found in store.list()} == {key: len(key) for key in keys}


def test_list_bears_deletions_on_its_way(store: ObjectStore) -> None:
    for number in range(20):
        _put(store, f"a/{number:02d}/x", b"x")
    seen = []
    for found in store.list():
        seen.append(found.key)
        store.delete(found.key, authority="uncommitted")
    assert len(seen) == 20
    assert _keys(store) == []


def test_a_batch_is_readable_within_and_after(store: ObjectStore) -> None:
    with store.batch():
        for number in range(5):
            _put(store, f"a/{number}", b"x")
        with store.batch():
            _put(store, "b/inner", b"y")
        store.delete(ObjectKey("a/0"), authority="uncommitted")
        assert _get(store, "a/1") == b"x"
    with suppress(RuntimeError), store.batch():
        _put(store, "c/kept", b"z")
        raise RuntimeError
    assert _keys(store) == ["a/1", "a/2", "a/3", "a/4", "b/inner", "c/kept"]


BAD_KEYS = [
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/.",
    "../a",
    "á",
    "a b",
    "a\\b",
    "a\nb",
    "a\x00",
    "a:b",
    "a%2e",
    "a\n",
    "x" * 256,
    "a/" * 600 + "a",
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys(store: ObjectStore, key: str) -> None:
    bad = ObjectKey(key)
    with pytest.raises(BadKey):
        store.put(bad, io.BytesIO(b"x"))
    for ask in (store.open, store.stat, store.local_path):
        with pytest.raises(BadKey):
            ask(bad)
    with pytest.raises(BadKey):
        store.replace(bad, io.BytesIO(b"x"), was=Digest("sha256", ""))
    with pytest.raises(BadKey):
        store.delete(bad, authority="uncommitted")
    assert _keys(store) == []


SEGMENT = st.text(alphabet="ab01.-_=Z", min_size=1, max_size=6).filter(lambda part: part not in {".", ".."})
KEYS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.dictionaries(KEYS, st.binary(max_size=50), max_size=12))
def test_any_keys_and_bytes_come_back(adapter: Adapter, tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]) -> None:
    store = adapter.build(tmp_path_factory.mktemp("keys"))
    names = set(contents)
    kept = {key: data for key, data in contents.items() if not any(other.startswith(f"{key}/") for other in names)}
    with store.batch():
        for key, data in kept.items():
            _put(store, key, data)
    assert _keys(store) == sorted(kept)
    assert {key: _get(store, key) for key in kept} == kept
    for key in kept:
        store.delete(ObjectKey(key), authority="uncommitted")
    assert _keys(store) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(max_size=20))
def test_any_text_is_a_good_key_or_a_bad_one(adapter: Adapter, tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    store = adapter.build(tmp_path_factory.mktemp("texts"))
    try:
        _put(store, key, b"x")
    except BadKey:
        assert _keys(store) == []
    else:
        assert _keys(store) == [key]


def _at_once(count: int, act: Callable[[int], object]) -> list[object]:
    barrier = Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return act(number)
        except StoreError as error:
            return type(error)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_threads_that_put_the_same_bytes_all_succeed(adapter: Adapter, store: ObjectStore, tmp_path: Path) -> None:
    for number in range(10):
        key = f"a/{number}/x/y"

        def put_alike(_: int, key: str = key) -> Digest:
            return _put(store, key, b"same" * 5000)

        digests = _at_once(6, put_alike)
        assert digests == [Digest("sha256", hashlib.sha256(b"same" * 5000).hexdigest())] * 6
    assert len(_keys(store)) == 10
    assert adapter.debris(tmp_path) == []


def test_of_threads_that_put_different_bytes_one_succeeds(adapter: Adapter, store: ObjectStore, tmp_path: Path) -> None:
    for number in range(10):
        key = f"a/{number}/x/y"

        def put_other(thread: int, key: str = key) -> Digest:
            return _put(store, key, bytes([thread]) * 5000)

        outcomes = _at_once(6, put_other)
        assert outcomes.count(ObjectExists) == 5
        [winner] = [outcome for outcome in outcomes if outcome is not ObjectExists]
        with store.open(ObjectKey(key)) as file:
            assert digest_of(file) == winner
    assert adapter.debris(tmp_path) == []


def test_of_threads_that_replace_one_succeeds(store: ObjectStore) -> None:
    for number in range(10):
        key = ObjectKey(f"a/{number}")
        was = _put(store, key, b"before")

        def swap(thread: int, key: ObjectKey = key, was: Digest = was) -> StoredObject:
            return store.replace(key, io.BytesIO(bytes([thread])), was=was)

        outcomes = _at_once(6, swap)
        assert outcomes.count(Changed) == 5


def test_puts_survive_deletions_of_their_neighbours(store: ObjectStore) -> None:
    def act(thread: int) -> None:
        for number in range(40):
            key = ObjectKey(f"a/b/{thread}-{number}")
            _put(store, key, b"x")
            assert _get(store, key) == b"x"
            store.delete(key, authority="uncommitted")

    assert _at_once(4, act) == [None] * 4
    assert _keys(store) == []


def test_large_objects_pass_in_constant_memory(adapter: Adapter, store: ObjectStore) -> None:
    if not adapter.in_constant_memory:
        pytest.skip("not run: this adapter keeps its objects in memory")
    tracemalloc.start()
    try:
        stored = store.put(ObjectKey("a/large"), _source(200 * MEBIBYTE))
        with store.open(stored.key) as file:
            assert digest_of(file) == stored.digest
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stored.size == 200 * MEBIBYTE
    assert peak < 12 * MEBIBYTE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("not run: mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_refuses_and_keeps_what_it_had(small_disk: Path) -> None:
    store = FilesystemStore(small_disk / "store", small_disk / "incoming")
    _put(store, "a/kept", b"x" * 300_000)
    for _ in range(2):
        with pytest.raises(StoreFull):
            store.put(ObjectKey("b/c/too-large"), _source(2 * MEBIBYTE))
    was = Digest("sha256", hashlib.sha256(b"x" * 300_000).hexdigest())
    with pytest.raises(StoreFull):
        store.replace(ObjectKey("a/kept"), _source(2 * MEBIBYTE), was=was)
    assert _files(small_disk) == ["incoming", "store", "store/a", "store/a/kept"]
    assert _get(store, "a/kept") == b"x" * 300_000
    _put(store, "b/c/fits", b"y" * 300_000)


def test_a_disk_that_fills_in_a_batch_keeps_what_was_whole(small_disk: Path) -> None:
    store = FilesystemStore(small_disk / "store", small_disk / "incoming")
    with store.batch(), pytest.raises(StoreFull):  # noqa: PT012  # any of them may fill it
        for number in range(100):
            _put(store, f"a/{number:03d}", b"x" * 50_000)
    whole = _keys(store)
    assert 0 < len(whole) < 21
    assert all(_get(store, key) == b"x" * 50_000 for key in whole)
    assert _files(small_disk / "incoming") == []


@pytest.fixture
def short_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 * MEBIBYTE, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_the_disk_cannot_hold_leaves_nothing(tmp_path: Path, short_files: None) -> None:
    store = FilesystemStore(tmp_path / "store", tmp_path / "incoming")
    with pytest.raises(StoreFull):
        store.put(ObjectKey("b/c/too-large"), _source(2 * MEBIBYTE))
    assert _files(tmp_path) == ["incoming", "store"]


CHILD = """
import errno, io, os, sys, time
from pathlib import Path
from preservation.stores.filesystem import FilesystemStore

asked = os.open
def without_unnamed_files(path, flags, *others, **options):
    if flags & os.O_TMPFILE == os.O_TMPFILE:
        raise OSError(errno.EOPNOTSUPP, "a file system of a network")
    return asked(path, flags, *others, **options)
if sys.argv[2] == "1":
    os.open = without_unnamed_files

class Endless(io.RawIOBase):
    def readable(self): return True
    def readinto(self, buffer):
        print("arriving", flush=True)
        time.sleep(0.01)
        return len(buffer)

FilesystemStore(Path(sys.argv[1], "store"), Path(sys.argv[1], "incoming")).put("a/b/c", Endless())
"""


@pytest.mark.parametrize("files", [0, 1], ids=["a file without a name", "a file with a name"])
def test_a_killed_writer_leaves_nothing_once_a_store_is_opened(tmp_path: Path, files: int) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, tmp_path, f"{files}"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"arriving\n"
        living = FilesystemStore(tmp_path / "store", tmp_path / "incoming")
        assert len(_files(tmp_path / "incoming")) == files
        child.kill()
    assert len(_files(tmp_path / "incoming")) == files
    assert living.clear_incoming() == files
    assert _files(tmp_path) == ["incoming", "store"]


def test_digests_are_those_of_the_bytes_in_the_order_asked(store: ObjectStore) -> None:
    contents = {ObjectKey(f"c/{name}"): data for name, data in (("uno", b"1"), ("d/dos", b"2" * 400_000), ("nada", b""))}
    for key, data in contents.items():
        store.put(key, io.BytesIO(data))
    asked = [*contents, ObjectKey("c/falta"), ObjectKey("c/d"), ObjectKey("c/uno/abajo"), ObjectKey("otra/falta"), *contents]
    wanted = {key: Digest("sha512", hashlib.sha512(data).hexdigest()) for key, data in contents.items()}
    assert list(store.digests(asked, "sha512")) == [(key, wanted.get(key)) for key in asked]


def test_digests_of_what_no_key_can_name_are_none(store: ObjectStore) -> None:
    asked = [ObjectKey("../fuera"), ObjectKey("c/ñ"), ObjectKey("")]
    assert list(store.digests(asked, "sha256")) == [(key, None) for key in asked]
