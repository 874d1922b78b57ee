"""Two processes on one home agree; a home can be moved."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from archivo.access.policy import custody, scope
from archivo.assembly import opened
from archivo.demo import TRD
from archivo.jobs import Job, JobState
from search.index import Query
from tests.processes import children, is_running, until

from .conftest import Command

ROOT = Path(__file__).parents[2]
WORKER = b"\0worker\0"


def start(home: Path, *words: str | Path) -> "subprocess.Popen[str]":
    ours = {"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1"}
    ours |= {k: v for k, v in os.environ.items() if k == "ARCHIVO_DATABASE_URL"}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ARCHIVO_")} | ours
    command = [sys.executable, "-m", "archivo", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines_of(running: "subprocess.Popen[str]") -> list[dict[str, object]]:
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def found() -> int:
    """How many documents one who sees all finds."""
    with opened() as archive:
        return archive.index.search(Query("chivatera"), scope=scope(custody("prueba"))).total


def delivery(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / f"{name}.txt").write_text(f"Oficio del {name}. Se informa sobre la quebrada Chivatera.\n", "utf-8")
    return folder


def test_the_same_and_different_files_at_once(home: Path, tmp_path: Path, archivo: Command) -> None:
    archivo("trd", "import", TRD)
    first = delivery(tmp_path / "uno", "acueducto", "puente", "camino")
    second = delivery(tmp_path / "dos", "puente", "camino", "matadero")
    running = [start(home, "deposit", folder, "--wait", "--json") for folder in (first, second)]
    searches = [found() for _ in range(3)]
    answers = [lines_of(one) for one in running]
    by_name = [{str(line["filename"]): line for line in lines} for lines in answers]
    assert {line["state"] for lines in answers for line in lines} == {"findable"}
    for name in ("puente.txt", "camino.txt"):
        assert by_name[0][name]["id"] == by_name[1][name]["id"]
        assert sum(lines[name]["duplicate_of"] is not None for lines in by_name) == 1
    assert all(0 <= total <= 4 for total in searches)
    assert found() == 4
    verified = archivo("verify", "--json")
    assert (verified.status, verified.value["checked"]) == (0, 4)
    assert archivo("jobs", "--failed", "--json").value == []
    for line in answers[0]:
        codes = [event["type"] for event in archivo("show", str(line["id"]), "--json").value["events"]]
        assert codes.count("reception") <= 1
        assert len(codes) == len(archivo("show", str(answers[1][-1]["id"]), "--json").value["events"])


def test_four_senders_of_the_same_bytes_make_one_document(home: Path, tmp_path: Path, archivo: Command) -> None:
    archivo("trd", "list")
    letter = delivery(tmp_path / "carta", "molino") / "molino.txt"
    answers = [lines_of(one)[0] for one in [start(home, "deposit", letter, "--json") for _ in range(4)]]
    assert len({answer["id"] for answer in answers}) == 1
    assert sum(answer["duplicate_of"] is None for answer in answers) == 1
    assert archivo("verify", "--json").value["checked"] == 1


@pytest.mark.skipif(os.cpu_count() == 1, reason="not run: with one processor nothing is gained by a second process")
def test_a_second_process_helps_with_many_files_and_ends_with_the_first(home: Path, tmp_path: Path, archivo: Command) -> None:
    archivo("trd", "import", TRD)
    names = [f"predio {number}" for number in range(120)]
    sending = start(home, "deposit", delivery(tmp_path / "predios", *names), "--wait", "--json")
    until(lambda: children(sending.pid, WORKER))
    (helper,) = children(sending.pid, WORKER)
    answers = lines_of(sending)
    assert [line["state"] for line in answers] == ["findable"] * len(names)
    assert not Path(f"/proc/{helper}").exists()
    with opened() as archive, archive.reading() as session:
        done = session.execute(select(Job.kind, Job.owner).where(Job.state == JobState.DONE, Job.kind == "process")).all()
    processes = {owner.partition("#")[0].split(":")[1] for _, owner in done if owner}
    assert len(done) == len(names)
    assert processes == {str(sending.pid), str(helper)}
    assert found() == len(names)


def test_a_worker_told_to_stop_ends_well_though_its_input_stays_open(home: Path) -> None:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("ARCHIVO_") or k == "ARCHIVO_DATABASE_URL"} | {
        "ARCHIVO_HOME": str(home)
    }
    command = [sys.executable, "-m", "archivo", "worker", "--while-input"]
    with subprocess.Popen(command, cwd=ROOT, env=ours, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as working:
        assert working.stderr is not None
        assert "Trabajando" in working.stderr.readline()
        working.terminate()
        assert working.wait(60) == 0


@pytest.mark.skipif(os.cpu_count() == 1, reason="not run: with one processor nothing is gained by a second process")
def test_the_process_that_helps_does_not_outlive_one_that_is_killed(home: Path, tmp_path: Path, archivo: Command) -> None:
    archivo("trd", "list")
    names = [f"predio {number}" for number in range(120)]
    sending = start(home, "deposit", delivery(tmp_path / "predios", *names), "--wait", "--json")
    until(lambda: children(sending.pid, WORKER))
    (helper,) = children(sending.pid, WORKER)
    sending.kill()
    sending.communicate()
    until(lambda: not is_running(helper))
    again = lines_of(start(home, "deposit", tmp_path / "predios", "--wait", "--json"))
    assert [line["state"] for line in again] == ["findable"] * len(names)
    assert found() == len(names)


@pytest.mark.usefixtures("embedded")
def test_a_home_copied_elsewhere_opens_and_works(filled: Path, home: Path, tmp_path: Path, archivo: Command) -> None:
    kept = archivo("search", "archivo", "--json").value["total"]
    moved = tmp_path / "otra parte" / "casa mudada"
    shutil.copytree(home, moved)
    shutil.rmtree(home)
    letter = delivery(tmp_path / "carta", "molino") / "molino.txt"
    (one,) = lines_of(start(moved, "deposit", letter, "--wait", "--json"))
    assert one["state"] == "findable"
    (found,) = lines_of(start(moved, "search", "archivo", "--json"))
    assert found["total"] == kept
    (verified,) = lines_of(start(moved, "verify", "--json"))
    assert verified["damaged"] == verified["missing"] == verified["unexpected"] == []
    assert not home.exists()
    database = (moved / "archivo.db").read_bytes()
    assert str(home).encode() not in database
    assert str(moved).encode() not in database
