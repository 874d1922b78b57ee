"""The objects of the OCFL community (OCFL/fixtures), each with the codes that its folder's name tells."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from preservation.findings import Severity
from preservation.ocfl import StorageRoot
from preservation.stores.filesystem import FilesystemStore
from preservation.validation.ocfl_object import validate_object
from preservation.validation.ocfl_root import validate_root
from preservation.validation.trees import FolderTree, StoreTree
from tests.s3_servers import S3Server


def test_each_object_is_judged_as_its_name_says(reference: Path) -> None:
    """Good objects have no findings at all; bad and warning ones have at least the codes named, and bad ones alone are not valid."""
    folders = sorted(path for path in (reference / "data/conf_ocfl").glob("1.[01]/*-objects/*") if path.is_dir())
    assert len(folders) > 20
    for folder in folders:
        report = validate_object(FolderTree(folder))
        found = {finding.code for finding in report.findings}
        expected = set(re.findall(r"[EW][0-9]{3}", folder.name))
        assert expected <= found, (folder, found)
        assert report.valid is (folder.parent.name != "bad-objects"), (folder, report.findings)
        if folder.parent.name == "good-objects":
            assert report.findings == (), folder


def test_what_this_software_keeps_is_judged_good(tmp_path: Path) -> None:
    """Its objects are addressed by sha256, which OCFL allows and does not recommend (W004)."""
    root = StorageRoot(FilesystemStore(tmp_path / "store", tmp_path / "incoming"))
    root.ensure()
    for number in range(3):
        for base in (None, 1):
            with root.new_version(f"urn:uuid:{number}", base=base) as writer:
                writer.put_bytes(f"file-{base}", f"{number} {base}".encode())
                writer.commit(created=datetime(2026, 1, 1, tzinfo=UTC), message="m", user_name="A", user_address="mailto:a@example.org")
    report = validate_root(FolderTree(tmp_path / "store"))
    assert report.valid
    assert {finding.code for finding in report.findings} == {"W004"}
    assert validate_root(StoreTree(FilesystemStore(tmp_path / "store", tmp_path / "incoming"))).valid


@pytest.mark.servers
def test_a_root_on_a_server_is_judged_where_it_is(versitygw: S3Server) -> None:
    store = versitygw.store(versitygw.place())
    root = StorageRoot(store)
    root.ensure()
    for number in range(3):
        with root.new_version(f"urn:uuid:{number}", base=None) as writer:
            writer.put_bytes("file", f"{number}".encode())
            writer.commit(created=datetime(2026, 1, 1, tzinfo=UTC), message="m", user_name="A", user_address="mailto:a@example.org")
    report = validate_root(StoreTree(store))
    assert report.valid
    assert {finding.code for finding in report.findings} == {"W004"}
    key = next(found.key for found in root.keys("urn:uuid:1") if "/content/" in found.key)
    store.delete(key, authority="uncommitted")
    lost = validate_root(StoreTree(store))
    assert {(finding.code, finding.where) for finding in lost.findings if finding.severity is Severity.ERROR} >= {("E092", key)}
