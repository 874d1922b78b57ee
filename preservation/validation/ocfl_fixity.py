"""The fixity block of an OCFL inventory: digests besides those that identify content (OCFL 1.1, 3.5.4)."""

from collections.abc import Mapping
from typing import NamedTuple

from preservation.validation.json_reading import repeated_names
from preservation.validation.ocfl_digests import ALGORITHMS, is_digest, is_hexadecimal
from preservation.validation.ocfl_manifest import ContentRules, check_content_path
from preservation.validation.ocfl_rules import Notes


class FixityValue(NamedTuple):
    """A digest in lower case that the file of a content path should have."""

    path: str
    algorithm: str
    digest: str


def check_fixity(
    notes: Notes, rules: ContentRules, block: object, manifest: Mapping[str, str], specification: str
) -> tuple[FixityValue, ...]:
    """Note what is wrong with the fixity block of an inventory with that manifest; the values that files can be held against."""
    if not isinstance(block, dict):
        notes.add("E111" if specification != "1.0" else "E056.object", rules.where)
        return ()
    for algorithm in repeated_names(block):
        notes.add("E033.repeated", rules.where, key=algorithm, block="«fixity»")
    values: list[FixityValue] = []
    for algorithm, digests in block.items():
        if algorithm not in ALGORITHMS:
            notes.add("E056.algorithm", rules.where, algorithm=algorithm)
            notes.add("E026", rules.where, algorithm=algorithm)
        elif not isinstance(digests, dict):
            notes.add("E057.object", rules.where, block=_block(algorithm))
        else:
            _check_algorithm(notes, rules, algorithm, digests, manifest, values)
    return tuple(values)


def _block(algorithm: str) -> str:
    return f"«fixity», {algorithm}"


def _check_algorithm(
    notes: Notes,
    rules: ContentRules,
    algorithm: str,
    digests: Mapping[str, object],
    manifest: Mapping[str, str],
    values: list[FixityValue],
) -> None:
    name = _block(algorithm)
    for digest in repeated_names(digests):
        notes.add("E097", rules.where, block=name, digest=digest)
    seen: set[str] = set()
    for digest, paths in digests.items():
        if digest.lower() in seen:
            notes.add("E097", rules.where, block=name, digest=digest)
        seen.add(digest.lower())
        well_formed = is_digest(digest, algorithm)
        if not well_formed:
            encoding = ALGORITHMS[algorithm].encoding
            if encoding and not is_hexadecimal(digest):
                notes.add(encoding, rules.where, block=name, digest=digest, algorithm=algorithm)
            notes.add("E057.digest", rules.where, block=name, digest=digest)
        if not isinstance(paths, list):
            notes.add("E057.list", rules.where, block=name, digest=digest)
            continue
        for path in paths:
            if isinstance(path, str) and path in manifest:
                if well_formed:
                    values.append(FixityValue(path, algorithm, digest.lower()))
            elif check_content_path(notes, rules, name, path):
                notes.add("E057.path", rules.where, block=name, path=path)
                values.append(FixityValue(path, algorithm, digest.lower()))
