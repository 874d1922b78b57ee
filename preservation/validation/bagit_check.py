"""Judge a bag: complete (all that its manifests name is there, and nothing else) and valid (all of it is intact) (RFC 8493, 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from preservation.findings import Report, Severity
from preservation.validation.bagit_content import check_digests
from preservation.validation.bagit_fetch import check_sizes, resolve
from preservation.validation.bagit_manifests import FETCH, MANIFEST, Fetch, Manifest, read_fetch, read_manifest
from preservation.validation.bagit_names import Found, check_names, find_all
from preservation.validation.bagit_rules import VALIDITY, BagNotes
from preservation.validation.bagit_tags import DECLARATION, INFO, Declaration, Element, check_info, read_declaration, read_info, read_lines
from preservation.validation.trees import Item, Kind, Tree, Unreadable

_OLD_INFO: Final = "package-info.txt"
_WEAK: Final = frozenset({"md5", "sha1"})


@dataclass(frozen=True, slots=True)
class Bag:
    """What a bag says of itself. `info` keeps order and repetition; `fetch` names what did not come in it."""

    declaration: Declaration
    info: tuple[Element, ...]
    manifests: tuple[Manifest, ...]
    fetch: tuple[Fetch, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A report, the bag as it was read, and whether it is complete: valid is more than complete."""

    report: Report
    bag: Bag
    complete: bool


def validate_bag(tree: Tree, at: str = "", *, fetch_root: Path | None = None) -> Judgement:
    """Judge the bag at a folder of a tree; every byte is read, nothing is fetched from a network and nothing written.

    A file of fetch.txt that is not in the bag is looked for where its URL says, if that is a file within `fetch_root`; without it,
    or elsewhere, the bag is incomplete.
    """
    notes = BagNotes(at)
    items = _walk(notes, tree, at)
    files = {path: item for path, item in items.items() if item.kind is Kind.FILE}
    declaration = read_declaration(notes, tree, at, files.get(DECLARATION))
    bag = _read(notes, tree, at, files, declaration)
    check_names(notes, items, bag.manifests)
    fetched = resolve(notes, bag.fetch, files, fetch_root)
    _check_fetch_lists(notes, bag)
    _check_payload_folder(notes, items, is_to_come=bool(fetched))
    found = find_all(notes, files, fetched, bag.manifests, bag.fetch)
    _check_payload_lists(notes, files, found, bag)
    _check_tag_lists(notes, found, bag)
    sizes = check_digests(notes, tree, at, found, fetched, bag.manifests)
    check_sizes(notes, bag.fetch, sizes)
    _check_oxum(notes, tree, at, files, sizes, found, bag)
    report = Report(f"BagIt {declaration.version}", notes.findings())
    complete = not any(finding.severity is Severity.ERROR and finding.code not in VALIDITY for finding in report.findings)
    return Judgement(Report(report.standard, report.findings, {"complete": complete}), bag, complete)


def _walk(notes: BagNotes, tree: Tree, at: str) -> Mapping[str, Item]:
    """All that stands in the bag, by path; links and devices are noted."""
    start = len(at) + 1 if at else 0
    found: dict[str, Item] = {}
    try:
        found |= {item.path[start:]: item for item in tree.walk(at, sizes=False)}
    except Unreadable as fault:
        notes.add("unreadable", "", reason=str(fault))
    paths = list(found)
    for path, following in zip(paths, [*paths[1:], ""], strict=True):
        kind = found[path].kind
        if kind is Kind.LINK:
            notes.add("link", path)
        elif kind is Kind.OTHER:
            notes.add("special", path)
        elif kind is Kind.CLOSED:
            notes.add("unreadable", path, reason="la carpeta no se deja listar")
        elif kind is Kind.FOLDER and not following.startswith(f"{path}/") and path.startswith("data/"):
            notes.add("empty_folder", path)
    return found


