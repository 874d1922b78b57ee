"""Validating OCFL objects and storage roots: each damage is told with the codes of the specification, and nothing else is."""

import json
import os
import shutil
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preservation.findings import Report, Severity
from preservation.store import ObjectKey
from preservation.stores.memory import MemoryStore
from preservation.validation.ocfl_inventory import MOST_BYTES
from preservation.validation.ocfl_object import validate_object
from preservation.validation.ocfl_root import validate_root
from preservation.validation.ocfl_rules import MOST, OCFL
from preservation.validation.trees import FolderTree, StoreTree
from tests.preservation.ocfl_damages import DAMAGES, Damage
from tests.preservation.ocfl_made import MadeObject, digest
from tests.preservation.ocfl_root_damages import ROOT_DAMAGES, MadeRoot, RootDamage, place_of

BOTH = pytest.mark.parametrize("specification", ["1.0", "1.1"])


def judged(folder: Path) -> Report:
    return validate_object(FolderTree(folder))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


@BOTH
def test_a_good_object_has_no_findings(tmp_path: Path, specification: str) -> None:
    report = judged(MadeObject(tmp_path / "object", specification).folder)
    assert (report.standard, report.findings, report.valid) == (f"OCFL {specification}", (), True)


def _cases(damages: Mapping[str, Damage] | Mapping[str, RootDamage]) -> list[tuple[str, str, set[str]]]:
    """Specification, damage and the codes that it must be told with; a damage with no codes in a specification is none there."""
    found = []
    for name, damage in damages.items():
        found.append(("1.1", name, set(damage.codes.split())))
        old = damage.codes if damage.codes_in_1_0 is None else damage.codes_in_1_0
        if old:
            found.append(("1.0", name, set(old.split())))
    return found


@pytest.mark.parametrize(("specification", "name", "expected"), _cases(DAMAGES))
def test_each_damage_is_told_with_its_codes(tmp_path: Path, specification: str, name: str, expected: set[str]) -> None:
    made = MadeObject(tmp_path / "object", specification)
    DAMAGES[name].do(made)
    report = judged(made.folder)
    assert codes(report) == expected
    assert report.valid is not any(code.startswith("E") for code in codes(report))


@BOTH
def test_a_good_root_has_no_findings(tmp_path: Path, specification: str) -> None:
    report = validate_root(FolderTree(MadeRoot(tmp_path / "root", specification).folder))
    assert (report.standard, report.findings, report.valid) == (f"OCFL {specification}", (), True)


@pytest.mark.parametrize(("specification", "name", "expected"), _cases(ROOT_DAMAGES))
def test_each_damage_of_a_root_is_told_with_its_codes(tmp_path: Path, specification: str, name: str, expected: set[str]) -> None:
    made = MadeRoot(tmp_path / "root", specification)
    ROOT_DAMAGES[name].do(made)
    assert codes(validate_root(FolderTree(made.folder))) == expected


def test_every_code_is_seen_to_be_told() -> None:
    told = {code for _, _, codes in [*_cases(DAMAGES), *_cases(ROOT_DAMAGES)] for code in codes}
    assert {rule.code for rule in OCFL.values()} - told == {"unreadable", "more"}


def test_every_rule_says_its_paragraph_what_happened_and_what_to_do() -> None:
    for name, rule in OCFL.items():
        assert rule.paragraph[0].isdigit(), name
        assert rule.message.endswith("."), name
        assert rule.remedy.endswith("."), name
        assert (rule.severity is Severity.WARNING) == rule.code.startswith("W"), name


@pytest.mark.parametrize("name", [*DAMAGES, *ROOT_DAMAGES])
def test_messages_have_all_their_words(tmp_path: Path, name: str) -> None:
    if name in DAMAGES:
        made = MadeObject(tmp_path / "made")
        DAMAGES[name].do(made)
        report = judged(made.folder)
    else:
        root = MadeRoot(tmp_path / "made")
        ROOT_DAMAGES[name].do(root)
        report = validate_root(FolderTree(root.folder))
    for finding in report.to_json()["findings"]:  # type: ignore[attr-defined] # a list of findings
        assert "{" not in finding["message"].replace("{}", "")
        assert "None" not in finding["message"]


def test_places_are_paths_of_the_tree(tmp_path: Path) -> None:
    made = MadeRoot(tmp_path / "root")
    made.objects[0].write("v1/content/empty", b"x")
    places = {finding.where for finding in validate_root(FolderTree(made.folder)).findings}
    assert places == {f"{place_of('urn:example:1')}/v1/content/empty"}


def _stored(folder: Path, prefix: str) -> StoreTree:
    store = MemoryStore()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                store.put(ObjectKey(f"{prefix}{path.relative_to(folder).as_posix()}"), file)
    return StoreTree(store, prefix)


@pytest.mark.parametrize("prefix", ["", "some/where/"])
def test_an_object_in_a_store_is_judged_as_one_in_a_folder(tmp_path: Path, prefix: str) -> None:
    for number, (name, damage) in enumerate(DAMAGES.items()):
        made = MadeObject(tmp_path / str(number))
        damage.do(made)
        paths = list(made.folder.rglob("*"))
        has_what_stores_have_not = any(
            path.is_symlink()
            or path.is_fifo()
            or (path.is_dir() and not any(path.iterdir()))
            or (path.stat().st_nlink > 1 and path.is_file())
            for path in paths
        )
        if has_what_stores_have_not or name == "no folder of a version":
            continue
        assert codes(validate_object(_stored(made.folder, prefix))) == set(damage.codes.split()), name


