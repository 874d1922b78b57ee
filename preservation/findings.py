"""What validators say of a package: each finding ties a place in it to a rule of a standard.

A catalogue of rules is data, one module a standard (preservation.validation); a finding keeps rule and parameters and is worded when shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """`error`: a MUST of the standard is broken and the package is not valid; `warning`: a SHOULD is; `info`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a standard asks, and how its breach is told.

    `code` is the standard's own where it has codes (E092, CSIP1). `standard` and `paragraph` name what asks it (`OCFL 1.1`, `3.5.2`).
    `message` says what was found and what it means, `remedy` what to do; both in Spanish, `{name}` stands for a parameter of the finding.
    """

    code: str
    severity: Severity
    standard: str
    paragraph: str
    message: str
    remedy: str


Param = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule. `where` is the place in the package: a path relative to it with `/`, then `:line` or an XPath if that helps;
    empty for the package itself. `params` fill the slots of the rule's texts.
    """

    rule: Rule
    where: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def severity(self) -> Severity:
        return self.rule.severity

    @property
    def message(self) -> str:
        return self.rule.message.format_map(dict(self.params))

    @property
    def remedy(self) -> str:
        return self.rule.remedy.format_map(dict(self.params))

    def to_json(self) -> Mapping[str, Param]:
        """The finding as `archivo validate --json` prints it."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "where": self.where,
            "message": self.message,
            "remedy": self.remedy,
            "standard": self.rule.standard,
            "paragraph": self.rule.paragraph,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The judgement of one package. `standard` names what it was held for (`OCFL 1.1`, `BagIt 1.0`…); None where nothing recognised it.

    `details`: what a standard tells besides, by its key in JSON: of OCFL its `kind` (object or storage_root), of a bag whether it is
    `complete`.
    """

    standard: str | None
    findings: tuple[Finding, ...] = ()
    details: Mapping[str, Param] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether it was recognised and nothing found is an error; warnings leave it valid."""
        return self.standard is not None and not any(finding.severity is Severity.ERROR for finding in self.findings)

    def to_json(self) -> Mapping[str, object]:
        """The report as `archivo validate --json` prints it (contract of the command line)."""
        return {
            "valid": self.valid,
            "standard": self.standard,
            "findings": [finding.to_json() for finding in self.findings],
            **self.details,
        }


SHOWN: Final = 200
"""Characters of a text from outside that a message shows."""


def shown(text: object) -> str:
    """A text or name from outside, as a parameter of a finding: cut to SHOWN characters."""
    whole = text if isinstance(text, str) else repr(text)
    return whole if len(whole) <= SHOWN else whole[: SHOWN - 1] + "…"


def by_code(rules: Iterable[Rule]) -> Mapping[str, Rule]:
    """A catalogue: rules by their code. ValueError if two have the same."""
    catalogue: dict[str, Rule] = {}
    for rule in rules:
        if rule.code in catalogue:
            raise ValueError(f"two rules have the code {rule.code}")
        catalogue[rule.code] = rule
    return catalogue
