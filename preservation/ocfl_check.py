"""Re-read every byte of an OCFL object and say what is not as its inventory names it."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from preservation.ocfl_inventory import (
    ALGORITHMS,
    INVENTORY,
    BadInventory,
    Inventory,
    declaration_name,
    parse,
    read_sidecar,
    sidecar_bytes,
    sidecar_name,
)
from preservation.ocfl_layout import digest, key_of, named_files, read, root_sidecar, vouched
from preservation.store import ObjectKey, ObjectMissing, ObjectStore


@dataclass(frozen=True, slots=True)
class Damage:
    """A file whose bytes are not those expected: both digests in hexadecimal.

    `expected` is None where no witness is left; `found` is that of no bytes where the store itself knows them for damaged and gives none.
    """

    key: ObjectKey
    expected: str | None
    found: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a re-reading of an object found; the three empty means intact.

    `written`: the sha256 of each version's inventory as it stands, by its number, where a sidecar vouches for the root's.
    """

    object_id: str | None
    damaged: tuple[Damage, ...]
    missing: tuple[ObjectKey, ...]
    unexpected: tuple[ObjectKey, ...]
    written: Mapping[int, str] = field(default_factory=dict, compare=False)

    @property
    def is_intact(self) -> bool:
        return not (self.damaged or self.missing or self.unexpected)


def verify(store: ObjectStore, prefix: str, *, writing: bool, told: Mapping[int, Collection[str]] | None = None) -> Verification:
    """Check declaration, inventories, sidecars and content (OCFL 1.1, 3.3-3.7). ObjectMissing if nothing stands there.

    `told`: the sha256 that the inventory of an earlier version may have, by its number; of others, what the root inventory says counts.
    With `writing`, somebody holds the object: the version after the head is not unexpected, and a stale root sidecar that the
    head version's own inventory explains is no damage.
    """
    keys = list(store.keys(prefix))
    if not keys:
        raise ObjectMissing(prefix)
    paths = [key.removeprefix(prefix) for key in keys]
    trusted = vouched(store, prefix)
    inventory = trusted[0] if trusted else best_inventory(store, prefix, paths)
    if inventory is None:
        data = read(store, key_of(prefix, INVENTORY))
        lost = key_of(prefix, INVENTORY)
        if data is None:
            return Verification(None, (), (lost,), ())
        return Verification(None, (Damage(lost, None, digest("sha256", data).value),), (), ())
    root = trusted[1] if trusted else None
    named = digest(inventory.algorithm, root).value if root is not None else ""
    written: dict[int, str] = {}
    faults = [*_root_faults(store, prefix, inventory, root, named, writing)]
    for number in inventory.versions:
        faults += _version_faults(_Versions(store, prefix, inventory, root, named, told or {}), number, written)
    faults += _content_faults(store, prefix, inventory)
    coming = f"{inventory.folder(inventory.head + 1)}/"
    expected = named_files(inventory, paths)
    return Verification(
        inventory.object_id,
        tuple(fault for fault in faults if isinstance(fault, Damage)),
        tuple(fault for fault in faults if isinstance(fault, str)),
        tuple(key_of(prefix, path) for path in paths if path not in expected and not (writing and path.startswith(coming))),
        written if root is not None else {},
    )


def best_inventory(store: ObjectStore, prefix: str, paths: list[str]) -> Inventory | None:
    """The root inventory if a sidecar vouches for it, else the newest version's that one vouches for, else what can be read."""
    folders = sorted({path.split("/")[0] for path in paths if path.endswith(f"/{INVENTORY}") and path.count("/") == 1}, key=by_number)
    places = ["", *(f"{folder}/" for folder in reversed(folders))]
    for place in places:
        trusted = vouched(store, prefix, place)
        if trusted is not None:
            return trusted[0]
    for place in places:
        data = read(store, key_of(prefix, place + INVENTORY))
        try:
            if data is not None:
                return parse(data)
        except BadInventory:
            continue
    return None


def by_number(folder: str) -> tuple[int, str]:
    """What puts the folders of versions in their order."""
    return len(folder.lstrip("v0")), folder


def _root_faults(
    store: ObjectStore, prefix: str, inventory: Inventory, root: bytes | None, named: str, writing: bool
) -> Iterator[Damage | ObjectKey]:
    """`root`: the bytes of the root inventory, if a sidecar vouches for them, and `named`: their digest."""
    declaration = declaration_name(inventory.specification)
    yield from check_fixed(store, key_of(prefix, declaration), f"{declaration.removeprefix('0=')}\n".encode())
    key = key_of(prefix, INVENTORY)
    data = read(store, key) if root is None else root
    if data is None:
        yield key
    elif root is None:
        witness = read(store, key_of(prefix, f"{inventory.folder(inventory.head)}/{INVENTORY}"))
        expected = None if witness is None or witness == data else digest(inventory.algorithm, witness).value
        yield Damage(key, expected, digest(inventory.algorithm, data).value)
    elif not (writing and root_sidecar(store, prefix, inventory, data) == "unfinished"):
        yield from _sidecar(store, key_of(prefix, sidecar_name(inventory.algorithm)), named)


