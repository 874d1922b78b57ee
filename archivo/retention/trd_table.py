"""A retention schedule as read from a file: its rows and everything irregular in them."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Disposition(StrEnum):
    """What happens when retention ends (Acuerdo AGN 004 de 2019, art. 11 (9)): exactly one."""

    CT = "CT"  # kept whole
    E = "E"  # destroyed
    S = "S"  # a sample is kept


class Severity(StrEnum):
    """`error`: nothing of the file is imported; `warning`: it is imported as the message says."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class TRDRow:
    """One class of one office. Codes are text as written; retention in whole years, None where the file does not say.

    `access_default` is `publica`, `clasificada`, `reservada` or None; `line` is where the class begins in its sheet.
    """

    office_code: str
    office: str
    series_code: str
    series: str
    subseries_code: str = ""
    subseries: str = ""
    types: tuple[str, ...] = ()
    support: str = ""
    ag_years: int | None = None
    ac_years: int | None = None
    disposition: Disposition | None = None
    reproduction: bool = False
    procedure: str = ""
    norms: str = ""
    access_default: str | None = None
    line: int = 0

    @property
    def code(self) -> str:
        """That of the subseries, or of the series where it has none."""
        return self.subseries_code or self.series_code

    @property
    def label(self) -> str:
        return self.subseries or self.series


@dataclass(frozen=True, slots=True)
class Problem:
    """Something irregular: where (`line` and `cell` of the file, `column` as headed), what was there, by which norm, and the remedy."""

    line: int
    cell: str
    column: str
    value: str
    code: str
    message: str
    remedy: str
    severity: Severity
    source: str


@dataclass(frozen=True, slots=True)
class TRDTable:
    """`rows` are usable only when there is no error."""

    rows: tuple[TRDRow, ...]
    problems: tuple[Problem, ...]

    @property
    def has_errors(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of archivo/data/trd_rules.toml. `source`: norm and article, and what replaced the norm if something did."""

    severity: str
    source: str
    message: str
    remedy: str


@cache
def rules() -> dict[str, Rule]:
    """By code."""
    read = tomllib.loads(files("archivo.data").joinpath("trd_rules.toml").read_text("utf-8"))
    replaced = {norm: since["replaced_by"] for norm, since in read.pop("norms").items()}

    def sourced(source: str) -> str:
        newer = next((newer for norm, newer in replaced.items() if source.startswith(norm)), None)
        return f"{source} (reemplazado por el {newer})" if newer else source

    return {code: Rule(**{**rule, "source": sourced(rule["source"])}) for code, rule in read.items()}


def problem(code: str, *, line: int = 0, cell: str = "", column: str = "", value: str = "", **params: str | int) -> Problem:
    """Worded by the rule `code`; long values are shown cut."""
    rule = rules()[code]
    shown = value if len(value) <= 80 else value[:79] + "…"
    words = {"value": shown, **params}
    message, remedy = rule.message.format_map(words), rule.remedy.format_map(words)
    return Problem(line, cell, column, shown, code, message, remedy, Severity(rule.severity), rule.source)
