"""Where a command's answer cannot be written, that is said; what the command did stays done."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.archivo.conftest import Command

CLOSED, FULL, READER_GONE = ">&-", ">/dev/full", "| true"


def shell(words: str, ending: str, *values: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell does, its output led elsewhere."""
    line = f'"$0" -m archivo {words} {ending}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, sys.executable, *map(str, values)], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("ending", [CLOSED, FULL])
@pytest.mark.parametrize("words", ["search acta --json", "search acta", "--help", "search --help", "show nada --json"])
def test_an_answer_that_cannot_be_written_is_told(home: Path, words: str, ending: str) -> None:
    ran = shell(words, ending)
    assert ran.returncode == 1
    assert ran.stderr.startswith("No se pudo escribir la respuesta")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("ending", [CLOSED, FULL])
@pytest.mark.parametrize("form", ["", "--json"])
def test_what_was_received_stays_received(archivo: Command, home: Path, tmp_path: Path, form: str, ending: str) -> None:
    note = tmp_path / "nota.txt"
    note.write_text("Acta de la junta", "utf-8")
    ran = shell(f'deposit "$1" {form}', ending, note)
    assert ran.returncode == 1
    assert "sigue hecho" in ran.stderr
    assert "disco" not in ran.stderr
    assert not (home / "fallas.log").exists()
    assert archivo("verify", "--json").value["checked"] == 1


@pytest.mark.parametrize("ending", ["2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_written_stop_nothing(home: Path, tmp_path: Path, ending: str) -> None:
    (tmp_path / ".oculto").touch()
    (tmp_path / "nota.txt").write_text("Acta de la junta", "utf-8")
    ran = shell('deposit "$1"', ending, tmp_path)
    assert ran.returncode == 0
    assert "nota.txt" in ran.stdout


def test_a_reader_that_has_left_is_no_fault(home: Path) -> None:
    ran = shell("--help", READER_GONE)
    assert ran.stderr == ""
