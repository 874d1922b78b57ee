"""Files made to harm, through the steps with real children: each ends with parts, or with a finding that says why and what to do."""

import pytest

from ingest.limits import Limits
from tests.ingest import hostile, made
from tests.ingest.conftest import Take, Taken


def readable_or_explained(taken: Taken) -> bool:
    """What is owed to every file: text, or pages to recognise, or an error with its reason and remedy."""
    return bool(taken.text or taken.work.pending or taken.errors)


@pytest.mark.parametrize("filename", hostile.FILES)
def test_a_hostile_file_is_read_or_explained(take: Take, filename: str) -> None:
    make, code = hostile.FILES[filename]
    taken = take(make(), filename)
    assert readable_or_explained(taken)
    assert code is None or code in taken.codes
    assert "root:" not in taken.text
    assert take(b"Hola", "siguiente.txt").text == "Hola"


def test_a_call_that_takes_too_long_is_ended_and_told(take: Take) -> None:
    slow = "\n".join("palabra " * 20 for _ in range(150_000)).encode()
    taken = take(slow, "lento.txt", limits=Limits(seconds_per_call=0.05))
    assert taken.errors & {"file.too_slow"}
    assert take(b"Hola", "siguiente.txt").text == "Hola"


def test_the_limits_are_those_given(take: Take) -> None:
    few = Limits(max_pages=2, max_pixels=1000, max_text_chars=40, max_nesting=1)
    assert "pdf.too_many_pages" in take(made.pdf(["a", "b", "c"]), "a.pdf", limits=few).codes
    assert "image.bomb" in take(made.image("PNG"), "a.png", limits=few).codes
    assert "image.too_many_frames" in take(made.tiff(3), "a.tif", limits=Limits(max_pages=2)).codes
    long = take(made.SPANISH.encode(), "a.txt", limits=few)
    assert "text.truncated" in long.codes
    assert long.text == made.SPANISH[:40].strip()
    inner = made.eml([("a.eml", "application/octet-stream", made.eml())])
    assert "mail.nesting" in take(made.eml([("b.eml", "application/octet-stream", inner)]), "a.eml", limits=few).codes


def test_a_page_that_cannot_be_loaded_is_left_out_and_the_others_read(take: Take) -> None:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    text = [b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % word for word in (b"Primera", b"Tercera")]
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 6 0 R >> >> >>"
    streams = [b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content) for content in text]
    pages = b"<< /Type /Pages /Kids [3 0 R 4 0 R 5 0 R] /Count 3 >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", pages, page % 7, b"42", page % 8, font, *streams]
    taken = take(made.raw_pdf(objects), "a.pdf")
    assert [part.text for part in taken.work.parts] == ["Primera", "", "Tercera"]
    assert taken.codes == {"pdf.page_count", "pdf.pages_unreadable"}
