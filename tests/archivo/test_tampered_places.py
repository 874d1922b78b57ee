"""Damage that hides: of a store's own files, of inventories forged with their sidecars, of what only a copy lost."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from archivo.access.policy import custody
from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.custody import fixity, oversight
from archivo.custody.policy import policy_of
from archivo.custody.services import verify
from archivo.identifiers import urn
from archivo.worker import work_until_done
from preservation.ocfl_layout import LAYOUT_CONFIG, LAYOUT_FILE, ROOT_DECLARATION, ROOT_FILES, prefix_of

from .conftest import Command
from .test_places import NIGHT, at, work_the_night
from .test_web_pages import PASSWORD, signed_in, words

CUSTODY = custody("prueba")

pytestmark = pytest.mark.usefixtures("copies")


@pytest.fixture
def copied(archivo: Command, tmp_path: Path, embedded: None) -> list[str]:
    """Two documents of two versions, in every place."""
    for number in (1, 2):
        (tmp_path / f"nota{number}.txt").write_text(f"La nota {number} habla del acueducto.", "utf-8")
    ran = archivo("deposit", tmp_path / "nota1.txt", tmp_path / "nota2.txt", "--wait", "--json")
    assert archivo("replicas", "--run").status == 0
    return [one["id"] for one in ran.lines]


def place_of(root: Path, identifier: str) -> Path:
    return root / prefix_of(urn(identifier))


def overwrite(file: Path, content: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(content)


def flip(file: Path) -> None:
    content = file.read_bytes()
    overwrite(file, bytes([content[0] ^ 1]) + content[1:])


def forge(place: Path, folders: list[str], old: bytes, new: bytes) -> None:
    """Other words in inventories, and sidecars that agree."""
    for folder in folders:
        inventory = place / folder / "inventory.json"
        changed = inventory.read_bytes().replace(old, new)
        assert changed != inventory.read_bytes()
        overwrite(inventory, changed)
        overwrite(inventory.with_name("inventory.json.sha256"), f"{hashlib.sha256(changed).hexdigest()}  inventory.json\n".encode())


def bytes_of(root: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def events_of(archivo: Command, identifier: str) -> list[str]:
    return [one["detail"] for one in archivo("show", identifier, "--json").value["events"]]


DAMAGES: dict[str, Callable[[Path], None]] = {"flipped": flip, "lost": Path.unlink}
ROOTS = [(key, damage) for key in ROOT_FILES for damage in DAMAGES if (key, damage) != (LAYOUT_FILE, "lost")]


class TestRootFiles:
    @pytest.mark.parametrize(("key", "damage"), ROOTS)
    def test_damage_of_the_store_is_told_and_given_back_and_every_command_goes_on(
        self, key: str, damage: str, archivo: Command, copied: list[str], home: Path, tmp_path: Path
    ) -> None:
        file = home / "store" / key
        DAMAGES[damage](file)
        left = file.read_bytes() if file.exists() else None
        (tmp_path / "tres.txt").write_text("La tercera.", "utf-8")
        assert archivo("deposit", tmp_path / "tres.txt", "--wait").status == 0
        assert archivo("search", "acueducto").status == 0
        assert archivo("show", copied[0]).status == 0
        assert archivo("export", copied[0], tmp_path / "sale").status == 0
        assert archivo("replicas", "--run").status == 0
        checks = {check["name"]: check for check in archivo("doctor", "--json").value["checks"]}
        assert checks["raíces"]["status"] == "error"
        assert key in checks["raíces"]["message"]
        report = archivo("verify", "--json")
        assert report.status == 1
        assert [one["key"] for one in report.value["damaged"]] + report.value["missing"] == [key]
        assert (report.value["checked"], report.value["ok"]) == (3, 3)
        assert (file.read_bytes() if file.exists() else None) == left
        repaired = archivo("verify", "--repair", "--json")
        assert repaired.status == 0, repaired.value
        (restored,) = repaired.value["restored"]
        assert (restored["location"], restored["key"]) == ("principal", key)
        assert file.read_bytes() == ROOT_FILES[key]  # type: ignore[index]  # the key of a test
        with opened() as archive:
            if left is not None:
                with archive.packages.open(urn(restored["aside"]), "damaged/data") as kept:
                    assert kept.read() == left
            with archive.reading() as session:
                (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.act == "package.repair"))
                assert (entry.detail["key"], entry.detail["place"]) == (key, "principal")
        assert archivo("verify").status == 0

    @pytest.mark.parametrize(("key", "damage"), ROOTS)
    def test_damage_of_a_copy_is_found_by_its_reading_and_stops_no_copying(
        self, key: str, damage: str, archivo: Command, copied: list[str], copies: dict[str, Path], tmp_path: Path
    ) -> None:
        DAMAGES[damage](copies["copia"] / key)
        (tmp_path / "tres.txt").write_text("La tercera.", "utf-8")
        (third,) = archivo("deposit", tmp_path / "tres.txt", "--wait", "--json").lines
        assert archivo("replicas", "--run").status == 0
        assert all(place_of(root, third["id"]).is_dir() for root in copies.values())
        ran = archivo("fixity", "--run", "--json")
        assert ran.status == 1
        by_place = {one["location"]: one for one in ran.value["places"]}
        assert by_place["copia"]["root"] == [key]
        assert key in by_place["copia"]["alarms"][0]
        assert by_place["principal"]["root"] == by_place["otra"]["root"] == []
        assert archivo("verify", "--repair", "--json").status == 0
        assert (copies["copia"] / key).read_bytes() == ROOT_FILES[key]  # type: ignore[index]  # the key of a test
        assert archivo("fixity", "--place", "copia", "--json").value["places"][0]["root"] == []

    def test_a_night_gives_it_back(self, copied: list[str], archive: Archive, copies: dict[str, Path]) -> None:
        flip(copies["copia"] / LAYOUT_CONFIG)
        night = at(archive, NIGHT)
        work_the_night(night, "copia")
        (found,) = oversight.fixity_state(night, CUSTODY, "copia")
        assert found.root == (LAYOUT_CONFIG,)
        assert [one.wrong for one in found.nights] == [1]
        work_until_done(night, {"copia/raiz"})
        assert (copies["copia"] / LAYOUT_CONFIG).read_bytes() == ROOT_FILES[LAYOUT_CONFIG]
        (found,) = oversight.fixity_state(night, CUSTODY, "copia")
        assert (found.root, [one.restored for one in found.nights]) == ((), [1])

    def test_a_place_where_something_else_stands_is_refused_and_keeps_no_other_from_its_copies(
        self, archivo: Command, copied: list[str], copies: dict[str, Path], tmp_path: Path
    ) -> None:
        shutil.rmtree(copies["copia"])
        copies["copia"].mkdir()
        (copies["copia"] / ROOT_DECLARATION).write_bytes(b"ocfl_1.1\n")
        (tmp_path / "tres.txt").write_text("La tercera.", "utf-8")
        (third,) = archivo("deposit", tmp_path / "tres.txt", "--wait", "--json").lines
        ran = archivo("replicas", "--run", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "store.other")
        assert place_of(copies["otra"], third["id"]).is_dir()
        assert list(copies["copia"].iterdir()) == [copies["copia"] / ROOT_DECLARATION]

    def test_a_store_that_is_something_else_is_refused_in_words(self, archivo: Command, home: Path) -> None:
        (home / "store").mkdir(parents=True)
        (home / "store" / ROOT_DECLARATION).write_bytes(b"ocfl_1.1\n")
        ran = archivo("verify", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "store.other")


class TestForgeries:
    """Bytes, inventories and sidecars that agree with each other, and not with what was written."""

    def consistent(self, place: Path) -> None:
        data = next(place.rglob("original/data"))
        old = hashlib.sha256(data.read_bytes()).hexdigest().encode()
        overwrite(data, b"FALSO")
        folders = ["", *(each.name for each in place.glob("v*"))]
        forge(place, folders, old, hashlib.sha256(b"FALSO").hexdigest().encode())

    def rolled_back(self, place: Path) -> None:
        shutil.rmtree(place / "v2")
        for name in ("inventory.json", "inventory.json.sha256"):
            overwrite(place / name, (place / "v1" / name).read_bytes())

    def earlier(self, place: Path) -> None:
        forge(place, ["v1"], b'"message": "', b'"message": "No: ')

    @pytest.mark.parametrize("name", ["consistent", "rolled_back", "earlier"])
    def test_verify_says_what_fixity_says_and_the_repair_gives_back_what_was(
        self, name: str, archivo: Command, copied: list[str], home: Path
    ) -> None:
        place = place_of(home / "store", copied[0])
        before = bytes_of(place)
        getattr(self, name)(place)
        for words_ in (("verify", "--json"), ("verify", copied[0], "--json")):
            report = archivo(*words_)
            assert report.status == 1
            assert {one["id"] for one in report.value["damaged"]} == {copied[0]}
        assert archivo("fixity", "--run", "--place", "principal", "--json").value["places"][0]["wrong"] == 1
        assert archivo("verify", "--repair", copied[0], "--json").status == 0
        now = bytes_of(place)
        assert {file: now[file] for file in before if file.parent != place} == {
            file: content for file, content in before.items() if file.parent != place
        }
        assert archivo("validate", place, "--json").status == 0

    def test_an_earlier_inventory_in_other_bytes_is_found_by_the_trail(self, archivo: Command, copied: list[str], home: Path) -> None:
        place = place_of(home / "store", copied[0])
        before = (place / "v1" / "inventory.json").read_bytes()
        forge(place, ["v1"], b"\n", b"")
        (found,) = archivo("verify", "--json").value["damaged"]
        assert found["key"].endswith("v1/inventory.json")
        assert found["expected"] == hashlib.sha256(before).hexdigest()
        assert archivo("verify", "--repair", "--json").status == 0
        assert (place / "v1" / "inventory.json").read_bytes() == before

    def test_without_a_good_copy_a_forged_package_is_lost_and_nothing_else_is_written(
        self, archivo: Command, copied: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ARCHIVO_REPLICAS")
        place = place_of(home / "store", copied[0])
        self.consistent(place)
        before = bytes_of(place)
        ran = archivo("verify", "--repair", "--json")
        assert (ran.status, [one["id"] for one in ran.value["lost"]], ran.value["restored"]) == (1, [copied[0]], [])
        assert bytes_of(place) == before

    def test_the_event_tells_where_each_file_came_from(self, archivo: Command, copied: list[str], home: Path) -> None:
        place = place_of(home / "store", copied[0])
        forge(place, ["", "v2"], b'"message": "', b'"message": "No: ')
        assert archivo("verify", "--repair", copied[0]).status == 0
        told = [each for each in events_of(archivo, copied[0]) if "inventory.json" in each]
        assert told
        assert all("«copia»" in each for each in told if "inventory.json»" in each or "inventory.json " in each), told
        place_now = place_of(home / "store", copied[0])
        flip(place_now / "v1" / "inventory.json")
        assert archivo("verify", "--repair", copied[0]).status == 0
        assert "su inventario dice" in " ".join(events_of(archivo, copied[0])[-2:])


class TestEveryPlace:
    def test_a_repair_reads_the_copies_and_mends_them(self, archivo: Command, copied: list[str], copies: dict[str, Path]) -> None:
        data = next(place_of(copies["otra"], copied[1]).rglob("original/data"))
        before = data.read_bytes()
        flip(data)
        assert archivo("verify", "--repair", copied[0], "--json").value["restored"] == []
        ran = archivo("verify", "--repair", "--json")
        assert (ran.status, [(one["location"], one["id"]) for one in ran.value["restored"]]) == (0, [("otra", copied[1])])
        assert data.read_bytes() == before

    def test_what_is_good_nowhere_is_told_of_every_place(
        self, archivo: Command, copied: list[str], home: Path, copies: dict[str, Path]
    ) -> None:
        for root in (home / "store", *copies.values()):
            flip(next(place_of(root, copied[0]).rglob("original/data")))
        ran = archivo("verify", "--repair", "--json")
        assert (ran.status, {one["location"] for one in ran.value["lost"]}) == (1, {"principal", "copia", "otra"})

    def test_a_place_that_is_away_is_named_and_the_others_are_repaired(
        self, archivo: Command, copied: list[str], home: Path, copies: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flip(next(place_of(home / "store", copied[0]).rglob("original/data")))
        shutil.rmtree(copies["copia"])
        copies["copia"].write_text("no es una carpeta")
        monkeypatch.setenv("ARCHIVO_REPLICAS", f"copia=s3+http://K:S@127.0.0.1:1/cubo otra={copies['otra'].as_uri()}")
        ran = archivo("verify", "--repair", "--json")
        assert (ran.status, {one["source"] for one in ran.value["restored"]}) == (1, {"otra"})
        assert {(one["location"], one["why"]) for one in ran.value["left"]} == {("copia", "away")}


class TestNights:
    def test_the_plot_holds_what_verify_found_and_what_was_given_back(
        self, archivo: Command, copied: list[str], home: Path, archive: Archive
    ) -> None:
        flip(next(place_of(home / "store", copied[0]).rglob("original/data")))
        assert archivo("verify").status == 1
        (found,) = oversight.fixity_state(archive, CUSTODY, "principal")
        assert found.wrong == 1
        (night,) = found.nights
        held = night.checked
        assert (night.wrong, night.restored) == (1, 0)
        assert held >= 2
        assert archivo("verify", "--repair").status == 0
        (found,) = oversight.fixity_state(archive, CUSTODY, "principal")
        assert found.wrong == 0
        assert [(one.wrong, one.restored) for one in found.nights] == [(2, 1)]
        create_user(archive, CUSTODY, "ana", "archivist", password=PASSWORD)
        web: TestClient = signed_in(archive, "ana")
        page = web.get("/custodia").text
        assert re.search(r"<title>[^<]*2 no estaban íntegros, 1 se restituyó</title>", page)
        assert "Restituidos" in words(page)

    def test_a_reading_by_hand_takes_nothing_from_the_night(self, archivo: Command, copied: list[str], archive: Archive) -> None:
        """Verify one document by day, and what is due in the night is read all the same."""
        by_day = at(archive, NIGHT.replace(hour=12))
        assert verify(by_day, CUSTODY, [copied[0]]).is_clean
        work_the_night(at(archive, NIGHT))
        due = fixity.due(at(archive, NIGHT), "principal", policy_of(archive, "principal"))
        assert list(due)[1:] == []  # but the ledger that the night wrote
