"""Turn what went wrong in a tool into a finding."""

from collections.abc import Iterable
from typing import Any

from ingest.findings import CATALOGUE
from ingest.step import Workspace
from ingest.tools.process import ToolCrashed, ToolError, ToolFailed, ToolOutOfMemory, ToolTimeout


def note_failure(work: Workspace, fault: ToolError, *, otherwise: str) -> None:
    """Note why a tool gave no result; `otherwise` is the finding for a refusal that names no finding of its own."""
    match fault:
        case ToolTimeout():
            work.find("file.too_slow", seconds=round(work.limits.seconds_per_call))
        case ToolOutOfMemory():
            work.find("file.too_large_in_memory")
        case ToolCrashed():
            work.find("file.crashes_reader")
        case ToolFailed(code=code) if code in CATALOGUE:
            work.find(code)
        case _:
            work.find(otherwise)


def note_all(work: Workspace, notes: Iterable[dict[str, Any]]) -> None:
    """Note what a tool found (ingest.tools.answers.Note as it crosses to the parent)."""
    for found in notes:
        work.find(found["code"], **found["params"])
