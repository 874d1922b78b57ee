"""What is kept is read again on time in every place, copied to the others, repaired from them, and its ledger tells all of it anew."""

import errno
import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from archivo import jobs
from archivo.access.policy import custody
from archivo.access.services import create_user
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.custody import fixity, nights, oversight, replicas
from archivo.custody.fixity import FixityOutcome
from archivo.custody.models import FixityNight, Ledger
from archivo.custody.places import places
from archivo.custody.policy import OTHERS, FixityPolicy, read_policies
from archivo.custody.repair import repair
from archivo.database import table_of
from archivo.errors import Malformed
from archivo.identifiers import urn
from archivo.records.models import KeptCopy
from archivo.worker import run_job, work_until_done
from preservation.ocfl import StorageRoot
from preservation.ocfl_layout import key_of, prefix_of
from preservation.store import ObjectKey, ObjectStore, StoreFull, StoreUnavailable

from .conftest import Command
from .test_web_pages import PASSWORD, signed_in, words

NOTES = 4
NIGHT = datetime(2027, 1, 15, 22, tzinfo=ZoneInfo("America/Bogota"))
CUSTODY = custody("prueba")

pytestmark = pytest.mark.usefixtures("copies")


@pytest.fixture
def kept(archivo: Command, tmp_path: Path, embedded: None) -> list[str]:
    """Some documents, findable, not read again yet nor copied."""
    notes = [tmp_path / f"nota{number}.txt" for number in range(NOTES)]
    for number, path in enumerate(notes):
        path.write_text(f"La nota {number} habla del acueducto.", "utf-8")
    return [one["id"] for one in archivo("deposit", *notes, "--wait", "--json").lines]


@pytest.fixture
def copied(archivo: Command, kept: list[str]) -> list[str]:
    assert archivo("replicas", "--run").status == 0
    assert archivo("fixity", "--run").status == 0
    assert archivo("replicas", "--run").status == 0  # the ledger of what was read
    return kept


def place_of(root: Path, identifier: str) -> Path:
    return root / prefix_of(urn(identifier))


def at(archive: Archive, moment: datetime) -> Archive:
    """The archive, its clock stopped at a moment."""
    return replace(archive, clock=lambda: moment.astimezone(UTC))


def overwrite(file: Path, content: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(content)


def files_of(root: Path, identifier: str) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(place_of(root, identifier).rglob("*")) if file.is_file()}


def still(root: Path, identifier: str) -> list[Path]:
    """The files that no later version changes."""
    place = place_of(root, identifier)
    return [file for file in files_of(root, identifier) if file.parent != place or file.name.startswith("0=")]


def work_the_night(archive: Archive, location: str = "principal") -> None:
    fixity.schedule(archive)
    work_until_done(archive, {location})
    work_until_done(archive, {archive.clock().astimezone(ZoneInfo("America/Bogota")).date().isoformat()[:7]})


def state(archive: Archive, location: str = "principal") -> oversight.PlaceState:
    (found,) = oversight.fixity_state(archive, CUSTODY, location)
    return found


