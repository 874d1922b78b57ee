"""Validate an OCFL storage root, of OCFL 1.0 or 1.1, and every object in it (OCFL 1.1, 4)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from preservation.findings import Finding, Report
from preservation.validation.ocfl_declaration import OF_OBJECT, OF_ROOT, check_declaration, is_declaration
from preservation.validation.ocfl_extensions import REGISTERED
from preservation.validation.ocfl_inventory import INVENTORY_NAME, SPECIFICATIONS
from preservation.validation.ocfl_layouts import Layout, check_layout
from preservation.validation.ocfl_object import judge_object
from preservation.validation.ocfl_paths import VERSION
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_standing import note_odd
from preservation.validation.trees import Item, Kind, Tree, Unreadable


@dataclass(slots=True)
class _Walk:
    """What is kept while a root is walked. `places`: a digest of each identifier -> where its object is.

    `depths`: of its objects; in a pairtree, whose folders have two characters at most, they may differ.
    """

    tree: Tree
    notes: Notes
    specification: str
    layout: Layout | None = None
    found: list[Finding] = field(default_factory=list)
    places: dict[bytes, str] = field(default_factory=dict)
    top: str | None = None
    deep: str | None = None
    depths: set[int] = field(default_factory=set)
    is_pairtree: bool = True


def validate_root(tree: Tree, at: str = "") -> Report:
    """Judge the storage root at a folder of a tree, with all its objects. Places in the findings are paths of the tree."""
    notes = Notes(at)
    try:
        tops = tree.children(at)
    except Unreadable as fault:
        notes.add("unreadable", "", reason=str(fault))
        tops = ()
    names = [Item(item.name, *item[1:]) for item in tops]
    specification = check_declaration(notes, OF_ROOT, tree, at, names) or SPECIFICATIONS[-1]
    walk = _Walk(tree, notes, specification, check_layout(notes, tree, at, names))
    for item in tops:
        if item.kind is Kind.FOLDER and item.name == "extensions":
            _check_extensions(walk, item)
        elif item.kind is Kind.FOLDER:
            _descend(walk, item.path, at)
        elif item.kind is not Kind.FILE:
            note_odd(notes, Item(item.name, item.kind))
    if walk.top is not None and walk.deep is not None:
        notes.add("W015", "", top=walk.top, deep=walk.deep)
    if walk.layout is None and len(walk.depths) > 1 and not walk.is_pairtree:
        notes.add("W014.mixed")
    return Report(f"OCFL {specification}", (*notes.findings(), *walk.found), {"kind": "storage_root"})


def _check_extensions(walk: _Walk, folder: Item) -> None:
    children = _children(walk, folder.path)
    if children == ():
        walk.notes.add("E073", "extensions")
    for item in children or ():
        place = f"extensions/{item.name}"
        if item.kind is Kind.FOLDER:
            if item.name not in REGISTERED:
                walk.notes.add("W016" if walk.specification != "1.0" else "W013", place, name=item.name)
        else:
            walk.notes.add("E112" if walk.specification != "1.0" else "E086", place, name=item.name)
            if item.kind is not Kind.FILE:
                note_odd(walk.notes, Item(place, item.kind))


def _children(walk: _Walk, folder: str) -> Sequence[Item] | None:
    """What stands in a folder; None, noted, where it cannot be listed."""
    try:
        return tuple(walk.tree.children(folder))
    except Unreadable as fault:
        walk.notes.add("unreadable", folder, reason=str(fault))
        return None


def _descend(walk: _Walk, start: str, at: str) -> None:
    """Look at a folder of the hierarchy and at all those below it."""
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        children = _children(walk, folder)
        if children is None:
            continue
        place = folder[len(at) + 1 :] if at else folder
        if _is_object(children):
            _judge(walk, folder, place)
            continue
        folders = [item.path for item in children if item.kind is Kind.FOLDER]
        _check_intermediate(walk, place, children, has_folders=bool(folders))
        waiting += reversed(folders)


def _is_object(children: Sequence[Item]) -> bool:
    names = {item.name for item in children}
    if any(is_declaration(OF_OBJECT, name) for name in names):
        return True
    return INVENTORY_NAME in names and any(VERSION.fullmatch(name) for name in names)


def _check_intermediate(walk: _Walk, place: str, children: Sequence[Item], *, has_folders: bool) -> None:
    notes = walk.notes
    if not children:
        notes.add("E073", place)
        notes.add("E085", place)
        return
    for item in children:
        if item.kind is Kind.FILE:
            notes.add("E072", f"{place}/{item.name}")
            notes.add("E084", f"{place}/{item.name}")
            if item.name.startswith("0=ocfl_1."):
                notes.add("E074", place)
        elif item.kind is not Kind.FOLDER:
            note_odd(notes, Item(f"{place}/{item.name}", item.kind))
    if not has_folders:
        notes.add("E085", place)
        notes.add("E088", place)


def _judge(walk: _Walk, folder: str, place: str) -> None:
    report, specification, object_id = judge_object(walk.tree, folder)
    walk.found += report.findings
    if specification is not None and specification > walk.specification:
        walk.notes.add("E081", place, found=specification, expected=walk.specification)
    walk.depths.add(place.count("/"))
    walk.is_pairtree = walk.is_pairtree and "/" in place and all(len(part) <= 2 for part in place.split("/")[:-1])
    if "/" in place:
        walk.deep = walk.deep or place
    else:
        walk.top = walk.top or place
    if object_id is None:
        return
    other = walk.places.setdefault(hashlib.sha256(object_id.encode("utf-8", "surrogatepass")).digest(), place)
    if other != place:
        walk.notes.add("E037.id", place, id=object_id, other=other)
        walk.notes.add("E083", place, id=object_id, other=other)
    expected = walk.layout(object_id) if walk.layout else None
    if expected is not None and expected != place:
        walk.notes.add("W014.layout", place, id=object_id, expected=expected)
