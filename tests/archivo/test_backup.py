"""The backup that docs/ingenieria/operations.md describes can be restored."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import Command


def test_an_older_database_and_a_newer_store_give_everything_back(
    archivo: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("antes.txt", "El tranvía subía hasta la plaza de ferias."), ("despues.txt", "La pila de agua se secó en agosto.")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    restored = tmp_path / "otra casa"
    restored.mkdir()
    assert archivo("deposit", tmp_path / "antes.txt", "--wait").status == 0
    assert archivo("user", "create", "ana", "--role", "archivist").status == 0
    with closing(sqlite3.connect(home / "archivo.db")) as source, closing(sqlite3.connect(restored / "archivo.db")) as copy:
        source.backup(copy)
    assert archivo("deposit", tmp_path / "despues.txt", "--wait").status == 0
    shutil.copytree(home / "store", restored / "store")

    monkeypatch.setenv("ARCHIVO_HOME", str(restored))
    assert archivo("rebuild").status == 0
    report = archivo("verify", "--json").value
    assert (report["checked"], report["ok"], report["unexpected"], report["missing"]) == (2, 2, [], [])
    for word in ("tranvía", "pila"):
        assert archivo("search", word, "--as", "ana", "--json").value["total"] == 1, word
