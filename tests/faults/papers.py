"""The documents that are handed over while servers and processes fail: small, each with a word that no other has."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import img2pdf
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from tests.corpus.pages import font

SYLLABLES: Final = tuple(f"{first}{second}" for first in "bcdfglmnprt" for second in "aeou")
FAR: Final = 1_234_577
"""Has no divisor in common with the number of words, so that no word comes twice."""
PDFS: Final = 12
PAGES: Final = 5


@dataclass(frozen=True, slots=True)
class Paper:
    """A document to hand over. `word` stands in its text once, and in no other paper; its title and name do not tell it."""

    number: int
    word: str
    filename: str
    content: bytes


def papers(count: int, seed: int = 1, first: int = 0, scans: int = 50) -> Iterator[Paper]:
    """So many papers, of all kinds: most are texts and pages of the web, some PDFs, one of `scans` the picture of a page."""
    chance = random.Random(seed)
    for number in range(first, first + count):
        word, line = word_of(number), f"Oficio {number} de {chance.randint(1950, 2024)}. Se informa a la junta sobre el lugar llamado"
        if number % scans == scans - 1:
            yield Paper(number, word, f"escaneado-{number}.pdf", _scan(f"Acta {number} de la junta", word))
        elif number % PDFS == PDFS - 1:
            yield Paper(number, word, f"oficio-{number}.pdf", _pdf(line, word))
        elif number % PAGES == PAGES - 1:
            page = f"<!doctype html><html lang='es'><title>Oficio {number}</title><body><h1>Oficio</h1><p>{line} {word}.</p></body></html>"
            yield Paper(number, word, f"oficio-{number}.html", page.encode())
        else:
            yield Paper(number, word, f"oficio-{number}.txt", f"{line} {word}.\n".encode())


def word_of(number: int) -> str:
    """A word of nine letters that names a number: those of any two differ, and look nothing alike for neighbours."""
    left, syllables = number * FAR % len(SYLLABLES) ** 4, []
    for _ in range(4):
        left, one = divmod(left, len(SYLLABLES))
        syllables.append(SYLLABLES[one])
    return "".join(syllables) + "m"


def _pdf(line: str, word: str) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=True)
    canvas.drawString(72, 700, line)
    canvas.drawString(72, 680, f"{word} y sus veredas vecinas.")
    canvas.save()
    return stream.getvalue()


def _scan(heading: str, word: str) -> bytes:
    image = Image.new("L", (1000, 500), 255)
    draw = ImageDraw.Draw(image)
    for height, text in ((120, heading), (200, "reunida en el lugar llamado"), (280, word)):
        draw.text((80, height), text, fill=0, font=font("serif", 44))
    stream = io.BytesIO()
    image.save(stream, "PNG", dpi=(200, 200))
    made: bytes = img2pdf.convert(stream.getvalue())
    return made
