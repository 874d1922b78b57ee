"""Packages in folders, zips and tars: read alike, and what an archive may do to its reader is refused or told."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from preservation.package_sinks import Form
from preservation.validation.eark import is_package, validate_package
from preservation.validation.package_files import opened
from preservation.validation.package_listing import PackageRefused
from tests.preservation.eark_made import copied, made


def tarred(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload] # the mode is one of the plain or compressed ones
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def zipped(path: Path, members: list[tuple[str, bytes]], mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


def codes(path: Path) -> set[str]:
    return {finding.code for finding in validate_package(path).findings}


@pytest.mark.parametrize("form", Form)
def test_a_package_is_the_same_in_every_form(tmp_path: Path, form: Form) -> None:
    with opened(made(tmp_path, form=form)) as files:
        assert files.name == "package-1"
        assert files.tops == ("package-1",)
        assert files.sizes["representations/original/data/acta.txt"] == 4
        assert "representations/original/data/años" in files.folders
        assert not files.oddities
        path = "representations/original/data/años/1936 (1).txt"
        with files.open(path) as file:
            assert file.read() == b"otra"
        assert sorted(files.ordered(["METS.xml", path, "no está"])) == ["METS.xml", path]


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2"])
def test_a_compressed_tar_is_read_too(tmp_path: Path, mode: str) -> None:
    package = made(tmp_path)
    with tarfile.open(tmp_path / "package.tar", mode) as archive:  # type: ignore[call-overload] # as above
        archive.add(package, package.name)
    assert validate_package(tmp_path / "package.tar").findings == ()


@pytest.mark.parametrize("form", Form)
def test_damage_is_found_in_every_form(tmp_path: Path, form: Form) -> None:
    package = made(tmp_path, form=form)
    if form is Form.FOLDER:
        (package / "documentation/LEAME.txt").write_bytes(b"x")
        assert "CSIP69" in codes(package)
        return
    data = bytearray(package.read_bytes())
    at = data.index("CÓMO LEER".encode())
    data[at : at + 1] = b"c"
    package.write_bytes(data)
    assert "CSIP71" in codes(package) or "CSIP79" in codes(package)


@pytest.mark.parametrize("name", ["../fuera.txt", "/etc/fuera.txt", "a/../../fuera.txt", "C:fuera.txt", "a\\..\\fuera.txt"])
def test_an_entry_that_leads_outside_is_told_and_not_read(tmp_path: Path, name: str) -> None:
    for path in (tarred(tmp_path / "a.tar", [(member(name), b"x")]), zipped(tmp_path / "a.zip", [(name, b"x")])):
        with opened(path) as files:
            assert [oddity.reason for oddity in files.oddities] == ["escape"]
            assert not files.sizes
        assert "archive.escape" in codes(path)


@pytest.mark.parametrize(
    ("kind", "reason"), [(tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "link"), (tarfile.FIFOTYPE, "special"), (tarfile.CHRTYPE, "special")]
)
def test_links_and_devices_of_a_tar_are_told_and_not_followed(tmp_path: Path, kind: bytes, reason: str) -> None:
    path = tarred(tmp_path / "a.tar", [(member("p/a", kind, "/etc/passwd"), b"")])
    with opened(path) as files:
        assert [(oddity.reason, oddity.path) for oddity in files.oddities] == [(reason, "p/a")]
    assert f"archive.{reason}" in codes(path)


def test_a_link_of_a_zip_or_a_folder_is_told_and_not_followed(tmp_path: Path) -> None:
    assert "archive.link" in codes(zipped(tmp_path / "a.zip", [("p/a", b"/etc/passwd")], 0o120777))
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "outside").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    with opened(folder) as files:
        assert {(oddity.reason, oddity.path) for oddity in files.oddities} == {("link", "outside"), ("special", "pipe")}
        assert not files.sizes


def test_two_entries_of_one_name_are_told(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "a.zip", [("p/a", b"1"), ("p/a", b"2")])
    for archive in (path, tarred(tmp_path / "a.tar", [(member("p/a"), b"1"), (member("p/a"), b"2")])):
        assert "archive.twice" in codes(archive)


def test_an_encrypted_entry_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [("p/METS.xml", b"<x/>")])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert {"archive.encrypted", "CSIPSTR4"} <= codes(path)


def test_a_zip_that_would_unpack_to_far_more_than_it_weighs_is_not_opened(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [("p/METS.xml", b"<x/>")])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (0xFFFFFF00).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(PackageRefused, match="bomb"), opened(path):
        pass
    assert "archive.bomb" in codes(path)


def test_a_tar_whose_header_would_fill_the_memory_is_not_opened(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10240)
    assert "archive.bomb" in codes(path)


def test_a_compressed_tar_that_unpacks_without_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preservation.validation.package_archives.ALWAYS_READ", 1 << 20)
    entry = member("p/a")
    entry.size = 1 << 34
    with gzip.open(tmp_path / "a.tar.gz", "wb") as archive:
        archive.write(entry.tobuf())
        archive.write(b"\0" * (4 << 20))
    assert "archive.bomb" in codes(tmp_path / "a.tar.gz")


def test_more_files_than_are_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preservation.validation.package_listing.MOST_FILES", 3)
    assert "archive.too_many" in codes(made(tmp_path))


def test_a_zip_whose_directory_would_fill_the_memory_is_not_opened(tmp_path: Path) -> None:
    path = made(tmp_path, form=Form.ZIP)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x05\x06") + 12
    data[at : at + 4] = (0xF0000000).to_bytes(4, "little")
    path.write_bytes(data)
    assert codes(path) == {"archive.too_many"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"nada", b"\x1f\x8bnada", b"BZh9nada", b"%PDF-1.7\n" + b"x" * 600])
def test_what_is_no_archive_is_no_package(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    assert not is_package(path)
    assert codes(path) == {"archive.unreadable"}


@pytest.mark.parametrize("form", [Form.TAR, Form.ZIP])
def test_a_truncated_archive_is_told_and_never_crashes(tmp_path: Path, form: Form) -> None:
    whole = made(tmp_path, form=form).read_bytes().rstrip(b"\0")
    for length in range(0, len(whole), len(whole) // 40):
        path = tmp_path / "cut"
        path.write_bytes(whole[:length])
        assert not validate_package(path).valid


def test_an_archive_of_two_folders_is_refused(tmp_path: Path) -> None:
    package = made(tmp_path)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(tmp_path))
        archive.writestr("otra/nota.txt", b"x")
    report = validate_package(path)
    assert not report.valid
    assert {finding.code for finding in report.findings} == {"CSIPSTR1"}


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    package = made(tmp_path, form=Form.ZIP)
    data = bytearray(package.read_bytes())
    at = data.index(b"hola")
    data[at : at + 4] = b"hora"
    package.write_bytes(data)
    assert "CSIP79" in codes(package)


def test_a_package_is_known_by_its_marks(tmp_path: Path) -> None:
    package = made(tmp_path)
    assert is_package(package)
    bare = copied(package, tmp_path / "bare")
    (bare / "METS.xml").unlink()
    assert is_package(bare)
    assert not is_package(tmp_path)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "METS.xml").write_bytes((package / "METS.xml").read_bytes())
    assert is_package(alone)
    filled = tmp_path / "filled"
    (filled / "representations/one/data").mkdir(parents=True)
    assert is_package(filled)
    other = tmp_path / "other"
    other.mkdir()
    (other / "METS.xml").write_text("<mets/>")
    assert not is_package(other)
