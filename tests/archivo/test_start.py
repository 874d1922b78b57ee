"""Searching from the command line starts without what it does not need."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from archivo.cli import run

NOT_NEEDED = {
    "PIL",
    "alembic",
    "archivo.intake",
    "archivo.retention",
    "argon2",
    "celery",
    "cv2",
    "elasticsearch",
    "fastapi",
    "jinja2",
    "kombu",
    "lxml",
    "minio",
    "numpy",
    "ocrmypdf",
    "openpyxl",
    "pikepdf",
    "pydantic",
    "pypdfium2",
    "scipy",
    "sklearn",
    "symspellpy",
    "tesserocr",
    "uvicorn",
}


def test_searching_loads_nothing_that_it_does_not_need(home: Path, tmp_path: Path) -> None:
    document = tmp_path / "acta.txt"
    document.write_text("Acta de la reunión del comité de archivo.", "utf-8")
    assert run(["deposit", str(document), "--wait"]) == 0
    command = [sys.executable, "-X", "importtime", "-m", "archivo", "search", "comité"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    loaded = {module.partition(".")[0] for module in modules} | {module for module in modules if module.startswith("archivo.")}
    assert {"sqlalchemy", "tantivy", "archivo.discovery.services"} <= loaded
    assert NOT_NEEDED.isdisjoint(loaded), sorted(NOT_NEEDED & loaded)


@pytest.mark.parametrize(
    ("words", "status"), [([], 2), (["--help"], 0), (["quemar"], 2), (["search", "--help"], 0), (["search", "--x"], 2)]
)
def test_a_process_ends_as_the_command_does(home: Path, words: list[str], status: int, capfd: pytest.CaptureFixture[str]) -> None:
    with suppress(SystemExit):
        assert run(words) == status
    here = capfd.readouterr()
    done = subprocess.run([sys.executable, "-m", "archivo", *words], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == status
    assert (done.stdout, done.stderr) == (here.out, here.err)


def test_what_is_printed_is_utf_8_in_any_locale(home: Path) -> None:
    command = [*map(os.fsencode, (sys.executable, "-X", "utf8=0", "-m", "archivo", "deposit")), b"a\xf1o\xff.txt"]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    for extra in ([], [b"--json"]):
        done = subprocess.run([*command, *extra], capture_output=True, cwd=Path(__file__).parents[2], env=environment, check=False)
        assert done.returncode == 2
        told = (done.stdout if extra else done.stderr).decode("utf-8")
        message = json.loads(told)["error"]["message"] if extra else told
        assert message.startswith("No existe «a\\xf1o\\xff.txt». No se guardó nada.")
