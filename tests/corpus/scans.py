"""Files made of the invented pages, what recognition should say of them, and how far from it an answer is."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import img2pdf
import numpy as np
from PIL import Image

from ingest.step import Part, PartKind, TextSource, Word
from tests.corpus.pages import Page
from tests.corpus.renderings import encode, render

MIMES: Final = {".tif": "image/tiff", ".png": "image/png", ".jpg": "image/jpeg", ".pdf": "application/pdf"}


def scan(folder: Path, page: Page, rendering: str, seed: int = 0) -> Path:
    """Write one page as an image file, named after its template, seed and rendering."""
    content, suffix = encode(render(page, rendering, seed))
    path = folder / f"{page.template}-{page.seed}-{rendering}{suffix}"
    path.write_bytes(content)
    return path


def pdf_of(images: Sequence[Path], path: Path) -> Path:
    """A PDF with an image a page, and nothing else."""
    path.write_bytes(img2pdf.convert([str(image) for image in images]))
    return path


def tiff_of(images: Sequence[Image.Image], path: Path) -> Path:
    """A TIFF of several frames."""
    stream = io.BytesIO()
    images[0].save(stream, "TIFF", save_all=True, append_images=images[1:], dpi=images[0].info["dpi"], compression="tiff_deflate")
    path.write_bytes(stream.getvalue())
    return path


def as_part(page: Page, number: int, turn: int = 0) -> Part:
    """The page as perfect recognition would give it."""
    words = tuple(Word(text, 96.0, *(round(edge, 2) for edge in box)) for text, *box in page.word_boxes())
    exact = Part(number, PartKind.PAGE, page.text, TextSource.RECOGNISED, turn=turn, words=words, engine="exact")
    return replace(exact, width=page.width, height=page.height)


def character_errors(truth: str, read: str) -> float:
    """Character error rate: edits between the texts over the length of the true one; runs of white space count as one space."""
    expected, found = " ".join(truth.split()), " ".join(read.split())
    codes = np.array([ord(sign) for sign in found])
    steps = np.arange(len(found) + 1)
    row = steps.copy()
    for index, sign in enumerate(expected, 1):
        best = row + 1
        best[1:] = np.minimum(best[1:], row[:-1] + (codes != ord(sign)))
        best[0] = index
        row = np.minimum.accumulate(best - steps) + steps
    return float(row[-1]) / max(1, len(expected))
