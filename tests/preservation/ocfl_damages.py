"""Every way in which an OCFL object can break a MUST or a SHOULD of the specification, and the codes that must tell it."""

import os
import shutil
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.preservation.ocfl_made import Document, MadeObject, digest

ONE, TWO, EMPTY = digest(b"one\n"), digest(b"two\n"), digest(b"")
NEVER = digest(b"never there")


class Damage(NamedTuple):
    """A damage, and the codes that it must be told with: no other error, and no other warning."""

    codes: str
    do: Callable[[MadeObject], object]
    codes_in_1_0: str | None = None


def _drop(key: str) -> Callable[[MadeObject], object]:
    return lambda made: made.change(lambda document: document.pop(key))


def _set(key: str, value: object) -> Callable[[MadeObject], object]:
    return lambda made: made.change(lambda document: document.update({key: value}))


def _version(key: str, value: object) -> Callable[[MadeObject], object]:
    """Set a key of the last version; with None, take it away."""

    def change(document: Document) -> None:
        document["versions"]["v3"][key] = value
        if value is None:
            del document["versions"]["v3"][key]

    return lambda made: made.change(change)


def _user(**words: object) -> Callable[[MadeObject], object]:
    return _version("user", words)


def _state(paths: object) -> Callable[[MadeObject], object]:
    return _version("state", {TWO: paths})


def _manifest(path: object, instead: bool = False) -> Callable[[MadeObject], object]:
    """Name another content path beside that of two.txt, or instead of it."""

    def change(document: Document) -> None:
        paths = document["manifest"][TWO]
        paths[:] = [path] if instead else [*paths, path]

    return lambda made: made.change(change)


def _fixity(block: object) -> Callable[[MadeObject], object]:
    return _set("fixity", block)


def _spell(old: str, new: str) -> Callable[[MadeObject], object]:
    return lambda made: made.raw(lambda data: data.replace(old.encode(), new.encode(), 1))


def _rename(old: str, new: str) -> Callable[[MadeObject], object]:
    return lambda made: (made.folder / old).rename(made.folder / new)


def _remove(*paths: str) -> Callable[[MadeObject], object]:
    def do(made: MadeObject) -> None:
        for path in paths:
            (made.folder / path).unlink()

    return do


def _write(path: str, data: bytes = b"x") -> Callable[[MadeObject], object]:
    return lambda made: made.write(path, data)


def _folder(path: str) -> Callable[[MadeObject], object]:
    return lambda made: (made.folder / path).mkdir(parents=True)


def _no_last_folder(made: MadeObject) -> None:
    shutil.rmtree(made.folder / "v3")


def _renamed_versions(names: Mapping[str, str]) -> Callable[[MadeObject], object]:
    """Rename versions everywhere: folders, keys, heads and content paths."""

    def do(made: MadeObject) -> None:
        for path in sorted(made.folder.rglob("inventory.json")):
            text = path.read_text()
            for old, new in names.items():
                text = text.replace(f'"{old}"', f'"{new}"').replace(f'"{old}/', f'"{new}/')
            made.write_raw(
                path.parent.relative_to(made.folder).as_posix().strip(".") + "/" if path.parent != made.folder else "", text.encode()
            )
        for old, new in names.items():
            if (made.folder / old).exists():
                (made.folder / old).rename(made.folder / new)

    return do


def _only_root(made: MadeObject) -> None:
    for name in ("v1", "v2", "v3"):
        _remove(f"{name}/inventory.json", f"{name}/inventory.json.sha512")(made)


def _other_content_directory(made: MadeObject) -> None:
    made.everywhere(lambda document: document.pop("contentDirectory"))
    for name in ("v1", "v2"):
        _rename(f"{name}/content", f"{name}/stuff")(made)
    for path in sorted(made.folder.rglob("inventory.json")):
        prefix = "" if path.parent == made.folder else f"{path.parent.name}/"
        made.write_raw(prefix, path.read_bytes().replace(b"/content/", b"/stuff/"))


