"""What is in a package, told alike for folders and archives: files, folders, what is not read, and the root folder."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final

MOST_FILES: Final = 2_000_000
LONGEST_FOLDERS: Final = 64 << 20
"""Characters of the names of folders that no entry names but as a part of its own."""
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


class Listing:
    """What the kinds of package share: names sorted into files, folders and oddities, below the one folder at their top.

    A kind takes its entries one by one, then settles, and says how one is opened.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.tops: tuple[str, ...] = ()
        self.sizes: dict[str, int] = {}
        self.folders: set[str] = set()
        self.oddities: list[Oddity] = []
        self.entries: dict[str, object] = {}

    def open(self, path: str) -> BinaryIO:
        """See PackageFiles."""
        raise NotImplementedError

    def ordered(self, paths: Collection[str]) -> Iterator[str]:
        return (path for path in self.sizes if path in paths)

    @cached_property
    def twins(self) -> Mapping[str, str]:
        """See PackageFiles."""
        return {unicodedata.normalize("NFC", path): path for path in self.sizes if not path.isascii()}

    def take(self, path: str, size: int, entry: object) -> None:
        """One regular file; `entry` is what the kind opens it by."""
        if path in self.sizes:
            self.oddities.append(Oddity("twice", path))
            return
        if len(self.sizes) >= MOST_FILES:
            raise PackageRefused("too_many", str(MOST_FILES))
        self.sizes[path] = size
        self.entries[path] = entry

    def settle(self) -> None:
        """Once all entries are taken: find the root folder, and tell all paths from it."""
        room = LONGEST_FOLDERS
        for path in (*self.sizes, *self.folders):
            above = path.rpartition("/")[0]
            while above and above not in self.folders:
                room -= len(above)
                if room < 0:
                    raise PackageRefused("too_many", str(LONGEST_FOLDERS))
                self.folders.add(above)
                above = above.rpartition("/")[0]
        self.tops = tuple(sorted({path.partition("/")[0] for path in (*self.sizes, *self.folders)}))
        root = self._root()
        if root:
            self.name = root
            cut = len(root) + 1
            self.sizes = {path[cut:]: size for path, size in self.sizes.items() if path.startswith(f"{root}/")}
            self.entries = {path[cut:]: entry for path, entry in self.entries.items() if path.startswith(f"{root}/")}
            self.folders = {folder[cut:] for folder in self.folders if folder.startswith(f"{root}/")}

    def _root(self) -> str:
        if any(name == "METS.xml" or name == "bagit.txt" or name.startswith("0=ocfl") for name in self.sizes):
            return ""
        folders = [top for top in self.tops if top in self.folders]
        described = {path.partition("/")[0] for path in self.sizes if path.count("/") == 1 and path.lower().endswith("/mets.xml")}
        filled = {top for top in folders if f"{top}/representations" in self.folders}
        likely = [top for top in folders if top in described] + [top for top in folders if top in filled] + folders
        return likely[0] if described or filled or len(folders) == 1 else ""


def safe_path(name: str) -> str | None:
    """An entry's path, without `./` and final `/`; None if it leads outside or is no path."""
    if not name or len(name) > _LONGEST_PATH or name.startswith("/") or "\\" in name or "\x00" in name or name[1:2] == ":":
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if ".." in parts else "/".join(parts)