class TestReading:
    def test_that_nothing_was_ever_read_is_an_alarm(self, archivo: Command, kept: list[str]) -> None:
        ran = archivo("fixity", "--json")
        assert ran.status == 1
        principal = ran.value["places"][0]
        assert (principal["location"], principal["held"], principal["checked"]) == ("principal", NOTES + 1, 0)
        assert "nunca" in principal["alarms"][0]

    def test_an_empty_archive_is_no_alarm(self, archivo: Command, home: Path) -> None:
        ran = archivo("fixity", "--json")
        assert (ran.status, ran.value["ok"]) == (0, True)

    def test_at_its_hour_all_that_is_due_is_read_once(self, kept: list[str], archive: Archive) -> None:
        by_day = at(archive, NIGHT.replace(hour=12))
        work_the_night(by_day)
        assert state(by_day).checked == 0
        night = at(archive, NIGHT)
        work_the_night(night)
        found = state(night)
        assert (found.held, found.checked, found.alarms) == (NOTES + 2, NOTES + 1, ())  # the ledger was written after all was read
        assert [(one.day, one.checked, one.wrong) for one in found.nights] == [("2027-01-15", NOTES + 1, 0)]
        work_the_night(at(archive, NIGHT + timedelta(hours=3)))
        assert state(night).nights == found.nights

    def test_after_midnight_it_is_still_the_same_night(self, kept: list[str], archive: Archive) -> None:
        work_the_night(at(archive, NIGHT.replace(hour=2)))
        assert [one.day for one in state(archive).nights] == ["2027-01-14"]

    def test_what_was_read_longest_ago_goes_first_and_what_never_was_before_all(self, kept: list[str], archive: Archive) -> None:
        for number, identifier in enumerate([kept[2], kept[0]]):
            fixity.check(at(archive, NIGHT + timedelta(minutes=number)), "principal", identifier)
        policy = replace(read_policies(None)["principal"], every=timedelta(days=1))
        fixity.register(archive)
        due = list(fixity.due(at(archive, NIGHT + timedelta(days=2)), "principal", policy))
        assert due[-2:] == [kept[2], kept[0]]
        assert set(due[:-2]) >= {kept[1], kept[3]}

    def test_a_night_reads_no_more_than_it_may_and_the_next_goes_on(
        self, kept: list[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        policy = tmp_path / "politica.toml"
        part = "every_days = 30\nhours = [20, 6]\nbytes_a_night = 1\nbytes_per_second = 1_000_000_000\nshare = 1.0\n"
        policy.write_text(f"[principal]\n{part}[otros]\n{part}", "utf-8")
        monkeypatch.setenv("ARCHIVO_FIXITY_POLICY", str(policy))
        with opened() as archive:
            for nights in (1, 2, 3):
                night = at(archive, NIGHT + timedelta(days=nights))
                work_the_night(night)
                assert state(night).checked == nights
            assert [one.checked for one in state(archive).nights] == [1, 1, 1]

    def test_a_worker_that_ends_in_the_middle_leaves_what_was_read_and_the_night_goes_on(self, kept: list[str], archive: Archive) -> None:
        night = at(archive, NIGHT)
        nights.begin_night(night, "principal", "2027-01-15")
        fixity.check(night, "principal", kept[0], "2027-01-15")
        work_the_night(night)
        assert [(one.checked, one.wrong) for one in state(night).nights] == [(NOTES + 1, 0)]

    def test_what_is_long_unread_is_an_alarm(self, copied: list[str], archive: Archive) -> None:
        assert state(archive).alarms == ()
        much_later = at(archive, archive.clock() + timedelta(days=200))
        assert "sin leer" in state(much_later).alarms[0]

    def test_damage_is_found_told_and_counted(self, archivo: Command, copied: list[str], home: Path, archive: Archive) -> None:
        data = next(place_of(home / "store", copied[0]).rglob("original/data"))
        overwrite(data, b"otra cosa")
        ran = archivo("fixity", "--run", "--place", "principal", "--json")
        assert ran.status == 1
        (principal,) = ran.value["places"]
        assert [(one["id"], one["outcome"]) for one in principal["wrong_copies"]] == [(copied[0], "damaged")]
        assert principal["wrong"] == 1
        with archive.reading() as session:
            acts = list(session.scalars(select(AuditEntry.act).where(AuditEntry.object_id == copied[0])))
        assert "package.fault" in acts

    def test_an_inventory_altered_with_its_sidecar_is_found(self, copied: list[str], home: Path, archive: Archive) -> None:
        """Bytes and digests agree with each other; only the catalogue and the trail know that they are not those that were written."""
        place = place_of(home / "store", copied[0])
        head = max(place.glob("v*"), key=lambda folder: int(folder.name[1:]))
        forge(place, head)
        assert archive.packages.verify(urn(copied[0])).is_intact
        assert fixity.check(archive, "principal", copied[0]).outcome == FixityOutcome.ALTERED

    def test_a_place_that_there_is_not_is_told(self, archivo: Command, kept: list[str]) -> None:
        ran = archivo("fixity", "--place", "nube", "--json")
        assert (ran.status, ran.value["error"]["code"]) == (1, "place.unknown")


def forge(place: Path, head: Path) -> None:
    """Another message for the last version, and the sidecars made to agree."""
    import hashlib

    before, said, after = (place / "inventory.json").read_bytes().rpartition(b'"message": "')
    changed = before + said + b"No: " + after
    for folder in (place, head):
        overwrite(folder / "inventory.json", changed)
        overwrite(folder / "inventory.json.sha256", f"{hashlib.sha256(changed).hexdigest()}  inventory.json\n".encode())


class TestPolicy:
    @pytest.mark.parametrize(
        "text",
        [
            "no es toml",
            "[principal]\nevery_days = 1",
            "[otros]\nevery_days = 0\nhours = [1, 2]\nbytes_a_night = 1\nbytes_per_second = 1\nshare = 1",
            "[otros]\nevery_days = 1\nhours = [1, 2]\nbytes_a_night = 1\nbytes_per_second = 1\nshare = 1\nrepairs_a_night = -1",
        ],
    )
    def test_one_that_cannot_be_used_is_refused(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "mala.toml").write_text(text, "utf-8")
        with pytest.raises(Malformed):
            read_policies(tmp_path / "mala.toml")

    def test_a_share_reads_another_part_each_turn_until_all_was_read(self) -> None:
        policy = replace(read_policies(None)[OTHERS], share=0.25, every=timedelta(days=10))
        names = [f"objeto-{number}" for number in range(400)]
        turns = [{name for name in names if policy.takes(name, NIGHT + timedelta(days=10 * turn))} for turn in range(4)]
        assert all(60 < len(turn) < 140 for turn in turns)
        assert sum(map(len, turns)) == len(names)
        assert set().union(*turns) == set(names)

    def test_a_night_may_be_the_whole_day(self) -> None:
        policy: FixityPolicy = replace(read_policies(None)[OTHERS], begins=0, ends=0)
        assert {policy.night_of(NIGHT.replace(hour=hour)) for hour in range(24)} == {"2027-01-15"}


class TestReplicas:
    def test_every_package_is_in_every_place_and_read_there(self, archivo: Command, kept: list[str], copies: dict[str, Path]) -> None:
        behind = archivo("replicas", "--json")
        assert behind.status == 1
        assert [(one["location"], one["behind"]) for one in behind.value["replicas"]] == [("copia", NOTES + 1), ("otra", NOTES + 1)]
        assert archivo("replicas", "--run", "--json").status == 0
        with opened() as archive:
            for name, store in archive.replicas.items():
                assert sorted(StorageRoot(store).objects()) == sorted(archive.packages.objects())
                assert (state(archive, name).checked, state(archive, name).wrong) == (NOTES + 1, 0)

    def test_a_new_version_follows_by_itself(self, archivo: Command, copied: list[str], archive: Archive) -> None:
        archivo("publish", copied[0])
        assert [lag.behind for lag in replicas.lag(archive)] == [1, 1]
        replicas.schedule(archive)
        work_until_done(archive, {"copia", "otra"})
        assert [lag.behind for lag in replicas.lag(archive)] == [0, 0]
        head = archive.packages.head(urn(copied[0]))
        assert {StorageRoot(store).head(urn(copied[0])) for store in archive.replicas.values()} == {head}

    def test_a_copy_that_stays_behind_is_an_alarm(self, kept: list[str], archive: Archive) -> None:
        assert "faltan paquetes" in " ".join(state(at(archive, archive.clock() + timedelta(days=2)), "copia").alarms)

    def test_what_is_damaged_in_the_original_is_not_copied(self, archivo: Command, kept: list[str], home: Path) -> None:
        overwrite(next(place_of(home / "store", kept[0]).rglob("original/data")), b"otra cosa")
        ran = archivo("replicas", "--run", "--json")
        assert ran.status == 1
        assert {(one["id"], one["outcome"]) for one in ran.value["failed"]} == {(kept[0], "damaged")}

    @pytest.mark.parametrize("text", ["copia", "=file:///x", "principal=file:///x", "a=file:///x a=file:///y", "Á=file:///x"])
    def test_replicas_badly_named_are_refused(self, text: str, archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ARCHIVO_REPLICAS", text)
        assert archivo("fixity", "--json").status == 2


class TestRepair:
    def test_whatever_is_damaged_anywhere_is_given_back_and_nothing_else_touched(
        self, archivo: Command, copied: list[str], home: Path, copies: dict[str, Path], archive: Archive
    ) -> None:
        roots = {"principal": home / "store", **copies}
        chance = random.Random(5)
        for name, root in roots.items():
            for file, content in files_of(root, copied[0]).items():
                assert archivo("replicas", "--run").status == 0
                before = {each: each.read_bytes() for each in still(root, copied[0])}
                overwrite(file, b"x" + content[1:] if chance.random() < 0.7 else b"")
                fixity.check(archive, name, copied[0])
                report = archivo("verify", "--repair", copied[0], "--json")
                assert report.status == 0, (name, file)
                assert [one["location"] for one in report.value["restored"]] == [name], file
                assert {each: each.read_bytes() for each in before} == before, (name, file)
        assert archivo("verify", "--json").value["damaged"] == []

    def test_the_repair_is_told_in_the_trail_and_in_the_record_and_the_damaged_bytes_are_kept(
        self, archivo: Command, copied: list[str], home: Path, archive: Archive
    ) -> None:
        overwrite(next(place_of(home / "store", copied[0]).rglob("original/data")), b"otra cosa")
        (restored,) = archivo("verify", "--repair", "--json").value["restored"]
        with archive.packages.open(urn(restored["aside"]), "damaged/data") as kept:
            assert kept.read() == b"otra cosa"
        with archive.reading() as session:
            (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.act == "package.repair"))
        assert {name: entry.detail[name] for name in ("was", "now", "source")} == {
            name: restored[name] for name in ("was", "now", "source")
        }
        event = archivo("show", copied[0], "--json").value["events"][-1]
        assert (event["type"], event["outcome"]) == ("replication", "success")
        assert restored["now"] in event["detail"]
        assert archivo("audit", "verify").status == 0
        assert archivo("verify").status == 0

    def test_if_no_copy_is_good_it_is_an_alarm_and_nothing_is_written_over(
        self, archivo: Command, copied: list[str], home: Path, copies: dict[str, Path]
    ) -> None:
        for number, root in enumerate([home / "store", *copies.values()]):
            overwrite(next(place_of(root, copied[0]).rglob("original/data")), f"malo {number}".encode())
        ran = archivo("verify", "--repair", "--json")
        assert ran.status == 1
        assert ran.value["restored"] == []
        assert (copied[0], "principal") in {(one["id"], one["location"]) for one in ran.value["lost"]}
        assert next(place_of(home / "store", copied[0]).rglob("original/data")).read_bytes() == b"malo 0"
        assert archivo("fixity").status == 1

    @pytest.mark.parametrize(("allowed", "repaired"), [(20, 2), (1, 1), (0, 0)])
    def test_what_a_night_finds_amiss_is_given_back_in_it_unless_it_is_too_much(
        self,
        archivo: Command,
        copied: list[str],
        home: Path,
        archive: Archive,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        allowed: int,
        repaired: int,
    ) -> None:
        policy = tmp_path / "politica.toml"
        shipped = (files("archivo.data") / "fixity_policy.toml").read_text("utf-8")
        policy.write_text(shipped.replace("repairs_a_night = 20", f"repairs_a_night = {allowed}"), "utf-8")
        monkeypatch.setenv("ARCHIVO_FIXITY_POLICY", str(policy))
        for damaged in copied[:2]:
            overwrite(next(place_of(home / "store", damaged).rglob("original/data")), b"otra cosa")
        with opened() as fresh:
            night = at(fresh, NIGHT + timedelta(days=90))
            work_the_night(night)
            work_until_done(night, {f"principal/{one}" for one in copied})
            assert state(night).wrong == 2 - repaired
            with night.reading() as session:
                told = session.scalars(select(AuditEntry).where(AuditEntry.act == "package.repair")).all()
        assert {entry.actor for entry in told} <= {"Archivo"}
        assert len(told) == repaired
        assert len(archivo("verify", "--json").value["damaged"]) == 2 - repaired

    def test_a_whole_package_that_vanished_is_given_back(self, archivo: Command, copied: list[str], home: Path) -> None:
        place = place_of(home / "store", copied[0])
        before = files_of(home / "store", copied[0])
        for file in before:
            file.unlink()
        assert archivo("verify", "--repair", "--json").status == 0
        found = {file: content for file, content in files_of(home / "store", copied[0]).items() if file in before}
        assert {file for file in found if file.parent != place and "inventory" not in file.name} == {
            file for file in before if file.parent != place and "inventory" not in file.name
        }
        assert archivo("verify", "--json").value["damaged"] == []

    def test_without_copies_damage_is_told_as_lost(
        self, archivo: Command, kept: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ARCHIVO_REPLICAS")
        overwrite(next(place_of(home / "store", kept[0]).rglob("original/data")), b"otra cosa")
        ran = archivo("verify", "--repair", "--json")
        assert ran.status == 1
        assert [one["id"] for one in ran.value["lost"]] == [kept[0]]


Rows = dict[str, list[Any]]


def held(archive: Archive, keep: Callable[[Any], bool] = lambda _: True) -> Rows:
    with archive.reading() as session:
        return {
            model.__tablename__: sorted(map(tuple, filter(keep, session.execute(select(table_of(model))))))
            for model in (KeptCopy, FixityNight, Ledger)
        }


def test_the_store_alone_gives_back_what_was_checked(archivo: Command, copied: list[str], home: Path, archive: Archive) -> None:
    """The ledger tells each night and each package read in it; after it, only what it says of itself is new."""
    before = held(archive)
    for file in home.glob("archivo.db*"):
        file.unlink()
    assert archivo("rebuild", "--catalogue", "--json").status == 0
    with opened() as again:
        after = held(again)
    ledger = after["ledger"][0][1]
    assert after["ledger"] == before["ledger"]
    assert after["fixity_night"] == before["fixity_night"]
    assert [row for row in after["kept_copy"] if row[1] != ledger] == [row for row in before["kept_copy"] if row[1] != ledger]
    assert archivo("verify", "--json").status == 0


def test_bits_flipped_in_any_place_are_all_found_and_all_repaired(
    archivo: Command, copied: list[str], home: Path, copies: dict[str, Path]
) -> None:
    chance = random.Random(8)
    roots = [home / "store", *copies.values()]
    for _ in range(12):
        assert archivo("replicas", "--run").status == 0  # a repair is told in the record, which is a version more
        root = chance.choice(roots)
        before = {file: file.read_bytes() for one in copied for file in still(root, one)}
        hurt = chance.sample(sorted(file for one in copied for file in files_of(root, one)), 5)
        for file in hurt:
            content = bytearray(file.read_bytes())
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            overwrite(file, bytes(content))
        archivo("fixity", "--run", "--json")
        assert archivo("verify", "--repair", "--json").status == 0, hurt
        assert {file: file.read_bytes() for file in before} == before, hurt


class TestPage:
    @pytest.fixture
    def web(self, archive: Archive) -> TestClient:
        for login, role in (("ana", "archivist"), ("sara", "servant")):
            create_user(archive, CUSTODY, login, role, password=PASSWORD)
        return signed_in(archive, "ana")

    def test_it_tells_each_place_its_alarms_and_its_nights(
        self, archivo: Command, copied: list[str], home: Path, archive: Archive, web: TestClient
    ) -> None:
        overwrite(next(place_of(home / "store", copied[0]).rglob("original/data")), b"otra cosa")
        archivo("fixity", "--run")
        told = web.get("/custodia").text
        assert "1 paquete no está íntegro" in words(told)
        assert copied[0] in told
        assert all(f'id="noches-{place}"' in told for place in ("principal", "copia", "otra"))
        assert re.search(r"<title>\d+ de \w+ de \d{4}: \d+ paquetes leídos, 1 no estaba íntegro</title>", told)

    def test_a_document_tells_where_it_is_and_when_it_was_read_there(
        self, archivo: Command, copied: list[str], web: TestClient, archive: Archive
    ) -> None:
        copies = archivo("show", copied[0], "--json").value["copies"]
        assert [(one["location"], one["outcome"]) for one in copies] == [(place, "intact") for place in ("principal", "copia", "otra")]
        told = words(web.get(f"/documentos/{copied[0]}?ver=integridad").text)
        assert all(f"En «{place}», versión 2; leído entero" in told for place in ("principal", "copia", "otra"))
        assert "Dónde está" not in words(signed_in(archive, "sara").get(f"/documentos/{copied[0]}?ver=integridad").text)

    def test_an_archive_that_was_never_read_says_so(self, kept: list[str], web: TestClient) -> None:
        assert "nunca se leyó ninguno de nuevo" in words(web.get("/custodia").text)

    def test_who_may_not_verify_does_not_see_it(self, archive: Archive, web: TestClient) -> None:
        assert signed_in(archive, "sara").get("/custodia").status_code == 403


class TestRoughTimes:
    """What really happens: crashes between two steps, disks that lose sectors, places that do not answer."""

    def stale(self, archive: Archive, location: str, identifier: str, version: int) -> None:
        """Have the catalogue know only an earlier version, as after a crash between the package and its row."""
        store = places(archive)[location]
        with store.open(key_of(prefix_of(urn(identifier)), f"v{version}/inventory.json")) as file:
            then = hashlib.sha256(file.read()).hexdigest()
        with archive.database.writing() as session:
            row = session.get_one(KeptCopy, (location, identifier))
            row.version, row.inventory = version, then

    def test_a_record_that_is_behind_rolls_nothing_back(self, archivo: Command, copied: list[str], home: Path, archive: Archive) -> None:
        self.stale(archive, "principal", copied[0], 1)
        data = next(place_of(home / "store", copied[0]).rglob("original/data"))
        content = data.read_bytes()
        overwrite(data, b"x" * len(content))
        archivo("verify", "--repair", copied[0])
        assert data.read_bytes() == content
        assert archive.packages.inventory(urn(copied[0])).versions.keys() >= {1, 2}

    def test_a_version_that_nobody_told_of_is_no_intact_package(self, copied: list[str], archive: Archive, archivo: Command) -> None:
        self.stale(archive, "principal", copied[0], 1)
        assert fixity.check(archive, "principal", copied[0]).outcome == FixityOutcome.AHEAD
        ran = archivo("verify", "--repair", copied[0], "--json")
        assert (ran.status, [(one["id"], one["why"]) for one in ran.value["left"]]) == (1, [(copied[0], "ahead")])

    def test_the_repair_of_an_unknown_document_does_not_end_well(self, archivo: Command, kept: list[str]) -> None:
        unknown = "01900000-0000-7000-8000-000000000000"
        ran = archivo("verify", "--repair", unknown, "--json")
        assert (ran.status, [one["why"] for one in ran.value["left"]]) == (1, ["unknown"])

    def test_a_place_that_is_away_keeps_no_other_from_being_repaired(
        self, archivo: Command, copied: list[str], home: Path, copies: dict[str, Path], archive: Archive
    ) -> None:
        data = next(place_of(home / "store", copied[0]).rglob("original/data"))
        content = data.read_bytes()
        overwrite(data, b"otra cosa")
        broken = replace(archive, replicas={"copia": Unanswering(), "otra": archive.replicas["otra"]})
        fixity.check(broken, "principal", copied[0])
        report = repair(broken, CUSTODY, [copied[0]])
        assert [(one.location, one.source) for one in report.restored] == [("principal", "otra")]
        assert data.read_bytes() == content

    def test_nights_in_which_nobody_reads_are_an_alarm(self, copied: list[str], archive: Archive, archivo: Command) -> None:
        fixity.check_all(archive, "principal", lambda *_: None)
        assert state(at(archive, archive.clock() + timedelta(days=89))).alarms == ()
        assert "hace días" in state(at(archive, archive.clock() + timedelta(days=91))).alarms[0]

    def test_of_a_part_only_that_part_is_overdue(self, copied: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        part = "every_days = 30\nhours = [20, 6]\nbytes_a_night = 1000000000\nbytes_per_second = 1000000000\nshare = 0.1\n"
        (tmp_path / "politica.toml").write_text(f"[principal]\n{part}[otros]\n{part}", "utf-8")
        monkeypatch.setenv("ARCHIVO_FIXITY_POLICY", str(tmp_path / "politica.toml"))
        with opened() as archive:
            assert state(at(archive, archive.clock() + timedelta(days=65))).alarms == ()

    @pytest.mark.parametrize("kind", ["check", "replicate"])
    def test_a_job_about_a_place_that_this_process_was_not_told_of_is_no_failure(
        self, kind: str, kept: list[str], archive: Archive
    ) -> None:
        """Machines are set up one by one; who knows the place asks again."""
        with archive.transaction() as transaction:
            transaction.enqueue(kind, "nueva", queue=jobs.Queue.CUSTODY, params={"night": "2027-01-15"} if kind == "check" else {})
        with archive.database.claiming() as session:
            lease = jobs.claim(session, "prueba", archive.clock(), objects=["nueva"])
        assert lease is not None
        run_job(archive, lease)
        with archive.reading() as session:
            job = session.get_one(jobs.Job, lease.id)
            assert (job.state, job.error_code) == ("done", None)
            assert session.scalars(select(FixityNight)).all() == []

    def test_bytes_a_second_are_kept_from_one_slice_to_the_next(
        self, kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        part = "every_days = 30\nhours = [20, 6]\nbytes_a_night = 1000000000\nbytes_per_second = 1000\nshare = 1.0\n"
        (tmp_path / "politica.toml").write_text(f"[principal]\n{part}[otros]\n{part}", "utf-8")
        monkeypatch.setenv("ARCHIVO_FIXITY_POLICY", str(tmp_path / "politica.toml"))
        monkeypatch.setattr(fixity, "SLICE", -1.0)
        with opened() as assembled:
            archive = at(assembled, NIGHT)
            fixity.schedule(archive)
            with archive.database.claiming() as session:
                lease = jobs.claim(session, "prueba", archive.clock(), objects=["principal"])
            assert lease is not None
            fixity.check_some(archive, lease)
            with archive.reading() as session:
                (job,) = jobs.open_jobs(session, "principal")
            assert job.not_before is not None
            assert (job.state, job.attempt, job.not_before >= archive.clock()) == ("queued", 0, True)

    def test_what_is_being_copied_is_not_told_as_strange(self, copied: list[str], archive: Archive, copies: dict[str, Path]) -> None:
        place = place_of(copies["copia"], copied[0])
        (place / "v3" / "content" / "abc").mkdir(parents=True)
        (place / "v3" / "content" / "abc" / "x.txt").write_text("x")
        with archive.writing_object(urn(copied[0])):
            assert fixity.check(archive, "copia", copied[0]).outcome == FixityOutcome.INTACT
        assert fixity.check(archive, "copia", copied[0]).outcome == FixityOutcome.UNEXPECTED

    def test_damaged_bytes_set_apart_by_a_dead_process_are_kept_like_the_rest(self, copied: list[str], archive: Archive) -> None:
        with archive.packages.new_version(urn("01900000-0000-7000-8000-00000000abcd"), base=None) as writer:
            writer.put_bytes("damaged/data", b"x")
            writer.commit("x", "x", None, archive.clock())
        held = state(archive).held
        fixity.check_all(archive, "principal", lambda *_: None)
        assert state(archive).held == held + 1


class TestRepairByItself:
    """What a night has repaired: nothing is tried without end, and what could not be given back stays an alarm."""

    def night(self, archive: Archive, location: str) -> Archive:
        """The archive at the instant when a night has read a place."""
        then = at(archive, NIGHT + timedelta(days=190))
        work_the_night(then, location)
        return then

    def work(self, archive: Archive, location: str, identifier: str, hours: int = 0) -> jobs.Job:
        """Work the repair that the night asked for, some hours later; the job as it is then."""
        then = at(archive, archive.clock() + timedelta(hours=hours))
        with then.database.claiming() as session:
            lease = jobs.claim(session, "prueba", then.clock(), objects=[f"{location}/{identifier}"])
        assert lease is not None
        assert lease.kind == "repair"
        run_job(then, lease)
        with then.reading() as session:
            return session.get_one(jobs.Job, lease.id)

    def outcome(self, archive: Archive, location: str, identifier: str) -> str | None:
        with archive.reading() as session:
            return session.get_one(KeptCopy, (location, identifier)).outcome

    @pytest.mark.parametrize("fault", [StoreUnavailable("AccessDenied"), StoreFull("full"), OSError(errno.ENOSPC, "full")], ids=repr)
    def test_where_nothing_may_be_deleted_it_is_tried_for_a_day_and_what_is_damaged_set_apart_once(
        self, copied: list[str], copies: dict[str, Path], archive: Archive, fault: Exception
    ) -> None:
        overwrite(next(place_of(copies["copia"], copied[0]).rglob("original/data")), b"otra cosa")
        night = self.night(archive, "copia")
        refusing = replace(night, replicas={**night.replicas, "copia": Refusing(night.replicas["copia"], fault)})
        before = set(archive.packages.objects())
        told = [self.work(refusing, "copia", copied[0], hours=2 * turn).state for turn in range(13)]
        assert told == ["queued"] * 12 + ["failed"]
        assert len(set(archive.packages.objects()) - before) == 1
        assert state(night, "copia").wrong == 1

    def test_no_other_place_is_touched_and_nothing_that_is_for_a_person(
        self, copied: list[str], home: Path, copies: dict[str, Path], archive: Archive
    ) -> None:
        """Each place has its own policy, by which its own night asks."""
        for root in (home / "store", copies["copia"]):
            overwrite(next(place_of(root, copied[0]).rglob("original/data")), b"otra cosa")
        fixity.check(archive, "copia", copied[0])
        assert self.work(self.night(archive, "principal"), "principal", copied[0]).state == "done"
        assert self.outcome(archive, "principal", copied[0]) == FixityOutcome.INTACT
        assert self.outcome(archive, "copia", copied[0]) == FixityOutcome.DAMAGED
        with archive.database.writing() as session:
            session.get_one(KeptCopy, ("copia", copied[0])).outcome = FixityOutcome.UNEXPECTED
        with archive.transaction() as transaction:
            transaction.enqueue("repair", f"copia/{copied[0]}", queue=jobs.Queue.CUSTODY)
        assert self.work(archive, "copia", copied[0]).state == "done"
        assert next(place_of(copies["copia"], copied[0]).rglob("original/data")).read_bytes() == b"otra cosa"

    def test_a_repair_and_a_hold_write_no_version_that_would_excuse_strange_files(
        self, copied: list[str], home: Path, archive: Archive
    ) -> None:
        overwrite(next(place_of(home / "store", copied[0]).rglob("original/data")), b"otra cosa")
        for one in copied[:2]:
            (place_of(home / "store", one) / "v3").mkdir()
            (place_of(home / "store", one) / "v3" / "x.txt").write_text("x")
        assert self.work(self.night(archive, "principal"), "principal", copied[0]).state == "done"
        assert self.outcome(archive, "principal", copied[0]) == FixityOutcome.UNEXPECTED
        with archive.transaction() as transaction:
            transaction.enqueue("hold", copied[1], queue=jobs.Queue.CUSTODY)
        assert fixity.check(archive, "principal", copied[1]).outcome == FixityOutcome.UNEXPECTED

    def test_a_copy_that_is_away_is_waited_for(self, copied: list[str], home: Path, archive: Archive) -> None:
        data = next(place_of(home / "store", copied[0]).rglob("original/data"))
        content = data.read_bytes()
        overwrite(data, b"otra cosa")
        night = self.night(archive, "principal")
        alone = replace(night, replicas=dict.fromkeys(night.replicas, Unanswering()))
        assert self.work(alone, "principal", copied[0]).state == "queued"
        assert data.read_bytes() == b"otra cosa"
        assert self.work(night, "principal", copied[0], hours=2).state == "done"
        assert data.read_bytes() == content

    def test_a_copy_that_never_answers_is_not_waited_for_without_end(self, copied: list[str], home: Path, archive: Archive) -> None:
        overwrite(next(place_of(home / "store", copied[0]).rglob("original/data")), b"otra cosa")
        night = self.night(archive, "principal")
        alone = replace(night, replicas=dict.fromkeys(night.replicas, Unanswering()))
        assert [self.work(alone, "principal", copied[0], hours=2 * turn).state for turn in range(13)] == ["queued"] * 12 + ["failed"]
        assert state(night).wrong == 1

    def test_if_no_copy_is_good_it_is_not_tried_again(
        self, copied: list[str], home: Path, copies: dict[str, Path], archive: Archive
    ) -> None:
        for root in (home / "store", *copies.values()):
            overwrite(next(place_of(root, copied[0]).rglob("original/data")), b"otra cosa")
        night = self.night(archive, "principal")
        assert self.work(night, "principal", copied[0]).state == "done"
        assert state(night).wrong == 1


@dataclass
class Refusing:
    """A place that gives and takes, and lets nothing be deleted, as one whose key lacks that right."""

    store: ObjectStore
    fault: Exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        raise self.fault


class Unanswering:
    """A place that does not answer, whatever it is asked."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*_: object, **__: object) -> Any:
            raise StoreUnavailable("away")

        return ask


def test_packages_of_an_earlier_program_get_their_rows(kept: list[str], archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixity, "MANY", 2)  # in several looks, none of which takes more
    with archive.database.writing() as session:
        session.execute(delete(KeptCopy))
    found = state(at(archive, archive.clock() + timedelta(hours=2)))
    assert (found.held, found.checked) == (NOTES + 1, 0)
    fixity.check(archive, "principal", kept[0])
    assert state(archive).wrong == 0
