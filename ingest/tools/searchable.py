"""Make the searchable copy of a document whose text was recognised: PDF/A-2b through OCRmyPDF, without Ghostscript and without OCR."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import img2pdf
import ocrmypdf
import ocrmypdf.exceptions
import pikepdf
import pypdfium2
from PIL import Image, ImageOps

from ingest import alto
from ingest.step import Word
from ingest.tools.pdf_text import hidden_words, is_garbled, own_text
from ingest.tools.raster import FORMATS, PDF, declared_dpi, flatten, image_dpi
from ingest.tools.replay import INDEX, UNSEEN, forget
from ingest.words import turned

_PLUGIN: Final = "ingest.tools.replay"
_JPEG: Final = ("JPEG", "MPO")
_MIRRORS: Final = MappingProxyType({2: 0, 4: 180, 5: 270, 7: 90})
"""EXIF orientations that mirror, which img2pdf refuses: the degrees to turn clockwise once left and right have changed places."""
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
SLICE: Final = 1000
"""Pages of one OCRmyPDF run: about 0.6 MB each (measured 0.3 MB at 200 words)."""


def make(original: str, mime: str, alto_files: Sequence[str], pages: Sequence[int], destination: str, scratch: str) -> dict[str, Any]:
    """Write at `destination` the original's pages, upright, with the recognised words of `pages`, unseen, over them.

    Answers whether the copy is PDF/A-2b (`pdfa`) and the pages whose own text it lost (`lost`): such a copy must be thrown away.
    Raises ocrmypdf's and pikepdf's errors where the original cannot be rewritten. The original is only read. Besides
    `destination`, nothing is written outside of `scratch`, also where this process is killed.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder, _temporary_files_in(folder):
        source = Path(folder) / "pages.pdf"
        turns, index, wanted = {}, {}, set(pages)
        for file in alto_files:
            for part in alto.load(Path(file).read_bytes()):
                if part.number in wanted:
                    index[part.number] = file
                    turns[part.number] = part.turn
        (Path(folder) / INDEX).write_text(json.dumps(index))
        unseen = _unseen(Path(original), turns) if mime == PDF else {}
        (Path(folder) / UNSEEN).write_text(json.dumps(unseen))
        forget()
        if mime == PDF:
            _upright_pdf(Path(original), turns, source)
        else:
            _upright_images(Path(original), turns, source)
        pdfa = _replay(source, Path(destination), sorted(index))
        lost = _lost_pages(Path(original), Path(destination)) if mime == PDF else []
    return {"pdfa": pdfa, "lost": lost}


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """Temporary files that name no folder are made in this one: OCRmyPDF keeps copies of the document in one that it cannot be told."""
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before


def _unseen(original: Path, turns: dict[int, int]) -> dict[int, list[tuple[str, float, float, float, float, float]]]:
    """The words that these pages hold unseen, for OCRmyPDF puts the recognised ones in their place, by page and with its turn."""
    document = pypdfium2.PdfDocument(original)
    try:
        found = {}
        for number, turn in turns.items():
            page = document[number - 1]
            size = page.get_size()
            words = [turned(Word(text, 100.0, *box), turn, *size) for text, *box in hidden_words(page)]
            page.close()
            if words:
                found[number] = [(word.text, word.confidence, word.x0, word.y0, word.x1, word.y1) for word in words]
        return found
    finally:
        document.close()


def _upright_pdf(original: Path, turns: dict[int, int], destination: Path) -> None:
    """The pages with the found turn in their /Rotate, and nothing outside what is shown: boxes count from there."""
    with pikepdf.open(original) as document:
        for number, page in enumerate(document.pages, 1):
            if "/Trans" in page:
                del page["/Trans"]  # a slide's transition, which the checker of PDF/A does not know
            if number in turns:
                page.MediaBox = page.cropbox
                if turns[number]:
                    page.rotate(turns[number], relative=True)
        document.save(destination, encryption=False)


def _upright_images(original: Path, turns: dict[int, int], destination: Path) -> None:
    """A page a frame, at the size its words were measured on. Pixels go in as they are stored, or are packed again without loss."""
    with (
        tempfile.TemporaryDirectory(dir=destination.parent) as folder,
        Image.open(original, formats=FORMATS) as image,
        pikepdf.new() as document,
    ):
        frames = image.n_frames if image.format == "TIFF" else 1  # type: ignore[attr-defined]  # a TIFF has it
        for number in range(1, frames + 1):
            image.seek(number - 1)
            content = original if frames == 1 and _is_embeddable(image, original) else _packed(image, Path(folder))
            dpi = image_dpi(*image.size, declared_dpi(image))
            mirror = _MIRRORS.get(image.getexif().get(0x0112, 1)) if content == original and image.format in _JPEG else None
            page = img2pdf.convert(
                str(content),
                layout_fun=img2pdf.get_fixed_dpi_layout_fun((dpi, dpi)),
                first_frame_only=True,
                rotation=img2pdf.Rotation.auto if image.format in _JPEG and mirror is None else img2pdf.Rotation.none,
            )
            with tempfile.TemporaryFile(dir=folder) as stream:
                stream.write(page)
                with pikepdf.open(stream) as single:
                    document.pages.extend(single.pages)
            if mirror is not None:
                _unmirror(document.pages[-1], mirror)
            if turns.get(number):
                document.pages[-1].rotate(turns[number], relative=True)
        document.save(destination)


