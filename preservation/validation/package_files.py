"""The files of an information package, in a folder, a zip or a tar, seen alike; what an archive may do to its reader is refused or told."""

import bz2
import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol, cast

from preservation.validation.trees import FolderTree, Kind, Unreadable

MOST_FILES: Final = 2_000_000
MOST_RATIO: Final = 200
ALWAYS_READ: Final = 1 << 30
"""Bytes that an archive may unpack to whatever its own size; beyond, MOST_RATIO times its size."""
_LONGEST_READ: Final = 8 << 20
_LONGEST_PATH: Final = 4096


class PackageRefused(Exception):
    """A package that is not read. `reason`: `unreadable` (not such an archive, or damaged), `bomb` or `too_many`; `detail` says more."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Oddity:
    """An entry that is not read. `reason`: `escape` (leads outside), `link`, `special` (a device or pipe), `twice` (two entries of one
    name), `encrypted`; `path` as it stands there.
    """

    reason: str
    path: str


class PackageFiles(Protocol):
    """The regular files of a package by their path relative to its root folder, with `/`.

    `name` is the root folder's; `tops` are the names at the top of an archive (one, the root folder, in a package that keeps CSIPSTR1);
    `sizes` in bytes; `folders` also the empty ones. What is in `oddities` is in neither.
    """

    @property
    def name(self) -> str: ...
    @property
    def tops(self) -> tuple[str, ...]: ...
    @property
    def sizes(self) -> dict[str, int]: ...
    @property
    def folders(self) -> set[str]: ...
    @property
    def oddities(self) -> list[Oddity]: ...
    def open(self, path: str) -> BinaryIO:
        """One file, to be closed. KeyError if it is none of `sizes`; OSError if it cannot be read to its end."""
        ...

    def ordered(self, paths: Collection[str]) -> Iterator[str]:
        """Those of these paths that are there, in the order in which they are quickest to read."""
        ...


def opened(path: Path) -> AbstractContextManager[PackageFiles]:
    """The package at a path: a folder (links in it are not followed), a zip, or a tar, plain or compressed with gzip or bzip2.

    PackageRefused for what is none of them, or would unpack beyond bounds.
    """
    if path.is_dir():
        return _folder(path)
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise PackageRefused("unreadable", str(error.strerror)) from error
    if start.startswith(b"PK"):
        return _zip(path)
    return _tar(path, start)


class _Files:
    """What the three kinds share: names sorted into files, folders and oddities, below the one folder at their top."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tops: tuple[str, ...] = ()
        self.sizes: dict[str, int] = {}
        self.folders: set[str] = set()
        self.oddities: list[Oddity] = []
        self.entries: dict[str, object] = {}

    def open(self, path: str) -> BinaryIO:
        raise NotImplementedError

    def ordered(self, paths: Collection[str]) -> Iterator[str]:
        return (path for path in self.sizes if path in paths)

    def take(self, path: str, size: int, entry: object) -> None:
        if path in self.sizes:
            self.oddities.append(Oddity("twice", path))
            return
        if len(self.sizes) >= MOST_FILES:
            raise PackageRefused("too_many", str(MOST_FILES))
        self.sizes[path] = size
        self.entries[path] = entry

    def settle(self) -> None:
        """Once all entries are taken: find the root folder, and tell all paths from it."""
        for path in self.sizes:
            parts = path.split("/")
            self.folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
        self.tops = tuple(sorted({path.partition("/")[0] for path in (*self.sizes, *self.folders)}))
        root = self._root()
        if root:
            self.name = root
            cut = len(root) + 1
            self.sizes = {path[cut:]: size for path, size in self.sizes.items() if path.startswith(f"{root}/")}
            self.entries = {path[cut:]: entry for path, entry in self.entries.items() if path.startswith(f"{root}/")}
            self.folders = {folder[cut:] for folder in self.folders if folder.startswith(f"{root}/")}

    def _root(self) -> str:
        if "METS.xml" in self.sizes:
            return ""
        folders = [top for top in self.tops if top in self.folders]
        return next((top for top in folders if f"{top}/METS.xml" in self.sizes), folders[0] if len(folders) == 1 else "")


def _safe(name: str) -> str | None:
    """A member's path, without `./` and final `/`; None if it leads outside or is no path."""
    if not name or len(name) > _LONGEST_PATH or name.startswith("/") or "\\" in name or "\x00" in name or name[1:2] == ":":
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


class _Folder(_Files):
    def __init__(self, path: Path) -> None:
        super().__init__(path.resolve().name)
        self._tree = FolderTree(path)
        try:
            for item in self._tree.walk():
                if item.kind is Kind.FILE:
                    self.take(item.path, item.size, None)
                elif item.kind is Kind.FOLDER:
                    self.folders.add(item.path)
                else:
                    self.oddities.append(Oddity("link" if item.kind is Kind.LINK else "special", item.path))
        except Unreadable as error:
            raise PackageRefused("unreadable", str(error)) from error
        self.tops = (self.name,)

    def open(self, path: str) -> BinaryIO:
        if path not in self.sizes:
            raise KeyError(path)
        try:
            return self._tree.open(path)
        except Unreadable as error:
            raise OSError(str(error)) from error


class _Beside(_Files):
    def __init__(self, folder: Path, paths: Collection[str]) -> None:
        super().__init__(folder.name)
        self._tree = FolderTree(folder)
        for path in paths:
            place = folder / path
            if place.resolve() == folder / path and place.is_file():
                self.take(path, place.stat().st_size, None)

    def open(self, path: str) -> BinaryIO:
        try:
            return self._tree.open(path)
        except Unreadable as error:
            raise OSError(str(error)) from error


def beside(folder: Path, paths: Collection[str]) -> PackageFiles:
    """Of the files that these paths name below a folder, those that are there, reached through no link. The folder is not walked."""
    return _Beside(folder.resolve(), paths)


@contextmanager
def _folder(path: Path) -> Iterator[PackageFiles]:
    yield _Folder(path)


class _Zip(_Files):
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        super().__init__("")
        self._archive = archive
        allowed = _allowed(path)
        for entry in archive.infolist():
            allowed -= entry.file_size
            if allowed < 0:
                raise PackageRefused("bomb", path.name)
            where = _safe(entry.orig_filename)
            mode = entry.external_attr >> 16
            if where is None:
                self.oddities.append(Oddity("escape", entry.orig_filename[:_LONGEST_PATH]))
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
def _zip(path: Path) -> Iterator[PackageFiles]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise PackageRefused("unreadable", str(error)) from error
    with archive:
        yield _Zip(path, archive)


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


class _Tar(_Files):
    def __init__(self, archive: tarfile.TarFile) -> None:
        super().__init__("")
        self._archive = archive
        for entry in archive:
            where = _safe(entry.name)
            if where is None:
                self.oddities.append(Oddity("escape", entry.name[:_LONGEST_PATH]))
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
def _tar(path: Path, start: bytes) -> Iterator[PackageFiles]:
    with _unpacked(path, start) as source:
        try:
            files = _Tar(tarfile.TarFile(fileobj=cast(IO[bytes], _Measured(source, _allowed(path))), errorlevel=1))
        except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
            raise PackageRefused("unreadable", str(error)) from error
        yield files


def _unpacked(path: Path, start: bytes) -> IO[bytes]:
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], bz2.open(path))
    if len(start) == 512:
        return path.open("rb")
    raise PackageRefused("unreadable", path.name)


def _allowed(path: Path) -> int:
    return max(ALWAYS_READ, MOST_RATIO * path.stat().st_size)
