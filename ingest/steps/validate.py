"""Check the original against the rules of its format, and against what may harm."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from ingest.envelopes import all_held, document_in
from ingest.failures import note_all, note_failure
from ingest.families import ENVELOPES, MAIL, MARKUP, OFFICE, Family, family_of
from ingest.findings import Severity
from ingest.limits import Limits
from ingest.step import Done, Failed, Inside, Skipped, StepOutcome, Workspace
from ingest.tools.process import ToolError, ToolFailed
from preservation.premis import EventType


@dataclass(frozen=True, slots=True)
class Validate:
    """Look for encryption, damage, bombs, active content, attachments and signatures; take the document's own metadata.

    What must not be read further leaves the workspace not `readable`, with a finding that says why. What a signed envelope holds is
    taken out and looked at in the same way.
    """

    event_type: EventType = EventType.VALIDATION
    agent: str = f"pypdf {version('pypdf')}, pillow {version('pillow')}, lxml {version('lxml')}"

    def __call__(self, work: Workspace) -> StepOutcome:
        if not work.readable:
            return Skipped("validate.not_readable")
        family = family_of(work.format)
        if family is Family.ENCRYPTED_OFFICE:
            work.find("office.encrypted")
            work.readable = False
            return Done("validate.unreadable", {"findings": 1}, warning=True)
        examination = _examination(family, work.limits)
        if examination is None:
            return Skipped("validate.while_reading" if family in MARKUP | MAIL else "validate.no_rules")
        module, function, limits = examination
        before = len(work.findings)
        try:
            answer = work.tools.call(module, function, timeout=work.limits.seconds_per_call, path=str(work.original), **limits)
        except ToolFailed as fault:
            note_failure(work, fault, otherwise="file.irregular")
            return Failed("validate.failed")
        except ToolError as fault:
            note_failure(work, fault, otherwise="file.damaged")
            work.readable = False
            return Failed("validate.failed")
        _take(work, answer)
        if family in ENVELOPES and work.readable:
            _look_inside(work)
        return _outcome(work, before)


def _look_inside(work: Workspace) -> None:
    """Take out what an envelope holds, and look at each. The document's own metadata are those of the one that it holds."""
    work.inside = all_held(work)
    document = document_in(work)
    for one in work.inside:
        if (answer := _examined(work, one)) is not None:
            note_all(work, answer["notes"])
            one.signed = answer["signed"]
            if one is document:
                work.properties.update(answer["properties"])


def _examined(work: Workspace, one: Inside) -> dict[str, Any] | None:
    examination = _examination(family_of(one.format), work.limits)
    if examination is None:
        return None
    module, function, limits = examination
    try:
        answer: dict[str, Any] = work.tools.call(module, function, timeout=work.limits.seconds_per_call, path=str(one.path), **limits)
    except ToolError as fault:
        note_failure(work, fault, otherwise="file.irregular")
        return None
    return answer


def _examination(family: Family, limits: Limits) -> tuple[str, str, dict[str, int]] | None:
    """Which function examines a family, with what limits."""
    if family is Family.PDF:
        return "pdf", "examine", {"max_pages": limits.max_pages}
    if family is Family.IMAGE:
        return "image", "examine", {"max_pixels": limits.max_pixels, "max_pages": limits.max_pages}
    if family in OFFICE:
        return "office", "examine", {"max_expanded": limits.max_expanded_bytes}
    if family is Family.ZIP:
        return "office", "examine_zip", {"max_expanded": limits.max_expanded_bytes}
    if family is Family.XML:
        return "markup", "examine", {}
    if family is Family.CMS:
        return "envelopes", "examine_cms", {}
    if family is Family.P7Z:
        return "envelopes", "examine_p7z", {"max_expanded": limits.max_expanded_bytes}
    return None


def _take(work: Workspace, answer: dict[str, Any]) -> None:
    note_all(work, answer["notes"])
    work.properties.update(answer["properties"])
    work.signed = work.signed or answer["signed"]
    work.may_claim = answer["may_claim"]
    work.readable = answer["readable"]


def _outcome(work: Workspace, before: int) -> StepOutcome:
    found = work.findings[before:]
    if not found:
        return Done("validate.valid")
    serious = any(finding.severity is not Severity.INFO for finding in found)
    return Done("validate.noted" if work.readable else "validate.unreadable", {"findings": len(found)}, warning=serious)
