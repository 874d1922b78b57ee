"""The rules of OCFL 1.0 and 1.1 by the codes of their specification (ocfl.io). The words are in three modules, by chapter."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from preservation.findings import Finding, Param, Rule, Severity, shown
from preservation.validation.ocfl_rules_inventory import INVENTORY
from preservation.validation.ocfl_rules_object import OBJECT
from preservation.validation.ocfl_rules_root import ROOT

UNREADABLE: Final = Rule(
    "unreadable",
    Severity.ERROR,
    "OCFL",
    "1",
    "No se pudo leer: {reason}. Mientras no se lea, no se sabe si está bien.",
    "Revise los permisos y el disco, y valide de nuevo.",
)
MORE: Final = Rule(
    "more",
    Severity.INFO,
    "OCFL",
    "1",
    "Hay {count} hallazgos más {code}, que no se muestran.",
    "Corrija los que se muestran y valide de nuevo.",
)
MOST: Final = 1000
"""Findings of one kind that are told of one object; the rest are counted."""


def _rules(rows: Iterable[tuple[str, str, str, str]]) -> Mapping[str, Rule]:
    """Rows of name, paragraph, message and remedy. What follows the point of a name tells breaches of one code apart."""
    rules = {}
    for name, paragraph, message, remedy in rows:
        code = name.partition(".")[0]
        if name in rules:
            raise ValueError(f"two rules have the name {name}")
        rules[name] = Rule(code, Severity.ERROR if code[0] == "E" else Severity.WARNING, "OCFL", paragraph, message, remedy)
    return rules


OCFL: Final[Mapping[str, Rule]] = {"unreadable": UNREADABLE, "more": MORE, **_rules([*OBJECT, *INVENTORY, *ROOT])}


class Notes:
    """What is found in one object or storage root. `at` is its path in the tree: places are told from there."""

    def __init__(self, at: str = "") -> None:
        self._at = at
        self._found: list[Finding] = []
        self._times: Counter[str] = Counter()

    def add(self, rule: str, where: str = "", /, **params: object) -> None:
        """Note a breach by its name in OCFL, at a path from `at`; parameters are cut where they are long."""
        self._times[rule] += 1
        if self._times[rule] <= MOST:
            given: dict[str, Param] = {key: value if isinstance(value, int) else shown(value) for key, value in params.items()}
            place = f"{self._at}/{where}" if self._at and where else self._at or where
            self._found.append(Finding(OCFL[rule], place, given))

    def findings(self) -> tuple[Finding, ...]:
        """All that was noted, and how much more there was."""
        more = [(name, times - MOST) for name, times in self._times.items() if times > MOST]
        return (*self._found, *(Finding(MORE, self._at, {"count": count, "code": OCFL[name].code}) for name, count in more))
