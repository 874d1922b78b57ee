"""From a mark in a page's text to its place in the page's image: the words' boxes, the line around them, the words in doubt."""

from collections.abc import Sequence

from archivo.discovery.views import Box, Line, Mark
from ingest.step import Word

DOUBT = 60.0
LINE_MARGIN = 0.6
LEAST_WIDTH = 0.75
NEAR = 0.52


def spans_of(text: str, words: Sequence[Word]) -> list[Mark | None]:
    """Where each word stands in the text, in reading order; None for a word that the text does not have from there on."""
    spans: list[Mark | None] = []
    cursor = 0
    for word in words:
        at = text.find(word.text, cursor, cursor + 400 + len(word.text)) if word.text else -1
        if at < 0:
            spans.append(None)
        else:
            cursor = at + len(word.text)
            spans.append((at, cursor))
    return spans


def boxes_of(marks: Sequence[Mark], spans: Sequence[Mark | None], words: Sequence[Word]) -> tuple[tuple[Box, ...], ...]:
    """The boxes of each mark, one a line that it runs through; empty for a mark whose words have no place."""
    placed = [(span, word) for span, word in zip(spans, words, strict=True) if span]
    return tuple(_joined([word for (start, end), word in placed if start < mark[1] and mark[0] < end]) for mark in marks)


def line_of(page: int, size: tuple[float, float], box: Box, words: Sequence[Word], marks: Sequence[Box]) -> Line:
    """The line of the page where `box` stands, with every mark that shows in it.

    As wide as its words and a little more, and never much narrower than the page, so that lines are shown at one scale.
    """
    middle, height = (box.y0 + box.y1) / 2, box.y1 - box.y0
    beside = [word for word in words if word.y0 <= middle <= word.y1 and word.y1 - word.y0 < 3 * height]
    margin = height * LINE_MARGIN
    left = min([box.x0, *(word.x0 for word in beside)]) - 2 * margin
    right = max([box.x1, *(word.x1 for word in beside)]) + 2 * margin
    width = min(size[0], max(right - left, LEAST_WIDTH * size[0]))
    start = min(max(0.0, (left + right - width) / 2), size[0] - width)
    region = Box(
        start,
        max(0.0, min([box.y0, *(word.y0 for word in beside)]) - margin),
        start + width,
        min(size[1], max([box.y1, *(word.y1 for word in beside)]) + margin),
    )
    inside = tuple(mark for mark in marks if region.y0 <= (mark.y0 + mark.y1) / 2 <= region.y1)
    return Line(page, size[0], size[1], region, inside, _near(region, words, box))


def _near(region: Box, words: Sequence[Word], mark: Box) -> tuple[float, float]:
    """About half of a line, around a mark, from the beginning of a word to the end of another."""
    most = NEAR * (region.x1 - region.x0)
    middle = (mark.x0 + mark.x1) / 2
    row = [word for word in words if region.y0 <= (word.y0 + word.y1) / 2 <= region.y1]
    left, right, first, last = mark.x0, mark.x1, region.x0, region.x1
    for word in sorted(row, key=lambda word: abs((word.x0 + word.x1) / 2 - middle)):
        if max(right, word.x1) - min(left, word.x0) <= most:
            left, right = min(left, word.x0), max(right, word.x1)
        elif word.x1 <= left:
            first = max(first, word.x1)
        elif word.x0 >= right:
            last = min(last, word.x0)
    spare = max(0.0, most - (right - left))
    left = max(first, left - spare / 2)
    right = min(last, max(right, left + most))
    return max(first, min(left, right - most)), right


def doubtful_spans(spans: Sequence[Mark | None], words: Sequence[Word]) -> list[Mark]:
    """Where the text holds words that recognition was not sure of."""
    return [span for span, word in zip(spans, words, strict=True) if span and 0 <= word.confidence < DOUBT]


def _joined(words: Sequence[Word]) -> tuple[Box, ...]:
    boxes: list[Box] = []
    for word in words:
        last = boxes[-1] if boxes else None
        if last and last.x1 <= word.x0 + 1 and last.y0 < (word.y0 + word.y1) / 2 < last.y1:
            boxes[-1] = Box(last.x0, min(last.y0, word.y0), word.x1, max(last.y1, word.y1))
        else:
            boxes.append(Box(word.x0, word.y0, word.x1, word.y1))
    return tuple(boxes)
