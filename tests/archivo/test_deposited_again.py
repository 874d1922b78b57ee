"""What is delivered twice: in one manifest, or where the archive holds it already. Nothing said of it is lost in silence."""

from pathlib import Path

import pytest

from archivo.demo import TRD
from tests.archivo.conftest import Command


def manifest(folder: Path, *rows: str) -> Path:
    path = folder / "manifiesto.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


@pytest.fixture
def act(tmp_path: Path) -> Path:
    path = tmp_path / "acta.txt"
    path.write_text("Acta de la junta de aguas", "utf-8")
    return path


@pytest.mark.parametrize("again", ["acta.txt", "./acta.txt", "sub/../acta.txt"])
def test_a_manifest_that_names_a_file_twice_is_refused(archivo: Command, act: Path, tmp_path: Path, again: str) -> None:
    (tmp_path / "sub").mkdir()
    path = manifest(tmp_path, "path,title", "acta.txt,Una", f"{again},Otra")
    for words in (("--dry-run",), ()):
        ran = archivo("deposit", "--manifest", path, *words, "--json")
        (problem,) = ran.value["problems"]
        assert (ran.status, ran.value["rows"], ran.value["ok"]) == (1, 2, 1)
        assert (problem["line"], problem["column"], problem["value"]) == (3, "path", again)
        assert "línea 2" in problem["message"]
    assert archivo("verify", "--json").value["checked"] == 0


def test_a_folder_is_no_manifest_and_that_is_said(archivo: Command, tmp_path: Path) -> None:
    ran = archivo("deposit", "--manifest", tmp_path, "--json")
    assert (ran.status, ran.value["error"]["code"]) == (2, "path.missing")
    assert "No existe" not in ran.value["error"]["message"]
    assert "carpeta" in ran.value["error"]["message"]


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_what_was_said_of_bytes_held_already_is_told_to_be_left_aside(
    archivo: Command, act: Path, tmp_path: Path, wait: tuple[str, ...]
) -> None:
    first = manifest(tmp_path, "path,title,date,access,published", "acta.txt,Acta,1936,clasificada,no")
    assert archivo("deposit", "--manifest", first).status == 0
    second = manifest(tmp_path, "path,title,date,access,published", "acta.txt,Acta,1937,publica,si")
    ran = archivo("deposit", "--manifest", second, *wait, "--json")
    (one,) = ran.lines
    (finding,) = one["findings"]
    assert (ran.status, finding["code"], finding["severity"]) == (0, "deposit.described", "warning")
    assert "la fecha, el acceso y la publicación" in finding["message"]
    shown = archivo("show", one["id"], "--json").value
    assert (shown["access"], shown["published"], shown["date"], shown["findings"]) == ("clasificada", False, "1936", [])
    assert finding["message"] in archivo("deposit", "--manifest", second, *wait).out


def test_another_series_is_told_to_be_left_aside(archivo: Command, act: Path, tmp_path: Path) -> None:
    assert archivo("trd", "import", TRD).status == 0
    told = []
    for series in ("100-02-01", "100-02-01", "120-04-01"):
        path = manifest(tmp_path, "path,series", f"acta.txt,{series}")
        (one,) = archivo("deposit", "--manifest", path, "--json").lines
        told.append([finding["message"].rpartition(" no se tomó ")[2] for finding in one["findings"]])
    assert told == [[], [], ["la serie."]]


def test_the_same_manifest_again_is_told_nothing(archivo: Command, act: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, "path,title,date,access,published", "acta.txt,Acta,1936-05,publica,si")
    for _ in range(2):
        (one,) = archivo("deposit", "--manifest", path, "--json").lines
        assert one["findings"] == []
    (one,) = archivo("deposit", act, "--json").lines
    assert (one["id"], one["findings"]) == (one["duplicate_of"], [])


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_a_duplicate_tells_what_was_found_in_the_first(archivo: Command, tmp_path: Path, wait: tuple[str, ...]) -> None:
    empty = tmp_path / "vacía.txt"
    empty.touch()
    for _ in range(2):
        ran = archivo("deposit", empty, *wait, "--json")
        (one,) = ran.lines
        assert (ran.status, [finding["code"] for finding in one["findings"]]) == (1, ["file.empty"])
    assert one["duplicate_of"] is not None
