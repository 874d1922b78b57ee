"""The content of an OCFL object, every byte: against its manifests, and against its fixity blocks (OCFL 1.1, 3.5.2 and 3.5.4)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from preservation.validation.ocfl_digests import ALGORITHMS, Digesting
from preservation.validation.ocfl_history import History
from preservation.validation.ocfl_inventory import Checked
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_standing import Standing
from preservation.validation.trees import Tree, Unreadable

_ROOT: Final = "la raíz"


class Expected(NamedTuple):
    """A digest that a file should have: by which rule (E092, E093), and which version's inventory says so."""

    rule: str
    algorithm: str
    digest: str
    version: str


def check_content(notes: Notes, standing: Standing, root: Checked, history: History) -> None:
    """Note content that is missing, damaged, or named by no inventory."""
    expectations = _expectations(root, history)
    for path, expected in expectations.items():
        if path in standing.files:
            _check_file(notes, standing, path, expected)
        elif path not in standing.odd:
            for rule, version in dict.fromkeys((each.rule, each.version) for each in expected):
                notes.add(f"{rule}.missing", path, version=version)
    content = root.content_directory
    if content is None:
        return
    starts = tuple(f"{version}/{content}/" for version in root.versions)
    for path in standing.files:
        if path not in root.manifest and path.startswith(starts):
            notes.add("E023.root", path)


def _expectations(root: Checked, history: History) -> Mapping[str, list[Expected]]:
    """Content path -> what its file is held against; the same digest by two inventories is asked once."""
    found: dict[str, list[Expected]] = {}
    asked: set[tuple[str, str, str]] = set()
    for version, checked in [(_ROOT, root), *history.checked.items()]:
        for path, expected in _said_by(checked, version):
            key = (path, expected.algorithm, expected.digest)
            if version == _ROOT or key not in asked:
                found.setdefault(path, []).append(expected)
            if history.checked:
                asked.add(key)
    return found


def _said_by(checked: Checked, version: str) -> Iterator[tuple[str, Expected]]:
    if checked.algorithm is not None:
        for path, digest in checked.manifest.items():
            yield path, Expected("E092", checked.algorithm, digest, version)
    for value in checked.fixity:
        yield value.path, Expected("E093", value.algorithm, value.digest, version)


def _check_file(notes: Notes, standing: Standing, path: str, expected: list[Expected]) -> None:
    try:
        digests = file_digests(standing.tree, standing.path(path), {each.algorithm for each in expected})
    except Unreadable as fault:
        notes.add("unreadable", path, reason=str(fault))
        return
    for each in expected:
        if digests[each.algorithm] != each.digest:
            told = {"algorithm": each.algorithm, "found": digests[each.algorithm], "expected": each.digest, "version": each.version}
            notes.add(f"{each.rule}.digest", path, **told)


def file_digests(tree: Tree, path: str, algorithms: set[str]) -> Mapping[str, str]:
    """The digests of a file, read once, in constant memory. Raises Unreadable."""
    running = {name: ALGORITHMS[name].start() for name in algorithms}
    if len(running) == 1:
        [only] = running.values()
        tree.feed(path, only.update)
    else:
        tree.feed(path, partial(_take, tuple(running.values())))
    return {name: digest.hexdigest() for name, digest in running.items()}


def _take(running: Iterable[Digesting], piece: bytes) -> None:
    for digest in running:
        digest.update(piece)
