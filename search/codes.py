"""Canonical codes: one spelling for each of the ways people write a law, a registration number, a tax id or a date.

What counts as a code is the institution's to say: it hands in `CodePatterns`. The same function reads pages and queries, so that a code
typed in one way finds the pages that have it in another.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.analysis import flat

_DIGITS = re.compile("[0-9][0-9]*")  # flat text has no others; a set at the beginning is looked for fast
_BEFORE = 40
_AFTER = 60
_PLACEHOLDER = re.compile(r"%(\w+)%")


@dataclass(frozen=True, slots=True)
class CodePattern:
    """A regular expression over folded text, and the canonical codes it yields as templates over its named groups.

    Group names say how a value is made canonical: `kind` (looked up among the kinds), `month` (a number or a month's name), `day`,
    `year` (two digits become four), `number` and `series` (digits alone, no leading zeros). A template whose groups did not all match
    yields nothing; a match with an impossible month or day yields nothing at all. `names`: a document is known by such a code (a date
    is none). `at_number`: a match can begin only where a run of digits does, so it is looked for nowhere else.
    """

    expression: re.Pattern[str]
    codes: tuple[str, ...]
    names: bool = True
    at_number: bool = False


@dataclass(frozen=True, slots=True)
class CodePatterns:
    """All that is read as a code. Two-digit years up to `pivot` are of this century."""

    kinds: Mapping[str, str]
    months: Mapping[str, int]
    patterns: tuple[CodePattern, ...]
    pivot: int = 40

    @classmethod
    def compiled(
        cls,
        kinds: Mapping[str, str],
        months: Mapping[str, int],
        parts: Mapping[str, str],
        patterns: Sequence[tuple[str, Sequence[str], bool, bool]],
        pivot: int = 40,
    ) -> "CodePatterns":
        """From (expression, codes, names, at_number); in an expression `%kinds%`, `%months%` and each name in `parts` between percent
        signs stand for their alternatives.

        Raises re.error or KeyError for expressions that cannot be read: a fault of the data, found at start.
        """
        named = {
            "kinds": "|".join(sorted(map(re.escape, kinds), key=len, reverse=True)),
            "months": "|".join(sorted(map(re.escape, months), key=len, reverse=True)),
            **parts,
        }
        made = tuple(
            CodePattern(re.compile(_PLACEHOLDER.sub(lambda found: f"(?:{named[found[1]]})", expression)), tuple(codes), *about)
            for expression, codes, *about in patterns
        )
        return cls(dict(kinds), dict(months), made, pivot)


NO_PATTERNS = CodePatterns({}, {}, ())


@dataclass(frozen=True, slots=True)
class Found:
    """Codes read at a place of the text (code points)."""

    start: int
    end: int
    codes: tuple[str, ...]
    names: bool


def find(text: str, patterns: CodePatterns) -> list[Found]:
    """The codes of a normalised text; the same place may be read in several ways.

    A code has a digit, no more than 40 characters after its beginning: most of a text is passed over.
    """
    if not patterns.patterns:
        return []
    folded = flat(text)
    found: list[Found] = []
    for start, end, numbers in _around_digits(folded):
        for pattern in patterns.patterns:
            for match in _matches(folded, pattern, start, end, numbers):
                codes = _canonical(match, pattern, patterns)
                if codes:
                    found.append(Found(match.start(), match.end(), codes, pattern.names))
    return found


def _around_digits(folded: str) -> Iterator[tuple[int, int, list[int]]]:
    """The stretches where a code can be, apart from each other, with the places where the digits of each begin."""
    start = end = 0
    numbers: list[int] = []
    for digits in _DIGITS.finditer(folded):
        at, after = digits.span()
        if at - _BEFORE > end:
            if numbers:
                yield start, end, numbers
            start, numbers = max(0, at - _BEFORE), []
        numbers.append(at)
        end = after + _AFTER
    if numbers:
        yield start, end, numbers


def _matches(folded: str, pattern: CodePattern, start: int, end: int, numbers: list[int]) -> Iterable[re.Match[str]]:
    """What `finditer` would find in a stretch."""
    if not pattern.at_number:
        return pattern.expression.finditer(folded, start, end)
    match, matches = pattern.expression.match, []
    for at in numbers:
        if at >= start and (found := match(folded, at, end)):
            matches.append(found)
            start = found.end()
    return matches


def codes(text: str, patterns: CodePatterns) -> list[str]:
    """The distinct codes of a normalised text, in order of reading."""
    return list(dict.fromkeys(code for place in find(text, patterns) for code in place.codes))


def _canonical(match: re.Match[str], pattern: CodePattern, patterns: CodePatterns) -> tuple[str, ...]:
    values = {name: value for name, value in match.groupdict().items() if value}
    for name, value in values.items():
        plain = _value(name, value, patterns)
        if plain is None:
            return ()
        values[name] = plain
    made: list[str] = []
    for template in pattern.codes:
        try:
            made.append(template.format_map(values))
        except KeyError:
            continue
    return tuple(made)


def _value(name: str, value: str, patterns: CodePatterns) -> str | None:
    match name:
        case "kind":
            return patterns.kinds.get(" ".join(value.split()))
        case "month":
            month = patterns.months.get(value) or (int(value) if value.isdecimal() else 0)
            return f"{month:02}" if 1 <= month <= 12 else None
        case "day":
            return f"{int(value):02}" if 1 <= int(value) <= 31 else None
        case "year":
            year = int(value)
            return str(year if year > 99 else year + (2000 if year <= patterns.pivot else 1900))
        case "number" | "series":
            return str(int("".join(c for c in value if c.isdecimal())))
        case _:
            return value
