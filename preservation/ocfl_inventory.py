"""The inventory of an OCFL object (OCFL 1.1, 3.5): what each version holds, and under which content path and digest."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from preservation.fixity import Digest
from preservation.store import ObjectMissing, StoreError

INVENTORY: Final = "inventory.json"
ALGORITHMS: Final = ("sha256", "sha512")
_SIDECAR: Final = re.compile(rb"([0-9a-fA-F]+)[ \t]+inventory\.json\n?")
_VERSION: Final = re.compile(r"v(0*)([1-9][0-9]*)")
_QUOTED: Final = json.encoder.encode_basestring
_TYPE: Final = re.compile(r"https://ocfl\.io/(\d+\.\d+)/spec/#inventory")


class BadInventory(StoreError):
    """The bytes are not an OCFL inventory that can be read."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object: who made it, when and why, and its files (logical path -> digest)."""

    created: datetime
    message: str | None
    user_name: str | None
    user_address: str | None
    state: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """An object's inventory; digests are hexadecimal of `algorithm`, content paths relative to the object's root.

    `manifest` and `versions` spell digests as the object does, be it in upper case; what the methods return is lower case.
    """

    object_id: str
    algorithm: str
    head: int
    manifest: Mapping[str, tuple[str, ...]]
    versions: Mapping[int, Version]
    content_directory: str = "content"
    specification: str = "1.1"
    padding: str = ""
    fixity: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def folder(self, version: int) -> str:
        """The version's folder as this object names it: `v3`, or `v003` where it pads with zeros."""
        return f"v{version:0{len(self.padding) + 1}d}"

    def state(self, version: int | None = None) -> Mapping[str, str]:
        """Logical path -> digest as the manifest spells it, of a version (the head if None). ObjectMissing if there is no such version."""
        entry = self.versions.get(self.head if version is None else version)
        if entry is None:
            raise ObjectMissing(f"{self.object_id} has no version {version}")
        return entry.state

    def digest(self, logical: str, version: int | None = None) -> Digest:
        """The digest of a file of a version (the head if None). ObjectMissing if the version holds no such file."""
        value = self.state(version).get(logical)
        if value is None:
            raise ObjectMissing(f"{self.object_id} holds no {logical} in version {version or self.head}")
        return Digest(self.algorithm, value.lower())

    def content_path(self, logical: str, version: int | None = None) -> str:
        """Where the bytes of a file of a version lie. ObjectMissing as digest()."""
        self.digest(logical, version)
        return self.manifest[self.state(version)[logical]][0]

    def content(self) -> Mapping[str, str]:
        """Content path -> digest, of everything the object holds."""
        return {path: digest.lower() for digest, paths in self.manifest.items() for path in paths}

    def as_of(self, version: int) -> "Inventory":
        """The inventory that the object had at an earlier version, of which this one says the same (OCFL 1.1, 3.5.3 and 3.5.4)."""
        folders = tuple(f"{self.folder(number)}/" for number in range(1, version + 1))
        held = {digest: tuple(path for path in paths if path.startswith(folders)) for digest, paths in self.manifest.items()}
        return replace(
            self,
            head=version,
            manifest={digest: paths for digest, paths in held.items() if paths},
            versions={number: each for number, each in self.versions.items() if number <= version},
        )

    def says_as(self, other: "Inventory") -> bool:
        """Whether both say the same of the same versions, however each is spelled. Of two digest algorithms, only the names compare."""
        if (self.object_id, self.head, self.versions.keys()) != (other.object_id, other.head, other.versions.keys()):
            return False
        if self.algorithm != other.algorithm:
            return all(self.state(number).keys() == other.state(number).keys() for number in self.versions)
        return self.content() == other.content() and self._told() == other._told()

    def _told(self) -> Mapping[int, "Version"]:
        return {
            number: replace(version, state={path: value.lower() for path, value in version.state.items()})
            for number, version in self.versions.items()
        }

    def fingerprint(self) -> str:
        """The sha256 of to_json(), which names every byte that the object holds."""
        return hashlib.sha256(self.to_json()).hexdigest()

    def to_json(self) -> bytes:
        """The same inventory always gives the same bytes."""
        document: dict[str, object] = {
            "id": self.object_id,
            "type": f"https://ocfl.io/{self.specification}/spec/#inventory",
            "digestAlgorithm": self.algorithm,
            "head": self.folder(self.head),
            "manifest": {digest: sorted(paths) for digest, paths in self.manifest.items()},
            "versions": {self.folder(number): _version_to_json(version) for number, version in self.versions.items()},
        }
        if self.content_directory != "content":
            document["contentDirectory"] = self.content_directory
        if self.fixity:
            document["fixity"] = {name: {d: sorted(p) for d, p in block.items()} for name, block in self.fixity.items()}
        return f"{_indented(document)}\n".encode()


