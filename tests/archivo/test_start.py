"""Searching from the command line starts without what it does not need."""

import subprocess
import sys
from pathlib import Path

from archivo.cli import run

NOT_NEEDED = {
    "PIL",
    "alembic",
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
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert {"sqlalchemy", "tantivy"} <= loaded
    assert NOT_NEEDED.isdisjoint(loaded), sorted(NOT_NEEDED & loaded)
