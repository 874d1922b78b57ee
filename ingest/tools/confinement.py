"""Keep a program that opens hostile files from what it has no need of: files that are not its own, the network, memory, disk.

By the kernel, without privileges: rlimits, Landlock (Linux 5.13; landlock(7)) for files, and a seccomp filter (seccomp(2)) that leaves no
socket but local ones. What the kernel of this machine does not have is left out, and `possible` tells it.
"""

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

_NO_NEW_PRIVILEGES, _SECCOMP, _GET_SECCOMP, _FILTER = 38, 22, 21, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _LIST, _REFER, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 13, 1 << 14
_MAKE_SOCKET, _REMOVE_FILE = 1 << 9, 1 << 5
_OF_FILES: Final = _EXECUTE | _WRITE | _READ | _TRUNCATE
_SINCE: Final = ((1, (1 << 13) - 1), (2, _REFER), (3, _TRUNCATE))
"""The rights over files that each version of Landlock knows besides those before it."""
_IO_URING: Final = 425
_WIDE: Final = 0x40000000
_MACHINES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)})
"""The machines whose calls are known: what seccomp names them, and the number of socket(2)."""
_ALLOW: Final = 0x7FFF0000
_DENY: Final = 0x00050000 | errno.EACCES


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a program may use: it reads beneath `reads` and works beneath `works` (files or folders; those that are not there are nothing),
    and leaves sockets, and nothing else, in `sockets`; `memory` and `file_size` in bytes, `seconds` of processor.
    """

    reads: tuple[str, ...]
    works: tuple[str, ...]
    sockets: tuple[str, ...] = ()
    memory: int = 4 << 30
    file_size: int = 1 << 30
    seconds: int = 600

    def enter(self) -> None:
        """Confine this process and those it starts, for ever. Raises OSError where the kernel knows how and does not do it."""
        for what, most in (
            (resource.RLIMIT_AS, self.memory),
            (resource.RLIMIT_FSIZE, self.file_size),
            (resource.RLIMIT_CPU, self.seconds),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))
        can = possible()
        if any(can.values()):
            _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if can["files"]:
            self._keep_to_files()
        if can["network"]:
            _keep_from_network()

    def _keep_to_files(self) -> None:
        handled = _handled()
        attributes = struct.pack("<Q", handled)
        rules = _syscall(_CREATE_RULESET, attributes, len(attributes), 0)
        try:
            _allow(rules, self.reads, handled & (_EXECUTE | _READ | _LIST))
            _allow(rules, self.works, handled)
            _allow(rules, self.sockets, handled & (_MAKE_SOCKET | _REMOVE_FILE))
            _syscall(_RESTRICT_SELF, rules, 0)
        finally:
            os.close(rules)


def possible() -> dict[str, bool]:
    """What this machine can keep a program from: other `files`, and the `network`."""
    try:
        filters = _call("prctl", _GET_SECCOMP, 0, 0, 0, 0) >= 0
    except (OSError, AttributeError):
        filters = False
    return {"files": _landlock() > 0, "network": filters and platform.machine() in _MACHINES}


def _landlock() -> int:
    """The version of Landlock; 0 for none."""
    try:
        return _syscall(_CREATE_RULESET, None, 0, _VERSION)
    except (OSError, AttributeError):
        return 0


def _handled() -> int:
    version = _landlock()
    return sum(rights for since, rights in _SINCE if version >= since)


def _allow(rules: int, paths: Iterable[str], rights: int) -> None:
    for path in paths:
        with suppress(FileNotFoundError, PermissionError, NotADirectoryError):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                allowed = rights if os.path.isdir(path) else rights & _OF_FILES  # noqa: PTH112 - a path of this side of a fork
                _syscall(_ADD_RULE, rules, _BENEATH, struct.pack("<Qi", allowed, place), 0)
            finally:
                os.close(place)


def _keep_from_network() -> None:
    """No socket but those of this machine's own files (AF_UNIX); nor io_uring, which opens them by another way."""
    machine, opens_socket = _MACHINES[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    program = [
        (load, 0, 0, 4),  # which machine the call is of
        (equal, 0, 7, machine),
        (load, 0, 0, 0),  # its number
        (at_least, 5, 0, _WIDE),
        (equal, 4, 0, _IO_URING),
        (equal, 0, 2, opens_socket),
        (load, 0, 0, 16),  # its first argument: the family of the socket
        (equal, 0, 1, int(socket.AF_UNIX)),
        (answer, 0, 0, _ALLOW),
        (answer, 0, 0, _DENY),
    ]
    steps = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in program))
    whole = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(steps)))
    _call("prctl", _SECCOMP, _FILTER, ctypes.addressof(whole), 0, 0)


def _syscall(number: int, *arguments: Any) -> int:
    return _call("syscall", number, *arguments)


def _call(name: str, *arguments: Any) -> int:
    """Call a function of the C library. OSError where it says that it could not."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_long
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    done = int(function(*wide))
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"possible": possible})