def _sha256_in_the_first(made: MadeObject, *, wrong: bool = False, other_state: bool = False) -> None:
    """The first version addressed its content by sha256; the later ones by sha512."""
    document = made.document("v1")
    one, empty = digest(b"uno\n" if wrong else b"one\n", "sha256"), digest(b"", "sha256")
    document["digestAlgorithm"] = "sha256"
    document["manifest"] = {one: ["v1/content/folder/one.txt"], empty: ["v1/content/empty"]}
    document["versions"]["v1"]["state"] = {one: ["folder/one.txt"], empty: ["another" if other_state else "empty"]}
    (made.folder / "v1/inventory.json.sha512").unlink()
    made.write_inventory("v1/", document, "sha256")


def _all_in_sha256(made: MadeObject) -> None:
    for path in sorted(made.folder.rglob("inventory.json")):
        text = path.read_text().replace('"sha512"', '"sha256"')
        for data in (b"", b"one\n", b"two\n"):
            text = text.replace(digest(data), digest(data, "sha256"))
        path.with_name("inventory.json.sha512").unlink()
        made.write_raw("" if path.parent == made.folder else f"{path.parent.name}/", text.encode(), "sha256")


def _stale_sidecar(made: MadeObject) -> None:
    shutil.copy(made.folder / "v2/inventory.json.sha512", made.folder / "inventory.json.sha512")


def _older_after_newer(made: MadeObject) -> None:
    """The second version is of an earlier specification than the first."""
    made.change(lambda document: document.update(type="https://ocfl.io/1.1/spec/#inventory"), "v1")
    made.change(lambda document: document.update(type="https://ocfl.io/1.0/spec/#inventory"), "v2")


def _declaration_of_the_other(made: MadeObject) -> None:
    other = "1.0" if made.specification == "1.1" else "1.1"
    (made.folder / f"0=ocfl_object_{made.specification}").unlink()
    made.write(f"0=ocfl_object_{other}", f"ocfl_object_{other}\n".encode())


def _other_state_in_v2(document: Document) -> None:
    document["versions"]["v2"]["state"][TWO] = ["another.txt"]


def _swapped_state_in_v2(document: Document) -> None:
    document["versions"]["v2"]["state"].update({TWO: ["folder/one.txt"], ONE: ["two.txt"]})


def _fewer_in_v2(document: Document) -> None:
    del document["manifest"][EMPTY], document["fixity"]
    for version in document["versions"].values():
        del version["state"][EMPTY]


def _first_inventory_in_the_second(made: MadeObject) -> None:
    for name in ("inventory.json", "inventory.json.sha512"):
        shutil.copy(made.folder / "v1" / name, made.folder / "v2" / name)


def _a_fourth_version_in_the_second(made: MadeObject) -> None:
    def change(document: Document) -> None:
        document["head"] = "v4"
        document["versions"] |= {"v3": made.document("v3")["versions"]["v3"], "v4": document["versions"]["v2"]}

    made.change(change, "v2")


def _zero(made: MadeObject) -> None:
    made.change(lambda document: document["versions"].update(v0=document["versions"]["v1"]))


def _unused(made: MadeObject) -> None:
    made.write("v3/content/unused", b"never there")
    made.change(lambda document: document["manifest"].update({NEVER: ["v3/content/unused"]}))


def _hard_link(made: MadeObject) -> None:
    (made.folder / "v2/content/two.txt").unlink()
    made.write("v1/content/folder/one.txt", b"one\n")
    os.link(made.folder / "v1/content/folder/one.txt", made.folder / "logs.txt")
    (made.folder / "logs").mkdir()
    (made.folder / "logs.txt").rename(made.folder / "logs/link")
    made.write("v2/content/two.txt", b"two\n")


def _soft_link(made: MadeObject) -> None:
    (made.folder / "v2/content/two.txt").unlink()
    (made.folder / "v2/content/two.txt").symlink_to("../../v1/content/empty")


def _pipe(made: MadeObject) -> None:
    os.mkfifo(made.folder / "v2/content/pipe")


def _inner_object(made: MadeObject) -> None:
    MadeObject(made.folder / "inner")


def _upper_case_manifest(made: MadeObject) -> None:
    made.change(lambda document: document["manifest"].update({TWO.upper(): document["manifest"].pop(TWO)}))


