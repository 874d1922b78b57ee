"""Dates of records in EDTF (ISO 8601-2:2019, level 0, with `?` and `~`), and the days they span."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from archivo.errors import Invalid

_ONE: Final = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?(?P<doubt>[?~%])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Edtf:
    """A date as written, and the first and last ISO days it may mean."""

    text: str
    begins_on: str
    ends_on: str

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(int(self.begins_on[:4]), int(self.ends_on[:4]) + 1))


def parse_edtf(text: str) -> Edtf:
    """Read `1936`, `1936-05`, `1936-05-20`, each with `?` or `~`, or an interval `a/b` of them. Raises Invalid."""
    first, _, last = text.partition("/")
    begins, ends = _bounds(first, text), _bounds(last or first, text)
    if begins[0] > ends[1] or ("/" in text and not last):
        raise _invalid(text)
    return Edtf(text, begins[0].isoformat(), ends[1].isoformat())


def _bounds(text: str, whole: str) -> tuple[date, date]:
    match = _ONE.fullmatch(text)
    if match is None:
        raise _invalid(whole)
    year, month, day = (int(match[name]) if match[name] else None for name in ("year", "month", "day"))
    assert year is not None
    try:
        first = date(year, month or 1, day or 1)
        last_month = month or 12
        return first, date(year, last_month, day or calendar.monthrange(year, last_month)[1])
    except ValueError as fault:
        raise _invalid(whole) from fault


def _invalid(text: str) -> Invalid:
    return Invalid(
        "date.edtf",
        f"«{text[:60]}» no es una fecha que se pueda leer.",
        "Escriba el año (1936), el año y el mes (1936-05) o la fecha completa (1936-05-20).",
    )
