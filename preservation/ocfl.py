"""An OCFL 1.1 storage root on any ObjectStore: one OCFL object per package, versioned, verified, exported."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

from preservation.fixity import CHUNK, DEFAULT_ALGORITHM, Digest, HashingReader
from preservation.ocfl_check import Verification, best_inventory, is_good_inventory, verify
from preservation.ocfl_inventory import ALGORITHMS, INVENTORY, BadInventory, Inventory, declaration_name, parse, sidecar_bytes, sidecar_name
from preservation.ocfl_layout import digest, key_of, named_files, object_roots, prefix_of, read, vouched
from preservation.ocfl_recovery import Recovery, judge, recover
from preservation.ocfl_root import declare
from preservation.ocfl_writer import Base, VersionWriter
from preservation.store import Changed, DigestMismatch, ObjectKey, ObjectMissing, ObjectStore, StoredObject

_ATTEMPTS = 3
Alone = Callable[[str, str | None], AbstractContextManager[bool]]
"""Whether nobody writes at a place: asked with its prefix and, where it is known, the id of the object, whose lease is held meanwhile."""


class StorageRoot:
    """An OCFL storage root. Whoever writes or recovers an object holds its lease; readers need none.

    Laid out by extension 0004 at its defaults, as its `ocfl_layout.json` and its `extensions` say (OCFL 1.1, 4.1).
    """

    def __init__(self, store: ObjectStore, *, algorithm: str = DEFAULT_ALGORITHM) -> None:
        """`algorithm`, sha256 or sha512, is that of new objects; an object keeps its own. Writes nothing."""
        if algorithm not in ALGORITHMS:
            raise ValueError(f"OCFL content is addressed by sha512 or sha256, not {algorithm} (OCFL 1.1, 3.5.1)")
        self._store = store
        self._algorithm = algorithm

    def ensure(self) -> None:
        """Declare the root where it is not yet; repeated, or by two processes at once, it comes to the same.

        A root of ours whose own files are damaged is left as it is, for check_root() to tell. OtherRoot where something else stands.
        """
        declare(self._store)

    @contextmanager
    def new_version(self, object_id: str, *, base: int | None, is_new: bool = False) -> Iterator[VersionWriter]:
        """Write a version after `base`, the head the caller saw (None: the object must not exist yet).

        Changed if the head is another one; from commit(), if a writer is at this version already or died there: then recover() first.
        `is_new`: the caller made the identifier just now, so that nothing of it is looked for before; if something stands there, commit()
        raises Changed all the same. Leaving without commit(), or by an exception, takes away what was put.
        """
        prefix = prefix_of(object_id)
        grown_from = Base(Inventory(object_id, self._algorithm, 0, {}, {}), None) if is_new else self._base(object_id, base)
        with ExitStack() as batch:
            batch.enter_context(self._store.batch())
            writer = VersionWriter(self._store, prefix, grown_from, batch.close)
            try:
                yield writer
            finally:
                writer.abandon()

    def head(self, object_id: str) -> int | None:
        """The number of the object's last version; None if there is no such object. BadInventory as inventory()."""
        try:
            return self.inventory(object_id).head
        except ObjectMissing:
            return None

    def inventory(self, object_id: str) -> Inventory:
        """The object's inventory. ObjectMissing if there is no such object; BadInventory if it cannot be read or is another's."""
        data = read(self._store, key_of(prefix_of(object_id), INVENTORY))
        if data is None:
            raise ObjectMissing(object_id)
        return _parsed(object_id, data)

    def open(self, object_id: str, logical: str, version: int | None = None, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """The bytes of a file of a version (the head if None), or `length` of them from `start`.

        ObjectMissing if object, version or file is not there.
        """
        return self.open_in(self.inventory(object_id), logical, version, start=start, length=length)

    def open_in(
        self, inventory: Inventory, logical: str, version: int | None = None, *, start: int = 0, length: int | None = None
    ) -> BinaryIO:
        """open() of the object whose inventory the caller has read, and does not want to read again."""
        return self._store.open(key_of(prefix_of(inventory.object_id), inventory.content_path(logical, version)), start, length)

    def local_path(self, object_id: str, logical: str, version: int | None = None) -> Path | None:
        """The file's path, to be read only, where the store is a local directory; else None. ObjectMissing as open()."""
        return self._store.local_path(key_of(prefix_of(object_id), self.inventory(object_id).content_path(logical, version)))

    def file(self, object_id: str, logical: str, copy: Path) -> Path:
        """A file of the head to be read only: the store's own where it is local, else what is written to `copy`.

        ObjectMissing as open(); DigestMismatch where the store gives damaged bytes.
        """
        key = key_of(prefix_of(object_id), self.inventory(object_id).content_path(logical))
        local = self._store.local_path(key)
        if local is not None:
            return local
        with self._store.open(key) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
        return copy

    def objects(self) -> Iterator[str]:
        """The ids of all objects, also of those with damaged inventories, in key order.

        Once all have come, BadInventory if some place holds an object none of whose inventories can be read.
        """
        unreadable = []
        for prefix, found in object_roots(self._store):
            paths = [key.removeprefix(prefix) for key in found]
            if any(path in {INVENTORY, *(sidecar_name(a) for a in ALGORITHMS)} for path in paths):
                inventory = best_inventory(self._store, prefix, paths)
                if inventory is None:
                    unreadable.append(prefix)
                else:
                    yield inventory.object_id
        if unreadable:
            raise BadInventory(f"no inventory can be read at {', '.join(unreadable)}")

    def recover(self, object_id: str) -> Recovery:
        """Finish or remove what an interrupted writer left of this object, and say what. The caller holds the object's lease."""
        prefix = prefix_of(object_id)
        return recover(self._store, prefix, list(self._store.keys(prefix)))

    def recover_all(self, busy: Collection[str] = ()) -> Iterator[Recovery]:
        """recover() over the whole root, first versions without a root inventory included; those with nothing to tell are left out.

        Objects of `busy` are not touched: ids whose lease somebody else holds. No other writer may be at work.
        """
        spared = {prefix_of(object_id) for object_id in busy}
        for prefix, found in object_roots(self._store):
            if prefix not in spared:
                recovery = recover(self._store, prefix, found)
                if not recovery.is_clean:
                    yield recovery

    def survey(self, alone: Alone) -> Iterator[tuple[str, str | None, Inventory | None]]:
        """recover_all() beside other writers, and in the same pass every place that holds an object: its prefix, the object's id, and its
        inventory.

        `alone` is asked of each place where there is something to recover, once that was seen; then the place is looked at again, and
        spared where it is not as it was. So a writer is spared too that began after this did, and one that has ended since.
        No id where none of the inventories can be read; no inventory where the root's cannot, or is that of an object of another place.
        """
        for prefix, keys in object_roots(self._store):
            judged = judge(self._store, prefix, keys)
            inventory, left = judged.inventory, keys
            if not judged.is_settled:
                with alone(prefix, judged.object_id) as is_alone:
                    left = list(self._store.keys(prefix))
                    if is_alone and left == keys:
                        recovery = judge(self._store, prefix, left).carry_out(self._store)
                        inventory, left = recovery.inventory, [key for key in keys if key not in recovery.removed]
                    else:
                        trusted = vouched(self._store, prefix)
                        inventory = trusted[0] if trusted else None
            if inventory is not None:
                yield prefix, inventory.object_id, inventory if prefix_of(inventory.object_id) == prefix else None
            elif any(key.removeprefix(prefix) in {INVENTORY, *map(sidecar_name, ALGORITHMS)} for key in left):
                yield prefix, *self._doubtful(prefix, left)

    def _doubtful(self, prefix: str, keys: Collection[ObjectKey]) -> tuple[str | None, Inventory | None]:
        """The id and the root inventory of a place no sidecar vouches for, as far as they can be read."""
        best = best_inventory(self._store, prefix, [key.removeprefix(prefix) for key in keys])
        if best is None:
            return None, None
        try:
            return best.object_id, self.inventory(best.object_id) if prefix_of(best.object_id) == prefix else None
        except (ObjectMissing, BadInventory):
            return best.object_id, None

    def verify(self, object_id: str, *, writing: bool = False, told: Mapping[int, Collection[str]] | None = None) -> Verification:
        """Re-read every byte of the object. ObjectMissing if nothing of it is there.

        `told`: the sha256 that the inventory of an earlier version may have, by its number, as the caller knows it from elsewhere.
        `writing` says that somebody holds the object's lease: what they write is not unexpected, and if they commit meanwhile the
        reading begins again.
        """
        prefix = prefix_of(object_id)
        if not writing:
            return verify(self._store, prefix, writing=False, told=told)
        for _ in range(_ATTEMPTS):
            before = read(self._store, key_of(prefix, INVENTORY))
            verification = verify(self._store, prefix, writing=True, told=told)
            if read(self._store, key_of(prefix, INVENTORY)) == before:
                break
        return verification

    def keys(self, object_id: str) -> Iterator[StoredObject]:
        """All that the store holds of the object, in key order."""
        return self._store.list(prefix_of(object_id))

    def export(self, object_id: str, destination: Path) -> None:
        """Copy the object's root to `destination`, absent or an empty folder, as a valid OCFL object; digests are checked on the way.

        The folder appears whole or not at all. FileExistsError if it holds something; DigestMismatch or BadInventory if the object is
        damaged; ObjectMissing if it, or a file of it, is not there.
        """
        if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
            raise FileExistsError(f"{destination} is not empty")
        prefix = prefix_of(object_id)
        self.inventory(object_id)
        trusted = vouched(self._store, prefix)
        if trusted is None:
            raise BadInventory(f"{object_id}: no sidecar vouches for the root inventory")
        inventory, data = trusted
        paths = named_files(inventory, [found.key.removeprefix(prefix) for found in self.keys(object_id)])
        destination.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
        try:
            paths |= {declaration_name(inventory.specification), *inventory.content()}
            for path in sorted(paths - {INVENTORY, sidecar_name(inventory.algorithm)}):
                self._copy(prefix, path, inventory, partial / path)
            (partial / INVENTORY).write_bytes(data)
            sidecar = sidecar_bytes(digest(inventory.algorithm, data).value)
            (partial / sidecar_name(inventory.algorithm)).write_bytes(sidecar)
            partial.chmod(0o755)
            partial.rename(destination)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _copy(self, prefix: str, path: str, inventory: Inventory, target: Path) -> None:
        expected = inventory.content().get(path)
        if path.endswith(f"/{INVENTORY}") and expected is None and not is_good_inventory(self._store, prefix, path, inventory):
            raise BadInventory(f"{path}: no sidecar vouches for it, or it is not what the root inventory says of it")
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._store.open(key_of(prefix, path)) as source, target.open("xb") as copy:
            passing = HashingReader(source, inventory.algorithm)
            while data := passing.read(CHUNK):
                copy.write(data)
        if expected is not None and passing.digest() != Digest(inventory.algorithm, expected):
            raise DigestMismatch(f"{prefix}{path}: the stored bytes are not those of its inventory")

    def _base(self, object_id: str, base: int | None) -> Base:
        data = read(self._store, key_of(prefix_of(object_id), INVENTORY))
        if data is None:
            if base is not None:
                raise Changed(f"{object_id}: version {base} was expected and there is no such object")
            return Base(Inventory(object_id, self._algorithm, 0, {}, {}), None)
        inventory = _parsed(object_id, data)
        if inventory.head != base:
            raise Changed(f"{object_id}: version {base or 'none'} was expected and {inventory.head} is the last")
        return Base(inventory, digest(DEFAULT_ALGORITHM, data))


def _parsed(object_id: str, data: bytes) -> Inventory:
    inventory = parse(data)
    if inventory.object_id != object_id:
        raise BadInventory(f"the inventory in the place of {object_id} is that of {inventory.object_id}")
    return inventory