def _twice_in_manifest(made: MadeObject) -> None:
    made.write("v3/content/again", b"two\n")
    made.change(lambda document: document["manifest"].update({TWO.upper(): ["v3/content/again"]}))


def _rekeyed(old: str, new: str) -> Callable[[Document], object]:
    """Spell a digest anew in the manifest and in every state."""

    def change(document: Document) -> None:
        for block in [document["manifest"], *(version["state"] for version in document["versions"].values())]:
            if old in block:
                block[new] = block.pop(old)

    return change


def _declaration(name: str) -> Callable[[MadeObject], object]:
    """Call the declaration otherwise; `{}` stands for the specification."""
    return lambda made: _rename(f"0=ocfl_object_{made.specification}", name.format(made.specification))(made)


def _declaring(text: str) -> Callable[[MadeObject], object]:
    return lambda made: made.write(f"0=ocfl_object_{made.specification}", text.format(made.specification).encode())


def _declared_by_a_folder(made: MadeObject) -> None:
    (made.folder / f"0=ocfl_object_{made.specification}").unlink()
    (made.folder / f"0=ocfl_object_{made.specification}").mkdir()


def _declared_twice(made: MadeObject) -> None:
    other = "1.0" if made.specification == "1.1" else "1.1"
    made.write(f"0=ocfl_object_{other}", f"ocfl_object_{other}\n".encode())