def _read(notes: BagNotes, tree: Tree, at: str, files: Mapping[str, Item], declaration: Declaration) -> Bag:
    names = [path for path in files if "/" not in path and MANIFEST.fullmatch(path)]
    manifests = [read_manifest(notes, name, read_lines(notes, tree, at, name, declaration), declaration) for name in sorted(names)]
    seen: dict[tuple[bool, str], str] = {}
    for manifest in manifests:
        other = seen.setdefault((manifest.is_of_tags, manifest.algorithm or manifest.name), manifest.name)
        if other != manifest.name:
            notes.add("two_manifests", manifest.name, name=manifest.name, other=other)
    payload = [manifest for manifest in manifests if not manifest.is_of_tags]
    if not payload:
        notes.add("manifest_missing")
    elif all(manifest.algorithm in _WEAK for manifest in payload):
        notes.add("weak_algorithm", "", algorithm=", ".join(manifest.algorithm or "" for manifest in payload))
    name = INFO if INFO in files else _OLD_INFO if _OLD_INFO in files and declaration.is_old else None
    info = read_info(notes, tree, at, name, declaration) if name else ()
    fetch = read_fetch(notes, read_lines(notes, tree, at, FETCH, declaration), declaration) if FETCH in files else ()
    return Bag(declaration, info, tuple(manifests), fetch)


def _check_fetch_lists(notes: BagNotes, bag: Bag) -> None:
    """Every file of fetch.txt is in the payload manifests (2.2.3): in all of them, or before 1.0 in one."""
    payload = [manifest for manifest in bag.manifests if not manifest.is_of_tags]
    for fetch in bag.fetch:
        lacking = [manifest.name for manifest in payload if fetch.path not in manifest.entries]
        if lacking and bag.declaration.is_old:
            if len(lacking) == len(payload):
                notes.add("fetch_unlisted_old", f"{FETCH}:{fetch.line}", path=fetch.path, manifest=lacking[0])
        elif lacking:
            notes.add("fetch_unlisted", f"{FETCH}:{fetch.line}", path=fetch.path, manifest=lacking[0])


def _check_payload_lists(notes: BagNotes, files: Mapping[str, Item], found: Found, bag: Bag) -> None:
    """Every payload file is in the manifests (3): in all of them, or before 1.0 in one."""
    payload = [(manifest.name, found.listed(manifest)) for manifest in bag.manifests if not manifest.is_of_tags]
    paths = {path for path in files if path.startswith("data/")}
    unlisted = paths if not payload else {path for _, listed in payload for path in paths - listed}
    for path in sorted(unlisted):
        lacking = [name for name, listed in payload if path not in listed]
        if len(lacking) == len(payload):
            notes.add("file_unlisted", path)
        elif lacking:
            rule = "file_unlisted_somewhere_old" if bag.declaration.is_old else "file_unlisted_somewhere"
            notes.add(rule, path, manifest=lacking[0])


def _check_payload_folder(notes: BagNotes, items: Mapping[str, Item], *, is_to_come: bool) -> None:
    """A folder `data` is there (2.1.2), or all of it is to be fetched."""
    if "data" in items and items["data"].kind is Kind.FILE:
        notes.add("payload_not_folder", "data")
    elif not is_to_come and not any(path == "data" or path.startswith("data/") for path in items):
        notes.add("payload_missing")


def _check_tag_lists(notes: BagNotes, found: Found, bag: Bag) -> None:
    """Every tag manifest lists every payload manifest (2.2.1); draft 0.97 does not ask for it."""
    if bag.declaration.is_old:
        return
    payload = [manifest.name for manifest in bag.manifests if not manifest.is_of_tags]
    for manifest in bag.manifests:
        if manifest.is_of_tags:
            for name in sorted(set(payload) - found.listed(manifest)):
                notes.add("tag_lacks_manifest", manifest.name, manifest=name)


def _check_oxum(notes: BagNotes, tree: Tree, at: str, files: Mapping[str, Item], sizes: Mapping[str, int], found: Found, bag: Bag) -> None:
    """Payload-Oxum against the bytes that were read, and those of files that no manifest names."""
    stated = check_info(notes, INFO, bag.info, bag.declaration)
    if stated is None or any(fetch.path not in files and fetch.path not in sizes for fetch in bag.fetch):
        return
    counted = {path: size for path, size in sizes.items() if path.startswith("data/")}
    for path in files:
        if path.startswith("data/") and path not in counted:
            counted[path] = _size(tree, f"{at}/{path}" if at else path)
    octets, streams = stated.split(".")
    lost = sum(path.startswith("data/") for path in found.lost)
    if (int(octets), int(streams)) != (sum(counted.values()), len(counted) + lost):
        notes.add("oxum", INFO, expected=stated, found=f"{sum(counted.values())}.{len(counted)}")


def _size(tree: Tree, path: str) -> int:
    try:
        return tree.size(path)
    except Unreadable:
        return 0  # told already as what cannot be read
