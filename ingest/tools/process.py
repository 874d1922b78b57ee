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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from select import POLLIN, POLLOUT, poll
from types import MappingProxyType
from typing import IO, Any, Final

from ingest.tools.confinement import Confinement

MAX_ANSWER: Final = 256 << 20
_LENGTH: Final = struct.Struct("!Q")
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class ToolError(Exception):
    """A tool did not give a result. Tree: ToolTimeout, ToolCrashed (ToolKilled), ToolOutOfMemory, ToolFailed."""


class ToolTimeout(ToolError):
    """It took longer than allowed and was ended."""


class ToolCrashed(ToolError):
    """Its process ended by itself, with a signal or an exit status."""


class ToolKilled(ToolCrashed):
    """Another ended its process with SIGKILL, which no input does: the system short of memory, or a person."""


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


LIMITS: Final[Mapping[str, ChildLimits]] = MappingProxyType(
    {
        "identification": ChildLimits(memory=4 << 30, calls=2000),  # the Go runtime reserves 1.7 GiB of addresses before it does anything
        "pdf": ChildLimits(memory=1536 << 20),
        "image": ChildLimits(memory=512 << 20, calls=2000),
        "office": ChildLimits(memory=1 << 30),
        "old_office": ChildLimits(memory=1536 << 20),  # a sheet of XLS is laid out whole: 1,070 MB where a cell is in its last corner
        "pdfa": ChildLimits(memory=1536 << 20, calls=200),
        "migration": ChildLimits(memory=1536 << 20, calls=50),
        "exported": ChildLimits(memory=2 << 30, calls=50),
        "wide_sheets": ChildLimits(memory=2 << 30),
        "beyond": ChildLimits(memory=1 << 30),
        "signatures": ChildLimits(memory=1 << 30, calls=200),
        "timestamps": ChildLimits(memory=1 << 30, calls=200),
        "structure": ChildLimits(memory=1 << 30, calls=2000),
        "markup": ChildLimits(memory=1536 << 20, calls=2000),
        "mail": ChildLimits(memory=1536 << 20),
        "process": ChildLimits(memory=16 << 30, calls=1),  # programs that `run` starts; a Java machine reserves much more than it uses
    }
)


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
        except OSError as fault:
            os.close(self._lifeline)
            raise ToolCrashed(str(fault)) from fault
        finally:
            os.close(lifeline_read)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)

    def call(self, function: str, arguments: Mapping[str, Any], timeout: float) -> Any:
        """Call one function within `timeout` seconds. Anything but a whole answer ends the child: no answer is taken for another's."""
        self.calls_left -= 1
        deadline = time.monotonic() + timeout
        try:
            self._send(json.dumps({"function": function, "arguments": arguments}).encode(), deadline)
            answer = self._receive(deadline)
        except OSError as fault:
            ended = self._ended(str(fault))
            self.close()
            raise ended from fault
        except BaseException:
            self.close()
            raise
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
        if self._lifeline < 0:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        os.close(self._lifeline)
        self._lifeline = -1
        for stream in (self._requests, self._answers):
            with suppress(OSError):
                stream.close()
        self._process.wait()

    def _send(self, payload: bytes, deadline: float) -> None:
        data = memoryview(_LENGTH.pack(len(payload)) + payload)
        while data:
            self._wait(self._requests, POLLOUT, deadline)
            data = data[os.write(self._requests.fileno(), data) :]

    def _receive(self, deadline: float) -> dict[str, Any]:
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > MAX_ANSWER:
            raise ToolCrashed("the answer is larger than allowed")
        try:
            answer = json.loads(self._read(length, deadline))
        except (ValueError, RecursionError) as fault:
            raise ToolCrashed("the answer is not JSON") from fault
        if not isinstance(answer, dict) or not ({"result"} <= answer.keys() or {"error", "detail"} <= answer.keys()):
            raise ToolCrashed("the answer is not an answer")
        return answer

    def _read(self, size: int, deadline: float) -> bytes:
        chunks = bytearray()
        while len(chunks) < size:
            self._wait(self._answers, POLLIN, deadline)
            data = os.read(self._answers.fileno(), min(size - len(chunks), 1 << 20))
            if not data:
                raise self._ended(f"{self.module} ended by itself")
            chunks += data
        return bytes(chunks)

    def _ended(self, detail: str) -> ToolCrashed:
        """How a child ended that closed its end of the talk."""
        with suppress(subprocess.TimeoutExpired):
            if self._process.wait(1) == -signal.SIGKILL:
                return ToolKilled(f"{self.module} was killed")
        return ToolCrashed(detail)

    def _wait(self, stream: IO[bytes], event: int, deadline: float) -> None:
        """Wait until `stream` is ready; poll, because select refuses descriptors beyond 1,023."""
        waiting = poll()
        waiting.register(stream, event)
        left = deadline - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            raise ToolTimeout(f"{self.module} took longer than allowed")


