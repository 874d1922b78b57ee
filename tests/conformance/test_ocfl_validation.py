"""The objects of the OCFL community (OCFL/fixtures), each with the codes that its folder's name tells."""

import re
from pathlib import Path

from preservation.validation.ocfl_object import validate_object
from preservation.validation.trees import FolderTree


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
