"""The catalogue of findings: code, severity, where it comes from, Spanish message, remedy.

A finding is kept as code and parameters and worded when shown. Messages say what happened and what it means for the document;
remedies say what to do. `{name}` stands for a parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """`error`: the document could not be read as it should; `warning`: a person should look; `info`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one document. `code` is a key of CATALOGUE."""

    code: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return CATALOGUE[self.code].severity

    @property
    def message(self) -> str:
        return CATALOGUE[self.code].message.format_map(dict(self.params))

    @property
    def remedy(self) -> str:
        return CATALOGUE[self.code].remedy.format_map(dict(self.params))


@dataclass(frozen=True, slots=True)
class Entry:
    """How a finding is worded. `source`: the standard and paragraph, or the reason, that makes it a finding."""

    severity: Severity
    source: str
    message: str
    remedy: str


CATALOGUE: Mapping[str, Entry] = {
    "file.empty": Entry(
        Severity.ERROR,
        "A record needs content (ISO 15489-1, 5.2.2)",
        "El archivo está vacío: mide cero bytes. Se conserva tal como llegó.",
        "Pida a quien lo entregó que lo envíe de nuevo.",
    ),
}
