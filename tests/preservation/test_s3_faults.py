"""The promises of the store over a network and a server that fail, with real servers behind; every effect is counted, not every message."""

import io
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import cast

import pytest

from preservation.fixity import Digest, digest_of
from preservation.store import Changed, DigestMismatch, ObjectExists, ObjectKey, ObjectMissing, StoreUnavailable
from preservation.stores.s3 import OverwritingServer, S3Store
from preservation.stores.s3_probe import probe
from preservation.stores.s3_upload import PART
from tests.s3_proxy import (
    Exchange,
    Fate,
    Proxy,
    damaged_coming,
    damaged_going,
    done_and_cut,
    done_and_refused,
    done_and_stalled,
    halfway,
    held_back,
    lost,
    proxy_to,
    refused,
    stalled,
    through,
    unconditional,
)
from tests.s3_servers import NAMES, QUICK, S3Server

pytestmark = pytest.mark.servers

KEY = ObjectKey("a/b")
LARGE = bytes(range(256)) * ((2 * PART + 1000) // 256)
IMPATIENT = replace(QUICK, connect=1.0, read=1.0, join=1.0)
DONE_UNHEARD = {"cut": done_and_cut, "stalled": done_and_stalled, "500": done_and_refused(500), "503": done_and_refused(503)}
NOT_DONE = {"lost": lost, "unheard": stalled, "refused": refused(503), "too-many": refused(429), "damaged": damaged_going}
EITHER = DONE_UNHEARD | NOT_DONE


@pytest.fixture(params=NAMES)
def server(request: pytest.FixtureRequest) -> S3Server:
    return cast(S3Server, request.getfixturevalue(request.param))


@pytest.fixture
def way(server: S3Server) -> Iterator[tuple[Proxy, S3Store]]:
    """A store that has tried its server already, and the proxy between them."""
    server_place = server.place()
    with proxy_to(server_place) as (proxy, address):
        store = S3Store(address, IMPATIENT)
        store.put(ObjectKey("first"), io.BytesIO(b"tries the server"))
        store.clear_incoming()
        proxy.seen.clear()
        yield proxy, store
        assert proxy.pending == 0, "every fault was met"
        store.close()
        server.forget_parts(server_place, KEY)


def _put(store: S3Store, data: bytes, key: ObjectKey = KEY) -> Digest:
    digest = store.put(key, io.BytesIO(data)).digest
    assert digest is not None
    return digest


def _get(store: S3Store, key: ObjectKey = KEY) -> bytes:
    with store.open(key) as file:
        return file.read()


@pytest.mark.parametrize("fate", EITHER.values(), ids=EITHER)
def test_a_put_whose_answer_fails_is_one_put(way: tuple[Proxy, S3Store], fate: Fate) -> None:
    proxy, store = way
    proxy.expect("PUT", fate)
    assert _put(store, b"hola") == digest_of(io.BytesIO(b"hola"))
    assert _get(store) == b"hola"
    with pytest.raises(ObjectExists):
        _put(store, b"otra")


@pytest.mark.parametrize("fate", DONE_UNHEARD.values(), ids=DONE_UNHEARD)
@pytest.mark.parametrize(("method", "having"), [("POST", "uploads="), ("PUT", "partNumber=2"), ("POST", "uploadId=")])
def test_a_large_put_whose_answer_fails_is_one_put(
    server: S3Server, way: tuple[Proxy, S3Store], method: str, having: str, fate: Fate
) -> None:
    proxy, store = way
    proxy.expect(method, fate, having=having)
    assert _put(store, LARGE) == digest_of(io.BytesIO(LARGE))
    assert digest_of(store.open(KEY)) == digest_of(io.BytesIO(LARGE))
    assert server.unfinished() == [] or having == "uploads="  # a beginning of which nobody heard holds no bytes


@pytest.mark.parametrize("fate", EITHER.values(), ids=EITHER)
def test_a_replacement_whose_answer_fails_is_one_replacement(way: tuple[Proxy, S3Store], fate: Fate) -> None:
    proxy, store = way
    was = _put(store, b"uno")
    proxy.expect("PUT", fate)
    store.replace(KEY, io.BytesIO(b"dos"), was=was)
    assert _get(store) == b"dos"
    with pytest.raises(Changed):
        store.replace(KEY, io.BytesIO(b"tres"), was=was)


@pytest.mark.parametrize("fate", DONE_UNHEARD.values(), ids=DONE_UNHEARD)
def test_a_deletion_whose_answer_fails_is_one_deletion(way: tuple[Proxy, S3Store], fate: Fate) -> None:
    proxy, store = way
    _put(store, b"hola")
    proxy.expect("DELETE", fate)
    store.delete(KEY, authority="uncommitted")
    with pytest.raises(ObjectMissing):
        store.stat(KEY)


def test_a_put_that_arrives_late_changes_nothing(way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    proxy.expect("PUT", held_back)
    _put(store, b"hola")
    [reply] = proxy.send_held()
    assert reply.status == 412
    assert _get(store) == b"hola"


def test_a_replacement_that_arrives_late_changes_nothing(way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    was = _put(store, b"uno")
    proxy.expect("PUT", held_back)
    second = store.replace(KEY, io.BytesIO(b"dos"), was=was)
    assert second.digest is not None
    store.replace(KEY, io.BytesIO(b"tres"), was=second.digest)
    [reply] = proxy.send_held()
    assert reply.status == 412
    assert _get(store) == b"tres"


def test_a_late_deletion_spares_what_was_put_since_on_a_server_that_knows_how(server: S3Server, way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    _put(store, b"uno")
    proxy.expect("DELETE", held_back)
    store.delete(KEY, authority="uncommitted")
    _put(store, b"dos")
    proxy.send_held()
    if probe(store).deletes_what_was_seen:
        assert _get(store) == b"dos"
    else:
        assert server.name == "minio"


def test_a_swap_whose_fate_nobody_can_tell_is_not_called_changed(way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    was = _put(store, b"uno")
    ours = digest_of(io.BytesIO(b"dos"))

    def done_and_replaced(exchange: Exchange) -> None:
        proxy.forward(exchange.request)
        other.replace(KEY, io.BytesIO(b"tres"), was=ours)
        exchange.cut()

    other = S3Store(store.wire.address, IMPATIENT)
    other.put(ObjectKey("second"), io.BytesIO(b"tries the server"))
    proxy.expect("PUT", done_and_replaced)
    with pytest.raises(StoreUnavailable, match="nobody can tell"):
        store.replace(KEY, io.BytesIO(b"dos"), was=was)
    assert _get(store) == b"tres"
    other.close()


@pytest.mark.parametrize("data", [b"x" * 100_000, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("fate", [lost, stalled, refused(503), halfway], ids=["lost", "stalled", "503", "halfway"])
def test_a_read_that_breaks_goes_on(way: tuple[Proxy, S3Store], data: bytes, fate: Fate) -> None:
    proxy, store = way
    _put(store, data)
    proxy.seen.clear()
    proxy.expect("GET", fate, fate)
    assert _get(store) == data
    with store.open(KEY, 1000, 50_000) as part:
        assert part.read() == data[1000:51_000]
    assert proxy.count("GET") == 4


def test_a_read_that_breaks_never_joins_two_contents(way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    was = _put(store, b"1" * 100_000)
    proxy.expect("GET", halfway)
    file = store.open(KEY)
    store.replace(KEY, io.BytesIO(b"2" * 100_000), was=was)
    with file, pytest.raises(StoreUnavailable, match="while it was being read"):
        file.read()


@pytest.mark.parametrize("data", [b"x" * 1000, LARGE], ids=["small", "large"])
def test_bytes_damaged_on_the_way_here_are_not_taken_for_good_ones(way: tuple[Proxy, S3Store], data: bytes) -> None:
    proxy, store = way
    _put(store, data)
    proxy.expect("GET", damaged_coming)
    with store.open(KEY) as file, pytest.raises(DigestMismatch):
        file.read()
    assert _get(store) == data


def test_a_server_that_stays_away_is_told_and_nothing_is_left(server: S3Server, way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    acts: list[Callable[[], object]] = [
        lambda: _put(store, b"hola"),
        lambda: _get(store),
        lambda: store.stat(KEY),
        lambda: list(store.list()),
        lambda: store.delete(KEY, authority="uncommitted"),
    ]
    for fate, asked in ((lost, acts), (refused(503), acts), (stalled, acts[:1])):
        proxy.always = fate
        for act in asked:
            with pytest.raises(StoreUnavailable) as told:
                act()
            assert "archivotest-secret" not in str(told.value)
    proxy.always = None
    assert [found.key for found in store.list()] == ["first"]
    assert server.unfinished() == []


def test_a_server_that_goes_away_in_the_middle_of_a_large_put_leaves_no_object(way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    proxy.expect("PUT", *[refused(503)] * IMPATIENT.tries, having="partNumber=2")
    with pytest.raises(StoreUnavailable):
        _put(store, LARGE)
    assert [found.key for found in store.list()] == ["first"]
    assert _put(store, LARGE) == digest_of(io.BytesIO(LARGE))


def test_a_listing_goes_on_where_it_broke(way: tuple[Proxy, S3Store]) -> None:
    proxy, store = way
    proxy.expect("GET", lost, refused(500), halfway, having="list-type")
    assert [found.key for found in store.list()] == ["first"]


def test_a_server_that_ignores_conditions_is_refused(server: S3Server) -> None:
    with proxy_to(server.place()) as (proxy, address):
        proxy.always = unconditional
        store = S3Store(address, QUICK)
        for act in (lambda: _put(store, b"x"), lambda: store.replace(KEY, io.BytesIO(b"x"), was=digest_of(io.BytesIO(b"")))):
            with pytest.raises(OverwritingServer, match="acepta=sin-escritura-unica"):
                act()
        assert list(store.list()) == []
        store.close()


def test_a_server_that_ignores_conditions_serves_an_operator_who_accepts_it(server: S3Server) -> None:
    with proxy_to(server.place()) as (proxy, address):
        proxy.always = unconditional
        store = S3Store(replace(address, accepts_overwriting=True), QUICK)
        was = _put(store, b"uno")
        assert _put(store, b"uno") == was
        with pytest.raises(ObjectExists):
            _put(store, b"dos")
        store.replace(KEY, io.BytesIO(b"dos"), was=was)
        with pytest.raises(Changed):
            store.replace(KEY, io.BytesIO(b"tres"), was=was)
        store.delete(KEY, authority="uncommitted")
        assert list(store.list()) == []
        store.close()


QUICK_FATES: list[Fate] = [done_and_cut, done_and_refused(500), lost, refused(503), damaged_going, halfway]
State = bytes | None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_what_was_promised_holds(server: S3Server, seed: int) -> None:
    """A third of all exchanges fail in some way, so that many acts end untold; of each key it is known what may stand there."""
    chance = random.Random(seed)
    with proxy_to(server.place()) as (proxy, address):
        store = S3Store(address, replace(QUICK, tries=2))
        store.put(ObjectKey("first"), io.BytesIO(b"tries the server"))
        proxy.always = lambda exchange: (chance.choice(QUICK_FATES) if exchange.request.body and chance.random() < 0.3 else through)(
            exchange
        )
        keys = [ObjectKey(f"k/{number}") for number in range(12)]
        may_be: dict[ObjectKey, set[State]] = {key: {None} for key in keys}
        untold = 0
        for _ in range(200):
            key, data = chance.choice(keys), chance.randbytes(chance.randrange(1, 2000))
            act = chance.choice([_try_put, _try_replace, _try_delete, _look])
            may_be[key] = act(store, key, data, may_be[key])
            untold += len(may_be[key]) > 1
        proxy.always = None
        stands = {key: _look(store, key, b"", may_be[key]) for key in keys}
        store.close()
    assert untold > 0
    assert all(len(one) == 1 and one <= may_be[key] for key, one in stands.items())


def _try_put(store: S3Store, key: ObjectKey, data: bytes, before: set[State]) -> set[State]:
    try:
        store.put(key, io.BytesIO(data))
    except ObjectExists:
        assert before != {None}
        return before - {None}
    except StoreUnavailable:
        return before | {data} if None in before else before
    assert None in before
    return {data}


def _try_replace(store: S3Store, key: ObjectKey, data: bytes, before: set[State]) -> set[State]:
    seen = max(before, key=lambda state: state or b"") or b""
    try:
        store.replace(key, io.BytesIO(data), was=digest_of(io.BytesIO(seen)))
    except ObjectMissing:
        assert None in before
        return {None}
    except Changed:
        assert before - {None, seen}
        return before - {None, seen}
    except StoreUnavailable:
        return before | {data}
    assert seen in before
    return {data}


def _try_delete(store: S3Store, key: ObjectKey, data: bytes, before: set[State]) -> set[State]:
    try:
        store.delete(key, authority="uncommitted")
    except ObjectMissing:
        assert None in before
    return {None}


def _look(store: S3Store, key: ObjectKey, data: bytes, before: set[State]) -> set[State]:
    found: State = None
    with suppress(ObjectMissing):
        found = _get(store, key)
    assert found in before
    return {found}