@dataclass(frozen=True, slots=True)
class _Versions:
    """Whose versions are looked at; `root` and `named` as of _root_faults()."""

    store: ObjectStore
    prefix: str
    inventory: Inventory
    root: bytes | None
    named: str
    told: Mapping[int, Collection[str]]


def _version_faults(each: _Versions, number: int, written: dict[int, str]) -> Iterator[Damage | ObjectKey]:
    """The faults of a version's inventory and sidecars; `written` gets the inventory's sha256."""
    store, prefix, inventory, root = each.store, each.prefix, each.inventory, each.root
    folder = f"{inventory.folder(number)}/"
    key = key_of(prefix, folder + INVENTORY)
    data = read(store, key)
    sidecars = [name for a in ALGORITHMS if read(store, key_of(prefix, name := folder + sidecar_name(a))) is not None]
    if not sidecars:
        yield key_of(prefix, folder + sidecar_name(inventory.algorithm))
    if number == inventory.head and root is not None:
        written[number] = each.named if inventory.algorithm == "sha256" else digest("sha256", root).value
    elif data is not None:
        written[number] = digest("sha256", data).value
    if data is None:
        yield key
        return
    if number == inventory.head and root is not None and root != data:
        yield Damage(key, digest(inventory.algorithm, root).value, digest(inventory.algorithm, data).value)
        return
    expected = data if root == data else inventory.as_of(number).to_json()
    is_certain = data == expected or written[number] in each.told.get(number, ())
    faults: list[Damage | ObjectKey] = []
    for name in sidecars:
        algorithm = name.rpartition(".")[2]
        found = each.named if root == data and algorithm == inventory.algorithm else digest(algorithm, data).value
        faults += _pair(store, key, key_of(prefix, name), found, is_certain)
    yield from faults
    is_doubtful = root is not None and root != data and not any(isinstance(one, Damage) and one.key == key for one in faults)
    if is_doubtful and not is_as_written(data, number, inventory, each.told):
        right = next(iter(sorted(each.told.get(number, ()))), digest("sha256", expected).value)
        yield Damage(key, right, written[number])


def is_as_written(data: bytes, number: int, inventory: Inventory, told: Mapping[int, Collection[str]]) -> bool:
    """Whether an earlier version's inventory is the one that was written: by its sha256 where that is told; else as the root's says."""
    if number in told:
        return digest("sha256", data).value in told[number]
    expected = inventory.as_of(number)
    if data == expected.to_json():
        return True
    with suppress(BadInventory):
        return parse(data).says_as(expected)
    return False


def is_good_inventory(store: ObjectStore, prefix: str, path: str, inventory: Inventory) -> bool:
    """Whether the inventory in the folder of a version is vouched for by its sidecar, and says what the root's does."""
    folder = path.removesuffix(INVENTORY)
    found = vouched(store, prefix, folder)
    number = next((each for each in inventory.versions if f"{inventory.folder(each)}/" == folder), None)
    return found is not None and (number is None or is_as_written(found[1], number, inventory, {}))


def _pair(store: ObjectStore, key: ObjectKey, sidecar: ObjectKey, found: str, certain: bool) -> Iterator[Damage | ObjectKey]:
    """An inventory, of this digest, against its sidecar; where it is `certain`, or the sidecar is none, the sidecar is the damaged one."""
    named = read_sidecar(read(store, sidecar) or b"")
    if named is None or certain:
        yield from _sidecar(store, sidecar, found)
    elif named != found:
        yield Damage(key, named, found)


def _content_faults(store: ObjectStore, prefix: str, inventory: Inventory) -> Iterator[Damage | ObjectKey]:
    """What a damaged inventory names and no store can hold is missing, like all that is not there."""
    named = {ObjectKey(prefix + path): value for path, value in sorted(inventory.content().items())}
    for key, found in store.digests(named, inventory.algorithm):
        if found is None:
            yield key
        elif found.value != named[key]:
            yield Damage(key, named[key], found.value)


def _sidecar(store: ObjectStore, key: ObjectKey, expected: str) -> Iterator[Damage | ObjectKey]:
    data = read(store, key)
    if data is None:
        yield key
    elif read_sidecar(data) != expected:
        yield Damage(key, digest("sha256", sidecar_bytes(expected)).value, digest("sha256", data).value)


def check_fixed(store: ObjectStore, key: ObjectKey, content: bytes) -> Iterator[Damage | ObjectKey]:
    """A file whose bytes are always these: its damage, or its key where it is missing."""
    data = read(store, key)
    if data is None:
        yield key
    elif data != content:
        yield Damage(key, digest("sha256", content).value, digest("sha256", data).value)
