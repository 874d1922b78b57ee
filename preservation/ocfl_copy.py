"""Copy an OCFL storage root to another store, while it is being written too: what stands there is whole at any instant."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from io import BytesIO
from itertools import islice
from typing import Final

from preservation.fixity import DEFAULT_ALGORITHM, Digest
from preservation.ocfl import StorageRoot
from preservation.ocfl_check import is_good_inventory
from preservation.ocfl_inventory import INVENTORY, BadInventory, Inventory, parse, sidecar_bytes, sidecar_name
from preservation.ocfl_layout import digest, key_of, named_files, object_roots, read, vouched
from preservation.ocfl_root import is_there
from preservation.ocfl_writer import write_sidecar
from preservation.store import BadKey, DigestMismatch, ObjectExists, ObjectMissing, ObjectStore

HANDS: Final = 8
"""Objects copied at a time: of a server, it is the waiting that takes long."""
_TOGETHER: Final = 1000


class Outcome(StrEnum):
    """What became of one object.

    `held`: the target had this version, or a later one that grew from it. `begun`: its first version is still being written. `damaged`:
    the source has not the bytes that its inventories name. `other`: the target holds something else in its place. Of the last three
    nothing new can be read in the target.
    """

    COPIED = "copied"
    HELD = "held"
    BEGUN = "begun"
    DAMAGED = "damaged"
    OTHER = "other"


def copy_root(source: ObjectStore, target: ObjectStore) -> Iterator[tuple[str, Outcome]]:
    """Copy every object that the target lacks, in part or whole, and tell each by its prefix, in key order.

    Each goes with the digests of its inventory, and its root inventory goes last: a copy that is interrupted leaves what an interrupted
    writer leaves, and the next one goes on. ObjectMissing where the source is no storage root; OtherRoot where the target is one of
    another layout; StoreFull and StoreUnavailable as they come.
    """
    if not is_there(source):
        raise ObjectMissing("no storage root")
    StorageRoot(target).ensure()
    prefixes = (prefix for prefix, _ in object_roots(source))
    with ThreadPoolExecutor(HANDS) as hands:
        while some := list(islice(prefixes, _TOGETHER)):
            yield from zip(some, hands.map(partial(copy_object, source, target), some), strict=True)


def copy_object(source: ObjectStore, target: ObjectStore, prefix: str) -> Outcome:
    """Copy the last version of one object, and those before it that the target lacks. Raises StoreFull, StoreUnavailable."""
    trusted = vouched(source, prefix)
    if trusted is None:
        return Outcome.BEGUN if _is_begun(source, prefix) else Outcome.DAMAGED
    inventory, data = trusted
    standing = read(target, key_of(prefix, INVENTORY))
    try:
        before = None if standing is None else parse(standing)
        if standing is not None and before is not None:
            if before.head >= inventory.head and _holds(target, prefix, inventory, data):
                _finish(target, prefix, before, standing)
                return Outcome.HELD
            if not _holds(source, prefix, before, standing):
                return Outcome.OTHER
        with target.batch():
            _copy_files(source, target, prefix, inventory, before)
    except (DigestMismatch, ObjectMissing, BadKey, _Unvouched):
        return Outcome.DAMAGED
    except (ObjectExists, BadInventory):
        return Outcome.OTHER
    if standing is None:
        target.put(key_of(prefix, INVENTORY), BytesIO(data))
    else:
        target.replace(key_of(prefix, INVENTORY), BytesIO(data), was=digest(DEFAULT_ALGORITHM, standing))
    _finish(target, prefix, inventory, data)
    return Outcome.COPIED


class _Unvouched(Exception):
    """An inventory of the source whose sidecar does not name its digest, or that is not what the root's says of it."""


def _is_begun(source: ObjectStore, prefix: str) -> bool:
    """Whether there never was a root inventory: then there is no sidecar of it, nor a second version."""
    paths = [key.removeprefix(prefix) for key in source.keys(prefix)]
    return not any(path.startswith(INVENTORY) for path in paths) and len({path.partition("/")[0] for path in paths if "/" in path}) < 2


def _holds(store: ObjectStore, prefix: str, inventory: Inventory, data: bytes) -> bool:
    """Whether an object has a version of this inventory: each version keeps its own (OCFL 1.1, 3.5)."""
    return read(store, key_of(prefix, f"{inventory.folder(inventory.head)}/{INVENTORY}")) == data


def _copy_files(source: ObjectStore, target: ObjectStore, prefix: str, inventory: Inventory, before: Inventory | None) -> None:
    """All but the root inventory and its sidecar; what a committed version before this one names is there already."""
    content = inventory.content()
    listed = [key.removeprefix(prefix) for key in source.keys(prefix)]
    paths = {*content, *named_files(inventory, listed)} - {INVENTORY, sidecar_name(inventory.algorithm)}
    for path in sorted(paths - named_files(before, paths) if before else paths):
        is_inventory = path.endswith(f"/{INVENTORY}") and path not in content
        if is_inventory and not is_good_inventory(source, prefix, path, inventory):
            raise _Unvouched(path)
        expected = Digest(inventory.algorithm, content[path]) if path in content else None
        with source.open(key_of(prefix, path)) as file:
            target.put(key_of(prefix, path), file, expected=expected)


def _finish(target: ObjectStore, prefix: str, inventory: Inventory, data: bytes) -> None:
    write_sidecar(target, prefix, inventory.algorithm, sidecar_bytes(digest(inventory.algorithm, data).value))
