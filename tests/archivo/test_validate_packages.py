"""`archivo validate` on E-ARK packages, METS and PREMIS: known by their marks, in a folder or an archive, with schemas or without."""

import json
import re
from pathlib import Path

import pytest

from preservation.eark_package import PackageKind
from preservation.package_sinks import Form
from tests.archivo.conftest import Command
from tests.preservation.eark_made import PREMIS, made

METS_2 = '<mets xmlns="http://www.loc.gov/METS/v2"/>'
BOMB = '<!DOCTYPE mets [<!ENTITY a "b">]><mets xmlns="http://www.loc.gov/METS/">&a;</mets>'
OLD = '<premis xmlns="info:lc/xmlns/premis-v2" version="2.2"/>'


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("kind", PackageKind)
def test_a_package_is_known_and_found_right(archivo: Command, tmp_path: Path, kind: PackageKind, form: Form) -> None:
    ran = archivo("validate", made(tmp_path, kind, form), "--json")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == {"valid": True, "standard": f"E-ARK {kind} 2", "findings": []}


def test_a_broken_rule_is_told_by_its_own_code(archivo: Command, tmp_path: Path) -> None:
    package = made(tmp_path)
    (package / "documentation/LEAME.txt").write_bytes(b"x")
    ran = archivo("validate", package, "--json")
    told = json.loads(ran.out)["findings"]
    assert ran.status == 1
    assert [(finding["code"], finding["severity"]) for finding in told] == [("CSIP69", "error")]
    assert told[0]["where"].startswith("METS.xml:")
    assert "LEAME.txt" in told[0]["message"]


def test_a_package_of_the_future_is_told(archivo: Command, tmp_path: Path) -> None:
    package = made(tmp_path)
    mets = package / "METS.xml"
    mets.write_text(re.sub('LASTMODDATE="[^"]*"', 'LASTMODDATE="2999-01-01T00:00:00Z"', mets.read_text(encoding="utf-8")), encoding="utf-8")
    ran = archivo("validate", package, "--json")
    assert (ran.status, [each["code"] for each in json.loads(ran.out)["findings"]]) == (1, ["CSIP8"])


def test_documents_alone_are_known(archivo: Command, tmp_path: Path) -> None:
    mets = made(tmp_path) / "METS.xml"
    premis = tmp_path / "premis.xml"
    premis.write_bytes(PREMIS)
    for path, standard in ((mets, "METS 1.12.1"), (premis, "PREMIS 3.0")):
        ran = archivo("validate", path, "--json")
        assert (ran.status, json.loads(ran.out)["standard"]) == (0, standard)


@pytest.mark.parametrize(
    ("text", "standard", "status", "codes"),
    [
        (METS_2, "METS 2", 0, []),
        (METS_2.replace("/>", "><mdzec/></mets>"), "METS 2", 1, ["mets.element"]),
        (BOMB, "METS 1.12.1", 1, ["mets.doctype"]),
        (OLD, "PREMIS 2", 1, ["premis.version2", "premis.unjudged"]),
    ],
)
def test_what_is_recognised_without_being_judged_is_not_told_valid(
    archivo: Command, tmp_path: Path, text: str, standard: str, status: int, codes: list[str]
) -> None:
    path = tmp_path / "document.xml"
    path.write_text(text)
    ran = archivo("validate", path, "--json")
    told = json.loads(ran.out)
    assert (ran.status, told["standard"], [finding["code"] for finding in told["findings"]]) == (status, standard, codes)


def test_schemas_that_are_handed_in_judge_too(archivo: Command, tmp_path: Path, reference: Path) -> None:
    package, schemas = made(tmp_path), reference / "data/conf_esquemas"
    assert archivo("validate", package, "--schemas", schemas).status == 0
    mets = package / "METS.xml"
    mets.write_bytes(mets.read_bytes().replace(b"<fileSec ", b'<fileSec NUEVO="1" '))
    for path in (package, mets):
        codes = {finding["code"] for finding in json.loads(archivo("validate", path, "--schemas", schemas, "--json").out)["findings"]}
        assert {"mets.attribute", "mets.schema"} <= codes
    assert archivo("validate", package, "--schemas", tmp_path / "nowhere").status == 2
