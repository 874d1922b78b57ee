"""The files of an information package, in a folder, a zip or a tar, seen alike; what an archive may do to its reader is refused or told."""

import errno
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, Protocol

from preservation.validation.package_archives import tar_files, zip_files
from preservation.validation.package_listing import Listing, Oddity, PackageRefused
from preservation.validation.trees import FolderTree, Kind, Unreadable


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
    @property
    def twins(self) -> Mapping[str, str]:
        """The paths that Unicode can write in more than one way, by their form NFC: what one system wrote, another may name otherwise."""
        ...

    def open(self, path: str) -> BinaryIO:
        """One file, to be closed. KeyError if it is none of `sizes`; OSError if it cannot be read to its end."""
        ...

    def ordered(self, paths: Collection[str]) -> Iterator[str]:
        """Those of these paths that are there, in the order in which they are quickest to read."""
        ...


def opened(path: Path, *, at_random: bool = False) -> AbstractContextManager[PackageFiles]:
    """The package at a path: a folder (links in it are not followed), a zip, or a tar, plain or compressed with gzip or bzip2.

    `at_random`: its files will be read in any order, which a compressed tar does not bear as it is. PackageRefused for what is none of
    them, or would unpack beyond bounds.
    """
    if path.is_dir():
        return nullcontext(_Folder(path))
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise PackageRefused("unreadable", str(error.strerror)) from error
    if start.startswith(b"PK"):
        return zip_files(path)
    return tar_files(path, start, at_random=at_random)


class _Folder(Listing):
    def __init__(self, path: Path) -> None:
        super().__init__(path.resolve().name)
        self._folder = path
        try:
            for item in FolderTree(path).walk():
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
        return _open(self._folder / path)


class _Beside(Listing):
    def __init__(self, folder: Path, paths: Collection[str]) -> None:
        super().__init__(folder.name)
        self._folder = folder
        for path in paths:
            place = folder / path
            if place.resolve() == folder / path and place.is_file():
                self.take(path, place.stat().st_size, None)

    def open(self, path: str) -> BinaryIO:
        return _open(self._folder / path)


def _open(path: Path) -> BinaryIO:
    """A regular file; no link is followed, and no pipe put in its place is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no es un archivo")
    return os.fdopen(descriptor, "rb")


def beside(folder: Path, paths: Collection[str]) -> PackageFiles:
    """Of the files that these paths name below a folder, those that are there, reached through no link. The folder is not walked."""
    return _Beside(folder.resolve(), paths)
