"""The folders of an OCFL object: what may stand in its root, in its versions and in its extensions (OCFL 1.1, 3.1, 3.3 and 3.9)."""

import re
from typing import Final

from preservation.validation.ocfl_declaration import OF_OBJECT, is_declaration
from preservation.validation.ocfl_extensions import REGISTERED
from preservation.validation.ocfl_inventory import INVENTORY_NAME, Checked
from preservation.validation.ocfl_paths import version_number
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_sidecar import sidecar_name
from preservation.validation.ocfl_standing import Standing
from preservation.validation.trees import Item, Kind

_SIDECAR: Final = re.compile(r"inventory\.json\.[a-z0-9-]+")
_LIKE_A_VERSION: Final = re.compile(r"v[-.0-9].*|[vV]?(er(sion)?)?[-_ ]?[0-9]+")


def check_folders(notes: Notes, standing: Standing, root: Checked | None, specification: str) -> None:
    """Note what has no place in the object, and what is missing from its versions. `root`: the root inventory, where it can be read."""
    versions = root.versions if root else ()
    for item in standing.tops:
        if item.kind is Kind.FILE:
            _check_file(notes, standing, item, root)
        elif item.kind is Kind.FOLDER and item.path not in versions:
            _check_folder(notes, standing, item, specification, known=root is not None)
        elif item.kind is not Kind.FOLDER and item.path not in ("logs", "extensions", *versions):
            notes.add("E001.file", item.path, name=item.path)
    for name, is_folder in standing.children("extensions"):
        if not is_folder:
            notes.add("E067.file", f"extensions/{name}", name=name)
        elif name not in REGISTERED:
            notes.add("W013", f"extensions/{name}", name=name)
    if root is not None:
        holding = {path.partition("/")[0] for path in root.manifest}
        for name in versions:
            _check_version(notes, standing, root, name, holds=name in holding)


def _check_file(notes: Notes, standing: Standing, item: Item, root: Checked | None) -> None:
    name = item.path
    if name == INVENTORY_NAME or name.startswith("0=") or is_declaration(OF_OBJECT, name):
        return
    if name.lower() == INVENTORY_NAME or (name.startswith("inventory") and INVENTORY_NAME not in standing.files):
        if not _SIDECAR.fullmatch(name):
            notes.add("E034", name, name=name)
            notes.add("E001.file", name, name=name)
        return
    expected = sidecar_name(root.algorithm) if root and root.algorithm else None
    if _SIDECAR.fullmatch(name) and (expected is None or name == expected or expected not in standing.files):
        return
    notes.add("E001.file", name, name=name)


def _check_folder(notes: Notes, standing: Standing, item: Item, specification: str, *, known: bool) -> None:
    name = item.path
    if name in ("logs", "extensions") or is_declaration(OF_OBJECT, name):
        return
    if version_number(name) is not None:
        if known:
            notes.add("E046.folder", name, name=name)
        return
    if specification != "1.0" and _LIKE_A_VERSION.fullmatch(name):
        notes.add("E105" if name.startswith("v") and name[1:2] in "-.0123456789" else "E104", name, name=name)
    notes.add("E001.folder", name, name=name)
    _note_objects(notes, standing, name)


def _note_objects(notes: Notes, standing: Standing, folder: str) -> None:
    """Objects in a folder that is none of content: an object holds no other (4.3)."""
    for path, _ in standing.below(folder):
        if path.rpartition("/")[2].startswith("0=ocfl_object_"):
            notes.add("E082", path, path=path.rpartition("/")[0])


def _check_version(notes: Notes, standing: Standing, root: Checked, name: str, *, holds: bool) -> None:
    """A version's folder; `holds`: whether the inventory says that it keeps content."""
    if name not in standing.folders:
        if standing.tree.keeps_empty_folders or holds:
            notes.add("E046.missing", name, name=name)
            notes.add("E010.folder", name, name=name)
        return
    content = root.content_directory
    for child, is_folder in standing.children(name):
        if is_folder:
            if content is not None and child != content:
                notes.add("W002", f"{name}/{child}", name=child)
                _note_objects(notes, standing, f"{name}/{child}")
        elif child != INVENTORY_NAME and not _SIDECAR.fullmatch(child):
            notes.add("E015.file", f"{name}/{child}", name=child)
    if content is None:
        return
    folder = f"{name}/{content}"
    if folder in standing.folders:
        _check_content_folder(notes, standing, folder)
    elif holds and folder not in standing.odd:
        notes.add("E016", name, folder=content)


def _check_content_folder(notes: Notes, standing: Standing, folder: str) -> None:
    below = list(standing.below(folder))
    odd = {path.rpartition("/")[0] for path in standing.odd}
    if not any(not is_folder for _, is_folder in below) and not any(path == folder or path.startswith(f"{folder}/") for path in odd):
        notes.add("W003", folder)
    for path, is_folder in below:
        if is_folder and not standing.children(path) and path not in odd:
            notes.add("E024", path)
