"""How a storage root says that its objects are laid out (OCFL 1.1, 4.1), and where an object should then be (extensions 0002-0004)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from preservation.validation.json_reading import BadJson, read_json
from preservation.validation.ocfl_digests import ALGORITHMS
from preservation.validation.ocfl_extensions import LAYOUTS
from preservation.validation.ocfl_rules import Notes
from preservation.validation.trees import Item, Kind, Tree, Unreadable, read_small

LAYOUT_NAME: Final = "ocfl_layout.json"
_LIMIT: Final = 1 << 20
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]")

Layout = Callable[[str], str | None]
"""Where the object of an identifier should be; None where it cannot be told."""


def check_layout(notes: Notes, tree: Tree, at: str, tops: Sequence[Item]) -> Layout | None:
    """Note what is wrong with the layout that a root declares; None where it declares none that can be computed here."""
    item = next((item for item in tops if item.name == LAYOUT_NAME), None)
    if item is None:
        return None
    if item.kind is not Kind.FILE:
        notes.add("E070.keys", LAYOUT_NAME)
        return None
    document = _read(notes, tree, f"{at}/" if at else "", LAYOUT_NAME)
    if document is None:
        return None
    name = document.get("extension")
    if not isinstance(name, str) or not isinstance(document.get("description"), str):
        notes.add("E070.keys", LAYOUT_NAME)
        return None
    if name not in LAYOUTS:
        notes.add("E071", LAYOUT_NAME, name=name)
        return None
    return _layout(tree, f"{at}/" if at else "", name)


def _read(notes: Notes, tree: Tree, prefix: str, name: str) -> Mapping[str, object] | None:
    try:
        data = read_small(tree, prefix + name, _LIMIT)
        document = read_json(data) if data is not None else None
    except (BadJson, Unreadable) as fault:
        notes.add("E070.json", name, reason=str(fault))
        return None
    if not isinstance(document, dict):
        notes.add("E070.keys", name)
        return None
    return document


def _layout(tree: Tree, prefix: str, name: str) -> Layout | None:
    if name == "0002-flat-direct-storage-layout":
        return lambda object_id: object_id
    if name not in ("0003-hash-and-id-n-tuple-storage-layout", "0004-hashed-n-tuple-storage-layout"):
        return None
    try:
        data = read_small(tree, f"{prefix}extensions/{name}/config.json", _LIMIT)
        config = read_json(data) if data is not None else None
    except Unreadable:
        config = {}
    except BadJson:
        return None
    if not isinstance(config, dict):
        return None
    algorithm, size, count = config.get("digestAlgorithm", "sha256"), config.get("tupleSize", 3), config.get("numberOfTuples", 3)
    known = isinstance(algorithm, str) and algorithm in ALGORITHMS and algorithm != "size"
    if not known or type(size) is not int or type(count) is not int or not (0 <= size <= 32 and 0 <= count <= 32):
        return None
    return _tuples(algorithm, size, count, with_id=name.startswith("0003"), short=config.get("shortObjectRoot") is True)


def _tuples(algorithm: str, size: int, count: int, *, with_id: bool, short: bool) -> Layout:
    def place(object_id: str) -> str | None:
        try:
            identifier = object_id.encode()
        except UnicodeEncodeError:
            return None
        running = ALGORITHMS[algorithm].start()
        running.update(identifier)
        digest = running.hexdigest()
        tuples = [digest[start : start + size] for start in range(0, size * count, size)] if size else []
        rest = digest[size * count :] if short else digest
        return "/".join([*tuples, _encapsulated(object_id, digest) if with_id else rest])

    return place


def _encapsulated(object_id: str, digest: str) -> str:
    """The identifier as extension 0003 names its folder: percent-encoded, cut at 100 characters with the digest after."""
    encoded = "".join(
        character if _PLAIN.fullmatch(character) else "".join(f"%{byte:02x}" for byte in character.encode()) for character in object_id
    )
    return encoded if len(encoded) <= 100 else f"{encoded[:100]}-{digest}"
