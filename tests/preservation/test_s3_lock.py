"""Object Lock on real S3 servers: a retention goes with what is written, holds are set and taken away, and all of it is read back."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from preservation.locking import LockDenied, LockedVersion, LocklessBucket, Retention
from preservation.ocfl import StorageRoot
from preservation.store import ObjectExists, ObjectKey, ObjectMissing, StoreUnavailable
from preservation.stores.s3 import S3Store
from preservation.stores.s3_upload import PART
from preservation.stores.s3_versions import versions_of
from tests.s3_proxy import Exchange, proxy_to, told
from tests.s3_servers import NAMES, S3Server

pytestmark = pytest.mark.servers

KEY = ObjectKey("paquete/v1/content/uno")
NEAR = ObjectKey("paquete/v1/content/dos")
DAY = timedelta(days=1)


@pytest.fixture(params=NAMES)
def server(request: pytest.FixtureRequest) -> S3Server:
    found: S3Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def retaining(server: S3Server) -> Iterator[S3Store]:
    """A store that keeps what it writes for two days, in a bucket that it makes itself."""
    store = server.store(replace(server.new_bucket(), retention=Retention("GOVERNANCE", days=2)))
    yield store
    store.close()


@pytest.fixture
def locking(server: S3Server) -> Iterator[S3Store]:
    """A store without a retention, in a bucket with Object Lock."""
    store = server.store(server.new_bucket())
    store.wire.sdk.make_bucket(store.wire.address.bucket, object_lock=True)
    yield store
    store.close()


def put(store: S3Store, key: ObjectKey, data: bytes) -> None:
    store.put(key, io.BytesIO(data))


def test_a_retention_goes_with_each_object_that_is_written(retaining: S3Store) -> None:
    put(retaining, KEY, b"corto")
    assert retaining.locks()
    put(retaining, NEAR, bytes(PART + 1))
    found = retaining.locked("paquete/")
    assert (found.objects, found.retained, found.held, found.mode) == (2, 2, 0, "GOVERNANCE")
    assert found.until is not None
    assert abs(found.until - datetime.now(UTC) - 2 * DAY) < timedelta(minutes=10)
    put(retaining, KEY, b"corto")
    with pytest.raises(ObjectExists):
        put(retaining, KEY, b"otro")
    assert retaining.locked("paquete/").objects == 2


def test_what_is_retained_is_not_deleted_and_who_asks_is_told_until_when(retaining: S3Store) -> None:
    put(retaining, KEY, b"se queda")
    with pytest.raises(LockedVersion) as told:
        retaining.delete(KEY, authority="deletion:1")
    assert (told.value.mode, told.value.is_held) == ("GOVERNANCE", False)
    assert told.value.until is not None
    with retaining.open(KEY) as file:
        assert file.read() == b"se queda"


def test_replacing_under_a_retention_makes_another_version_and_keeps_the_one_before(retaining: S3Store) -> None:
    root = ObjectKey("paquete/inventory.json")
    was = retaining.put(root, io.BytesIO(b"v1")).digest
    assert was is not None
    retaining.replace(root, io.BytesIO(b"v2"), was=was)
    with retaining.open(root) as file:
        assert file.read() == b"v2"
    found = retaining.locked("paquete/")
    assert (found.objects, found.retained) == (2, 2)
    with pytest.raises(LockedVersion):
        retaining.delete(root, authority="deletion:1")
    assert [stored.key for stored in retaining.list()] == [root]


def test_a_package_grows_under_a_retention(retaining: S3Store) -> None:
    """Each version of an OCFL object moves its root inventory and its sidecar, which are locked as all else is."""
    root = StorageRoot(retaining)
    root.ensure()
    at = datetime(2026, 11, 30, tzinfo=UTC)
    for number in range(1, 4):
        with root.new_version("urn:uno", base=number - 1 or None) as writer:
            writer.put_bytes(f"metadata/{number}.json", b"%d" % number)
            writer.commit("Prueba", "ana", "", at)
    assert root.inventory("urn:uno").head == 3
    found = root.verify("urn:uno")
    assert (found.damaged, found.missing, found.unexpected) == ((), (), ())
    locked = retaining.locked("")
    assert locked.retained == locked.objects > len(list(retaining.list()))


def test_a_bucket_without_lock_is_refused_before_anything_is_written(server: S3Server) -> None:
    """versitygw refuses the write itself, and keeps the object."""
    place = replace(server.new_bucket(), retention=Retention("COMPLIANCE", years=1))
    store = server.store(place)
    store.wire.sdk.make_bucket(place.bucket)
    with pytest.raises(LocklessBucket):
        put(store, KEY, b"nada")
    with pytest.raises(LocklessBucket):
        put(store, KEY, bytes(PART + 1))
    assert list(store.list()) == []
    assert not store.locks()
    with pytest.raises(ObjectMissing):
        store.stat(KEY)
    store.close()


def test_a_hold_is_set_on_every_version_read_back_and_taken_away(locking: S3Store) -> None:
    was = locking.put(KEY, io.BytesIO(b"antes")).digest
    assert was is not None
    locking.replace(KEY, io.BytesIO(b"despues"), was=was)
    put(locking, NEAR, b"otro")
    other = ObjectKey("paquete-de-otro")
    put(locking, other, b"libre")
    assert locking.hold("paquete/", True) == 3
    assert locking.hold("paquete/", True) == 0
    found = locking.locked("paquete/")
    assert (found.objects, found.held, found.retained, found.until) == (3, 3, 0, None)
    assert locking.locked("paquete-de-otro").held == 0
    with pytest.raises(LockedVersion) as told:
        locking.delete(KEY, authority="deletion:1")
    assert told.value.is_held
    assert locking.hold("paquete/", False) == 3
    assert locking.locked("paquete/").held == 0
    locking.delete(KEY, authority="deletion:1")
    assert [stored.key for stored in locking.list()] == [other, NEAR]


def test_a_hold_half_set_is_finished(locking: S3Store) -> None:
    put(locking, KEY, b"uno")
    put(locking, NEAR, b"dos")
    assert locking.hold(KEY, True) == 1
    put(locking, ObjectKey("paquete/v2/content/tres"), b"tres")
    assert locking.hold("paquete/", True) == 2
    assert locking.locked("paquete/").held == 3


def test_marks_of_deletions_stand_in_no_ones_way(locking: S3Store) -> None:
    """versitygw tells their instants to the nanosecond."""
    put(locking, KEY, b"uno")
    locking.delete(KEY, authority="uncommitted")
    assert [(each.is_marker, each.is_latest) for each in versions_of(locking.wire, KEY) if each.is_latest] == [(True, True)]
    assert locking.hold("paquete/", True) == 1
    assert locking.hold("paquete/", False) == 1
    locking.delete(KEY, authority="deletion:1")
    assert versions_of(locking.wire, KEY) == []


def test_many_versions_come_in_pages(locking: S3Store) -> None:
    """More than a page of a thousand."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(locking, ObjectKey(f"muchos/{number:04}"), b"x"), range(1005)))
    assert [each.name for each in versions_of(locking.wire, "muchos/")] == [f"muchos/{number:04}" for number in range(1005)]


