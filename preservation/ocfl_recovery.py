"""Put an OCFL object back to its last version after an interruption."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from preservation.ocfl_inventory import ALGORITHMS, INVENTORY, BadInventory, Inventory, parse, sidecar_bytes, sidecar_name
from preservation.ocfl_layout import digest, key_of, named_files, read, root_sidecar, vouched
from preservation.ocfl_writer import write_sidecar
from preservation.store import BadKey, ObjectKey, ObjectMissing, ObjectStore

_LATER: Final = re.compile(r"v0*(?!1/)[1-9][0-9]*/")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done to one object. `object_id` is None where no inventory, not even a half-written one, tells it.

    `undecided` is what recovery must not touch, because it is damage and no interrupted writing: verify() says more. `inventory` is the
    root inventory as it stands now, where a sidecar vouches for it.
    """

    prefix: str
    object_id: str | None
    removed: tuple[ObjectKey, ...] = ()
    finished: tuple[ObjectKey, ...] = ()
    undecided: tuple[ObjectKey, ...] = ()
    inventory: Inventory | None = field(default=None, compare=False, repr=False)

    @property
    def is_clean(self) -> bool:
        """Nothing was found to do or to decide."""
        return not (self.removed or self.finished or self.undecided)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be done to one object, of which nothing was done yet: `left` goes, and the root's sidecar is to say `sidecar`."""

    prefix: str
    object_id: str | None
    left: tuple[ObjectKey, ...] = ()
    sidecar: bytes | None = None
    undecided: tuple[ObjectKey, ...] = ()
    inventory: Inventory | None = None

    @property
    def is_settled(self) -> bool:
        """Nothing is to be removed or finished."""
        return not self.left and self.sidecar is None

    def carry_out(self, store: ObjectStore) -> Recovery:
        """Remove and finish. Whoever asks knows that nobody has written the object since it was judged."""
        finished: tuple[ObjectKey, ...] = ()
        if self.sidecar is not None and self.inventory is not None:
            write_sidecar(store, self.prefix, self.inventory.algorithm, self.sidecar)
            finished = (key_of(self.prefix, sidecar_name(self.inventory.algorithm)),)
        removed, refused = _remove(store, self.left)
        return Recovery(self.prefix, self.object_id, removed, finished, (*self.undecided, *refused), self.inventory)


def judge(store: ObjectStore, prefix: str, keys: Sequence[ObjectKey]) -> Judged:
    """What an interruption left of an object; `keys` is all that stands under `prefix`. Nothing is touched.

    A root without inventory is a first version that never came to be, and goes whole; but a root sidecar, or a second version,
    proves that there was an inventory: then it is lost, not unwritten, and nothing is removed.
    """
    paths = [key.removeprefix(prefix) for key in keys]
    if INVENTORY not in paths:
        object_id = _half_written_id(store, prefix)
        if any(_LATER.match(path) or path in {sidecar_name(a) for a in ALGORITHMS} for path in paths):
            return Judged(prefix, object_id, undecided=(key_of(prefix, INVENTORY),))
        return Judged(prefix, object_id, left=tuple(keys))
    trusted = vouched(store, prefix)
    if trusted is None:
        return Judged(prefix, _half_written_id(store, prefix), undecided=(key_of(prefix, INVENTORY),))
    inventory, data = trusted
    state = root_sidecar(store, prefix, inventory, data)
    named = named_files(inventory, paths)
    return Judged(
        prefix,
        inventory.object_id,
        left=tuple(key for key, path in zip(keys, paths, strict=True) if path not in named),
        sidecar=sidecar_bytes(digest(inventory.algorithm, data).value) if state == "unfinished" else None,
        undecided=(key_of(prefix, sidecar_name(inventory.algorithm)),) if state in {"missing", "damaged"} else (),
        inventory=inventory,
    )


def recover(store: ObjectStore, prefix: str, keys: Sequence[ObjectKey]) -> Recovery:
    """Finish the root's sidecar and remove what no root inventory names: what judge() says of `keys`, all that stands under `prefix`."""
    return judge(store, prefix, keys).carry_out(store)


def _remove(store: ObjectStore, keys: Sequence[ObjectKey]) -> tuple[tuple[ObjectKey, ...], tuple[ObjectKey, ...]]:
    removed, refused = [], []
    for key in reversed(keys):
        try:
            with suppress(ObjectMissing):
                store.delete(key, authority="uncommitted")
            removed.append(key)
        except BadKey:
            refused.append(key)
    return tuple(removed), tuple(refused)


def _half_written_id(store: ObjectStore, prefix: str) -> str | None:
    data = read(store, key_of(prefix, f"v1/{INVENTORY}"))
    with suppress(BadInventory):
        return parse(data).object_id if data is not None else None
    return None
