"""The ObjectStore port and its errors."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NewType, Protocol

from preservation.fixity import Digest, digest_of

ObjectKey = NewType("ObjectKey", str)
"""A relative path of `/`-joined segments of [A-Za-z0-9._=-], none of them `.` or `..`; it never carries a title.

At most 1,024 bytes (the limit of S3), 255 a segment (the limit of file systems)."""

LONGEST: Final = 1024
SEGMENT: Final = re.compile(r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._=-]{1,255}")
"""What may stand between two `/` of a key."""
_KEY: Final = re.compile(f"{SEGMENT.pattern}(?:/{SEGMENT.pattern})*")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store says of an object: size in bytes; `digest` only where the store knows it at no cost (put, replace)."""

    key: ObjectKey
    size: int
    digest: Digest | None = None


class StoreError(Exception):
    """Any fault of a store. Tree: ObjectMissing, ObjectExists, Changed, DigestMismatch, BadKey, StoreFull, StoreUnavailable."""


class ObjectMissing(StoreError):
    """No object has this key."""


class ObjectExists(StoreError):
    """Other bytes already stand under this key; nothing was written."""


class Changed(StoreError):
    """replace() found other bytes than the caller had seen; nothing was written."""


class DigestMismatch(StoreError):
    """The bytes that arrived are not those whose digest was expected, and nothing was written; or those kept are not those put."""


class BadKey(StoreError):
    """The key is not an ObjectKey."""


class StoreFull(StoreError):
    """No room; nothing was written and what was written before is intact."""


class StoreUnavailable(StoreError):
    """The store does not answer or refuses the credentials."""


_AUTHORITY: Final = re.compile(r"uncommitted|repair|deletion:[A-Za-z0-9._-]{1,100}")


def check_authority(text: str) -> None:
    """Raise ValueError unless the text names a decision that allows a deletion. Every adapter asks this before it touches anything.

    `uncommitted`: no inventory names the bytes. `repair`: they are damaged, and good ones take their place. `deletion:` and the identifier
    of an act: that act ordered what was committed to be deleted. There is no other.
    """
    if not _AUTHORITY.fullmatch(text):
        raise ValueError("a deletion names the decision that allows it")


def is_ordered(authority: str) -> bool:
    """Whether an authority is an act that orders what was committed to be deleted: then nothing of the bytes may remain."""
    return authority.startswith("deletion:")


def check_key(text: str) -> ObjectKey:
    """The text as an ObjectKey; BadKey if it is none. Every adapter asks this before it touches anything."""
    if len(text) > LONGEST or not _KEY.fullmatch(text):
        raise BadKey(f"not an object key: {text[:200]!r}")
    return ObjectKey(text)


def digests_by_opening(
    open_object: Callable[[ObjectKey], BinaryIO], keys: Iterable[ObjectKey], algorithm: str
) -> Iterator[tuple[ObjectKey, Digest | None]]:
    """ObjectStore.digests() for a store that has no quicker way than to open each object."""
    for key in keys:
        try:
            with open_object(key) as file:
                yield key, digest_of(file, algorithm)
        except (ObjectMissing, BadKey):
            yield key, None
        except DigestMismatch:
            yield key, Digest(algorithm, hashlib.new(algorithm).hexdigest())


class ObjectStore(Protocol):
    """Write-once storage of named byte streams.

    Keys are opaque: they never carry a title, a name or a classification. Promises, checked for every adapter by one suite:

    1. An object is whole or absent; no reader ever meets half of one; a failed put leaves no debris. An exception raised by
       `content` at its end aborts the put, so a duplicate is refused before it is whole.
    2. Putting the same bytes under the same key again succeeds and changes nothing.
    3. Putting other bytes under a used key raises ObjectExists.
    4. What open() yields has the digest that put() returned.
    5. replace() moves one kind of key, the OCFL root inventory and its sidecar, for ocfl.py alone: it swaps only if the bytes
       there have the digest `was`; bytes already new: success; others: Changed.
    6. delete() removes one key; `authority` names the decision that allows it, one of those that check_authority() knows: else ValueError.
    7. Inside batch(), what was put is durable when the batch closes (one sync for all).
    8. digests() reads each object whole, now; it tells what open() would yield.
    """

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        """Keep what `content.read(n)` gives until it gives nothing; of a stream, only read() is asked."""
        ...

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject: ...
    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO: ...
    def stat(self, key: ObjectKey) -> StoredObject: ...
    def batch(self) -> AbstractContextManager[None]: ...
    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        """Objects whose key begins with `prefix`, in key order (byte order), after `after`."""
        ...

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        """The keys that list() tells, in its order, without asking how large each object is."""
        ...

    def delete(self, key: ObjectKey, *, authority: str) -> None: ...

    def digests(self, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
        """Each key with the digest of its bytes; None where there is no such object. Of bytes that the store itself knows for damaged and
        does not give, the digest of nothing.
        """
        ...

    def local_path(self, key: ObjectKey) -> Path | None:
        """A read-only path to the object's bytes where the store is a local directory (ObjectMissing if there are none); else None, and
        nothing is asked.
        """
        ...
