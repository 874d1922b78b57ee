"""What discovery answers: results, holdings and a page of a document, as its pages, its API and the command line present them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

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
    """The very line of a page where a hit stands: `region` is what to crop, `marks` the words' boxes in the page (not in the region)."""

    page: int
    width: float
    height: float
    region: Box
    marks: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class HitView:
    """A document that answers. `page` None: the hit is in title or description. `highlights` are code points in `snippet`."""

    id: str
    title: str
    page: int | None
    score: float
    snippet: str
    highlights: tuple[Mark, ...]
    line: Line | None
    other_pages: tuple[int, ...]
    fonds: str
    series: str | None
    document_type: str | None
    date: str | None
    part_count: int
    has_images: bool
    is_doubtful: bool
    access: str
    published: bool


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value of a facet, in words, and how many documents found have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results. `notes` are Spanish sentences; facets `series`, `year`, `type`."""

    text: str
    total: int
    total_is_exact: bool
    took_ms: int
    hits: tuple[HitView, ...]
    facets: Mapping[str, tuple[FacetCount, ...]]
    notes: tuple[str, ...]
    did_you_mean: str | None


@dataclass(frozen=True, slots=True)
class FondsHeld:
    """What the archive holds of a producing entity, counting public records only."""

    code: str
    name: str
    documents: int
    first_year: int | None
    last_year: int | None


@dataclass(frozen=True, slots=True)
class Published:
    """A record made public lately."""

    id: str
    title: str
    document_type: str | None
    date: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the archive holds for the public: counts by fonds, by year and by series, and what is new."""

    documents: int
    years: Mapping[int, int]
    fonds: tuple[FondsHeld, ...]
    series: tuple[FacetCount, ...]
    newest: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class PageHits:
    """Where a page answers a query: code points of its text, and boxes of its image, mark by mark."""

    page: int
    marks: tuple[Mark, ...]
    boxes: tuple[tuple[Box, ...], ...]
