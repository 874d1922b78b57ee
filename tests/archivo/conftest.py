"""An archive of its own for each test, worked through its command line and its web."""

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from archivo.app import create_app
from archivo.archive import Archive
from archivo.assembly import ensure_schema, opened
from archivo.cli import run
from archivo.database import Database
from archivo.demo import CORPUS, TRD
from tests.servers import Postgres


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Ran]


@dataclass(frozen=True, slots=True)
class Template:
    """A filled home, and the database of its rows when they are on a server. Copy it; never work in it."""

    home: Path
    rows: str | None


@contextmanager
def rows_of_its_own(server: Postgres | None, template: str | None, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database for a home whose rows are on a server, copied from the one at the address `template`; nothing where there is no server."""
    if server is None:
        yield
        return
    with server.database(template) as url:
        patch.setenv("ARCHIVO_DATABASE_URL", url)
        yield


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Postgres | None:
    """The server of the rows of every home when ARCHIVO_TEST_ROWS is `postgresql`; None when each home has its own SQLite."""
    if os.environ.get("ARCHIVO_TEST_ROWS", "sqlite") == "sqlite":
        return None
    started: Postgres = request.getfixturevalue("postgres")
    return started


@pytest.fixture(scope="session")
def tables(postgres: Postgres) -> Iterator[str]:
    """The address of a database with every table and no document, to be copied: to make the tables takes longer than most tests."""
    with postgres.database() as url:
        with closing(Database(url)) as database:
            ensure_schema(database)
        yield url


@pytest.fixture
def embedded(server: Postgres | None) -> None:
    """Asked for by tests of what only a home with its own SQLite promises."""
    if server:
        pytest.skip("of the embedded profile only: the rows are on a server")


@pytest.fixture
def home(request: pytest.FixtureRequest, server: Postgres | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "casa"
    monkeypatch.setenv("ARCHIVO_HOME", str(folder))
    for name in ("ARCHIVO_DATABASE_URL", "ARCHIVO_STORE_URL", "ARCHIVO_INDEX_URL", "ARCHIVO_BROKER_URL", "ARCHIVO_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARCHIVO_SOFFICE", "no")  # what is migrated is the same on every machine; those who want it ask for it
    template: str | None = None
    if server and "filled" in request.fixturenames:
        template = request.getfixturevalue("filled_template").rows
    elif server:
        template = request.getfixturevalue("tables")
    with rows_of_its_own(server, template, monkeypatch):
        yield folder


@pytest.fixture
def archivo(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command of `archivo` in this home."""

    def command(*words: str | Path, stdin: str | None = None) -> Ran:
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capfd.readouterr()
        status = run([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return command


@pytest.fixture(scope="session")
def filled_template(server: Postgres | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """A home with the sample schedule and the born-digital sample documents, findable."""
    folder = tmp_path_factory.mktemp("plantilla")
    home = folder / "casa"
    chosen = folder / "muestra"
    chosen.mkdir()
    kept = ["path,title,date,office,series,document_type,access,published"]
    for line in (CORPUS / "manifest.csv").read_text("utf-8").splitlines()[1:]:
        name = line.partition(",")[0]
        if Path(name).suffix in {".docx", ".odt", ".xlsx", ".eml", ".html", ".txt"} or name.startswith(("05", "14", "16")):
            shutil.copy(CORPUS / name, chosen / name)
            kept.append(line)
    (chosen / "manifest.csv").write_text("\n".join(kept) + "\n", "utf-8")
    rows = server.new_database() if server else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVO_HOME", str(home))
        if rows:
            patch.setenv("ARCHIVO_DATABASE_URL", rows)
        assert run(["trd", "import", str(TRD), "--json"]) == 0
        assert run(["deposit", "--manifest", str(chosen / "manifest.csv"), "--wait", "--json"]) == 0
    yield Template(home, rows)
    if server and rows:
        server.drop(rows)


@pytest.fixture
def filled(filled_template: Template, home: Path) -> Path:
    """This test's own copy of the filled home."""
    shutil.copytree(filled_template.home, home)
    return home


@pytest.fixture
def archive(home: Path) -> Iterator[Archive]:
    with opened() as assembled:
        yield assembled


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    """The web of the archive, as a citizen opens it."""
    with TestClient(create_app(archive, "secreto de las pruebas"), base_url="http://archivo.test", follow_redirects=True) as web:
        yield web


@pytest.fixture
def copies(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Two places more in which the archive keeps its packages, by name."""
    places = {"copia": tmp_path / "copia", "otra": tmp_path / "otra"}
    monkeypatch.setenv("ARCHIVO_REPLICAS", " ".join(f"{name}={path.as_uri()}" for name, path in places.items()))
    return places
