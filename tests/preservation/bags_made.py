"""A good bag, written here word for word as RFC 8493 has it, to be damaged in one way at a time."""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

PAYLOAD = {"data/one.txt": b"one\n", "data/folder/two.txt": b"two\n"}


def digest(data: bytes, algorithm: str = "sha512") -> str:
    return hashlib.new(algorithm, data).hexdigest()


class MadeBag:
    """A bag of two files; `seal` writes the tag manifest anew after a change that is not the damage itself."""

    def __init__(self, folder: Path, version: str = "1.0") -> None:
        self.folder, self.version = folder, version
        self.write("bagit.txt", f"BagIt-Version: {version}\nTag-File-Character-Encoding: UTF-8\n".encode())
        self.write("bag-info.txt", b"Contact-Name: A Person\nContact-Name: Another\nBagging-Date: 2026-01-02\nPayload-Oxum: 8.2\n")
        for path, data in PAYLOAD.items():
            self.write(path, data)
        self.write("manifest-sha512.txt", "".join(f"{digest(data)}  {path}\n" for path, data in PAYLOAD.items()).encode())
        self.seal()

    def seal(self) -> None:
        names = [path.name for path in sorted(self.folder.glob("*.txt")) if not path.name.startswith("tagmanifest-")]
        lines = [f"{digest((self.folder / name).read_bytes())}  {name}\n" for name in names]
        (self.folder / "tagmanifest-sha512.txt").write_bytes("".join(lines).encode())

    def write(self, path: str, data: bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def add(self, path: str, data: bytes, listed: str | None = None) -> None:
        """A payload file more, listed as itself or otherwise, and no Payload-Oxum."""
        self.write(path, data)
        self.line(f"{digest(data)}  {listed or path}")

    def line(self, line: str) -> None:
        """A line more in the payload manifest, and no Payload-Oxum."""
        with (self.folder / "manifest-sha512.txt").open("ab") as file:
            file.write(line.encode() + b"\n")
        self.write("bag-info.txt", b"Contact-Name: A Person\n")
        self.seal()

    def more_tags(self, line: str) -> None:
        """A line more in the tag manifest."""
        with (self.folder / "tagmanifest-sha512.txt").open("a") as file:
            file.write(line)

    def tag(self, path: str, data: bytes) -> None:
        """Write a tag file, sealed."""
        self.write(path, data)
        self.seal()


class BagDamage(NamedTuple):
    """The codes, without `bagit.`, that must be told for version 1.0, and for 0.97 where they differ."""

    codes: str
    do: Callable[[MadeBag], object]
    codes_in_0_97: str | None = None


def _declaration(text: str | bytes) -> Callable[[MadeBag], object]:
    """Another bagit.txt; `{}` stands for the version."""
    return lambda made: made.tag("bagit.txt", text if isinstance(text, bytes) else text.replace("{}", made.version).encode())


def _info(text: str) -> Callable[[MadeBag], object]:
    return lambda made: made.tag("bag-info.txt", text.encode())


def _tag(path: str, data: bytes) -> Callable[[MadeBag], object]:
    return lambda made: made.tag(path, data)


def _line(line: str) -> Callable[[MadeBag], object]:
    return lambda made: made.line(line)


def _listed(path: str) -> Callable[[MadeBag], object]:
    return lambda made: made.line(f"{digest(b'x')}  {path}")


def _fetch(line: str) -> Callable[[MadeBag], object]:
    return lambda made: made.tag("fetch.txt", f"{line}\n".encode())


def _removed(path: str) -> Callable[[MadeBag], object]:
    return lambda made: (made.folder / path).unlink()


def _unlisted(made: MadeBag) -> None:
    made.write("data/three.txt", b"three")
    made.tag("bag-info.txt", b"Contact-Name: A Person\n")


def _pending(made: MadeBag) -> None:
    (made.folder / "data/one.txt").unlink()
    made.tag("fetch.txt", b"https://example.org/one.txt 4 data/one.txt\n")


def _second_manifest(made: MadeBag) -> None:
    made.tag("manifest-sha256.txt", f"{digest(PAYLOAD['data/one.txt'], 'sha256')}  data/one.txt\n".encode())


def _md5_alone(made: MadeBag) -> None:
    (made.folder / "manifest-sha512.txt").unlink()
    made.tag("manifest-md5.txt", "".join(f"{digest(data, 'md5')}  {path}\n" for path, data in PAYLOAD.items()).encode())


def _no_manifest(made: MadeBag) -> None:
    (made.folder / "manifest-sha512.txt").unlink()
    made.seal()


def _no_payload(made: MadeBag) -> None:
    for path in sorted((made.folder / "data").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (made.folder / "data").rmdir()
    made.write("bag-info.txt", b"Contact-Name: A Person\n")
    made.tag("manifest-sha512.txt", b"")


def _link(made: MadeBag) -> None:
    (made.folder / "data/one.txt").unlink()
    (made.folder / "data/one.txt").symlink_to("/etc/hostname")
    made.tag("bag-info.txt", b"Contact-Name: A Person\n")


def _renamed_manifest(made: MadeBag) -> None:
    (made.folder / "manifest-sha512.txt").rename(made.folder / "manifest-SHA-512.txt")
    made.seal()


NFC, NFD = (unicodedata.normalize(form, "data/Núñez.txt") for form in ("NFC", "NFD"))


def _unicode_twins(made: MadeBag) -> None:
    made.add(NFC, b"composed")
    made.add(NFD, b"decomposed")


def _changed_by_another_form(made: MadeBag) -> None:
    made.write(NFC, b"4")
    made.line(f"{digest(b'3')}  {NFD}")


def _case_twins(made: MadeBag) -> None:
    made.add("data/ONE.txt", b"another")


def _payload_that_is_a_file(made: MadeBag) -> None:
    _no_payload(made)
    made.write("data", b"one")


def _tag_manifest_without(name: str) -> Callable[[MadeBag], None]:
    """The tag manifest without the line of a file."""

    def do(made: MadeBag) -> None:
        path = made.folder / "tagmanifest-sha512.txt"
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.endswith(f"  {name}\n")))

    return do


