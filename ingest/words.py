"""Words with places: many in little memory, as lines, on a page that turns, and those that another reading lacks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.step import Word


@dataclass(frozen=True, slots=True)
class SharedWords:
    """Makes words of which equal texts and equal numbers are one object each: those of thousands of pages then fit in memory."""

    _texts: dict[str, str] = field(default_factory=dict)
    _numbers: dict[float, float] = field(default_factory=dict)

    def word(self, text: str, confidence: float, *box: float) -> Word:
        """The word; `box` is x0, y0, x1, y1."""
        shared, numbers = self._texts, self._numbers
        return Word(shared.setdefault(text, text), *[numbers.setdefault(value, value) for value in (confidence, *box)])


def lines_of(words: Sequence[Word]) -> list[list[Word]]:
    """Words in reading order, cut where the next one stands lower or further left than its line."""
    lines: list[list[Word]] = []
    for word in words:
        last = lines[-1][-1] if lines else None
        middle = (word.y0 + word.y1) / 2
        if last is not None and word.x0 >= last.x0 and last.y0 - (last.y1 - last.y0) * 0.5 <= middle <= last.y1 + (last.y1 - last.y0) * 0.5:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def missing_lines(words: Sequence[Word], read: Iterable[Word]) -> list[list[Word]]:
    """The lines of `words` with some word that `read` lacks, or has fewer times."""
    missing = Counter(word.text for word in words) - Counter(word.text for word in read)
    return [line for line in lines_of(words) if any(word.text in missing for word in line)]


def turned(word: Word, turn: int, width: float, height: float) -> Word:
    """The word where it stands once its page, `width` by `height`, is turned clockwise by `turn` degrees, a multiple of 90."""
    match turn % 360:
        case 90:
            box = (height - word.y1, word.x0, height - word.y0, word.x1)
        case 180:
            box = (width - word.x1, height - word.y1, width - word.x0, height - word.y0)
        case 270:
            box = (word.y0, width - word.x1, word.y1, width - word.x0)
        case _:
            return word
    return Word(word.text, word.confidence, *(round(edge, 2) for edge in box))
