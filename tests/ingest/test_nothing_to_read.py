"""Scans on which there is nothing to read: each says so, as a blank PDF does, and no document stays without text and without a reason."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from ingest.limits import Limits
from ingest.step import Done, Failed
from ingest.steps.recognize import Recognize
from tests.corpus.pages import make_page
from tests.corpus.renderings import draw
from tests.corpus.scans import character_errors
from tests.ingest import made
from tests.ingest.conftest import Take, Taken, named


def saved(image: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, dpi=(150, 150))
    return stream.getvalue()


def scan_of(width: int, height: int, data: bytes, decoder: bytes = b"FlateDecode") -> bytes:
    """A PDF of one grey image that declares so many pixels and holds these data."""
    image = b"<< /Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8 /Width %d /Height %d" % (width, height)
    draws = b"q 595 0 0 842 0 0 cm /I Do Q"
    return made.raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draws), draws),
            image + b" /Filter /%s /Length %d >>\nstream\n%s\nendstream" % (decoder, len(data), data),
        ]
    )


def recognised(taken: Taken) -> Taken:
    Recognize()(taken.work)
    return taken


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (saved(Image.new("L", (1240, 1754), 255), "PNG"), "blanca.png"),
        (saved(Image.new("1", (1, 1), 1), "PNG"), "un_punto.png"),
        (saved(Image.fromarray(np.zeros((600, 400), np.float32)), "TIFF"), "decimales.tif"),
        (saved(Image.fromarray(np.full((600, 400), np.nan, np.float32)), "TIFF"), "sin_numeros.tif"),
        (scan_of(850, 1100, zlib.compress(b"\xff" * 850 * 1100)), "blanco.pdf"),
    ],
    ids=named,
)
def test_a_scan_without_text_says_so(take: Take, content: bytes, filename: str) -> None:
    taken = recognised(take(content, filename))
    assert taken.text == ""
    assert taken.errors
    assert taken.errors <= {"text.none", "ocr.page_failed"}


@pytest.mark.parametrize(
    ("width", "height", "data", "decoder"),
    [
        (9999, 9999, zlib.compress(b"\0" * 100), b"FlateDecode"),
        (1_000_000, 1_000_000, zlib.compress(b"\0" * 100), b"FlateDecode"),
        (0, 0, zlib.compress(b"\0" * 100), b"FlateDecode"),
        (850, 1100, b"", b"FlateDecode"),
        (850, 1100, b"x" * 500, b"FlateDecode"),
        (850, 1100, b"x" * 500, b"JBIG2Decode"),
        (850, 1100, b"x" * 500, b"JPXDecode"),
        (85_000, 110_000, saved(Image.new("L", (850, 1100), 0), "JPEG"), b"DCTDecode"),
    ],
)
def test_a_scan_whose_image_lies_is_said_to_be_damaged(take: Take, width: int, height: int, data: bytes, decoder: bytes) -> None:
    taken = recognised(take(scan_of(width, height, data, decoder), "miente.pdf"))
    assert taken.text == ""
    assert taken.errors == {"ocr.image_spoiled"}
    assert taken.work.parts[0].doubtful


def test_a_blank_page_among_others_is_no_finding(take: Take) -> None:
    stream = io.BytesIO()
    pages = [Image.fromarray(draw(make_page("memorando", 3), 150)), Image.new("L", (1240, 1754), 255)]
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:], dpi=(150, 150))
    taken = take(stream.getvalue(), "con_blanca.tif")
    assert isinstance(Recognize()(taken.work), Done)
    assert taken.work.parts[0].text
    assert taken.work.parts[1].text == ""
    assert taken.errors == set()


def test_why_a_page_was_not_read_stands_for_the_general_finding(take: Take) -> None:
    taken = take(made.scanned_pdf(), "lenta.pdf", limits=Limits(seconds_per_page=0.01))
    assert isinstance(Recognize()(taken.work), Failed)
    assert taken.errors == {"ocr.page_slow"}


@pytest.mark.parametrize("paper", [1.0, 255.0, 65_535.0])
def test_a_picture_of_decimal_numbers_is_read_on_whatever_scale(take: Take, paper: float) -> None:
    page = make_page("memorando", 4)
    grey = draw(page, 150).astype(np.float32) * np.float32(paper / 255)
    taken = recognised(take(saved(Image.fromarray(grey), "TIFF"), "decimales.tif"))
    assert character_errors(page.text, taken.text) < 0.05
    assert taken.errors == set()
