"""The manifests of a bag and its list of files to fetch: lines, digests, paths (RFC 8493, 2.1.3, 2.2.1, 2.2.3 and 2.4)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from preservation.validation.bagit_paths import are_plain, decoded, escape_of, has_bare_percent, is_plain, straight
from preservation.validation.bagit_rules import BagNotes
from preservation.validation.bagit_tags import Declaration

FETCH: Final = "fetch.txt"
MANIFEST: Final = re.compile(r"(tag)?manifest-(.+)\.txt", re.IGNORECASE)
_LINE: Final = re.compile(r"([^ \t]+)[ \t]+(\*?)(.+)")
_FETCH_LINE: Final = re.compile(r"([^ \t]+)[ \t]+([0-9]{1,30}|-)[ \t]+(.+)")
_HEX: Final = re.compile(r"[0-9a-fA-F]+")


@dataclass(slots=True)
class Manifest:
    """A manifest: its file's name, its algorithm as hashlib knows it (None: unknown), and path -> digest in lower case.

    `written`: how it writes a path, where that has percent signs.
    """

    name: str
    algorithm: str | None
    entries: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def is_of_tags(self) -> bool:
        return self.name.lower().startswith("tag")


@dataclass(frozen=True, slots=True)
class Fetch:
    """A file to be fetched: `size` in bytes, None where it is not said."""

    url: str
    size: int | None
    path: str
    line: int


def algorithms() -> Mapping[str, str]:
    """The algorithms that can be computed here: the name of a manifest (2.4: lower case, letters and digits) -> that of hashlib."""
    usable = {name for name in hashlib.algorithms_available if not name.startswith("shake") and name != "md5-sha1"}
    found = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in sorted(usable)}
    return {**found, "blake2b512": "blake2b", "blake2s256": "blake2s"}


def read_manifest(notes: BagNotes, name: str, lines: Sequence[str], declaration: Declaration) -> Manifest:
    """Note what is wrong with a manifest; what can be used of it."""
    written = name[name.index("-") + 1 : -4]
    algorithm = algorithms().get(re.sub(r"[^a-z0-9]", "", written.lower()))
    manifest = Manifest(name, algorithm)
    if algorithm is None:
        notes.add("algorithm", name, algorithm=written, name=name)
    if name != name.lower() or re.search(r"[^a-z0-9]", written):
        notes.add("manifest_name", name, name=name)
    digits = hashlib.new(algorithm).digest_size * 2 if algorithm else None
    plain = _plain_entries(manifest, lines, digits)
    if plain is not None:
        manifest.entries = plain
    else:
        _read_lines(notes, manifest, lines, digits, declaration)
    return manifest


def _plain_entries(manifest: Manifest, lines: Sequence[str], digits: int | None) -> dict[str, str] | None:
    """The entries of a payload manifest about which there is nothing to say, which most are; None if there may be something."""
    if digits is None or manifest.is_of_tags or "".join([line[digits : digits + 2] for line in lines]) != "  " * len(lines):
        return None
    entries = {line[digits + 2 :]: line[:digits] for line in lines}
    digests, paths = "".join(entries.values()), "\n".join(entries)
    try:
        is_hexadecimal = len(bytes.fromhex(digests)) * 2 == len(digests) and digests == digests.lower()
    except ValueError:
        return None
    is_whole = len(entries) == len(lines) and len(digests) == digits * len(lines)
    return entries if is_hexadecimal and is_whole and are_plain(paths) and all(path.startswith("data/") for path in entries) else None


def _read_lines(notes: BagNotes, manifest: Manifest, lines: Sequence[str], digits: int | None, declaration: Declaration) -> None:
    starred = 0
    for number, line in enumerate(lines, start=1):
        where = f"{manifest.name}:{number}"
        match = _LINE.fullmatch(line)
        if match is None:
            if line.strip():
                notes.add("line", where, text=line)
            continue
        digest, star, path = match.groups()
        if not _HEX.fullmatch(digest) or (digits is not None and len(digest) != digits):
            notes.add("digest_form", where, digest=digest, algorithm=manifest.algorithm or "desconocido")
        starred += bool(star)
        _take(notes, manifest, number, path, digest.lower(), declaration)
    if starred:
        notes.add("md5sum_star", manifest.name)


def _take(notes: BagNotes, manifest: Manifest, number: int, written: str, digest: str, declaration: Declaration) -> None:
    where = f"{manifest.name}:{number}"
    path = written if is_plain(written) else checked_path(notes, where, written, declaration)
    if path is None:
        return
    is_payload = path.startswith("data/")
    if is_payload is manifest.is_of_tags:
        notes.add("tag_lists_payload" if is_payload else "path_outside", where, path=path)
        return
    if manifest.is_of_tags and path.lower().startswith("tagmanifest-") and not declaration.is_old:
        notes.add("tag_lists_tag_manifest", where, path=path)
    if path != written and "%" in written:
        manifest.written[path] = written
    if path not in manifest.entries:
        manifest.entries[path] = digest
    elif manifest.entries[path] != digest:
        notes.add("listed_twice_differing", where, path=path)
    else:
        notes.add("listed_twice_old" if declaration.is_old else "listed_twice", where, path=path)


def checked_path(notes: BagNotes, where: str, written: str, declaration: Declaration) -> str | None:
    """A path as a manifest writes it, made plain; None, noted, if it could lead out of the bag."""
    fault = escape_of(written)
    if fault is not None:
        notes.add(fault, where, path=written)
        return None
    if not declaration.is_old and has_bare_percent(written):
        notes.add("path_percent", where, path=written)
    path = decoded(written, old=declaration.is_old)
    plain = straight(path)
    if plain != path:
        notes.add("path_dot_slash", where, path=written)
    return plain


def read_fetch(notes: BagNotes, lines: Sequence[str], declaration: Declaration) -> tuple[Fetch, ...]:
    """Note what is wrong with fetch.txt; the entries that can be used. Nothing is fetched."""
    found = []
    for number, line in enumerate(lines, start=1):
        match = _FETCH_LINE.fullmatch(line)
        where = f"{FETCH}:{number}"
        if match is None:
            if line.strip():
                notes.add("fetch_line", where, text=line)
            continue
        url, size, written = match.groups()
        path = written if is_plain(written) else checked_path(notes, where, written, declaration)
        if path is None:
            continue
        if not path.startswith("data/"):
            notes.add("fetch_tag_file", where, path=path)
            continue
        found.append(Fetch(url, None if size == "-" else int(size), path, number))
    return tuple(found)
