"""Open and read what lies beneath a folder without following any symbolic link on the way."""

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from preservation.fixity import Digest
from preservation.store import LONGEST, SEGMENT, BadKey, ObjectKey, StoreUnavailable, check_key

ABSENT: Final = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))
"""What the disk says of a place where there is no object: nothing, a file on the way, a link."""
UNREADABLE: Final = frozenset((errno.EIO, errno.EBADMSG, errno.EUCLEAN))
"""What it says of a file whose bytes it lost."""
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ROOM: Final = 1 << 18
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPENAT2: Final = 437
_NO_SYMLINKS: Final = 0x04
_BENEATH: Final = 0x08
_WITHOUT: Final = (errno.ENOSYS, errno.EPERM)
"""What a system without the call answers, and one whose filter of calls does not know it."""


class _How(ctypes.Structure):
    """struct open_how of openat2(2)."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(root: Path, path: str, flags: int) -> int:
    """A descriptor of `path`, relative to `root`, or of `root` itself where it is empty. Raises OSError; ELOOP or ENOTDIR for a link.

    In one call where Linux has openat2(2), else folder by folder.
    """
    top = os.open(root, _FOLDER)
    if not path:
        return top
    try:
        call = _openat2()
        if call is not None:
            how = _How(flags, 0, _NO_SYMLINKS | _BENEATH)
            descriptor = int(call(_OPENAT2, top, path.encode("ascii"), ctypes.byref(how), ctypes.sizeof(how)))
            if descriptor >= 0:
                return descriptor
            fault = ctypes.get_errno()
            if fault != errno.EAGAIN:  # a rename elsewhere on the way: the other way tells
                raise OSError(fault, os.strerror(fault), path)
        return _step_by_step(top, path, flags)
    finally:
        os.close(top)


def digests_beneath(root: Path, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
    """ObjectStore.digests() of files beneath `root`: quickest for keys that come folder by folder. Raises StoreUnavailable."""
    room = memoryview(bytearray(_ROOM))
    begun: Callable[..., Any] = getattr(hashlib, algorithm, None) or partial(hashlib.new, algorithm)
    folder, descriptor = None, -1
    try:
        for key in keys:
            above, _, name = key.rpartition("/")
            try:
                if above != folder:
                    check_key(key)
                    opened = open_beneath(root, above, _FOLDER)
                    if descriptor >= 0:
                        os.close(descriptor)
                    folder, descriptor = above, opened
                elif not SEGMENT.fullmatch(name) or len(key) > LONGEST:
                    raise BadKey(key)
                value = _digest(os.open(name, _FILE, dir_fd=descriptor), begun, room)
                yield key, None if value is None else Digest(algorithm, value)
            except BadKey:
                yield key, None
            except OSError as error:
                if error.errno not in ABSENT | UNREADABLE:
                    raise StoreUnavailable(f"{key}: {error.strerror}") from error
                yield key, None if error.errno in ABSENT else Digest(algorithm, hashlib.new(algorithm).hexdigest())
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _digest(descriptor: int, begun: Callable[..., Any], room: memoryview) -> str | None:
    """Of a file, which is closed, in hexadecimal; None where it is something else."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        count = os.readv(descriptor, (room,))
        if count == status.st_size < _ROOM:  # a small file, whole in one reading
            return str(begun(room[:count]).hexdigest())
        taken = begun(room[:count])
        while count:
            count = os.readv(descriptor, (room,))
            taken.update(room[:count])
        return str(taken.hexdigest())
    finally:
        os.close(descriptor)


def _step_by_step(top: int, path: str, flags: int) -> int:
    *folders, name = path.split("/")
    descriptor = os.dup(top)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        return os.open(name, flags, dir_fd=descriptor)
    finally:
        os.close(descriptor)


@cache
def _openat2() -> Any | None:
    """The system's call, if it has it; tried once on the present folder."""
    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError):
        return None
    call.restype = ctypes.c_long
    call.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
    how = _How(_FOLDER, 0, _NO_SYMLINKS)
    top = os.open("/", _FOLDER)
    try:
        descriptor = int(call(_OPENAT2, top, b".", ctypes.byref(how), ctypes.sizeof(how)))
        if descriptor < 0:
            return None if ctypes.get_errno() in _WITHOUT else call
        os.close(descriptor)
        return call
    finally:
        os.close(top)
