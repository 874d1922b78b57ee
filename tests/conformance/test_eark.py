"""E-ARK judged by others: the corpus of the DILCIS Board tries our validator, the validator of the E-ARK Foundation tries our packages."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from preservation.eark import write_package
from preservation.eark_package import PackageKind
from preservation.findings import Severity
from preservation.package_sinks import Form
from preservation.validation.eark import is_package, validate_package
from preservation.validation.eark_rules import EARK
from tests.preservation.eark_damages import DAMAGES
from tests.preservation.eark_made import described

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / ".venv/eark/bin/python"
CONTRADICTED = {"CSIP12", "CSIP13", "CSIP15", "CSIP16", "SIP14"}
"""What eark-validator 1.1.3 asks of every agent whose role is CREATOR, though SIP15 to SIP17 ask for one that is an organization: no SIP
can please it, and no other package of ours has such an agent.
"""
ATTEMPT = """
import importlib.util, io, json, sys, urllib.request
from pathlib import Path
home = Path(importlib.util.find_spec("eark_validator").origin).parent / "ipxml/resources/vocabs"
urllib.request.urlopen = lambda address, *rest, **more: io.BytesIO((home / address.rpartition("/")[2]).read_bytes())
from eark_validator.packages import PackageValidator
print(PackageValidator(Path(sys.argv[1])).validation_report.model_dump_json())
"""
"""Runs eark-validator with the vocabularies that it carries; left alone it asks the network for them."""


def cases(reference: Path) -> Iterator[tuple[str, str, Path, bool]]:
    """Rule, level, package and whether it is valid, of every implemented package of the corpus."""
    for document in sorted((reference / "data/conf_eark_corpus").rglob("testCase.xml")):
        root = etree.parse(document).getroot()
        identifier = root.find("id")
        assert identifier is not None
        for rule in root.iterfind("rules/rule"):
            error = rule.find("error")
            assert error is not None
            for package in rule.iterfind("corpusPackages/package"):
                path = document.parent / (package.findtext("path") or "")
                if package.get("isImplemented") == "TRUE" and path.is_dir():
                    yield identifier.get("requirementId") or "", error.get("level") or "", path, package.get("isValid") == "TRUE"


def test_every_error_rule_of_the_corpus_is_caught_by_its_own_code(reference: Path) -> None:
    asked = [(rule, path) for rule, level, path, valid in cases(reference) if level == "ERROR" and not valid]
    missed = []
    for rule, path in asked:
        report = validate_package(path)
        if report.valid or rule not in {finding.code for finding in report.findings if finding.severity is Severity.ERROR}:
            missed.append((rule, path.name))
    assert len(asked) >= 5
    assert missed == []


def test_no_valid_package_of_the_corpus_is_refused(reference: Path) -> None:
    valid = {path for _, _, path, is_valid in cases(reference) if is_valid}
    assert valid
    for path in valid:
        assert is_package(path)
        report = validate_package(path)
        assert [finding.to_json() for finding in report.findings if finding.severity is Severity.ERROR] == []


def test_a_name_that_is_not_the_folders_is_a_warning(reference: Path) -> None:
    """The corpus has a second such case, of a representation's METS, whose package lost that METS: nothing can be found there."""
    warned = [
        path for rule, level, path, valid in cases(reference) if level == "WARNING" and not valid and path.name.startswith("root_mets")
    ]
    assert warned
    for path in warned:
        report = validate_package(path)
        assert report.valid
        assert "CSIP1" in {finding.code for finding in report.findings if finding.severity is Severity.WARNING}


def judged(package: Path) -> tuple[str, dict[str, set[str]]]:
    """What eark-validator says of the structure, and the rules by severity that it says are broken."""
    if not JUDGE.exists():
        pytest.skip("not run: eark-validator is absent (.ci/setup eark)")
    run = subprocess.run(
        [JUDGE, "-c", ATTEMPT, package],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(package.parent)},
    )
    report = json.loads(run.stdout)
    metadata = report["metadata"]
    messages = [*report["structure"]["messages"], *metadata["schema_results"]["messages"], *metadata["schematron_results"]["messages"]]
    broken: dict[str, set[str]] = {}
    for message in messages:
        broken.setdefault(message["severity"], set()).add(message["rule_id"])
    return report["structure"]["status"], broken


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("kind", PackageKind)
def test_a_package_of_ours_is_valid_by_the_validator_of_the_e_ark_foundation(tmp_path: Path, kind: PackageKind, form: Form) -> None:
    status, broken = judged(write_package(described(kind), tmp_path, form))
    assert status == "WellFormed"
    assert broken.get("Error", set()) - (CONTRADICTED if kind is PackageKind.SIP else set()) == set()


def test_that_validator_does_refuse_what_is_wrong(tmp_path: Path) -> None:
    package = write_package(described(PackageKind.DIP), tmp_path)
    mets = package / "METS.xml"
    mets.write_bytes(mets.read_bytes().replace(b"OBJID=", b"LABEL2=", 1))
    assert {"CSIP1"} <= judged(package)[1]["Error"]


def test_the_corpus_package_broken_by_every_rule_it_has_is_caught(reference: Path, tmp_path: Path) -> None:
    """The corpus breaks two rules; the same package, broken by all the others that it has elements for. It claims only the common profile,
    and has no metadata that could be left unlisted.
    """
    harmless = ("SIP", "AIP", "DIP", "CSIP31.several", "CSIP63.absent", "CSIP71.differs", "CSIP91.unlisted", "CSIP92.unlisted")
    whole = reference / "data/conf_eark_corpus/corpus/CSIP/CSIP1/valid/minimal_IP_with_1_representation"
    tried, missed = 0, []
    for name, damage in DAMAGES.items():
        if name.startswith(harmless):
            continue
        package = tmp_path / name / whole.name
        shutil.copytree(whole, package, copy_function=shutil.copyfile)
        for folder in (package, *package.rglob("*")):
            folder.chmod(0o755)
        try:
            damage(package)
        except (AssertionError, OSError, KeyError):  # it has no such element, file or attribute
            continue
        tried += 1
        if not any(finding.rule is EARK[name] for finding in validate_package(package).findings):
            missed.append(name)
    assert tried > 100
    assert missed == []
