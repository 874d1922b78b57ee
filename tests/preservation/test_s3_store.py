"""What the S3 adapter owes beyond the promises of every store: buckets, leftovers, servers that die, disks that fill and bits that turn."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import cast

import pytest
from minio.commonconfig import COMPLIANCE
from minio.retention import Retention

from preservation.fixity import digest_of
from preservation.ocfl import StorageRoot
from preservation.store import Changed, DigestMismatch, ObjectExists, ObjectKey, ObjectMissing, StoreError, StoreFull, StoreUnavailable
from preservation.stores.s3 import S3Store
from preservation.stores.s3_leftovers import clear_uploads
from preservation.stores.s3_probe import Kept, probe
from preservation.stores.s3_upload import PART, Upload
from tests.s3_proxy import proxy_to, unconditional
from tests.s3_servers import NAMES, QUICK, S3Server

pytestmark = pytest.mark.servers

KEY = ObjectKey("a/b")
ID = "urn:uuid:019aa0f0-0000-7000-8000-000000000001"
NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)


@pytest.fixture(params=NAMES)
def server(request: pytest.FixtureRequest) -> S3Server:
    return cast(S3Server, request.getfixturevalue(request.param))


@pytest.fixture
def mortal(server: S3Server) -> S3Server:
    """A server that may be killed and started again."""
    if server.folder is None:
        pytest.skip("not run: the server was given by its address and is not ours to end")
    return server


@pytest.fixture
def store(server: S3Server) -> Iterator[S3Store]:
    made = server.store()
    yield made
    made.close()


def test_the_bucket_is_made_at_the_first_write_by_whoever_comes_first(server: S3Server) -> None:
    place = replace(server.place(), bucket=f"nuevo-{server.place().prefix[:8]}")
    stores = [server.store(place) for _ in range(4)]
    assert list(stores[0].list()) == []
    with pytest.raises(ObjectMissing):
        stores[0].stat(KEY)
    writers = [Thread(target=one.put, args=(ObjectKey(f"k/{number}"), io.BytesIO(b"x"))) for number, one in enumerate(stores)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [found.key for found in stores[0].list()] == ["k/0", "k/1", "k/2", "k/3"]
    for one in stores:
        one.close()


def test_a_refused_key_is_told_without_it(server: S3Server) -> None:
    store = server.store(replace(server.place(), secret_key="no-es-este-secreto"))
    for act in (lambda: store.put(KEY, io.BytesIO(b"x")), lambda: store.open(KEY), lambda: list(store.list())):
        with pytest.raises(StoreUnavailable) as told:
            act()
        assert "secreto" not in str(told.value)
        assert "secreto" not in repr(told.value.__cause__)
    store.close()


def test_two_prefixes_of_one_bucket_are_two_stores(server: S3Server) -> None:
    place = server.place()
    inner, outer = server.store(replace(place, prefix=f"{place.prefix}inner/")), server.store(place)
    inner.put(KEY, io.BytesIO(b"inner"))
    outer.put(KEY, io.BytesIO(b"outer"))
    assert [found.key for found in inner.list()] == ["a/b"]
    assert [found.key for found in outer.list()] == ["a/b", "inner/a/b"]
    assert inner.open(KEY).read() == b"inner"
    inner.close()
    outer.close()


def test_more_than_a_page_is_listed_and_resumed(store: S3Store) -> None:
    keys = [f"k/{number:04d}" for number in range(1203)]
    for key in keys:
        store.put(ObjectKey(key), io.BytesIO(b""))
    assert [found.key for found in store.list()] == keys
    assert [found.key for found in store.list("k/", ObjectKey("k/0999"))] == keys[1000:]


def test_an_object_is_no_folder_and_a_folder_no_object(server: S3Server, store: S3Store) -> None:
    store.put(KEY, io.BytesIO(b"x"))
    for key in ("a/b/c", "a"):
        with suppress(ObjectExists):  # MinIO keeps both; they are no keys of any package
            store.put(ObjectKey(key), io.BytesIO(b"y"))
    assert store.open(KEY).read() == b"x"


def test_parts_of_the_living_stay_and_those_of_the_dead_go(versitygw: S3Server) -> None:
    store = versitygw.store()
    store.put(KEY, io.BytesIO(b"tries the server"))
    with Upload(store.wire, ObjectKey("large"), io.BytesIO(b"x" * 100), "sha256") as upload:
        upload.receive_first()
        upload.receive_rest()
        assert store.clear_incoming() == 0
        assert upload.commit({}).is_granted
        with Upload(store.wire, ObjectKey("dead"), io.BytesIO(b"x" * 100), "sha256") as dead:
            dead.receive_first()
            dead.receive_rest()
            assert clear_uploads(store.wire, timedelta(seconds=-2)) == 1
            assert not dead.commit({}).is_granted
    assert [found.key for found in store.list()] == ["a/b", "large"]
    assert clear_uploads(store.wire, timedelta(seconds=-2)) == 0
    store.close()


CHILD = """
import io, sys
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import S3Address

