"""E-ARK packages as we write them: from a neutral description, deterministic, whole or not at all, whatever their size."""

import io
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from preservation.eark import folder_name, write_package
from preservation.eark_aids import attributes_schema
from preservation.eark_package import Content, History, InformationPackage, Metadata, PackageKind, Representation
from preservation.package_sinks import Form
from preservation.premis import Agent, AgentType, Event, EventType, Outcome
from preservation.validation.eark import validate_package
from tests.preservation.eark_made import NOW, PREMIS, described, xml


def bytes_of(package: Path) -> object:
    if package.is_dir():
        return {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*") if path.is_file()}
    return package.read_bytes()


@pytest.mark.parametrize("form", Form)
def test_the_same_description_gives_the_same_bytes(tmp_path: Path, form: Form) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (bytes_of(write_package(described(), tmp_path / name, form)) for name in ("one", "two"))
    assert one == two


def test_an_archive_holds_one_folder_and_no_trace_of_who_made_it(tmp_path: Path) -> None:
    with tarfile.open(write_package(described(), tmp_path, Form.TAR)) as archive:
        for entry in archive:
            assert entry.name.startswith("package-1/")
            assert (entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime) == (0, 0, "", "", int(NOW.timestamp()))
    with zipfile.ZipFile(write_package(described(), tmp_path, Form.ZIP)) as zipped:
        assert {entry.filename.split("/")[0] for entry in zipped.infolist()} == {"package-1"}
        assert {entry.date_time[:5] for entry in zipped.infolist()} == {NOW.timetuple()[:5]}


def test_what_it_carries_stands_where_the_specification_says(tmp_path: Path) -> None:
    package = write_package(described(), tmp_path)
    assert {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()} == {
        "METS.xml",
        "documentation/LEAME.txt",
        "metadata/descriptive/dc.xml",
        "metadata/other/rights.xml",
        "metadata/preservation/premis.xml",
        "representations/access/METS.xml",
        "representations/access/data/acta.txt",
        "representations/access/metadata/preservation/premis.xml",
        "representations/original/METS.xml",
        "representations/original/data/acta.txt",
        "representations/original/data/años/1936 (1).txt",
        "representations/original/metadata/descriptive/dc.xml",
        "representations/original/metadata/preservation/premis.xml",
        "schemas/csip-attributes.xsd",
    }


def test_documentation_and_schemas_of_ones_own_take_the_place_of_ours(tmp_path: Path) -> None:
    own = replace(described(), documentation=[xml("guía.xml")], schemas=[xml("propio.xsd")])
    package = write_package(own, tmp_path)
    assert {path.name for path in (package / "documentation").iterdir()} == {"guía.xml"}
    assert {path.name for path in (package / "schemas").iterdir()} == {"propio.xsd"}
    assert validate_package(package).findings == ()


def test_the_schema_of_ours_is_a_schema() -> None:
    schema = etree.XMLSchema(etree.fromstring(attributes_schema()))
    assert schema is not None
    assert b'value="SIP"' in attributes_schema()


def test_an_identifier_that_is_no_file_name_is_made_one(tmp_path: Path) -> None:
    package = write_package(described(identifier="urn:uuid:019aa0f0-0000-7000-8000-000000000001"), tmp_path)
    assert package.name == "urn_uuid_019aa0f0-0000-7000-8000-000000000001"
    assert validate_package(package).findings == ()
    assert "/" not in folder_name("../../etc/passwd")


def without(**changes: object) -> Callable[[], InformationPackage]:
    return lambda: replace(described(), **changes)  # type: ignore[arg-type] # fields by name


def with_data(content: Content) -> Callable[[], InformationPackage]:
    return lambda: replace(described(), representations=[Representation("one", [content])])


def lying(size: int) -> Content:
    return Content("a.txt", size, "text/plain", NOW, lambda: io.BytesIO(b"hola"))


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    "package",
    [
        without(identifier=""),
        without(representations=[]),
        without(submitter=None),
        without(kind=PackageKind.AIP, preservation=()),
        without(representations=[Representation("a", []), Representation("a", [])]),
        without(representations=[Representation("../a", [])]),
        without(created=NOW.replace(tzinfo=None)),
        with_data(Content.of("../a.txt", b"x", "text/plain", NOW)),
        with_data(Content.of("/a.txt", b"x", "text/plain", NOW)),
        with_data(Content.of("a//b.txt", b"x", "text/plain", NOW)),
        without(representations=[Representation("empty", [])]),
        without(documentation=[xml("a.xml"), xml("a.xml")]),
        with_data(lying(3)),
        with_data(lying(5)),
    ],
)
def test_what_cannot_be_a_package_is_refused_and_nothing_is_left(
    tmp_path: Path, form: Form, package: Callable[[], InformationPackage]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        write_package(package(), tmp_path, form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", Form)
def test_a_source_that_fails_leaves_nothing(tmp_path: Path, form: Form) -> None:
    def broken() -> io.BytesIO:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        write_package(with_data(Content("a.txt", 1, "text/plain", NOW, broken))(), tmp_path, form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", Form)
def test_what_is_there_is_not_written_over(tmp_path: Path, form: Form) -> None:
    before = bytes_of(write_package(described(), tmp_path, form))
    with pytest.raises(FileExistsError):
        write_package(described(), tmp_path, form)
    assert bytes_of(tmp_path / ("package-1" if form is Form.FOLDER else f"package-1.{form}")) == before


def test_a_representation_of_many_files_is_written_without_keeping_them(tmp_path: Path) -> None:
    def many(count: int) -> Iterator[Content]:
        return (Content.of(f"{number // 1000}/{number}.txt", b"x", "text/plain", NOW) for number in range(count))

    def peak(name: str, count: int) -> int:
        package = replace(described(PackageKind.DIP, name), representations=[Representation("one", many(count))])
        tracemalloc.start()
        write_package(package, tmp_path, Form.TAR)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak("warm", 10)
    assert peak("many", 11_000) < peak("few", 100) + 11_000 * 80 + 300_000
    report = validate_package(tmp_path / "many.tar")
    assert report.valid, [finding.to_json() for finding in report.findings]


def test_a_history_is_written_as_premis_of_the_package_and_of_every_file(tmp_path: Path) -> None:
    path = "representations/original/data/acta.txt"
    events = [
        Event(EventType.INFORMATION_PACKAGE_CREATION, Outcome.SUCCESS, "archivo 1", NOW, "packaged"),
        Event(EventType.FIXITY_CHECK, Outcome.SUCCESS, "archivo 1", NOW, "checked", objects=(path,)),
    ]
    history = History(events, [Agent("archivo 1", "Archivo", AgentType.SOFTWARE, "1")], lambda event: f"Ocurrió: {event.code}")
    told = replace(described(PackageKind.AIP), preservation=(), history=history)
    package = write_package(told, tmp_path)
    spaces = {"p": "http://www.loc.gov/premis/v3"}
    whole = etree.parse(package / "metadata/preservation/history.xml")
    assert whole.xpath("//p:eventDetail/text()", namespaces=spaces) == ["Ocurrió: packaged", "Ocurrió: checked"]
    assert whole.xpath("//p:event[1]//p:linkingObjectIdentifierValue/text()", namespaces=spaces) == [
        "package-1",
        "representations/original",
        "representations/access",
    ]
    files = etree.parse(package / "representations/original/metadata/preservation/files.xml")
    assert path in {value.text for value in files.iterfind(".//p:objectIdentifierValue", spaces)}
    report = validate_package(package)
    assert {finding.code for finding in report.findings} <= {"premis.link"}
    assert report.valid


def test_metadata_that_is_not_in_force_is_told_so(tmp_path: Path) -> None:
    old = Metadata(xml("old.xml", PREMIS), "PREMIS", "3.0", is_current=False)
    package = write_package(replace(described(PackageKind.AIP), preservation=[*described().preservation, old]), tmp_path)
    assert b'STATUS="SUPERSEDED"' in (package / "METS.xml").read_bytes()
    assert validate_package(package).findings == ()
