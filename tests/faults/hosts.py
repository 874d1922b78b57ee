"""Machines of their own on this one: each with a network, a name and a view of the files that no other has (namespaces(7))."""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

_NEW_NETWORK: Final = 0x40000000
"""CLONE_NEWNET of sched.h."""
_SET_FLAGS: Final = 0x8914
"""SIOCSIFFLAGS of netdevice(7)."""
_UP: Final = 0x1
_OWN: Final = Path("/proc/thread-self/ns/net")
_BEGIN: Final = """
hostname "$0"
while [ "$1" != -- ]; do
  mount -t tmpfs hidden "$1"
  shift
done
shift
exec "$@"
"""


@dataclass(frozen=True)
class Machine:
    """A machine on which nothing of 127.0.0.1 is reached but what is brought there (network.py). Its name is of a-z and 0-9."""

    name: str
    network: int
    """Descriptor of its network namespace."""

    def command(self, hidden: Iterable[Path]) -> tuple[str, ...]:
        """What comes before a command, to run it on this machine in the same process, which does not see into those folders."""
        entered = ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self.network}", "unshare", "--mount", "--uts")
        return (*entered, "sh", "-ec", _BEGIN, self.name, *map(str, hidden), "--")

    def socket(self) -> socket.socket:
        """A new socket, which stands in its network whoever uses it."""
        with _left_behind():
            _call("setns", self.network)
            return socket.socket()


@contextmanager
def machine(name: str) -> Iterator[Machine]:
    """A machine for a while; skips where this process may not make one."""
    with ExitStack() as closing:
        try:
            with _left_behind():
                _call("unshare", _NEW_NETWORK)
                network = os.open(_OWN, os.O_RDONLY)
                closing.callback(os.close, network)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
                    fcntl.ioctl(asked, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))
        except PermissionError:
            pytest.skip("not run: only root may make a network of its own")
        yield Machine(name, network)


@contextmanager
def _left_behind() -> Iterator[None]:
    """What this thread changes of its network is so for a while."""
    own = os.open(_OWN, os.O_RDONLY)
    try:
        yield
    finally:
        try:
            _call("setns", own)
        finally:
            os.close(own)


def _call(name: str, argument: int) -> None:
    """unshare(2) of a network, setns(2) to one. Raises OSError."""
    given = (argument, _NEW_NETWORK) if name == "setns" else (argument,)
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*given) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
