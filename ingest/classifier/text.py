"""Spanish text to countable pieces: light stems of words, words of the heading, pieces of four characters, and those of the title."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

HEADING = 300  # characters whose words also count as heading
TITLE_WITHIN = 700  # characters among which the words in capitals are the title
TITLE_WITHOUT_CAPITALS = 150  # characters that stand for the title where no word is in capitals
MOSTLY_CAPITAL = 0.7  # share of the letters of a word, since a misread one may come out small
PIECE = 4
LONG_WORD = 24  # characters of the longest word whose pieces are remembered

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
_MARKED = re.compile(r"[^\W\d_]*[^\W\d_a-z][^\W\d_]*")
_DIGIT = re.compile(r"\d")
_SPACED = re.compile(r"\b(?:[^\W\d_][^\S\n]){3,}[^\W\d_]\b")


@lru_cache(16)
def plain(text: str) -> str:
    """Lower case without accents, broken and s p a c e d words joined again; one character may become none or several."""
    decomposed = unicodedata.normalize("NFKD", _join_spaced(text).lower())
    marks = {ord(c): None for c in set(decomposed) if unicodedata.combining(c)}
    return _BROKEN.sub("", decomposed.translate(marks) if marks else decomposed)


def written_words(text: str) -> dict[str, str]:
    """The words of a text in lower case as it first writes them, by what they are in plain text; those that differ."""
    written: dict[str, str] = {}
    for word in _MARKED.findall(_BROKEN.sub("", _join_spaced(unicodedata.normalize("NFC", text)).lower())):
        written.setdefault("".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)), word)
    return written


def _join_spaced(text: str) -> str:
    """Titles and formulas are often typed with a blank after each letter."""
    return _SPACED.sub(lambda found: "".join(found.group().split()), text)


def title(text: str) -> str:
    """The words in capitals with which a document begins, whatever stands between them; its first characters where there is none."""
    return _title(text[:TITLE_WITHIN])


@lru_cache(16)
def _title(text: str) -> str:
    capitals = [word for word in _join_spaced(text).split() if not word.islower() and _is_capital(word)]
    return " ".join(capitals) or text[:TITLE_WITHOUT_CAPITALS]


def _is_capital(word: str) -> bool:
    letters = sum(map(str.isalpha, word))
    return letters > 1 and sum(map(str.isupper, word)) >= MOSTLY_CAPITAL * letters


@lru_cache(50_000)
def stem(word: str) -> str:
    """One suffix less, four letters or more kept, cut at eight."""
    found = _SUFFIX.search(word)
    if found and found.start() >= 4:
        word = word[: found.start()]
    return word[:8]


@lru_cache(16)
def stems(text: str) -> tuple[tuple[str, str, bool], ...]:
    """(stem, word as in plain text, whether in the heading) of each word that says something, in order."""
    words = ((found.group(), found.start()) for found in _WORD.finditer(plain(text)))
    return tuple((stem(word), word, start < HEADING) for word, start in words if word not in _STOP)


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


def pieces(chunk: str) -> tuple[str, ...]:
    """Its runs of four characters, with a blank at each end."""
    return _pieces_of_word(chunk) if len(chunk) <= LONG_WORD else _pieces(chunk)


@lru_cache(20_000)
def _pieces_of_word(word: str) -> tuple[str, ...]:
    return _pieces(word)


def _pieces(chunk: str) -> tuple[str, ...]:
    padded = f" {chunk} "
    return tuple(padded[i : i + PIECE] for i in range(max(1, len(padded) - PIECE + 1)))


def count_pieces(text: str) -> Counter[str]:
    """Runs of four characters inside what stands between blanks."""
    counted: Counter[str] = Counter()
    for chunk, times in Counter(chunks(text)).items():
        for piece in pieces(chunk):
            counted[piece] += times
    return counted


def count_title(text: str) -> Counter[str]:
    """The pieces of the title alone: it names the kind of document, and pieces outlive misreadings."""
    return count_pieces(title(text))
