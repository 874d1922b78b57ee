"""Bags: each damage is told by its rule and nothing else is; what is written is judged good here and by bagit-python."""

import hashlib
import io
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import bagit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preservation.bagit import BadBag, write_bag
from preservation.findings import Report, Severity
from preservation.store import ObjectKey
from preservation.stores.memory import MemoryStore
from preservation.validation.bagit_check import Judgement, validate_bag
from preservation.validation.bagit_manifests import algorithms
from preservation.validation.bagit_paths import decoded, encoded
from preservation.validation.bagit_rules import BAGIT, MOST
from preservation.validation.bagit_tags import MOST_BYTES
from preservation.validation.trees import FolderTree, StoreTree
from tests.preservation.bags_made import DAMAGES, PAYLOAD, MadeBag, digest


def judged(folder: Path, fetch_root: Path | None = None) -> Judgement:
    return validate_bag(FolderTree(folder), fetch_root=fetch_root)


def codes(report: Report) -> set[str]:
    return {finding.code.removeprefix("bagit.") for finding in report.findings}


@pytest.mark.parametrize("version", ["0.97", "1.0"])
def test_a_good_bag_has_no_findings(tmp_path: Path, version: str) -> None:
    judgement = judged(MadeBag(tmp_path / "bag", version).folder)
    assert (judgement.report.standard, judgement.report.findings, judgement.report.valid) == (f"BagIt {version}", (), True)
    assert judgement.complete


def _cases() -> list[tuple[str, str, set[str]]]:
    """Version, damage and what it must be told with; a damage with no codes in a version is none there."""
    found = []
    for name, damage in DAMAGES.items():
        found.append(("1.0", name, set(damage.codes.split())))
        found.append(("0.97", name, set((damage.codes if damage.codes_in_0_97 is None else damage.codes_in_0_97).split())))
    return found


@pytest.mark.parametrize(("version", "name", "expected"), _cases())
def test_each_damage_is_told_by_its_rule(tmp_path: Path, version: str, name: str, expected: set[str]) -> None:
    made = MadeBag(tmp_path / "bag", version)
    DAMAGES[name].do(made)
    report = judged(made.folder).report
    assert codes(report) == expected
    errors = [code for code in expected if BAGIT[f"bagit.{code}"].severity is Severity.ERROR]
    assert report.valid is not bool(errors)
    for finding in report.findings:
        assert "{" not in finding.message
        assert "None" not in finding.message


def test_every_rule_is_seen_to_be_told() -> None:
    told = {code for _, _, expected in _cases() for code in expected}
    elsewhere = {"fetch_outside", "more", "tag_size", "unreadable"}
    assert {code.removeprefix("bagit.") for code in BAGIT} - told == elsewhere


