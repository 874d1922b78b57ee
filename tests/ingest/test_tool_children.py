"""A tool call never leaves a child behind, whatever the child, its input or its parent do."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from ingest.tools import process
from ingest.tools.process import ChildLimits, ToolBox, ToolCrashed, ToolFailed, ToolOutOfMemory, ToolTimeout, run

PYTHON = sys.executable
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def box() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


def python(code: str) -> dict[str, object]:
    return {"command": [PYTHON, "-c", code], "cwd": None}


def ended(pid: int) -> bool:
    """Whether a process has ended, waiting a while for it; a zombie has."""
    for _ in range(400):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def written(path: Path) -> str:
    """What another process writes to a file, once it has."""
    for _ in range(400):
        if path.exists() and (content := path.read_text()):
            return content
        time.sleep(0.05)
    raise AssertionError(f"nothing was written to {path}")


def test_a_call_gives_the_functions_result_and_the_child_stays(box: ToolBox, tmp_path: Path) -> None:
    (tmp_path / "nota.txt").write_text("Hola")
    arguments = {"path": str(tmp_path / "nota.txt"), "family": "text", "max_chars": 100}
    answers = [box.call("markup", "read", timeout=30, **arguments) for _ in range(3)]
    assert [answer["passages"][0]["text"] for answer in answers] == ["Hola"] * 3


def test_a_refusal_says_why_and_the_child_stays_usable(box: ToolBox, tmp_path: Path) -> None:
    broken = tmp_path / "roto.pdf"
    broken.write_bytes(b"no es un PDF")
    with pytest.raises(ToolFailed) as refusal:
        box.call("pdf", "read", timeout=30, path=str(broken), first=1, last=1)
    assert refusal.value.code == "pdf.damaged"
    with pytest.raises(ToolFailed, match="KeyError"):
        box.call("pdf", "no_such_function", timeout=30)


def test_a_hanging_child_is_ended_with_all_it_started(box: ToolBox, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    sleeper = f"""
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(note)!r}, "w").write(f"{{os.getpid()}} {{inner.pid}} ")
time.sleep(600)
"""
    with pytest.raises(ToolTimeout):
        box.call("process", "run", timeout=8, **python(sleeper))
    assert all(ended(int(pid)) for pid in written(note).split())


def test_a_crash_is_told_and_the_next_call_has_a_new_child(box: ToolBox) -> None:
    with pytest.raises(ToolCrashed):
        box.call("process", "run", timeout=30, **python("import os,signal; os.kill(os.getppid(), signal.SIGSEGV)"))
    assert box.call("process", "run", timeout=30, **python("print('vivo')"))[1] == "vivo\n"


def kill_caller(note: Path, times: int) -> dict[str, object]:
    """A program that has the child that runs it killed from outside, so many times, and then answers."""
    return python(f"""
import os, signal
with open({str(note)!r}, "a+") as stream:
    stream.seek(0)
    before = len(stream.read())
    stream.write("x")
if before < {times}:
    os.kill(os.getppid(), signal.SIGKILL)
