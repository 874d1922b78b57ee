"""How many findings are told: a broken program breaks one rule a million times, and a person reads the first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from preservation.findings import Finding
from preservation.validation.mets_rules import found

MOST: Final = 100
"""Findings of one rule that are told; the rest is counted."""


def limited(findings: Iterable[Finding], most: int = MOST) -> Iterator[Finding]:
    """The findings, of each rule at most so many, and then how many more there were of which."""
    told: Counter[str] = Counter()
    for finding in findings:
        told[finding.rule.code] += 1
        if told[finding.rule.code] <= most:
            yield finding
    for code, count in told.items():
        if count > most:
            yield found("more", what=code, count=count - most)
