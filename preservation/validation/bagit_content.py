"""The digests of everything that a bag's manifests name, each file read once (RFC 8493, 3)."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Protocol

from preservation.validation.bagit_fetch import Fetched
from preservation.validation.bagit_manifests import Manifest
from preservation.validation.bagit_names import Found
from preservation.validation.bagit_rules import BagNotes
from preservation.validation.trees import Tree, Unreadable

Expected = tuple[str, str, str]
"""The algorithm and value of a digest that a file should have, and the manifest that says so."""


class _Digesting(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class _Reading:
    """What is read, and what was: the bytes of each file."""

    notes: BagNotes
    tree: Tree
    prefix: str
    fetched: Mapping[str, Fetched]
    sizes: dict[str, int] = field(default_factory=dict)

    def feed(self, path: str, take: Callable[[bytes], object]) -> bool:
        """Give a file's bytes to `take`; whether it could be read, else noted."""
        try:
            if path in self.fetched:
                self.sizes[path] = self.fetched[path].tree.feed(self.fetched[path].path, take)
            else:
                self.sizes[path] = self.tree.feed(self.prefix + path, take)
        except Unreadable as fault:
            self.notes.add("unreadable", path, reason=str(fault))
            return False
        return True

    def tell(self, path: str, expected: Expected, value: str) -> None:
        algorithm, digest, manifest = expected
        self.notes.add("digest", path, manifest=manifest, algorithm=algorithm, found=value, expected=digest)


def check_digests(
    notes: BagNotes, tree: Tree, at: str, found: Found, fetched: Mapping[str, Fetched], manifests: Sequence[Manifest]
) -> Mapping[str, int]:
    """Note every file that is not what a manifest says; the bytes of each file that was read."""
    reading = _Reading(notes, tree, f"{at}/" if at else "", fetched)
    for of_tags in (False, True):
        known = [manifest for manifest in manifests if manifest.is_of_tags is of_tags and manifest.algorithm]
        places = [found.places[manifest.name] for manifest in known]
        if len(known) == 1 and not found.others:
            _check_by_one(reading, known[0], places[0])
        elif known and not found.others and all(each.keys() == places[0].keys() for each in places):
            _check_by_each(reading, known, places)
        else:
            _check_by_all(reading, _by_file(found, known))
    return reading.sizes


def _check_by_one(reading: _Reading, manifest: Manifest, places: Mapping[str, str]) -> None:
    """One digest of each file, as most bags have it."""
    algorithm = manifest.algorithm or ""
    start = _start(algorithm)
    for path, digest in places.items():
        running = start()
        if reading.feed(path, running.update) and (value := running.hexdigest()) != digest:
            reading.tell(path, (algorithm, digest, manifest.name), value)


def _check_by_each(reading: _Reading, manifests: Sequence[Manifest], places: Sequence[Mapping[str, str]]) -> None:
    """The digests that several manifests have of the same files."""
    starts = [_start(manifest.algorithm or "") for manifest in manifests]
    for path in places[0]:
        running = [start() for start in starts]
        if reading.feed(path, partial(_take, running)):
            for number, now in enumerate(running):
                if (value := now.hexdigest()) != (digest := places[number][path]):
                    reading.tell(path, (manifests[number].algorithm or "", digest, manifests[number].name), value)


def _check_by_all(reading: _Reading, files: Mapping[str, tuple[Expected, ...]]) -> None:
    for path, expected in files.items():
        running = [_start(algorithm)() for algorithm, _, _ in expected]
        if reading.feed(path, partial(_take, running)):
            for each, now in zip(expected, running, strict=True):
                if (value := now.hexdigest()) != each[1]:
                    reading.tell(path, each, value)


def _take(running: Iterable[_Digesting], piece: bytes) -> None:
    for digest in running:
        digest.update(piece)


def _start(algorithm: str) -> Callable[[], _Digesting]:
    """What begins a digest; the constructors of hashlib are faster than its new()."""
    started: Callable[[], _Digesting] = getattr(hashlib, algorithm, None) or partial(hashlib.new, algorithm)
    return started


def _by_file(found: Found, manifests: Sequence[Manifest]) -> Mapping[str, tuple[Expected, ...]]:
    expected: dict[str, tuple[Expected, ...]] = {}
    for manifest in manifests:
        name, algorithm = manifest.name, manifest.algorithm
        if algorithm is not None:
            listed = ((path, digest) for known, path, digest in found.others if known == name)
            for path, digest in chain(found.places[name].items(), listed):
                before = expected.get(path)
                expected[path] = ((algorithm, digest, name),) if before is None else (*before, (algorithm, digest, name))
    return expected
