"""The policy over a page's image, with an engine whose every answer is known."""

from collections.abc import Callable

import numpy as np
import pytest

from ingest.recognition import light, skew
from ingest.recognition.policy import recognise
from ingest.recognition.raster import Grey, PageImage, as_grey, straighten, way_back
from ingest.recognition.reading import Reading, judge
from tests.corpus.pages import make_page
from tests.corpus.renderings import draw, turn

PAGE = make_page("oficio", 1)
SHEET = as_grey(draw(PAGE, 150))


class Answers:
    """An engine that reads what `answer` says and notes how it was asked."""

    def __init__(self, answer: Callable[[Grey, bool, bool], tuple[Reading, ...]], up: tuple[int, float] = (0, 9.0)) -> None:
        self.answer, self.up = answer, up
        self.asked: list[tuple[int, bool, bool]] = []
        self.oriented = 0

    def read(self, image: Grey, dpi: int, *, one_block: bool, adaptive: bool) -> tuple[Reading, ...]:
        self.asked.append((dpi, one_block, adaptive))
        return self.answer(image, one_block, adaptive)

    def orientation(self, image: Grey, dpi: int) -> tuple[int, float]:
        self.oriented += 1
        return self.up


def words(confidence: float, share: float = 1.0) -> tuple[Reading, ...]:
    """The page's words at 240 dpi, the first `share` of them."""
    boxes = PAGE.word_boxes(150)
    scale = 240 / 72
    kept = boxes[: int(len(boxes) * share)]
    read = []
    for index, (text, *box) in enumerate(kept):
        x0, y0, x1, y1 = (edge * scale for edge in box)
        read.append(Reading(text, confidence, x0, y0, x1, y1, (1, 1), index))
    return tuple(read)


def image(grey: Grey = SHEET) -> PageImage:
    return PageImage(grey, 150, False, lambda: grey)


def test_a_page_read_well_is_read_once() -> None:
    engine = Answers(lambda *_: words(96))
    result = recognise(image(), engine)
    assert engine.asked == [(240, False, True)]
    assert engine.oriented == 0
    assert not result.doubtful
    assert result.quality is not None
    assert result.quality.coverage > 0.99


def test_text_lost_with_full_confidence_is_looked_for_again() -> None:
    engine = Answers(lambda _, one_block, adaptive: words(95, 1.0 if one_block else 0.6))
    result = recognise(image(), engine)
    assert (240, True, True) in engine.asked
    assert len(result.words) == len(PAGE.word_boxes())
    assert result.doubtful, "a reading as one block is always shown to a person"


def test_faded_letters_are_read_with_the_other_threshold() -> None:
    engine = Answers(lambda _, one_block, adaptive: words(95, 0.9 if adaptive else 1.0))
    result = recognise(image(), engine)
    assert engine.asked == [(240, False, True), (240, False, False)]
    assert not result.doubtful


def test_a_turn_that_reads_worse_is_undone() -> None:
    answers = iter([words(60), words(20)])
    engine = Answers(lambda *_: next(answers, words(60)), up=(2, 5.0))
    result = recognise(image(), engine)
    assert engine.oriented == 1
    assert result.quarters == 0
    assert result.quality is not None
    assert result.quality.confidence == pytest.approx(60)
    assert result.doubtful


def test_an_unreadable_page_is_not_tried_again_and_keeps_only_sure_words() -> None:
    sure = words(92, 0.05)
    engine = Answers(lambda *_: sure + words(30)[len(sure) :])
    result = recognise(image(), engine)
    assert engine.asked == [(240, False, True)]
    assert result.unreadable
    assert result.doubtful
    assert {word.text for word in result.words} == {word.text for word in sure}


@pytest.mark.parametrize("degrees", [-4.0, -2.1, 0.0, 1.3, 5.0])
def test_skew_is_found_and_boxes_find_the_way_back(degrees: float) -> None:
    leaning = turn(SHEET, degrees)
    found = skew.measure(leaning, 150)
    assert found.angle == pytest.approx(degrees, abs=0.3)
    prepared, matrix = straighten(leaning, 150, found.angle, 240)
    assert prepared.shape == pytest.approx((SHEET.shape[0] * 1.6, SHEET.shape[1] * 1.6), abs=2)
    corner = matrix @ np.array([300, 400, 1])
    x0, y0, x1, y1 = way_back(matrix)((corner[0], corner[1], corner[0], corner[1]))
    assert (x0, y0) == pytest.approx((300, 400), abs=0.01)
    assert (x1, y1) == pytest.approx((300, 400), abs=0.01)


def test_a_page_on_its_side_is_told_from_an_upright_one() -> None:
    assert not skew.lies_on_its_side(SHEET, 150, skew.measure(SHEET, 150))
    turned = as_grey(np.rot90(SHEET))
    assert skew.lies_on_its_side(turned, 150, skew.measure(turned, 150))


def test_shadow_is_measured_and_taken_out() -> None:
    shade = np.linspace(0.4, 1, SHEET.shape[0])[:, None]
    dark = as_grey(SHEET * shade)
    assert light.evenness(SHEET, 150) > light.EVEN > light.evenness(dark, 150)
    assert light.evenness(light.take_out(dark, 150), 150) > 0.9


def test_faded_ink_on_yellowed_paper_is_read_as_black_on_white() -> None:
    faded = as_grey(190 - (255 - SHEET.astype(np.int16)) * 110 // 255)
    seen: list[Grey] = []

    def read(page: Grey, one_block: bool, adaptive: bool) -> tuple[Reading, ...]:
        seen.append(page)
        return words(96)

    engine = Answers(read)
    recognise(image(faded), engine)
    assert np.percentile(seen[0], (1, 50)) == pytest.approx((0, 255), abs=20)
    assert np.isin(seen[0], (0, 255)).mean() > 0.9


@pytest.mark.parametrize(
    "grey",
    [as_grey(255 - SHEET), as_grey(np.full_like(SHEET, 190)), as_grey(np.random.default_rng(1).normal(180, 8, SHEET.shape).clip(0, 255))],
    ids=["white on black", "blank", "only grain"],
)
def test_what_is_not_ink_on_paper_keeps_its_grey_levels(grey: Grey) -> None:
    assert (light.stretch(grey) == grey).all()


def test_words_too_short_for_their_boxes_are_missing_letters() -> None:
    full = judge(straighten(SHEET, 150, 0, 240)[0], 240, words(95))
    assert full.good
    cut = tuple(
        Reading(word.text[:2] if len(word.text) > 8 else word.text, 95, word.x0, word.y0, word.x1, word.y1, word.paragraph, word.line)
        for word in words(95)
    )
    assert judge(straighten(SHEET, 150, 0, 240)[0], 240, cut).swallowed
