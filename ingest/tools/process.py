"""The only place that starts a process: long-lived children, started by exec, with limits of time, memory and output.

A child serves the functions of one module of ingest.tools, named in that module's CALLS. Requests and answers are JSON, one at a time,
each with its length before it. A child that crashes, hangs or grows is ended and replaced; its caller gets a ToolError. A child ends by
itself when its parent dies, however it dies.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any, Final

MAX_ANSWER: Final = 512 << 20
_LENGTH: Final = struct.Struct("!Q")


class ToolError(Exception):
    """A tool did not give a result. Tree: ToolTimeout, ToolCrashed, ToolOutOfMemory, ToolFailed."""


class ToolTimeout(ToolError):
    """It took longer than allowed and was ended."""


class ToolCrashed(ToolError):
    """Its process ended by itself, with a signal or an exit status."""


class ToolOutOfMemory(ToolError):
    """It asked for more memory than allowed."""


class ToolFailed(ToolError):
    """It refused the input and said why: `code` is the exception's name, or the code the tool chose."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Limits of one child: bytes of address space, and calls after which it is replaced by a fresh one."""

    memory: int = 2 << 30
    calls: int = 500


class Child:
    """One long-lived child serving one module. Not thread-safe: a ToolBox lends it to one caller at a time."""

    def __init__(self, module: str, limits: ChildLimits) -> None:
        self.module = module
        self.calls_left = limits.calls
        lifeline_read, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ingest.tools.child", module, str(limits.memory), str(lifeline_read)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=(lifeline_read,),
                start_new_session=True,
                env=_environment(),
            )
        finally:
            os.close(lifeline_read)

    def call(self, function: str, arguments: Mapping[str, Any], timeout: float) -> Any:
        self.calls_left -= 1
        deadline = time.monotonic() + timeout
        try:
            self._send(json.dumps({"function": function, "arguments": arguments}).encode())
            answer = self._receive(deadline)
        except ToolError:
            self.close()
            raise
        except OSError as fault:
            self.close()
            raise ToolCrashed(str(fault)) from fault
        if "error" not in answer:
            return answer["result"]
        if answer["error"] == "MemoryError":
            self.close()
            raise ToolOutOfMemory(answer["detail"])
        raise ToolFailed(answer["error"], answer["detail"])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def usable(self) -> bool:
        return self.calls_left > 0 and self._process.poll() is None

    def close(self) -> None:
        """End the child and what it started, whatever state it is in."""
        with suppress(OSError):
            os.close(self._lifeline)
        self._lifeline = -1
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()

    def _send(self, payload: bytes) -> None:
        assert self._process.stdin is not None
        data = memoryview(_LENGTH.pack(len(payload)) + payload)
        while data:
            data = data[self._process.stdin.write(data) :]

    def _receive(self, deadline: float) -> dict[str, Any]:
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > MAX_ANSWER:
            raise ToolCrashed("the answer is larger than allowed")
        answer = json.loads(self._read(length, deadline))
        if not isinstance(answer, dict):
            raise ToolCrashed("the answer is not an object")
        return answer

    def _read(self, size: int, deadline: float) -> bytes:
        assert self._process.stdout is not None
        chunks = bytearray()
        while len(chunks) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select([self._process.stdout], [], [], left)[0]:
                raise ToolTimeout(f"{self.module} took longer than allowed")
            data = os.read(self._process.stdout.fileno(), min(size - len(chunks), 1 << 20))
            if not data:
                status = self._process.wait()
                raise ToolCrashed(f"{self.module} ended with {status}")
            chunks += data
        return bytes(chunks)


@dataclass(slots=True)
class ToolBox:
    """Lends children to callers, at most `size` of each module at once; implements ingest.step.Tools. Close it at the end."""

    size: int = 2
    limits: Mapping[str, ChildLimits] = field(default_factory=dict)
    _idle: dict[str, list[Child]] = field(default_factory=dict)
    _slots: dict[str, threading.BoundedSemaphore] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def call(self, module: str, function: str, *, timeout: float, **arguments: Any) -> Any:
        with self._lock:
            slot = self._slots.setdefault(module, threading.BoundedSemaphore(self.size))
        with slot:
            child = self._borrow(module)
            try:
                return child.call(function, arguments, timeout)
            finally:
                self._give_back(module, child)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            children = [child for idle in self._idle.values() for child in idle]
            self._idle.clear()
        for child in children:
            child.close()

    def _borrow(self, module: str) -> Child:
        with self._lock:
            idle = self._idle.get(module, [])
            while idle:
                child = idle.pop()
                if child.usable:
                    return child
                child.close()
        return Child(module, self.limits.get(module, ChildLimits()))

    def _give_back(self, module: str, child: Child) -> None:
        with self._lock:
            keep = child.usable and not self._closed
            if keep:
                self._idle.setdefault(module, []).append(child)
        if not keep:
            child.close()


def run(command: Sequence[str | Path], *, timeout: float, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a program once, without a shell; ToolTimeout when it takes too long, ToolCrashed when it cannot be started."""
    try:
        return subprocess.run(command, capture_output=True, timeout=timeout, check=False, cwd=cwd, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as fault:
        raise ToolTimeout(f"{command[0]} took longer than allowed") from fault
    except OSError as fault:
        raise ToolCrashed(str(fault)) from fault


def _environment() -> dict[str, str]:
    """What a child sees: no secret of the parent, one thread of arithmetic."""
    root = str(Path(__file__).resolve().parents[2])
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "TESSDATA_PREFIX") if name in os.environ}
    return kept | {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": root}