class Endless(io.RawIOBase):
    sent = 0
    def readable(self): return True
    def readinto(self, buffer):
        self.sent += len(buffer)
        if self.sent > 40 << 20:
            print("arriving", flush=True)
            sys.stdin.read()
        return len(buffer)

endpoint, bucket, prefix = sys.argv[1:]
S3Store(S3Address(endpoint, False, "archivotest", "archivotest-secret", bucket, prefix)).put("a/b", Endless())
"""


def test_a_killed_writer_leaves_no_object(server: S3Server, store: S3Store) -> None:
    place = store.wire.address
    command = [sys.executable, "-c", CHILD, place.endpoint, place.bucket, place.prefix]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"arriving\n"
        child.kill()
    assert list(store.list()) == []
    store.put(KEY, io.BytesIO(b"afterwards"))
    if probe(store).lists_unfinished:
        assert clear_uploads(store.wire, timedelta(seconds=-2)) == 1
    server.forget_parts(place, KEY)
    assert server.unfinished() == []


def test_what_was_acknowledged_outlives_the_server(mortal: S3Server) -> None:
    store = mortal.store()
    large = os.urandom(PART + 1000)
    store.put(ObjectKey("large"), io.BytesIO(large))
    acknowledged: list[str] = []

    def write() -> None:
        with suppress(StoreError):
            for number in range(5000):
                key = f"k/{number:04d}"
                store.put(ObjectKey(key), io.BytesIO(key.encode() * 100))
                acknowledged.append(key)

    writer = Thread(target=write)
    writer.start()
    while len(acknowledged) < 50:
        time.sleep(0.01)
    mortal.kill()
    writer.join()
    with pytest.raises(StoreUnavailable):
        store.stat(ObjectKey("large"))
    mortal.start()
    listed = [found.key for found in store.list("k/")]
    assert set(acknowledged) <= set(listed)
    assert len(listed) <= len(acknowledged) + 1
    for key in listed:
        assert store.open(key).read() == key.encode() * 100
    assert store.open(ObjectKey("large")).read() == large
    store.close()


def test_a_frozen_server_is_told_and_all_goes_on_when_it_wakes(mortal: S3Server) -> None:
    store = S3Store(mortal.place(), replace(QUICK, connect=0.5, read=0.5, tries=2))
    store.put(ObjectKey("before"), io.BytesIO(b"x"))
    mortal.freeze()
    try:
        with pytest.raises(StoreUnavailable, match="no answer"):
            store.put(KEY, io.BytesIO(b"uno"))
        with pytest.raises(StoreUnavailable, match="no answer"):
            store.stat(ObjectKey("before"))
    finally:
        mortal.thaw()
    patient = mortal.store(store.wire.address)
    patient.put(KEY, io.BytesIO(b"uno"))
    assert patient.open(KEY).read() == b"uno"
    assert [found.key for found in patient.list()] == ["a/b", "before"]
    store.close()
    patient.close()


@pytest.fixture
def small_disk(versitygw: S3Server) -> Iterator[Path]:
    """The bucket `lleno` of versitygw, on a disk of four mebibytes."""
    if versitygw.folder is None:
        pytest.skip("not run: the server was given by its address")
    folder = versitygw.folder / "root" / "lleno"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("not run: mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def test_a_full_disk_refuses_and_keeps_what_it_had(versitygw: S3Server, small_disk: Path) -> None:
    store = versitygw.store(replace(versitygw.place(), bucket=small_disk.name))
    kept = store.put(ObjectKey("kept"), io.BytesIO(b"x" * 1_000_000))
    assert kept.digest is not None
    for size in (5_000_000, PART + 1):
        with pytest.raises(StoreFull):
            store.put(ObjectKey("too-large"), io.BytesIO(bytes(size)))
    with pytest.raises(StoreFull):
        store.replace(ObjectKey("kept"), io.BytesIO(bytes(5_000_000)), was=kept.digest)
    assert [found.key for found in store.list()] == ["kept"]
    assert digest_of(store.open(ObjectKey("kept"))) == kept.digest
    store.put(ObjectKey("fits"), io.BytesIO(b"y" * 500_000))
    store.close()


def _turn_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("size", [1000, 300_000, PART + 1000])
def test_a_bit_turned_on_the_servers_disk_is_never_read_as_good(mortal: S3Server, size: int) -> None:
    store = mortal.store()
    data = os.urandom(size)
    store.put(KEY, io.BytesIO(data))
    _turn_a_bit(mortal.bytes_of(store.wire.address, KEY))
    with pytest.raises(DigestMismatch), store.open(KEY) as file:
        file.read()
    with pytest.raises((ObjectExists, DigestMismatch)):
        store.put(KEY, io.BytesIO(data))
    store.close()


@pytest.mark.parametrize("size", [1000, 300_000])
def test_verifying_a_package_names_the_file_a_server_damaged(mortal: S3Server, size: int) -> None:
    store = mortal.store()
    root = StorageRoot(store)
    root.ensure()
    with root.new_version(ID, base=None) as writer:
        damaged = writer.put_bytes("damaged", os.urandom(size)).key
        writer.put_bytes("good", os.urandom(size))
        writer.commit("a reason", "an archivist", None, NOW)
    _turn_a_bit(mortal.bytes_of(store.wire.address, damaged))
    verification = root.verify(ID)
    assert [damage.key for damage in verification.damaged] == [damaged]
    assert (verification.missing, verification.unexpected) == ((), ())
    store.close()


def _package_of(root: StorageRoot, files: int) -> None:
    with root.new_version(ID, base=None) as writer:
        for number in range(files):
            writer.put_bytes(f"page/{number:04d}.txt", b"page %d" % number)
        writer.commit("a reason", "an archivist", None, NOW)


def test_a_package_of_a_thousand_files_takes_a_request_a_file_and_few_more(versitygw: S3Server) -> None:
    with proxy_to(versitygw.place()) as (proxy, address):
        store = S3Store(address, QUICK)
        root = StorageRoot(store)
        root.ensure()
        proxy.seen.clear()
        _package_of(root, 1000)
        assert len(proxy.seen) <= 1020
        proxy.seen.clear()
        with root.open(ID, "page/0999.txt") as file:
            assert file.read() == b"page 999"
        assert len(proxy.seen) <= 3
        store.close()


def test_a_version_asks_only_for_what_it_cannot_know(server: S3Server, tmp_path: Path) -> None:
    """Of a first version, of an identifier just made: each file once, the list of what was put, and inventory, sidecar and declaration."""
    with proxy_to(server.place()) as (proxy, address):
        store = S3Store(address, QUICK)
        root = StorageRoot(store)
        root.ensure()
        proxy.seen.clear()
        root.ensure()
        assert len(proxy.seen) == 1
        proxy.seen.clear()
        with root.new_version(ID, base=None, is_new=True) as writer:
            writer.put_bytes("a", b"first")
            writer.commit("a reason", "an archivist", None, NOW)
        assert len(proxy.seen) == 1 + 3 + 1 + 2
        proxy.seen.clear()
        with root.new_version(ID, base=1) as writer:
            writer.put_bytes("a", b"second")
            writer.commit("a reason", "an archivist", None, NOW)
        assert len(proxy.seen) == 1 + 1 + 2 + 1 + 1 + 2
        proxy.seen.clear()
        assert root.file(ID, "a", tmp_path / "copy").read_bytes() == b"second"
        assert len(proxy.seen) == 2
        assert root.recover(ID).is_clean
        assert root.verify(ID).is_intact
        store.close()


def test_what_another_replaced_since_it_was_read_is_not_replaced_by_its_mark(store: S3Store, server: S3Server) -> None:
    other = server.store(store.wire.address)
    store.put(KEY, io.BytesIO(b"first"))
    with store.open(KEY) as seen:
        was = digest_of(seen)
    other.replace(KEY, io.BytesIO(b"other"), was=was)
    with pytest.raises(Changed):
        store.replace(KEY, io.BytesIO(b"second"), was=was)
    assert store.open(KEY).read() == b"other"
    other.close()


def test_two_writers_of_one_package_over_one_server(store: S3Store, server: S3Server) -> None:
    other_store = server.store(store.wire.address)
    root, other = StorageRoot(store), StorageRoot(other_store)
    root.ensure()
    _package_of(root, 2)
    with root.new_version(ID, base=1) as slow:
        slow.put_bytes("a", b"slow")
        with other.new_version(ID, base=1) as quick:
            quick.put_bytes("a", b"quick")
            quick.commit("a reason", "an archivist", None, NOW)
        with pytest.raises(StoreError):
            slow.commit("a reason", "an archivist", None, NOW)
    assert root.open(ID, "a").read() == b"quick"
    assert root.recover(ID).is_clean
    assert root.verify(ID).is_intact
    other_store.close()


WANTED: dict[str, Callable[[Kept], bool]] = {
    "minio": lambda kept: not (kept.deletes_what_was_seen or kept.lists_unfinished),
    "versitygw": lambda kept: kept.deletes_what_was_seen and kept.lists_unfinished,
}


def test_a_probe_tells_what_a_server_keeps_and_leaves_nothing(server: S3Server, store: S3Store) -> None:
    kept = probe(store)
    assert kept.is_fit
    assert kept.refuses_damage
    assert kept.keeps_digests
    assert (kept.versioning, kept.object_lock) == ("off", "off")
    assert kept.server.lower().startswith(server.name)
    assert WANTED[server.name](kept)
    place = store.wire.address
    assert list(store.wire.sdk.list_objects(place.bucket, prefix=place.prefix, recursive=True)) == []


def test_a_probe_sees_versions_and_locks_and_takes_away_its_versions(server: S3Server) -> None:
    place = replace(server.place(), bucket=f"con-llave-{server.place().prefix[:8]}")
    store = server.store(place)
    store.wire.sdk.make_bucket(place.bucket, object_lock=True)
    kept = probe(store)
    assert (kept.versioning, kept.object_lock) == ("on", "on")
    assert list(store.list()) == []
    assert b"<Key>" not in store.wire.ask("GET", query={"versions": ""}).data
    store.put(KEY, io.BytesIO(b"x"))
    store.delete(KEY, authority="uncommitted")
    if kept.is_fit:
        store.put(KEY, io.BytesIO(b"y"))
        assert store.open(KEY).read() == b"y"
    else:
        assert not kept.writes_after_deletion  # versitygw 1.8.0 takes a marker of deletion for an object
        assert server.name == "versitygw"
        with pytest.raises(StoreUnavailable):
            store.put(KEY, io.BytesIO(b"y"))
    store.close()


def test_what_an_act_orders_to_be_deleted_goes_with_every_version_of_it(server: S3Server) -> None:
    """And its key can be written again, also on versitygw, which takes a mark of deletion for an object."""
    place = replace(server.place(), bucket=f"versiones-{server.place().prefix[:8]}")
    store = server.store(place)
    store.wire.sdk.make_bucket(place.bucket, object_lock=True)
    store.wire.make_bucket()
    near = ObjectKey(f"{KEY}.near")
    for key in (KEY, near):
        first = store.put(key, io.BytesIO(b"a secret"))
        assert first.digest is not None
        store.replace(key, io.BytesIO(b"another secret"), was=first.digest)
    assert _versions_of(store, KEY) == 2
    store.delete(KEY, authority="deletion:1")
    assert [found.key for found in store.list()] == [near]
    assert _versions_of(store, KEY) == 0
    assert _versions_of(store, near) == 2
    store.put(KEY, io.BytesIO(b"a tombstone"))
    assert store.open(KEY).read() == b"a tombstone"
    store.close()


def test_what_a_lock_of_the_bucket_keeps_is_not_deleted_and_told(server: S3Server) -> None:
    place = replace(server.place(), bucket=f"retenido-{server.place().prefix[:8]}")
    store = server.store(place)
    store.wire.sdk.make_bucket(place.bucket, object_lock=True)
    store.put(KEY, io.BytesIO(b"kept"))
    until = datetime.now(UTC) + timedelta(days=1)
    store.wire.sdk.set_object_retention(place.bucket, f"{place.prefix}{KEY}", Retention(COMPLIANCE, until))
    with pytest.raises(StoreUnavailable, match="keeps a version"):
        store.delete(KEY, authority="deletion:1")
    assert store.open(KEY).read() == b"kept"
    assert [found.key for found in store.list()] == [KEY]
    store.close()


def _versions_of(store: S3Store, key: ObjectKey) -> int:
    return store.wire.ask("GET", query={"versions": ""}).data.count(f"{key}</Key>".encode())


def test_a_probe_sees_through_a_server_that_ignores_conditions(server: S3Server) -> None:
    with proxy_to(server.place()) as (proxy, address):
        proxy.always = unconditional
        store = S3Store(address, QUICK)
        kept = probe(store)
        assert {kept.writes_once, kept.joins_once, kept.swaps, kept.deletes_what_was_seen, kept.is_fit} == {False}
        assert kept.refuses_damage
        assert kept.gives_ranges
        store.close()