def test_a_complete_bag_is_told_from_a_valid_one(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    made.write("data/one.txt", b"uno\n")
    damaged = judged(made.folder)
    assert (damaged.complete, damaged.report.valid) == (True, False)
    assert damaged.report.to_json()["complete"] is True
    (made.folder / "data/one.txt").unlink()
    incomplete = judged(made.folder)
    assert (incomplete.complete, incomplete.report.valid) == (False, False)
    assert incomplete.report.to_json()["complete"] is False


def test_metadata_keep_their_order_and_repetition(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    made.tag("bag-info.txt", b"B: 1\nA: long\n   and folded\n\tagain\nb: 2\nA:\n")
    judgement = judged(made.folder)
    assert judgement.report.findings == ()
    assert [(each.label, each.value) for each in judgement.bag.info] == [("B", "1"), ("A", "long and folded again"), ("b", "2"), ("A", "")]


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1"])
def test_tag_files_are_read_in_their_encoding_and_line_ends(tmp_path: Path, encoding: str, ending: str) -> None:
    made = MadeBag(tmp_path / "bag", "0.97")
    made.add("data/Núñez.txt", b"x")
    for name in ("bag-info.txt", "manifest-sha512.txt"):
        path = made.folder / name
        path.write_bytes(path.read_text("utf-8").replace("\n", ending).encode(encoding))
    made.write("bagit.txt", f"BagIt-Version: 0.97{ending}Tag-File-Character-Encoding: {encoding}".encode())
    (made.folder / "tagmanifest-sha512.txt").unlink()
    assert codes(judged(made.folder).report) <= {"encoding_not_utf8"}


@pytest.mark.parametrize("name", sorted(algorithms()))
def test_every_algorithm_is_verified(tmp_path: Path, name: str) -> None:
    made = MadeBag(tmp_path / "bag")
    (made.folder / "manifest-sha512.txt").unlink()
    lines = [f"{hashlib.new(algorithms()[name], data).hexdigest().upper()} {path}\n" for path, data in PAYLOAD.items()]
    made.tag(f"manifest-{name}.txt", "".join(lines).encode())
    assert codes(judged(made.folder).report) <= {"weak_algorithm"}
    made.write("data/one.txt", b"uno\n")
    assert "digest" in codes(judged(made.folder).report)


def test_the_algorithms_that_bags_name_are_there() -> None:
    assert {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3256", "sha3512", "blake2b", "blake2b512"} <= algorithms().keys()


def _to_fetch(made: MadeBag, url: str, size: str = "-") -> None:
    (made.folder / "data/one.txt").unlink(missing_ok=True)
    made.tag("fetch.txt", f"{url} {size} data/one.txt\n".encode())


def test_a_file_to_fetch_is_found_in_the_allowed_folder_alone(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    root = tmp_path / "allowed"
    (root / "some place").mkdir(parents=True)
    (root / "some place/one.txt").write_bytes(b"one\n")
    (tmp_path / "one.txt").write_bytes(b"one\n")
    (root / "link.txt").symlink_to(tmp_path / "one.txt")
    (root / "linked").symlink_to(tmp_path)
    for url in (f"file://{root}/some%20place/one.txt", f"file://localhost{root}/some%20place/one.txt", "some%20place/one.txt"):
        _to_fetch(made, url, "4")
        assert judged(made.folder, root).report.valid, url
        assert codes(judged(made.folder).report) == {"fetch_pending"}
    for url in (
        f"file://{tmp_path}/one.txt",
        f"file://{root}/../one.txt",
        f"file://{root}/%2e%2e/one.txt",
        f"file://{root}/link.txt",
        f"file://{root}/linked/one.txt",
        f"file://elsewhere{root}/some%20place/one.txt",
        "../one.txt",
        f"{root}/some%20place/one.txt",
        "https://example.org/one.txt",
        "file:///etc/passwd",
        "file://%00",
    ):
        _to_fetch(made, url)
        assert codes(judged(made.folder, root).report) == {"fetch_outside"}, url
    _to_fetch(made, f"file://{root}/nothing.txt")
    assert codes(judged(made.folder, root).report) == {"fetch_pending"}
    _to_fetch(made, f"file://{root}/some%20place/one.txt", "5")
    assert codes(judged(made.folder, root).report) == {"fetch_size"}
    (root / "some place/one.txt").write_bytes(b"uno\n")
    _to_fetch(made, f"file://{root}/some%20place/one.txt", "4")
    assert codes(judged(made.folder, root).report) == {"digest"}


def test_a_bag_in_a_store_is_judged_as_one_in_a_folder(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    made.write("data/one.txt", b"uno\n")
    store = MemoryStore()
    for path in made.folder.rglob("*"):
        if path.is_file():
            store.put(ObjectKey(f"here/{path.relative_to(made.folder)}"), io.BytesIO(path.read_bytes()))
    assert validate_bag(StoreTree(store, "here/")).report == judged(made.folder).report


def test_a_large_file_takes_no_memory(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    made.add("data/large", b"")
    os.truncate(made.folder / "data/large", 200 << 20)
    tracemalloc.start()
    assert codes(judged(made.folder).report) == {"digest"}
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_percent_sign_that_another_program_did_not_encode_is_understood(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    made.add("data/100%25.txt", b"x")
    assert codes(judged(made.folder).report) == {"path_percent"}
    made.write("data/100%25.txt", b"y")
    assert codes(judged(made.folder).report) == {"path_percent", "digest"}


def test_what_is_too_large_or_cannot_be_read_is_not_taken_for_good(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    os.truncate(made.folder / "bag-info.txt", MOST_BYTES + 1)
    assert codes(judged(made.folder).report) == {"tag_size", "digest"}
    deep = os.open(made.folder / "data", os.O_RDONLY)
    for _ in range(20):  # deeper than a path may be long: nobody can list it by its path
        os.mkdir("d" * 250, dir_fd=deep)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    report = judged(made.folder).report
    shutil.rmtree(made.folder / "data")
    assert codes(report) == {"tag_size", "digest", "unreadable"}


def test_findings_without_end_are_counted(tmp_path: Path) -> None:
    made = MadeBag(tmp_path / "bag")
    made.line("\n".join(["nothing"] * (MOST + 5)))
    report = judged(made.folder).report
    assert codes(report) == {"line", "more"}
    assert len(report.findings) == MOST + 1


@given(st.text())
def test_paths_are_read_as_they_are_written(path: str) -> None:
    assert decoded(encoded(path), old=False) == path
    assert not set("\r\n") & set(encoded(path))


def opened(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(data)


FILES = {"b.txt": b"second", "a/ñ 100%.txt": b"first", "a/line\nend.txt": b"", "~tilde": b"x", ".hidden": b"y"}


def test_a_written_bag_is_good_here_and_to_others(tmp_path: Path) -> None:
    written = write_bag(
        tmp_path / "new/bag",
        [(path, opened(data)) for path, data in FILES.items()],
        info=[("Contact-Name", "María Núñez"), ("Contact-Name", "Otro"), ("Bagging-Date", "2026-01-02")],
        algorithms=["sha256", "sha512"],
        tags=[("metadata/premis.xml", opened(b"<premis/>"))],
    )
    judgement = judged(tmp_path / "new/bag")
    assert (judgement.report.findings, judgement.report.valid) == ((), True)
    assert [(each.label, each.value) for each in judgement.bag.info][:2] == [("Contact-Name", "María Núñez"), ("Contact-Name", "Otro")]
    assert {path: (tmp_path / "new/bag/data" / path).read_bytes() for path in FILES} == FILES
    assert (written.octets, written.streams) == (sum(map(len, FILES.values())), len(FILES))
    assert written.digests["data/b.txt"]["sha512"] == digest(b"second")
    write_bag(tmp_path / "plain", [(path, opened(data)) for path, data in FILES.items() if "%" not in path])  # it knows no %25
    assert bagit.Bag(str(tmp_path / "plain")).validate()


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    for name, files in (("one", list(FILES.items())), ("two", list(reversed(FILES.items())))):
        write_bag(tmp_path / name, [(path, opened(data)) for path, data in files], info=[("A", "1")])
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("one", "two")
    )
    assert first == second
    assert len(first) == len(FILES) + 4


def test_an_empty_folder_is_filled_and_anything_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_bag(tmp_path / "empty", [("a", opened(b"x"))])
    assert judged(tmp_path / "empty").report.valid
    with pytest.raises(FileExistsError):
        write_bag(tmp_path / "empty", [("a", opened(b"x"))])
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write_bag(tmp_path / "link", [("a", opened(b"x"))])


def _failing() -> BinaryIO:
    raise OSError("the disk")


@pytest.mark.parametrize("path", ["../a", "a/../b", "/a", "a//b", "./a", "", "a/", "a\0b", "\udcff", "a", "b.txt/c"])
def test_a_bag_is_whole_or_absent(tmp_path: Path, path: str) -> None:
    (tmp_path / "here").mkdir()
    files = [("a", opened(b"x")), ("b.txt", opened(b"y")), (path, opened(b"z"))]
    with pytest.raises(BadBag):
        write_bag(tmp_path / "here/bag", files)
    with pytest.raises(OSError, match="the disk"):
        write_bag(tmp_path / "here/bag", [("a", opened(b"x")), ("b", _failing)])
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize("label", ["", " A", "A ", "A:B", "A\nB", "Payload-Oxum"])
def test_labels_that_bagit_does_not_have_are_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(BadBag):
        write_bag(tmp_path / "bag", [], info=[(label, "x")])


@pytest.mark.parametrize("value", ["a\nb", "a\rb", " a", "a ", "a\x85b", "\ud800"])
def test_values_of_several_lines_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadBag):
        write_bag(tmp_path / "bag", [], info=[("A", value)])


@pytest.mark.parametrize("tag", ["bagit.txt", "data/x", "manifest-sha1.txt", "tagmanifest-md5.txt", "fetch.txt", "bag-info.txt", "../x"])
def test_the_names_of_bagit_are_not_given_to_other_tag_files(tmp_path: Path, tag: str) -> None:
    with pytest.raises(BadBag):
        write_bag(tmp_path / "bag", [], tags=[(tag, opened(b"x"))])


def test_algorithms_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    for names in ([], ["tiger"], ["sha512", "tiger"]):
        with pytest.raises(BadBag):
            write_bag(tmp_path / "bag", [], algorithms=names)


LINES = st.lists(st.text(alphabet=st.sampled_from("data/..~\\%0A25 :\t\r\n*-ñé\0C$"), max_size=40) | st.text(max_size=20), max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["bagit.txt", "bag-info.txt", "fetch.txt", "manifest-sha512.txt", "tagmanifest-sha512.txt", "manifest-md5.txt"]),
    data=st.binary(max_size=200) | LINES.map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")),
    version=st.sampled_from(["0.97", "1.0"]),
)
def test_whatever_a_tag_file_says_a_report_is_given(tmp_path: Path, name: str, data: bytes, version: str) -> None:
    folder = tmp_path / "bag"
    shutil.rmtree(folder, ignore_errors=True)
    made = MadeBag(folder, version)
    made.tag(name, data)
    judgement = judged(folder, tmp_path)
    json.dumps(judgement.report.to_json())
    assert judgement.report.standard is not None