def test_a_server_without_locks_is_asked_in_vain(server: S3Server) -> None:
    store = server.store()
    put(store, KEY, b"uno")
    assert (store.locks(), store.locked("paquete/").held) == (False, 0)
    with pytest.raises(StoreUnavailable):
        store.hold("paquete/", True)
    assert store.hold("paquete/", False) == 0
    store.close()


def test_a_server_that_will_not_say_whether_it_locks_is_not_taken_for_one_that_cannot(server: S3Server) -> None:
    place = server.new_bucket()
    owner = server.store(place)
    owner.wire.sdk.make_bucket(place.bucket, object_lock=True)
    with proxy_to(replace(place, retention=Retention("GOVERNANCE", days=2))) as (proxy, address):
        store = server.store(address)
        for status, code in ((403, "AccessDenied"), (403, ""), (400, "InvalidRequest")):
            proxy.expect("GET", told(status, code), told(status, code), having="object-lock")
            with pytest.raises(LockDenied):
                store.locks()
            with pytest.raises(LockDenied):
                put(store, KEY, b"nada")
        assert (list(owner.list()), proxy.pending) == ([], 0)
        assert store.locks()
        put(store, KEY, b"retenido")
        assert store.locked("paquete/").retained == 1
        store.close()
    owner.close()


@pytest.mark.parametrize("asked", ["legal-hold", "retention"])
def test_locks_that_the_key_may_not_read_are_not_taken_for_none(locking: S3Store, server: S3Server, asked: str) -> None:
    put(locking, KEY, b"uno")
    locking.hold("paquete/", True)
    with proxy_to(locking.wire.address) as (proxy, address):
        store = server.store(address)
        proxy.expect("GET", told(403, "AccessDenied"), having=asked)
        with pytest.raises(LockDenied):
            store.locked("paquete/")
        assert store.locked("paquete/").held == 1
        store.close()
    locking.hold("paquete/", False)


def test_a_server_that_knows_no_locks_and_a_bucket_that_is_not_there_cannot_lock(server: S3Server) -> None:
    place = server.new_bucket()
    store = server.store(place)
    assert not store.locks()
    put(store, KEY, b"uno")
    store.close()
    with proxy_to(place) as (proxy, address):
        store = server.store(address)
        for code in ("NotImplemented", ""):
            proxy.expect("GET", told(501, code), having="object-lock")
            assert not store.locks()
        assert proxy.pending == 0
        store.close()


@pytest.mark.parametrize("marker", ["<NextKeyMarker>paquete/v1/content/uno</NextKeyMarker>", ""])
def test_a_list_of_versions_that_comes_to_no_end_is_refused(locking: S3Store, server: S3Server, marker: str) -> None:
    """A page that says that there are more, and after which the same one comes, or nothing that can be asked for."""
    put(locking, KEY, b"uno")

    def more(exchange: Exchange) -> None:
        reply = exchange.forward()
        body = reply.body.replace(b"<IsTruncated>false</IsTruncated>", f"<IsTruncated>true</IsTruncated>{marker}".encode())
        assert body != reply.body
        exchange.reply(replace(reply, body=body))

    with proxy_to(locking.wire.address) as (proxy, address):
        store = server.store(address)
        proxy.expect("GET", *[more] * 20, having="versions")
        with pytest.raises(StoreUnavailable):
            versions_of(store.wire, "paquete/")
        assert proxy.count("GET") <= 3
        store.close()
