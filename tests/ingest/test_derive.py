"""The searchable copy: made only where text was recognised, holding what was read where it was read, never at the original's cost."""

import hashlib
import io
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import ocrmypdf
import pikepdf
import pikepdf.pdfa
import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from reportlab.pdfgen.canvas import Canvas

from ingest.step import Done, Failed, Format, Part, Skipped, Workspace
from ingest.steps import recognize
from ingest.steps.derive import Derive
from ingest.tools import searchable
from ingest.tools.process import ToolBox
from tests.corpus.pages import Page, make_page
from tests.corpus.renderings import draw
from tests.corpus.scans import MIMES, as_part, pdf_of, scan, tiff_of


@pytest.fixture(scope="module")
def tools() -> Iterator[ToolBox]:
    box = ToolBox(size=1)
    yield box
    box.close()


def workspace(path: Path, tools: ToolBox, parts: Sequence[Part]) -> Workspace:
    """As the workspace stands when the pages of `parts` have been recognised."""
    work = Workspace(path.parent, path, path.name, tools, format=Format(None, MIMES[path.suffix], ""), parts=list(parts))
    work.range_files = [recognize.save(path.parent, {part.number: part for part in parts})]
    return work


def copy_of(work: Workspace) -> pypdfium2.PdfDocument:
    assert work.derivative is not None
    return pypdfium2.PdfDocument(work.derivative.path)


def text_of(document: pypdfium2.PdfDocument, index: int) -> str:
    return " ".join(str(document[index].get_textpage().get_text_range()).split())


