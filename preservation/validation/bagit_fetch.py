"""Files that a bag leaves to be fetched, found where the caller allows it and nowhere else (RFC 8493, 2.2.3, 5.2 and 5.3)."""

import os
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from preservation.validation.bagit_manifests import FETCH, Fetch
from preservation.validation.bagit_rules import BagNotes
from preservation.validation.trees import FolderTree

_LOCAL: Final = ("", "localhost")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a file to be fetched was found: its path in the tree of the allowed root."""

    tree: FolderTree
    path: str


def resolve(notes: BagNotes, entries: Iterable[Fetch], files: Container[str], root: Path | None) -> Mapping[str, Fetched]:
    """What of fetch.txt was found in `root`, by path in the bag; what came in the bag is left out, what was not found is noted."""
    found: dict[str, Fetched] = {}
    for entry in entries:
        if entry.path in files or entry.path in found:
            continue
        path = None if root is None else _within(entry.url, root)
        fetched = None if root is None or path is None else _at(root, path)
        if fetched is None:
            outside = root is not None and path is None
            notes.add("fetch_outside" if outside else "fetch_pending", entry.path, url=entry.url)
            continue
        found[entry.path] = fetched
    return found


def check_sizes(notes: BagNotes, entries: Iterable[Fetch], sizes: Mapping[str, int]) -> None:
    """Note each file that has not the bytes that fetch.txt says."""
    for entry in entries:
        size = sizes.get(entry.path)
        if size is not None and entry.size not in (None, size):
            notes.add("fetch_size", f"{FETCH}:{entry.line}", found=size, expected=entry.size)


def _within(url: str, root: Path) -> str | None:
    """A URL as a path within a folder: a file URL, or one relative to the folder; None if it is anything else or leads out."""
    try:
        parts = urlsplit(url)
        path = unquote(parts.path, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return None
    if parts.scheme not in ("", "file") or parts.netloc not in _LOCAL or parts.query or parts.fragment or "\0" in path:
        return None
    if parts.scheme == "" and path.startswith("/"):
        return None
    real = os.path.realpath(root)
    try:
        place = os.path.realpath(path if parts.scheme else os.path.join(real, path))  # noqa: PTH118 - as os.path.realpath, of any text
    except (OSError, ValueError):
        return None
    return place.removeprefix(f"{real}/") if place.startswith(f"{real}/") else None


def _at(root: Path, path: str) -> Fetched | None:
    """The file at a path that leads through no link; None if there is none."""
    place = Path(os.path.realpath(root)) / path
    if place.is_symlink() or not place.is_file():
        return None
    return Fetched(FolderTree(Path(os.path.realpath(root))), path)
