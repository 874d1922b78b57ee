"""ocfl-py as the judge of storage roots, with the layout of extension 0004 at its defaults made known to it: it has none itself."""

import hashlib
from typing import Any

from ocfl.layout import Layout
from ocfl.layout_registry import add_layout
from ocfl.storage_root import StorageRoot

NAME = "0004-hashed-n-tuple-storage-layout"


class HashedTuples(Layout):  # type: ignore[misc]  # ocfl-py has no types
    """Extension 0004; parameters that are not its defaults are refused."""

    def __init__(self) -> None:
        self.NAME = NAME
        self.DESCRIPTION = "Hashed N-tuple Storage Layout"
        defaults = {"digestAlgorithm": "sha256", "tupleSize": 3, "numberOfTuples": 3, "shortObjectRoot": False}
        self.PARAMS = {name: _only(value) for name, value in defaults.items()}

    def identifier_to_path(self, identifier: str) -> str:
        name = hashlib.sha256(identifier.encode()).hexdigest()
        return f"{name[:3]}/{name[3:6]}/{name[6:9]}/{name}"


def _only(expected: object) -> Any:
    def check(value: object) -> None:
        assert value == expected, (value, expected)

    return check


def judged(folder: str) -> StorageRoot:
    """What ocfl-py says of a storage root: every object is valid, and stands where the layout that is declared puts it."""
    add_layout(NAME, HashedTuples)
    judge = StorageRoot(root=folder)
    assert judge.validate(log_warnings=True), (judge.log.messages, judge.errors)
    assert judge.layout_name == NAME
    for path, identifier in judge.list_objects():
        assert path == judge.layout.identifier_to_path(identifier)
    return judge
