"""List what lies beneath a folder in the order of keys, without following any symbolic link."""

import os
from collections.abc import Iterator
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Final

from preservation.store import StoreUnavailable
from preservation.stores.beneath import ABSENT, open_beneath

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_Entries = Iterator[tuple[str, "os.DirEntry[str]"]]


def walk(root: Path, folder: str, prefix: str, after: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Everything beneath `folder` (empty, or a key that ends with `/`) that is no directory and whose path from `root` begins with `prefix`
    and comes after `after`, in the byte order of paths. An entry may be asked for its status until the next one is.
    """
    opened: list[tuple[str, int, _Entries]] = []
    try:
        with suppress(FileNotFoundError):
            opened.append(_open(root, folder, -1))
        while opened:
            above, descriptor, entries = opened[-1]
            is_within = not after and above.startswith(prefix)
            for name, entry in entries:
                path = above + name
                if not name.endswith("/"):
                    if is_within or (path.startswith(prefix) and path > after):
                        yield path, entry
                elif (path.startswith(prefix) or prefix.startswith(path)) and (path > after or after.startswith(path)):
                    with suppress(FileNotFoundError):
                        opened.append(_open(root, path, descriptor))
                        break
            else:
                os.close(opened.pop()[1])
    finally:
        for _, descriptor, _ in opened:
            os.close(descriptor)


def _open(root: Path, path: str, above: int) -> tuple[str, int, _Entries]:
    """A folder and what it holds, sorted as keys are: a folder's name with the `/` that follows it."""
    try:
        if above < 0:
            descriptor = open_beneath(root, path.removesuffix("/"), _FOLDER)
        else:
            descriptor = os.open(path[:-1].rpartition("/")[2], _FOLDER, dir_fd=above)
    except OSError as error:
        if error.errno in ABSENT:  # gone since, or no longer a folder
            raise FileNotFoundError(path) from error
        raise StoreUnavailable(f"{path or 'root'}: {error.strerror}") from error
    try:
        with os.scandir(descriptor) as found:
            entries = [(f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name, entry) for entry in found]
    except OSError as error:
        os.close(descriptor)
        raise StoreUnavailable(f"{path or 'root'}: {error.strerror}") from error
    if all(name.isascii() for name, _ in entries):
        entries.sort(key=itemgetter(0))
    else:
        entries.sort(key=lambda each: os.fsencode(each[0]))
    return path, descriptor, iter(entries)
