"""The Spanish analysis that every engine implements: what a word is, when two are the same, and how a text is cleaned before.

A word is a run of letters and digits. Two words are the same when they are equal without case and accents ("folded"); they are related
when their Snowball stems are equal. Before either, a text is brought to NFC, ordinal signs and underscores separate words (Nº1754 is "n"
and "1754"), and words broken by a hyphen at the end of a line, or by soft hyphens, are joined.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, lru_cache

_CHANGED = re.compile("[-\u00ac](?<=[^\\W\\d_].)\\s?\\n\\s*(?=[a-zà-ÿ])|\u00ad\\s?\\n\\s*|\u00ad|[º°ª_]")
_SIGNS = "º°ª_\u00ad\u00ac"
_HYPHEN_AT_END = re.compile(r"-\s?\n")
_CLUSTER = re.compile("[\\s\\S][\u0300-\u036f]+")
_UNFLAT = re.compile("[\u0100-\U0010ffffæøßÆØ]")
_WORD = re.compile(r"[^\W_]+")
_SPECIAL = str.maketrans({"ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "ı": "i"})
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"


def _replacement(match: re.Match[str]) -> str:
    return " " if match[0] in "º°ª_" else ""


def encodable(text: str) -> str:
    """The text without lone surrogates, which no engine can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def normalise(text: str) -> str:
    """The text as it is indexed: NFC, ordinal signs as spaces, broken words joined."""
    composed = text if _is_latin(text) else unicodedata.normalize("NFC", encodable(text))
    return _CHANGED.sub(_replacement, composed) if _may_change(composed) else composed


def _is_latin(text: str) -> bool:
    """Whether every letter is of Latin-1, all of which are composed and can be stored: seen without walking through the text."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _may_change(text: str) -> bool:
    """Whether `_CHANGED` could find something: seen without walking through the text."""
    return any(sign in text for sign in _SIGNS) or ("-" in text and _HYPHEN_AT_END.search(text) is not None)


@dataclass(frozen=True, slots=True)
class Aligned:
    """A normalised text and, for each of its characters, where it begins in the original (one more at the end), in code points."""

    text: str
    offsets: tuple[int, ...] | range

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that `text[start:end]` came from."""
        return self.offsets[start], self.offsets[end]


def aligned(text: str) -> Aligned:
    """`normalise(text)`, knowing where each character came from."""
    text = encodable(text)
    if unicodedata.is_normalized("NFC", text) and not (_may_change(text) and _CHANGED.search(text)):
        return Aligned(text, range(len(text) + 1))
    composed, places = _rewritten(text, range(len(text) + 1), _CLUSTER, lambda found: unicodedata.normalize("NFC", found[0]))
    return Aligned(*_rewritten(composed, places, _CHANGED, _replacement))


def _rewritten(
    text: str, places: range | tuple[int, ...], changed: re.Pattern[str], replacement: Callable[[re.Match[str]], str]
) -> tuple[str, tuple[int, ...]]:
    parts: list[str] = []
    offsets: list[int] = []
    last = 0
    for found in changed.finditer(text):
        new = replacement(found)
        parts += (text[last : found.start()], new)
        offsets += places[last : found.start()]
        offsets += [places[found.start()]] * len(new)
        last = found.end()
    parts.append(text[last:])
    offsets += places[last:]
    return "".join(parts), tuple(offsets)


def _flat_table() -> bytes:
    flat = (unicodedata.normalize("NFD", chr(code).lower())[0] for code in range(256))
    return "".join(c if ord(c) < 256 else "?" for c in flat).encode("latin-1")


_FLAT = _flat_table()


def flat(text: str) -> str:
    """The text folded character by character, so that offsets stay; what is not western becomes "?". For patterns, not for words."""
    if text.isascii():
        return text.lower()
    for dash in _DASHES:
        text = text.replace(dash, "-")
    return text.encode("latin-1", "replace").translate(_FLAT).decode("latin-1")


def fold(word: str) -> str:
    """The word without case and accents: two words that fold to the same are the same word."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word.lower().translate(_SPECIAL)) if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of a normalised text, as written."""
    return _WORD.findall(text)


def folded_words(text: str, beginnings: Collection[str] = ("",)) -> list[tuple[int, int, str]]:
    """The words of a normalised text with their place: start, end, folded word; only those with one of some folded beginnings."""
    if not keeps_offsets(text):
        every = ((*found.span(), fold(found[0])) for found in _WORD.finditer(text))
        return [each for each in every if each[2].startswith(tuple(beginnings))]
    folded = flat(text)
    if "" in beginnings:
        return [(*found.span(), found[0]) for found in _WORD.finditer(folded)]
    if not beginnings:
        return []
    begun = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, beginnings)))})[^\W_]*")  # what it finds inside a word ends with the word
    found_at = ((*found.span(), found[0]) for found in begun.finditer(folded))
    return [each for each in found_at if not (each[0] and folded[each[0] - 1].isalnum())]


def keeps_offsets(text: str) -> bool:
    """Whether `flat` folds each letter of a text as `fold` does: no letter is beyond Latin-1 or becomes two."""
    return not any(letter.isalnum() for letter in set(_UNFLAT.findall(text)))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The folded Snowball stem of a word, as the engines index it."""
    tokens = _stemmer()(word)
    return tokens[0] if tokens else fold(word)


@cache
def _stemmer() -> Callable[[str], list[str]]:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    analyzer = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(60)).filter(Filter.lowercase())
    analyze: Callable[[str], list[str]] = analyzer.filter(Filter.stemmer("spanish")).filter(Filter.ascii_fold()).build().analyze
    return analyze
