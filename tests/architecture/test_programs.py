"""What tests start leaves nothing behind, and says why where it does not start."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import is_running, of_session, until
from tests.programs import Program, folder_of, installed, within_reach
from tests.s3_servers import started_s3

SHELL = "/bin/sh"


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Program]:
    """A program with a child, that heeds no signal but SIGKILL."""
    program = Program((SHELL, "-c", "trap '' TERM INT; sleep 600 & touch began; while :; do sleep 600; done"), tmp_path)
    program.start((tmp_path / "began").exists)
    until(lambda: len(of_session(program.pid)) == 3)
    yield program
    program.kill()


def test_a_program_is_ended_with_all_its_children(family: Program) -> None:
    session = of_session(family.pid)
    family.kill()
    assert not any(map(is_running, session))
    assert not family.is_running


def test_a_frozen_program_stands_still_until_it_is_thawed(family: Program) -> None:
    family.freeze()
    assert family.is_running
    family.thaw()


def test_a_program_that_ends_instead_tells_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="el puerto está ocupado"):
        Program((SHELL, "-c", "echo el puerto está ocupado; exit 1"), tmp_path).start(bool)


def test_a_program_is_told_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_SECRET", "x")
    Program((SHELL,), tmp_path).run(SHELL, "-c", "env >told")
    assert {line.partition("=")[0] for line in (tmp_path / "told").read_text("utf-8").splitlines()} <= {"PATH", "LANG", "HOME", "PWD"}


def test_who_ends_at_once_takes_its_programs_along(tmp_path: Path) -> None:
    words = f"""
import os, signal
from pathlib import Path
from tests.programs import Program
program = Program(("/bin/sleep", "600"), Path({str(tmp_path)!r}))
program.start(lambda: Path(f"/proc/{{program.pid}}/cmdline").read_bytes().startswith(b"/bin/sleep"))
print(program.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", words], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    until(lambda: not is_running(int(ended.stdout)))


def test_where_it_is_not_installed_the_order_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"minio is not installed \(\.ci/setup servers\)"):
        installed("minio", tmp_path, "minio")
    monkeypatch.setattr("tests.s3_servers.SERVERS", tmp_path)
    with pytest.raises(pytest.skip.Exception, match=r"\.ci/setup servers"), started_s3("minio"):
        pass


def test_of_several_the_newest_is_taken(tmp_path: Path) -> None:
    for version in ("9", "15", "10"):
        (tmp_path / version).touch()
    assert installed("PostgreSQL", tmp_path, "*").name == "15"


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: only root starts programs as another user")
def test_what_others_may_not_reach_is_copied_to_where_they_may(tmp_path: Path) -> None:
    program = tmp_path / "closed" / "program"
    program.mkdir(parents=True)
    (program / "words").write_text("hola", "utf-8")
    program.parent.chmod(0o700)
    with folder_of("prueba") as folder:
        reached = within_reach(program, folder)
        assert reached == folder / "program"
        Program((SHELL,), folder, user="nobody").run("grep", "-q", "hola", str(reached / "words"))
        within = within_reach(reached, folder)
    assert within == reached
    assert not folder.exists()
