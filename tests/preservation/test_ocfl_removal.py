"""An object that an act orders to be deleted goes whole; of one interrupted no half is taken for an object, and it goes in the end."""

import io
from datetime import UTC, datetime

import pytest

from preservation.ocfl import StorageRoot
from preservation.ocfl_layout import key_of, prefix_of
from preservation.ocfl_removal import remove_object
from preservation.store import ObjectKey, StoreUnavailable
from preservation.stores.memory import MemoryStore
from preservation.stores.s3 import S3Store
from tests.s3_servers import NAMES, S3Server

OBJECT = "urn:example:deleted"
OTHER = "urn:example:kept"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


class Ending(MemoryStore):
    """A store that stops answering after some deletions."""

    left = 10_000

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        if self.left == 0:
            raise StoreUnavailable("gone")
        self.left -= 1
        super().delete(key, authority=authority)


def filled() -> Ending:
    store = Ending()
    root = StorageRoot(store)
    root.ensure()
    for identifier in (OBJECT, OTHER):
        for base in (None, 1):
            with root.new_version(identifier, base=base) as writer:
                writer.put_bytes("data", f"{identifier} {base}".encode())
                writer.commit("a version", "a test", None, NOW)
    return store


def keys(store: MemoryStore, identifier: str) -> list[str]:
    return [found.key for found in store.list(prefix_of(identifier))]


def test_an_object_goes_whole_and_no_other_is_touched() -> None:
    store = filled()
    others = keys(store, OTHER)
    assert remove_object(store, prefix_of(OBJECT), act="1") == len(keys(filled(), OBJECT))
    assert keys(store, OBJECT) == []
    assert keys(store, OTHER) == others
    found = StorageRoot(store).verify(OTHER)
    assert (found.damaged, found.missing, found.unexpected) == ((), (), ())
    assert remove_object(store, prefix_of(OBJECT), act="1") == 0


@pytest.mark.parametrize("after", range(len(keys(filled(), OBJECT))))
def test_interrupted_anywhere_no_half_is_an_object_and_it_goes_on(after: int) -> None:
    store = filled()
    before = keys(store, OBJECT)
    store.left = after
    with pytest.raises(StoreUnavailable):
        remove_object(store, prefix_of(OBJECT), act="1")
    store.left = 10_000
    root = StorageRoot(store)
    assert len(keys(store, OBJECT)) == len(before) - after
    if after:
        assert root.head(OBJECT) is None
        assert root.recover(OBJECT).removed == ()  # nobody takes it for what a writer left
    remove_object(store, prefix_of(OBJECT), act="1")
    assert keys(store, OBJECT) == []


@pytest.mark.servers
@pytest.mark.parametrize("name", NAMES)
def test_where_a_bucket_keeps_versions_those_of_keys_that_were_taken_away_before_go_too(name: str, request: pytest.FixtureRequest) -> None:
    server: S3Server = request.getfixturevalue(name)
    store = server.store(server.new_bucket())
    store.wire.sdk.make_bucket(store.wire.address.bucket, object_lock=True)
    root = StorageRoot(store)
    root.ensure()
    for identifier in (OBJECT, OTHER):
        with root.new_version(identifier, base=None) as writer:
            writer.put_bytes("data", b"a secret")
            writer.commit("a version", "a test", None, NOW)
        half = key_of(prefix_of(identifier), "v2/content/half")
        store.put(half, io.BytesIO(b"half of a secret"))
        store.delete(half, authority="uncommitted")
    kept = versions(store, OTHER)
    assert versions(store, OBJECT) > len(list(store.keys(prefix_of(OBJECT))))
    remove_object(store, prefix_of(OBJECT), act="1")
    assert versions(store, OBJECT) == 0
    assert versions(store, OTHER) == kept
    assert remove_object(store, prefix_of(OBJECT), act="1") == 0
    store.close()


def versions(store: S3Store, identifier: str) -> int:
    """How many versions, and marks of deletions, a bucket keeps of an object."""
    return store.wire.ask("GET", query={"versions": "", "prefix": prefix_of(identifier)}).data.count(b"</Key>")
