"""The values of one line of a retention schedule, checked one by one."""

import re
from dataclasses import dataclass, field, replace

from archivo.retention.sheets import Line, Sheet
from archivo.retention.trd_headings import Header, bare, vocabulary
from archivo.retention.trd_table import Disposition, Problem, TRDRow, problem

MOST_YEARS = 999

_YEARS = re.compile(r"(\d{1,4})(?:[.,]0+)?(?: *a(?:ñ|n)os?\.?)?", re.IGNORECASE)
_TYPE_BREAK = re.compile(r";|\n| / |•|·(?=\s)")
_BULLET = re.compile(r"^(?:[-–—•·*▪➢]+\s*)+")
_EDGE = " .-–/"
_ABSENT = frozenset({"", "-", "–", "—"})
_FLAGS = {"flag_ct": Disposition.CT, "flag_e": Disposition.E, "flag_s": Disposition.S}


@dataclass(slots=True)
class Reader:
    """Reads cells of one sheet by field and gathers what is irregular in them."""

    sheet: Sheet
    header: Header
    problems: list[Problem] = field(default_factory=list)

    def text(self, line: Line, name: str, *, own: bool = False) -> str:
        """The value on one line of text; with `own`, empty where it only comes from a merged cell above."""
        column = self.header.column(name)
        if column is None or (own and column in line.repeated):
            return ""
        return line[column].replace("\n", " ")

    def report(self, code: str, line: Line, name: str = "", value: str = "", **params: str | int) -> None:
        column = self.header.column(name)
        cell = self.sheet.address(line.number, column) if column is not None else ""
        title = self.header.titles.get(column, "") if column is not None else ""
        self.problems.append(problem(code, line=line.number, cell=cell, column=title, value=value, **params))

    def complete(self, row: TRDRow, line: Line) -> TRDRow:
        """The row with the retention, disposition and the rest that stand on this line."""
        disposition, reproduction = self._disposition(line)
        return replace(
            row,
            types=self.types(line),
            support=self._support(line),
            ag_years=self._years(line, "ag"),
            ac_years=self._years(line, "ac"),
            disposition=disposition,
            reproduction=reproduction or self._reproduction(line),
            procedure=self.text(line, "procedure"),
            norms=self.text(line, "norms"),
            access_default=self._access(line),
            line=line.number,
        )

    def has_rule(self, line: Line) -> bool:
        """Whether the line itself states a retention or a disposition."""
        return any(self.text(line, name, own=True) for name in ("ag", "ac", "disposition", *_FLAGS))

    def types(self, line: Line) -> tuple[str, ...]:
        column = self.header.column("types")
        return split_types(line[column]) if column is not None else ()

    def _support(self, line: Line) -> str:
        columns = [column for column, name in self.header.columns.items() if name == "support"]
        found = []
        for column in columns:
            value = line[column].replace("\n", " ")
            if value:
                found.append(self.header.titles[column] if bare(value) in vocabulary().values["marked"] else value)
        return ", ".join(dict.fromkeys(found))

    def _years(self, line: Line, name: str) -> int | None:
        written = self.text(line, name)
        if written in _ABSENT or bare(written) in vocabulary().values["unmarked"] - {"0"}:
            return None
        found = _YEARS.fullmatch(written)
        if not found or int(found[1]) > MOST_YEARS:
            where = "archivo de gestión" if name == "ag" else "archivo central"
            self.report("years_wrong", line, name, written, where=where)
            return None
        return int(found[1])

    def _disposition(self, line: Line) -> tuple[Disposition | None, bool]:
        words = vocabulary().values
        found: dict[Disposition, str] = {}
        reproduction = False
        written = self.text(line, "disposition")
        pieces = [written] if _meaning(written) else re.split(r"[/,;+]| - | y ", written)
        for piece in pieces:
            meaning = _meaning(piece)
            if meaning:
                found[meaning] = "disposition"
            elif bare(piece) in words["reproduction"]:
                reproduction = True
            elif bare(piece):
                self.report("disposition_wrong", line, "disposition", written)
                return None, reproduction
        for name, meaning in _FLAGS.items():
            mark = bare(self.text(line, name))
            if mark and mark not in words["unmarked"]:
                found[meaning] = name
        if len(found) > 1:
            self.report("disposition_several", line, next(iter(found.values())), ", ".join(found))
            return None, reproduction
        return next(iter(found), None), reproduction

    def _reproduction(self, line: Line) -> bool:
        mark = bare(self.text(line, "reproduction"))
        words = vocabulary().values
        if not mark or mark in words["unmarked"]:
            return False
        if mark not in words["reproduction"] | words["marked"]:
            self.report("reproduction_wrong", line, "reproduction", self.text(line, "reproduction"))
            return False
        return True

    def _access(self, line: Line) -> str | None:
        written = self.text(line, "access")
        level = bare(written).removeprefix("informacion ").removeprefix("publica ") or bare(written)
        if level in ("publica", "clasificada", "reservada"):
            return level
        if written:
            self.report("access_wrong", line, "access", written)
        return None


def _meaning(written: str) -> Disposition | None:
    words, mark = vocabulary().values, bare(written)
    names = {"conservation": Disposition.CT, "destruction": Disposition.E, "selection": Disposition.S}
    return next((meaning for name, meaning in names.items() if mark in words[name]), None)


def split_types(written: str) -> tuple[str, ...]:
    """Kinds of document, without bullets, each once and in order."""
    found = (_BULLET.sub("", " ".join(piece.split())).strip(" .;") for piece in _TYPE_BREAK.split(written))
    return tuple(dict.fromkeys(one for one in found if one))


def clean_code(written: str) -> str:
    """Without blanks, nor separators at its end."""
    return re.sub(r"\s+", "", written).strip(_EDGE)


def is_part(code: str, whole: str) -> bool:
    """Whether `code` goes below `whole`: `110.2.1` below `110.2`."""
    return bool(whole) and code != whole and code.startswith(whole) and code[len(whole)] in ".-/_"