def test_a_root_in_a_store_is_judged_as_one_in_a_folder(tmp_path: Path) -> None:
    made = MadeRoot(tmp_path / "root")
    assert validate_root(_stored(made.folder, "")).findings == ()
    made.objects[1].write("v2/content/two.txt", b"damaged")
    made.write("notes/notes.txt")
    here, there = validate_root(FolderTree(made.folder)), validate_root(_stored(made.folder, "a/b/"))
    assert here == there
    assert codes(here) == {"E072", "E084", "E085", "E088", "E092", "E093"}


def test_a_version_without_files_has_no_folder_in_a_store(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    shutil.rmtree(made.folder / "v3")
    assert codes(validate_object(_stored(made.folder, ""))) == set()


def test_a_large_file_takes_no_memory(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    large = made.write("v3/content/large", b"")
    os.truncate(large, 200 << 20)
    tracemalloc.start()
    assert codes(judged(made.folder)) == {"E023"}
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    made.change(lambda document: document["manifest"].update({digest(b"x"): ["v3/content/large"]}))
    assert codes(judged(made.folder)) == {"E092", "E107"}
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_an_inventory_that_is_too_large_is_not_taken_for_good(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    os.truncate(made.folder / "inventory.json", MOST_BYTES + 1)
    report = judged(made.folder)
    assert codes(report) == {"E033"}
    assert str(MOST_BYTES) in report.findings[0].message


def test_findings_without_end_are_counted(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    made.change(lambda document: document.update({f"key{number}": 1 for number in range(5000)}))
    report = judged(made.folder)
    assert codes(report) == {"E102", "more"}
    assert len(report.findings) == MOST + 1
    assert "4000" in report.findings[-1].message


def test_a_path_of_a_million_parts_is_judged_at_once(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    made.change(lambda document: document["versions"]["v3"]["state"].update({digest(b"one\n"): ["a/" * 1_000_000 + "a"]}))
    assert codes(judged(made.folder)) == set()


@pytest.mark.parametrize("name", ["\\ud800", "\\u0000", "caf\\u00e9", "\\n"])
def test_odd_characters_in_paths_are_only_text(tmp_path: Path, name: str) -> None:
    made = MadeObject(tmp_path / "object")
    made.raw(lambda data: data.replace(b'"copy.txt"', f'"{name}"'.encode()))
    assert codes(judged(made.folder)) == set()
    made.raw(lambda data: data.replace(b'"v2/content/two.txt"', f'"v2/content/{name}"'.encode()))
    assert "E092" in codes(judged(made.folder))
    json.dumps(judged(made.folder).to_json())


def test_a_file_of_a_name_that_is_no_text_is_found(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    (Path(os.fsdecode(os.fsencode(made.folder / "v2/content") + b"/\xff"))).write_bytes(b"x")
    assert codes(judged(made.folder)) == {"E023"}


def test_what_cannot_be_read_is_not_taken_for_good(tmp_path: Path) -> None:
    made = MadeObject(tmp_path / "object")
    folder = made.folder / "v3/content"
    deep = os.open(made.folder / "v3", os.O_RDONLY)
    for name in ["content", *["d" * 250] * 20]:  # deeper than a path may be long: nobody can list it by its path
        os.mkdir(name, dir_fd=deep)
        deeper = os.open(name, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    assert folder.is_dir()
    report = judged(made.folder)
    assert codes(report) >= {"unreadable"}
    assert not report.valid
    shutil.rmtree(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["id", "type", "digestAlgorithm", "head", "contentDirectory", "manifest", "versions", "fixity"]
WITHIN = ["v1", "v2", "v3", "state", "created", "message", "user", "md5", "sha512", digest(b"two\n")]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(KEYS), within=st.none() | st.sampled_from(WITHIN), value=JSON)
def test_whatever_an_inventory_says_a_report_is_given(tmp_path: Path, key: str, within: str | None, value: object) -> None:
    folder = tmp_path / "object"
    shutil.rmtree(folder, ignore_errors=True)
    made = MadeObject(folder)
    made.everywhere(
        lambda document: (
            document.update({key: value if within is None else {**made.document("v3")[key], within: value}})
            if within is None or isinstance(document[key], dict)
            else None
        )
    )
    report = judged(folder)
    json.dumps(report.to_json())
    assert report.standard == "OCFL 1.1"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=300),
    name=st.sampled_from(["inventory.json", "v1/inventory.json", "inventory.json.sha512", "0=ocfl_object_1.1"]),
)
def test_whatever_bytes_a_file_of_the_object_has_a_report_is_given(tmp_path: Path, data: bytes, name: str) -> None:
    folder = tmp_path / "object"
    shutil.rmtree(folder, ignore_errors=True)
    made = MadeObject(folder)
    made.write(name, data)
    assert not judged(folder).valid
