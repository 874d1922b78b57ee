"""Many words in little memory."""

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