def test_the_copy_of_an_image_is_pdf_a_with_its_words_in_place(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("oficio", 8)
    work = workspace(scan(tmp_path, page, "foto150"), tools, [as_part(page, 1)])
    assert Derive()(work) == Done("derivative.made", {"pages": 1, "pdfa": True})
    assert work.derivative is not None
    assert (work.derivative.format.puid, work.derivative.role, work.findings) == ("fmt/477", "access", [])
    with pikepdf.open(work.derivative.path) as document:
        assert not pikepdf.pdfa.check(document, "2b").findings
        image = next(iter(document.pages[0].get_images().values()))
        assert image.read_raw_bytes() in work.original.read_bytes(), "the JPEG is taken as it is"
    copy = copy_of(work)
    assert text_of(copy, 0) == " ".join(page.text.split())
    assert ink_inside(copy[0], page) > 0.9


def ink_inside(page: pypdfium2.PdfPage, truth: Page) -> float:
    """The share of words whose letters, as the copy's text layer places them, lie on the ink of the drawn page."""
    textpage = page.get_textpage()
    text = textpage.get_text_range()
    height = page.get_height()
    hits = total = 0
    for word, x0, y0, x1, y1 in truth.word_boxes():
        if text.count(word) == 1:
            left, bottom, right, top = textpage.get_charbox(text.index(word))
            total += 1
            hits += x0 - 6 <= (left + right) / 2 <= x1 + 6 and y0 - 6 <= height - (bottom + top) / 2 <= y1 + 6
    return hits / total


def test_frames_on_their_side_stand_upright_in_the_copy(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("acta", 4)
    images = [Image.fromarray(np.ascontiguousarray(np.rot90(draw(page, 100), quarters))) for quarters in (0, 1)]
    images[0].info["dpi"] = (100, 100)
    work = workspace(tiff_of(images, tmp_path / "dos.tif"), tools, [as_part(page, 1), as_part(page, 2, turn=90)])
    assert isinstance(Derive()(work), Done)
    copy = copy_of(work)
    assert len(copy) == 2
    for index in range(2):
        assert copy[index].get_size() == pytest.approx((page.width, page.height), abs=1)
        assert text_of(copy, index) == " ".join(page.text.split())
    drawn = [np.asarray(copy[index].render(scale=1, grayscale=True).to_numpy()).astype(int).squeeze() for index in range(2)]
    assert np.abs(drawn[0] - drawn[1]).mean() < 3


@pytest.mark.parametrize("late", [False, True])
def test_a_png_that_says_it_lies_on_its_side_stands_upright_in_the_copy(tmp_path: Path, tools: ToolBox, late: bool) -> None:
    """Wherever in the file it says so: PNG allows its EXIF before the pixels and after them."""
    page = make_page("memorando", 3)
    image = Image.fromarray(np.ascontiguousarray(np.rot90(draw(page, 100))))
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    image.save(stream, "PNG", dpi=(100, 100), exif=b"" if late else exif)
    content = stream.getvalue()
    if late:
        note = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
        end = content.rindex(b"IEND") - 4
        content = content[:end] + struct.pack("!I", len(note) - 4) + note + struct.pack("!I", zlib.crc32(note)) + content[end:]
    path = tmp_path / "side.png"
    path.write_bytes(content)
    work = workspace(path, tools, [as_part(page, 1)])
    assert isinstance(Derive()(work), Done)
    copy = copy_of(work)
    assert copy[0].get_size() == pytest.approx((page.width, page.height), abs=1)
    assert ink_inside(copy[0], page) > 0.9


@pytest.mark.parametrize("fault", [None, ValueError])
def test_nothing_of_it_is_written_outside_of_the_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[Exception] | None
) -> None:
    """Where its process is killed, what it wrote is swept with that folder."""
    page = make_page("oficio", 8)
    image, files = scan(tmp_path, page, "foto150"), recognize.save(tmp_path, {1: as_part(page, 1)})
    lay, told, before = ocrmypdf.ocr, [], tempfile.gettempdir()

    def ocr(*words: Any, **options: Any) -> None:
        told.append(Path(tempfile.gettempdir()))
        if fault:
            raise fault
        lay(*words, **options)

    monkeypatch.setattr(ocrmypdf, "ocr", ocr)
    with pytest.raises(fault) if fault else nullcontext():
        searchable.make(str(image), MIMES[image.suffix], [str(files)], [1], str(tmp_path / "copia.pdf"), str(tmp_path))
    assert all(tmp_path in folder.parents for folder in told)
    assert len(told) >= 1
    assert tempfile.gettempdir() == before


def test_the_copy_needs_no_program_beside_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = make_page("oficio", 9)
    image = scan(tmp_path, page, "foto150")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    tools = ToolBox(size=1)
    try:
        assert Derive()(workspace(image, tools, [as_part(page, 1)])) == Done("derivative.made", {"pages": 1, "pdfa": True})
    finally:
        tools.close()


def test_a_pdf_page_with_rotation_and_crop_gets_its_words_where_it_shows_them(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("memorando", 6)
    path = tmp_path / "recortado.pdf"
    upside_down = Image.fromarray(np.ascontiguousarray(np.rot90(draw(page, 150), 2)))
    canvas = Canvas(str(path), pagesize=(800, 1000))
    canvas.drawInlineImage(upside_down, 100, 50, 612, 792)
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.pages[0].CropBox = [100, 50, 712, 842]
        document.pages[0].Rotate = 180
        document.save(path)
    work = workspace(path, tools, [as_part(page, 1)])
    assert isinstance(Derive()(work), Done)
    copy = copy_of(work)
    assert copy[0].get_size() == pytest.approx((612, 792), abs=1)
    words = {word: box for word, *box in page.word_boxes()}
    textpage = copy[0].get_textpage()
    text = textpage.get_text_range()
    left, bottom, right, top = textpage.get_charbox(text.index("MEMORANDO"))
    # the page is turned by its own /Rotate: its own space counts from the opposite corner
    crop = copy[0].get_bbox()
    assert crop[2] - right == pytest.approx(words["MEMORANDO"][0], abs=4)
    assert bottom - crop[1] == pytest.approx(words["MEMORANDO"][1], abs=6)
    assert left < right
    assert bottom < top


def test_the_copy_keeps_the_text_that_the_original_had(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("oficio", 9)
    path = tmp_path / "mixto.pdf"
    image = Image.fromarray(draw(page, 100))
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.drawString(72, 700, "Página nacida digital, con eñe y acentuación")
    canvas.showPage()
    canvas.drawInlineImage(image, 0, 0, 612, 792)
    canvas.drawString(72, 30, "Sello electrónico 4471")
    canvas.save()
    work = workspace(path, tools, [as_part(page, 2)])
    assert Derive()(work) == Done("derivative.made", {"pages": 1, "pdfa": False})
    assert [finding.code for finding in work.findings] == ["derivative.not_pdfa"], "its letters are not in the file"
    copy = copy_of(work)
    assert text_of(copy, 0) == "Página nacida digital, con eñe y acentuación"
    assert "Sello electrónico 4471" in text_of(copy, 1)
    assert set(page.text.split()) <= set(text_of(copy, 1).split())


def test_a_copy_that_would_lose_text_is_thrown_away(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("memorando", 2)
    path = tmp_path / "con-capa.pdf"
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.drawInlineImage(Image.fromarray(draw(page, 100)), 0, 0, 612, 792)
    layer = canvas.beginText(72, 500)
    layer.textOut("palabras que se ven, en el mismo objeto de texto que otras que no")
    layer.setTextRenderMode(3)
    layer.textOut("palabras de una lectura anterior")
    canvas.drawText(layer)
    canvas.save()
    work = workspace(path, tools, [as_part(page, 1)])
    assert Derive()(work) == Failed("derivative.lost_text", {"pages": "1"})
    assert [finding.code for finding in work.findings] == ["derivative.lost_text"]
    assert work.derivative is None
    assert not list(tmp_path.glob("searchable*"))


def test_a_signed_original_stays_as_it_was(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("resolucion", 5)
    unsigned = pdf_of([scan(tmp_path, page, "fax200")], tmp_path / "sin-firma.pdf")
    path = tmp_path / "firmado.pdf"
    path.write_bytes(signed(unsigned.read_bytes()))
    before = hashlib.sha256(path.read_bytes()).digest()
    work = workspace(path, tools, [as_part(page, 1)])
    work.signed = True
    assert isinstance(Derive()(work), Done)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert work.derivative is not None
    assert work.derivative.path != path
    assert set(page.text.split()) <= set(text_of(copy_of(work), 0).split())


def signed(content: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firmante de prueba")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    signer = signers.SimpleSigner.load_pkcs12_data(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, NoEncryption()), [])
    done = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), signers.PdfSignatureMetadata(field_name="Firma"), signer=signer)
    return bytes(done.getbuffer())


def test_an_original_that_cannot_be_rewritten_is_said_and_kept(tmp_path: Path, tools: ToolBox) -> None:
    page = make_page("acta", 1)
    path = tmp_path / "roto.pdf"
    path.write_bytes(b"%PDF-1.4\nno hay nada")
    work = workspace(path, tools, [as_part(page, 1)])
    assert Derive()(work) == Failed("derivative.failed")
    assert [finding.code for finding in work.findings] == ["derivative.failed"]
    assert path.read_bytes() == b"%PDF-1.4\nno hay nada"


def test_nothing_recognised_makes_no_copy(tmp_path: Path, tools: ToolBox) -> None:
    path = scan(tmp_path, make_page("oficio", 2), "fax100")
    work = Workspace(tmp_path, path, path.name, tools, format=Format(None, "image/tiff", ""))
    assert Derive()(work) == Skipped("derivative.no_recognised_text")
