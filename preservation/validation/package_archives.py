"""Packages in archives: zip, and tar plain or compressed. Nothing is unpacked; an archive made to harm its reader is refused."""

import bz2
import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO, Final, cast

from preservation.fixity import CHUNK
from preservation.validation.package_listing import Listing, Oddity, PackageRefused, safe_path

MOST_RATIO: Final = 200
ALWAYS_READ: Final = 1 << 30
"""Bytes that an archive may unpack to whatever its own size; beyond, MOST_RATIO times its size."""
LONGEST_DIRECTORY: Final = 256 << 20
"""Bytes of the directory of a zip, which is read whole: some two million entries."""
_LONGEST_READ: Final = 8 << 20
_TAIL: Final = 1 << 17
_SHOWN: Final = 4096
_BLOCK: Final = 512
_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"


class _Zip(Listing):
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        super().__init__("")
        self._archive = archive
        allowed = _allowed(path)
        for entry in archive.infolist():
            allowed -= entry.file_size
            if allowed < 0:
                raise PackageRefused("bomb", path.name)
            where = safe_path(entry.orig_filename)
            mode = entry.external_attr >> 16
            if where is None:
                self.oddities.append(Oddity("escape", entry.orig_filename[:_SHOWN]))
            elif stat.S_ISLNK(mode):
                self.oddities.append(Oddity("link", where))
            elif entry.is_dir():
                self.folders.add(where)
            elif entry.flag_bits & 1:
                self.oddities.append(Oddity("encrypted", where))
            else:
                self.take(where, entry.file_size, entry)
        self.folders.discard("")
        self.settle()

    def open(self, path: str) -> BinaryIO:
        try:
            return cast(BinaryIO, _Whole(self._archive.open(cast(zipfile.ZipInfo, self.entries[path]))))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
            raise OSError(str(error)) from error


class _Whole:
    """A member's stream whose damages are OSError, whatever the library calls them."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> "_Whole":
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


@contextmanager
def zip_files(path: Path) -> Iterator[Listing]:
    """The package in a zip. PackageRefused if it is none, or would unpack beyond bounds."""
    if _directory_size(path) > LONGEST_DIRECTORY:
        raise PackageRefused("too_many", path.name)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise PackageRefused("unreadable", str(error)) from error
    with archive:
        yield _Zip(path, archive)


def _directory_size(path: Path) -> int:
    """Bytes of the central directory as the end of the file announces them (APPNOTE 4.3.14 and 4.3.16); 0 where it announces nothing."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    long, short = tail.rfind(b"PK\x06\x06"), tail.rfind(b"PK\x05\x06")
    if long >= 0:
        return int.from_bytes(tail[long + 40 : long + 48], "little")
    return int.from_bytes(tail[short + 12 : short + 16], "little") if short >= 0 else 0


class _Measured:
    """A seekable stream that refuses one huge read (a header that would fill the memory) and all reading beyond a size."""

    def __init__(self, source: IO[bytes], allowed: int) -> None:
        self._source = source
        self._allowed = allowed

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _LONGEST_READ or self._source.tell() > self._allowed:
            raise PackageRefused("bomb", str(size))
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset > self._allowed:
            raise PackageRefused("bomb", str(offset))
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


class _Tar(Listing):
    def __init__(self, archive: tarfile.TarFile) -> None:
        super().__init__("")
        self._archive = archive
        for entry in archive:
            where = safe_path(entry.name)
            if where is None:
                self.oddities.append(Oddity("escape", entry.name[:_SHOWN]))
            elif entry.issym() or entry.islnk():
                self.oddities.append(Oddity("link", where))
            elif entry.isdir():
                self.folders.add(where)
            elif entry.isreg():
                self.take(where, entry.size, entry)
            else:
                self.oddities.append(Oddity("special", where))
            archive.members = []  # type: ignore[attr-defined] # tarfile would keep every member for look-ups that are not made
        self.folders.discard("")
        self.settle()

    def open(self, path: str) -> BinaryIO:
        entry = cast(tarfile.TarInfo, self.entries[path])
        source = self._archive.extractfile(entry)
        assert source is not None
        return cast(BinaryIO, _Whole(source))


@contextmanager
def tar_files(path: Path, start: bytes, *, at_random: bool) -> Iterator[Listing]:
    """The package in a tar that begins with these 512 bytes; `at_random` as for PackageFiles. PackageRefused as for a zip."""
    with _unpacked(path, start) as compressed, TemporaryFile() as spool:
        is_spooled = at_random and start.startswith((_GZIP, _BZIP2))
        source = _spooled(compressed, spool, _allowed(path)) if is_spooled else compressed
        try:
            files = _Tar(tarfile.TarFile(fileobj=cast(IO[bytes], _Measured(source, _allowed(path))), errorlevel=1))
        except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
            raise PackageRefused("unreadable", str(error)) from error
        yield files


def _unpacked(path: Path, start: bytes) -> IO[bytes]:
    if start.startswith(_GZIP):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(_BZIP2):
        return cast(IO[bytes], bz2.open(path))
    if len(start) == _BLOCK:
        return path.open("rb")
    raise PackageRefused("unreadable", path.name)


def _spooled(source: IO[bytes], spool: IO[bytes], allowed: int) -> IO[bytes]:
    """The bytes of a tar, kept where they can be read in any order. OSError where there is no room for them."""
    for piece in _tar_pieces(source):
        allowed -= len(piece)
        if allowed < 0:
            raise PackageRefused("bomb", str(allowed))
        spool.write(piece)
    spool.seek(0)
    return spool


def _tar_pieces(source: IO[bytes]) -> Iterator[bytes]:
    try:
        first = source.read(_BLOCK)
        tarfile.TarInfo.frombuf(first, tarfile.ENCODING, "surrogateescape")
        yield first
        while piece := source.read(CHUNK):
            yield piece
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise PackageRefused("unreadable", str(error)) from error


def _allowed(path: Path) -> int:
    return max(ALWAYS_READ, MOST_RATIO * path.stat().st_size)
