"""Words that stand near a typed word in the index's own vocabulary: corrections, plurals, misreadings of recognition.

The vocabulary handed in is a reader's: it counts only pages the reader may see, so that no word is ever suggested out of a page
that is closed to that reader. Thresholds are those of the measured design (golden set of 702 queries).
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from search.analysis import fold

_DOUBLED = re.compile(r"(.)\1")
_SOUNDS = (
    ("ch", "#"), ("h", ""), ("ll", "y"), ("qu", "k"), ("v", "b"), ("w", "b"), ("ge", "je"), ("gi", "ji"), ("gu", "g"), ("ce", "se"),
    ("ci", "si"), ("c", "k"), ("z", "s"), ("x", "s"), ("rr", "r"), ("ks", "s"), ("ss", "s"), ("np", "mp"), ("nb", "mb"),
)  # fmt: skip

_CHECKED = 25
"""How many of the best candidates are counted in the reader's pages, at most; the others are ranked by the index's own counts."""
_FAR_BELOW = 3
_UNCERTAIN = 0.3
"""By how much the rank of a word counted in the reader's pages may be above that of the index's own count, which is rough."""


class Vocabulary(Protocol):
    """The words of the pages a reader may see."""

    def pages(self, word: str) -> int:
        """In how many of the reader's pages a folded word stands."""
        ...

    def size(self) -> int:
        """How many entries the index holds."""
        ...

    def frequency(self, word: str) -> int:
        """In how many entries a folded word stands, about, for anyone: to rank candidates before they are counted."""
        ...

    def starting(self, start: str) -> int:
        """In how many of the reader's pages stand words that begin so, about."""
        ...

    def near(self, word: str, distance: int) -> Mapping[str, int]:
        """Known words (folded) at that many edits at most, of anyone, and at how many."""
        ...

    def sounding(self, key: str) -> Iterable[str]:
        """Known words (folded) whose `sound` is the key, of anyone."""
        ...

    def spelled(self, word: str) -> str:
        """A folded word with its accents, as documents write it; as it is while that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may have been meant; a smaller cost is nearer."""

    word: str
    pages: int
    cost: float


def idf(pages: int, size: int) -> float:
    """About what one match of a word in that many of `size` entries scores in a page of middling length."""
    return math.log(1 + (max(size - pages, 0) + 0.5) / (pages + 0.5)) * 2.2 * 0.75


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """One key for words that sound alike in Spanish: b/v, mute h, s/c/z/x, ll/y, g/j, k/qu/c."""
    return _sound(word)


def sounds(words: Iterable[str]) -> list[str]:
    """`sound` of each of many words, which hold no line break: quicker, and none is remembered."""
    joined = "\n".join(words)
    return _sound(joined).split("\n") if joined else []


def _sound(words: str) -> str:
    key = _DOUBLED.sub(lambda found: found[0] if found[0] in ("ll", "rr") else found[1], fold(words))
    for letters, heard in _SOUNDS:
        key = key.replace(letters, heard)
    return key


def distance(one: str, other: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        line = [row]
        for column, b in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (a != b))
            if row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, last = last, line
    return last[-1]


