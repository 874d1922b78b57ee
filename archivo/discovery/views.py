"""Places in a page: what pages of results and of documents draw over an image."""

from dataclasses import dataclass

Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points, from the top left of the page as shown."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Line:
    """The very line of a page where a hit stands: `region` is what to crop, `marks` the words' boxes in the page (not in the region).

    `near`: from where to where a narrow screen shows it, with no word cut.
    """

    page: int
    width: float
    height: float
    region: Box
    marks: tuple[Box, ...]
    near: tuple[float, float]
