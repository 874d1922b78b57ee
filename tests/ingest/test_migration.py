"""Original and copy are compared page by page: another text, another image or another number of pages is another document."""

from pathlib import Path

import pytest

from ingest.tools import migration
from ingest.tools.process import ToolBox, ToolFailed
from tests.ingest import made


@pytest.mark.parametrize(
    ("before", "after", "text", "pixels"),
    [
        (["Hola"], ["Hola"], [], []),
        (["Hola", "Acta número uno"], ["Hola", "Acta número dos"], [2], []),
        (["Hola"], ["Hola"] * 2, [], []),
        (["Hola"], ["Este texto es mucho más largo y se ve de otra manera " * 3], [1], [1]),
    ],
)
def test_what_is_other_is_told_by_its_page(tmp_path: Path, before: list[str], after: list[str], text: list[int], pixels: list[int]) -> None:
    (tmp_path / "a.pdf").write_bytes(made.pdf(before))
    (tmp_path / "b.pdf").write_bytes(made.pdf(after))
    found = migration.compare_pdf(str(tmp_path / "a.pdf"), str(tmp_path / "b.pdf"))
    assert list(found.text) == text
    assert list(found.pixels) == pixels
    assert found.same is (before == after)


def test_what_cannot_be_made_leaves_nothing(tools: ToolBox, tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copia"
    original.write_bytes(made.pdf(["Letras que no van dentro"]))  # Helvetica, which is not embedded: PDF/A asks for it
    with pytest.raises(ToolFailed, match="fonts"):
        tools.call(
            "migration", "migrate", timeout=60, original=str(original), mime="application/pdf", destination=str(copy), max_pixels=10**8
        )
    assert not copy.exists()
    original.write_bytes(b"nada")
    with pytest.raises(ToolFailed, match="impossible"):
        tools.call("migration", "migrate", timeout=60, original=str(original), mime="text/plain", destination=str(copy), max_pixels=10**8)
