"""The manifest of an OCFL inventory, and the content paths that it and the fixity block name (OCFL 1.1, 3.5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from preservation.validation.json_reading import repeated_names
from preservation.validation.ocfl_digests import ALGORITHMS, is_digest, is_hexadecimal
from preservation.validation.ocfl_paths import conflicts, element_faults, version_number
from preservation.validation.ocfl_rules import Notes

BLOCK: Final = "Manifiesto"


@dataclass(frozen=True, slots=True)
class ContentRules:
    """What content paths of one inventory are held against: its place, its versions and its content directory (None: unknown)."""

    where: str
    versions: tuple[str, ...]
    content_directory: str | None
    sets_directory: bool


@dataclass(slots=True)
class Manifest:
    """What a manifest says: `digests` as spelt (their exact spelling binds the states), and content path -> digest in lower case."""

    digests: set[str] = field(default_factory=set)
    paths: dict[str, str] = field(default_factory=dict)


def check_manifest(
    notes: Notes, rules: ContentRules, document: Mapping[str, object], algorithm: str | None, specification: str
) -> Manifest:
    """Note what is wrong with the manifest of an inventory; what can be used of it."""
    manifest = Manifest()
    block = document.get("manifest")
    if not isinstance(block, dict):
        missing = "manifest" not in document or specification == "1.0"
        notes.add("E041.manifest" if missing else "E106", rules.where)
        return manifest
    for digest in repeated_names(block):
        notes.add("E096", rules.where, digest=digest)
    seen: set[str] = set()
    for digest, paths in block.items():
        manifest.digests.add(digest)
        if algorithm is not None:
            check_digest(notes, rules.where, BLOCK, digest, algorithm)
        if digest.lower() in seen:
            notes.add("E096", rules.where, digest=digest)
        seen.add(digest.lower())
        if not isinstance(paths, list) or not paths:
            notes.add("E092.list", rules.where, digest=digest, block=BLOCK)
            continue
        for path in paths:
            if isinstance(path, str) and path in manifest.paths:
                notes.add("E101.twice", rules.where, block=BLOCK, path=path)
            elif check_content_path(notes, rules, BLOCK, path):
                manifest.paths[path] = digest.lower()
    for path in conflicts(manifest.paths):
        notes.add("E101.conflict", rules.where, block=BLOCK, path=path)
    return manifest


def check_digest(notes: Notes, where: str, block: str, digest: str, algorithm: str) -> None:
    """Note a digest that is not written as those of the inventory's algorithm are."""
    if not is_digest(digest, algorithm):
        encoding = ALGORITHMS[algorithm].encoding
        if encoding and not is_hexadecimal(digest):
            notes.add(encoding, where, block=block, digest=digest, algorithm=algorithm)
        notes.add("E039", where, block=block, digest=digest, algorithm=algorithm)


def check_content_path(notes: Notes, rules: ContentRules, block: str, path: object) -> bool:
    """Note what is wrong with a content path; whether it can be looked for in the object."""
    where = rules.where
    if not isinstance(path, str):
        notes.add("E098", where, block=block, path=path)
        return False
    ends, elements = element_faults(path)
    if ends:
        notes.add("E100", where, block=block, path=path)
    if elements:
        notes.add("E099", where, block=block, path=path)
    if ends or elements:
        return False
    parts = path.split("/", 2)
    if parts[0] not in rules.versions:
        return _strange_version(notes, rules, block, path, parts[0])
    if len(parts) < 3 or (rules.content_directory is not None and parts[1] != rules.content_directory):
        _outside(notes, rules, block, path, len(parts))
    return True


def _strange_version(notes: Notes, rules: ContentRules, block: str, path: str, folder: str) -> bool:
    number = version_number(folder)
    if number is None:
        if "\\" in path:
            notes.add("E035", rules.where, block=block, path=path)
        notes.add("E042.place", rules.where, block=block, path=path)
        return True
    same = next((name for name in rules.versions if version_number(name) == number), None)
    if same is not None:
        notes.add("E014", rules.where, path=path, folder=same)
    notes.add("E042.version", rules.where, block=block, path=path)
    return True


def _outside(notes: Notes, rules: ContentRules, block: str, path: str, depth: int) -> None:
    notes.add("E042.place", rules.where, block=block, path=path)
    if depth == 2:
        notes.add("E015.content", rules.where, path=path)
    elif not rules.sets_directory:
        notes.add("E021", rules.where, path=path)
