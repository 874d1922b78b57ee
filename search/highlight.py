"""Where a hit stands in a text: marks and snippets, the same whatever engine found it. Plain text; escaping is the page's."""

import re
from collections.abc import Iterator, Sequence

from search.analysis import Aligned, aligned, flat, fold, folded_words, keeps_offsets, stem
from search.codes import NO_PATTERNS, CodePatterns, find
from search.index import Understood

Mark = tuple[int, int]

_WIDTH = 280
_LEAD = 60
_OTHER_SPACE = re.compile(r"[^\S ]")


def marks(text: str, understood: Understood, *, patterns: CodePatterns = NO_PATTERNS) -> list[Mark]:
    """Where `text` answers the query: spans in code points, in order, none inside another. Codes need their `patterns`."""
    clean = aligned(text)
    return [clean.original(start, end) for start, end in _marks(clean, understood, patterns)]


def snippet(text: str, understood: Understood, *, around: int = _WIDTH, patterns: CodePatterns = NO_PATTERNS) -> tuple[str, list[Mark]]:
    """A stretch of about `around` code points where the text answers best, on one line, and the marks in it.

    A text without marks gives its beginning.
    """
    found = marks(text, understood, patterns=patterns)
    lead = min(_LEAD, around // 4)
    begin = max(0, _best_start(text, found, around - lead) - lead)
    end = min(len(text), begin + around)
    begin, end = _whole_words(text, begin, end)
    piece = text[begin:end]
    margin = begin + len(piece) - len(piece.lstrip())
    shown = _OTHER_SPACE.sub(" ", piece.strip())
    inside = [(a - margin, b - margin) for a, b in found if margin <= a and b - margin <= len(shown)]
    return shown, inside


def _marks(clean: Aligned, understood: Understood, patterns: CodePatterns) -> list[Mark]:
    words, prefix = understood.words, understood.prefix or "\0"
    heads = {each[:3] for each in understood.stems}
    tokens = folded_words(clean.text, heads | {each[:3] for each in (*words, prefix)})
    found: list[Mark] = []
    for start, end, folded in tokens:
        if folded in words or folded.startswith(prefix) or (folded[:3] in heads and stem(clean.text[start:end]) in understood.stems):
            found.append((start, end))
    if understood.phrases:
        found += _phrase_marks(clean.text, understood.phrases)
    if understood.codes:
        found += [(place.start, place.end) for place in find(clean.text, patterns) if understood.codes.intersection(place.codes)]
    return _apart(found)


def _phrase_marks(text: str, phrases: Sequence[tuple[str, ...]]) -> Iterator[Mark]:
    """Where phrases (folded words) stand, those that overlap too."""
    if keeps_offsets(text):
        folded = flat(text)
        for phrase in phrases:
            first, *others = map(re.escape, phrase)
            others_too = "".join(rf"[\W_]+{other}" for other in others)
            for found in re.finditer(rf"{first}(?<![^\W_]{first})(?=({others_too})(?![^\W_]))", folded):
                yield found.start(), found.end(1)
        return
    tokens = folded_words(text)
    every = [folded for _, _, folded in tokens]
    for phrase in phrases:
        for at, word in enumerate(every):
            if word == phrase[0] and tuple(every[at : at + len(phrase)]) == phrase:
                yield tokens[at][0], tokens[at + len(phrase) - 1][1]


def _apart(found: list[Mark]) -> list[Mark]:
    """In order, the larger of any two that overlap."""
    kept: list[Mark] = []
    for start, end in sorted(set(found), key=lambda mark: (mark[0], -mark[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
        elif end > kept[-1][1]:
            kept[-1] = (kept[-1][0], end)
    return kept


def _best_start(text: str, found: list[Mark], width: int) -> int:
    """The mark after which a stretch holds the most different marked words, then the most marks."""
    keys = [fold(text[start:end])[:5] for start, end in found]
    best, best_score = 0, (-1, -1)
    for at, (start, _) in enumerate(found):
        inside = [key for key, mark in zip(keys[at : at + 40], found[at : at + 40], strict=True) if mark[1] <= start + width]
        score = (len(set(inside)), len(inside))
        if score > best_score:
            best, best_score = start, score
    return best


def _whole_words(text: str, begin: int, end: int) -> Mark:
    """The span, moved so that no word is cut at its ends (unless it is longer than any word)."""
    for _ in range(40):
        if begin == 0 or not (text[begin - 1].isalnum() and text[begin : begin + 1].isalnum()):
            break
        begin -= 1
    for _ in range(40):
        if end >= len(text) or not (text[end - 1].isalnum() and text[end].isalnum()):
            break
        end += 1
    return begin, end
