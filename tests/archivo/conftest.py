"""An archive of its own for each test, worked through its command line and its web."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from archivo.app import create_app
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.cli import run
from archivo.demo import CORPUS, TRD


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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "casa"
    monkeypatch.setenv("ARCHIVO_HOME", str(folder))
    for name in ("ARCHIVO_DATABASE_URL", "ARCHIVO_STORE_URL", "ARCHIVO_INDEX_URL", "ARCHIVO_BROKER_URL", "ARCHIVO_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return folder


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
def filled_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample schedule and the born-digital sample documents, findable. Copy it; never work in it."""
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
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVO_HOME", str(home))
        assert run(["trd", "import", str(TRD), "--json"]) == 0
        assert run(["deposit", "--manifest", str(chosen / "manifest.csv"), "--wait", "--json"]) == 0
    return home


@pytest.fixture
def filled(filled_template: Path, home: Path) -> Path:
    """This test's own copy of the filled home."""
    shutil.copytree(filled_template, home)
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
