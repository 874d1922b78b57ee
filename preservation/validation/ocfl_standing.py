"""What stands in the folder of an OCFL object, read once: its files and folders, and what may not be there at all (OCFL 1.1, 4.6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from preservation.validation.ocfl_rules import Notes
from preservation.validation.trees import Item, Kind, Tree, Unreadable, read_small


@dataclass(slots=True)
class Standing:
    """An object's folder. Paths are relative to it. `held`: what stands in each folder. `odd`: links, devices and what cannot be listed,
    which were noted already.
    """

    tree: Tree
    at: str
    files: dict[str, Item] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    held: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    tops: list[Item] = field(default_factory=list)
    odd: set[str] = field(default_factory=set)

    def path(self, relative: str) -> str:
        """A path of the object as a path of the tree."""
        return f"{self.at}/{relative}" if self.at else relative

    def read(self, notes: Notes, relative: str, limit: int) -> bytes | None:
        """A small file; None if it is larger than `limit`. What cannot be read is noted, and nothing (`b""`) given."""
        try:
            return read_small(self.tree, self.path(relative), limit)
        except Unreadable as fault:
            notes.add("unreadable", relative, reason=str(fault))
            return b""

    def children(self, folder: str) -> Sequence[tuple[str, bool]]:
        """The files and folders that stand directly in a folder: the name of each, and whether it is a folder."""
        return self.held.get(folder, ())

    def below(self, folder: str) -> Iterator[tuple[str, bool]]:
        """The files and folders below a folder, by path."""
        waiting = [folder]
        while waiting:
            place = waiting.pop()
            for name, is_folder in self.children(place):
                yield f"{place}/{name}", is_folder
                if is_folder:
                    waiting.append(f"{place}/{name}")


def look(notes: Notes, tree: Tree, at: str) -> Standing:
    """Read what stands in an object's folder, and note links and what is neither file nor folder."""
    standing = Standing(tree, at)
    start = len(at) + 1 if at else 0
    twins: dict[tuple[int, int], str] = {}
    try:
        for item in tree.walk(at):
            _take(notes, standing, Item(item.path[start:], *item[1:]), twins)
    except Unreadable as fault:
        notes.add("unreadable", "", reason=str(fault))
    return standing


def _take(notes: Notes, standing: Standing, item: Item, twins: dict[tuple[int, int], str]) -> None:
    path = item.path
    above, slash, name = path.rpartition("/")
    if not slash:
        standing.tops.append(item)
    if item.kind is Kind.FILE:
        standing.files[path] = item
        standing.held.setdefault(above, []).append((name, False))
        if item.twin is not None and twins.setdefault(item.twin, path) != path:
            notes.add("E090.hard", path, other=twins[item.twin])
    elif item.kind is Kind.FOLDER:
        standing.folders.add(path)
        standing.held.setdefault(above, []).append((name, True))
    else:
        note_odd(notes, item)
        standing.odd.add(path)


def note_odd(notes: Notes, item: Item) -> None:
    """Note what is neither a file nor a folder that can be listed."""
    if item.kind is Kind.LINK:
        notes.add("E090.symbolic", item.path)
    elif item.kind is Kind.OTHER:
        notes.add("E089", item.path)
    elif item.kind is Kind.CLOSED:
        notes.add("unreadable", item.path, reason="la carpeta no se deja listar")


def by_version(standing: Standing) -> Mapping[str, list[str]]:
    """The files of an object by the first folder of their path."""
    found: dict[str, list[str]] = {}
    for path in standing.files:
        folder, slash, _ = path.partition("/")
        if slash:
            found.setdefault(folder, []).append(path)
    return found
