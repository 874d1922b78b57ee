"""Bytes in flight on a local disk: a file without a name, or one that is locked while its process lives: what nobody locks is debris."""

import errno
import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

NOTE: Final = ".dirs"
_UNNAMED: Final = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC
_NAMED: Final = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE: Final = 0o640
_WITHOUT: Final = frozenset((errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL))
"""What a file system that knows no file without a name answers, and a system that does not know the flag."""
_OWN: Final = "/proc/self/fd"


@dataclass(frozen=True, slots=True)
class Flight:
    """A file in flight: its descriptor, open for reading and writing, and its path where it has one, gone when the flight ends."""

    descriptor: int
    path: Path | None

    def link(self, name: str, folder: int) -> None:
        """Give the file this name in a folder, given by its descriptor. Raises OSError; FileExistsError where the name is taken."""
        if self.path is None:
            os.link(f"{_OWN}/{self.descriptor}", name, dst_dir_fd=folder, follow_symlinks=True)
        else:
            os.link(self.path, name, dst_dir_fd=folder, follow_symlinks=False)

    def end(self) -> None:
        """Close it, and take its path away. What it was linked to stays."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


def depart(folder: Path) -> Flight:
    """A flight of a file without a name, of which a dead process leaves nothing; with a name in `folder` where the file system has no
    such thing (those of a network), or the process cannot see its own descriptors. Raises OSError as the disk does.
    """
    if _sees_itself():
        try:
            return Flight(os.open(folder, _UNNAMED, _MODE), None)
        except OSError as error:
            if error.errno not in _WITHOUT:
                raise
    return _named(folder, "")


@contextmanager
def flight(folder: Path, suffix: str = "") -> Iterator[tuple[int, Path]]:
    """The descriptor and path of a new locked file of `folder`, removed at the end whatever happens. Raises OSError as the disk does."""
    begun = _named(folder, suffix)
    assert begun.path is not None
    try:
        yield begun.descriptor, begun.path
    finally:
        begun.end()


def _named(folder: Path, suffix: str) -> Flight:
    while True:
        path = folder / f"{uuid.uuid4().hex}{suffix}"
        descriptor = os.open(path, _NAMED, _MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return Flight(descriptor, path)
        os.close(descriptor)  # debris() met it between its creation and its lock


@cache
def _sees_itself() -> bool:
    return os.path.isdir(_OWN)  # noqa: PTH112  # a name of the system's, asked once


def debris(folder: Path) -> Iterator[Path]:
    """What dead processes left in `folder`: each is locked while the caller looks at it, and removed after that."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however often the system takes only some."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def note(folder: Path, key: str) -> Iterator[None]:
    """While it stands, whoever finds it dead knows that directories on the way to `key` may be empty."""
    with flight(folder, NOTE) as (descriptor, _):
        write_all(descriptor, key.encode("ascii"))
        yield


def noted_key(path: Path) -> str | None:
    """The key that a dead note names, or None for another file or a note that was never written whole."""
    if path.suffix != NOTE:
        return None
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("ascii") or None
    return None
