"""One sync for many files: the whole file system at once, where that is as good as fsync(2) of each."""

import ctypes
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

_LOCAL: Final = {
    0xEF53: "ext",
    0x58465342: "xfs",
    0x9123683E: "btrfs",
    0xCA451A4E: "bcachefs",
    0xF2F52010: "f2fs",
    0x2FC12FC1: "zfs",
    0x01021994: "tmpfs",
}
"""The file systems whose syncfs(2) writes to the disk what fsync(2) would, by their f_type (statfs(2)).

Of those of a network, and of FUSE, some only hand the bytes on: their server or program is told to keep them by fsync(2) alone. So is the
file system beneath an overlayfs, whose faults it tells or not by its kernel, and which writes nothing at all where it is mounted volatile.
"""
_TELLS: Final = (5, 8)
"""The version of Linux since which syncfs(2) tells of bytes that could not be written."""


def watched(folder: Path) -> int | None:
    """A descriptor to be given to sync_file_system() once all is written, opened before anything is: it is told of what the system failed
    to write since, also by itself. The caller closes it. None where one sync is not enough: see can_flush(). Raises OSError.
    """
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) if can_flush(folder) else None


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """What is written at `path` within the block, a file or a folder with all that is beneath it, is on the disk when the block ends well.

    A folder by one sync of the file system, which is watched since before the block, where that is enough; else its files and folders one
    by one, and a file by itself. Raises OSError, of what failed to be written too. The folder above `path` is there.
    """
    above = watched(path.parent)
    try:
        yield
        if above is not None and path.is_dir():
            sync_file_system(above)
        else:
            _sync_each(path)
    finally:
        if above is not None:
            os.close(above)


def _sync_each(path: Path) -> None:
    for above, _, names in os.walk(path, topdown=False):
        for name in names:
            _sync(Path(above, name))
        _sync(Path(above))
    if path.is_file():
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def can_flush(folder: Path) -> bool:
    """Whether one sync is enough for a folder: on a disk of this machine, where the system has syncfs(2) and tells its errors."""
    return _tells_errors() and _type_of(folder) in _LOCAL


def sync_file_system(descriptor: int) -> None:
    """Bring everything written to the file system of an open folder to the disk: syncfs(2). Raises OSError as the disk does."""
    if _libc().syncfs(descriptor) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _type_of(folder: Path) -> int:
    """The f_type of statfs(2), the first word of what it answers; 0 where it cannot be asked."""
    answer = (ctypes.c_long * 64)()
    if not hasattr(_libc(), "statfs") or _libc().statfs(os.fsencode(folder), ctypes.byref(answer)) != 0:
        return 0
    return int(answer[0]) & 0xFFFFFFFF


@cache
def _tells_errors() -> bool:
    version = re.match(r"(\d+)\.(\d+)", platform.release())
    known = version is not None and (int(version[1]), int(version[2])) >= _TELLS
    return known and platform.system() == "Linux" and hasattr(_libc(), "syncfs")


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
