"""Page images show the page as the words' boxes see it, and only their owner can read them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest.tools.process import ToolBox, ToolFailed
from tests.corpus.pages import make_page
from tests.corpus.renderings import draw
from tests.corpus.scans import MIMES, pdf_of

PAGE = make_page("acta", 12)


@pytest.fixture(scope="module")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


def files(folder: Path, quarters: int) -> list[Path]:
    """The page turned anticlockwise, as an image and as a PDF."""
    image = folder / "pagina.png"
    Image.fromarray(np.ascontiguousarray(np.rot90(draw(PAGE, 150), quarters))).save(image, dpi=(150, 150))
    return [image, pdf_of([image], folder / "pagina.pdf")]


def grey(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")).astype(np.int16)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_is_shown_upright_at_the_width_asked(tmp_path: Path, tools: ToolBox, quarters: int) -> None:
    for path in files(tmp_path, quarters):
        target = tmp_path / "vista.webp"
        shared = {"path": str(path), "mime": MIMES[path.suffix], "page": 1, "destination": str(target)}
        said = tools.call("render", "page", timeout=60, width_px=612, turn=90 * quarters, **shared)
        assert (said["width_px"], said["height_px"]) == (612, pytest.approx(792, abs=1))
        assert (said["width"], said["height"]) == (pytest.approx(612, abs=1), pytest.approx(792, abs=1))
        assert target.stat().st_mode & 0o777 == 0o600
        shown = grey(target)
        for _, x0, y0, x1, y1 in PAGE.word_boxes(150)[:40]:
            assert shown[int(y0) : int(y1) + 2, int(x0) : int(x1) + 2].min() < 140, "each box holds ink at one pixel a point"
        assert shown[:60].min() > 200, "the margin is clean"


def test_the_part_around_a_word_holds_that_word(tmp_path: Path, tools: ToolBox) -> None:
    text, *box = PAGE.word_boxes(150)[3]
    for path in files(tmp_path, 1):
        target = tmp_path / "renglon.jpg"
        shared = {"path": str(path), "mime": MIMES[path.suffix], "page": 1, "destination": str(target)}
        said = tools.call("render", "crop", timeout=60, turn=90, width_px=400, box=box, format="jpeg", **shared)
        part = grey(target)
        assert part.shape == (said["height_px"], said["width_px"])
        assert part.shape[1] / part.shape[0] == pytest.approx((box[2] - box[0]) / (box[3] - box[1]), rel=0.1)
        assert 0.1 < (part < 128).mean() < 0.8, text


@pytest.mark.parametrize(
    ("function", "changes", "code"),
    [
        ("page", {"page": 2}, "page_missing"),
        ("page", {"width_px": 100_000}, "too_large"),
        ("crop", {"box": (700, 0, 800, 10)}, "empty"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_nothing(
    tmp_path: Path, tools: ToolBox, function: str, changes: dict[str, object], code: str
) -> None:
    path = files(tmp_path, 0)[1]
    target = tmp_path / "nada.webp"
    arguments = {"path": str(path), "mime": "application/pdf", "page": 1, "width_px": 300, "turn": 0, "destination": str(target)} | changes
    with pytest.raises(ToolFailed) as refused:
        tools.call("render", function, timeout=60, **arguments)
    assert refused.value.code == code
    assert not list(tmp_path.glob("*nada*"))


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_laid_on_its_side_is_shown_upright(tmp_path: Path, tools: ToolBox, compression: str) -> None:
    path, target = tmp_path / "pagina.tif", tmp_path / "vista.webp"
    laid = np.ascontiguousarray(np.rot90(draw(PAGE, 150)))
    Image.fromarray(laid).save(path, dpi=(150, 150), compression=compression, tiffinfo={274: 6})
    (passage,) = tools.call("image", "read", timeout=60, path=str(path), max_pages=5)["passages"]
    assert (passage["width"], passage["height"]) == (pytest.approx(612, abs=1), pytest.approx(792, abs=1))
    said = tools.call(
        "render", "page", timeout=60, width_px=612, turn=0, path=str(path), mime="image/tiff", page=1, destination=str(target)
    )
    assert (said["width"], said["height"]) == (pytest.approx(612, abs=1), pytest.approx(792, abs=1))
    shown = grey(target)
    for _, x0, y0, x1, y1 in PAGE.word_boxes(150)[:40]:
        assert shown[int(y0) : int(y1) + 2, int(x0) : int(x1) + 2].min() < 140
    assert shown[:60].min() > 200


def test_what_there_is_of_a_picture_cut_short_is_shown(tmp_path: Path, tools: ToolBox) -> None:
    whole, path, target = tmp_path / "pagina.jpg", tmp_path / "cortada.jpg", tmp_path / "vista.webp"
    Image.fromarray(draw(PAGE, 150)).save(whole, dpi=(150, 150))
    path.write_bytes(whole.read_bytes()[:-2])
    tools.call("render", "page", timeout=60, width_px=612, turn=0, path=str(path), mime="image/jpeg", page=1, destination=str(target))
    shown = grey(target)
    for _, x0, y0, x1, y1 in PAGE.word_boxes(150):
        assert shown[int(y0) : int(y1) + 2, int(x0) : int(x1) + 2].min() < 140