print("vivo")
""")


def test_a_call_whose_child_another_killed_is_made_once_more(box: ToolBox, tmp_path: Path) -> None:
    note = tmp_path / "veces"
    assert box.call("process", "run", timeout=30, **kill_caller(note, 1))[1] == "vivo\n"
    assert written(note) == "xx"


def test_a_call_whose_child_is_killed_again_is_given_up(box: ToolBox, tmp_path: Path) -> None:
    note = tmp_path / "veces"
    with pytest.raises(ToolCrashed):
        box.call("process", "run", timeout=30, **kill_caller(note, 5))
    assert written(note) == "xx"


def test_memory_is_held_in_a_child(tmp_path: Path) -> None:
    large = tmp_path / "grande.txt"
    with large.open("wb") as stream:
        stream.write("año ".encode() * 20_000_000)
    box = ToolBox(size=1, limits={"markup": ChildLimits(memory=300 << 20)})
    try:
        with pytest.raises(ToolOutOfMemory):
            box.call("markup", "read", timeout=60, path=str(large), family="text", max_chars=100_000_000)
        small = tmp_path / "chico.txt"
        small.write_text("sigue")
        assert box.call("markup", "read", timeout=30, path=str(small), family="text", max_chars=100)["passages"][0]["text"] == "sigue"
    finally:
        box.close()


def test_memory_is_held_in_what_a_child_starts() -> None:
    box = ToolBox(size=1, limits={"process": ChildLimits(memory=400 << 20)})
    try:
        status, out, err = box.call("process", "run", timeout=30, **python("x = bytearray(1 << 30); print('cabe')"))
        assert (status, out) == (1, "")
        assert "MemoryError" in err
    finally:
        box.close()


def test_an_answer_beyond_the_limit_ends_the_child(box: ToolBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_ANSWER", 1000)
    with pytest.raises(ToolCrashed):
        box.call("process", "run", timeout=30, **python("print('x' * 5000)"))


def test_what_a_library_prints_does_not_mix_with_the_answers(box: ToolBox) -> None:
    assert box.call("process", "run", timeout=30, **python("print('ruido')")) == [0, "ruido\n", ""]


def test_a_child_is_replaced_after_its_calls(tmp_path: Path) -> None:
    box = ToolBox(size=1, limits={"process": ChildLimits(calls=2, memory=16 << 30)})
    try:
        parents = [box.call("process", "run", timeout=30, **python("import os; print(os.getppid())"))[1] for _ in range(4)]
    finally:
        box.close()
    assert parents[0] == parents[1] != parents[2] == parents[3]


def test_callers_share_no_child(tmp_path: Path) -> None:
    box = ToolBox(size=2, limits={"process": ChildLimits(calls=50, memory=16 << 30)})
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = box.call("process", "run", timeout=60, **python(f"print({number})"))[1]

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    box.close()
    assert answers == {number: f"{number}\n" for number in range(8)}


def test_two_hundred_calls_leave_no_descriptor_and_no_process(tmp_path: Path) -> None:
    note = tmp_path / "nota.txt"
    note.write_text("Hola")

    def calls(count: int) -> None:
        box = ToolBox(size=1, limits={"markup": ChildLimits(calls=50)})
        for _ in range(count):
            box.call("markup", "read", timeout=30, path=str(note), family="text", max_chars=100)
        box.close()

    calls(1)
    descriptors, children = open_descriptors(), mine()
    calls(200)
    assert open_descriptors() == descriptors
    assert mine() == children


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def mine() -> set[str]:
    """The processes that this one started."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize("busy", [False, True])
def test_children_end_when_their_parent_is_killed(tmp_path: Path, busy: bool) -> None:
    """Also a child none of whose threads can run, as one deep in native code."""
    if busy and not hasattr(fcntl, "F_SETSIG"):
        pytest.skip("not run: this system does not end children by itself")
    note = tmp_path / "pids"
    code = f"""
import sys
from ingest.tools.process import ToolBox
box = ToolBox(size=1)
inner = "import os,time; open({str(note)!r}, 'w').write(f'{{os.getppid()}} {{os.getpid()}} '); time.sleep(600)"
box.call("process", "run", timeout=600, command=[sys.executable, "-c", inner], cwd=None)
"""
    parent = subprocess.Popen([PYTHON, "-c", code], cwd=ROOT)
    try:
        pids = [int(pid) for pid in written(note).split()]
        if busy:
            os.kill(pids[0], signal.SIGSTOP)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert all(ended(pid) for pid in pids)


def test_run_gives_output_and_status() -> None:
    done = run([PYTHON, "-c", "import sys; print('ñ'); sys.exit(3)"], timeout=30)
    assert (done.returncode, done.stdout.decode()) == (3, "ñ\n")


def test_run_ends_what_takes_too_long_and_says_what_cannot_start(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(ToolTimeout):
        run([PYTHON, "-c", f"import os,time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"], timeout=6)
    assert ended(int(written(note)))
    with pytest.raises(ToolCrashed):
        run([tmp_path / "no-such-program"], timeout=30)