def one_edit_apart(one: str, other: str) -> bool:
    """Whether `distance` is 1."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    if len(longer) - len(shorter) > 1 or longer == shorter:
        return False
    at, most = 0, len(shorter)
    while at < most and longer[at] == shorter[at]:
        at += 1
    if len(longer) > len(shorter):
        return longer[at + 1 :] == shorter[at:]
    return longer[at + 1 :] == shorter[at + 1 :] or (
        longer[at + 2 :] == shorter[at + 2 :] and (longer[at], longer[at + 1 : at + 2]) == (shorter[at + 1 : at + 2], shorter[at])
    )


def corrections(word: str, vocabulary: Vocabulary, *, most: int = 3) -> list[Candidate]:
    """What may have been meant by a folded word that no page has, or very few: best first.

    A word found in one or two pages is doubted only for a much commoner one that is very near; a word found in more is right.
    """
    if len(word) < 4 or not word.isalpha():
        return []
    pages = vocabulary.pages(word)
    if pages > 2:
        return []
    wanted = max(_least(vocabulary.size()), 10 * pages)
    found: list[tuple[float, Candidate]] = []
    for rough in _ranked(word, vocabulary):
        if len(found) == most and _rank(rough.pages, rough.cost) < max(found[-1][0] - _UNCERTAIN, found[0][0] - _FAR_BELOW):
            break
        if pages and rough.cost > 1.1:
            continue
        count = vocabulary.pages(rough.word)
        if count >= wanted and count >= 20 * pages:
            found.append((_rank(count, rough.cost), Candidate(rough.word, count, rough.cost)))
            found = sorted(found, key=lambda each: -each[0])[:most]
    return [candidate for _, candidate in found]


def _least(size: int) -> int:
    """In how many pages a word stands at least to be trusted: recognition's noise grows with the archive."""
    return 1 if size < 1_000 else 2 if size < 10_000 else 3 if size < 500_000 else 5


def _rank(count: int, cost: float) -> float:
    return 0.55 * math.log(count + 1) - 2.2 * cost


def _ranked(word: str, vocabulary: Vocabulary) -> list[Candidate]:
    """What stands near the word, best first by the index's own counts."""
    near = vocabulary.near(word, 2 if len(word) >= 7 else 1)
    costs = _costs(word, tuple(vocabulary.sounding(sound(word))), tuple(near.items()))
    candidates = [Candidate(each, vocabulary.frequency(each), cost) for each, cost in costs.items()]
    return sorted(candidates, key=lambda each: -_rank(each.pages, each.cost))[:_CHECKED]


@lru_cache(maxsize=100)
def _costs(word: str, sounding: tuple[str, ...], near: tuple[tuple[str, int], ...]) -> Mapping[str, float]:
    """What each of the other words costs; remembered, for a word is planned with several times."""
    key = sound(word)
    costs = {other: 0.35 + 0.15 * distance(other, word) for other in sounding if other != word}
    for other, edits in near:
        if other != word:
            cost = _heard(other, edits, key) + (0.5 if other[0] != word[0] else 0)
            costs[other] = min(cost, costs.get(other, cost))
    return costs


def _heard(near: str, edits: int, key: str) -> float:
    """The smaller of the edits in letters (two at most) and those in sounds, 0.35 + 0.9 each: two of these are never the smaller."""
    if edits < 2:
        return 0.35 if sound(near) == key else edits
    other = sound(near)
    return 0.35 if other == key else 1.25 if one_edit_apart(other, key) else edits


def misreadings(word: str, vocabulary: Vocabulary, *, most: int = 6) -> list[str]:
    """Rare words near a common one: what recognition makes of it on poor pages."""
    if len(word) < 6 or not word.isalpha():
        return []
    pages = vocabulary.pages(word)
    if pages < 30:
        return []
    near = vocabulary.near(word, 1 if len(word) < 9 else 2)
    found: list[str] = []
    for each in sorted(near, key=lambda other: (near[other], other)):
        if each != word and vocabulary.frequency(each) <= 8 and 0 < vocabulary.pages(each) * 30 <= pages + 1:
            found.append(each)
            if len(found) == most:
                break
    return found


def numbers(word: str, vocabulary: Vocabulary) -> list[str]:
    """The plural or singular of a folded word that the reader's pages have."""
    return [each for each in number_forms(word) if vocabulary.pages(each)][:2] if len(word) > 2 and word.isalpha() else []


def number_forms(word: str) -> Iterator[str]:
    """The forms a plural or singular of a folded word could have, whether or not anyone writes them."""
    if word.endswith("ces"):
        yield word[:-3] + "z"
    if word.endswith("es") and len(word) > 4:
        yield word[:-2]
        yield word[:-1]
    elif word.endswith("s") and len(word) > 3:
        yield word[:-1]
    if word.endswith("z"):
        yield word[:-1] + "ces"
    elif word[-1] in "aeiou":
        yield word + "s"
    if word[-1] not in "aeosz":
        yield word + "es"
