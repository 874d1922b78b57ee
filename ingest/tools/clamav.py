"""Speak with the ClamAV daemon over its unix socket (clamd(8): zVERSION, zINSTREAM). The file's bytes are only passed on."""

import socket
import struct
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 18
_MAX_ANSWER: Final = 4096


class ScannerUnavailable(Exception):
    """The daemon did not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`signature`: the name of what was found, "" when nothing was. `too_large`: the daemon does not take files of this size."""

    engine: str
    signature: str = ""
    too_large: bool = False


def scan(path: Path, socket_path: Path, timeout: float) -> Verdict:
    """Have `path` scanned within `timeout` seconds in all. Raises ScannerUnavailable."""
    deadline = time.monotonic() + timeout
    try:
        engine = _version(socket_path, deadline)
        answer = _instream(path, socket_path, deadline)
    except (OSError, ValueError) as fault:
        raise ScannerUnavailable(str(fault)) from fault
    if "size limit exceeded" in answer:
        return Verdict(engine, too_large=True)
    if answer.endswith(" FOUND"):
        return Verdict(engine, answer.removeprefix("stream: ").removesuffix(" FOUND"))
    if answer == "stream: OK":
        return Verdict(engine)
    raise ScannerUnavailable(answer)


def _version(socket_path: Path, deadline: float) -> str:
    with closing(_connected(socket_path, deadline)) as connection:
        connection.sendall(b"zVERSION\0")
        return _answer(connection, deadline)


def _instream(path: Path, socket_path: Path, deadline: float) -> str:
    """Send the file in chunks, each after its length; a daemon that has enough answers and closes before the end."""
    with closing(_connected(socket_path, deadline)) as connection, path.open("rb") as stream:
        connection.sendall(b"zINSTREAM\0")
        try:
            while chunk := stream.read(_CHUNK):
                connection.settimeout(_left(deadline))
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
            connection.sendall(struct.pack("!I", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass
        return _answer(connection, deadline)


def _connected(socket_path: Path, deadline: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_left(deadline))
        connection.connect(str(socket_path))
    except OSError:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket, deadline: float) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _MAX_ANSWER:
        connection.settimeout(_left(deadline))
        data = connection.recv(_MAX_ANSWER)
        if not data:
            break
        answer += data
    if not answer:
        raise ValueError("no answer")
    return answer.rstrip(b"\0\n").decode("utf-8", "replace").strip()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the scanner took longer than allowed")
    return left
