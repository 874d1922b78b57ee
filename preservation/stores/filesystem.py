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
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn, Self, cast

from preservation.fixity import CHUNK, DEFAULT_ALGORITHM, Digest, HashingReader, digest_of
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
from preservation.stores.beneath import ABSENT, UNREADABLE, digests_beneath, open_beneath
from preservation.stores.incoming import Flight, debris, flight, flush_file_system, note, noted_key, write_all

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OBJECT: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ATTEMPTS: Final = 100


class FilesystemStore:
    """An ObjectStore whose keys are the paths of files under `root`.

    Bytes arrive in `incoming`, a folder beside `root` on the same file system, and appear under `root` by one link, so that no
    kill leaves half an object. Each is synchronised with the disk before put() returns, or when its batch closes. No symbolic
    link is followed. What a killed process left in `incoming`, and the empty directories it made, go when a store is next opened.
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
        with ExitStack() as stack:
            with _faults(key):
                arriving = stack.enter_context(flight(self._incoming))
            stored = _receive(key, content, arriving, DEFAULT_ALGORITHM)
            if expected is not None and _arrived_as(arriving, expected, stored) != expected:
                raise DigestMismatch(f"{key}: the bytes that arrived are not those expected")
            with _faults(key):
                if not self._pending.depth:
                    os.fsync(arriving.descriptor)
                self._publish(key, arriving, stored)
        return stored

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        check_key(key)
        with ExitStack() as stack:
            with _faults(key):
                arriving = stack.enter_context(flight(self._incoming))
            stored = _receive(key, content, arriving, was.algorithm)
            with _faults(key), self._folder(key) as folder:
                os.fsync(arriving.descriptor)
                fcntl.flock(folder, fcntl.LOCK_EX)
                with os.fdopen(_open_object(key, folder), "rb") as standing:
                    found = digest_of(standing, was.algorithm)
                if found != stored.digest:
                    if found != was:
                        raise Changed(f"{key}: not the bytes that the caller had seen")
                    os.rename(arriving.path, _name(key), dst_dir_fd=folder)
                os.fsync(folder)
        return stored

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        if start < 0 or (length is not None and length < 0):
            raise ValueError("start and length cannot be negative")
        check_key(key)
        with _faults(key):
            file = io.FileIO(_regular(key, open_beneath(self._root, key, _OBJECT)))
        if start:
            file.seek(start)
        return cast(BinaryIO, io.BufferedReader(_Slice(file, sys.maxsize if length is None else length)))

    def stat(self, key: ObjectKey) -> StoredObject:
        check_key(key)
        with _faults(key), self._folder(key) as folder:
            status = os.stat(_name(key), dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise ObjectMissing(key)
        return StoredObject(key, status.st_size)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Put off synchronising what this thread puts, then write the whole file system at once.

        An inner batch that closes makes the outer one's objects durable too.
        """
        self._pending.depth += 1
        try:
            yield
            with _faults("batch"):
                flush_file_system(self._root)
        finally:
            self._pending.depth -= 1

    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        """Everything that is no directory, in the byte order of keys: also what no put() could have made (a link, an odd name)."""
        with suppress(ObjectMissing):
            yield from self._walk(self._deepest_folder(prefix), prefix, after or "")

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        check_authority(authority)
        check_key(key)
        with _faults(key), note(self._incoming, key):
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
        with _faults(prefix), self._folder(folder):
            return folder

    def _publish(self, key: ObjectKey, arriving: Flight, stored: StoredObject) -> None:
        for _ in range(_ATTEMPTS):  # a concurrent delete() may remove an empty directory on the way
            with suppress(FileNotFoundError):
                return self._link(key, arriving, stored)
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
        try:
            with self._folder(key) as folder:
                with suppress(FileExistsError):
                    os.link(arriving.path, _name(key), dst_dir_fd=folder, follow_symlinks=False)
                    return None if self._pending.depth else os.fsync(folder)
                with os.fdopen(_open_object(key, folder), "rb") as standing:
                    if os.fstat(standing.fileno()).st_size != stored.size or digest_of(standing) != stored.digest:
                        raise ObjectExists(f"{key}: other bytes stand there")
                    os.fsync(standing.fileno())  # whoever put it may still be in a batch
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

    def _walk(self, folder: str, prefix: str, after: str) -> Iterator[StoredObject]:
        try:
            with os.scandir(self._root / folder) as found:
                entries = sorted((os.fsencode(e.name + "/" if e.is_dir(follow_symlinks=False) else e.name), e) for e in found)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreUnavailable(f"{folder or 'root'}: {error.strerror}") from error
        for name, entry in entries:
            path = folder + os.fsdecode(name)
            if path.endswith("/"):
                if (path.startswith(prefix) or prefix.startswith(path)) and (path > after or after.startswith(path)):
                    yield from self._walk(path, prefix, after)
            elif path.startswith(prefix) and path > after:
                with suppress(FileNotFoundError):
                    yield StoredObject(ObjectKey(path), entry.stat(follow_symlinks=False).st_size)


class _Pending(local):
    """How many batches a thread has open, one within another."""

    depth = 0


class _Slice(io.RawIOBase):
    """At most `length` bytes of an open file, from where it stands. DigestMismatch for bytes that the disk lost."""

    def __init__(self, file: io.FileIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        try:
            count = self._file.readinto(memoryview(buffer)[: self._left]) or 0
        except OSError as error:
            if error.errno in UNREADABLE:
                raise DigestMismatch("the disk does not give these bytes") from error
            raise
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _receive(key: ObjectKey, content: BinaryIO, arriving: Flight, algorithm: str) -> StoredObject:
    reader = HashingReader(content, algorithm)
    while data := reader.read(CHUNK):
        with _faults(key):
            write_all(arriving.descriptor, data)
    return StoredObject(key, reader.size, reader.digest())


def _arrived_as(arriving: Flight, expected: Digest, stored: StoredObject) -> Digest | None:
    if stored.digest is not None and stored.digest.algorithm == expected.algorithm:
        return stored.digest
    with arriving.path.open("rb") as file:
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


@contextmanager
def _faults(key: str) -> Iterator[None]:
    """What the disk says, in the words of the port. Only around the disk's own acts: a fault of the source keeps its name."""
    try:
        yield
    except OSError as error:
        _translate(key, error)


def _translate(key: str, error: OSError) -> NoReturn:
    if error.errno in _FULL:
        raise StoreFull(f"{key}: {error.strerror}") from error
    if error.errno in ABSENT:
        raise ObjectMissing(key) from error
    raise StoreUnavailable(f"{key}: {error.strerror}") from error