def _unmirror(page: pikepdf.Page, turn: int) -> None:
    """Show the page's left at its right, and then turned."""
    width = float(page.mediabox[2])
    page.contents_add(b"q -1 0 0 1 %.4f 0 cm\n" % width, prepend=True)
    page.contents_add(b"\nQ")
    page.rotate(turn, relative=True)


def _is_embeddable(image: Image.Image, path: Path) -> bool:
    """Whether img2pdf takes the stored pixels as they are: an EXIF turn it honours in JPEG alone."""
    if image.format in _JPEG:
        return image.mode in ("L", "RGB")
    if image.mode not in ("1", "L", "RGB") or "transparency" in image.info:
        return False
    if image.format == "PNG":
        return not _has_notes(path) or image.getexif().get(0x0112, 1) == 1
    return image.format == "TIFF" and image.info.get("compression") == "group4" and image.getexif().get(0x0112, 1) == 1


def _has_notes(png: Path) -> bool:
    """Whether a PNG file holds a chunk in which a turn could stand. Pillow decodes every pixel before it says that there is none."""
    with png.open("rb") as stream:
        stream.seek(len(_PNG_SIGNATURE))
        while len(head := stream.read(8)) == 8:
            if head[4:] in (b"eXIf", b"iTXt", b"tEXt", b"zTXt"):
                return True
            stream.seek(int.from_bytes(head[:4]) + 4, os.SEEK_CUR)
    return False


def _packed(image: Image.Image, folder: Path) -> Path:
    upright = flatten(ImageOps.exif_transpose(image))
    path = folder / ("frame.tif" if upright.mode in ("1", "CMYK") else "frame.png")
    upright.save(path, compression={"1": "group4", "CMYK": "tiff_lzw"}.get(upright.mode))
    return path


def _replay(source: Path, destination: Path, numbers: Sequence[int]) -> bool:
    """Lay the words over the pages, some hundreds at a time, because OCRmyPDF holds all the words of a run in memory.

    True when the result is PDF/A-2b; where the checker finds something it does not approve, the result is a plain PDF.
    """
    slices = [numbers[start : start + SLICE] for start in range(0, len(numbers), SLICE)]
    for index, some in enumerate(slices[:-1]):
        step = source.with_name(f"step-{index}.pdf")
        _lay(source, step, some, "pdf")
        source.unlink()
        step.rename(source)
    try:
        _lay(source, destination, slices[-1], "pdfa-2")
    except ocrmypdf.exceptions.PdfaConversionFailedError:
        _lay(source, destination, slices[-1], "pdf")
        return False
    return True


def _lay(source: Path, destination: Path, numbers: Sequence[int], output_type: str) -> None:
    with pikepdf.open(source) as document:
        form = "/AcroForm" in document.Root
    ocrmypdf.ocr(
        source,
        destination,
        plugins=[_PLUGIN],
        language=["spa"],
        mode="skip" if form else "redo",
        pages=",".join(map(str, numbers)),
        output_type=output_type,
        pdfa_backend="internal",
        rasterizer="pypdfium",
        pdf_renderer="fpdf2",
        optimize=0,
        jobs=1,
        use_threads=True,
        progress_bar=False,
        invalidate_digital_signatures=True,
        tagged_pdf_mode="ignore",
        max_image_mpixels=0,
    )


def _lost_pages(original: Path, copy: Path) -> list[int]:
    """Pages whose words, as pdfium reads them, are not all in the copy. A garbled or junk layer says nothing, so it cannot be lost."""
    before, after = pypdfium2.PdfDocument(original), pypdfium2.PdfDocument(copy)
    try:
        lost = [number for number in range(len(before)) if number >= len(after) or _loses(own_text(before[number]), _text(after, number))]
        return [number + 1 for number in lost]
    finally:
        before.close()
        after.close()


def _text(document: pypdfium2.PdfDocument, index: int) -> str:
    page = document[index].get_textpage()
    try:
        return str(page.get_text_range())
    finally:
        page.close()


def _loses(before: str, after: str) -> bool:
    if is_garbled(before) or "".join(before.split()) in "".join(after.split()):
        return False
    return bool(Counter(before.split()) - Counter(after.split()))


CALLS = {"make": make}
