"""Drawn pages are kept within their room."""

import os

import pytest

from archivo.archive import Archive
from archivo.operations import reconciling


def test_the_pages_drawn_first_are_given_up(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "ROOM_FOR_PAGES", 250)
    folder = archive.cache / "pages" / "ab" / "abcd"
    folder.mkdir(parents=True)
    for number in range(4):
        path = folder / f"{number}.webp"
        path.write_bytes(bytes(100))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    reconciling.reconcile(archive)
    assert sorted(path.name for path in folder.iterdir()) == ["2.webp", "3.webp"]
