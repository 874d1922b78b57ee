"""A zip or a tar as a tree to be judged: a bag or an OCFL object comes in one as often as in a folder (BagIt 0.97, 4: Serialization)."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path

from preservation.findings import Finding
from preservation.fixity import CHUNK
from preservation.validation.archive_rules import told
from preservation.validation.package_files import PackageFiles, opened
from preservation.validation.trees import Item, Kind, Unreadable, fed


class ArchiveTree:
    """What an archive holds below the one folder at its top: see Tree. What is not read of it is in `oddities`, not in the tree."""

    keeps_empty_folders = True

    def __init__(self, files: PackageFiles) -> None:
        self._files = files
        folders = [Item(folder, Kind.FOLDER) for folder in files.folders if folder not in files.sizes]
        items = [*(Item(path, Kind.FILE, size) for path, size in files.sizes.items()), *folders]
        self._items = sorted(items, key=_in_order)

    @property
    def oddities(self) -> Iterator[Finding]:
        """Entries that lead outside, links, devices, what is there twice or encrypted."""
        return (told(odd.reason, odd.path, path=odd.path) for odd in self._files.oddities)

    def children(self, folder: str = "") -> Sequence[Item]:
        depth = folder.count("/") + 1 if folder else 0
        return sorted((item for item in self.walk(folder) if item.path.count("/") == depth), key=attrgetter("path"))

    def walk(self, folder: str = "", *, sizes: bool = True) -> Iterator[Item]:
        start = f"{folder}/" if folder else ""
        for at in range(bisect_left(self._items, start.replace("/", "\0"), key=_in_order), len(self._items)):
            if not self._items[at].path.startswith(start):
                return
            yield self._items[at]

    def pieces(self, path: str) -> Iterator[bytes]:
        try:
            with self._files.open(path) as file:
                while piece := file.read(CHUNK):
                    yield piece
        except OSError as fault:
            raise Unreadable("el archivo comprimido está dañado") from fault

    def feed(self, path: str, take: Callable[[bytes], object]) -> int:
        return fed(self.pieces(path), take)

    def size(self, path: str) -> int:
        return self._files.sizes[path]


@contextmanager
def archive_tree(path: Path) -> Iterator[ArchiveTree]:
    """The tree in a zip, or in a tar, plain or compressed with gzip or bzip2. PackageRefused for what is none of them, or would unpack
    beyond bounds; a compressed tar is unpacked, within the same bounds, into one file without a name.
    """
    with opened(path, at_random=True) as files:
        yield ArchiveTree(files)


def _in_order(item: Item) -> str:
    """A folder's own follows it at once."""
    return item.path.replace("/", "\0")
