"""The backup of an archive on servers, as docs/ingenieria/operations.md describes it, is restored to servers that hold nothing."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archivo.access.models import ApiToken, User
from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.database import table_of
from archivo.intake.publication import withdraw
from archivo.records.models import Document
from archivo.records.services import describe
from preservation.fixity import digest_of
from tests.elastic_servers import ElasticServer
from tests.s3_servers import NAMES, S3Server, url_of
from tests.servers import Postgres

from .conftest import Command
from .test_rebuild import answer, finish, rows_of

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("embedded")]
CHIEF = custody("prueba")


@dataclass(frozen=True)
class Site:
    """Servers for an archive, and how to make others that hold nothing."""

    rows: Postgres
    store: S3Server
    index: ElasticServer
    patch: pytest.MonkeyPatch
    ending: ExitStack = field(default_factory=ExitStack)

    def begin(self, home: Path) -> str:
        """From now on the archive is this home, a new database, a new bucket and a new index; the database's address."""
        index = self.index.address()
        self.ending.callback(self.index.forget, index)
        rows = self.ending.enter_context(self.rows.database())
        for name, value in (
            ("ARCHIVO_HOME", str(home)),
            ("ARCHIVO_DATABASE_URL", rows),
            ("ARCHIVO_STORE_URL", url_of(self.store.new_bucket())),
            ("ARCHIVO_INDEX_URL", index),
        ):
            self.patch.setenv(name, value)
        return rows


@pytest.fixture(params=NAMES)
def site(
    request: pytest.FixtureRequest,
    postgres: Postgres,
    elastic: ElasticServer,
    filled: Path,
    archivo: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """An archive that has outgrown its machine: the filled home, moved to servers as the docs say, and its people."""
    servers = Site(postgres, request.getfixturevalue(request.param), elastic, monkeypatch)
    with servers.ending:
        rows = servers.begin(tmp_path / "en servidores")
        assert archivo("migrate-data", f"sqlite:///{filled / 'archivo.db'}", rows).status == 0
        assert archivo("copy-store", "--from", (filled / "store").as_uri()).status == 0
        assert archivo("rebuild", "--index").status == 0
        assert archivo("user", "create", "ana", "--role", "archivist", "--password-stdin", stdin="una frase para las pruebas").status == 0
        assert archivo("token", "create", "--user", "ana").status == 0
        yield servers


def documents_of(archive: Archive) -> list[Document]:
    with archive.reading() as session:
        return list(session.scalars(select(Document).order_by(Document.id)))


def published(archive: Archive) -> list[str]:
    return [document.id for document in documents_of(archive) if document.published]


def people_of(archive: Archive) -> list[Any]:
    with archive.reading() as session:
        return [list(map(tuple, session.execute(select(table_of(model))))) for model in (User, ApiToken)]


def objects_of(archive: Archive) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in archive.store.list():
        with archive.store.open(one.key) as content:
            found[one.key] = digest_of(content).value
    return found


def lasting(shown: dict[str, Any]) -> dict[str, Any]:
    """What is shown of a document, without the class that is only proposed, which is proposed anew, nor when its copies were read last."""
    is_decided = shown["classification"] and shown["classification"]["status"] in ("automatic", "confirmed")
    copies = [{name: copy[name] for name in ("location", "version")} for copy in shown["copies"]]
    return {**shown, "copies": copies, **({} if is_decided else {"classification": None})}


@contextmanager
def nothing_lost(archivo: Command) -> Iterator[None]:
    """What the archive tells of itself before is what another tells of itself after."""
    told = []
    for is_before in (True, False):
        with opened() as archive:
            shown = [lasting(archivo("show", one.id, "--json").value) for one in documents_of(archive)]
            found = answer(archivo("search", "archivo", "--limit", "100", "--as", "ana", "--json").value)
            told.append((rows_of(archive), objects_of(archive), shown, found))
        if is_before:
            yield
    before, after = told
    assert before[3][1] >= 3
    assert after == before


def back_up_rows(copy: Path) -> None:
    copy.mkdir()
    subprocess.run(["pg_dump", "-Fc", "-f", str(copy / "filas.dump"), os.environ["ARCHIVO_DATABASE_URL"]], check=True)


def restore(archivo: Command, rows: str, copy: Path) -> None:
    subprocess.run(["pg_restore", "--no-owner", "--exit-on-error", "-d", rows, str(copy / "filas.dump")], check=True)
    assert archivo("copy-store", "--from", (copy / "store").as_uri()).status == 0


def holds_together(archivo: Command) -> None:
    assert archivo("verify").status == 0
    assert archivo("reconcile", "--check").status == 0
    assert archivo("doctor").status == 0


def test_on_empty_servers_it_is_the_same_archive(site: Site, archivo: Command, tmp_path: Path) -> None:
    copy = tmp_path / "copia"
    with opened() as archive:
        one, other, *_ = published(archive)
        describe(archive, CHIEF, one, {"title": "El título que se le puso después", "date": "1951-03"})
        withdraw(archive, CHIEF, other)
        finish(archive)
        people = people_of(archive)
    with nothing_lost(archivo):
        back_up_rows(copy)
        assert archivo("copy-store", "--to", (copy / "store").as_uri()).status == 0
        restore(archivo, site.begin(tmp_path / "otra máquina"), copy)
        assert archivo("rebuild").status == 0
        holds_together(archivo)
    with opened() as archive:
        assert people_of(archive) == people


def test_what_came_after_the_database_was_copied_comes_back_from_the_store(site: Site, archivo: Command, tmp_path: Path) -> None:
    copy = tmp_path / "copia"
    letter = tmp_path / "oficio.txt"
    letter.write_text("El archivo informa que la pila de agua se secó en agosto.", "utf-8")
    back_up_rows(copy)
    assert archivo("copy-store", "--to", (copy / "store").as_uri()).status == 0
    assert archivo("deposit", letter, "--wait").status == 0
    assert archivo("user", "create", "luis", "--role", "archivist").status == 0
    with opened() as archive:
        one, other, *_ = published(archive)
        withdraw(archive, CHIEF, one)
        describe(archive, CHIEF, other, {"title": "El título que se le puso después", "date": "1951-03"})
        finish(archive)
    with nothing_lost(archivo):
        again = archivo("copy-store", "--to", (copy / "store").as_uri(), "--json").value
        assert (again["copied"], again["damaged"], again["other"]) == (3, 0, 0)
        restore(archivo, site.begin(tmp_path / "otra máquina"), copy)
        assert archivo("reconcile", "--check", "--json").value["orphan_objects"] == 1
        assert archivo("rebuild").status == 0
        holds_together(archivo)
    assert archivo("search", "archivo", "--as", "luis").status == 2, "people are in the database alone"
