"""The digests of everything that a bag's manifests name, each file read once (RFC 8493, 3)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from preservation.validation.bagit_fetch import Fetched
from preservation.validation.bagit_manifests import Manifest
from preservation.validation.bagit_names import Found
from preservation.validation.bagit_rules import BagNotes
from preservation.validation.trees import Tree, Unreadable, pieces_of


class Expected(NamedTuple):
    """A digest that a file should have, and the manifest that says so."""

    algorithm: str
    digest: str
    manifest: str


def check_digests(
    notes: BagNotes, tree: Tree, at: str, found: Found, fetched: Mapping[str, Fetched], manifests: Sequence[Manifest]
) -> None:
    """Note every file that is not what a manifest says."""
    prefix = f"{at}/" if at else ""
    for path, expected in _by_file(found, manifests).items():
        source = fetched.get(path)
        try:
            digests = digests_of(*((source.tree, source.path) if source else (tree, prefix + path)), {each.algorithm for each in expected})
        except Unreadable as fault:
            notes.add("unreadable", path, reason=str(fault))
            continue
        for each in expected:
            if digests[each.algorithm] != each.digest:
                told = {"algorithm": each.algorithm, "found": digests[each.algorithm], "expected": each.digest}
                notes.add("digest", path, manifest=each.manifest, **told)


def _by_file(found: Found, manifests: Sequence[Manifest]) -> Mapping[str, list[Expected]]:
    algorithms = {manifest.name: manifest.algorithm for manifest in manifests}
    expected: dict[str, list[Expected]] = {}
    for name, places in found.places.items():
        algorithm = algorithms[name]
        if algorithm is not None:
            for path, digest in places.items():
                expected.setdefault(path, []).append(Expected(algorithm, digest, name))
    for name, path, digest in found.others:
        algorithm = algorithms[name]
        if algorithm is not None:
            expected.setdefault(path, []).append(Expected(algorithm, digest, name))
    return expected


def digests_of(tree: Tree, path: str, algorithms: Iterable[str]) -> Mapping[str, str]:
    """The digests of a file by algorithms of hashlib, read once, in constant memory. Raises Unreadable."""
    running = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    for piece in pieces_of(tree, path):
        for digest in running.values():
            digest.update(piece)
    return {name: digest.hexdigest() for name, digest in running.items()}
