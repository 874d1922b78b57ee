"""Documents over the years, gathered in spans that a person can read and choose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

STEPS = (1, 2, 5, 10, 20, 25, 50, 100)


@dataclass(frozen=True, slots=True)
class Bin:
    """A span of years, both included, and the documents dated in it."""

    start: int
    end: int
    count: int
    address: str
    is_chosen: bool

    @property
    def label(self) -> str:
        return str(self.start) if self.start == self.end else f"{self.start}\N{EN DASH}{self.end}"


def bins(
    years: Mapping[int, int],
    address: Callable[[int, int], str],
    *,
    most: int = 40,
    least: int = 8,
    finest: int = 1,
    chosen: tuple[int | None, int | None] = (None, None),
) -> list[Bin]:
    """The years in at most `most` equal spans with round beginnings, gaps included so that time is in proportion.

    No span is shorter than `finest` years, and there are at least `least` of them.
    """
    if not years:
        return []
    first, last = min(years), max(years)
    step = next((s for s in STEPS if s >= finest and last // s - first // s < most), STEPS[-1])
    stop = last // step * step + step - 1
    start = min(first // step * step, stop + 1 - step * least)
    spans = []
    for begin in range(start, stop + 1, step):
        end = begin + step - 1
        count = sum(years.get(year, 0) for year in range(begin, end + 1))
        is_chosen = chosen != (None, None) and (chosen[0] or begin) <= begin and end <= (chosen[1] or end)
        spans.append(Bin(begin, end, count, address(begin, end) if count else "", is_chosen))
    return spans
