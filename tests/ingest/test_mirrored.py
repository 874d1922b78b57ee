"""JPEG pictures stored in a mirror, as EXIF allows (Orientation 2, 4, 5 and 7): read and copied as they are shown."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageOps

from ingest.step import Done, Format, Workspace
from ingest.steps.derive import Derive
from ingest.steps.extract import Extract
from ingest.steps.recognize import Recognize
from ingest.tools.process import ToolBox
from tests.corpus.pages import Page, make_page
from tests.corpus.renderings import draw
from tests.corpus.scans import character_errors

DPI = 150
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    7: Image.Transpose.TRANSVERSE,
}


@pytest.fixture(scope="module")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


def mirrored(page: Page, orientation: int, path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(draw(page, DPI)).transpose(STORED[orientation]).save(path, "JPEG", dpi=(DPI, DPI), exif=exif, quality=90)
    with Image.open(path) as stored:
        shown = np.asarray(ImageOps.exif_transpose(stored)).astype(int)
    assert np.abs(shown - draw(page, DPI)).mean() < 2, "shown as drawn"
    return path


@pytest.mark.parametrize("orientation", [2, 4, 5, 7])
def test_a_picture_in_a_mirror_is_read_and_copied_as_shown(tmp_path: Path, tools: ToolBox, orientation: int) -> None:
    page = make_page("memorando", 3)
    path = mirrored(page, orientation, tmp_path / "espejo.jpg")
    work = Workspace(tmp_path, path, path.name, tools, format=Format(None, "image/jpeg", ""), pending=[1])
    assert isinstance(Recognize()(work), Done)
    assert Derive()(work) == Done("derivative.made", {"pages": 1, "pdfa": True})
    (part,) = work.parts
    assert character_errors(page.text, part.text) < 0.03
    truth = {text: box for text, *box in page.word_boxes()}
    word = next(word for word in part.words if word.text == "MEMORANDO")
    assert (word.x0, word.y0, word.x1, word.y1) == pytest.approx(truth["MEMORANDO"], abs=3)

    assert work.derivative is not None
    copy = pypdfium2.PdfDocument(work.derivative.path)[0]
    assert copy.get_size() == pytest.approx((page.width, page.height), abs=1)
    true = draw(page, DPI).astype(int)
    drawn = np.asarray(copy.render(scale=DPI / 72, grayscale=True).to_numpy()).astype(int).squeeze()[: true.shape[0], : true.shape[1]]
    apart = [np.abs(drawn - turned).mean() for turned in (true, true[:, ::-1], true[::-1], true[::-1, ::-1])]
    assert apart[0] < min(apart[1:]) / 2, "neither turned nor mirrored"
    again = Workspace(tmp_path, work.derivative.path, "copia.pdf", tools, format=Format(None, "application/pdf", ""))
    assert Extract()(again).code == "extract.done"
    (laid,) = (laid for laid in again.parts[0].words if laid.text == "MEMORANDO")
    assert (laid.x0, laid.y0, laid.x1, laid.y1) == pytest.approx((word.x0, word.y0, word.x1, word.y1), abs=8)
