"""Our E-ARK validator: every rule is broken once, on a package that is valid but for that, and seen to be caught."""

from pathlib import Path

import pytest

from preservation.eark_package import PackageKind
from preservation.findings import Severity
from preservation.validation.eark import validate_package
from preservation.validation.eark_rules import EARK
from tests.preservation.eark_damages import DAMAGES, ELSEWHERE
from tests.preservation.eark_made import copied, edit, element, made, one, write


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
    for name, href in (("uno", "documentation/an%CC%83o.txt"), ("dos", "documentation/no.txt"), ("tres", "documentation/LEAME.txt")):
        section = f"<m:techMD ID='{name}'><m:mdRef xlink:href='{href}' {facts}/></m:techMD>"
        edit(lambda root, section=section: one(root, "//m:amdSec").insert(0, element(section)))(package)
    codes = {finding.code for finding in validate_package(package).findings}
    assert {"mets.twin", "mets.absent", "mets.file_size", "mets.unchecked"} <= codes


def test_every_rule_is_broken_somewhere() -> None:
    assert set(EARK) - set(DAMAGES) - ELSEWHERE == set()
    assert (set(DAMAGES) | ELSEWHERE) - set(EARK) == set()
