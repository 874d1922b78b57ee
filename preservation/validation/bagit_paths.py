"""Paths that a bag names: how they are written, and those that could lead out of it (RFC 8493, 2.1.3, 5.1 and 6.1)."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

SYSTEM_FILES: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_PLAIN: Final = re.compile(r"[^./~\\%$\x00-\x1f:][^\\%\x00-\x1f:/]*(?:/(?!\.{0,2}(?:/|$))[^\\%\x00-\x1f/:]+)*")
"""Paths with nothing about them that asks for a closer look."""
_NOT_PLAIN: Final = ("\\", "%", ":", "//", "/./", "/../", "/.\n", "/..\n", "/\n", *(chr(code) for code in range(32) if code != 10))
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_VARIABLE: Final = re.compile(r"%[A-Za-z_(][^%/\\]*%|\$[A-Za-z_{(]")
_ENCODED: Final = re.compile(r"%(0[AaDd]|25)")
_ENCODED_OLD: Final = re.compile(r"%(0[AaDd])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def is_plain(path: str) -> bool:
    return _PLAIN.fullmatch(path) is not None


def are_plain(paths: str) -> bool:
    """Whether there is nothing about paths below a folder, one a line, that asks for a closer look."""
    return not any(text in paths for text in _NOT_PLAIN) and not paths.endswith(("/", "/.", "/.."))


def escape_of(path: str) -> str | None:
    """The name of the rule by which a path leads, or could lead, out of the bag; None if it stays inside."""
    if path.startswith(("/", "\\")) or _DRIVE.match(path):
        return "path_absolute"
    if path.startswith("~"):
        return "path_home"
    if _VARIABLE.match(path):
        return "path_variable"
    if ".." in re.split(r"[/\\]", path) or ".." in re.split(r"[/\\]", unquote(path)):
        return "path_escapes"
    return "path_form" if _CONTROL.search(path) else None


def decoded(path: str, *, old: bool) -> str:
    """A path as written in a manifest, its line ends (and, from 1.0 on, its percent signs) as they are."""
    pattern = _ENCODED_OLD if old else _ENCODED
    return pattern.sub(lambda match: chr(int(match.group(1), 16)), path)


def encoded(path: str) -> str:
    """A path as BagIt 1.0 writes it in a manifest: percent signs and line ends percent-encoded, and only those."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def has_bare_percent(path: str) -> bool:
    return "%" in _ENCODED.sub("", path)


def straight(path: str) -> str:
    """A path without the parts that change nothing: `.` and empty ones."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def composed(path: str) -> str:
    """The same name however its accents are written."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def form_of(path: str) -> str:
    """How a name's accents are written, for a person: NFC, NFD, or neither."""
    return next((form for form in ("NFC", "NFD") if unicodedata.is_normalized(form, path)), "una mezcla")
