"""Write one version of an OCFL object, so that any interruption leaves the object as it was or as it will be."""

import io
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, cast
from uuid import uuid4

from preservation.fixity import Digest, HashingReader, digest_of
from preservation.ocfl_inventory import INVENTORY, Inventory, Version, declaration_name, sidecar_bytes, sidecar_name
from preservation.ocfl_layout import digest, key_of, read
from preservation.store import (
    BadKey,
    Changed,
    DigestMismatch,
    ObjectExists,
    ObjectKey,
    ObjectMissing,
    ObjectStore,
    StoredObject,
    StoreError,
    check_key,
)


@dataclass(frozen=True, slots=True)
class Base:
    """What the new version grows from: the object's inventory without it, and the digest of its bytes; None for a first version."""

    inventory: Inventory
    digest: Digest | None


class VersionWriter:
    """The version being written. It starts with every file of the version before; put(), remove(), check() and commit() are its verbs.

    Order: content; the version's inventory, which claims the version's number, and its sidecar; for a first version the object's
    declaration; all this durable; then the root inventory, which alone makes the version exist; then the root's sidecar. A kill
    before the root inventory leaves what no root inventory names, which recover() removes; a kill after it leaves a stale
    sidecar, which recover() finishes. Content lies under a folder of this writer's own, so that two writers at once never share
    a file: one commits, the other gets Changed and takes away its own.
    """

    def __init__(self, store: ObjectStore, prefix: str, base: Base, settle: Callable[[], None]) -> None:
        self._store, self._prefix, self._base, self._settle = store, prefix, base, settle
        self._number = base.inventory.head + 1
        self._folder = base.inventory.folder(self._number)
        self._own = f"{self._folder}/{base.inventory.content_directory}/{uuid4().hex[:12]}"
        self._before = base.inventory.state() if base.inventory.head else {}
        self._state = dict(self._before)
        self._manifest = dict(base.inventory.manifest)
        self._spelling = {spelled.lower(): spelled for spelled in self._manifest}
        self._begun: set[ObjectKey] = set()
        self._placed: list[ObjectKey] = []
        self._open = True
        self._checked: set[str] = set()

    @property
    def number(self) -> int:
        """The version's number."""
        return self._number

    def put(self, logical: str, stream: BinaryIO) -> StoredObject:
        """Add or change a file; its digest and size come back at once. Bytes the object already holds are not kept twice.

        The digest is of the bytes that passed: that the store has them is for check() to prove.
        BadKey if `logical` is no ObjectKey; ObjectExists if this version already put other bytes there; else as the store's put().
        """
        self._check(logical)
        path = f"{self._own}/{logical}"
        key = key_of(self._prefix, path)
        passing = _Passing(stream, self._base.inventory.algorithm, self._spelling)
        begun_before = key in self._begun
        self._begun.add(key)
        try:
            self._store.put(key, cast(BinaryIO, passing))
            found = passing.digest()
            self._spelling[found.value] = found.value
            self._manifest[found.value] = (path,)
        except _AlreadyHeld:
            found = passing.digest()
            if not begun_before:
                self._begun.discard(key)
        self._state[logical] = spelled = self._spelling[found.value]
        return StoredObject(key_of(self._prefix, self._manifest[spelled][0]), passing.size, found)

    def put_bytes(self, logical: str, data: bytes) -> StoredObject:
        """put() of bytes at hand."""
        return self.put(logical, io.BytesIO(data))

    def keep(self, logical: str) -> None:
        """Carry a file of the version before over as it was, whatever was done to it since. ObjectMissing if there was none."""
        if logical not in self._before:
            raise ObjectMissing(f"{logical}: the version before holds no such file")
        self._state[logical] = self._before[logical]

    def remove(self, logical: str) -> None:
        """Leave a file out of this version; earlier ones keep it. ObjectMissing if the version has none of that name."""
        if self._state.pop(logical, None) is None:
            raise ObjectMissing(logical)

    def digest(self, logical: str) -> Digest:
        """The digest of a file as this version has it now. ObjectMissing if it has none."""
        if logical not in self._state:
            raise ObjectMissing(logical)
        return Digest(self._base.inventory.algorithm, self._state[logical].lower())

    def check(self) -> None:
        """Read back what this version put since the last check, and compare. DigestMismatch if the store gives other bytes."""
        for value, paths in self._manifest.items():
            path = paths[0]
            if path.startswith(f"{self._own}/") and path not in self._checked:
                with self._store.open(key_of(self._prefix, path)) as file:
                    if digest_of(file, self._base.inventory.algorithm).value != value:
                        raise DigestMismatch(f"{self._prefix}{path}: the store gives back other bytes than it was given")
                self._checked.add(path)

    def commit(self, message: str, user_name: str, user_address: str | None, created: datetime) -> Inventory:
        """Make the version exist. Changed if another writer made one first: nothing of this one is left.

        `created` carries its offset; `user_address` is a URI, or empty. A fault of the store after the root inventory stands is raised too:
        the version exists, and recover() writes the missing sidecar. Where nobody can tell, all is left for recover() to judge.
        """
        if created.tzinfo is None:
            raise ValueError("the instant of a version carries its offset")
        self._check(self._folder)
        self._check_paths()
        self._drop_unused()
        inventory = replace(
            self._base.inventory,
            head=self._number,
            manifest=dict(self._manifest),
            versions={
                **self._base.inventory.versions,
                self._number: Version(created, message, user_name, user_address or None, dict(self._state)),
            },
        )
        data = inventory.to_json()
        sidecar = sidecar_bytes(digest(inventory.algorithm, data).value)
        self._place(f"{self._folder}/{INVENTORY}", data)
        self._place(f"{self._folder}/{sidecar_name(inventory.algorithm)}", sidecar)
        if self._base.digest is None:
            declaration = declaration_name(inventory.specification)
            self._place(declaration, f"{declaration.removeprefix('0=')}\n".encode())
        self._settle()
        self._check_content()
        self._point(data)
        self._place_sidecar(inventory.algorithm, sidecar)
        return inventory

    def abandon(self) -> None:
        """Take away what was put, unless the version exists or may exist. What cannot be taken away, recover() will."""
        if not self._open:
            return
        self._open = False
        for key in [*reversed(self._placed), *sorted(self._begun)]:
            with suppress(StoreError):
                self._store.delete(key, authority="uncommitted")

    def _check(self, logical: str) -> None:
        if not self._open:
            raise ValueError("this version is already written or abandoned")
        check_key(logical)

    def _check_paths(self) -> None:
        for logical in self._state:
            parts = logical.split("/")
            if any("/".join(parts[:depth]) in self._state for depth in range(1, len(parts))):
                raise BadKey(f"{logical}: another file of this version has the name of one of its folders (OCFL 1.1, 3.5.3.1)")

    def _drop_unused(self) -> None:
        """Take away bytes that came and that the version does not hold in the end: failed, replaced or removed again."""
        used = set(self._state.values())
        for value, paths in list(self._manifest.items()):
            if paths[0].startswith(f"{self._own}/") and value not in used:
                del self._manifest[value], self._spelling[value]
        for key in sorted(self._begun - self._own_content()):
            with suppress(ObjectMissing):
                self._store.delete(key, authority="uncommitted")
            self._begun.discard(key)

    def _own_content(self) -> set[ObjectKey]:
        return {key_of(self._prefix, paths[0]) for paths in self._manifest.values() if paths[0].startswith(f"{self._own}/")}

    def _place(self, path: str, data: bytes) -> None:
        key = key_of(self._prefix, path)
        try:
            self._store.put(key, io.BytesIO(data))
        except ObjectExists as error:
            raise Changed(f"{key}: another writer is at this version, or a dead one was; recover() tells") from error
        self._placed.append(key)

    def _check_content(self) -> None:
        """A recover() that took this writer for dead may have removed its files, of a first version those of the root too."""
        place = self._prefix if self._base.digest is None else f"{self._prefix}{self._folder}/"
        if not {*self._store.keys(place)}.issuperset({*self._own_content(), *self._placed}):
            raise Changed(f"{self._prefix}{self._folder}: files of this version were removed while it was being written")

    def _point(self, data: bytes) -> None:
        key = key_of(self._prefix, INVENTORY)
        self._open = False  # until it is known that the version does not exist, nothing may be taken away
        try:
            if self._base.digest is None:
                self._store.put(key, io.BytesIO(data))
            else:
                self._store.replace(key, io.BytesIO(data), was=self._base.digest)
        except (Changed, ObjectExists, ObjectMissing) as error:
            self._open = True
            raise Changed(f"{key}: another writer came first") from error
        except StoreError:
            if read(self._store, key) != data:
                self._open = True
                raise

    def _place_sidecar(self, algorithm: str, sidecar: bytes) -> None:
        """The root's sidecar, looked at first only where it is not as the version before must have left it."""
        key, before = key_of(self._prefix, sidecar_name(algorithm)), self._base.digest
        try:
            if before is None:
                self._store.put(key, io.BytesIO(sidecar))
            elif before.algorithm == algorithm:
                self._store.replace(key, io.BytesIO(sidecar), was=digest("sha256", sidecar_bytes(before.value)))
            else:
                write_sidecar(self._store, self._prefix, algorithm, sidecar)
        except (Changed, ObjectExists, ObjectMissing):
            write_sidecar(self._store, self._prefix, algorithm, sidecar)


class _AlreadyHeld(Exception):
    """The bytes that passed are those of a file the object holds."""


class _Passing(HashingReader):
    """Digests what passes and, at its end, stops a put of bytes the object already holds."""

    def __init__(self, source: BinaryIO, algorithm: str, held: Collection[str]) -> None:
        super().__init__(source, algorithm)
        self._held = held

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        if not data and size != 0 and self.digest().value in self._held:
            raise _AlreadyHeld
        return data


def write_sidecar(store: ObjectStore, prefix: str, algorithm: str, content: bytes) -> None:
    """Make the root's sidecar say `content`, whatever stands there; repeated, it changes nothing."""
    key = key_of(prefix, sidecar_name(algorithm))
    standing = read(store, key)
    if standing is None:
        store.put(key, io.BytesIO(content))
    elif standing != content:
        store.replace(key, io.BytesIO(content), was=digest("sha256", standing))
