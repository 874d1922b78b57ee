"""Spanish text to countable pieces: light stems of words, words of the heading, and pieces of four characters."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

READ = 2000  # characters of a document that are read; its kind shows at its beginning
HEADING = 300  # characters whose words also count as heading
PIECE = 4

_STOP = frozenset(
    re.findall(
        "[a-z]+",
        """
        a al ante bajo con contra de del desde en entre hacia hasta la las lo los el ella ellos para por que se segun sin sobre su sus un
        una unos unas y e o u ni es son fue ser ha han este esta estos estas ese esa como mas muy no si le les me mi nos ya cual cuyo cuya
        donde cuando dicho dicha mismo misma
        """,
    )
)
_SUFFIX = re.compile(
    r"(amientos?|imientos?|aciones|uciones|iciones|siones|adores|adoras|mente|idades|acion|ucion|icion|ciones|cion|sion|ador|ores|ales|iones|antes|ados|adas"
    r"|idos|idas|ando|iendo|aron|ieron|ado|ada|ido|ida|ar|er|ir|es|os|as|s|o|a|e)$"
)
_WORD = re.compile(r"[a-z]{2,}")
_BROKEN = re.compile(r"-[ \t]*\n[ \t]*")
_DIGIT = re.compile(r"\d")


def plain(text: str) -> str:
    """Lower case without accents, words broken at the end of a line joined again; one character may become none or several."""
    return _plain(text[:READ])


@lru_cache(16)
def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    marks = {ord(c): None for c in set(decomposed) if unicodedata.combining(c)}
    return _BROKEN.sub("", decomposed.translate(marks) if marks else decomposed)


@lru_cache(50_000)
def stem(word: str) -> str:
    """One suffix less, four letters or more kept, cut at eight."""
    found = _SUFFIX.search(word)
    if found and found.start() >= 4:
        word = word[: found.start()]
    return word[:8]


def stems(text: str) -> Iterator[tuple[str, str, bool]]:
    """(stem, word as in plain text, whether in the heading) of each word that says something, in order."""
    for found in _WORD.finditer(plain(text)):
        if found.group() not in _STOP:
            yield stem(found.group()), found.group(), found.start() < HEADING


def count_words(text: str) -> Counter[str]:
    """Stems, pairs of neighbouring stems, and the stems of the heading once more under `H:`."""
    counted: Counter[str] = Counter()
    previous = ""
    for piece, _, heading in stems(text):
        counted[piece] += 1
        if heading:
            counted["H:" + piece] += 1
        if previous:
            counted[f"{previous} {piece}"] += 1
        previous = piece
    return counted


def chunks(text: str) -> list[str]:
    """What stands between blanks, punctuation and stop words included, every digit read as 0."""
    return _DIGIT.sub("0", plain(text)).split()


def pieces(chunk: str) -> list[str]:
    """Its runs of four characters, with a blank at each end."""
    padded = f" {chunk} "
    return [padded[i : i + PIECE] for i in range(max(1, len(padded) - PIECE + 1))]


def count_pieces(text: str) -> Counter[str]:
    """Runs of four characters inside what stands between blanks."""
    counted: Counter[str] = Counter()
    for chunk, times in Counter(chunks(text)).items():
        for piece in pieces(chunk):
            counted[piece] += times
    return counted