def parse(data: bytes) -> Inventory:
    """Read an inventory of OCFL 1.0 or 1.1. BadInventory if it cannot be used; this is no validator."""
    try:
        document = json.loads(data)
        head, padding = _number(document["head"])
        specification = _TYPE.fullmatch(document["type"])
        manifest = _paths_by_digest(document["manifest"])
        spelling = {digest.lower(): digest for digest in manifest}
        inventory = Inventory(
            object_id=_text(document["id"]),
            algorithm=document["digestAlgorithm"],
            head=head,
            manifest=manifest,
            versions={_number(name)[0]: _version_from_json(version, spelling) for name, version in document["versions"].items()},
            content_directory=_text(document.get("contentDirectory", "content")),
            specification=specification.group(1) if specification else "",
            padding=padding,
            fixity={_text(name): _paths_by_digest(block) for name, block in document.get("fixity", {}).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInventory(f"not an OCFL inventory: {error}") from error
    if not specification or inventory.algorithm not in ALGORITHMS or set(inventory.versions) != set(range(1, head + 1)):
        raise BadInventory("not an OCFL inventory: type, digestAlgorithm or versions are not as OCFL asks")
    return inventory


def sidecar_name(algorithm: str) -> str:
    """The sidecar's name (OCFL 1.1, 3.7)."""
    return f"{INVENTORY}.{algorithm}"


def sidecar_bytes(digest: str) -> bytes:
    """The sidecar's content, as this software writes it."""
    return f"{digest}  {INVENTORY}\n".encode("ascii")


def read_sidecar(data: bytes) -> str | None:
    """The digest a sidecar names, or None if it is not a sidecar; mixed case is taken for damage."""
    match = _SIDECAR.fullmatch(data)
    text = match.group(1).decode("ascii") if match else ""
    return text.lower() if text and text in {text.lower(), text.upper()} else None


def declaration_name(specification: str) -> str:
    """The name of an object's conformance declaration (OCFL 1.1, 3.3); its content is what follows `0=`, and a new line."""
    return f"0=ocfl_object_{specification}"


def _number(name: object) -> tuple[int, str]:
    match = _VERSION.fullmatch(_text(name))
    if not match:
        raise ValueError(f"{name!r} is not a version")
    return int(match.group(2)), "0" * (len(match.group(1)) + len(match.group(2)) - 1) if match.group(1) else ""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a text")
    return value


def _paths_by_digest(block: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    read = {digest: tuple(paths) for digest, paths in block.items()}
    for paths in read.values():
        for path in paths:
            if type(path) is not str or not path:
                _text(path)
    return read


def _indented(value: object, margin: str = "\n") -> str:
    """What json.dumps() gives with `indent=1`, sorted and not escaped, of mappings, lists and texts, in a fifth of the time."""
    if isinstance(value, str):
        return _QUOTED(value)
    inner = f"{margin} "
    if isinstance(value, dict):
        held, ends = [f"{_QUOTED(name)}: {_indented(each, inner)}" for name, each in sorted(value.items())], "{}"
    elif isinstance(value, list):
        held, ends = [_indented(each, inner) for each in value], "[]"
    else:
        raise TypeError(f"{value!r} is not what an inventory holds")
    return f"{ends[0]}{inner}{f',{inner}'.join(held)}{margin}{ends[1]}" if held else ends


def _version_from_json(document: Mapping[str, Any], spelling: Mapping[str, str]) -> Version:
    user = document.get("user", {})
    created = datetime.fromisoformat(document["created"])
    if created.tzinfo is None:
        raise ValueError("a version's instant has no offset")
    state = {path: spelling[digest.lower()] for digest, paths in _paths_by_digest(document["state"]).items() for path in paths}
    return Version(created, document.get("message"), user.get("name"), user.get("address"), state)


def _version_to_json(version: Version) -> Mapping[str, object]:
    state: dict[str, list[str]] = {}
    for logical, digest in sorted(version.state.items()):
        state.setdefault(digest, []).append(logical)
    document: dict[str, object] = {"created": version.created.isoformat().replace("+00:00", "Z"), "state": state}
    if version.message is not None:
        document["message"] = version.message
    if version.user_name is not None:
        address = {} if version.user_address is None else {"address": version.user_address}
        document["user"] = {"name": version.user_name, **address}
    return document
