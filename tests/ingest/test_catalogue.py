"""Every code that ingest uses is worded, every wording is used, and the words are fit to be read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.findings import CATALOGUE, Severity
from ingest.outcomes import OUTCOMES

INGEST = Path(__file__).resolve().parents[2] / "ingest"
WORDINGS = ("findings.py", "outcomes.py", "catalogue")
FINDING_CALLS = frozenset({"find", "note", "refuse", "Refused", "Finding", "ToolFailed"})
OUTCOME_CALLS = frozenset({"Done", "Skipped", "Failed"})
CODE = re.compile(r"[a-z]+\d?\.[a-z_]+")


def sources() -> Iterator[ast.Module]:
    for path in sorted(INGEST.rglob("*.py")):
        if path.relative_to(INGEST).parts[0] not in WORDINGS:
            yield ast.parse(path.read_text())


def strings() -> set[str]:
    """The strings in the source that look like codes."""
    found = {node.value for tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in found if CODE.fullmatch(text)}


def codes_in(names: frozenset[str]) -> set[str]:
    """The literal codes given first to calls of these names."""
    calls = [node for tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [call for call in calls if (call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")) in names]
    literals = [inner for call in named for inner in ast.walk(call.args[0]) if isinstance(inner, ast.Constant)]
    return {literal.value for literal in literals if isinstance(literal.value, str) and CODE.fullmatch(literal.value)}


def test_every_finding_that_the_source_raises_is_in_the_catalogue() -> None:
    raised = codes_in(FINDING_CALLS)
    assert len(raised) > 30
    assert raised <= set(CATALOGUE)


def test_every_outcome_that_the_source_gives_is_worded() -> None:
    given = codes_in(OUTCOME_CALLS)
    assert len(given) > 15
    assert given <= set(OUTCOMES)


def test_no_wording_is_without_use() -> None:
    assert set(CATALOGUE) <= strings()
    assert set(OUTCOMES) <= strings()


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_finding_says_what_happened_and_what_to_do(code: str) -> None:
    entry = CATALOGUE[code]
    assert isinstance(entry.severity, Severity)
    assert entry.source
    for sentence in (entry.message, entry.remedy):
        assert re.match(r"[A-ZÁÉÍÓÚÑ¿«]", sentence)
        assert sentence.endswith(".")
        assert "  " not in sentence


@pytest.mark.parametrize("code", OUTCOMES)
def test_an_outcome_is_a_sentence(code: str) -> None:
    assert re.match(r"[A-ZÁÉÍÓÚÑ¿«]", OUTCOMES[code])
    assert OUTCOMES[code].endswith(".")
