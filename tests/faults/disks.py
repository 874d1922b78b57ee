"""Small disks that can be filled: file systems in memory, mounted for a while."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

STEP: Final = 64 * 1024


@dataclass(frozen=True)
class Disk:
    """A file system of its own at a folder."""

    folder: Path

    def fill(self) -> None:
        """Take all the room that is left."""
        with (self.folder / "lastre").open("wb") as ballast:
            room, taken = os.statvfs(self.folder), 0
            left = room.f_bavail * room.f_frsize
            while left >= STEP:
                try:
                    os.posix_fallocate(ballast.fileno(), taken, left)
                    taken += left
                except OSError:
                    left //= 2

    def is_full(self) -> bool:
        """Whether there is no room for a page of a database."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize < STEP

    def free(self) -> None:
        (self.folder / "lastre").unlink()


@contextmanager
def disk_at(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A disk of so much room at a folder. Skips where one may not mount."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder]).returncode:
        pytest.skip("not run: small disks are mounted by root, where mounting is allowed")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """A disk in a place of its own, for a server that runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="archivo-disco-"))
    folder.chmod(0o755)
    try:
        with disk_at(folder, megabytes) as disk:
            yield disk
    finally:
        folder.rmdir()
