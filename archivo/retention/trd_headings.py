"""Find the row of headings of a retention schedule and what each column holds."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from archivo.retention.sheets import Line

MOST_LINES_ABOVE = 60  # title, logo and office data stand above the headings

_LEAST = 3  # different headings that make a row of headings
_NAMES = {"series", "name", "subseries"}
_NOT_A_WORD = re.compile(r"[^a-z0-9✓✔]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The headings of archivo/data/trd_headings.toml: heading to field, those passed over, and the words found in cells."""

    fields: Mapping[str, str]
    passed_over: frozenset[str]
    values: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Header:
    """`first` and `last`: lines of the headings (one or two). `columns`: column to field; `titles`: column to heading as written."""

    first: int
    last: int
    columns: Mapping[int, str]
    titles: Mapping[int, str]
    repeated: tuple[int, ...] = ()

    @property
    def unknown(self) -> list[int]:
        return [column for column in self.titles if column not in self.columns and column not in self.repeated]

    def column(self, field: str) -> int | None:
        return next((column for column, name in self.columns.items() if name == field), None)


def bare(text: str) -> str:
    """Lower case, without accents or punctuation: how headings and marks are compared."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return _NOT_A_WORD.sub(" ", "".join(c for c in decomposed if not unicodedata.combining(c))).strip()


@cache
def vocabulary() -> Vocabulary:
    read = tomllib.loads(files("archivo.data").joinpath("trd_headings.toml").read_text("utf-8"))
    fields: dict[str, str] = {}
    for field, headings in read["fields"].items():
        for heading in headings:
            fields.setdefault(heading, field)
    values = {name: frozenset(words) for name, words in read["values"].items()}
    return Vocabulary(fields, frozenset(read["passed_over"]["headings"]), values)


def find_header(lines: Sequence[Line]) -> Header | None:
    """The row, or pair of rows, among the first that holds the most headings; None when none holds enough."""
    found = [header for at in range(min(len(lines), MOST_LINES_ABOVE)) if (header := header_at(lines, at))]
    return max(found, key=lambda header: len(header.columns), default=None)


def header_at(lines: Sequence[Line], at: int) -> Header | None:
    """The headings on line `at`, with those of the next line below them when the two together say more than either."""
    alone = _read(lines[at : at + 1])
    best = alone
    if at + 1 < len(lines):
        together, below = _read(lines[at : at + 2]), _read(lines[at + 1 : at + 2])
        if len(together.columns) > max(len(alone.columns), len(below.columns)):
            best = together
    fields = set(best.columns.values())
    return best if len(fields) >= _LEAST and fields & _NAMES else None


def _read(lines: Sequence[Line]) -> Header:
    width = max(len(line.cells) for line in lines)
    upper = [bare(lines[0][column]) for column in range(width)]
    lower = [bare(lines[-1][column]) for column in range(width)]
    columns: dict[int, str] = {}
    titles: dict[int, str] = {}
    repeated: list[int] = []
    above = ""
    for column in range(width):
        above = upper[column] or (above if len(lines) == 2 and lower[column] else "")
        field = _field(column, above, lower, two=len(lines) == 2)
        title = lines[-1][column] or lines[0][column]
        if title and not (vocabulary().passed_over & {bare(title), upper[column]}):
            titles[column] = title.replace("\n", " ")
        if field and (field == "support" or field not in columns.values()):
            columns[column] = field
        elif field:
            repeated.append(column)
    return Header(lines[0].number, lines[-1].number, columns, titles, tuple(repeated))


def _field(column: int, above: str, lower: Sequence[str], *, two: bool) -> str | None:
    here = lower[column]
    fields = vocabulary().fields
    if two and above and here and above != here:
        found = fields.get(f"{above} {here}")
        return found or _first(fields, [here, above], column, lower)
    return _first(fields, [here or above], column, lower)


def _first(fields: Mapping[str, str], headings: Iterable[str], column: int, lower: Sequence[str]) -> str | None:
    for heading in headings:
        if found := _by_neighbours(heading, column, lower) or fields.get(heading):
            return found
    return None


def _by_neighbours(heading: str, column: int, lower: Sequence[str]) -> str | None:
    """D, S and E alone mean the office, the series or the medium beside Sb or P, and the disposition elsewhere."""
    before = lower[column - 1] if column else ""
    after = lower[column + 1] if column + 1 < len(lower) else ""
    last = lower[column + 2] if column + 2 < len(lower) else ""
    if heading == "d":
        return "code_office" if after == "s" and last in ("sb", "ss", "sub") else "reproduction"
    if heading == "s":
        return "code_series" if after in ("sb", "ss", "sub") else "flag_s"
    if heading == "ss":
        return "code_subseries"
    if heading == "p":
        return "support" if after == "e" else None
    if heading == "e":
        return "support" if before == "p" else "flag_e"
    return None
