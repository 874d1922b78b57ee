"""Finding the files that manifests name, also where names differ only in how systems write them (RFC 8493, 3 and 6.1.1)."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from preservation.validation.bagit_fetch import Fetched
from preservation.validation.bagit_manifests import Fetch, Manifest
from preservation.validation.bagit_paths import SYSTEM_FILES, composed, form_of
from preservation.validation.bagit_rules import BagNotes
from preservation.validation.trees import Item, Kind

_SYSTEM_ENDS: Final = tuple(f"/{name}" for name in SYSTEM_FILES)


@dataclass(slots=True)
class Found:
    """Where what the manifests name was found: manifest's name -> path of a file -> the digest it should have.

    `others`: manifest's name, path of a file and digest, of what was found by another spelling of its name.
    `lost`: files of no bytes that a system made and that are not there.
    """

    places: dict[str, Mapping[str, str]] = field(default_factory=dict)
    others: list[tuple[str, str, str]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    def listed(self, manifest: Manifest) -> Set[str]:
        """The files that a manifest names, by whatever spelling."""
        return self.places[manifest.name].keys() | {path for name, path, _ in self.others if name == manifest.name}


def check_names(notes: BagNotes, items: Mapping[str, Item], manifests: Iterable[Manifest]) -> None:
    """Note names that other systems cannot keep apart, and files that systems make by themselves."""
    _note_twins(notes, "", items, {})
    for manifest in manifests:
        if not manifest.entries.keys() <= items.keys():
            _note_twins(notes, manifest.name, manifest.entries, items)
    for path, item in items.items():
        if path.endswith(_SYSTEM_ENDS) and item.kind is Kind.FILE and path.startswith("data/"):
            notes.add("system_file", path, name=path.rpartition("/")[2])


def _note_twins(notes: BagNotes, manifest: str, paths: Collection[str], told: Mapping[str, Item]) -> None:
    """Note each path that could be taken for one before it; two that are both among `told` were noted already."""
    if len({composed(path).casefold() for path in paths}) == len(paths):
        return
    by_form: dict[str, str] = {}
    by_case: dict[str, str] = {}
    for path in paths:
        same = composed(path)
        other = by_form.setdefault(same, path)
        if other != path:
            if path not in told or other not in told:
                notes.add("unicode_twins", manifest or path, path=path, form=form_of(path), other_form=form_of(other))
            continue
        other = by_case.setdefault(same.casefold(), path)
        if other != path and (path not in told or other not in told):
            notes.add("case_twins", manifest or path, path=path, other=other)


def find_all(
    notes: BagNotes, files: Mapping[str, Item], fetched: Mapping[str, Fetched], manifests: Sequence[Manifest], fetch: Sequence[Fetch]
) -> Found:
    """Find what every manifest names; note what is missing, and what was found by another spelling."""
    spellings = _Spellings(files)
    pending = {entry.path for entry in fetch}
    found = Found()
    for manifest in manifests:
        if manifest.entries.keys() <= files.keys():
            found.places[manifest.name] = manifest.entries
            continue
        found.places[manifest.name] = {path: digest for path, digest in manifest.entries.items() if path in files or path in fetched}
        for path, digest in manifest.entries.items():
            if path not in found.places[manifest.name]:
                _look_further(notes, spellings, found, manifest, path, digest, is_pending=path in pending)
    return found


class _Spellings:
    """Files by their name however its accents, or its letters, are written; made when first asked."""

    def __init__(self, files: Mapping[str, Item]) -> None:
        self._files = files

    @cached_property
    def by_form(self) -> Mapping[str, str]:
        return {composed(path): path for path in self._files}

    @cached_property
    def by_case(self) -> Mapping[str, str]:
        return {form.casefold(): path for form, path in self.by_form.items()}


def _look_further(
    notes: BagNotes, spellings: _Spellings, found: Found, manifest: Manifest, path: str, digest: str, *, is_pending: bool
) -> None:
    form = composed(path)
    written = manifest.written.get(path, path)
    if written != path and composed(written) in spellings.by_form:
        notes.add("path_percent", manifest.name, path=written)
        found.others.append((manifest.name, spellings.by_form[composed(written)], digest))
    elif form in spellings.by_form:
        place = spellings.by_form[form]
        notes.add("file_by_other_form", place, form=form_of(place), other_form=form_of(path))
        found.others.append((manifest.name, place, digest))
    elif form.casefold() in spellings.by_case:
        place = spellings.by_case[form.casefold()]
        notes.add("file_by_other_case", place, path=path)
        found.others.append((manifest.name, place, digest))
    elif "\\" in path:
        notes.add("path_backslash", manifest.name, path=path)
        notes.add("file_missing", path, manifest=manifest.name)
    elif path.rpartition("/")[2] in SYSTEM_FILES and digest == _empty(manifest.algorithm):
        notes.add("system_file_missing", path, name=path.rpartition("/")[2])
        found.lost.add(path)
    elif not is_pending:
        notes.add("file_missing", path, manifest=manifest.name)


def _empty(algorithm: str | None) -> str | None:
    return hashlib.new(algorithm).hexdigest() if algorithm else None
