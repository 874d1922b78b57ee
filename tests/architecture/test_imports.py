"""The import contracts of pyproject.toml hold, and each is seen to catch an import that breaks it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT

FORBIDDEN = {
    "packages": [("preservation.fixity", "search.index"), ("ingest.step", "archivo.errors"), ("search.index", "ingest.step")],
    "search-alone": [("search.index", "preservation.fixity")],
    "ingest-words": [("ingest.pipeline", "preservation.ocfl"), ("ingest.step", "preservation.store")],
    "parts": [
        ("archivo.records.services", "archivo.retention.services"),
        ("archivo.database", "archivo.jobs"),
        ("archivo.archive", "archivo.web.layout"),
        ("archivo.audit.services", "archivo.assembly"),
        ("archivo.intake.api", "archivo.discovery.representing"),
    ],
    "within-a-part": [("archivo.records.models", "archivo.records.services"), ("archivo.retention.models", "archivo.retention.services")],
    "use-cases": [("archivo.records.services", "fastapi"), ("archivo.retention.models", "tantivy"), ("archivo.jobs", "minio")],
    "instruments-rows": [("search.query", "sqlalchemy"), ("preservation.ocfl", "alembic")],
    "celery": [("archivo.jobs", "celery"), ("ingest.pipeline", "kombu")],
    "settings": [("archivo.records.services", "archivo.settings")],
    "doors": [
        ("archivo.intake.pages", "archivo.records.models"),
        ("archivo.access.pages", "sqlalchemy"),
        ("archivo.commands.consult", "archivo.audit.models"),
    ],
    "parsers": [("ingest.pipeline", "pygfried"), ("archivo.intake.services", "pypdfium2"), ("search.index", "tesserocr")],
}


def examine(folder: Path) -> dict[str, str]:
    """What import-linter says of the packages in the folder, contract by contract; kept ones say nothing."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache", "--no-logo"]
    said = subprocess.run(command, cwd=folder, env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True, check=False).stdout
    names = {contract["name"]: contract["id"] for contract in contracts()}
    sections = re.split("^(" + "|".join(map(re.escape, names)) + ")$\n^-+$", said, flags=re.MULTILINE)
    assert "Contracts:" in said, said
    return dict(zip([names[name] for name in sections[1::2]], sections[2::2], strict=True))


def contracts() -> list[dict[str, str]]:
    with (ROOT / "pyproject.toml").open("rb") as source:
        found: list[dict[str, str]] = tomllib.load(source)["tool"]["importlinter"]["contracts"]
    return found


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The verdict on a copy of the packages in which every import of FORBIDDEN was written."""
    folder = tmp_path_factory.mktemp("broken")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static", "corpus"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for module, imported in (pair for pairs in FORBIDDEN.values() for pair in pairs):
        path = folder / (module.replace(".", "/") + ".py")
        assert path.is_file(), f"{module} is no longer a module: choose another for this test"
        path.write_text(path.read_text(encoding="utf-8") + f"\nimport {imported}\n", encoding="utf-8")
    return examine(folder)


def test_the_contracts_hold() -> None:
    assert examine(ROOT) == {}


def test_every_contract_is_tried() -> None:
    assert {contract["id"] for contract in contracts()} == set(FORBIDDEN)


@pytest.mark.parametrize(("contract", "module", "imported"), [(name, *pair) for name, pairs in FORBIDDEN.items() for pair in pairs])
def test_a_forbidden_import_is_caught(broken: dict[str, str], contract: str, module: str, imported: str) -> None:
    found = broken.get(contract, "")
    assert re.search(rf"{re.escape(module)} -> {re.escape(imported)}\b", found), f"{contract} kept with {module} -> {imported}"
