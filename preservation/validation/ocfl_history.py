"""The inventories that versions keep, against the root's: each must tell the same past (OCFL 1.1, 3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from preservation.validation.ocfl_inventory import INVENTORY_NAME, MOST_BYTES, Checked, check_inventory
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_sidecar import check_sidecar, sidecar_name
from preservation.validation.ocfl_standing import Standing, by_version


@dataclass(slots=True)
class History:
    """The inventories of versions before the last: their bytes, and what they say, by version."""

    inventories: list[tuple[str, bytes]] = field(default_factory=list)
    checked: dict[str, Checked] = field(default_factory=dict)


def check_history(notes: Notes, standing: Standing, root: Checked, root_data: bytes, specification: str) -> History:
    """Note what is wrong with the inventory of each version folder, `root` and `root_data` being the root's."""
    history = History()
    last = root.versions[-1] if root.versions else None
    for name in root.versions:
        if name not in standing.folders:
            continue
        path = f"{name}/{INVENTORY_NAME}"
        if path not in standing.files:
            notes.add("W010", name)
            continue
        data = standing.read(notes, path, MOST_BYTES)
        if name == last:
            _check_last(notes, standing, root, name, data, root_data)
        else:
            _check_earlier(notes, standing, root, name, data, specification, history)
        if data is not None and data != root_data:
            history.inventories.append((name, data))
    _check_unlisted_sidecars(notes, standing, root, history)
    _check_specifications(notes, root, history, last)
    _check_content_directories(notes, root, history)
    _check_manifests(notes, standing, root, history)
    return history


def _check_last(notes: Notes, standing: Standing, root: Checked, name: str, data: bytes | None, root_data: bytes) -> None:
    if data != root_data:
        notes.add("E064", INVENTORY_NAME, version=name)
    if data is not None:
        check_sidecar(notes, standing, f"{name}/", data, root.algorithm)


def _check_earlier(
    notes: Notes, standing: Standing, root: Checked, name: str, data: bytes | None, specification: str, history: History
) -> None:
    where = f"{name}/{INVENTORY_NAME}"
    checked = check_inventory(notes, where, data, specification, is_root=False)
    if checked is None or data is None:
        return
    history.checked[name] = checked
    check_sidecar(notes, standing, f"{name}/", data, checked.algorithm)
    head = checked.document.get("head")
    if isinstance(head, str) and head != name:
        notes.add("E040.folder", where, version=name, value=head)
    if root.object_id and checked.object_id and checked.object_id != root.object_id:
        notes.add("E037.differs", where, version=name, found=checked.object_id, expected=root.object_id)
        if specification != "1.0":
            notes.add("E110", where, version=name, found=checked.object_id, expected=root.object_id)
    for version in checked.versions:
        if version not in root.versions:
            notes.add("E066.versions", where, version=name, name=version)
        elif version in checked.states and version in root.states:
            _compare_states(notes, root, checked, name, version)
            _compare_words(notes, root, checked, name, version)


def _compare_states(notes: Notes, root: Checked, checked: Checked, name: str, version: str) -> None:
    now, then = root.states[version], checked.states[version]
    where = f"{name}/{INVENTORY_NAME}"
    for path in sorted(now.keys() ^ then.keys()):
        notes.add("E066.paths", where, version=name, name=version, path=path)
    if root.algorithm == checked.algorithm:
        differing = [path for path, digest in then.items() if path in now and now[path] != digest]
    else:
        kept_now, kept_then = _content_of(root.manifest), _content_of(checked.manifest)
        differing = [path for path in then.keys() & now.keys() if not kept_then.get(then[path], set()) <= kept_now.get(now[path], set())]
    for path in sorted(differing):
        notes.add("E066.content", where, version=name, name=version, path=path)


def _content_of(manifest: Mapping[str, str]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, digest in manifest.items():
        found.setdefault(digest, set()).add(path)
    return found


def _compare_words(notes: Notes, root: Checked, checked: Checked, name: str, version: str) -> None:
    now, then = _block(root, version), _block(checked, version)
    for key in ("created", "message", "user"):
        if now.get(key) != then.get(key):
            notes.add("W011", f"{name}/{INVENTORY_NAME}", version=name, name=version, key=key)


def _block(checked: Checked, version: str) -> Mapping[str, object]:
    versions = checked.document.get("versions")
    block = versions.get(version) if isinstance(versions, dict) else None
    return block if isinstance(block, dict) else {}


def _check_unlisted_sidecars(notes: Notes, standing: Standing, root: Checked, history: History) -> None:
    """A version folder holds its inventory's sidecar and no other (3.3)."""
    last = root.versions[-1] if root.versions else None
    for name in root.versions:
        owner = root if name == last else history.checked.get(name)
        has_inventory = f"{name}/{INVENTORY_NAME}" in standing.files
        if owner is None and has_inventory:
            continue
        own = sidecar_name(owner.algorithm) if owner and owner.algorithm and has_inventory else None
        for child, is_folder in standing.children(name):
            is_sidecar = not is_folder and child.startswith(f"{INVENTORY_NAME}.")
            if is_sidecar and child != own and (not has_inventory or (own and f"{name}/{own}" in standing.files)):
                notes.add("E015.file", f"{name}/{child}", name=child)


def _check_specifications(notes: Notes, root: Checked, history: History, last: str | None) -> None:
    before = ""
    for name in root.versions:
        checked = root if name == last else history.checked.get(name)
        if checked is None:
            continue
        if checked.specification < before:
            notes.add("E103", f"{name}/{INVENTORY_NAME}", version=name, specification=checked.specification, before=before)
        before = checked.specification


def _check_content_directories(notes: Notes, root: Checked, history: History) -> None:
    """The key contentDirectory is set in the first version or never, and does not change (3.3.1)."""
    first = history.checked.get(root.versions[0]) if root.versions else None
    if first is None or first.content_directory is None:
        return
    others = [(name, checked) for name, checked in history.checked.items() if checked is not first]
    for name, checked in [*others, ("la raíz", root)]:
        if checked.content_directory is None:
            continue
        where = INVENTORY_NAME if checked is root else f"{name}/{INVENTORY_NAME}"
        told = {"version": name, "value": checked.content_directory}
        if checked.content_directory != first.content_directory:
            notes.add("E020", where, **told, first=first.content_directory)
            if checked.sets_directory:
                notes.add("E019", where, **told)
        elif checked.sets_directory and not first.sets_directory:
            notes.add("E019", where, **told)


def _check_manifests(notes: Notes, standing: Standing, root: Checked, history: History) -> None:
    """Each inventory names all the content that its version and those before it keep (3.3.1)."""
    files = by_version(standing)
    for name, checked in history.checked.items():
        upto = root.versions[: root.versions.index(name) + 1]
        for version in upto:
            start = f"{version}/{checked.content_directory}/"
            for path in files.get(version, []):
                if path.startswith(start) and path not in checked.manifest and path in root.manifest:
                    notes.add("E023.version", f"{name}/{INVENTORY_NAME}", path=path)
