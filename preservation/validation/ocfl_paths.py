"""Logical and content paths of an OCFL inventory (OCFL 1.1, 3.5.2 and 3.5.3.1): elements, conflicts, versions."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

VERSION: Final = re.compile(r"v(0*)([1-9][0-9]{0,17})", re.ASCII)
"""The name of a version directory: its zeros and its number."""


def version_number(name: str) -> int | None:
    """The number that the name of a version directory says; None if it can be no such name."""
    match = VERSION.fullmatch(name)
    return int(match.group(2)) if match else None


def element_faults(path: str) -> tuple[bool, bool]:
    """Whether a path begins or ends with `/`, and whether it has an element that is `.`, `..` or empty (but for those ends)."""
    return path[:1] == "/" or path[-1:] == "/", any(element in (".", "..", "") for element in path.strip("/").split("/"))


def conflicts(paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that are also the folder of another one."""
    before = None
    for key in sorted(path.replace("/", "\0") for path in paths):
        if before is not None and key.startswith(f"{before}\0"):
            yield before.replace("\0", "/")
        before = key
