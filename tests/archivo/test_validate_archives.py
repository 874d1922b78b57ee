"""`archivo validate` on bags and OCFL that come in a zip or a tar: judged as in a folder, and nothing of what an archive may do harms."""

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest

from preservation.validation import package_archives, package_listing
from tests.archivo.conftest import Command
from tests.preservation.bags_made import MadeBag
from tests.preservation.ocfl_made import MadeObject

FORMS = ("zip", "tar", "gztar", "bztar")


def packed(folder: Path, form: str, *, base: bool = True) -> Path:
    """The folder in an archive, below its own name or spread at the top."""
    target = folder.parent / "packed"
    return Path(shutil.make_archive(str(target), form, folder.parent if base else folder, folder.name if base else None))


def told_of(archivo: Command, path: Path) -> tuple[int, object, list[str]]:
    ran = archivo("validate", path, "--json")
    read = json.loads(ran.out)
    return ran.status, read["standard"], [finding["code"] for finding in read["findings"]]


@pytest.mark.parametrize("base", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_a_bag_and_an_object_are_judged_in_an_archive_as_in_a_folder(archivo: Command, tmp_path: Path, form: str, base: bool) -> None:
    bag, made = MadeBag(tmp_path / "a" / "bag"), MadeObject(tmp_path / "b" / "object")
    assert told_of(archivo, packed(bag.folder, form, base=base)) == (0, "BagIt 1.0", [])
    assert told_of(archivo, packed(made.folder, form, base=base)) == told_of(archivo, made.folder)
    bag.write("data/one.txt", b"owt\n")
    (made.folder / "v1/content").rename(made.folder / "v1/odd")
    for folder in (bag.folder, made.folder):
        in_folder = told_of(archivo, folder)
        assert in_folder[0] == 1
        assert told_of(archivo, packed(folder, form, base=base)) == in_folder


def test_a_root_is_judged_in_an_archive(archivo: Command, tmp_path: Path) -> None:
    root = tmp_path / "root"
    MadeObject(root / "urn_example_object")
    (root / "0=ocfl_1.1").write_bytes(b"ocfl_1.1\n")
    assert told_of(archivo, packed(root, "tar")) == told_of(archivo, root)


def test_entries_that_lead_outside_or_are_links_are_told_and_not_read(archivo: Command, tmp_path: Path) -> None:
    bag = MadeBag(tmp_path / "bag")
    path = packed(bag.folder, "tar")
    with tarfile.open(path, "a") as archive:
        escaping = tarfile.TarInfo("../outside.txt")
        archive.addfile(escaping, io.BytesIO())
        link = tarfile.TarInfo("bag/data/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert told_of(archivo, path) == (1, "BagIt 1.0", ["archive.escape", "archive.link"])
    told = json.loads(archivo("validate", path, "--json").out)["findings"]
    assert [(each["standard"], each["paragraph"]) for each in told] == [
        ("ZIP, TAR", "APPNOTE 4.4.17; POSIX pax, path"),
        ("Este programa", "límites de lectura"),
    ]


def test_a_damaged_entry_is_told(archivo: Command, tmp_path: Path) -> None:
    bag = MadeBag(tmp_path / "bag")
    path = tmp_path / "bag.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(bag.folder.rglob("*")):
            archive.write(each, each.relative_to(tmp_path))
    path.write_bytes(path.read_bytes().replace(b"two\n", b"owt\n", 1))
    assert told_of(archivo, path) == (1, "BagIt 1.0", ["bagit.unreadable"])


@pytest.mark.parametrize("form", ["zip", "gztar"])
def test_an_archive_that_is_no_package_is_not_recognised(archivo: Command, tmp_path: Path, form: str) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/one.txt").write_text("uno")
    assert told_of(archivo, packed(tmp_path / "papers", form)) == (1, None, ["unrecognised"])


def test_what_is_compressed_and_no_tar_is_not_unpacked(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(1 << 24)))
    spooled: list[int] = []

    def told() -> IO[bytes]:
        file = TemporaryFile()  # noqa: SIM115  # who asks for it closes it
        monkeypatch.setattr(file, "write", lambda piece: spooled.append(len(piece)), raising=False)
        return file

    monkeypatch.setattr(package_archives, "TemporaryFile", told)
    assert told_of(archivo, path) == (1, None, ["unrecognised"])
    assert spooled == []


def test_folders_nested_without_end_are_refused(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_listing, "LONGEST_FOLDERS", 1 << 20)
    path = tmp_path / "deep.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bag/bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        archive.writestr("bag/data/" + "a/" * 1_900 + "one", b"")
    assert told_of(archivo, path)[2] == ["archive.too_many"]


def test_a_compressed_tar_that_unpacks_to_too_much_is_refused(archivo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preservation.validation.package_archives.ALWAYS_READ", 1 << 16)
    bag = MadeBag(tmp_path / "bag")
    bag.add("data/zeros", bytes(1 << 24))
    path = packed(bag.folder, "gztar")
    assert told_of(archivo, path) == (1, None, ["archive.bomb"])
    told = json.loads(archivo("validate", path, "--json").out)["findings"]
    assert [(each["standard"], each["paragraph"]) for each in told] == [("Este programa", "límites de lectura")]
