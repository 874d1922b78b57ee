"""Clean text, and cut it into passages of about 2,500 characters at paragraph ends."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from ingest.tools.answers import Note, Passage, note

ABOUT: Final = 2500
MAX_SLIDES: Final = 5_000
_UNWANTED: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_BREAKS: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACE_BEFORE_BREAK: Final = re.compile(r"[ \t]+(?=\n)| +(?=\t)")
_MANY_BREAKS: Final = re.compile(r"\n{3,}")
_SENTENCE_END: Final = re.compile(r"[.;:!?]\s|\n")


def clean(text: str) -> str:
    """`text` in NFC, with line feeds only, no control characters, no space at line ends, at most one empty line together."""
    text = _UNWANTED.sub("", _BREAKS.sub("\n", text))
    text = _MANY_BREAKS.sub("\n\n", _SPACE_BEFORE_BREAK.sub("", text))
    return unicodedata.normalize("NFC", text).strip()


def sections(text: str, max_chars: int) -> tuple[list[Passage], list[Note]]:
    """`text` as sections; what exceeds `max_chars` is left out, and noted."""
    notes = [note("text.truncated", characters=max_chars)] if len(text) > max_chars else []
    return [Passage("section", piece) for piece in cut(clean(text[:max_chars]))], notes


def cut(text: str) -> Iterator[str]:
    """Pieces of about ABOUT characters, ending where a line ends, or else a sentence, or else a word."""
    start = 0
    while len(text) - start > ABOUT * 1.2:
        end = _end(text, start)
        if piece := text[start:end].strip():
            yield piece
        start = end
    if piece := text[start:].strip():
        yield piece


def _end(text: str, start: int) -> int:
    low, high = start + ABOUT // 2, start + ABOUT
    for mark in ("\n\n", "\n"):
        if (found := text.rfind(mark, low, high)) >= 0:
            return found + len(mark)
    sentences = [match.end() for match in _SENTENCE_END.finditer(text, low, high)]
    if sentences:
        return sentences[-1]
    space = text.rfind(" ", low, high)
    return space + 1 if space >= 0 else high
