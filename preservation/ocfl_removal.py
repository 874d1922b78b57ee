"""Take a whole OCFL object away, when an act orders what was committed to be deleted."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Protocol, runtime_checkable

from preservation.ocfl_inventory import INVENTORY
from preservation.ocfl_layout import key_of
from preservation.store import ObjectKey, ObjectMissing, ObjectStore

AUTHORITY: Final = "deletion:{}"
"""The authority of a deletion, by the identifier of the act that orders it."""


@runtime_checkable
class _VersionKeeping(Protocol):
    """A store that may still keep something of keys that were taken away."""

    def keys_ever(self, prefix: str = "") -> Iterator[ObjectKey]: ...


def kept_beneath(store: ObjectStore, prefix: str) -> list[ObjectKey]:
    """The keys beneath a prefix, in their order, of which a store keeps anything: also earlier versions of what was taken away before.

    StoreUnavailable as it comes.
    """
    return list(store.keys_ever(prefix) if isinstance(store, _VersionKeeping) else store.keys(prefix))


def remove_object(store: ObjectStore, prefix: str, *, act: str) -> int:
    """Remove all that is kept at an object's place; how many keys. Interrupted, it is called again and goes on.

    `act` identifies what orders it. The root inventory goes first, so that no half of an object is ever taken for one; its sidecar last,
    which proves till the end that there was an object here: recover() then decides nothing. The caller holds the object's lease, and has
    kept elsewhere what is to be known of it. StoreUnavailable as it comes.
    """
    root = key_of(prefix, INVENTORY)
    keys = kept_beneath(store, prefix)
    sidecars = [key for key in keys if key.startswith(f"{root}.")]
    others = [key for key in reversed(keys) if key != root and key not in sidecars]
    removed = 0
    for key in (root, *others, *sidecars):
        with suppress(ObjectMissing):
            store.delete(key, authority=AUTHORITY.format(act))
            removed += 1
    return removed
