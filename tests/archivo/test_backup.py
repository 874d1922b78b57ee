"""The backup that docs/ingenieria/operations.md describes can be restored."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
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


def bring_store(archivo: Command, copy: Path, theirs: dict[str, str], patch: pytest.MonkeyPatch) -> None:
    """Copy the store, and bring it to another home, whose environment it is from then on."""
    copied = archivo("copy-store", "--to", copy.as_uri())
    assert copied.status == 0
    for name, value in theirs.items():
        patch.setenv(name, value)
    assert archivo("copy-store", "--from", copy.as_uri()).out == copied.out


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
        bring_store(archivo, tmp_path / "copia", theirs, monkeypatch)
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
        bring_store(archivo, tmp_path / "copia", theirs, monkeypatch)
        assert archivo("rebuild").status == 0
        assert archivo("show", document, "--json").value == before
        assert archivo("verify").status == 0


@pytest.mark.parametrize("titles", [["Dicho sobre la copia"], [f"Dicho sobre la copia, {n}" for n in range(4)]], ids=["fewer", "more"])
def test_acts_on_an_older_database_never_take_the_place_of_those_that_the_package_holds(
    archivo: Command, home: Path, embedded: None, tmp_path: Path, titles: list[str]
) -> None:
    letter = tmp_path / "oficio.txt"
    letter.write_text("El tranvía subía hasta la plaza de ferias.", encoding="utf-8")
    document = archivo("deposit", letter, "--wait", "--json").lines[0]["id"]
    older = tmp_path / "filas.db"
    with closing(sqlite3.connect(home / "archivo.db")) as rows:
        rows.execute("VACUUM INTO ?", (str(older),))
    with opened() as archive:
        describe(archive, custody("prueba"), document, {"title": "El título que se le puso después"})
        publish(archive, custody("prueba"), document)
        work_until_done(archive, {document})
    before = archivo("show", document, "--json").value
    with closing(sqlite3.connect(older)) as source, closing(sqlite3.connect(home / "archivo.db")) as rows:
        source.backup(rows)
    with opened() as archive:
        for title in titles:
            describe(archive, custody("prueba"), document, {"title": title})
        began = archive.clock()
        hurried = replace(archive, clock=lambda: began + 60 * (archive.clock() - began))  # its five attempts take half a minute
        work_until_done(hurried, {document})

    assert "rebuild" in archivo("jobs", "--failed").out, "that the acts could not be sealed waits for a person"
    told = archivo("rebuild", "--json")
    assert told.value["undone"] == [document]
    assert archivo("show", document, "--json").value == before
    assert archivo("rebuild", "--json").value["undone"] == []


def test_a_damaged_package_is_named_and_the_copy_keeps_what_it_had(archivo: Command, home: Path, embedded: None, tmp_path: Path) -> None:
    letter, copy = tmp_path / "oficio.txt", tmp_path / "copia"
    letter.write_text("El tranvía subía hasta la plaza de ferias.", encoding="utf-8")
    assert archivo("deposit", letter, "--wait").status == 0
    assert archivo("copy-store", "--to", copy.as_uri()).status == 0
    (original,) = (path for path in (home / "store").rglob("data") if path.parent.name == "original")
    kept = original.relative_to(home / "store")
    original.chmod(0o600)
    original.write_text("otra cosa", encoding="utf-8")
    assert archivo("copy-store", "--to", copy.as_uri()).status == 0, "nothing new is to be copied"
    told = archivo("copy-store", "--to", (tmp_path / "otra").as_uri(), "--json")
    assert (told.status, told.value["damaged"]) == (1, 1)
    (place,) = told.value["places"]["damaged"]
    assert str(kept).startswith(place)
    assert "dañado en el origen" in archivo("copy-store", "--to", (tmp_path / "otra").as_uri()).out
    assert not (tmp_path / "otra" / kept).exists()
    assert (copy / kept).read_text(encoding="utf-8").startswith("El tranvía")


@pytest.mark.parametrize("place", ["file://{}/no/hay", "file://{}/otra", "https://un.servidor/cubo", "s3+http://sin-cubo"])
def test_what_is_no_store_is_refused(archivo: Command, tmp_path: Path, place: str) -> None:
    (tmp_path / "otra").mkdir()
    ran = archivo("copy-store", "--from", place.format(tmp_path), "--json")
    assert ran.status == 2
    assert ran.value["error"]["remedy"]
    assert not list(tmp_path.glob("no")), "nothing is made where there was nothing"


def test_a_copy_on_a_medium_that_cannot_be_written_is_restored(
    archivo: Command, home: Path, embedded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oficio.txt").write_text("El tranvía subía hasta la plaza de ferias.", encoding="utf-8")
    assert archivo("deposit", tmp_path / "oficio.txt", "--wait").status == 0
    assert archivo("copy-store", "--to", (tmp_path / "medio" / "copia").as_uri()).status == 0
    (tmp_path / "medio" / "copia.incoming").rmdir()
    before = sorted(path for path in (tmp_path / "medio").rglob("*"))
    monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path / "otra casa"))
    assert archivo("copy-store", "--from", (tmp_path / "medio" / "copia").as_uri()).status == 0
    assert archivo("rebuild").status == 0
    assert archivo("verify", "--json").value["checked"] == 1
    assert sorted(path for path in (tmp_path / "medio").rglob("*")) == before
