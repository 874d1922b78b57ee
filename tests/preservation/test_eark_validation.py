"""Our E-ARK validator: every rule is broken once, on a package that is valid but for that, and seen to be caught."""

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from preservation.eark_package import PackageKind
from preservation.findings import Severity
from preservation.validation.eark import validate_package
from preservation.validation.eark_rules import EARK
from tests.preservation.eark_damages import DAMAGES, ELSEWHERE
from tests.preservation.eark_made import copied, edit, element, made, one, put, write


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    return {kind: made(folder / kind, kind) for kind in PackageKind}


@pytest.mark.parametrize("kind", PackageKind)
def test_a_package_that_keeps_every_rule_has_nothing_found(packages: dict[str, Path], kind: PackageKind) -> None:
    report = validate_package(packages[kind])
    assert [finding.to_json() for finding in report.findings] == []
    assert report.valid
    assert report.standard == f"E-ARK {kind} 2"


@pytest.mark.parametrize("name", DAMAGES)
def test_a_broken_rule_is_caught(packages: dict[str, Path], tmp_path: Path, name: str) -> None:
    kind = next((kind for kind in PackageKind if name.startswith(kind)), PackageKind.SIP)
    package = copied(packages[kind], tmp_path)
    DAMAGES[name](package)
    report = validate_package(package)
    caught = [finding for finding in report.findings if finding.rule is EARK[name]]
    assert caught, [finding.to_json() for finding in report.findings]
    assert report.valid is False or EARK[name].severity is not Severity.ERROR
    for finding in caught:
        assert "{" not in finding.message + finding.remedy


def test_what_csip_has_no_rule_for_is_told_by_the_rules_of_mets(packages: dict[str, Path], tmp_path: Path) -> None:
    package = copied(packages[PackageKind.SIP], tmp_path)
    write("documentation/a\u00f1o.txt")(package)
    facts = "LOCTYPE='URL' xlink:type='simple' MDTYPE='OTHER' SIZE='1' CHECKSUM='00' CHECKSUMTYPE='WHIRLPOOL'"

    def told_first(root: etree._Element) -> None:
        for name, href in (("uno", "documentation/an%CC%83o.txt"), ("dos", "documentation/no.txt"), ("tres", "documentation/LEAME.txt")):
            section = f"<m:techMD ID='{name}'><m:mdRef xlink:href='{href}' {facts}/></m:techMD>"
            one(root, "//m:amdSec").insert(0, element(section))

    edit(told_first)(package)
    codes = {finding.code for finding in validate_package(package).findings}
    assert {"mets.twin", "mets.absent", "mets.file_size", "mets.unchecked"} <= codes


def found_in(package: Path) -> list[str]:
    return [finding.code for finding in validate_package(package).findings]


def test_a_representation_without_a_mets_of_its_own_needs_no_pointer_to_one(packages: dict[str, Path], tmp_path: Path) -> None:
    package = copied(packages[PackageKind.SIP], tmp_path)
    (package / "representations/original/METS.xml").unlink()
    file = "<m:file ID='suelto' MIMETYPE='text/plain' SIZE='4' CREATED='2026-03-02T15:04:05Z' CHECKSUMTYPE='MD5' "
    file += "CHECKSUM='4d186321c1a7f0f354b297e8914ab240'><m:FLocat LOCTYPE='URL' xlink:type='simple' "
    file += "xlink:href='representations/original/data/acta.txt'/></m:file>"

    def listed_here(root: etree._Element) -> None:
        group = one(root, "//m:fileGrp[@USE='Representations/original']")
        group[:] = [element(file)]
        division = one(root, "//m:div[@LABEL='Representations/original']")
        division[:] = [element(f"<m:div ID='dentro' LABEL='Representations/original/data'><m:fptr FILEID='{group.get('ID')}'/></m:div>")]

    edit(listed_here)(package)
    assert set(found_in(package)) <= {"CSIPSTR12", "CSIP58", "CSIP17", "CSIP32"}


def test_a_group_of_schemas_may_be_reached_from_its_representation(packages: dict[str, Path], tmp_path: Path) -> None:
    package = copied(packages[PackageKind.SIP], tmp_path)

    def moved(root: etree._Element) -> None:
        schemas = one(root, "//m:fileGrp[@USE='Schemas']")
        other = element("<m:fileGrp ID='otros' USE='Schemas' csip:CONTENTINFORMATIONTYPE='MIXED'/>")
        other.append(deepcopy(schemas[0]))
        other[0].set("ID", "otro-esquema")
        schemas.addnext(other)
        division = one(root, "//m:div[@LABEL='Representations/original']")
        division.append(element("<m:div ID='dentro' LABEL='Representations/original/schemas'><m:fptr FILEID='otros'/></m:div>"))

    edit(moved)(package)
    assert found_in(package) == []


def test_an_agent_is_sought_that_meets_all_that_is_asked_of_it(packages: dict[str, Path], tmp_path: Path) -> None:
    package = copied(packages[PackageKind.SIP], tmp_path)
    other = "<m:agent ROLE='ARCHIVIST' TYPE='OTHER' OTHERTYPE='SOFTWARE'><m:name>Otro</m:name></m:agent>"
    put("//m:agent[@OTHERTYPE='SOFTWARE']", TYPE="INDIVIDUAL")(package)
    edit(lambda root: one(root, "//m:metsHdr").insert(0, element(other)))(package)
    assert {"CSIP11", "CSIP12"} <= set(found_in(package))


@pytest.mark.parametrize(
    ("written", "is_future"), [("2026-03-20T00:00:00Z", False), ("2026-03-22T00:00:00+01:00", True), ("2099-01-01T00:00:00", True)]
)
def test_a_package_cannot_have_been_modified_in_the_future(
    packages: dict[str, Path], tmp_path: Path, written: str, is_future: bool
) -> None:
    package = copied(packages[PackageKind.SIP], tmp_path)
    put("//m:metsHdr", LASTMODDATE=written)(package)
    assert "CSIP8" not in found_in(package)
    report = validate_package(package, now=datetime(2026, 3, 20, tzinfo=UTC))
    assert ("CSIP8" in {finding.code for finding in report.findings}) is is_future


def test_every_rule_is_broken_somewhere() -> None:
    assert set(EARK) - set(DAMAGES) - ELSEWHERE == set()
    assert (set(DAMAGES) | ELSEWHERE) - set(EARK) == set()
