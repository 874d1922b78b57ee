"""How alike the words of an original and those of its copy are, where there are no pages of the original to look at.

What is compared are letters and digits without the spaces between them: where a word ends is a guess of whoever reads a PDF. A word is in
its order where every letter of it stands in the copy among the same SPAN letters as in the original, which what a page puts between (a
header, a note, a page number) does not hide, and another order does.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy

SPAN: Final = 12
MOST: Final = 20_000_000
"""Characters that are compared: some ten thousand pages."""
_FACTOR: Final = numpy.uint64(0x9E3779B97F4A7C15)
_WORD: Final = re.compile(r"[^\W_]+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"(?<![\d.,])\d{4,15}(?![\d.,])")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[.,'’\s](?=\d{3})")
_NO_ROOM: Final = re.compile(r"#{3,}")
_LONG: Final = 4
_MOST_SOUGHT: Final = 2000
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What of a copy may be unlike and it is kept: the shares (0-1) of the words of the original that are nowhere in the copy (`missing`),
    or not in their order (`displaced`); of the words of the copy that the original has not (`added`); of the letters of the original that
    the copy has less (`shorter`); of the whole numbers of cells that it does not show (`numbers`).
    """

    missing: float
    displaced: float
    added: float
    shorter: float
    numbers: float = 1.0


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was found. `shorter`: letters that the copy has less; `parts`: those of the original, from 1, in which too many words are
    missing; `no_room`: cells shown as `###`.
    """

    words: int
    missing: int
    displaced: int
    added: int
    shorter: int
    missing_numbers: int
    no_room: int
    parts: tuple[int, ...]
    same: bool


def compare(parts: Sequence[str], copy: str, tolerance: Tolerance, *, cells: bool, struck: str = "") -> Likeness:
    """Compare the parts of an original with the text of its copy. `struck` is what the original has crossed out, and shows.

    In `cells` a number is shown in one of many ways: words are compared by their letters, and of the numbers those that are whole.
    Raises ValueError beyond MOST characters.
    """
    if sum(map(len, parts)) > MOST or len(copy) > MOST:
        raise ValueError("too long to be compared")
    word = _LETTERS if cells else _WORD
    read = [word.findall(_plain(part)) for part in parts]
    shown = word.findall(_plain(copy))
    stream, known = "".join(shown), frozenset(shown)
    whole = "".join("".join(words) for words in read)
    in_order = _in_order(whole, stream)
    words = missing = displaced = place = 0
    bad = []
    for number, of_part in enumerate(read, 1):
        lost = 0
        for one in of_part:
            if not in_order[place : place + len(one)].all():
                is_there = one in known or (len(one) >= _LONG and missing < _MOST_SOUGHT and one in stream)
                displaced += is_there
                lost += not is_there
            place += len(one)
        words, missing = words + len(of_part), missing + lost
        if of_part and lost > tolerance.missing * len(of_part):
            bad.append(number)
    added = _added(shown, {one for of_part in read for one in of_part} | set(word.findall(_plain(struck))), whole)
    numbers, lost_numbers = _numbers("\n".join(parts), copy) if cells else (0, 0)
    no_room = max(len(_NO_ROOM.findall(copy)) - sum(len(_NO_ROOM.findall(part)) for part in parts), 0)
    shorter = max(len(whole) - len(stream), 0)
    same = (
        not bad
        and missing <= tolerance.missing * words
        and displaced <= tolerance.displaced * words
        and added <= tolerance.added * max(len(shown), 1)
        and shorter <= tolerance.shorter * len(whole)
        and lost_numbers <= tolerance.numbers * numbers
        and not (cells and no_room)
    )
    return Likeness(words, missing, displaced, added, shorter, lost_numbers, no_room if cells else 0, tuple(bad[:50]), same)


def _plain(text: str) -> str:
    """Without what is only form: ligatures, capitals, hyphens that a line end may show, the marks that pdfium leaves for them."""
    return unicodedata.normalize("NFKC", text.replace("\u00ad", "").replace("\ufffe", "").replace("\x02", "")).casefold()


def _in_order(original: str, copy: str) -> Any:
    """For each character of `original`, whether it stands in `copy` in some SPAN characters that are the same."""
    span = min(SPAN, len(original), len(copy))
    if not span:
        return numpy.zeros(len(original), dtype=bool)
    starts = numpy.isin(_spans(original, span), _spans(copy, span))
    covered = numpy.zeros(len(original), dtype=bool)
    for offset in range(span):
        covered[offset : offset + len(starts)] |= starts
    return covered


def _spans(text: str, span: int) -> Any:
    """A number for each run of `span` characters, alike for those that are alike."""
    codes = numpy.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(numpy.uint64)
    found = numpy.zeros(len(codes) - span + 1, dtype=numpy.uint64)
    for offset in range(span):
        found = found * _FACTOR + codes[offset : offset + len(found)]
        found ^= found >> numpy.uint64(29)
    return found


def _added(shown: Iterable[str], known: Iterable[str], whole: str) -> int:
    """How many words of the copy the original has not: numbers and what is short, as a page number or the mark of a list, aside."""
    known, count = frozenset(known), 0
    strange: dict[str, bool] = {}
    for one in shown:
        if len(one) < _LONG or one in known or not one.isalpha():
            continue
        if one not in strange:
            strange[one] = len(strange) >= _MOST_SOUGHT or not (one in whole or _is_joined(one, known))
        count += strange[one]
    return count


def _is_joined(word: str, known: frozenset[str]) -> bool:
    """Whether it is several words of the original, between which whoever reads the PDF saw no space."""
    ends = {0}
    for end in range(2, min(len(word), _LONGEST) + 1):
        if any(end - start > 1 and word[start:end] in known for start in ends):
            ends.add(end)
    return len(word) in ends


def _numbers(original: str, copy: str) -> tuple[int, int]:
    """How many whole numbers of four digits or more the original has, and how many of them are not in the copy, however grouped."""
    wanted = _NUMBER.findall(original)
    shown = _BETWEEN_DIGITS.sub("", copy)
    found = frozenset(re.findall(r"\d+", shown))
    rest = "\n".join(found)
    return len(wanted), sum(one not in found and one not in rest for one in wanted)
