"""Where a package is written: a folder, a tar or a zip, whole or not at all, the same files always the same bytes."""

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from preservation.fixity import CHUNK, Digest, HashingReader
from preservation.stores.flushing import on_disk

_ZIP_BEGINS: Final = datetime(1980, 1, 1, tzinfo=UTC)


class Form(StrEnum):
    """What a package is written as; an archive holds one folder, the package's."""

    FOLDER = "folder"
    TAR = "tar"
    ZIP = "zip"


class Sink(Protocol):
    """Takes the files of one package, in any order."""

    def put(self, path: str, source: BinaryIO, size: int) -> Digest:
        """Copy a file of so many bytes into the package and give its SHA-256. ValueError for another size or a path that is taken."""
        ...


@contextmanager
def sink(target: Path, form: Form, root: str, at: datetime) -> Iterator[Sink]:
    """A sink for the package whose folder is `root`; in archives every file bears the instant `at` and no owner.

    What is written appears at `target`, on the disk, when the block ends well; else nothing is left of it. FileExistsError if something is
    there.
    """
    if target.exists():
        raise FileExistsError(str(target))
    unfinished = target.with_name(f".{target.name}.unfinished")
    _remove(unfinished)
    if form is Form.FOLDER:
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with on_disk(unfinished), _filling(unfinished, form, root, at) as into:
            yield into
        unfinished.rename(target)
    except BaseException:
        _remove(unfinished)
        raise


@contextmanager
def _filling(unfinished: Path, form: Form, root: str, at: datetime) -> Iterator[Sink]:
    if form is Form.FOLDER:
        unfinished.mkdir()
        yield _Folder(unfinished)
    elif form is Form.TAR:
        with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as tar:
            yield _Tar(tar, root, at)
    else:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            yield _Zip(archive, root, max(at.astimezone(UTC), _ZIP_BEGINS))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy(source: BinaryIO, target: BinaryIO, size: int, path: str) -> Digest:
    reader = HashingReader(source)
    while data := reader.read(CHUNK):
        target.write(data)
        if reader.size > size:
            break
    if reader.size != size:
        raise ValueError(f"{path}: {reader.size} bytes, and {size} were announced")
    return reader.digest()


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: str, source: BinaryIO, size: int) -> Digest:
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with place.open("xb") as target:
                return _copy(source, target, size, path)
        except FileExistsError as error:
            raise ValueError(f"two files of one path: {path}") from error


class _Tar:
    def __init__(self, archive: tarfile.TarFile, root: str, at: datetime) -> None:
        self._archive, self._root, self._at = archive, root, int(at.timestamp())
        self._seen: set[int] = set()

    def put(self, path: str, source: BinaryIO, size: int) -> Digest:
        entry = tarfile.TarInfo(f"{self._root}/{path}")
        if (seen := hash(path)) in self._seen:
            raise ValueError(f"two files of one path: {path}")
        self._seen.add(seen)
        entry.size, entry.mtime, entry.mode = size, self._at, 0o644
        reader = HashingReader(source)
        try:
            self._archive.addfile(entry, cast(BinaryIO, reader))
        except OSError as error:
            if reader.size < size:
                raise ValueError(f"{path}: {reader.size} bytes, and {size} were announced") from error
            raise
        self._archive.members = []  # type: ignore[attr-defined] # tarfile would keep every member for look-ups that are not made
        if reader.size != size or source.read(1):
            raise ValueError(f"{path}: more bytes than the {size} announced")
        return reader.digest()


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, root: str, at: datetime) -> None:
        self._archive, self._root, self._at = archive, root, at

    def put(self, path: str, source: BinaryIO, size: int) -> Digest:
        entry = zipfile.ZipInfo(f"{self._root}/{path}", self._at.timetuple()[:6])
        if entry.filename in self._archive.NameToInfo:
            raise ValueError(f"two files of one path: {path}")
        entry.external_attr, entry.create_system = 0o100644 << 16, 3
        with self._archive.open(entry, "w", force_zip64=size >= 1 << 31) as target:
            return _copy(source, cast(BinaryIO, target), size, path)