@dataclass(slots=True)
class ToolBox:
    """Lends children to callers, at most `size` of each module at once; implements ingest.step.Tools. Close it at the end."""

    size: int = 2
    limits: Mapping[str, ChildLimits] = field(default_factory=lambda: LIMITS)
    _idle: dict[str, list[Child]] = field(default_factory=dict)
    _slots: dict[str, threading.BoundedSemaphore] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def call(self, module: str, function: str, *, timeout: float, **arguments: Any) -> Any:
        """Call a function of a module's child, within `timeout` seconds; once more if another killed the child. Raises ToolError."""
        with self._lock:
            slot = self._slots.setdefault(module, threading.BoundedSemaphore(self.size))
        with slot:
            try:
                return self._call(module, function, arguments, timeout)
            except ToolKilled:
                return self._call(module, function, arguments, timeout)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            children = [child for idle in self._idle.values() for child in idle]
            self._idle.clear()
        for child in children:
            child.close()

    def _call(self, module: str, function: str, arguments: Mapping[str, Any], timeout: float) -> Any:
        child = self._borrow(module)
        try:
            return child.call(function, arguments, timeout)
        finally:
            self._give_back(module, child)

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


def run(
    command: Sequence[str | Path], *, timeout: float, cwd: Path | None = None, environment: Mapping[str, str] = _NOTHING
) -> subprocess.CompletedProcess[bytes]:
    """Run a program once, without a shell, in the process group of a child of its own: whatever it started ends with it. `environment` is
    added to that of children, which has no secret.

    ToolTimeout when it takes longer than `timeout` seconds, ToolCrashed when it cannot be started.
    """
    words = [str(word) for word in command]
    child = Child("process", LIMITS["process"])
    try:
        arguments = {"command": words, "cwd": None if cwd is None else str(cwd), "environment": dict(environment)}
        status, out, err = child.call("run", arguments, timeout)
    except ToolFailed as fault:
        raise ToolCrashed(fault.detail) from fault
    finally:
        child.close()
    return subprocess.CompletedProcess(words, status, out.encode("latin-1"), err.encode("latin-1"))


def run_confined(
    command: Sequence[str | Path], confinement: Confinement, *, timeout: float, folder: Path, environment: Mapping[str, str]
) -> int:
    """Run a program that opens hostile files, as run() does and confined besides, with no more environment than this; its exit status.

    What it says is left in `folder`, as `said`. Raises as run() does.
    """
    child = Child("process", LIMITS["process"])
    words = [str(word) for word in command]
    arguments = {"command": words, "folder": str(folder), "environment": dict(environment), "confinement": asdict(confinement)}
    try:
        status: int = child.call("run_confined", arguments, timeout)
    except ToolFailed as fault:
        raise ToolCrashed(fault.detail) from fault
    finally:
        child.close()
    return status


def _run_confined(command: list[str], folder: str, environment: dict[str, str], confinement: dict[str, Any]) -> int:
    """The child's half of run_confined(). The process that forks has no thread but one that waits for a byte, so that what is done
    before the program begins cannot wait for a lock that nobody gives back.
    """
    enter = Confinement(**confinement).enter
    with Path(folder, "said").open("wb") as said:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, cwd=folder, env=environment, preexec_fn=enter
        )
    return done.returncode


def _run(command: list[str], cwd: str | None, environment: Mapping[str, str] = _NOTHING) -> tuple[int, str, str]:
    """The child's half of run(). Bytes travel as latin-1 text, because answers are JSON."""
    whole = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, check=False, cwd=cwd, env=whole, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"run": _run, "run_confined": _run_confined})


def _environment() -> dict[str, str]:
    """What a child sees: no secret of the parent, one thread of arithmetic."""
    root = str(Path(__file__).resolve().parents[2])
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "TESSDATA_PREFIX") if name in os.environ}
    return kept | {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": root}


@contextmanager
def helped_by(command: Sequence[str | Path], environment: Mapping[str, str]) -> Iterator[None]:
    """Run a program beside this one, which must end when its standard input does: it ends however this one ends.

    `environment` is added to ours. A program that cannot be started, or that ends before, is nobody's loss.
    """
    try:
        beside = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
        )
    except OSError:
        yield
        return
    with beside:
        yield


def detach(command: Sequence[str | Path], log: Path) -> int:
    """Start a program that outlives this one, in a session of its own, its messages appended to `log`; its process id."""
    with log.open("ab") as messages:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, start_new_session=True).pid
