"""Scans that bring an unseen text layer: it is kept beside what is recognised, and trusted only where it says something."""

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.step import Done, TextSource
from ingest.steps.derive import Derive
from ingest.steps.recognize import Recognize
from tests.corpus.pages import Page, make_page
from tests.corpus.renderings import draw
from tests.ingest.conftest import Take

JUNK = "¤¦§ xq zzk ## " * 30


def scanned(page: Page, hidden: str, shown: str = "", *, rotate: int = 0, quarters: int = 0, size: float = 9) -> bytes:
    """A page that is one picture, turned anticlockwise by `quarters` and the page by `rotate` degrees, under an unseen text."""
    image = Image.fromarray(draw(page, 150)).rotate(90 * quarters, expand=True)
    width, height = (page.width, page.height) if quarters % 2 == 0 else (page.height, page.width)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height), invariant=1)
    canvas.setPageRotation(rotate)
    canvas.drawImage(ImageReader(image), 0, 0, width, height)
    canvas.saveState()
    layer = canvas.beginText(72, height / 2)
    layer.setFont("Helvetica", size)
    layer.setTextRenderMode(3)
    words = hidden.split()
    for start in range(0, len(words), 12):
        layer.textLine(" ".join(words[start : start + 12]))
    canvas.drawText(layer)
    canvas.restoreState()
    seen = canvas.beginText(72, height / 3)
    for start in range(0, len(shown.split()), 12):
        seen.textLine(" ".join(shown.split()[start : start + 12]))
    canvas.drawText(seen)
    canvas.save()
    return out.getvalue()


def words_of(path: Path) -> list[str]:
    return str(pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()).split()


@pytest.mark.parametrize(("rotate", "quarters"), [(0, 0), (180, 2), (0, 1)])
def test_a_few_unseen_words_and_those_recognised_stand_together(take: Take, rotate: int, quarters: int) -> None:
    page = make_page("memorando", 3)
    taken = take(scanned(page, "Folio 4", rotate=rotate, quarters=quarters), "folio.pdf")
    assert taken.work.pending == [1]
    assert isinstance(Recognize()(taken.work), Done)
    (part,) = taken.work.parts
    assert part.source is TextSource.RECOGNISED
    assert part.text.split()[-2:] == ["Folio", "4"]
    assert "MEMORANDO" in part.text
    assert [word.text for word in part.words] == part.text.split()
    assert part.width is not None
    assert part.height is not None
    assert all(0 <= word.x0 < word.x1 <= part.width and 0 <= word.y0 < word.y1 <= part.height for word in part.words)

    assert Derive()(taken.work).code == "derivative.made"
    assert taken.errors == set()
    assert taken.work.derivative is not None
    copied = words_of(taken.work.derivative.path)
    assert "MEMORANDO" in copied
    assert {"Folio", "4"} <= set(copied)


def test_a_layer_of_junk_is_read_again_from_the_image(take: Take) -> None:
    page = make_page("memorando", 3)
    taken = take(scanned(page, JUNK), "basura.pdf")
    assert taken.work.pending == [1]
    assert "pdf.text_layer_unusable" in taken.codes
    assert isinstance(Recognize()(taken.work), Done)
    assert "MEMORANDO" in taken.text
    assert "zzk" not in taken.text
    assert isinstance(Derive()(taken.work), Done)
    assert taken.work.derivative is not None
    assert "MEMORANDO" in words_of(taken.work.derivative.path)


@pytest.mark.parametrize("template", ["memorando", "tabla", "acta", "resolucion"])
def test_a_good_layer_of_an_earlier_recognition_stays(take: Take, template: str) -> None:
    page = make_page(template, 3)
    taken = take(scanned(page, page.text), "leido.pdf")
    assert taken.work.pending == []
    assert taken.text.split() == page.text.split()


def test_a_layer_with_a_share_of_misread_words_stays(take: Take) -> None:
    page = make_page("acta", 3)
    words = page.text.split()
    misread = " ".join("¤¦x" if index % 4 == 0 else word for index, word in enumerate(words))
    assert take(scanned(page, misread), "leido.pdf").work.pending == []


def test_text_that_is_seen_stays_whatever_lies_under_it(take: Take) -> None:
    shown = "Certificado expedido en linea para el interesado que lo solicita por escrito. " * 4
    taken = take(scanned(make_page("memorando", 3), JUNK, shown), "certificado.pdf")
    assert taken.work.pending == []
    assert " ".join(taken.text.split()) == shown.strip()
    odd = take(scanned(make_page("memorando", 3), "Folio 4", JUNK), "raro.pdf")
    assert odd.text.count("zzk") == 30
