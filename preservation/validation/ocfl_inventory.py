"""One inventory of an OCFL object against the text of the specification (OCFL 1.0 and 1.1, 3.5): what it says, and what it may not say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from preservation.validation.json_reading import BadJson, read_json, repeated_names
from preservation.validation.ocfl_digests import ALGORITHMS, CONTENT
from preservation.validation.ocfl_fixity import FixityValue, check_fixity
from preservation.validation.ocfl_manifest import ContentRules, check_manifest
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_versions import check_version_names, check_versions

SPECIFICATIONS: Final = ("1.0", "1.1")
INVENTORY_NAME: Final = "inventory.json"
MOST_BYTES: Final = 128 << 20
"""An inventory of more bytes is not read: its objects would not fit in memory."""
_KEYS: Final = frozenset({"id", "type", "digestAlgorithm", "head", "contentDirectory", "manifest", "versions", "fixity"})
_TYPE: Final = re.compile(r"https://ocfl\.io/([0-9]+\.[0-9]+)/spec/#inventory")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+", re.ASCII)


@dataclass(slots=True)
class Checked:
    """What an inventory says, as far as it could be used. Digests are in lower case; what was wrong was noted and left out.

    `versions`: names, by number. `manifest`: content path -> digest. `states`: version -> logical path -> digest.
    `content_directory` is None where what it says cannot be used; `sets_directory`: whether it says it at all.
    """

    document: Mapping[str, object]
    specification: str
    object_id: str | None = None
    algorithm: str | None = None
    head: str | None = None
    content_directory: str | None = "content"
    sets_directory: bool = False
    versions: tuple[str, ...] = ()
    manifest: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fixity: tuple[FixityValue, ...] = ()


def check_inventory(notes: Notes, where: str, data: bytes | None, specification: str | None, *, is_root: bool) -> Checked | None:
    """Note what is wrong with an inventory (`data` None: larger than MOST_BYTES); None if nothing in it can be used.

    `specification` is what the object declares, if anything; an inventory of an earlier version is held to its own.
    """
    document = _document(notes, where, data)
    if document is None:
        return None
    checked = Checked(document, _specification(notes, where, document, specification, is_root=is_root))
    _check_keys(notes, where, document)
    _check_id(notes, where, checked)
    _check_algorithm(notes, where, checked)
    _check_content_directory(notes, where, checked)
    _check_versions(notes, where, checked)
    _check_head(notes, where, checked)
    _check_content(notes, where, checked)
    return checked


def is_uri(text: str) -> bool:
    """Whether a text has the form of a URI (RFC 3986, 3): a scheme and the characters that one may have."""
    return _URI.fullmatch(text) is not None


def _document(notes: Notes, where: str, data: bytes | None) -> Mapping[str, object] | None:
    if data is None:
        notes.add("E033.size", where, limit=MOST_BYTES)
        return None
    try:
        document = read_json(data)
    except BadJson as fault:
        notes.add("E033.json", where, reason=str(fault))
        return None
    if not isinstance(document, dict):
        notes.add("E033.object", where)
        return None
    for key in repeated_names(document):
        notes.add("E033.repeated", where, key=key, block="el inventario")
    return document


def _specification(notes: Notes, where: str, document: Mapping[str, object], declared: str | None, *, is_root: bool) -> str:
    value = document.get("type")
    supposed = declared or SPECIFICATIONS[-1]
    if "type" not in document:
        notes.add("E036", where, key="type")
        return supposed
    match = _TYPE.fullmatch(value) if isinstance(value, str) else None
    known = match.group(1) if match and match.group(1) in SPECIFICATIONS else None
    is_bound = is_root and declared is not None
    if known is None or (is_bound and known != declared):
        notes.add("E038", where, value=value, expected=f"https://ocfl.io/{supposed}/spec/#inventory")
    return supposed if is_bound or known is None else known


def _check_keys(notes: Notes, where: str, document: Mapping[str, object]) -> None:
    for key in document:
        if key not in _KEYS:
            notes.add("E102", where, key=key, block="el inventario")
            if key.lower() == "fixity" or _is_fixity(document[key]):
                notes.add("E055", where, key=key)


def _is_fixity(value: object) -> bool:
    """Whether a value looks like a fixity block, by whatever key."""
    return isinstance(value, dict) and bool(value) and value.keys() <= ALGORITHMS.keys()


def _check_id(notes: Notes, where: str, checked: Checked) -> None:
    value = checked.document.get("id")
    if "id" not in checked.document:
        notes.add("E036", where, key="id")
    elif not isinstance(value, str) or not value:
        notes.add("E037.value", where)
    else:
        checked.object_id = value
        if not is_uri(value):
            notes.add("W005", where, id=value)


def _check_algorithm(notes: Notes, where: str, checked: Checked) -> None:
    value = checked.document.get("digestAlgorithm")
    if "digestAlgorithm" not in checked.document:
        notes.add("E036", where, key="digestAlgorithm")
    elif not isinstance(value, str) or value not in CONTENT:
        notes.add("E025", where, algorithm=value)
    else:
        checked.algorithm = value
        if value != "sha512":
            notes.add("W004", where)


def _check_content_directory(notes: Notes, where: str, checked: Checked) -> None:
    if "contentDirectory" not in checked.document:
        return
    value = checked.document["contentDirectory"]
    checked.sets_directory, checked.content_directory = True, None
    direct = "E108" if checked.specification != "1.0" else "E017"
    if isinstance(value, str) and value in (".", ".."):
        notes.add("E018", where, value=value)
    elif isinstance(value, str) and "/" in value:
        notes.add("E017", where, value=value)
        if direct == "E108":
            notes.add("E108", where, value=value)
    elif not isinstance(value, str) or not value or "\0" in value:
        notes.add(direct, where, value=value)
    else:
        checked.content_directory = value


def _check_versions(notes: Notes, where: str, checked: Checked) -> None:
    if "versions" not in checked.document:
        for name in ("E041.versions", "E043", "E044"):
            notes.add(name, where)
    elif isinstance(block := checked.document["versions"], dict):
        for key in repeated_names(block):
            notes.add("E033.repeated", where, key=key, block="«versions»")
        checked.versions = check_version_names(notes, where, list(block), checked.specification)
    else:
        notes.add("E045", where)


def _check_head(notes: Notes, where: str, checked: Checked) -> None:
    value = checked.document.get("head")
    if "head" not in checked.document:
        notes.add("E036", where, key="head")
    elif not isinstance(value, str):
        notes.add("E040.value", where, value=value)
    elif checked.versions and value == checked.versions[-1]:
        checked.head = value
    elif checked.versions:
        notes.add("E040.last", where, value=value, last=checked.versions[-1])
    else:
        notes.add("E040.value", where, value=value)


def _check_content(notes: Notes, where: str, checked: Checked) -> None:
    """Manifest, versions and fixity, which refer to one another."""
    rules = ContentRules(where, checked.versions, checked.content_directory, checked.sets_directory)
    manifest = check_manifest(notes, rules, checked.document, checked.algorithm, checked.specification)
    checked.manifest = manifest.paths
    blocks = checked.document.get("versions")
    used: set[str] = set()
    if isinstance(blocks, dict):
        checked.states = check_versions(notes, where, blocks, manifest, used)
    if checked.specification != "1.0" and isinstance(blocks, dict) and checked.states.keys() == blocks.keys():
        for digest in manifest.digests:
            if digest.lower() not in used:
                notes.add("E107", where, digest=digest)
    if "fixity" in checked.document:
        checked.fixity = check_fixity(notes, rules, checked.document["fixity"], checked.manifest, checked.specification)
