"""What an archive makes in its home is read by nobody else of the machine, whatever the umask and whoever made the home."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from archivo.demo import TRD
from tests.archivo.conftest import Command


@pytest.fixture(params=[0o022, 0o000])
def open_umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """A umask that lets others read."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if not path.is_symlink()]
    assert found
    return [f"{stat.filemode(path.stat().st_mode)} {path.name}" for path in found if path.stat().st_mode & 0o077]


@pytest.mark.parametrize("existed", [True, False])
def test_nobody_else_reads_what_is_made_in_the_home(archivo: Command, home: Path, tmp_path: Path, open_umask: int, existed: bool) -> None:
    if existed:
        home.mkdir(mode=0o755)
    note = tmp_path / "reservado.txt"
    note.write_text("Acta de la junta de aguas", "utf-8")
    assert archivo("trd", "import", TRD).status == 0
    assert archivo("deposit", note, "--wait").status == 0
    assert archivo("rebuild").status == 0
    assert open_to_others(home) == []
    if existed:
        assert stat.S_IMODE(home.stat().st_mode) == 0o755, "a folder of somebody else's making is left as it is"


def test_what_is_exported_is_as_readable_as_the_person_wants(archivo: Command, tmp_path: Path) -> None:
    note = tmp_path / "acta.txt"
    note.write_text("Acta de la junta de aguas", "utf-8")
    (one,) = archivo("deposit", note, "--json").lines
    before = os.umask(0o022)
    try:
        for form, name in (((), "inventory.json"), (("--original",), "acta.txt")):
            place = tmp_path / f"sale{len(form)}"
            assert archivo("export", one["id"], place, *form).status == 0
            assert stat.S_IMODE((place / name).stat().st_mode) == 0o644
            assert stat.S_IMODE(place.stat().st_mode) == 0o755
    finally:
        os.umask(before)


def test_the_umask_of_the_process_is_left_as_it_was(archivo: Command, open_umask: int) -> None:
    archivo("jobs")
    found = os.umask(open_umask)
    assert found == open_umask
