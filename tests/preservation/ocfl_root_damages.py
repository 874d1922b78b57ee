"""A good OCFL storage root, and every way in which one can break a MUST or a SHOULD of the specification."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.preservation.ocfl_made import MadeObject

LAYOUT = "0004-hashed-n-tuple-storage-layout"


def place_of(object_id: str) -> str:
    name = hashlib.sha256(object_id.encode()).hexdigest()
    return f"{name[:3]}/{name[3:6]}/{name[6:9]}/{name}"


class MadeRoot:
    """A storage root of two objects, with its layout declared."""

    def __init__(self, folder: Path, specification: str = "1.1") -> None:
        self.folder, self.specification = folder, specification
        folder.mkdir()
        self.write(f"0=ocfl_{specification}", f"ocfl_{specification}\n".encode())
        self.write(f"ocfl_{specification}.md", b"The text of the specification")
        self.write("ocfl_layout.json", json.dumps({"extension": LAYOUT, "description": "hashed"}).encode())
        self.write(f"extensions/{LAYOUT}/config.json", json.dumps({"extensionName": LAYOUT}).encode())
        self.objects = [self.add(f"urn:example:{number}") for number in (1, 2)]

    def add(self, object_id: str, place: str | None = None, specification: str | None = None) -> MadeObject:
        return MadeObject(self.folder / (place or place_of(object_id)), specification or self.specification, object_id)

    def write(self, path: str, data: bytes = b"x") -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def rename(self, old: str, new: str) -> None:
        (self.folder / old).rename(self.folder / new)


class RootDamage(NamedTuple):
    codes: str
    do: Callable[[MadeRoot], object]
    codes_in_1_0: str | None = None


def _layout(data: object) -> Callable[[MadeRoot], object]:
    return lambda made: made.write("ocfl_layout.json", json.dumps(data).encode())


def _declaration(name: str) -> Callable[[MadeRoot], object]:
    return lambda made: made.rename(f"0=ocfl_{made.specification}", name.format(made.specification))


def _declared_by_a_folder(made: MadeRoot) -> None:
    (made.folder / f"0=ocfl_{made.specification}").unlink()
    (made.folder / f"0=ocfl_{made.specification}").mkdir()


def _declared_twice(made: MadeRoot) -> None:
    other = "1.0" if made.specification == "1.1" else "1.1"
    made.write(f"0=ocfl_{other}", f"ocfl_{other}\n".encode())


def _inside(made: MadeRoot) -> None:
    made.write("inner/0=ocfl_1.1", b"ocfl_1.1\n")
    made.add("urn:example:3", "inner/object")


def _as_old(made: MadeRoot) -> None:
    """The root declares OCFL 1.0 and its objects 1.1."""
    (made.folder / "0=ocfl_1.1").unlink()
    made.write("0=ocfl_1.0", b"ocfl_1.0\n")


def _undeclared_object(made: MadeRoot) -> None:
    (made.objects[0].folder / f"0=ocfl_object_{made.specification}").unlink()


def _top_and_deep(made: MadeRoot) -> None:
    (made.folder / "ocfl_layout.json").unlink()
    made.add("urn:example:3", "object")


def _two_depths(made: MadeRoot) -> None:
    (made.folder / "ocfl_layout.json").unlink()
    made.add("urn:example:3", "abc/object")


def _empty_extensions(made: MadeRoot) -> None:
    (made.folder / "ocfl_layout.json").unlink()
    shutil.rmtree(made.folder / "extensions")
    (made.folder / "extensions").mkdir()


def _layout_folder(made: MadeRoot) -> None:
    (made.folder / "ocfl_layout.json").unlink()
    (made.folder / "ocfl_layout.json").mkdir()


ROOT_DAMAGES: Mapping[str, RootDamage] = {
    "an object that is damaged": RootDamage("E092 E093", lambda made: made.objects[0].write("v1/content/empty", b"x")),
    "an object without its declaration": RootDamage("E003", _undeclared_object),
    "two objects of one identifier": RootDamage("E037 E083 W014", lambda made: made.add("urn:example:1", "abc/def/012/other")),
    "no declaration": RootDamage("E069", lambda made: (made.folder / f"0=ocfl_{made.specification}").unlink()),
    "a layout that is no JSON": RootDamage("E070", lambda made: made.write("ocfl_layout.json", b"{")),
    "a layout in Latin-1": RootDamage("E070", lambda made: made.write("ocfl_layout.json", b'{"description": "\xe9"}')),
    "a layout nested without end": RootDamage("E070", lambda made: made.write("ocfl_layout.json", b"[" * 500_000)),
    "a layout that is a list": RootDamage("E070", _layout([])),
    "a layout without its extension": RootDamage("E070", _layout({"description": "x"})),
    "a layout without its description": RootDamage("E070", _layout({"extension": LAYOUT})),
    "a layout that is a folder": RootDamage("E070 E073 E085", _layout_folder),
    "a layout that nobody registered": RootDamage("E071", _layout({"extension": "of-ours", "description": "x"})),
    "a layout by an extension of something else": RootDamage("E071", _layout({"extension": "0009-digest-algorithms", "description": "x"})),
    "a file on the way to an object": RootDamage("E072 E084", lambda made: made.write(f"{place_of('urn:example:1')[:3]}/notes.txt")),
    "a folder of files without an object": RootDamage("E072 E084 E085 E088", lambda made: made.write("notes/notes.txt")),
    "an empty folder": RootDamage("E073 E085", lambda made: (made.folder / "abc/def").mkdir(parents=True)),
    "empty extensions": RootDamage("E073", _empty_extensions),
    "another root inside": RootDamage("E072 E074 E084 W014", _inside, "E072 E074 E084 W014"),
    "a declaration that is a folder": RootDamage("E069 E073 E075 E085", _declared_by_a_folder),
    "two declarations": RootDamage("E076", _declared_twice),
    "a declaration without its sign": RootDamage("E069 E075 E077", _declaration("ocfl_{}")),
    "a declaration of another tag": RootDamage("E069 E078", _declaration("1=ocfl_{}")),
    "a declaration of no known version": RootDamage("E069 E079", _declaration("0=ocfl_0.9")),
    "a declaration of something else": RootDamage("E069 E079", _declaration("0=another_{}")),
    "a declaration without its new line": RootDamage(
        "E080", lambda made: made.write(f"0=ocfl_{made.specification}", f"ocfl_{made.specification}".encode())
    ),
    "an object of a later specification": RootDamage("E081", _as_old, ""),
    "a file loose in extensions": RootDamage("E112", lambda made: made.write("extensions/notes.txt"), "E086"),
    "a pipe on the way to an object": RootDamage("E089", lambda made: os.mkfifo(made.folder / place_of("urn:example:1")[:3] / "pipe")),
    "a link on the way to an object": RootDamage(
        "E090", lambda made: (made.folder / place_of("urn:example:1")[:3] / "link").symlink_to(made.objects[1].folder)
    ),
    "a link in the root": RootDamage("E090", lambda made: (made.folder / "link").symlink_to(made.objects[1].folder)),
    "an object elsewhere than its layout says": RootDamage("W014", lambda made: made.add("urn:example:3", "abc/def/012/object")),
    "a declaration with another sign": RootDamage("E069 E075 E077", _declaration("0-ocfl_{}")),
    "objects at two depths": RootDamage("W014", _two_depths),
    "objects both at the top and deep": RootDamage("W014 W015", _top_and_deep),
    "an extension that nobody registered": RootDamage("W016", lambda made: made.write("extensions/of-ours/notes.txt"), "W013"),
}
