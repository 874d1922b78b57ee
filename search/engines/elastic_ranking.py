"""From pages in order to documents in order: a document has the score of its best page and a little of the next three.

Pages are taken in blocks that begin at fixed places, and a document stands in the block of its best page: so the order is the same however
many documents are asked for. Where those that answer the whole query come first, a block ends with them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from search.index import Hit, PageHit

WINDOW = 10_000
"""How many pages are ranked at most."""

_FIRST, _NEXT = 200, 1_000
_A_LITTLE = 0.06
_SHOWN = 5
_PAGES_OF_A_DOCUMENT = 4


class Page(NamedTuple):
    """An entry that answers; `place` is where it stands among all that do."""

    document: str
    score: float
    place: tuple[float, int, int, int]

    @property
    def page(self) -> int:
        return self.place[2]


def pages_for(documents: int, have: int) -> int:
    """How many pages to have, to find so many documents, when there are some already: whole blocks, more of them where more is wanted."""
    wanted = max(have + 1, 1 if documents <= _FIRST // 10 else _PAGES_OF_A_DOCUMENT * documents)
    blocks = -(-max(wanted - _FIRST, 0) // _NEXT)
    return min(_FIRST + blocks * _NEXT, WINDOW)


def documents_in(pages: Iterable[Page]) -> int:
    return len({page.document for page in pages})


def by_document(pages: Sequence[Page], first: int, last: int, whole: int = 0) -> tuple[Hit, ...]:
    """The documents from one place to another, best first; so many of the pages answer the whole query, and come before the others."""
    found: list[tuple[float, list[Page]]] = []
    seen: set[str] = set()
    for block in chain(_blocks(pages[:whole]), _blocks(pages[whole:])):
        groups: dict[str, list[Page]] = {}
        for page in block:
            if page.document not in seen:
                groups.setdefault(page.document, []).append(page)
        seen |= groups.keys()
        scored = [(each[0].score + _A_LITTLE * sum(page.score for page in each[1:4]), each) for each in groups.values()]
        scored.sort(key=lambda group: (-group[0], group[1][0].place[1]))
        found += scored
        if len(found) >= last:
            break
    return tuple(Hit(each[0].document, score, _shown(each)) for score, each in found[first:last])


def _blocks(pages: Sequence[Page]) -> Iterator[Sequence[Page]]:
    start, end = 0, _FIRST
    while start < len(pages):
        yield pages[start:end]
        start, end = end, end + _NEXT


def _shown(pages: Iterable[Page]) -> tuple[PageHit, ...]:
    """The best pages; of a page kept in several parts, the best part."""
    best: dict[int, float] = {}
    for page in pages:
        best.setdefault(page.page, page.score)
    return tuple(PageHit(page, score) for page, score in list(best.items())[:_SHOWN])
