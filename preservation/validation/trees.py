"""What a validator reads: a tree of files, in a local folder or under a prefix of an ObjectStore. Nothing outside it is ever opened."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from preservation.fixity import CHUNK
from preservation.store import DigestMismatch, ObjectKey, ObjectMissing, ObjectStore, StoreError

_FIRST_PIECE: Final = 1 << 16
_LAST_SEGMENT: Final = "z" * 255
"""No key of a folder comes after its folder and this: a segment has 255 bytes at most, and `z` is the last letter that a key may have."""


_REASONS: Final[Mapping[int, str]] = {
    errno.EACCES: "no hay permiso",
    errno.EPERM: "no hay permiso",
    errno.EIO: "falla el disco",
    errno.ENOENT: "ya no está",
    errno.ENOTDIR: "no es una carpeta",
    errno.ELOOP: "es un enlace",
    errno.ENAMETOOLONG: "el nombre es demasiado largo",
    errno.ESTALE: "el disco de la red no responde",
}


class Kind(StrEnum):
    """What stands at a path. `other`: a device, a pipe or a socket. `closed`: a folder that cannot be listed."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    CLOSED = "closed"


class Item(NamedTuple):
    """One entry. `path` is relative to the tree, with `/`; `size` in bytes, of files; `twin` is the same for the hard links of one file."""

    path: str
    kind: Kind
    size: int = 0
    twin: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Unreadable(Exception):
    """What stands at a path cannot be read; the text says why."""


class Tree(Protocol):
    """A tree of files that is only read. Folders are named by their path, the whole tree by the empty one."""

    keeps_empty_folders: bool
    """Whether a folder without files can be told from one that is not there."""

    def children(self, folder: str = "") -> Sequence[Item]:
        """What stands directly in a folder, by name. Raises Unreadable."""
        ...

    def walk(self, folder: str = "") -> Iterator[Item]:
        """Everything below a folder, each folder before what it holds; links are told, never followed."""
        ...

    def open(self, path: str) -> BinaryIO:
        """The bytes of a file, by a path that children() or walk() gave. Raises Unreadable."""
        ...


def read_small(tree: Tree, path: str, limit: int) -> bytes | None:
    """A whole file of at most `limit` bytes; None if it is larger. Raises Unreadable."""
    pieces: list[bytes] = []
    size = 0
    for piece in pieces_of(tree, path):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return None
    return b"".join(pieces)


def pieces_of(tree: Tree, path: str) -> Iterator[bytes]:
    """The bytes of a file, piece by piece: a small first one, then larger ones. Raises Unreadable."""
    with tree.open(path) as file:
        try:
            piece = file.read(_FIRST_PIECE)
            while piece:
                yield piece
                piece = file.read(CHUNK)
        except (OSError, StoreError) as fault:
            raise Unreadable(_reason(fault)) from fault


class FolderTree:
    """A folder of this machine."""

    keeps_empty_folders = True

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)

    def children(self, folder: str = "") -> Sequence[Item]:
        try:
            with os.scandir(self._place(folder)) as entries:
                found = [_item(entry, f"{folder}/{entry.name}" if folder else entry.name) for entry in entries]
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault
        return sorted(found)

    def walk(self, folder: str = "") -> Iterator[Item]:
        waiting = list(reversed(self.children(folder)))
        while waiting:
            item = waiting.pop()
            if item.kind is Kind.FOLDER:
                try:
                    waiting += reversed(self.children(item.path))
                except Unreadable:
                    item = Item(item.path, Kind.CLOSED)
            yield item

    def open(self, path: str) -> BinaryIO:
        try:
            descriptor = os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Unreadable("no es un archivo")
        return os.fdopen(descriptor, "rb", buffering=0)

    def _place(self, path: str) -> str:
        return f"{self._folder}/{path}" if path else self._folder


def _item(entry: os.DirEntry[str], path: str) -> Item:
    if entry.is_symlink():
        return Item(path, Kind.LINK)
    if entry.is_dir(follow_symlinks=False):
        return Item(path, Kind.FOLDER)
    if not entry.is_file(follow_symlinks=False):
        return Item(path, Kind.OTHER)
    status = entry.stat(follow_symlinks=False)
    return Item(path, Kind.FILE, status.st_size, (status.st_dev, status.st_ino) if status.st_nlink > 1 else None)


class StoreTree:
    """What an ObjectStore keeps under a prefix, which is empty or ends with `/`. It has no empty folders and no links.

    A store that does not answer raises its own StoreUnavailable: then nothing was judged.
    """

    keeps_empty_folders = False

    def __init__(self, store: ObjectStore, prefix: str = "") -> None:
        self._store, self._prefix = store, prefix

    def children(self, folder: str = "") -> Sequence[Item]:
        """One question to the store for each folder in it, and one more."""
        start = self._key(f"{folder}/" if folder else "")
        found: dict[str, Item] = {}
        after: ObjectKey | None = None
        while True:
            for stored in self._store.list(start, after):
                name, slash, _ = stored.key[len(start) :].partition("/")
                path = f"{folder}/{name}" if folder else name
                if slash:
                    found[path] = Item(path, Kind.FOLDER)
                    after = ObjectKey(f"{start}{name}/{_LAST_SEGMENT}")
                    break
                found[path] = Item(path, Kind.FILE, stored.size)
            else:
                return sorted(found.values())

    def walk(self, folder: str = "") -> Iterator[Item]:
        open_folders: list[str] = []
        for stored in self._store.list(self._key(f"{folder}/" if folder else "")):
            path = stored.key.removeprefix(self._prefix)
            parents = path.split("/")[:-1]
            for depth in range(len(folder.split("/")) if folder else 0, len(parents)):
                above = "/".join(parents[: depth + 1])
                if above not in open_folders:
                    open_folders = [known for known in open_folders if above.startswith(f"{known}/")]
                    open_folders.append(above)
                    yield Item(above, Kind.FOLDER)
            yield Item(path, Kind.FILE, stored.size)

    def open(self, path: str) -> BinaryIO:
        try:
            return self._store.open(ObjectKey(self._key(path)))
        except StoreError as fault:
            raise Unreadable(_reason(fault)) from fault

    def _key(self, path: str) -> str:
        return self._prefix + path


def _reason(fault: Exception) -> str:
    """Why the machine or the store refused, in a few words of Spanish."""
    if isinstance(fault, DigestMismatch):
        return "el almacén sabe que sus bytes no son los que recibió"
    if isinstance(fault, ObjectMissing):
        return "ya no está"
    if isinstance(fault, OSError) and fault.errno is not None:
        return _REASONS.get(fault.errno) or f"error {errno.errorcode.get(fault.errno, str(fault.errno))}"
    return f"error {type(fault).__name__}"
