"""Objects in memory: for tests, and for packages assembled before they travel."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import BinaryIO

from preservation.fixity import CHUNK, DEFAULT_ALGORITHM, Digest
from preservation.store import (
    Changed,
    DigestMismatch,
    ObjectExists,
    ObjectKey,
    ObjectMissing,
    StoredObject,
    check_authority,
    check_key,
    digests_by_opening,
)


class MemoryStore:
    """An ObjectStore that lasts as long as the process; safe among threads."""

    def __init__(self) -> None:
        self._objects: dict[ObjectKey, bytes] = {}
        self._lock = RLock()

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        check_key(key)
        data = _whole(content)
        if expected is not None and _digest(data, expected.algorithm) != expected:
            raise DigestMismatch(f"{key}: the bytes that arrived are not those expected")
        with self._lock:
            if self._objects.setdefault(key, data) != data:
                raise ObjectExists(f"{key}: other bytes stand there")
        return StoredObject(key, len(data), _digest(data))

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        data = _whole(content)
        with self._lock:
            standing = self._data(key)
            if standing != data:
                if _digest(standing, was.algorithm) != was:
                    raise Changed(f"{key}: not the bytes that the caller had seen")
                self._objects[key] = data
        return StoredObject(key, len(data), _digest(data, was.algorithm))

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        if start < 0 or (length is not None and length < 0):
            raise ValueError("start and length cannot be negative")
        data = self._data(key)
        return io.BytesIO(data[start : None if length is None else start + length])

    def stat(self, key: ObjectKey) -> StoredObject:
        return StoredObject(key, len(self._data(key)))

    @contextmanager
    def batch(self) -> Iterator[None]:
        yield

    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix) and (after is None or key > after))
        for key in keys:
            data = self._objects.get(key)
            if data is not None:
                yield StoredObject(key, len(data))

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        return (found.key for found in self.list(prefix))

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        check_authority(authority)
        with self._lock:
            self._data(key)
            del self._objects[key]

    def digests(self, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
        return digests_by_opening(self.open, keys, algorithm)

    def local_path(self, key: ObjectKey) -> Path | None:
        self._data(key)
        return None

    def _data(self, key: ObjectKey) -> bytes:
        with self._lock:
            data = self._objects.get(check_key(key))
        if data is None:
            raise ObjectMissing(key)
        return data


def _digest(data: bytes, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
    return Digest(algorithm, hashlib.new(algorithm, data).hexdigest())


def _whole(content: BinaryIO) -> bytes:
    return b"".join(iter(lambda: content.read(CHUNK), b""))
