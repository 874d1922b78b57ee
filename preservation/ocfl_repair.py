"""Give back to an OCFL object the files it lost, from copies of it in other stores, each file checked before anything is touched."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

from preservation.fixity import CHUNK, DEFAULT_ALGORITHM, Digest, digest_of
from preservation.ocfl_check import Damage, Verification, by_number, is_as_written, verify
from preservation.ocfl_inventory import INVENTORY, Inventory, declaration_name, parse, read_sidecar, sidecar_bytes, sidecar_name
from preservation.ocfl_layout import digest, key_of, read, vouched
from preservation.store import DigestMismatch, ObjectKey, ObjectMissing, ObjectStore, StoreError

AUTHORITY: Final = "repair"
_IN_MEMORY: Final = 1 << 20
_ROUNDS: Final = 4
"""Inventories are given back first; only then is it known which content is missing."""

PutAside = Callable[[ObjectKey, BinaryIO], None]
"""Keeps the damaged bytes of a key somewhere else. It returns once they are safe; an exception leaves the damaged file where it stands."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A file given back. Digests in hexadecimal of the object's algorithm: `was` is that of the damaged bytes, None where there were none
    or the store does not give them; `source` is the place, in the copies handed in, of the copy it came from, None where its bytes follow
    from what the object itself still has, or are always the same.
    """

    key: ObjectKey
    was: str | None
    now: str
    source: int | None


@dataclass(frozen=True, slots=True)
class Repair:
    """What was given back, and how the object stands after it. Files of which no copy is good are as they were."""

    restored: tuple[Restored, ...]
    after: Verification


@dataclass(frozen=True, slots=True)
class _Good:
    """The right bytes of a file, in memory or in a copy."""

    expected: Digest
    data: bytes | None = None
    source: int | None = None


@dataclass(slots=True)
class _Work:
    store: ObjectStore
    prefix: str
    copies: Sequence[ObjectStore]
    inventory: Inventory
    root: bytes
    source: int | None
    """The copy that the root inventory comes from; None: from here."""
    put_aside: PutAside
    told: Mapping[int, Collection[str]]
    is_recorded: bool
    restored: list[Restored] = field(default_factory=list)


def repair(
    store: ObjectStore,
    prefix: str,
    copies: Sequence[ObjectStore],
    *,
    recorded: str | None,
    put_aside: PutAside,
    told: Mapping[int, Collection[str]] | None = None,
) -> Repair:
    """Restore what is damaged or missing of the object at `prefix`, from the first of `copies` that has the right bytes.

    `recorded` is the sha256 of the root inventory as the caller knows it from elsewhere, `told` those of earlier versions, by number: of
    inventories that differ it decides, and where none stands anywhere that is it, or grew from it, nothing is done. Without it, the
    object's own root inventory counts if a sidecar vouches for it, else the latest that is vouched for anywhere. Content is right
    if the inventory names its digest; what stands there besides is left alone. The caller holds the object's lease. Each file is read
    whole from its copy before the damaged one is touched; a fault of a store in between leaves a file that is missing, which the next
    repair gives back.

    A copy that is away gives nothing, and the others do. ObjectMissing where nothing of the object stands anywhere; StoreFull and
    StoreUnavailable as they come of `store`.
    """
    trusted = _trusted(store, prefix, copies, recorded)
    if trusted is None:
        return Repair((), verify(store, prefix, writing=False, told=told))
    work = _Work(store, prefix, copies, *trusted, put_aside, told or {}, recorded is not None)
    for _ in range(_ROUNDS):
        wrong = _wrong(store, prefix, work)
        before = len(work.restored)
        for key, was in wrong:
            _restore(work, key, was)
        if len(work.restored) == before:
            break
    return Repair(tuple(work.restored), verify(store, prefix, writing=False, told=told))


_Trusted = tuple[Inventory, bytes, int | None]
"""An inventory, its bytes and the copy that has it (None: the store that is repaired)."""


def _trusted(store: ObjectStore, prefix: str, copies: Sequence[ObjectStore], recorded: str | None) -> _Trusted | None:
    """The inventory that says what the object is; None where none can be believed."""
    vouching = vouched(store, prefix)
    root = None if vouching is None else (*vouching, None)
    everywhere = [each for each in (_believed(store, prefix, recorded, None), *_of_copies(copies, prefix, recorded)) if each is not None]
    if recorded is None:
        return root or max(everywhere, key=lambda found: found[0].head, default=None)
    if root is not None and _grew_from(store, prefix, root[0], recorded):
        return root
    return next((each for each in everywhere if digest(DEFAULT_ALGORITHM, each[1]).value == recorded), None)


def _of_copies(copies: Sequence[ObjectStore], prefix: str, recorded: str | None) -> Iterator[_Trusted | None]:
    for number, each in enumerate(copies):
        with suppress(StoreError):  # one that is away has nothing to say
            yield _believed(each, prefix, recorded, number)


def _grew_from(store: ObjectStore, prefix: str, inventory: Inventory, recorded: str) -> bool:
    """Whether an earlier version of the object is the recorded one: then the record is behind, as after a crash."""
    for number in range(inventory.head - 1, 0, -1):
        standing = read(store, key_of(prefix, f"{inventory.folder(number)}/{INVENTORY}"))
        if any(data and digest(DEFAULT_ALGORITHM, data).value == recorded for data in (standing, inventory.as_of(number).to_json())):
            return True
    return False


def _believed(store: ObjectStore, prefix: str, recorded: str | None, source: int | None) -> _Trusted | None:
    """The inventory of a store that is the recorded one, be it in the folder of its version; else the latest that a sidecar vouches for."""
    folders = {path.split("/")[0] for key in store.keys(prefix) if (path := key.removeprefix(prefix)).endswith(f"/{INVENTORY}")}
    places = ["", *(f"{folder}/" for folder in sorted(folders, key=by_number, reverse=True))]
    for place in places:
        data = read(store, key_of(prefix, place + INVENTORY))
        if data is not None and recorded is not None and digest(DEFAULT_ALGORITHM, data).value == recorded:
            return parse(data), data, source
    return next(((*found, source) for place in places if (found := vouched(store, prefix, place)) is not None), None)


def _wrong(store: ObjectStore, prefix: str, work: _Work) -> list[tuple[ObjectKey, str | None]]:
    """The files that are not as they should be, with the digest of the bytes that stand there: while the inventory is not the one that
    counts, only it and its sidecars, for it says what the others should be.
    """
    algorithm = work.inventory.algorithm
    head = f"{work.inventory.folder(work.inventory.head)}/"
    wrong: list[tuple[ObjectKey, str | None]] = []
    for path in (INVENTORY, head + INVENTORY, sidecar_name(algorithm), head + sidecar_name(algorithm)):
        key, good = key_of(prefix, path), next(_good(work, path))
        standing = read(store, key)
        if standing is None or (standing != good.data and not _says_the_same(path, standing, work)):
            wrong.append((key, None if standing is None else digest(algorithm, standing).value))
    if wrong:
        return wrong
    found = verify(store, prefix, writing=False, told=work.told)
    return [(each.key, digest_standing(each)) for each in found.damaged] + [(key, None) for key in found.missing]


def _says_the_same(path: str, standing: bytes, work: _Work) -> bool:
    """Whether it is a sidecar that another program wrote, with another space or capital."""
    return not path.endswith(INVENTORY) and read_sidecar(standing) == digest(work.inventory.algorithm, work.root).value


def digest_standing(damage: Damage) -> str | None:
    """The digest of what stands there; None where the store knows the bytes for damaged and gives none."""
    return None if damage.found in {digest(each, b"").value for each in ("sha256", "sha512")} else damage.found


def _restore(work: _Work, key: ObjectKey, was: str | None) -> None:
    good = next(_good(work, key.removeprefix(work.prefix)), None)
    if good is None:
        return
    set_aside(work.store, key, work.put_aside)
    if good.data is not None:
        work.store.put(key, BytesIO(good.data), expected=good.expected)
    else:
        assert good.source is not None
        with work.copies[good.source].open(key) as source:
            work.store.put(key, source, expected=good.expected)
    work.restored.append(Restored(key, was, good.expected.value, good.source))


def set_aside(store: ObjectStore, key: ObjectKey, put_aside: PutAside) -> None:
    """Free the place: what stood there is kept elsewhere, but for bytes that the store itself does not give."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        try:
            with store.open(key) as damaged:
                shutil.copyfileobj(damaged, copy, CHUNK)
        except ObjectMissing:
            return
        except DigestMismatch:
            pass
        else:
            copy.seek(0)
            put_aside(key, cast(BinaryIO, copy))
    store.delete(key, authority=AUTHORITY)


