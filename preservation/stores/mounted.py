"""A folder read as if it stood at another place of a store: an object that came alone, among those of a storage root."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, NoReturn

from preservation.fixity import Digest
from preservation.store import ObjectKey, ObjectMissing, StoredObject, StoreUnavailable, digests_by_opening
from preservation.stores.filesystem import FilesystemStore


class MountedFolder:
    """An ObjectStore of what is in a folder, every key beginning with `prefix` (which ends with `/`). Who writes gets StoreUnavailable."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._store, self._prefix = FilesystemStore.only_read(folder), prefix

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        return self._store.open(self._inner(key), start, length)

    def stat(self, key: ObjectKey) -> StoredObject:
        return StoredObject(key, self._store.stat(self._inner(key)).size)

    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        for found in self._store.list():
            key = ObjectKey(self._prefix + found.key)
            if key.startswith(prefix) and (after is None or key > after):
                yield StoredObject(key, found.size)

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        return (found.key for found in self.list(prefix))

    def digests(self, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
        return digests_by_opening(self.open, keys, algorithm)

    def local_path(self, key: ObjectKey) -> Path | None:
        return self._store.local_path(self._inner(key))

    def batch(self) -> AbstractContextManager[None]:
        return nullcontext()

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        self._refuse()

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        self._refuse()

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        self._refuse()

    def _inner(self, key: ObjectKey) -> ObjectKey:
        if not key.startswith(self._prefix):
            raise ObjectMissing(key)
        return ObjectKey(key.removeprefix(self._prefix))

    def _refuse(self) -> NoReturn:
        raise StoreUnavailable("this folder is only read")
