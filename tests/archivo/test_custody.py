"""What `verify` finds and `export` refuses when the store was touched by other hands."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.custody import holding
from archivo.custody.services import verify
from archivo.demo import TRD
from archivo.intake.services import Upload, deposit
from archivo.records import holds
from archivo.records.holdings import note_kept
from preservation.ocfl import StorageRoot
from preservation.store import StoreUnavailable
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import s3_address

from .conftest import Command


def _place(home: Path, identifier: str) -> Path:
    """The folder of an object (OCFL extension 0004)."""
    name = hashlib.sha256(f"urn:uuid:{identifier}".encode()).hexdigest()
    return home / "store" / name[:3] / name[3:6] / name[6:9] / name


def _write(file: Path, content: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(content)


@pytest.fixture
def kept(archivo: Command, tmp_path: Path, embedded: None) -> list[str]:
    """Two documents, findable."""
    for number in (1, 2):
        (tmp_path / f"nota{number}.txt").write_text(f"La nota {number} habla del acueducto.", "utf-8")
    ran = archivo("deposit", tmp_path / "nota1.txt", tmp_path / "nota2.txt", "--wait", "--json")
    return [one["id"] for one in ran.lines]


@pytest.fixture
def ruined(kept: list[str], home: Path) -> str:
    """The second document, none of whose inventories can be read."""
    for file in _place(home, kept[1]).rglob("inventory.json*"):
        _write(file, b"\xff{")
    return kept[1]


def test_a_package_beyond_reading_is_told_and_the_others_are_read(archivo: Command, kept: list[str], ruined: str) -> None:
    ran = archivo("verify", "--json")
    assert ran.status == 1
    assert (ran.value["checked"], ran.value["ok"]) == (2, 1)
    assert {damage["id"] for damage in ran.value["damaged"]} == {ruined}


def test_a_package_beyond_reading_costs_a_rebuild_only_itself(archivo: Command, kept: list[str], ruined: str) -> None:
    ran = archivo("rebuild", "--json")
    assert ran.status == 1
    assert ran.value["documents"] == 1
    assert len(ran.value["unreadable"]) == 1
    assert archivo("show", kept[0], "--json").value["state"] == "findable"
    assert archivo("show", ruined, "--json").value["state"] == "findable"


def test_what_belongs_to_no_object_is_unexpected(archivo: Command, kept: list[str], home: Path) -> None:
    store = home / "store"
    (store / "suelto.txt").write_text("x")
    (store / "abc" / "otro").mkdir(parents=True, exist_ok=True)
    (store / "abc" / "otro" / "más.txt").write_text("x")
    (store / "enlace").symlink_to(home)
    ran = archivo("verify", "--json")
    assert ran.status == 1
    assert len(ran.value["unexpected"]) == 3
    assert {"suelto.txt", "enlace"} <= set(ran.value["unexpected"])
    assert (ran.value["checked"], ran.value["ok"]) == (2, 2)


def test_the_object_of_a_schedule_is_missed(archivo: Command, home: Path, embedded: None) -> None:
    trd = archivo("trd", "import", TRD, "--json").value["id"]
    assert archivo("verify", "--json").status == 0
    _place(home, trd).rename(home / "fuera")
    ran = archivo("verify", "--json")
    assert ran.status == 1
    assert ran.value["missing"] == [trd]


class TestExport:
    def test_a_damaged_original_is_never_handed_over_as_good(self, archivo: Command, kept: list[str], home: Path, tmp_path: Path) -> None:
        (original,) = _place(home, kept[0]).glob("v1/content/*/original/data")
        _write(original, original.read_bytes() + b"x")
        for words in ((), ("--original",)):
            ran = archivo("export", kept[0], tmp_path / "sale", *words, "--json")
            assert ran.status == 1
            assert ran.value["error"]["code"] == "package.damaged"
            assert not (tmp_path / "sale").exists()

    @pytest.mark.parametrize("words", [(), ("--original",)])
    def test_what_is_missing_is_told_as_such(
        self, archivo: Command, kept: list[str], home: Path, tmp_path: Path, words: tuple[str, ...]
    ) -> None:
        _place(home, kept[0]).rename(home / "fuera")
        ran = archivo("export", kept[0], tmp_path / "sale", *words, "--json")
        assert ran.status == 1
        assert ran.value["error"]["code"] == "package.damaged"
        assert not (tmp_path / "sale").exists()

    @pytest.mark.parametrize("words", [(), ("--original",)])
    def test_a_place_that_cannot_be_written_is_told_as_such(
        self, archivo: Command, kept: list[str], tmp_path: Path, words: tuple[str, ...]
    ) -> None:
        ran = archivo("export", kept[0], tmp_path / "nota1.txt" / "dentro", *words, "--json")
        assert ran.status == 1
        assert ran.value["error"]["code"] == "export.unwritable"


def test_a_store_that_is_away_is_not_taken_for_damage(archive: Archive) -> None:
    chief = custody("pruebas")
    one = deposit(archive, chief, Upload(BytesIO(b"Circular uno"), "uno.txt")).id
    store = S3Store(s3_address("s3+http://clave:secreto@127.0.0.1:9/cubo"))
    with pytest.raises(StoreUnavailable):
        verify(replace(archive, store=store, packages=StorageRoot(store)), chief, [one])


def test_who_was_held_long_ago_is_looked_at_once_an_hour(
    archivo: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers are asked by jobs; this looks only at the tables, each minute."""
    (tmp_path / "nota.txt").write_text("El acueducto de Usme.", "utf-8")
    (one,) = archivo("deposit", tmp_path / "nota.txt", "--wait", "--json").lines
    monkeypatch.setenv("ARCHIVO_REPLICAS", "lejos=s3+http://K:S@127.0.0.1:1/cubo")
    with opened() as archive:
        with archive.transaction() as transaction:
            note_kept(transaction.session, "lejos", one["id"], 1, None, transaction.now)
        assert holding.schedule(archive) == []
        holds.place(archive, custody("prueba"), one["id"], "Hay un pleito.")
        assert holding.schedule(archive) == [one["id"]]
        assert holding.schedule(archive) == [one["id"]]
        later = replace(archive, clock=lambda: archive.clock() + timedelta(hours=3))
        assert holding.schedule(later) == [one["id"]]
        assert holding.schedule(later) == []
        assert holding.schedule(later, [one["id"]]) == [one["id"]]
