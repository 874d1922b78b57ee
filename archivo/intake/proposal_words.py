"""Words of a text compared as a reader does who forgives accents, capitals and a misread letter. Places are those of the text itself."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

_MISREAD = str.maketrans({"0": "o", "1": "l", "6": "o", "5": "s", "8": "b", "|": "l", "!": "l"})


@dataclass(frozen=True, slots=True)
class Words:
    """archivo/data/proposals.toml. `types`: heading words to the name of the kind; `months`: name to number."""

    types: Mapping[str, str]
    months: Mapping[str, int]
    numbers: Mapping[str, int]
    own_date: tuple[str, ...]
    other_date: tuple[str, ...]
    subjects: tuple[str, ...]
    clauses: tuple[str, ...]
    proper: tuple[str, ...]
    sender: tuple[str, ...]
    addressee: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Where it is said: code points of the text, and the words quoted."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line that is not blank. `start`: where it begins in the text; `folded` has its same length; `apart`: after a blank line."""

    start: int
    text: str
    folded: str
    apart: bool = False

    def span(self, start: int = 0, end: int | None = None) -> Span:
        quote = self.text[start:end]
        return Span(self.start + start, self.start + start + len(quote), quote)


@cache
def words() -> Words:
    read = tomllib.loads(files("archivo.data").joinpath("proposals.toml").read_text("utf-8"))
    types = {heading: name for name, headings in read["types"].items() for heading in headings}
    months = {name: number for number, name in enumerate(read["months"]["names"], 1)} | read["months"]["also"]
    dates, titles, producers = read["dates"], read["titles"], read["producers"]
    return Words(
        dict(sorted(types.items(), key=lambda pair: -len(pair[0]))),
        months,
        read["numbers"],
        tuple(dates["own"]),
        tuple(dates["other"]),
        tuple(titles["subjects"]),
        tuple(titles["clauses"]),
        tuple(titles["proper"]),
        tuple(producers["sender"]),
        tuple(producers["addressee"]),
    )


def fold(text: str) -> str:
    """Small letters without accents, one character for each of the text."""
    return "".join(map(_folded, text))


@lru_cache(4096)
def _folded(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[:1].lower()
    return base if len(base) == 1 else letter


def lines_of(text: str, start: int = 0) -> list[TextLine]:
    """The lines that say something, without blanks at their ends."""
    found = []
    apart = False
    for raw in text.split("\n"):
        said = raw.strip()
        if said:
            place = start + raw.index(said)
            found.append(TextLine(place, said, fold(said), apart))
        apart = not said
        start += len(raw) + 1
    return found


def alike(read: str, meant: str) -> bool:
    """The same word, allowing what recognition confuses: one letter in four or five, two in eight or more."""
    if read == meant:
        return True
    allowed = 0 if len(meant) < 4 else 1 if len(meant) < 8 else 2
    if len(read) < len(meant) - allowed:
        return False
    read = read.translate(_MISREAD).replace("rn", "m")
    return abs(len(read) - len(meant)) <= allowed and distance(read, meant.replace("rn", "m"), allowed) <= allowed


def distance(one: str, other: str, most: int) -> int:
    """Letters to change, add or drop to make one into the other; above `most`, at least how many."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row = row, [i]
        for j, wanted in enumerate(other, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted)))
        if min(row) > most:
            return most + 1
    return row[-1]


def begins(folded: str, openings: Sequence[str]) -> str | None:
    """The opening that the line begins with as whole words."""
    for opening in openings:
        if folded.startswith(opening) and not folded[len(opening) : len(opening) + 1].isalnum():
            return opening
    return None
