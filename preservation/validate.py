"""Tell what a package is by its markers, and judge it: the one door to every validator of this library (contract of `archivo validate`)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from preservation.findings import Finding, Report, Rule, Severity
from preservation.premis import NAMESPACE as PREMIS
from preservation.validation import mets_model
from preservation.validation.archive_rules import told
from preservation.validation.archive_tree import archive_tree
from preservation.validation.bagit_check import validate_bag
from preservation.validation.bagit_manifests import MANIFEST
from preservation.validation.bagit_tags import DECLARATION
from preservation.validation.eark import is_package, validate_package
from preservation.validation.mets import validate_mets
from preservation.validation.ocfl_declaration import OF_OBJECT, OF_ROOT, is_declaration
from preservation.validation.ocfl_inventory import INVENTORY_NAME
from preservation.validation.ocfl_layouts import LAYOUT_NAME
from preservation.validation.ocfl_object import validate_object
from preservation.validation.ocfl_paths import version_number
from preservation.validation.ocfl_root import validate_root
from preservation.validation.package_listing import PackageRefused
from preservation.validation.premis import OLD_NAMESPACE as PREMIS_2
from preservation.validation.premis import validate_premis
from preservation.validation.trees import FolderTree, Kind, Tree, Unreadable
from preservation.validation.xml_reading import root_of

Recogniser = Callable[[Path], Report | None]
"""Judges what stands at a path if it is of its kind; None if it is not."""

UNRECOGNISED: Final = Rule(
    "unrecognised",
    Severity.ERROR,
    "",
    "",
    "No se reconoce qué es: no tiene las marcas de OCFL (objeto o raíz), BagIt, E-ARK, METS, PREMIS ni PDF.",
    "Compruebe que es la carpeta o el archivo del paquete mismo, y no la que lo contiene.",
)
UNREADABLE: Final = Rule(
    "unreadable",
    Severity.ERROR,
    "",
    "",
    "No se pudo leer: {reason}. No se sabe qué es.",
    "Revise los permisos y el disco, y valide de nuevo.",
)
_LOOKED_AT: Final = 20
"""Folders of an undeclared storage root that are followed down to an object."""
_DEEPEST: Final = 40


def validate(
    path: Path,
    *,
    others: Sequence[Recogniser] = (),
    fetch_root: Path | None = None,
    schemas: Path | None = None,
    now: datetime | None = None,
) -> Report:
    """Judge what stands at a path by the first of its kinds, in the order of the contract; `others` are asked after those of this library.

    `fetch_root`: where files that a bag leaves to be fetched may be read (RFC 8493, 5.2). `schemas`: a folder of XSD files, by which METS
    and PREMIS, alone or in an E-ARK package, are judged too. `now`: what a package's date of modification is not after. What nothing
    recognises has no standard and is not valid. FileNotFoundError if nothing stands there. Only what stands at the path is read; nothing
    is written.
    """
    if not _stands(path):
        raise FileNotFoundError(path)
    if not (path.is_dir() or path.is_file()):  # a device, or a pipe that would be waited for
        return Report(None, (Finding(UNRECOGNISED),))
    try:
        names = frozenset(item.name for item in FolderTree(path).children()) if path.is_dir() else frozenset()
        report = _by_markers(path, names, fetch_root, schemas, now)
        for recognise in others:
            report = report or recognise(path)
        return report or _by_what_is_left(path, names, fetch_root) or Report(None, (Finding(UNRECOGNISED),))
    except (Unreadable, OSError) as fault:
        reason = str(fault) if isinstance(fault, Unreadable) else fault.strerror or type(fault).__name__
        return Report(None, (Finding(UNREADABLE, "", {"reason": reason}),))


def _stands(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file system can have
        return False


def _by_markers(path: Path, names: frozenset[str], fetch_root: Path | None, schemas: Path | None, now: datetime | None) -> Report | None:
    if declared := _by_declaration(FolderTree(path), names, fetch_root):
        return declared
    if is_package(path):
        return validate_package(path, schemas, now)
    if path.is_file() and (packed := _in_archive(path, fetch_root)):
        return packed
    root = _root_element(path)
    if root in ((mets_model.NAMESPACE, "mets"), (mets_model.NAMESPACE_2, "mets")):
        return validate_mets(path, schemas)
    if root is not None and root[0] in (PREMIS, PREMIS_2):
        return validate_premis(path, schemas)
    return None


def _in_archive(path: Path, fetch_root: Path | None) -> Report | None:
    """What a zip or a tar holds, if it has the marks of OCFL or of a bag."""
    try:
        with archive_tree(path) as tree:
            names = frozenset(item.name for item in tree.children())
            report = _by_declaration(tree, names, fetch_root)
            return report and replace(report, findings=(*tree.oddities, *report.findings))
    except PackageRefused as refused:
        return None if refused.reason == "unreadable" else Report(None, (told(refused.reason, found=refused.detail),))


def _by_declaration(tree: Tree, names: frozenset[str], fetch_root: Path | None) -> Report | None:
    if any(is_declaration(OF_OBJECT, name) for name in names) or (DECLARATION not in names and _has_versions(names)):
        return validate_object(tree)
    if any(is_declaration(OF_ROOT, name) for name in names):
        return validate_root(tree)
    return validate_bag(tree, fetch_root=fetch_root).report if DECLARATION in names else None


def _has_versions(names: frozenset[str]) -> bool:
    """Whether a folder is an OCFL object by all but its declaration."""
    return INVENTORY_NAME in names and any(version_number(name) is not None for name in names)


def _root_element(path: Path) -> tuple[str, str] | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return root_of(file)


def _by_what_is_left(path: Path, names: frozenset[str], fetch_root: Path | None) -> Report | None:
    """What a package without its declaration is by all else: its validator says what it lacks."""
    if any(MANIFEST.fullmatch(name) for name in names):
        return validate_bag(FolderTree(path), fetch_root=fetch_root).report
    if LAYOUT_NAME in names or (path.is_dir() and _leads_to_objects(FolderTree(path))):
        return validate_root(FolderTree(path))
    return None


def _leads_to_objects(tree: Tree) -> bool:
    """Whether a folder is laid out as a storage root: each of its first folders leads, through nothing but folders, to an OCFL object."""
    tops = [item.path for item in tree.children() if item.kind is Kind.FOLDER and item.name != "extensions"]
    return bool(tops) and all(_leads_to_an_object(tree, folder) for folder in tops[:_LOOKED_AT])


def _leads_to_an_object(tree: Tree, folder: str) -> bool:
    for _ in range(_DEEPEST):
        children = tree.children(folder)
        if any(is_declaration(OF_OBJECT, item.name) for item in children):
            return True
        if not children or any(item.kind is not Kind.FOLDER for item in children):
            return False
        folder = children[0].path
    return False