DAMAGES: Mapping[str, BagDamage] = {
    "no declaration": BagDamage("declaration_missing file_missing", _removed("bagit.txt")),
    "a declaration with a byte order mark": BagDamage(
        "declaration_bom", _declaration(b"\xef\xbb\xbfBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    ),
    "a declaration in Latin-1": BagDamage("declaration_encoding", _declaration(b"BagIt-Version: 1.0\nTag-File-Character-Encoding: \xf1\n")),
    "an empty declaration": BagDamage("declaration_lines", _declaration("")),
    "a declaration without its encoding": BagDamage("declaration_lines", _declaration("BagIt-Version: {}\n")),
    "a declaration in the other order": BagDamage(
        "declaration_lines", _declaration("Tag-File-Character-Encoding: UTF-8\nBagIt-Version: {}\n")
    ),
    "a declaration of three lines": BagDamage(
        "declaration_lines", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding: UTF-8\nMore: x\n")
    ),
    "a declaration with a blank line": BagDamage(
        "declaration_lines", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding: UTF-8\n\n"), "declaration_spaces_old"
    ),
    "a space before the colon": BagDamage(
        "declaration_spaces", _declaration("BagIt-Version : {}\nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "no space after the colon": BagDamage(
        "declaration_spaces", _declaration("BagIt-Version:{}\nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "two spaces after the colon": BagDamage(
        "declaration_spaces", _declaration("BagIt-Version:  {}\nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "a tab after the colon": BagDamage(
        "declaration_spaces", _declaration("BagIt-Version:\t{}\nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "a space at the end": BagDamage(
        "declaration_spaces", _declaration("BagIt-Version: {} \nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "a space at the beginning": BagDamage(
        "declaration_spaces", _declaration(" BagIt-Version: {}\nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "a space before the colon of the encoding": BagDamage(
        "declaration_spaces", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding : UTF-8\n"), "declaration_spaces_old"
    ),
    "a label in other letters": BagDamage(
        "declaration_spaces", _declaration("bagit-version: {}\nTag-File-Character-Encoding: UTF-8\n"), "declaration_spaces_old"
    ),
    "a version that is no number": BagDamage("version", _declaration("BagIt-Version: .97\nTag-File-Character-Encoding: UTF-8\n")),
    "a version to come": BagDamage("version", _declaration("BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n")),
    "an old version": BagDamage("version_old", _declaration("BagIt-Version: 0.96\nTag-File-Character-Encoding: UTF-8\n")),
    "an encoding that nobody knows": BagDamage("encoding", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding: UTF-99\n")),
    "an encoding that is none of text": BagDamage("encoding", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding: zip\n")),
    "an encoding of Python alone": BagDamage("encoding", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding: unicode_escape\n")),
    "tag files in Latin-1": BagDamage("encoding_not_utf8", _declaration("BagIt-Version: {}\nTag-File-Character-Encoding: ISO-8859-1\n")),
    "no payload": BagDamage("payload_missing", _no_payload),
    "a payload that is a file": BagDamage("payload_not_folder", _payload_that_is_a_file),
    "a tag manifest that omits a payload manifest": BagDamage("tag_lacks_manifest", _tag_manifest_without("manifest-sha512.txt"), ""),
    "a tag manifest that omits another tag file": BagDamage("", _tag_manifest_without("bag-info.txt")),
    "no manifest": BagDamage("file_unlisted manifest_missing", _no_manifest),
    "a manifest of an unknown algorithm": BagDamage(
        "algorithm", _tag("manifest-tiger.txt", b"".join(f"aa  {path}\n".encode() for path in PAYLOAD))
    ),
    "a manifest by a name in capitals": BagDamage("manifest_name", _renamed_manifest),
    "two manifests of one algorithm": BagDamage(
        "case_twins manifest_name two_manifests",
        lambda made: made.tag("manifest-SHA512.txt", (made.folder / "manifest-sha512.txt").read_bytes()),
    ),
    "manifests of md5 alone": BagDamage("weak_algorithm", _md5_alone),
    "a tag file that is not in UTF-8": BagDamage("tag_encoding", _tag("bag-info.txt", b"Contact-Name: Jos\xe9\n")),
    "a manifest with a byte order mark": BagDamage(
        "tag_bom", lambda made: made.tag("manifest-sha512.txt", b"\xef\xbb\xbf" + (made.folder / "manifest-sha512.txt").read_bytes())
    ),
    "a line that is none of a manifest": BagDamage("line", _line("nothing")),
    "a digest that is too short": BagDamage("digest_form listed_twice_differing", _line("abc  data/one.txt")),
    "a path with two points": BagDamage("path_escapes", _listed("../../etc/passwd")),
    "a path with two points inside": BagDamage("path_escapes", _listed("data/../../etc/passwd")),
    "a path with two points encoded": BagDamage("path_escapes", _listed("data/%2e%2e/%2E%2E/etc/passwd")),
    "a path with two points of Windows": BagDamage("path_escapes", _listed("data\\..\\..\\x")),
    "an absolute path": BagDamage("path_absolute", _listed("/etc/passwd")),
    "a path of a drive": BagDamage("path_absolute", _listed("C:\\Windows\\x")),
    "a path of a server": BagDamage("path_absolute", _listed("\\\\server\\share\\x")),
    "a path of a home": BagDamage("path_home", _listed("~/x")),
    "a path of somebody's home": BagDamage("path_home", _listed("~root/x")),
    "a path of a variable of Windows": BagDamage("path_variable", _listed("%HomeDrive%\\x")),
    "a path of a variable": BagDamage("path_variable", _listed("$HOME/x")),
    "a path with the separators of Windows": BagDamage("file_missing path_backslash", _listed("data/folder\\three.txt")),
    "a path with a null": BagDamage("path_form", _listed("data/a\0b")),
    "a path outside of the payload": BagDamage("path_outside", _listed("bagit.txt")),
    "a path of the payload in the tag manifest": BagDamage(
        "tag_lists_payload",
        lambda made: made.more_tags(f"{digest(PAYLOAD['data/one.txt'])}  data/one.txt\n"),
    ),
    "a tag manifest in a tag manifest": BagDamage(
        "digest tag_lists_tag_manifest",
        lambda made: made.more_tags(f"{digest(b'')}  tagmanifest-sha512.txt\n"),
        "digest",
    ),
    "a file twice": BagDamage("listed_twice", _line(f"{digest(PAYLOAD['data/one.txt'])}  data/one.txt"), "listed_twice_old"),
    "a file twice with two digests": BagDamage("listed_twice_differing", _line(f"{digest(b'x')}  data/one.txt")),
    "a file that is not there": BagDamage("file_missing oxum", _removed("data/one.txt")),
    "a tag file that is not there": BagDamage("file_missing", _removed("bag-info.txt")),
    "a file that no manifest lists": BagDamage("file_unlisted", _unlisted),
    "a file that one manifest does not list": BagDamage("file_unlisted_somewhere", _second_manifest, "file_unlisted_somewhere_old"),
    "a changed file": BagDamage("digest", lambda made: made.write("data/one.txt", b"uno\n")),
    "a changed tag file": BagDamage("digest", lambda made: made.write("bag-info.txt", b"Contact-Name: B\n")),
    "a changed manifest": BagDamage(
        "digest", lambda made: made.write("manifest-sha512.txt", (made.folder / "manifest-sha512.txt").read_bytes() + b"\n")
    ),
    "an element without its colon": BagDamage("info_line", _info("Contact-Name\n")),
    "an element without a space": BagDamage("info_spaces", _info("Contact-Name:A\n"), "info_spaces_old"),
    "an element with a space before its colon": BagDamage("info_spaces", _info("Contact-Name : A\n"), "info_spaces_old"),
    "two sums of the payload": BagDamage("oxum_repeated", _info("Payload-Oxum: 8.2\npayload-oxum: 8.2\n"), "oxum_repeated_old"),
    "a sum of the payload that is none": BagDamage("oxum_form", _info("Payload-Oxum: 8 bytes\n")),
    "another sum of the payload": BagDamage("oxum", _info("Payload-Oxum: 9.2\n")),
    "another count of the payload": BagDamage("oxum", _info("Payload-Oxum: 8.3\n")),
    "a date that is none": BagDamage("info_date", _info("Bagging-Date: 2026-02-30\n")),
    "a line that is none of a file to fetch": BagDamage("fetch_line", _fetch("https://example.org/one.txt data/one.txt")),
    "a tag file to fetch": BagDamage("fetch_tag_file", _fetch("https://example.org/x - bag-info.txt")),
    "a file to fetch that no manifest lists": BagDamage(
        "fetch_pending fetch_unlisted", _fetch("https://example.org/x - data/x"), "fetch_pending fetch_unlisted_old"
    ),
    "a file to fetch outside of the bag": BagDamage("path_escapes", _fetch("https://example.org/x - ../../x")),
    "a file to fetch to a home": BagDamage("path_home", _fetch("https://example.org/x - ~/x")),
    "a file still to fetch": BagDamage("fetch_pending", _pending),
    "a file fetched in another size": BagDamage("fetch_size", _fetch("https://example.org/one.txt 5 data/one.txt")),
    "a symbolic link": BagDamage("file_missing link", _link),
    "a pipe": BagDamage("special", lambda made: os.mkfifo(made.folder / "data/pipe")),
    "a path with a point before it": BagDamage("path_dot_slash", lambda made: made.add("data/three.txt", b"3", "./data/three.txt")),
    "a bare percent sign": BagDamage("path_percent", lambda made: made.add("data/100%.txt", b"3"), ""),
    "a star of md5sum": BagDamage("md5sum_star", lambda made: made.add("data/three.txt", b"3", "*data/three.txt")),
    "two files that differ in case": BagDamage("case_twins", _case_twins),
    "two files that look the same": BagDamage("unicode_twins", _unicode_twins),
    "a file by another case": BagDamage("file_by_other_case", lambda made: made.add("data/Three.txt", b"3", "data/three.TXT")),
    "a file by another form": BagDamage("file_by_other_form", lambda made: made.add(NFC, b"3", NFD)),
    "a file by another form that changed": BagDamage("digest file_by_other_form", _changed_by_another_form),
    "a file of the system": BagDamage("system_file", lambda made: made.add("data/Thumbs.db", b"3")),
    "a file of the system that is gone": BagDamage("system_file_missing", _line(f"{digest(b'')}  data/.DS_Store")),
    "a file of the system that is gone with its bytes": BagDamage("file_missing", _line(f"{digest(b'x')}  data/.DS_Store")),
    "an empty folder": BagDamage("empty_folder", lambda made: (made.folder / "data/nothing").mkdir()),
}
