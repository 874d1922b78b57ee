"""The backup that docs/ingenieria/operations.md describes can be restored."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.intake.publication import publish
from archivo.records.services import describe
from archivo.worker import work_until_done
from tests.servers import Postgres

from .conftest import Command


@contextmanager
def backed_up(home: Path, restored: Path, server: Postgres | None) -> Iterator[dict[str, str]]:
    """The rows of a home as they are now, for another; the environment of that one."""
    restored.mkdir()
    if server is None:
        with closing(sqlite3.connect(home / "archivo.db")) as source, closing(sqlite3.connect(restored / "archivo.db")) as copy:
            source.backup(copy)
        yield {"ARCHIVO_HOME": str(restored)}
        return
    with server.database() as url:
        dumped = restored / "filas.dump"
        subprocess.run(["pg_dump", "-Fc", "-f", str(dumped), os.environ["ARCHIVO_DATABASE_URL"]], check=True)
        subprocess.run(["pg_restore", "--no-owner", "-d", url, str(dumped)], check=True)
        yield {"ARCHIVO_HOME": str(restored), "ARCHIVO_DATABASE_URL": url}


def test_an_older_database_and_a_newer_store_give_everything_back(
    archivo: Command, home: Path, server: Postgres | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("antes.txt", "El tranvía subía hasta la plaza de ferias."), ("despues.txt", "La pila de agua se secó en agosto.")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    restored = tmp_path / "otra casa"
    assert archivo("deposit", tmp_path / "antes.txt", "--wait").status == 0
    assert archivo("user", "create", "ana", "--role", "archivist").status == 0
    with backed_up(home, restored, server) as theirs:
        assert archivo("deposit", tmp_path / "despues.txt", "--wait").status == 0
        shutil.copytree(home / "store", restored / "store")

        for name, value in theirs.items():
            monkeypatch.setenv(name, value)
        assert archivo("rebuild").status == 0
        report = archivo("verify", "--json").value
        assert (report["checked"], report["ok"], report["unexpected"], report["missing"]) == (2, 2, [], [])
        for word in ("tranvía", "pila"):
            assert archivo("search", word, "--as", "ana", "--json").value["total"] == 1, word


def test_what_was_done_after_the_database_was_copied_is_not_undone(
    archivo: Command, home: Path, server: Postgres | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = tmp_path / "oficio.txt"
    letter.write_text("El tranvía subía hasta la plaza de ferias.", encoding="utf-8")
    document = archivo("deposit", letter, "--wait", "--json").lines[0]["id"]
    restored = tmp_path / "otra casa"
    with backed_up(home, restored, server) as theirs:
        with opened() as archive:
            describe(archive, custody("prueba"), document, {"title": "El título que se le puso después", "date": "1951-03"})
            publish(archive, custody("prueba"), document)
            work_until_done(archive, {document})
        before = archivo("show", document, "--json").value
        shutil.copytree(home / "store", restored / "store")

        for name, value in theirs.items():
            monkeypatch.setenv(name, value)
        assert archivo("rebuild").status == 0
        assert archivo("show", document, "--json").value == before
        assert archivo("verify").status == 0
