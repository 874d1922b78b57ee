"""The bags of the Library of Congress (bagit-conformance-suite), each judged as the folder it lies in says."""

from pathlib import Path

from preservation.findings import Severity
from preservation.validation.bagit_check import validate_bag
from preservation.validation.trees import FolderTree


def test_each_bag_is_judged_as_its_folder_says(reference: Path) -> None:
    """Those of `warning` are valid with a warning; those that only Windows or only Linux would mind are refused everywhere."""
    folders = sorted(path for path in (reference / "data/conf_bagit").glob("v*/*/*") if path.is_dir())
    assert len(folders) > 15
    for folder in folders:
        report = validate_bag(FolderTree(folder)).report
        assert report.valid is (folder.parent.name in ("valid", "warning")), (folder, report.findings)
        if folder.parent.name == "warning":
            assert any(finding.severity is Severity.WARNING for finding in report.findings), folder