def _good(work: _Work, path: str) -> Iterator[_Good]:
    """The right bytes of a path of the object, wherever they are to be had."""
    inventory, algorithm = work.inventory, work.inventory.algorithm
    folder, _, name = path.rpartition("/")
    if path in (INVENTORY, f"{inventory.folder(inventory.head)}/{INVENTORY}"):
        yield _Good(digest(algorithm, work.root), work.root, work.source)
    elif path == declaration_name(inventory.specification):
        data = f"{path.removeprefix('0=')}\n".encode()
        yield _Good(digest(algorithm, data), data)
    elif (expected := inventory.content().get(path)) is not None:
        yield from _content(work, path, Digest(algorithm, expected))
    elif name.startswith(f"{INVENTORY}.") and folder in ("", inventory.folder(inventory.head)):
        data = sidecar_bytes(digest(algorithm, work.root).value)
        if name == sidecar_name(algorithm):
            yield _Good(digest(algorithm, data), data, work.source)
    elif name == INVENTORY or name.startswith(f"{INVENTORY}."):
        yield from _earlier(work, folder, name)


def _content(work: _Work, path: str, expected: Digest) -> Iterator[_Good]:
    """The copies that have these bytes: here or, for the same bytes may lie in several places, under another path of the manifest."""
    key = key_of(work.prefix, path)
    for number, copy in enumerate(work.copies):
        try:
            with copy.open(key) as file:
                if digest_of(file, expected.algorithm) == expected:
                    yield _Good(expected, source=number)
        except StoreError:
            continue


