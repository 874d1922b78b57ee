"""An index that another version of the program wrote is told, and made again; nothing else is touched by it."""

from pathlib import Path

import pytest

from tests.archivo.conftest import Command


@pytest.fixture
def old(archivo: Command, home: Path, tmp_path: Path) -> Command:
    note = tmp_path / "circular.txt"
    note.write_text("Circular sobre inventarios", "utf-8")
    assert archivo("user", "create", "ana", "--role", "archivist").status == 0
    assert archivo("deposit", note, "--wait").status == 0
    (home / "index" / "current").write_text("v0-1", "utf-8")
    return archivo


def test_searching_says_what_to_do(old: Command) -> None:
    ran = old("search", "inventarios", "--json")
    assert (ran.status, ran.value["error"]["code"]) == (1, "index.format")
    assert "rebuild --index" in ran.value["error"]["remedy"]


@pytest.mark.parametrize("order", [("serve", "--port", "0"), ("worker",)])
def test_nothing_is_served_from_it(old: Command, order: tuple[str, ...]) -> None:
    ran = old(*order)
    assert ran.status == 1
    assert "otra versión" in ran.err


@pytest.mark.parametrize("order", [("rebuild", "--index"), ("rebuild",)])
def test_it_is_made_again(old: Command, order: tuple[str, ...]) -> None:
    assert old(*order).status == 0
    assert old("search", "inventarios", "--as", "ana", "--json").value["total"] == 1
