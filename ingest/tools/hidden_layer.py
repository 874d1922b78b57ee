"""Text that a PDF page holds and does not show: an earlier recognition, unseen over the image of a scan (ISO 32000-1, 9.3.6)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pypdfium2.raw as c

FEWEST: Final = 8
"""Words below which a layer is not judged: a page number or a stamp says too little about itself."""
_NEUTRAL: Final = frozenset("._-–—·…|/\\()[],;:'\"«»“”•*°ºª")
_NUMBER: Final = re.compile(r"[$%(]?\d[\d.,:/\-]*[%º°ª)]?")
_VOWELS: Final = frozenset("aeiouy")
_HARSH: Final = re.compile(r"[^aeiouy]{5}|(.)\1\1")


def is_hidden(textpage: Any, index: int) -> bool:
    """Whether the character at `index` of a page's text belongs to text in rendering mode 3, neither filled nor stroked."""
    drawn = c.FPDFText_GetTextObject(textpage, index)
    return bool(drawn) and c.FPDFTextObj_GetTextRenderMode(drawn) == c.FPDF_TEXTRENDERMODE_INVISIBLE


def is_junk(words: Iterable[str]) -> bool:
    """Whether fewer than half of a layer's words could be words or numbers, as where another program read a picture as letters."""
    judged = [word for word in words if not _NEUTRAL.issuperset(word)]
    return len(judged) >= FEWEST and 2 * sum(map(_is_plausible, judged)) < len(judged)


def without(raw: str, spans: Sequence[tuple[int, int]]) -> str:
    """`raw` without these spans, which are in order."""
    kept, start = [], 0
    for first, end in spans:
        kept.append(raw[start:first])
        start = end
    return "".join([*kept, raw[start:]])


def _is_plausible(word: str) -> bool:
    """A number, or mostly letters that can be pronounced; letters that are not Latin are not judged."""
    core = word.strip("".join(_NEUTRAL))
    if _NUMBER.fullmatch(core):
        return True
    letters = "".join(sign for sign in unicodedata.normalize("NFD", core).lower() if sign.isalpha())
    signs = sum(not unicodedata.combining(sign) for sign in unicodedata.normalize("NFD", core))
    digits = sum(sign.isdigit() for sign in core)
    if not letters or len(letters) + digits < 0.75 * signs:
        return False
    return not letters.isascii() or digits > 0 or (not _VOWELS.isdisjoint(letters) and not _HARSH.search(letters))
