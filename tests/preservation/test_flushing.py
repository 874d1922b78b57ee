"""What is written whole or not at all is on the disk when it appears, and the disk is asked from before its first byte."""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from preservation.bagit import write_bag
from preservation.package_sinks import Form, sink
from preservation.stores import flushing
from preservation.stores.flushing import can_flush, sync_file_system

NOW = datetime(2026, 11, 30, tzinfo=UTC)
OVERLAYFS = 0x794C7630


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the disk, in its order."""
    done: list[str] = []
    opened, synced, renamed = os.open, os.fsync, Path.rename

    def noted(path: Any, flags: int, *others: Any, **options: Any) -> int:
        descriptor = opened(path, flags, *others, **options)
        done.append(f"open {descriptor}")
        return descriptor

    def fsync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        synced(descriptor)

    def flushed(descriptor: int) -> None:
        done.append(f"flush {descriptor}")
        sync_file_system(descriptor)

    def rename(path: Path, target: Path) -> Path:
        done.append("appear")
        return renamed(path, target)

    monkeypatch.setattr(os, "open", noted)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(flushing, "sync_file_system", flushed)
    return done


def _bag(target: Path, opened: Callable[[], BinaryIO]) -> None:
    write_bag(target, [("a", opened)])


def _folder(target: Path, opened: Callable[[], BinaryIO]) -> None:
    with sink(target, Form.FOLDER, "a", NOW) as into:
        into.put("a", opened(), 1)


def _tar(target: Path, opened: Callable[[], BinaryIO]) -> None:
    with sink(target, Form.TAR, "a", NOW) as into:
        into.put("a", opened(), 1)


def _written(write: Callable[[Path, Callable[[], BinaryIO]], None], target: Path, acts: list[str]) -> None:
    def opened() -> BinaryIO:
        acts.append("bytes")
        return io.BytesIO(b"a")

    write(target, opened)


@pytest.mark.parametrize("write", [_bag, _folder])
def test_the_disk_is_asked_from_before_the_first_byte(
    tmp_path: Path, acts: list[str], monkeypatch: pytest.MonkeyPatch, write: Callable[..., None]
) -> None:
    """syncfs(2) tells of what failed since its descriptor was opened, and of earlier faults only if nobody asked meanwhile."""
    monkeypatch.setattr(flushing, "can_flush", lambda folder: folder.is_dir())
    _written(write, tmp_path / "new" / "made", acts)
    (flush,) = (act for act in acts if act.startswith("flush"))
    assert acts.index(f"open {flush.removeprefix('flush ')}") < acts.index("bytes") < acts.index(flush) < acts.index("appear")


@pytest.mark.parametrize("write", [_bag, _folder, _tar])
def test_where_one_sync_is_not_enough_each_file_is_synchronised(
    tmp_path: Path, acts: list[str], monkeypatch: pytest.MonkeyPatch, write: Callable[..., None]
) -> None:
    monkeypatch.setattr(flushing, "can_flush", lambda folder: False)
    _written(write, tmp_path / "made", acts)
    before = acts[acts.index("bytes") : acts.index("appear")]
    assert len([act for act in before if act.startswith("sync")]) >= (1 if write is _tar else 2)


def test_one_file_waits_for_nothing_that_others_wrote(tmp_path: Path, acts: list[str]) -> None:
    _written(_tar, tmp_path / "made.tar", acts)
    assert [act for act in acts if act.startswith(("sync", "flush"))] == ["sync .made.tar.unfinished"]


def test_nothing_is_left_where_the_disk_could_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flushing, "can_flush", lambda folder: True)
    monkeypatch.setattr(flushing, "sync_file_system", lambda descriptor: sync_file_system(-1))
    for write in (_bag, _folder):
        with pytest.raises(OSError, match="descriptor"):
            write(tmp_path / "made", lambda: io.BytesIO(b"a"))
    assert not any(tmp_path.iterdir())


def test_of_layers_one_over_another_each_file_is_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's own folders: what they say of a fault below depends on the layers and on how these were mounted."""
    monkeypatch.setattr(flushing, "_type_of", lambda folder: OVERLAYFS)
    assert not can_flush(tmp_path)
