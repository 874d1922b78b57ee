"""Objects as files of a local directory."""

import errno
import fcntl
import io
import os
import stat
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import local
from typing import BinaryIO, Final, NoReturn, Self, cast

from preservation.fixity import CHUNK, DEFAULT_ALGORITHM, Digest, digest_of, digesting
from preservation.store import (
    BadKey,
    Changed,
    DigestMismatch,
    ObjectExists,
    ObjectKey,
    ObjectMissing,
    StoredObject,
    StoreFull,
    StoreUnavailable,
    check_authority,
    check_key,
)
from preservation.stores.beneath import ABSENT, digests_beneath, open_beneath
from preservation.stores.flushing import sync_file_system, watched
from preservation.stores.incoming import Flight, debris, depart, flight, note, noted_key, write_all
from preservation.stores.slices import Slice
from preservation.stores.walking import walk

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OBJECT: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ATTEMPTS: Final = 100


class FilesystemStore:
    """An ObjectStore whose keys are the paths of files under `root`.

    Bytes arrive in a file without a name, or in `incoming`, a folder beside `root` on the same file system, and appear under `root` by
    one link, so that no kill leaves half an object. Each is synchronised with the disk before put() returns, or when its batch closes. No
    symbolic link is followed. What a killed process left in `incoming`, and the empty directories it made, go when a store is next opened.
    """

    def __init__(self, root: Path, incoming: Path) -> None:
        """Make both folders where absent. ValueError if one holds the other or they lie on different file systems."""
        root.mkdir(parents=True, exist_ok=True)
        incoming.mkdir(parents=True, exist_ok=True)
        self._root, self._incoming = root.resolve(), incoming.resolve()
        if self._incoming.is_relative_to(self._root) or self._root.is_relative_to(self._incoming):
            raise ValueError(f"the store and its incoming folder hold one another: {root}, {incoming}")
        if self._root.stat().st_dev != self._incoming.stat().st_dev:
            raise ValueError(f"the store and its incoming folder are on different file systems: {root}, {incoming}")
        self._pending = _Pending()
        self.clear_incoming()

    @classmethod
    def only_read(cls, root: Path) -> Self:
        """One that may lie on a medium that cannot be written: nothing is made there or beside it, and whoever writes is refused."""
        store = cls.__new__(cls)
        store._root, store._incoming, store._pending = root.resolve(), Path(os.devnull), _Pending()
        return store

    def clear_incoming(self) -> int:
        """Remove what dead processes left in flight; how many files it was. Living writers are not disturbed."""
        count = 0
        for path in debris(self._incoming):
            key = noted_key(path)
            if key is not None:
                self._prune(key)
            count += 1
        return count

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        check_key(key)
        with _Faults(key):
            arriving = depart(self._incoming)
        try:
            stored = _receive(key, content, arriving.descriptor, DEFAULT_ALGORITHM)
            if expected is not None and _arrived_as(arriving.descriptor, expected, stored) != expected:
                raise DigestMismatch(f"{key}: the bytes that arrived are not those expected")
            with _Faults(key):
                if not self._pending.depth:
                    os.fsync(arriving.descriptor)
                self._publish(key, arriving, stored)
        finally:
            arriving.end()
        return stored

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        check_key(key)
        with ExitStack() as stack:
            with _Faults(key):
                arriving, path = stack.enter_context(flight(self._incoming))
            stored = _receive(key, content, arriving, was.algorithm)
            with _Faults(key), self._folder(key) as folder:
                os.fsync(arriving)
                fcntl.flock(folder, fcntl.LOCK_EX)
                with os.fdopen(_open_object(key, folder), "rb") as standing:
                    found = digest_of(standing, was.algorithm)
                if found != stored.digest:
                    if found != was:
                        raise Changed(f"{key}: not the bytes that the caller had seen")
                    os.rename(path, _name(key), dst_dir_fd=folder)
                os.fsync(folder)
        return stored

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        if start < 0 or (length is not None and length < 0):
            raise ValueError("start and length cannot be negative")
        check_key(key)
        with _Faults(key):
            file = io.FileIO(_regular(key, open_beneath(self._root, key, _OBJECT)))
        if start:
            file.seek(start)
        return cast(BinaryIO, io.BufferedReader(Slice(file, sys.maxsize if length is None else length)))

    def stat(self, key: ObjectKey) -> StoredObject:
        check_key(key)
        with _Faults(key), self._folder(key) as folder:
            status = os.stat(_name(key), dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise ObjectMissing(key)
        return StoredObject(key, status.st_size)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Put off synchronising what this thread puts, then write the whole file system at once; where that is not enough, as on those of
        a network, each object is synchronised as it comes.

        An inner batch that closes makes the outer one's objects durable too.
        """
        with _Faults("batch"):
            descriptor = watched(self._root)
        if descriptor is None:
            yield
            return
        self._pending.depth += 1
        try:
            yield
            with _Faults("batch"):
                sync_file_system(descriptor)
        finally:
            self._pending.depth -= 1
            if not self._pending.depth:
                self._pending.forget()
            os.close(descriptor)

    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        """Everything that is no directory, in the byte order of keys: also what no put() could have made (a link, an odd name)."""
        with suppress(ObjectMissing):
            for path, entry in walk(self._root, self._deepest_folder(prefix), prefix, after or ""):
                with suppress(FileNotFoundError):
                    yield StoredObject(ObjectKey(path), entry.stat(follow_symlinks=False).st_size)

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        with suppress(ObjectMissing):
            for path, _ in walk(self._root, self._deepest_folder(prefix), prefix, ""):
                yield ObjectKey(path)

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        check_authority(authority)
        check_key(key)
        with _Faults(key), note(self._incoming, key):
            with self._folder(key) as folder:
                if stat.S_ISDIR(os.stat(_name(key), dir_fd=folder, follow_symlinks=False).st_mode):
                    raise ObjectMissing(key)
                os.unlink(_name(key), dir_fd=folder)
                os.fsync(folder)
            self._prune(key)

    def digests(self, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
        return digests_beneath(self._root, keys, algorithm)

    def local_path(self, key: ObjectKey) -> Path | None:
        self.stat(key)
        return self._root / key

    @contextmanager
    def _folder(self, key: str) -> Iterator[int]:
        descriptor = open_beneath(self._root, _parent(key), _FOLDER)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _deepest_folder(self, prefix: str) -> str:
        """The folder that holds all that begins with `prefix`. ObjectMissing if it is not there, or behind a link."""
        try:
            folder = check_key(_parent(prefix)) + "/"
        except BadKey:
            return ""
        with _Faults(prefix), self._folder(folder):
            return folder

    def _publish(self, key: ObjectKey, arriving: Flight, stored: StoredObject) -> None:
        for _ in range(_ATTEMPTS):  # a concurrent delete() may remove an empty directory on the way
            try:
                return self._link(key, arriving, stored)
            except FileNotFoundError:
                self._pending.forget()
            with suppress(FileNotFoundError), note(self._incoming, key):
                try:
                    above = self._make_folders(key)
                    self._link(key, arriving, stored)
                    return self._settle_folders(above)
                except OSError:
                    self._prune(key)
                    raise
        raise StoreUnavailable(f"{key}: its directories vanish again and again")

    def _link(self, key: ObjectKey, arriving: Flight, stored: StoredObject) -> None:
        folder, is_kept = self._batched_folder(key)
        try:
            try:
                arriving.link(_name(key), folder)
            except FileExistsError:
                self._check_standing(key, folder, stored)
            else:
                if not self._pending.depth:
                    os.fsync(folder)
        except OSError as error:
            if error.errno == errno.ESTALE:  # what a server says of a folder that is gone
                raise FileNotFoundError(key) from error
            raise
        finally:
            if not is_kept:
                os.close(folder)

    def _batched_folder(self, key: ObjectKey) -> tuple[int, bool]:
        """The folder of a key, opened; in a batch it is kept for the next one, and closed with the batch."""
        above = _parent(key)
        if self._pending.folder == above:
            return self._pending.descriptor, True
        try:
            descriptor = open_beneath(self._root, above, _FOLDER)
        except OSError as error:
            if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                raise ObjectExists(f"{key}: something else stands in the way") from error
            raise
        if self._pending.depth:
            self._pending.keep(above, descriptor)
        return descriptor, bool(self._pending.depth)

    def _check_standing(self, key: ObjectKey, folder: int, stored: StoredObject) -> None:
        """Raise ObjectExists unless what has this name are these bytes; they are synchronised, for who put them may still be in a batch."""
        try:
            with os.fdopen(_open_object(key, folder), "rb") as standing:
                if os.fstat(standing.fileno()).st_size != stored.size or digest_of(standing) != stored.digest:
                    raise ObjectExists(f"{key}: other bytes stand there")
                os.fsync(standing.fileno())
                os.fsync(folder)
        except OSError as error:
            if error.errno in {errno.ENOTDIR, errno.ELOOP}:
                raise ObjectExists(f"{key}: something else stands in the way") from error
            raise
        except ObjectMissing as error:
            raise ObjectExists(f"{key}: something that is no object stands there") from error

    def _make_folders(self, key: ObjectKey) -> Sequence[str]:
        """Make the directories on the way to `key`; the keys within those that got a new one, the deepest first."""
        parts = key.split("/")
        changed: deque[str] = deque()
        for depth in range(1, len(parts)):
            path = "/".join(parts[:depth])
            with self._folder(path) as above, suppress(FileExistsError):
                os.mkdir(parts[depth - 1], 0o750, dir_fd=above)
                changed.appendleft(path)
        return changed

    def _settle_folders(self, changed: Sequence[str]) -> None:
        """Synchronise the directories that hold these; after the link, so that one write of the disk's journal serves them all."""
        if not self._pending.depth:
            for path in changed:
                with self._folder(path) as above:
                    os.fsync(above)

    def _prune(self, key: str) -> None:
        """Remove the directories on the way to `key` that hold nothing, the deepest first."""
        with suppress(OSError):
            while path := _parent(key):
                with self._folder(path) as above:
                    os.rmdir(_name(path), dir_fd=above)
                    os.fsync(above)
                key = path


class _Pending(local):
    """How many batches a thread has open, one within another, and the folder that it last put something in meanwhile, kept open."""

    depth = 0
    folder: str | None = None
    descriptor = -1

    def keep(self, folder: str, descriptor: int) -> None:
        self.forget()
        self.folder, self.descriptor = folder, descriptor

    def forget(self) -> None:
        if self.folder is not None:
            os.close(self.descriptor)
            self.folder = None


def _receive(key: ObjectKey, content: BinaryIO, arriving: int, algorithm: str) -> StoredObject:
    reader = digesting(content, algorithm)
    while data := reader.read(CHUNK):
        with _Faults(key):
            write_all(arriving, data)
    return StoredObject(key, reader.size, reader.digest())


def _arrived_as(arriving: int, expected: Digest, stored: StoredObject) -> Digest | None:
    if stored.digest is not None and stored.digest.algorithm == expected.algorithm:
        return stored.digest
    with os.fdopen(os.dup(arriving), "rb") as file:
        file.seek(0)
        return digest_of(file, expected.algorithm)


def _open_object(key: ObjectKey, folder: int) -> int:
    return _regular(key, os.open(_name(key), _OBJECT, dir_fd=folder))


def _regular(key: ObjectKey, descriptor: int) -> int:
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise ObjectMissing(key)


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _parent(key: str) -> str:
    return key.rpartition("/")[0]


class _Faults:
    """What the disk says, in the words of the port. Only around the disk's own acts: a fault of the source keeps its name."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, OSError):
            _translate(self._key, fault)


def _translate(key: str, error: OSError) -> NoReturn:
    if error.errno in _FULL:
        raise StoreFull(f"{key}: {error.strerror}") from error
    if error.errno in ABSENT:
        raise ObjectMissing(key) from error
    raise StoreUnavailable(f"{key}: {error.strerror}") from error