def _earlier(work: _Work, folder: str, name: str) -> Iterator[_Good]:
    """The inventory of an earlier version, or its sidecar: from the root inventory or a copy, where it is the one that was written."""
    number = next((n for n in work.inventory.versions if work.inventory.folder(n) == folder), None)
    if number is None or number == work.inventory.head:
        return
    for source, data in _inventories(work, folder, number):
        if not is_as_written(data, number, work.inventory, work.told):
            continue
        if name != INVENTORY:
            data = sidecar_bytes(digest(name.rpartition(".")[2], data).value)
        yield _Good(digest(work.inventory.algorithm, data), data, source)


def _inventories(work: _Work, folder: str, number: int) -> Iterator[tuple[int | None, bytes]]:
    """What may be the inventory of an earlier version: what the root's says of it, if that is as this software writes it and is known
    for the right one, or nothing vouches for what stands; then the copies', if one of their sidecars names it.
    """
    is_ours = work.inventory.to_json() == work.root
    if is_ours and (work.is_recorded or vouched(work.store, work.prefix, f"{folder}/") is None):
        yield None, work.inventory.as_of(number).to_json()
    for source, store in enumerate(work.copies):
        with suppress(StoreError):
            data = read(store, key_of(work.prefix, f"{folder}/{INVENTORY}"))
            if data is not None and vouched(store, work.prefix, f"{folder}/") is not None:
                yield source, data
