"""What keeps an archive from working is told as what it is, with what to do about it, by every command and by the doctor."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.archivo.conftest import Command, Ran


@pytest.fixture
def used(archivo: Command, home: Path, tmp_path: Path, embedded: None) -> Command:
    """The command line of a home that holds a document."""
    note = tmp_path / "circular.txt"
    note.write_text("Circular sobre inventarios", "utf-8")
    assert archivo("user", "create", "ana", "--role", "archivist").status == 0
    assert archivo("deposit", note, "--wait").status == 0
    return archivo


@pytest.fixture
def unwritable(used: Command, home: Path) -> Iterator[Command]:
    """The same home, which can only be read."""
    if subprocess.run(["mount", "--bind", home, home], capture_output=True).returncode:
        pytest.skip("not run: nothing can be mounted here")
    subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
    yield used
    subprocess.run(["umount", home], check=True)


def wrong(ran: Ran) -> list[tuple[str, str]]:
    """What the doctor found wrong, and the remedy of each."""
    assert ran.status == 1
    assert ran.value["ok"] is False
    return [(check["message"], check["remedy"]) for check in ran.value["checks"] if check["status"] == "error"]


@pytest.mark.parametrize("order", [("search", "inventarios"), ("jobs",), ("rebuild",)])
def test_a_home_that_can_only_be_read_is_told(unwritable: Command, home: Path, order: tuple[str, ...]) -> None:
    ran = unwritable(*order, "--json")
    assert (ran.status, ran.value["error"]["code"]) == (1, "database.unwritable")
    assert str(home) in ran.value["error"]["remedy"]
    assert "servidor" not in ran.err + ran.out


def test_the_doctor_tells_a_home_that_can_only_be_read(unwritable: Command, home: Path) -> None:
    (message, remedy), (index, of_index) = wrong(unwritable("doctor", "--json"))
    assert "no se puede abrir o escribir" in message
    assert str(home) in remedy
    assert "no se puede leer o escribir" in index
    assert "solo lectura" in of_index


def test_a_home_that_can_only_be_read_is_told_though_its_rows_are_elsewhere(
    unwritable: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVO_DATABASE_URL", f"sqlite:///{tmp_path}/filas.db")
    monkeypatch.setenv("ARCHIVO_STORE_URL", f"file://{home}/otro")
    ran = unwritable("trd", "list", "--json")
    assert (ran.status, ran.value["error"]["code"]) == (1, "home.unwritable")
    assert str(home) in ran.value["error"]["message"]


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "not one": lambda whole: b"no es una base de datos",
    "cut in its pages": lambda whole: whole[:4096] + b"\xff" * (len(whole) - 4096),
}


@pytest.fixture(params=BROKEN)
def damaged(request: pytest.FixtureRequest, used: Command, home: Path) -> Command:
    """The same home, whose database is damaged."""
    rows = home / "archivo.db"
    rows.write_bytes(BROKEN[request.param](rows.read_bytes()))
    return used


@pytest.mark.parametrize("order", [("search", "inventarios"), ("rebuild",)])
def test_a_damaged_database_is_told(damaged: Command, order: tuple[str, ...]) -> None:
    ran = damaged(*order, "--json")
    assert (ran.status, ran.value["error"]["code"]) == (1, "database.damaged")
    assert "archivo.db" in ran.value["error"]["remedy"]
    assert "archivo rebuild" in ran.value["error"]["remedy"]


def test_the_remedy_of_a_damaged_database_works(damaged: Command, home: Path, tmp_path: Path) -> None:
    ((message, remedy),) = wrong(damaged("doctor", "--json"))
    assert "dañada" in message
    assert "archivo rebuild" in remedy
    (home / "archivo.db").rename(tmp_path / "apartada.db")
    assert damaged("rebuild", "--json").value["documents"] == 1
    assert damaged("user", "create", "ana", "--role", "archivist").status == 0
    assert damaged("search", "inventarios", "--as", "ana", "--json").value["total"] == 1


def test_the_doctor_tells_damage_that_only_a_whole_reading_finds(used: Command, home: Path) -> None:
    rows = home / "archivo.db"
    content = bytearray(rows.read_bytes())
    content[-4096:] = b"\xff" * 4096
    rows.write_bytes(content)
    (damage,) = [pair for pair in wrong(used("doctor", "--json")) if "dañada" in pair[0]]
    assert "archivo rebuild" in damage[1]


def test_the_doctor_tells_an_index_that_cannot_be_read(used: Command, home: Path) -> None:
    (home / "index" / "current").write_text("v0-1", "utf-8")
    ((message, remedy),) = wrong(used("doctor", "--json"))
    assert "IndexFormatChanged" not in message
    assert "archivo rebuild --index" in remedy
