"""Packages are taken away to be read elsewhere, and come back with their identity, their versions and their history."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from lxml import etree
from sqlalchemy import select

from archivo.access.policy import custody
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.audit.models import AuditEntry
from archivo.discovery.taking_away import Form, take_away
from archivo.identifiers import urn
from archivo.records.services import describe
from preservation.eark import folder_name
from preservation.ocfl import StorageRoot
from preservation.ocfl_copy import Outcome, copy_object
from preservation.ocfl_layout import prefix_of
from preservation.store import ObjectKey, StoreUnavailable
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.mounted import MountedFolder
from preservation.validate import validate

from .conftest import Command

Moved = Callable[[], None]


@pytest.fixture
def kept(archivo: Command, filled: Path, embedded: None) -> list[str]:
    """All the documents of the filled home, one of which has an act after it was processed."""
    with opened() as archive:
        ids = sorted(each.removeprefix("urn:uuid:") for each in archive.packages.objects())
    found = [each for each in ids if archivo("show", each, "--json").status == 0]
    suggested = archivo("classify", found[0], "--json").value
    assert archivo("classify", found[0], "--confirm", f"{suggested['office']}/{suggested['code']}").status == 0
    return found


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Moved:
    """From then on the commands work in another home, which is empty."""
    return lambda: monkeypatch.setenv("ARCHIVO_HOME", str(tmp_path / "otra"))


def told(archivo: Command, ids: list[str]) -> list[Any]:
    """All but what is only proposed, which is proposed anew."""
    shown = [archivo("show", each, "--json").value for each in ids]
    for each in shown:
        if each["classification"] and each["classification"]["status"] != "confirmed":
            del each["classification"]
    texts = [archivo("text", each, "--json").value for each in ids]
    return [shown, texts]


def files_of(root: Path, identifier: str) -> dict[str, bytes]:
    place = root / prefix_of(urn(identifier))
    return {file.relative_to(place).as_posix(): file.read_bytes() for file in place.rglob("*") if file.is_file()}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def content_of(away: Path, identifier: str, logical: str) -> bytes:
    with StorageRoot(FilesystemStore.only_read(away)).open(urn(identifier), logical) as stream:
        return stream.read()


def state_of(away: Path, identifier: str) -> Mapping[str, str]:
    return StorageRoot(FilesystemStore.only_read(away)).inventory(urn(identifier)).state()


def ids_of(away: Path) -> list[str]:
    return [each.removeprefix("urn:uuid:") for each in StorageRoot(FilesystemStore.only_read(away)).objects()]


def written(away: Path, tmp_path: Path, identifier: str, files: Mapping[str, bytes]) -> None:
    """One more version of a package, which is valid OCFL."""
    root = StorageRoot(FilesystemStore(away, tmp_path / "away.incoming"))
    with root.new_version(urn(identifier), base=root.head(urn(identifier))) as writer:
        for name, content in files.items():
            writer.put_bytes(name, content)
        writer.commit("x", "x", None, datetime(2026, 1, 1, tzinfo=UTC))


def grown(away: Path, tmp_path: Path, identifier: str, files: Mapping[str, bytes | dict[str, Any]]) -> None:
    """One more version with these files; of a JSON file, with these values."""
    whole = {
        name: content if isinstance(content, bytes) else json.dumps({**json.loads(content_of(away, identifier, name)), **content}).encode()
        for name, content in files.items()
    }
    written(away, tmp_path, identifier, whole)


def with_file(package: Path, name: str, data: bytes) -> None:
    """Put a file in the last version of an OCFL object by hand, whatever its name."""
    inventory = json.loads((package / "inventory.json").read_bytes())
    head = inventory["head"]
    inventory["manifest"][sha256(data)] = [f"{head}/content/{name}"]
    inventory["versions"][head]["state"][sha256(data)] = [name]
    (package / head / "content" / name).parent.mkdir(parents=True)
    (package / head / "content" / name).write_bytes(data)
    told = json.dumps(inventory).encode()
    for folder in (package, package / head):
        for file, content in (("inventory.json", told), ("inventory.json.sha256", f"{sha256(told)}  inventory.json\n".encode())):
            (folder / file).chmod(0o644)
            (folder / file).write_bytes(content)


TRD = "metadata/trd.json"
POISONS: dict[str, dict[str, Any]] = {
    "a title that is no text": {"metadata/record.json": {"title": {"es": "x"}}},
    "a count that is a list": {"metadata/record.json": {"part_count": [1]}},
    "a size that no column holds": {"metadata/record.json": {"size": 2**70}},
    "no acts": {"metadata/record.json": {"versions": []}},
    "formats that are a list": {"metadata/record.json": {"formats": []}},
    "an access that does not exist": {"metadata/record.json": {"access": "secreta"}},
    "an instant without offset": {"metadata/record.json": {"received_at": "2026-01-01T00:00:00"}},
    "a type longer than its column": {"metadata/record.json": {"document_type": "x" * 201}},
    "a day that is none": {"metadata/record.json": {"begins_on": "ayer"}},
    "half a character": {"metadata/record.json": {"title": "\ud800"}},
    "decisions that are a text": {"metadata/record.json": {"decisions": "x"}},
    "events without end": {"metadata/events.json": b"[" * 100_000 + b"]" * 100_000},
    "events deep in one": {"metadata/events.json": b"[" * 500 + b"]" * 500},
    "events that are numbers": {"metadata/events.json": b"[1]"},
    "parts that are none": {"text/parts.json": b'[{"number": "1"}]'},
    "a file that is not there": {"metadata/record.json": {"representations": [{"role": "original"}]}},
}


@pytest.mark.parametrize(("form", "folder"), [("ocfl", "ocfl"), ("bag", "bolsas"), ("dip", "dip")])
def test_what_is_taken_away_comes_back_as_it_was(
    form: str, folder: str, archivo: Command, kept: list[str], home: Path, tmp_path: Path, elsewhere: Moved
) -> None:
    ran = archivo("export", "--all", tmp_path / "fuera", "--as", form, "--without-images", "--json")
    assert (ran.status, ran.value["made"], ran.value["failed"]) == (0, len(kept), [])
    before, stored = told(archivo, kept), {each: files_of(home / "store", each) for each in kept}
    elsewhere()
    back = archivo("import", tmp_path / "fuera", "--json")
    assert (back.status, back.value["refused"]) == (0, [])
    assert set(back.value["taken"]) >= set(kept)
    assert told(archivo, kept) == before
    assert {each: files_of(tmp_path / "otra" / "store", each) for each in kept} == stored
    assert archivo("verify", "--json").status == 0
    assert archivo("audit", "verify").status == 0
    again = archivo("import", tmp_path / "fuera", "--json").value
    assert (again["taken"], set(again["already"]) >= set(kept)) == ([], True)


def test_what_was_taken_is_valid_and_readable_by_others(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    for form, folder in (("ocfl", "ocfl"), ("bag", "bolsas"), ("dip", "dip")):
        archivo("export", kept[0], kept[1], tmp_path / form, "--as", form, "--without-images")
        packages = [tmp_path / form / folder] if form == "ocfl" else sorted((tmp_path / form / folder).iterdir())
        for package in packages:
            report = validate(package)
            assert report.valid, (form, [finding.to_json() for finding in report.findings if finding.severity == "error"])


def test_a_dip_carries_its_history_and_descriptions_that_others_read(archivo: Command, kept: list[str], home: Path, tmp_path: Path) -> None:
    for number, options in enumerate(([], ["--without-versions"])):
        archivo("export", kept[0], tmp_path / f"fuera{number}", "--as", "dip", "--without-images", *options)
        dip = next((tmp_path / f"fuera{number}/dip").iterdir())
        assert {finding.code for finding in validate(dip).findings} <= {"CSIPSTR13", "premis.own_term"}
        metadata = {path.relative_to(dip / "metadata").as_posix(): path.read_bytes() for path in (dip / "metadata").rglob("*.*")}
        assert metadata["preservation/premis.xml"] == content_of(home / "store", kept[0], "metadata/premis.xml")
        assert metadata["preservation/events.json"] == content_of(home / "store", kept[0], "metadata/events.json")
        assert metadata["descriptive/record.json"] == content_of(home / "store", kept[0], "metadata/record.json")
        described = etree.fromstring(metadata["descriptive/dc.xml"])
        told = {(etree.QName(each).localname, each.text) for each in described}
        shown = archivo("show", kept[0], "--json").value
        assert {("title", shown["title"]), ("identifier", f"urn:uuid:{kept[0]}"), ("date", shown["date"])} <= told
        aid = (dip / "documentation/LEAME.txt").read_text("utf-8")
        assert ("representations/ocfl" in aid) is ((dip / "representations/ocfl").is_dir()) is (not options)


def test_the_dublin_core_of_a_dip_is_valid_by_its_schema(archivo: Command, kept: list[str], tmp_path: Path, reference: Path) -> None:
    archivo("export", kept[0], tmp_path / "fuera", "--as", "dip", "--without-images")
    described = next((tmp_path / "fuera/dip").rglob("dc.xml"))
    for name in ("oai_dc.xsd", "simpledc20021212.xsd", "xml.xsd"):
        text = (reference / "data/conf_esquemas" / name).read_text("utf-8")
        (tmp_path / name).write_text(re.sub(r'schemaLocation="[^"]*/([^"/]+)"', r'schemaLocation="\1"', text), "utf-8")
    schema = etree.XMLSchema(etree.parse(tmp_path / "oai_dc.xsd"))
    assert schema.validate(etree.parse(described)), schema.error_log


def test_a_dip_for_consulting_alone_is_not_taken_back_and_told_why(
    archivo: Command, kept: list[str], tmp_path: Path, elsewhere: Moved
) -> None:
    archivo("export", kept[0], tmp_path / "fuera", "--as", "dip", "--without-images", "--without-versions")
    assert sorted(each.name for each in (tmp_path / "fuera").iterdir()) == ["dip", "indice.html", "paginas"]
    elsewhere()
    ran = archivo("import", tmp_path / "fuera", "--json")
    assert (ran.status, ran.value["taken"]) == (1, [])
    assert "solo de consulta" in ran.value["refused"][0]["reason"]
    assert "--without-versions" in ran.value["refused"][0]["reason"]


def test_a_dip_that_changed_is_refused(archivo: Command, kept: list[str], tmp_path: Path, elsewhere: Moved) -> None:
    archivo("export", kept[0], kept[1], tmp_path / "fuera", "--as", "dip", "--without-images")
    data = next((tmp_path / "fuera/dip" / folder_name(urn(kept[0])) / "representations/ocfl/data").rglob("original/data"))
    data.chmod(0o644)
    data.write_bytes(bytes(data.stat().st_size))
    elsewhere()
    ran = archivo("import", tmp_path / "fuera", "--json")
    assert (ran.status, kept[0] in ran.value["taken"], kept[1] in ran.value["taken"]) == (1, False, True)
    assert [(each["reason"][:6], kept[0] in each["place"]) for each in ran.value["refused"]] == [("CSIP71", True)]


def test_a_dip_made_for_consulting_is_made_again_whole_when_asked(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    order = ("export", kept[0], tmp_path / "fuera", "--as", "dip", "--without-images", "--json")
    assert archivo(*order, "--without-versions").value["made"] == 1
    assert archivo(*order, "--without-versions").value["already"] == 1
    assert archivo(*order).value["made"] == 1
    assert archivo(*order).value["already"] == 1
    assert next((tmp_path / "fuera/dip").rglob("0=ocfl_object_1.1"))
    assert archivo(*order, "--without-versions").value["made"] == 1
    assert not list((tmp_path / "fuera/dip").rglob("0=ocfl_object_1.1"))


def test_each_document_has_a_page_that_needs_nothing_else(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    archivo("export", "--all", tmp_path / "fuera")
    index = (tmp_path / "fuera" / "indice.html").read_text("utf-8")
    for each in kept:
        assert f"paginas/{each}/index.html" in index
        page = (tmp_path / "fuera" / "paginas" / each / "index.html").read_text("utf-8")
        shown = archivo("show", each, "--json").value
        assert shown["original"]["sha256"] in page
        assert not re.search(r"(src|href)=\"(https?:|/)", page)
        assert page.count("<li>") >= len(shown["events"]) + len(shown["representations"])
    images = sorted((tmp_path / "fuera" / "paginas").rglob("*.webp"))
    assert images
    assert all(image.read_bytes()[8:12] == b"WEBP" for image in images)


def test_an_order_that_was_interrupted_goes_on(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    archivo("export", kept[0], kept[1], tmp_path / "fuera", "--as", "ocfl", "--without-images")
    shutil.rmtree(tmp_path / "fuera" / "paginas" / kept[1])
    (tmp_path / "fuera" / "indice.html").unlink()
    ran = archivo("export", kept[0], kept[1], kept[2], tmp_path / "fuera", "--as", "ocfl", "--without-images", "--json")
    assert (ran.value["already"], ran.value["made"]) == (1, 2)
    assert (tmp_path / "fuera" / "indice.html").exists()


def test_a_new_version_follows_in_the_same_folder(archivo: Command, kept: list[str], tmp_path: Path, elsewhere: Moved) -> None:
    archivo("export", kept[0], tmp_path / "fuera", "--as", "ocfl", "--without-images")
    archivo("publish", kept[0], "--withdraw")
    archivo("export", kept[0], tmp_path / "fuera", "--as", "ocfl", "--without-images")
    before = told(archivo, kept[:1])
    elsewhere()
    assert archivo("import", tmp_path / "fuera").status == 0
    assert told(archivo, kept[:1]) == before


def test_a_selection_takes_what_it_says(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    def taken(*words: str) -> set[str]:
        folder = tmp_path / f"fuera{len(list(tmp_path.iterdir()))}"
        assert archivo("export", *words, folder, "--without-images", "--json").status == 0
        pages = folder / "paginas"
        return {each.name for each in pages.iterdir()} if pages.is_dir() else set()

    classes = {each: (archivo("classify", each, "--json").value or {}) for each in kept}
    code = classes[kept[0]]["code"]
    decided = {each for each, found in classes.items() if found.get("code") == code and found["status"] in ("confirmed", "automatic")}
    assert kept[0] in decided
    assert taken("--series", code) == decided
    assert taken("--fonds", "CO.11001.SG") == set(kept)
    assert taken("--fonds", "OTRO") == set()
    found = {hit["id"] for hit in archivo("search", "acta", "--limit", "100", "--json").value["hits"]}
    assert taken("--search", "acta") >= found


@pytest.mark.parametrize("same_size", [True, False], ids=["of the same size", "of another size"])
@pytest.mark.parametrize(("form", "folder"), [("ocfl", "ocfl"), ("bag", "bolsas"), ("dip", "dip")])
def test_damage_is_not_taken_away_and_is_named(
    form: str, folder: str, same_size: bool, archivo: Command, kept: list[str], home: Path, tmp_path: Path
) -> None:
    data = next((home / "store" / prefix_of(urn(kept[0]))).rglob("original/data"))
    data.chmod(0o644)
    data.write_bytes(bytes(data.stat().st_size) if same_size else b"otra cosa")
    ran = archivo("export", "--all", tmp_path / "fuera", "--as", form, "--without-images", "--json")
    assert ran.status == 1
    assert [one["id"] for one in ran.value["failed"]] == [kept[0]]
    assert ran.value["made"] == len(kept) - 1
    left = [each.as_posix() for each in (tmp_path / "fuera").rglob("*")]
    assert not any(kept[0] in each or prefix_of(urn(kept[0])) in f"{each}/" for each in left)
    assert not any(each.name.startswith(".") for each in (tmp_path / "fuera" / folder).iterdir())


@pytest.mark.parametrize(("form", "folder"), [("bag", "bolsas"), ("dip", "dip")])
def test_a_bag_or_a_dip_of_an_earlier_version_is_made_again(
    form: str, folder: str, archivo: Command, kept: list[str], tmp_path: Path
) -> None:
    def order() -> dict[str, Any]:
        done: dict[str, Any] = archivo("export", kept[0], tmp_path / "fuera", "--as", form, "--without-images", "--json").value
        return done

    order()
    assert order()["already"] == 1
    with opened() as archive:
        describe(archive, custody("prueba"), kept[0], {"title": "Puesto y todavía sin sellar"})
    assert order()["made"] == 1
    packages = [each for each in (tmp_path / "fuera" / folder).iterdir() if kept[0] in each.name]
    assert len(packages) == 1
    assert validate(packages[0]).valid
    records = [json.loads(each.read_bytes()) for each in packages[0].rglob("record.json")]
    assert any(each["title"] == "Puesto y todavía sin sellar" for each in records)
    assert order()["already"] == 1


def test_each_document_that_leaves_is_in_the_trail(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    archivo("export", kept[0], kept[1], tmp_path / "fuera", "--as", "bag", "--without-images")
    with opened() as archive, archive.reading() as session:
        told = list(session.scalars(select(AuditEntry).filter_by(act="document.export")))
    assert {each.object_id for each in told} == set(kept[:2])
    assert [each.detail for each in told] == [{"form": "bag"}] * 2


def test_a_long_index_has_pages(archivo: Command, kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archivo.discovery.taking_away.INDEXED", 2)
    archivo("export", *kept[:3], tmp_path / "fuera", "--as", "ocfl", "--without-images")
    pages = [(tmp_path / "fuera" / name).read_text("utf-8") for name in ("indice.html", "indice-2.html")]
    assert [[each for each in kept if f"paginas/{each}/" in page] for page in pages] == [kept[:2], kept[2:3]]
    assert all("3 documentos" in page for page in pages)
    assert ['href="indice-2.html"' in pages[0], 'href="indice.html"' in pages[1]] == [True, True]
    archivo("export", kept[0], tmp_path / "fuera", "--as", "ocfl", "--without-images")
    assert [each.name for each in (tmp_path / "fuera").glob("indice*")] == ["indice.html"]


def test_a_folder_with_other_things_is_refused(archivo: Command, kept: list[str], tmp_path: Path) -> None:
    (tmp_path / "fuera").mkdir()
    (tmp_path / "fuera" / "mio.txt").write_text("x")
    assert archivo("export", "--all", tmp_path / "fuera", "--json").value["error"]["code"] == "export.destination"
    assert [each.name for each in (tmp_path / "fuera").iterdir()] == ["mio.txt"]


@pytest.mark.parametrize("words", [(), ("--all", "--original"), ("--series", "1", "un-id")])
def test_an_order_that_says_too_little_or_too_much_is_refused(words: tuple[str, ...], archivo: Command, home: Path, tmp_path: Path) -> None:
    assert archivo("export", *words, tmp_path / "fuera", "--json").status == 2
    assert not (tmp_path / "fuera").exists()


class TestTakingBack:
    @pytest.fixture
    def away(self, archivo: Command, kept: list[str], tmp_path: Path, elsewhere: Moved) -> Path:
        archivo("export", kept[0], kept[1], tmp_path / "fuera", "--as", "ocfl", "--without-images")
        elsewhere()
        return tmp_path / "fuera" / "ocfl"

    def test_what_is_damaged_is_refused_and_the_rest_taken(self, archivo: Command, kept: list[str], away: Path) -> None:
        data = next((away / prefix_of(urn(kept[0]))).rglob("original/data"))
        data.chmod(0o644)
        data.write_bytes(b"otra cosa")
        ran = archivo("import", away, "--json")
        assert ran.status == 1
        assert kept[1] in ran.value["taken"]
        assert [kept[0] in ran.value["taken"], "E092" in ran.value["refused"][0]["reason"]] == [False, True]
        assert archivo("show", kept[0], "--json").status == 1

    def test_what_is_not_this_programs_is_refused(self, archivo: Command, home: Path, tmp_path: Path) -> None:
        store = FilesystemStore(tmp_path / "ajeno", tmp_path / "ajeno.incoming")
        StorageRoot(store).ensure()
        with StorageRoot(store).new_version("info:otro", base=None) as writer:
            writer.put_bytes("a.txt", b"a")

            writer.commit("x", "x", None, datetime(2026, 1, 1, tzinfo=UTC))
        ran = archivo("import", tmp_path / "ajeno", "--json")
        assert (ran.status, ran.value["taken"], len(ran.value["refused"])) == (1, [], 1)
        assert archivo("verify", "--json").value["unexpected"] == []

    def test_a_record_that_is_not_of_its_original_is_refused(self, archivo: Command, kept: list[str], away: Path, tmp_path: Path) -> None:
        """Whole and valid as OCFL, and yet its record speaks of other bytes."""
        store = FilesystemStore(away, tmp_path / "away.incoming")
        root = StorageRoot(store)
        with root.open(urn(kept[0]), "metadata/record.json") as stream:
            record = json.loads(stream.read())
        with root.new_version(urn(kept[0]), base=root.head(urn(kept[0]))) as writer:
            writer.put_bytes("metadata/record.json", json.dumps({**record, "sha256": "0" * 64}).encode())

            writer.commit("x", "x", None, datetime(2026, 1, 1, tzinfo=UTC))
        ran = archivo("import", away, "--json")
        assert ran.status == 1
        assert "no coincide" in ran.value["refused"][0]["reason"]
        assert kept[1] in ran.value["taken"]

    def test_a_folder_without_packages_is_told(self, archivo: Command, home: Path, tmp_path: Path) -> None:
        (tmp_path / "nada").mkdir()
        assert archivo("import", tmp_path / "nada", "--json").value["error"]["code"] == "import.nothing"

    def test_another_original_is_refused_whatever_its_record_says(
        self, archivo: Command, kept: list[str], away: Path, tmp_path: Path
    ) -> None:
        grown(away, tmp_path, kept[0], {"original/data": b"otros bytes", "metadata/record.json": {"sha256": sha256(b"otros bytes")}})
        for state in ("empty", "with the document"):
            if state == "with the document":
                with opened() as archive:
                    whole = FilesystemStore.only_read(tmp_path / "casa" / "store")
                    assert copy_object(whole, archive.store, prefix_of(urn(kept[0]))) is Outcome.COPIED
                archivo("rebuild")
                before = archivo("show", kept[0], "--json").value
            ran = archivo("import", away, "--json")
            assert (ran.status, len(ran.value["refused"])) == (1, 1)
            assert "original" in ran.value["refused"][0]["reason"]
        assert archivo("show", kept[0], "--json").value["original"] == before["original"]
        assert archivo("verify", "--json").status == 0

    def test_an_act_that_no_package_has_yet_is_not_lost(self, archivo: Command, kept: list[str], away: Path, tmp_path: Path) -> None:
        assert archivo("import", away, "--json").status == 0
        with opened() as archive:
            describe(archive, custody("prueba"), kept[0], {"title": "Puesto aquí"})
        assert kept[0] in archivo("import", away, "--json").value["already"]
        with opened() as archive:
            describe(archive, custody("prueba"), kept[1], {"title": "Puesto aquí"})
        grown(away, tmp_path, kept[1], {"metadata/record.json": {"title": "Puesto allá"}})
        ran = archivo("import", away, "--json")
        assert (ran.status, len(ran.value["refused"])) == (1, 1)
        assert [archivo("show", each, "--json").value["title"] for each in kept[:2]] == ["Puesto aquí"] * 2
        assert archivo("rebuild", "--json").value["undone"] == []
        assert archivo("show", kept[1], "--json").value["title"] == "Puesto aquí"

    @pytest.mark.parametrize("poison", POISONS, ids=list(POISONS))
    def test_what_no_database_keeps_is_refused_and_costs_only_itself(
        self, poison: str, archivo: Command, kept: list[str], away: Path, tmp_path: Path
    ) -> None:
        grown(away, tmp_path, kept[0], POISONS[poison])
        for _ in range(2):
            ran = archivo("import", away, "--json")
            assert (ran.status, len(ran.value["refused"])) == (1, 1)
            assert kept[1] in ran.value["taken"] + ran.value["already"]
        assert archivo("rebuild", "--json").value["unreadable"] == []
        assert archivo("verify", "--json").status == 0

    def test_a_fonds_that_lies_is_refused(self, archivo: Command, kept: list[str], away: Path, tmp_path: Path) -> None:
        assert archivo("import", away, "--json").status == 0
        fonds, schedule = (next(each for each in ids_of(away) if name in state_of(away, each)) for name in ("metadata/fonds.json", TRD))
        before = archivo("show", kept[0], "--json").value
        grown(away, tmp_path, fonds, {"metadata/fonds.json": {"name": "Otro nombre"}})
        grown(away, tmp_path, schedule, {TRD: {"id": fonds}})
        ran = archivo("import", away, "--json")
        assert len(ran.value["refused"]) == 2
        assert any("otro nombre" in each["reason"] for each in ran.value["refused"])
        assert archivo("show", kept[0], "--json").value == before
        assert archivo("verify", "--json").status == 0

    def test_a_class_of_another_schedule_is_refused(self, archivo: Command, kept: list[str], away: Path, tmp_path: Path) -> None:
        assert archivo("import", away, "--json").status == 0
        schedule = next(each for each in ids_of(away) if TRD in state_of(away, each))
        files = {name: content_of(away, schedule, name) for name in (TRD, "original/data")}
        lying = "0192f0c1-2345-7abc-8def-0123456789ab"
        told = {**json.loads(files[TRD]), "id": lying, "number": 99}
        written(away, tmp_path, lying, {"original/data": files["original/data"], TRD: json.dumps(told).encode()})
        (refused,) = archivo("import", away, "--json").value["refused"]
        assert "son de otro" in refused["reason"]

    def test_a_decision_of_another_document_is_refused(self, archivo: Command, kept: list[str], away: Path, tmp_path: Path) -> None:
        assert archivo("import", away, "--json").status == 0
        decisions = json.loads(content_of(away, kept[0], "metadata/record.json"))["decisions"]
        grown(away, tmp_path, kept[1], {"metadata/record.json": {"decisions": decisions}})
        (refused,) = archivo("import", away, "--json").value["refused"]
        assert "son de otro" in refused["reason"]
        before = archivo("show", kept[0], "--json").value["classification"]
        assert archivo("rebuild", "--json").status == 0
        assert archivo("show", kept[0], "--json").value["classification"] == before

    def test_an_earlier_version_with_another_original_is_refused(
        self, archivo: Command, kept: list[str], away: Path, tmp_path: Path
    ) -> None:
        original = content_of(away, kept[0], "original/data")
        grown(away, tmp_path, kept[0], {"original/data": b"otros bytes"})
        grown(away, tmp_path, kept[0], {"original/data": original})
        (refused,) = archivo("import", away, "--json").value["refused"]
        assert "original" in refused["reason"]

    @pytest.mark.parametrize("name", ["metadata/ledger.json", "metadata/aside.json"])
    def test_what_speaks_only_of_another_archive_is_refused(self, name: str, archivo: Command, away: Path, tmp_path: Path) -> None:
        written(away, tmp_path, "0192f0c1-2345-7abc-8def-0123456789ab", {name: b"{}"})
        (refused,) = archivo("import", away, "--json").value["refused"]
        assert "no es un paquete" in refused["reason"]
        assert archivo("verify", "--json").status == 0

    def test_what_a_crash_left_without_rows_gets_them(self, archivo: Command, kept: list[str], away: Path) -> None:
        with opened() as archive:
            assert copy_object(FilesystemStore.only_read(away), archive.store, prefix_of(urn(kept[0]))) is Outcome.COPIED
        ran = archivo("import", away, "--json")
        assert (ran.status, kept[0] in ran.value["taken"]) == (0, True)
        assert archivo("show", kept[0], "--json").status == 0
        assert kept[0] in archivo("import", away, "--json").value["already"]

    def test_a_name_that_cannot_be_kept_is_told_and_leaves_nothing(self, archivo: Command, kept: list[str], away: Path) -> None:
        with_file(away / prefix_of(urn(kept[0])), "zz/año.txt", b"hola")
        assert validate(away).valid
        ran = archivo("import", away, "--json")
        assert "nombre" in ran.value["refused"][0]["reason"]
        assert archivo("verify", "--json").value["unexpected"] == []
        assert archivo("verify", "--json").status == 0

    def test_what_differs_leaves_nothing(self, archivo: Command, kept: list[str], away: Path, tmp_path: Path) -> None:
        """The archive has another package of this name, which is shorter: what was copied beside it goes."""
        assert archivo("import", away, "--json").status == 0
        with opened() as archive:
            describe(archive, custody("prueba"), kept[0], {"title": "Puesto aquí"})
        for text in (b"uno", b"dos"):
            grown(away, tmp_path, kept[0], {"metadata/nota.txt": text})
        assert archivo("import", away, "--json").status == 1
        assert archivo("verify", "--json").status == 0


def test_a_store_that_does_not_answer_is_told_as_that_and_not_as_damage(kept: list[str], archive: Archive, tmp_path: Path) -> None:
    class Away(MountedFolder):
        def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
            raise StoreUnavailable("away")

    store = Away(tmp_path, "x/")
    broken = replace(archive, store=store, packages=StorageRoot(store))
    with pytest.raises(StoreUnavailable):
        take_away(broken, custody("prueba"), kept[:1], tmp_path / "fuera", Form.OCFL, images=False, told=lambda _: None)
