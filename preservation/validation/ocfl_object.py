"""Validate one OCFL object, of OCFL 1.0 or 1.1, whole: declaration, inventories, sidecars, history, and every byte of content."""

from preservation.findings import Report
from preservation.validation.ocfl_content import check_content
from preservation.validation.ocfl_declaration import OF_OBJECT, check_declaration
from preservation.validation.ocfl_folders import check_folders
from preservation.validation.ocfl_history import check_history
from preservation.validation.ocfl_inventory import INVENTORY_NAME, MOST_BYTES, SPECIFICATIONS, Checked, check_inventory
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_sidecar import check_sidecar
from preservation.validation.ocfl_standing import look
from preservation.validation.trees import Tree


def validate_object(tree: Tree, at: str = "") -> Report:
    """Judge the OCFL object at a folder of a tree. Places in the findings are paths of the tree."""
    return judge_object(tree, at)[0]


def judge_object(tree: Tree, at: str) -> tuple[Report, str | None, str | None]:
    """The report, the specification that the object declares and its identifier, where it has them."""
    notes = Notes(at)
    standing = look(notes, tree, at)
    declared = check_declaration(notes, OF_OBJECT, tree, at, standing.tops)
    data: bytes | None = b""
    root: Checked | None = None
    if INVENTORY_NAME in standing.files:
        data = standing.read(notes, INVENTORY_NAME, MOST_BYTES)
        root = check_inventory(notes, INVENTORY_NAME, data, declared, is_root=True)
    else:
        notes.add("E063")
    specification = declared or (root.specification if root else SPECIFICATIONS[-1])
    check_folders(notes, standing, root, specification)
    if root is not None and data is not None:
        history = check_history(notes, standing, root, data, specification)
        check_sidecar(notes, standing, "", data, root.algorithm, history.inventories)
        check_content(notes, standing, root, history)
    return Report(f"OCFL {specification}", notes.findings(), {"kind": "object"}), declared, root.object_id if root else None
