"""The sidecar of an inventory: the digest beside it (OCFL 1.1, 3.6)."""

import re
from collections.abc import Iterable
from typing import Final

from preservation.validation.ocfl_digests import ALGORITHMS, CONTENT, is_digest
from preservation.validation.ocfl_inventory import INVENTORY_NAME
from preservation.validation.ocfl_rules import Notes
from preservation.validation.ocfl_standing import Standing

_FORM: Final = re.compile(rb"([^ \t\r\n]+)[ \t]+inventory\.json[ \t]*(?:\r?\n)?")
_LIMIT: Final = 4096


def sidecar_name(algorithm: str) -> str:
    return f"{INVENTORY_NAME}.{algorithm}"


def check_sidecar(
    notes: Notes, standing: Standing, folder: str, data: bytes, algorithm: str | None, earlier: Iterable[tuple[str, bytes]] = ()
) -> None:
    """Note what is wrong with the sidecar of the inventory `data` of a folder, which is empty or ends with `/`.

    `algorithm` is the inventory's; None where it says none that can be used. `earlier`: other inventories of the object, by version.
    """
    names = [sidecar_name(known) for known in ([algorithm] if algorithm else CONTENT)]
    name = next((name for name in names if folder + name in standing.files), None)
    if name is None:
        others = [known for known in ALGORITHMS if folder + sidecar_name(known) in standing.files]
        if others and algorithm:
            notes.add("E059", folder + sidecar_name(others[0]), name=sidecar_name(others[0]), algorithm=algorithm)
        notes.add("E058", folder + INVENTORY_NAME, name=names[0])
        return
    used = name.rpartition(".")[2]
    content = standing.read(notes, folder + name, _LIMIT)
    match = _FORM.fullmatch(content) if content else None
    recorded = match.group(1).decode("ascii", "replace") if match else ""
    if not is_digest(recorded, used):
        notes.add("E061", folder + name)
        return
    found = _digest(data, used)
    if recorded.lower() != found:
        notes.add("E060", folder + name, expected=recorded.lower(), found=found)
        for version, other in earlier:
            if _digest(other, used) == recorded.lower():
                notes.add("E062", folder + name, version=version)
                break


def _digest(data: bytes, algorithm: str) -> str:
    digest = ALGORITHMS[algorithm].start()
    digest.update(data)
    return digest.hexdigest()
