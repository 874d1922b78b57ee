"""Where an OCFL storage root keeps what: extension 0004, hashed n-tuple storage layout, and the files of an object's root."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Final, Literal

from preservation.fixity import Digest
from preservation.ocfl_inventory import (
    ALGORITHMS,
    INVENTORY,
    BadInventory,
    Inventory,
    declaration_name,
    parse,
    read_sidecar,
    sidecar_name,
)
from preservation.store import DigestMismatch, ObjectKey, ObjectMissing, ObjectStore

EXTENSION: Final = "0004-hashed-n-tuple-storage-layout"
ROOT_DECLARATION: Final = ObjectKey("0=ocfl_1.1")
LAYOUT_CONFIG: Final = ObjectKey(f"extensions/{EXTENSION}/config.json")
LAYOUT_FILE: Final = ObjectKey("ocfl_layout.json")
_PARAMETERS: Final = {
    "extensionName": EXTENSION,
    "digestAlgorithm": "sha256",
    "tupleSize": 3,
    "numberOfTuples": 3,
    "shortObjectRoot": False,
}
_LAYOUT: Final = {
    "extension": EXTENSION,
    "description": "Each object is at the SHA-256 of its identifier: three folders of three characters of it, and one of it whole.",
}
ROOT_FILES: Final[Mapping[ObjectKey, bytes]] = {
    LAYOUT_CONFIG: f"{json.dumps(_PARAMETERS, indent=1, sort_keys=True)}\n".encode(),
    ROOT_DECLARATION: b"ocfl_1.1\n",
    LAYOUT_FILE: f"{json.dumps(_LAYOUT, indent=1, sort_keys=True)}\n".encode(),
}
"""The files of the root itself, in the order in which they are written, with the bytes that each always has (OCFL 1.1, 4.1 and 4.2).

The layout's parameters are all at the defaults of its extension. The last is the proof that the others were written.
"""
_OBJECT: Final = re.compile(r"[0-9a-f]{3}/[0-9a-f]{3}/[0-9a-f]{3}/[0-9a-f]{64}/")


def prefix_of(object_id: str) -> str:
    """The object's root as a key prefix, which ends with `/`."""
    name = hashlib.sha256(object_id.encode()).hexdigest()
    return f"{name[:3]}/{name[3:6]}/{name[6:9]}/{name}/"


def object_roots(store: ObjectStore) -> Iterator[tuple[str, list[ObjectKey]]]:
    """Every place of the layout that holds something, with the keys of what it holds; in key order, one object's at a time in memory."""

    def root(key: ObjectKey) -> str:
        match = _OBJECT.match(key)
        return match.group() if match else ""

    for prefix, found in groupby(store.keys(), key=root):
        if prefix:
            yield prefix, list(found)


def key_of(prefix: str, path: str) -> ObjectKey:
    """The key of a path of an object."""
    return ObjectKey(prefix + path)


def read(store: ObjectStore, key: ObjectKey) -> bytes | None:
    """An object's bytes, or None if it is not there; for the small files of a root.

    Nothing (`b""`) where the store itself knows them for damaged and does not give them: they are no inventory and vouch for none.
    """
    try:
        with store.open(key) as file:
            return file.read()
    except ObjectMissing:
        return None
    except DigestMismatch:
        return b""


def digest(algorithm: str, data: bytes) -> Digest:
    return Digest(algorithm, hashlib.new(algorithm, data).hexdigest())


def named_files(inventory: Inventory, paths: Collection[str]) -> set[str]:
    """Of `paths`, those an object with this inventory may hold (OCFL 1.1, 3.1): what the root inventory names and what goes with it."""
    named = {declaration_name(inventory.specification), INVENTORY, sidecar_name(inventory.algorithm), *inventory.content()}
    for number in inventory.versions:
        folder = inventory.folder(number)
        named |= {f"{folder}/{INVENTORY}", *(f"{folder}/{sidecar_name(algorithm)}" for algorithm in ALGORITHMS)}
    return {path for path in paths if path in named or path.startswith(("logs/", "extensions/"))}


def vouched(store: ObjectStore, prefix: str, folder: str = "") -> tuple[Inventory, bytes] | None:
    """The inventory of a folder of the object (its root if empty), if its own sidecar, or the head version's, names its digest."""
    data = read(store, key_of(prefix, folder + INVENTORY))
    try:
        inventory = parse(data) if data is not None else None
    except BadInventory:
        return None
    if inventory is None or data is None:
        return None
    for place in (folder, f"{inventory.folder(inventory.head)}/"):
        sidecar = read(store, key_of(prefix, place + sidecar_name(inventory.algorithm)))
        if sidecar is not None and read_sidecar(sidecar) == digest(inventory.algorithm, data).value:
            return inventory, data
    return None


def root_sidecar(store: ObjectStore, prefix: str, inventory: Inventory, data: bytes) -> Literal["good", "unfinished", "missing", "damaged"]:
    """How the root's sidecar stands to the root inventory `data`.

    `unfinished` is what a kill between the two leaves: none for a first version, else one that names the version before.
    """
    content = read(store, key_of(prefix, sidecar_name(inventory.algorithm)))
    if content is None:
        return "unfinished" if inventory.head == 1 else "missing"
    named = read_sidecar(content)
    if named == digest(inventory.algorithm, data).value:
        return "good"
    before = read(store, key_of(prefix, f"{inventory.folder(inventory.head - 1)}/{INVENTORY}")) if inventory.head > 1 else None
    return "unfinished" if before is not None and named == digest(inventory.algorithm, before).value else "damaged"
