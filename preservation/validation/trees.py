"""What a validator reads: a tree of files, in a local folder or under a prefix of an ObjectStore. Nothing outside it is ever opened."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from preservation.fixity import CHUNK
from preservation.store import DigestMismatch, ObjectKey, ObjectMissing, ObjectStore, StoreError

_FIRST_PIECE: Final = 1 << 16
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A link is not followed, and a pipe put in a file's place is not waited for."""
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


_path: Final = itemgetter(0)


class Unreadable(Exception):
    """What stands at a path cannot be read; the text says why."""


class Tree(Protocol):
    """A tree of files that is only read. Folders are named by their path, the whole tree by the empty one."""

    keeps_empty_folders: bool
    """Whether a folder without files can be told from one that is not there."""

    def children(self, folder: str = "") -> Sequence[Item]:
        """What stands directly in a folder, by name. Raises Unreadable."""
        ...

    def walk(self, folder: str = "", *, sizes: bool = True) -> Iterator[Item]:
        """Everything below a folder, each folder before what it holds; links are told, never followed. Without `sizes` it is faster."""
        ...

    def pieces(self, path: str) -> Iterator[bytes]:
        """The bytes of a file piece by piece, by a path that children() or walk() gave. Raises Unreadable."""
        ...

    def feed(self, path: str, take: Callable[[bytes], object]) -> int:
        """Give the bytes of a file, by such a path, to `take`, piece by piece; how many they were. Raises Unreadable."""
        ...

    def size(self, path: str) -> int:
        """The bytes of a file, by such a path. Raises Unreadable."""
        ...


def read_small(tree: Tree, path: str, limit: int) -> bytes | None:
    """A whole file of at most `limit` bytes; None if it is larger. Raises Unreadable."""
    pieces: list[bytes] = []
    size = 0
    for piece in tree.pieces(path):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return None
    return b"".join(pieces)


def fed(pieces: Iterable[bytes], take: Callable[[bytes], object]) -> int:
    """Give pieces to `take`, one by one; how many bytes they were."""
    size = 0
    for piece in pieces:
        take(piece)
        size += len(piece)
    return size


class FolderTree:
    """A folder of this machine."""

    keeps_empty_folders = True

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)

    def children(self, folder: str = "") -> Sequence[Item]:
        return self._children(folder, sizes=True)

    def walk(self, folder: str = "", *, sizes: bool = True) -> Iterator[Item]:
        open_folders = [iter(self._children(folder, sizes=sizes))]
        while open_folders:
            for item in open_folders[-1]:
                if item.kind is not Kind.FOLDER:
                    yield item
                    continue
                try:
                    open_folders.append(iter(self._children(item.path, sizes=sizes)))
                    yield item
                    break
                except Unreadable:
                    yield Item(item.path, Kind.CLOSED)
            else:
                open_folders.pop()

    def pieces(self, path: str) -> Iterator[bytes]:
        try:
            descriptor = os.open(f"{self._folder}/{path}", _FLAGS)
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault
        try:
            while piece := os.read(descriptor, CHUNK):
                yield piece
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault
        finally:
            os.close(descriptor)

    def feed(self, path: str, take: Callable[[bytes], object]) -> int:
        try:
            descriptor = os.open(f"{self._folder}/{path}", _FLAGS)
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault
        try:
            piece = os.read(descriptor, _FIRST_PIECE)
            take(piece)
            size = len(piece)
            if size == _FIRST_PIECE:  # of a file, less than was asked is all there is
                while piece := os.read(descriptor, CHUNK):
                    take(piece)
                    size += len(piece)
            return size
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault
        finally:
            os.close(descriptor)

    def size(self, path: str) -> int:
        try:
            return os.lstat(self._place(path)).st_size
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault

    def _children(self, folder: str, *, sizes: bool) -> Sequence[Item]:
        prefix = f"{folder}/" if folder else ""
        try:
            with os.scandir(self._place(folder)) as entries:
                return sorted([_item(entry, prefix + entry.name, sizes=sizes) for entry in entries], key=_path)
        except OSError as fault:
            raise Unreadable(_reason(fault)) from fault

    def _place(self, path: str) -> str:
        return f"{self._folder}/{path}" if path else self._folder


def _item(entry: os.DirEntry[str], path: str, *, sizes: bool) -> Item:
    if entry.is_file(follow_symlinks=False):
        if not sizes:
            return Item(path, Kind.FILE)
        status = entry.stat(follow_symlinks=False)
        return Item(path, Kind.FILE, status.st_size, (status.st_dev, status.st_ino) if status.st_nlink > 1 else None)
    if entry.is_dir(follow_symlinks=False):
        return Item(path, Kind.FOLDER)
    return Item(path, Kind.LINK if entry.is_symlink() else Kind.OTHER)


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

    def walk(self, folder: str = "", *, sizes: bool = True) -> Iterator[Item]:
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

    def pieces(self, path: str) -> Iterator[bytes]:
        try:
            with self._store.open(ObjectKey(self._key(path))) as file:
                while piece := file.read(CHUNK):
                    yield piece
        except (StoreError, OSError) as fault:
            raise Unreadable(_reason(fault)) from fault

    def feed(self, path: str, take: Callable[[bytes], object]) -> int:
        return fed(self.pieces(path), take)

    def size(self, path: str) -> int:
        try:
            return self._store.stat(ObjectKey(self._key(path))).size
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
