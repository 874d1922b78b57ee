"""Read one page: turn it upright, straighten it, read it, and try again in other ways only where the result shows that it went wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import cv2

from ingest.recognition import coverage, light, skew
from ingest.recognition.raster import Box, Grey, Matrix, PageImage, as_grey, quarter_turn, resize, straighten, way_back
from ingest.recognition.reading import SURE, UNREADABLE, Quality, Reading, judge

ORIENTATION_CONFIDENCE: Final = 1.5
ORIENTATION_DPI: Final = 200
"""At 150 dpi typewritten pages upside down are taken for upright ones; at 200 none was (18 pages turned, six fonts)."""


class Engine(Protocol):
    """The OCR engine, on grey images."""

    def read(self, image: Grey, dpi: int, *, one_block: bool, adaptive: bool) -> tuple[Reading, ...]:
        """`one_block` takes the page as a single block of lines; `adaptive` sets the threshold of ink by Sauvola's method, else Otsu's."""
        ...

    def orientation(self, image: Grey, dpi: int) -> tuple[int, float]:
        """Quarters to turn anticlockwise to make the page upright, and the confidence of the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Variant:
    """A way of preparing and reading a page."""

    dpi: int = 240
    even_light: bool = False
    one_block: bool = False
    adaptive: bool = True
    blur: float = 0.0
    brightest: bool = False
    trusted: bool = True


_MEASURING_DPI: Final = 100

FADED: Final = Variant(adaptive=False)
STAMPED: Final = Variant(even_light=True, one_block=True, brightest=True, trusted=False)
RESCUES: Final = (Variant(dpi=300, even_light=True), Variant(dpi=300, even_light=True, adaptive=False, blur=0.8, trusted=False))


@dataclass(frozen=True, slots=True)
class Result:
    """The words of a page, boxes in pixels of the page image after `quarters` anticlockwise turns; `quality` is None for a blank page."""

    words: tuple[Reading, ...]
    quarters: int
    quality: Quality | None
    doubtful: bool
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    variant: Variant
    words: tuple[Reading, ...]
    quality: Quality
    matrix: Matrix

    def beats(self, other: "_Attempt") -> bool:
        """Reading as one block mixes columns and invents words, so it must also have found text that was lost."""
        found = not self.variant.one_block or self.quality.coverage >= other.quality.coverage + 0.02
        return found and self.quality.score > 1.02 * other.quality.score + 5


class _Sheet:
    """One page and how it lies."""

    def __init__(self, image: PageImage, engine: Engine) -> None:
        self.image, self.engine = image, engine
        self.quarters, self.asked = 0, False
        self.grey = _softened(image)
        small, dpi = _reduced(self.grey, image.dpi)
        self.lean = skew.measure(small, dpi)
        self.before = (self.quarters, self.grey, self.lean)
        self.uneven = not image.two_tone and light.evenness(small, dpi) < light.EVEN
        self.is_blank = coverage.is_blank(small, dpi)
        self.lies_on_its_side = skew.lies_on_its_side(small, dpi, self.lean)

    def turn_upright(self) -> bool:
        """Ask the engine which way is up; True when the page was turned."""
        self.asked = True
        self.before = (self.quarters, self.grey, self.lean)
        small, _ = straighten(self.grey, self.image.dpi, 0, ORIENTATION_DPI)
        quarters, confidence = self.engine.orientation(light.take_out(small, ORIENTATION_DPI), ORIENTATION_DPI)
        if quarters % 4 == 0 or confidence < ORIENTATION_CONFIDENCE:
            return False
        self.quarters = (self.quarters + quarters) % 4
        self.grey = quarter_turn(self.grey, quarters)
        self.lean = skew.measure(*_reduced(self.grey, self.image.dpi))
        return True

    def turn_back(self) -> None:
        """Undo a turn that made the page read worse."""
        self.quarters, self.grey, self.lean = self.before

    def attempt(self, variant: Variant) -> _Attempt:
        source = quarter_turn(self.image.brightest(), self.quarters) if variant.brightest else self.grey
        prepared, matrix = straighten(source, self.image.dpi, self.lean.angle, variant.dpi)
        if variant.blur:
            prepared = as_grey(cv2.GaussianBlur(prepared, (0, 0), variant.blur))
        if variant.even_light and not self.image.two_tone:
            prepared = light.take_out(prepared, variant.dpi)
        if not self.image.two_tone:
            prepared = light.stretch(prepared)
        words = self.engine.read(prepared, variant.dpi, one_block=variant.one_block, adaptive=variant.adaptive)
        return _Attempt(variant, words, judge(prepared, variant.dpi, words), matrix)


def _reduced(image: Grey, dpi: float) -> tuple[Grey, float]:
    """The page small enough to be measured cheaply; its resolution."""
    small = resize(image, _MEASURING_DPI / dpi)
    return small, dpi * small.shape[0] / image.shape[0]


def _softened(image: PageImage) -> Grey:
    """A page of two tones loses its jagged edges and specks before it is scaled (0.8 pixels at 200 dpi)."""
    return as_grey(cv2.GaussianBlur(image.grey, (0, 0), 0.004 * image.dpi)) if image.two_tone else image.grey


def recognise(image: PageImage, engine: Engine) -> Result:
    """Read a page with as little work as it needs."""
    sheet = _Sheet(image, engine)
    if sheet.is_blank:
        return Result((), 0, None, doubtful=False)
    if sheet.lies_on_its_side:
        sheet.turn_upright()
    plain = Variant(even_light=sheet.uneven)
    best = sheet.attempt(plain)
    if best.quality.confidence < 75 and not sheet.asked and sheet.turn_upright():
        turned = sheet.attempt(plain)
        if turned.quality.score > best.quality.score:
            best = turned
        else:
            sheet.turn_back()
    if best.quality.confidence >= UNREADABLE and not best.quality.good:
        best = _best_of(sheet, best)
    return _result(sheet.quarters, best)


def _best_of(sheet: _Sheet, first: _Attempt) -> _Attempt:
    best = first
    for variant in _rescues(first):
        attempt = sheet.attempt(variant)
        if attempt.beats(best):
            best = attempt
            if attempt.quality.good:
                break
    return best


def _rescues(first: _Attempt) -> Iterator[Variant]:
    if first.quality.faded:
        yield FADED
    if first.quality.lost_text:
        yield STAMPED
        if first.variant.even_light:
            yield Variant()
    if first.quality.misread:
        yield from RESCUES


def _result(quarters: int, best: _Attempt) -> Result:
    unreadable = best.quality.confidence < UNREADABLE
    back: Callable[[Box], Box] = way_back(best.matrix)
    words = []
    for word in best.words:
        if not unreadable or word.confidence >= SURE:
            box = back((word.x0, word.y0, word.x1, word.y1))
            words.append(Reading(word.text, word.confidence, *box, word.paragraph, word.line))
    doubtful = unreadable or best.quality.doubtful or not best.variant.trusted
    return Result(tuple(words), quarters, best.quality, doubtful, unreadable)
