"""The date of a document, read from its text: of all the dates it says, the one that is its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from archivo.intake.proposal_words import Span, TextLine, alike, fold, words
from archivo.records.dates import parse_edtf

FIRST_YEAR, LAST_YEAR = 1500, 2100
BEFORE = 60  # characters before a date that say whose it is

_DAY = r"(?P<day>[0-3lio]?[0-9lio])(?:[ ]?[º°ª]|ro|er)?"
_MONTH = r"(?P<month>[a-z][a-z0-9|]{2,11}|[0-9][a-z][a-z0-9|]{2,10})"
_YEAR = r"(?P<year>[12li][.]?[0-9oilsbg]{3})(?![0-9a-z])"
_OF = r"[ \n]{1,3}(?:de[li]?|d[ec])[ \n]{1,3}"
_LONG = re.compile(
    rf"(?<![0-9a-z]){_DAY}\)?(?:[ \n]d[i1l]as)?(?:[ \n]del[ \n]mes)?{_OF}{_MONTH}(?:{_OF}|,?[ \n])[^0-9\n]{{0,60}}?\(?{_YEAR}"
)
_MONTH_FIRST = re.compile(rf"(?<![0-9a-z]){_MONTH}[ ]{_DAY}(?:,[ ]?|{_OF}){_YEAR}")
_NUMBERS = re.compile(r"(?<![0-9/.-])(?P<day>[0-3]?[0-9])[/.-](?P<month>[01]?[0-9])[/.-](?P<year>[12][0-9]{3})(?![0-9/.-])")
_ISO = re.compile(r"(?<![0-9/.-])(?P<year>[12][0-9]{3})[/-](?P<month>[01][0-9])[/-](?P<day>[0-3][0-9])(?![0-9/.-])")
_MONTH_ONLY = re.compile(rf"(?<![0-9a-z]){_MONTH}{_OF}{_YEAR}")
_IN_WORDS = re.compile(
    r"\b(?P<day>[a-z]{3,12}(?: y [a-z]{3,6})?)(?:[ \n]dias)?(?:[ \n]del[ \n]mes)?[ \n]de[ \n](?P<month>[a-z]{4,10})[ \n]del?[ \n]"
    r"(?P<year>(?:mil|dos[ \n]mil)(?:[ \n][a-z]{1,14}){0,5})"
)
_DAY_AND_MONTH = re.compile(rf"[( ]*{_DAY}[ ]d[ec][ ]{_MONTH}[ ).]*")
_YEAR_ALONE = re.compile(r"(?m)^[ ]*(?P<year>1[5-9][0-9]{2}|20[0-9]{2})[ ]*\.?$")
_DIGITS = str.maketrans("loisbg", "101586")
_PLACE = re.compile(r"^[ ]*[a-z. ]{3,40},(?:[ ]?[a-z. ]{1,20},?)?[ ]*$")


@dataclass(frozen=True, slots=True)
class ProposedDate:
    """`value` in EDTF, with the first and last ISO days it may mean. `confidence` 0 to 1."""

    value: str
    begins_on: str
    ends_on: str
    confidence: float
    evidence: tuple[Span, ...]


def make_date(value: str, confidence: float, evidence: Span) -> ProposedDate:
    read = parse_edtf(value)
    return ProposedDate(value, read.begins_on, read.ends_on, round(confidence, 2), (evidence,))


def propose_date(text: str) -> ProposedDate | None:
    """The likeliest of the dates said; None when none is likelier than not."""
    folded = fold(text)
    found = [
        make_date(value, _likelihood(folded, start, certain=len(value) == 10), Span(start, end, text[start:end]))
        for value, start, end in _dates(folded)
    ]
    best = max(found, key=lambda one: (one.confidence, -one.evidence[0].start), default=None)
    return best if best is not None and best.confidence >= 0.5 else None


def _dates(folded: str) -> Iterator[tuple[str, int, int]]:
    """EDTF, start and end of each date said; a month alone only where no day goes with it."""
    taken: list[tuple[int, int]] = []
    for pattern in (_LONG, _MONTH_FIRST, _ISO, _NUMBERS, _MONTH_ONLY):
        for match in pattern.finditer(folded):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            value = _value(match)
            if value:
                taken.append(match.span())
                yield value, match.start(), match.end()
    for match in _IN_WORDS.finditer(folded):
        value = _value_in_words(match)
        if value and not any(start < match.end() and match.start() < end for start, end in taken):
            taken.append(match.span())
            yield value, match.start(), match.end()
    for match in _YEAR_ALONE.finditer(folded[:800]):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            yield match["year"], match.start("year"), match.end("year")


def _value(match: re.Match[str]) -> str | None:
    said = match.groupdict()
    year, month = _number(said["year"].replace(".", "")), _month(said["month"])
    if month is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if said.get("day") is None:
        return f"{year:04}-{month:02}"
    try:
        return date(year, month, _number(said["day"])).isoformat()
    except ValueError:
        return None


def _value_in_words(match: re.Match[str]) -> str | None:
    """`veinte días del mes de mayo de mil novecientos treinta y seis`."""
    day, month, year = _said(match["day"]), words().months.get(match["month"]), _said(match["year"])
    try:
        return date(year, month, day).isoformat() if month and FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def _said(number: str) -> int:
    """A number in words, as far as its words go."""
    total = 0
    for word in number.split():
        if word == "mil":
            total = max(total, 1) * 1000
        elif word in words().numbers:
            total += words().numbers[word]
        elif word != "y":
            break
    return total


def complete_year(year: str, line: TextLine) -> ProposedDate | None:
    """The day and month that stand alone on the line under a heading that says the year: `(18 de abril)`."""
    match = _DAY_AND_MONTH.fullmatch(line.folded)
    month = _month(match["month"]) if match else None
    if match is None or month is None:
        return None
    try:
        return make_date(date(int(year), month, _number(match["day"])).isoformat(), 0.9, line.span())
    except ValueError:
        return None


def _number(said: str) -> int:
    digits = said.translate(_DIGITS)
    return int(digits) if digits.isdecimal() and digits.isascii() else 0


def _month(said: str) -> int | None:
    months = words().months
    if said.isdecimal():
        return int(said) if 1 <= int(said) <= 12 else None
    if said in months:
        return months[said]
    return next((number for name, number in months.items() if len(name) > 4 and alike(said, name)), None)


def _likelihood(folded: str, start: int, *, certain: bool) -> float:
    """Higher near the beginning, after a place or words such as `dada en`; lower after the name of another act."""
    line = folded[folded.rfind("\n", 0, start) + 1 : start]
    before = folded[max(0, start - BEFORE) : start].rsplit("\n\n", 1)[-1]
    score = 0.65 if start < 800 else 0.5
    if _PLACE.match(line) or not line.strip():
        score += 0.2
    if any(re.search(rf"\b{opening}\b[^\n]{{0,45}}$", before) for opening in words().own_date):
        score += 0.25
    elif line.strip() and start > 200 and any(re.search(rf"\b{other}\b", line[-BEFORE:]) for other in words().other_date):
        score -= 0.35
    return max(0.0, min(0.97, score if certain else score - 0.25))
