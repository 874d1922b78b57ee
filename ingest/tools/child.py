"""The child's side of process.py: serve one module's CALLS until the parent goes away."""

import contextlib
import fcntl
import importlib
import io
import json
import os
import resource
import signal
import struct
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!Q")


def main(module: str, memory: int, lifeline: int) -> None:
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _end_with_parent(lifeline)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # short of memory, the system ends a child before the archive
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    calls = importlib.import_module(f"ingest.tools.{module}").CALLS
    while (request := _read(requests)) is not None:
        _write(answers, _answer(calls, request))


def _answer(calls: dict[str, Any], request: dict[str, Any]) -> bytes:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return json.dumps({"result": calls[request["function"]](**request["arguments"])}).encode()
    except MemoryError as fault:
        return _refusal("MemoryError", fault)
    except Exception as fault:  # a tool's refusal is an answer, whatever its class
        code = getattr(fault, "code", None)
        return _refusal(code if isinstance(code, str) else type(fault).__name__, fault)


def _refusal(code: str, fault: Exception) -> bytes:
    return json.dumps({"error": code, "detail": str(fault)[:500]}).encode()


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    request: dict[str, Any] = json.loads(stream.read(_LENGTH.unpack(head)[0]))
    return request


def _write(stream: BinaryIO, payload: bytes) -> None:
    data = memoryview(_LENGTH.pack(len(payload)) + payload)
    while data:
        data = data[stream.write(data) :]


def _end_with_parent(lifeline: int) -> None:
    """End this process and all it started when the parent closes the other end of `lifeline`, which it alone holds, or dies.

    On Linux the kernel does it, also while native code keeps the interpreter busy; elsewhere, and for a parent already gone, a thread.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
