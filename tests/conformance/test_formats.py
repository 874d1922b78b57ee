"""Others' files of known formats: how many are told as their makers say. Each test prints its figure."""

from pathlib import Path

import pytest

from tests.ingest.conftest import Take, take, tools

__all__ = ["take", "tools"]

LEAST = 0.95


def told(capsys: pytest.CaptureFixture[str], what: str, right: int, total: int) -> float:
    """Print a figure, also where the test passes; the share that is right."""
    with capsys.disabled():
        print(f"\n{what}: {right} of {total} ({100 * right / total:.1f} %)")
    return right / total


def test_the_skeletons_of_pronom_are_identified(take: Take, reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The identifier stands in each name. Seven follow signatures that PRONOM has since given up, for those of containers."""
    folder = reference / "data" / "conf_pronom_skeleton"
    files = sorted(path for path in folder.rglob("*") if path.name.startswith(("fmt-", "x-fmt-")))
    if not files:
        pytest.skip("not run: no skeletons in the reference data")
    right = 0
    for path in files:
        words = path.name.split("-")
        expected = "x-fmt/" + words[2] if path.name.startswith("x-") else "fmt/" + words[1]
        known = take(path, path.name).work.format
        right += known is not None and known.puid == expected
    assert told(capsys, "PRONOM skeletons with the identifier of their name", right, len(files)) >= LEAST
