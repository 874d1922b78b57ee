"""How a finding is worded."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`error`: the document could not be read as it should; `warning`: a person should look; `info`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Entry:
    """How a finding is worded. `source`: the standard and paragraph, or the reason, that makes it a finding.

    Messages say what happened and what it means for the document; remedies say what to do. `{name}` stands for a parameter.
    """

    severity: Severity
    source: str
    message: str
    remedy: str
