"""What a newcomer runs: the scripts are well formed, the locks hold digests and no hosts, and the locks agree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-trazas.lock", ".ci/setup.lock", ".ci/node.lock", ".ci/go.lock")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return {name.lower(): version for name, version in PINNED.findall((ROOT / lock).read_text(encoding="utf-8"))}


@pytest.mark.parametrize("script", [".ci/setup", ".ci/stop", ".ci/run"])
def test_scripts_parse_and_may_be_run(script: str) -> None:
    shell = "bash" if script.endswith("run") else "sh"
    subprocess.run([shell, "-n", str(ROOT / script)], check=True)
    assert (ROOT / script).stat().st_mode & 0o111


def test_what_installs_servers_parses() -> None:
    subprocess.run(["sh", "-n", str(ROOT / ".ci/servers")], check=True)


def test_the_whole_examination_runs_the_command_of_the_readme() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


REPORT = "<testsuites><testsuite>{}</testsuite></testsuites>"
PASSED, SKIPPED = '<testcase classname="c" name="{}"/>', '<testcase classname="c" name="{}"><skipped/></testcase>'
FAILED = '<testcase classname="c" name="{}"><failure/></testcase>'


def tallied(folder: Path, stages: int, **reports: str) -> tuple[int, list[str]]:
    for name, cases in reports.items():
        (folder / f"{name.replace('__', '~')}.xml").write_text(REPORT.format(cases), "utf-8")
    done = subprocess.run([sys.executable, str(ROOT / ".ci/tally"), str(folder), str(stages)], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def test_the_examination_counts_a_test_run_again_once_and_tells_of_it(tmp_path: Path) -> None:
    first = "".join((PASSED.format("one"), FAILED.format("two"), SKIPPED.format("three")))
    assert tallied(tmp_path, 0, servers=first) == (1, ["1 passed, 1 failed, 1 skipped"])
    assert tallied(tmp_path, 0, servers=first, servers__again=PASSED.format("two")) == (
        0,
        ["1 of those that passed failed at first", "2 passed, 0 failed, 1 skipped"],
    )
    assert tallied(tmp_path, 0, servers__again=FAILED.format("two")) == (1, ["1 passed, 1 failed, 1 skipped"])


def test_the_examination_counts_a_stage_that_ended_before_its_tests(tmp_path: Path) -> None:
    assert tallied(tmp_path, 1, servers=PASSED.format("one")) == (1, ["1 passed, 1 failed, 0 skipped"])
    assert tallied(tmp_path / "nothing", 0) == (1, ["0 passed, 0 failed, 0 skipped"])


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_digest_and_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.partition("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_tests_run_on_the_versions_that_users_run() -> None:
    used, tested = pins("requirements.lock") | pins("requirements-trazas.lock"), pins("requirements-dev.lock")
    assert pins("requirements.lock").items() <= pins("requirements-trazas.lock").items()
    assert {name: version for name, version in used.items() if tested.get(name) != version} == {}


def test_set_up_refuses_what_it_does_not_know() -> None:
    refused = subprocess.run(["sh", str(ROOT / ".ci/setup"), "otra"], capture_output=True, text=True, check=False)
    assert (refused.returncode, "Uso:" in refused.stderr) == (2, True)


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    environment = {"ARCHIVO_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = subprocess.run(["sh", str(ROOT / ".ci/stop")], env=environment, capture_output=True, text=True, check=True)
    assert "No hay" in said.stdout


def test_stopping_ends_only_a_process_of_ours(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "serve.pid").write_text(str(stranger.pid))
        environment = {"ARCHIVO_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        said = subprocess.run(["sh", str(ROOT / ".ci/stop")], env=environment, capture_output=True, text=True, check=True)
        assert "ya estaba detenido" in said.stdout
        assert not (tmp_path / "serve.pid").exists()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
