"""A good OCFL object, written here word for word as the specification has it, to be damaged in one way at a time."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]
CONTENT = {"v1/content/empty": b"", "v1/content/folder/one.txt": b"one\n", "v2/content/two.txt": b"two\n"}
STATES = {
    "v1": {"empty": "v1/content/empty", "folder/one.txt": "v1/content/folder/one.txt"},
    "v2": {"empty": "v1/content/empty", "folder/one.txt": "v1/content/folder/one.txt", "two.txt": "v2/content/two.txt"},
    "v3": {"copy.txt": "v2/content/two.txt", "two.txt": "v2/content/two.txt"},
}


def digest(data: bytes, algorithm: str = "sha512") -> str:
    return hashlib.new(algorithm, data).hexdigest()


class MadeObject:
    """An object of three versions in a folder; each keeps its inventory."""

    def __init__(self, folder: Path, specification: str = "1.1", object_id: str = "urn:example:object") -> None:
        self.folder, self.specification, self.object_id = folder, specification, object_id
        folder.mkdir(parents=True)
        self.write(f"0=ocfl_object_{specification}", f"ocfl_object_{specification}\n".encode())
        for path, data in CONTENT.items():
            self.write(path, data)
        for head in STATES:
            self.write_inventory(f"{head}/", self.document(head))
        self.write_inventory("", self.document("v3"))

    def document(self, head: str) -> Document:
        names = [name for name in STATES if name <= head]
        held = {path: data for path, data in CONTENT.items() if path[:2] <= head}
        versions = {}
        for name in names:
            state: dict[str, list[str]] = {}
            for logical, path in STATES[name].items():
                state.setdefault(digest(CONTENT[path]), []).append(logical)
            user = {"name": "A Person", "address": "mailto:person@example.org"}
            versions[name] = {"created": f"2026-01-0{name[1]}T00:00:00Z", "message": f"Version {name}", "user": user, "state": state}
        return {
            "id": self.object_id,
            "type": f"https://ocfl.io/{self.specification}/spec/#inventory",
            "digestAlgorithm": "sha512",
            "head": head,
            "contentDirectory": "content",
            "manifest": {digest(data): [path] for path, data in held.items()},
            "versions": versions,
            "fixity": {"md5": {digest(data, "md5"): [path] for path, data in held.items()}},
        }

    def write(self, path: str, data: bytes) -> Path:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return place

    def write_inventory(self, prefix: str, document: object, algorithm: str = "sha512") -> None:
        self.write_raw(prefix, json.dumps(document, indent=1).encode(), algorithm)

    def write_raw(self, prefix: str, data: bytes, algorithm: str = "sha512") -> None:
        self.write(f"{prefix}inventory.json", data)
        self.write(f"{prefix}inventory.json.{algorithm}", f"{digest(data, algorithm)} inventory.json\n".encode())

    def raw(self, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the root inventory and of its copy in the last version."""
        data = change((self.folder / "inventory.json").read_bytes())
        for prefix in ("", "v3/"):
            self.write_raw(prefix, data)

    def change(self, change: Callable[[Document], object], *versions: str) -> None:
        """Change the root inventory and its copy, or the inventories of the versions named."""
        for prefix in [f"{name}/" for name in versions] or ["", "v3/"]:
            document = json.loads((self.folder / f"{prefix}inventory.json").read_bytes())
            change(document)
            self.write_inventory(prefix, document)

    def everywhere(self, change: Callable[[Document], object]) -> None:
        """Change every inventory of the object."""
        self.change(change, "v1", "v2")
        self.change(change)