DECLARATION: Mapping[str, Damage] = {
    "a declaration that is a folder": Damage("E002 E003", _declared_by_a_folder),
    "no declaration": Damage("E003", lambda made: _remove(f"0=ocfl_object_{made.specification}")(made)),
    "two declarations": Damage("E003", _declared_twice, "E003 E038"),
    "a declaration without its sign": Damage("E002 E003 E004", _declaration("ocfl_object_{}")),
    "a declaration with another sign": Damage("E002 E003 E004", _declaration("0-ocfl_object_{}")),
    "a declaration of a root": Damage("E003 E006", _declaration("0=ocfl_{}")),
    "a declaration of another tag": Damage("E003 E005", _declaration("1=ocfl_object_{}")),
    "a declaration of a tag that is a word": Damage("E002 E003 E005", _declaration("T=ocfl_object_{}")),
    "a declaration of no known version": Damage("E003 E006", _declaration("0=ocfl_object_0.9")),
    "a declaration of something else": Damage("E003 E006", _declaration("0=another_{}")),
    "a declaration without its new line": Damage("E007", _declaring("ocfl_object_{0}")),
    "a declaration with a Windows line end": Damage("E007", _declaring("ocfl_object_{0}\r\n")),
    "a declaration that says another version": Damage("E007", _declaring("ocfl_object_2.0\n")),
    "a declaration as large as a book": Damage("E007", _declaring("ocfl_object_{0}\n" * 1000)),
}
FOLDERS: Mapping[str, Damage] = {
    "a file in the root": Damage("E001", _write("notes.txt")),
    "a folder in the root": Damage("E001", _folder("notes")),
    "a sidecar of another algorithm in the root": Damage("E001", _write("inventory.json.md5")),
    "logs that are a file": Damage("E001", _write("logs")),
    "extensions that are a file": Damage("E001", _write("extensions")),
    "a version that is a file": Damage("E001", _write("v4")),
    "a folder that is a bare number": Damage("E001 E104", _folder("4"), "E001"),
    "a folder of a version by another word": Damage("E001 E104", _folder("version4"), "E001"),
    "a folder of a version that is no number": Damage("E001 E105", _folder("v0"), "E001"),
    "a folder of half a version": Damage("E001 E105", _folder("v3.5"), "E001"),
    "no versions": Damage("E008 E040 E042 E046 E107", _set("versions", {}), "E008 E040 E042 E046"),
    "a version of number zero": Damage("E009 E046 E105", _zero, "E009 E046"),
    "versions from the second on": Damage("E009", _renamed_versions({"v3": "v4", "v2": "v3", "v1": "v2"})),
    "a gap in the versions": Damage("E010", _renamed_versions({"v3": "v4"})),
    "no folder of a version": Damage("E010 E046", _no_last_folder),
    "zeros in all versions but the last": Damage("E011 E012 E013 W001", _renamed_versions({"v1": "v01", "v2": "v02"})),
    "zeros of two lengths": Damage("E012 E013 W001", _renamed_versions({"v1": "v01", "v2": "v02", "v3": "v003"})),
    "zeros in the last version alone": Damage("E012 E013", _renamed_versions({"v3": "v03"})),
    "a file beside the content": Damage("E015", _write("v2/notes.txt")),
    "a sidecar of another algorithm in a version": Damage("E015", _write("v2/inventory.json.md5")),
    "a sidecar without its inventory in a version": Damage("E015 W010", _remove("v2/inventory.json")),
    "content that is gone with its folder": Damage("E016 E092 E093", lambda made: shutil.rmtree(made.folder / "v2/content")),
    "a file that no inventory names": Damage("E023", _write("v3/content/notes.txt")),
    "an earlier inventory that does not name a file": Damage("E023 E066", lambda made: made.change(_fewer_in_v2, "v2")),
    "an empty folder in the content": Damage("E024", _folder("v2/content/nothing")),
    "an inventory by another name": Damage("E001 E034 E063", _rename("inventory.json", "Inventory.json")),
    "a version that the inventory does not name": Damage("E046", _folder("v4")),
    "a file loose in extensions": Damage("E067", _write("extensions/notes.txt")),
    "an object within the object": Damage("E001 E082", lambda made: MadeObject(made.folder / "inner", made.specification)),
    "a pipe in the content": Damage("E089", lambda made: os.mkfifo(made.folder / "v2/content/pipe")),
    "a file that is a symbolic link": Damage("E090", _soft_link),
    "a folder that is a symbolic link": Damage("E090", lambda made: (made.folder / "logs").symlink_to("v1")),
    "two hard links of one file": Damage("E090", _hard_link),
    "versions with zeros": Damage("W001", _renamed_versions({"v1": "v01", "v2": "v02", "v3": "v03"})),
    "an object beside the content of a version": Damage("E082 W002", lambda made: MadeObject(made.folder / "v1/sub", made.specification)),
    "an object in the content": Damage("E023", lambda made: MadeObject(made.folder / "v1/content/sub", made.specification)),
    "a folder beside the content": Damage("W002", _write("v2/notes/a.txt")),
    "a content folder without content": Damage("W003", _folder("v3/content")),
    "a content folder with an empty folder alone": Damage("W003 E024", _folder("v3/content/nothing")),
    "versions without their inventories": Damage("W010", _only_root),
    "an extension that nobody registered": Damage("W013", _folder("extensions/of-ours")),
}
INVENTORY: Mapping[str, Damage] = {
    "a content directory with a slash": Damage("E017 E108", _set("contentDirectory", "content/deep"), "E017"),
    "a content directory that is a point": Damage("E018", _set("contentDirectory", ".")),
    "a content directory that is two points": Damage("E018", _set("contentDirectory", "..")),
    "a content directory that is empty": Damage("E108", _set("contentDirectory", ""), "E017"),
    "a content directory that is a number": Damage("E108", _set("contentDirectory", 7), "E017"),
    "a content directory set after the first version": Damage("E019", lambda made: made.change(lambda d: d.pop("contentDirectory"), "v1")),
    "a content directory that changes": Damage("E016 E019 E020 E042 W002", _set("contentDirectory", "stuff")),
    "content elsewhere than in content": Damage("E016 E021 E042 W002", _other_content_directory),
    "an algorithm that is no good for content": Damage("E025", _set("digestAlgorithm", "md5")),
    "no algorithm": Damage("E036", _drop("digestAlgorithm")),
    "no identifier": Damage("E036", _drop("id")),
    "no type": Damage("E036", _drop("type")),
    "no head": Damage("E036", _drop("head")),
    "an empty identifier": Damage("E037", _set("id", "")),
    "an identifier that is a number": Damage("E037", _set("id", 7)),
    "another identifier in an earlier version": Damage(
        "E037 E110", lambda made: made.change(lambda d: d.update(id="urn:x:y"), "v1"), "E037"
    ),
    "a type of another specification": Damage("E038", _set("type", "https://ocfl.io/2.0/spec/#inventory")),
    "a type that is a number": Damage("E038", _set("type", 1.1)),
    "a type that is not the declared one": Damage("E038 E103", _declaration_of_the_other, "E038"),
    "digests of another algorithm": Damage("E039 E066 E092", lambda made: made.change(_rekeyed(TWO, digest(b"two\n", "sha256")))),
    "a head that is no version": Damage("E040", _set("head", "3")),
    "a head that is a number": Damage("E040", _set("head", 3)),
    "a head that is not the last": Damage("E040", _set("head", "v2")),
    "a head that is not there": Damage("E040", _set("head", "v4")),
    "an earlier version with the inventory of another": Damage("E023 E040", _first_inventory_in_the_second),
    "no manifest": Damage("E023 E041 E050 E057", _drop("manifest")),
    "a manifest that is a list": Damage("E023 E050 E057 E106", _set("manifest", []), "E023 E041 E050 E057"),
    "no versions block": Damage("E041 E042 E043 E044 E040 E046", _drop("versions"), "E041 E042 E043 E044 E040 E046"),
    "a versions block by another name": Damage(
        "E040 E041 E042 E043 E044 E046 E102", lambda made: made.change(lambda d: d.update(Versions=d.pop("versions")))
    ),
    "versions that are a list": Damage("E040 E042 E045 E046", _set("versions", [])),
    "a version that is no name": Damage(
        "E046 E105", lambda made: made.change(lambda d: d["versions"].update(vx=d["versions"]["v3"])), "E046"
    ),
    "a version without its letter": Damage(
        "E046 E104", lambda made: made.change(lambda d: d["versions"].update({"4": d["versions"]["v3"]})), "E046"
    ),
    "a version that is a text": Damage("E047", lambda made: made.change(lambda d: d["versions"].update(v3="x"))),
    "a version without its date": Damage("E048", _version("created", None)),
    "a version without its state": Damage("E048", _version("state", None)),
    "a key that is not of OCFL": Damage("E102", _set("note", "x")),
    "a key of a version that is not of OCFL": Damage("E102", _version("note", "x")),
    "a key of a person that is not of OCFL": Damage("E102", _user(name="A", address="mailto:a@example.org", orcid="x")),
    "an earlier specification after a later one": Damage("E103", _older_after_newer),
    "content identified by sha256": Damage("W004", _all_in_sha256),
    "an identifier that is no URI": Damage("W005", lambda made: made.everywhere(lambda d: d.update(id="object 1"))),
    "a version without a message": Damage("W007", _version("message", None)),
    "a version without a person": Damage("W007", _version("user", None)),
    "a person without an address": Damage("W008", _user(name="A Person")),
    "an address that is no URI": Damage("W009", _user(name="A Person", address="person@example.org")),
}
JSON: Mapping[str, Damage] = {
    "an inventory that is no JSON": Damage("E033", lambda made: made.raw(lambda data: data[:-1])),
    "an inventory that is empty": Damage("E033", lambda made: made.raw(lambda _: b"")),
    "an inventory that is a list": Damage("E033", lambda made: made.raw(lambda _: b"[]")),
    "an inventory in Latin-1": Damage("E033", lambda made: made.raw(lambda data: data.replace(b"A Person", b"Jos\xe9"))),
    "an inventory in UTF-16": Damage("E033", lambda made: made.raw(lambda data: data.decode().encode("utf-16"))),
    "an inventory with a byte order mark": Damage("E033", lambda made: made.raw(lambda data: b"\xef\xbb\xbf" + data)),
    "an inventory nested without end": Damage("E033", lambda made: made.raw(lambda _: b'{"id":' * 200_000)),
    "lists nested without end": Damage("E033", lambda made: made.raw(lambda _: b"[" * 1_000_000)),
    "a number without end": Damage("E033", lambda made: made.raw(lambda data: data.replace(b"{", b'{"n":' + b"9" * 10_000 + b",", 1))),
    "a number that is none": Damage("E033", lambda made: made.raw(lambda data: data.replace(b"{", b'{"n":NaN,', 1))),
    "a key twice": Damage("E033", lambda made: made.raw(lambda data: data.replace(b"{", b'{"head":"v3",', 1))),
    "a key of a version twice": Damage("E033", _spell('"message": "Version v1"', '"message": "x", "message": "Version v1"')),
    "a digest twice in a state": Damage("E050", _spell('"state": {', f'"state": {{"{ONE}": ["x"],')),
    "a digest twice in the manifest": Damage("E096", _spell('"manifest": {', f'"manifest": {{"{ONE}": ["x"],')),
    "a digest twice in a fixity block": Damage("E097", _spell('"md5": {', f'"md5": {{"{digest(b"one" + bytes([10]), "md5")}": ["x"],')),
    "an algorithm twice in fixity": Damage("E033", _spell('"fixity": {', '"fixity": {"md5": {},')),
}
MANIFEST: Mapping[str, Damage] = {
    "a digest that is no sha512": Damage("E031 E039 E066 E092", lambda made: made.change(_rekeyed(TWO, "z" * 128))),
    "a path with the separators of Windows": Damage("E035 E042 E092", _manifest("v2\\content\\two.txt")),
    "a path outside of the versions": Damage("E042 E092", _manifest("two.txt")),
    "a path outside of the content": Damage("E042 E092", _manifest("v2/other/two.txt")),
    "a path of a version to come": Damage("E042 E092", _manifest("v4/content/two.txt")),
    "a path loose in its version": Damage("E015 E042 E092", _manifest("v2/two.txt")),
    "a path that spells its version otherwise": Damage("E014 E042 E092", _manifest("v02/content/two.txt")),
    "no list of paths": Damage("E023 E057 E092", lambda made: made.change(lambda d: d["manifest"].update({TWO: "v2/content/two.txt"}))),
    "an empty list of paths": Damage("E023 E057 E092", lambda made: made.change(lambda d: d["manifest"].update({TWO: []}))),
    "a file that is not there": Damage("E092", _manifest("v2/content/three.txt")),
    "a file that is not there, of fixity too": Damage("E092 E093", _remove("v1/content/empty")),
    "a changed file": Damage("E092 E093", _write("v1/content/folder/one.txt", b"uno\n")),
    "a changed byte in an empty file": Damage("E092 E093", _write("v1/content/empty", b"\0")),
    "a digest of a file in both cases": Damage("E096", _twice_in_manifest),
    "a path that is a number": Damage("E098", _manifest(7)),
    "a path with a point": Damage("E099", _manifest("v2/content/./two.txt")),
    "a path with two points": Damage("E099", _manifest("v2/content/../two.txt")),
    "a path that leaves the object": Damage("E099", _manifest("../../etc/passwd")),
    "a path with an empty part": Damage("E099", _manifest("v2/content//two.txt")),
    "an empty path": Damage("E099", _manifest("")),
    "an absolute path": Damage("E100", _manifest("/v2/content/two.txt")),
    "a path that ends in a slash": Damage("E100", _manifest("v2/content/two.txt/")),
    "a path twice": Damage("E101", _manifest("v2/content/two.txt")),
    "a path of a file that is a folder too": Damage("E092 E101", _manifest("v2/content/two.txt/three.txt")),
    "a digest that no version uses": Damage("E107", _unused, ""),
}
STATES_: Mapping[str, Damage] = {
    "a date without its zone": Damage("E049", _version("created", "2026-01-03T00:00:00")),
    "a date without seconds": Damage("E049", _version("created", "2026-01-03T00:00Z")),
    "a date without an hour": Damage("E049", _version("created", "2026-01-03")),
    "a day that does not exist": Damage("E049", _version("created", "2026-02-30T00:00:00Z")),
    "a zone that does not exist": Damage("E049", _version("created", "2026-01-03T00:00:00+25:00")),
    "a date that is a number": Damage("E049", _version("created", 2026)),
    "a state that is a list": Damage("E050", _version("state", [])),
    "a state without a list of paths": Damage("E050", _version("state", {TWO: "two.txt"})),
    "a state of a digest that is nowhere": Damage("E050", _version("state", {TWO: ["two.txt"], NEVER: ["never"]})),
    "a state that spells its digest otherwise": Damage("E050", _version("state", {TWO.upper(): ["two.txt"]})),
    "a logical path that is a number": Damage("E051", _state([7])),
    "a logical path with a point": Damage("E052", _state(["./two.txt"])),
    "a logical path with two points": Damage("E052", _state(["a/../two.txt"])),
    "a logical path with an empty part": Damage("E052", _state(["a//two.txt"])),
    "an empty logical path": Damage("E052", _state([""])),
    "a logical path that begins with a slash": Damage("E053", _state(["/two.txt"])),
    "a logical path that ends with a slash": Damage("E053", _state(["two.txt/"])),
    "a person without a name": Damage("E054", _user(address="mailto:a@example.org")),
    "a person who is a text": Damage("E054", _version("user", "A Person")),
    "a person whose name is a number": Damage("E054", _user(name=7, address="mailto:a@example.org")),
    "a person whose name is empty": Damage("E054", _user(name="", address="mailto:a@example.org")),
    "a message that is a number": Damage("E094", _version("message", 7)),
    "a message that is nothing": Damage("E094", lambda made: made.change(lambda d: d["versions"]["v3"].update(message=None))),
    "a logical path twice": Damage("E095", _state(["two.txt", "two.txt"])),
    "a logical path that is a folder too": Damage("E095", _state(["two.txt", "two.txt/three.txt"])),
    "a folder that sorts after its neighbour": Damage("E095", _state(["a", "a.txt", "a-b", "a/b"])),
}
FIXITY: Mapping[str, Damage] = {
    "a fixity block by another word": Damage("E055 E102", lambda made: made.change(lambda d: d.update(checksums=d.pop("fixity")))),
    "a fixity block by another name": Damage("E055 E102", lambda made: made.change(lambda d: d.update(Fixity=d.pop("fixity")))),
    "fixity that is a list": Damage("E111", _fixity([]), "E056"),
    "fixity that is nothing": Damage("E111", _fixity(None), "E056"),
    "fixity of an algorithm that nobody knows": Damage("E026 E056", _fixity({"sha3-256": {}})),
    "fixity of a list of digests": Damage("E057", _fixity({"md5": []})),
    "fixity of one path": Damage("E057", _fixity({"md5": {digest(b"two\n", "md5"): "v2/content/two.txt"}})),
    "fixity of a short digest": Damage("E057", _fixity({"md5": {"abc": ["v2/content/two.txt"]}})),
    "fixity of a file of which the manifest knows nothing": Damage(
        "E023 E057",
        lambda made: (made.write("v3/content/three.txt", b"x"), _fixity({"md5": {digest(b"x", "md5"): ["v3/content/three.txt"]}})(made)),
    ),
    "fixity of a file that is not there": Damage("E057 E093", _fixity({"md5": {digest(b"x", "md5"): ["v3/content/three.txt"]}})),
    "fixity of a path that is a number": Damage("E098", _fixity({"md5": {digest(b"x", "md5"): [7]}})),
    "fixity of a path that leaves the object": Damage("E099", _fixity({"md5": {digest(b"x", "md5"): ["v1/../../x"]}})),
    "fixity of an absolute path": Damage("E100", _fixity({"md5": {digest(b"x", "md5"): ["/v1/content/empty"]}})),
    "fixity of another file": Damage("E093", _fixity({"md5": {digest(b"x", "md5"): ["v2/content/two.txt"]}})),
    "fixity by sha1 of another file": Damage("E093", _fixity({"sha1": {digest(b"x", "sha1"): ["v2/content/two.txt"]}})),
    "fixity by blake2b-256 of another file": Damage("E093", _fixity({"blake2b-256": {"0" * 64: ["v2/content/two.txt"]}})),
    "fixity by size of another file": Damage("E093", _fixity({"size": {"5": ["v2/content/two.txt"]}})),
    "fixity of a size that is no number": Damage("E057", _fixity({"size": {"04": ["v2/content/two.txt"]}})),
    "fixity of a sha1 that is not hexadecimal": Damage("E029 E057", _fixity({"sha1": {"z" * 40: ["v2/content/two.txt"]}})),
    "fixity of a sha256 that is not hexadecimal": Damage("E030 E057", _fixity({"sha256": {"z" * 64: ["v2/content/two.txt"]}})),
    "fixity of a blake2b that is not hexadecimal": Damage("E032 E057", _fixity({"blake2b-512": {"z" * 128: ["v2/content/two.txt"]}})),
    "fixity of a digest in both cases": Damage(
        "E097", _fixity({"md5": {d: ["v2/content/two.txt"] for d in (digest(b"two\n", "md5"), digest(b"two\n", "md5").upper())}})
    ),
    "fixity of an earlier version that is another file's": Damage(
        "E093", lambda made: made.change(lambda d: d.update(fixity={"md5": {digest(b"x", "md5"): ["v1/content/empty"]}}), "v1")
    ),
}
SIDECARS: Mapping[str, Damage] = {
    "no sidecar": Damage("E058", _remove("inventory.json.sha512")),
    "no sidecar in a version": Damage("E058", _remove("v2/inventory.json.sha512")),
    "a sidecar of another algorithm": Damage("E058 E059", _rename("inventory.json.sha512", "inventory.json.sha256")),
    "a sidecar of another algorithm in a version alone": Damage(
        "E058 E059", _rename("v1/inventory.json.sha512", "v1/inventory.json.sha256")
    ),
    "a sidecar of another digest": Damage("E060", _write("inventory.json.sha512", f"{ONE} inventory.json\n".encode())),
    "a sidecar of another digest in a version": Damage("E060", _write("v1/inventory.json.sha512", f"{ONE} inventory.json\n".encode())),
    "a sidecar left from the version before": Damage("E060 E062", _stale_sidecar),
    "a sidecar of the digest alone": Damage("E061", _write("inventory.json.sha512", f"{ONE}\n".encode())),
    "a sidecar of another name": Damage("E061", _write("inventory.json.sha512", f"{ONE} v1/inventory.json\n".encode())),
    "a sidecar of a short digest": Damage("E061", _write("inventory.json.sha512", b"abc inventory.json\n")),
    "a sidecar of two lines": Damage("E061", _write("inventory.json.sha512", f"{ONE} inventory.json\n{ONE} inventory.json\n".encode())),
    "an empty sidecar": Damage("E061", _write("inventory.json.sha512", b"")),
    "a sidecar that is no text": Damage("E061", _write("inventory.json.sha512", b"\xff\xfe inventory.json\n")),
}
HISTORY: Mapping[str, Damage] = {
    "no inventory": Damage("E063", _remove("inventory.json")),
    "a root inventory that is not the last one": Damage(
        "E064", lambda made: made.write_inventory("v3/", made.document("v3") | {"fixity": {}})
    ),
    "an earlier version that the root does not have": Damage("E040 E066", _a_fourth_version_in_the_second),
    "an earlier state with other paths": Damage("E066", lambda made: made.change(_other_state_in_v2, "v2")),
    "an earlier state with other contents": Damage("E066", lambda made: made.change(_swapped_state_in_v2, "v2")),
    "an earlier state by another algorithm with other paths": Damage(
        "E066 W004", lambda made: _sha256_in_the_first(made, other_state=True)
    ),
    "an earlier manifest by another algorithm of other bytes": Damage("E092 W004", lambda made: _sha256_in_the_first(made, wrong=True)),
    "an earlier version by another algorithm": Damage("W004", _sha256_in_the_first),
    "an earlier version with another message": Damage(
        "W011", lambda made: made.change(lambda d: d["versions"]["v1"].update(message="x"), "v2")
    ),
    "an earlier version with another date": Damage(
        "W011", lambda made: made.change(lambda d: d["versions"]["v1"].update(created="2020-01-01T00:00:00Z"), "v1")
    ),
    "an earlier version by another person": Damage(
        "W011", lambda made: made.change(lambda d: d["versions"]["v1"]["user"].update(name="B"), "v1")
    ),
}
DAMAGES: Mapping[str, Damage] = {**DECLARATION, **FOLDERS, **INVENTORY, **JSON, **MANIFEST, **STATES_, **FIXITY, **SIDECARS, **HISTORY}
