"""Bytes in flight on a local disk: each file is locked while its process lives, so what nobody locks is debris."""

import ctypes
import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NOTE: Final = ".dirs"


@dataclass(frozen=True, slots=True)
class Flight:
    """A file in flight: its descriptor, open for reading and writing, and its path, gone when the flight ends."""

    descriptor: int
    path: Path


@contextmanager
def flight(folder: Path, suffix: str = "") -> Iterator[Flight]:
    """A new locked file of `folder`, removed at the end whatever happens. Raises OSError as the disk does."""
    while True:
        path = folder / f"{uuid.uuid4().hex}{suffix}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            break
        os.close(descriptor)  # debris() met it between its creation and its lock
    try:
        yield Flight(descriptor, path)
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


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


def flush_file_system(folder: Path) -> None:
    """Bring everything written to the file system that holds `folder` to the disk: syncfs(2). Raises OSError as the disk does.

    Where the system has no such call, all file systems are written.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(descriptor)


@contextmanager
def note(folder: Path, key: str) -> Iterator[None]:
    """While it stands, whoever finds it dead knows that directories on the way to `key` may be empty."""
    with flight(folder, NOTE) as noted:
        write_all(noted.descriptor, key.encode("ascii"))
        yield


def noted_key(path: Path) -> str | None:
    """The key that a dead note names, or None for another file or a note that was never written whole."""
    if path.suffix != NOTE:
        return None
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("ascii") or None
    return None
