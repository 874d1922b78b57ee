"""What was read from a page, and the judgement on it: good, to be tried again, to be shown to a person, unreadable."""

from dataclasses import dataclass
from itertools import groupby
from typing import Final
from unicodedata import normalize

import numpy as np

from ingest.recognition import coverage
from ingest.recognition.raster import Grey

UNREADABLE: Final = 50.0
"""Mean confidence below which a page is taken for handwriting or a picture: no retry helps (measured 29-43 on manuscripts)."""
SURE: Final = 75.0
"""On an unreadable page only words at least this sure are kept, so that a printed heading is found and nothing is invented."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A word as the engine gave it: its box in pixels of the image read, and the numbers of its paragraph and line."""

    text: str
    confidence: float
    x0: float
    y0: float
    x1: float
    y1: float
    paragraph: tuple[int, int]
    line: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a page was read.

    `confidence` (0-100) is the mean weighted by letters, `unsure` the share of letters in words under 60, `coverage` the share of
    the page's letter ink inside the words, `score` the sum of letters weighted by confidence above 40. `stretched` estimates the share of
    letters missing from words far too short for their boxes: faded letters that the threshold of ink swallowed.
    """

    words: int
    confidence: float
    unsure: float
    coverage: float
    score: float
    stretched: float = 0.0

    @property
    def swallowed(self) -> bool:
        return self.stretched > 0.02

    @property
    def faded(self) -> bool:
        """Some letters are missing, as where faint ink falls under the adaptive threshold: well read pages cover 0.99 and more."""
        return self.swallowed or self.coverage < 0.985

    @property
    def lost_text(self) -> bool:
        return not self.words or self.coverage < 0.97 or self.swallowed

    @property
    def misread(self) -> bool:
        return self.confidence < 88 or self.unsure > 0.08

    @property
    def good(self) -> bool:
        return not (self.lost_text or self.misread or self.faded)

    @property
    def doubtful(self) -> bool:
        return not self.words or self.confidence < 85 or self.coverage < 0.98 or self.unsure > 0.12 or self.swallowed


def judge(image: Grey, dpi: float, words: tuple[Reading, ...]) -> Quality:
    """Measure a reading against the image it was read from."""
    if not words:
        return Quality(0, 0.0, 1.0, coverage.share(image, dpi, ()), 0.0)
    sure = np.array([word.confidence for word in words])
    size = np.array([len(word.text) for word in words], dtype=np.float64)
    usual = float(np.median([word.y1 - word.y0 for word in words]))
    boxes = [(word.x0, word.y0, word.x1, word.y1) for word in words if word.confidence >= 10 and word.y1 - word.y0 <= 2.2 * usual]
    return Quality(
        words=len(words),
        confidence=float((sure * size).sum() / size.sum()),
        unsure=float(size[sure < 60].sum() / size.sum()),
        coverage=coverage.share(image, dpi, boxes),
        score=float((size * (sure - 40) / 60).sum()),
        stretched=_stretched(words),
    )


def _stretched(words: tuple[Reading, ...]) -> float:
    """Letters that would fit in the boxes of the words that are at least twice too wide, over all letters."""
    size = np.array([len(word.text) for word in words], dtype=np.float64)
    long = size >= 2
    if long.sum() < 20:
        return 0.0
    shape = np.array([(word.x1 - word.x0) / max(1.0, word.y1 - word.y0) for word in words])
    fitting = shape / float(np.median(shape[long] / size[long]))
    wide = long & (fitting > 2.2 * size)
    return float((fitting - size)[wide].sum() / size.sum())


def text_of(words: tuple[Reading, ...]) -> str:
    """The text in NFC: words joined by one space, lines by a line break, paragraphs by an empty line."""
    paragraphs = []
    for _, paragraph in groupby(words, key=lambda word: word.paragraph):
        lines = [" ".join(word.text for word in line) for _, line in groupby(paragraph, key=lambda word: word.line)]
        paragraphs.append("\n".join(lines))
    return normalize("NFC", "\n\n".join(paragraphs))
