"""The child's side of process.py: serve one module's CALLS until the parent goes away."""

import contextlib
import importlib
import io
import json
import os
import resource
import struct
import sys
import threading
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!Q")


def main(module: str, memory: int, lifeline: int) -> None:
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    calls = importlib.import_module(f"ingest.tools.{module}").CALLS
    while (request := _read(requests)) is not None:
        _write(answers, _answer(calls, request))


def _answer(calls: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return {"result": calls[request["function"]](**request["arguments"])}
    except MemoryError as fault:
        return {"error": "MemoryError", "detail": str(fault)}
    except RecursionError as fault:
        return {"error": "RecursionError", "detail": str(fault)[:500]}
    except Exception as fault:  # a tool's refusal is an answer, whatever its class
        return {"error": getattr(fault, "code", None) or type(fault).__name__, "detail": str(fault)[:500]}


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    request: dict[str, Any] = json.loads(stream.read(_LENGTH.unpack(head)[0]))
    return request


def _write(stream: BinaryIO, answer: dict[str, Any]) -> None:
    payload = json.dumps(answer).encode()
    data = memoryview(_LENGTH.pack(len(payload)) + payload)
    while data:
        data = data[stream.write(data) :]


def _end_with_parent(lifeline: int) -> None:
    """The parent alone holds the other end: reading ends only when the parent closes it or dies."""
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
