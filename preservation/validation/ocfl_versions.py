"""The versions of an OCFL inventory (OCFL 1.1, 3.3 and 3.5.3): their names, and what each says of itself and of its logical state."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from preservation.validation.json_reading import repeated_names
from preservation.validation.ocfl_manifest import Manifest
from preservation.validation.ocfl_paths import conflicts, element_faults, version_number
from preservation.validation.ocfl_rules import Notes

_ZERO: Final = re.compile(r"v0+")
_KEYS: Final = frozenset({"created", "state", "message", "user"})
_USER_KEYS: Final = frozenset({"name", "address"})
_INSTANT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+", re.ASCII)


def check_version_names(notes: Notes, where: str, names: Sequence[str], specification: str) -> tuple[str, ...]:
    """Note what is wrong with the names of an object's versions; those that can be names of versions, by number."""
    if not names:
        notes.add("E008", where)
    numbers: dict[str, int] = {}
    for name in names:
        number = version_number(name)
        if number is not None:
            numbers[name] = number
            continue
        notes.add("E046.key", where, name=name)
        if specification != "1.0":
            notes.add("E105" if name.startswith("v") else "E104", where, name=name)
    ordered = tuple(sorted(numbers, key=lambda name: (numbers[name], name)))
    if names and (not ordered or numbers[ordered[0]] != 1 or any(_ZERO.fullmatch(name) for name in names)):
        notes.add("E009", where)
    for before, after in pairwise(ordered):
        if numbers[after] > numbers[before] + 1:
            notes.add("E010.gap", where, number=numbers[before] + 1)
    if ordered:
        _check_convention(notes, where, ordered)
    return ordered


def _check_convention(notes: Notes, where: str, ordered: Sequence[str]) -> None:
    first = ordered[0]
    if first[1] == "0":
        notes.add("W001", where, name=first)
    for name in ordered[1:]:
        padded = name[1] == "0"
        if padded != (first[1] == "0") or (padded and len(name) != len(first)):
            if first[1] == "0" and not padded:
                notes.add("E011", where, name=name)
            notes.add("E012", where, name=name, first=first)
            notes.add("E013", where, name=name, first=first)


def check_versions(
    notes: Notes, where: str, blocks: Mapping[str, object], manifest: Manifest, used: set[str]
) -> Mapping[str, Mapping[str, str]]:
    """Note what is wrong with each version block. Version -> logical path -> digest in lower case; the digests found are put in `used`."""
    states = {}
    for name, block in blocks.items():
        if not isinstance(block, dict):
            notes.add("E047", where, name=name)
            continue
        for key in repeated_names(block):
            notes.add("E033.repeated", where, key=key, block=f"la versión {name}")
        for key in block:
            if key not in _KEYS:
                notes.add("E102", where, key=key, block=f"la versión {name}")
        _check_created(notes, where, name, block)
        _check_message(notes, where, name, block)
        _check_user(notes, where, name, block)
        if "state" not in block:
            notes.add("E048", where, name=name, key="state")
        elif isinstance(block["state"], dict):
            states[name] = _state(notes, where, name, block["state"], manifest, used)
        else:
            notes.add("E050.object", where, name=name)
    return states


def _check_created(notes: Notes, where: str, name: str, block: Mapping[str, object]) -> None:
    value = block.get("created")
    if "created" not in block:
        notes.add("E048", where, name=name, key="created")
    elif not isinstance(value, str) or not is_instant(value):
        notes.add("E049", where, name=name, value=value)


def is_instant(text: str) -> bool:
    """Whether a text is a date and time of RFC 3339 (5.6), to the second at least and with its offset."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - only whether there is such a day and hour
    except ValueError:
        return False
    return second <= 60


def _check_message(notes: Notes, where: str, name: str, block: Mapping[str, object]) -> None:
    if "message" not in block:
        notes.add("W007", where, name=name, key="message")
    elif not isinstance(block["message"], str):
        notes.add("E094", where, name=name)


def _check_user(notes: Notes, where: str, name: str, block: Mapping[str, object]) -> None:
    if "user" not in block:
        notes.add("W007", where, name=name, key="user")
        return
    user = block["user"]
    if not isinstance(user, dict) or not isinstance(user.get("name"), str) or not user["name"]:
        notes.add("E054", where, name=name)
    if not isinstance(user, dict):
        return
    for key in repeated_names(user):
        notes.add("E033.repeated", where, key=key, block=f"«user» de la versión {name}")
    for key in user:
        if key not in _USER_KEYS:
            notes.add("E102", where, key=key, block=f"«user» de la versión {name}")
    if "address" not in user:
        notes.add("W008", where, name=name)
    elif not isinstance(user["address"], str) or not _ADDRESS.fullmatch(user["address"]):
        notes.add("W009", where, name=name, value=user["address"])


def _state(notes: Notes, where: str, name: str, block: Mapping[str, object], manifest: Manifest, used: set[str]) -> Mapping[str, str]:
    for digest in repeated_names(block):
        notes.add("E050.repeated", where, name=name, digest=digest)
    state: dict[str, str] = {}
    for digest, paths in block.items():
        used.add(digest.lower())
        if digest not in manifest.digests:
            notes.add("E050.missing", where, name=name, digest=digest)
        if not isinstance(paths, list):
            notes.add("E050.list", where, name=name, digest=digest)
            continue
        for path in paths:
            if isinstance(path, str) and path in state:
                notes.add("E095.twice", where, name=name, path=path)
            elif _is_logical_path(notes, where, name, path):
                state[path] = digest.lower()
    for path in conflicts(state):
        notes.add("E095.conflict", where, name=name, path=path)
    return state


def _is_logical_path(notes: Notes, where: str, name: str, path: object) -> bool:
    if not isinstance(path, str):
        notes.add("E051", where, name=name, path=path)
        return False
    ends, elements = element_faults(path)
    if ends:
        notes.add("E053", where, name=name, path=path)
    if elements:
        notes.add("E052", where, name=name, path=path)
    return not (ends or elements)
