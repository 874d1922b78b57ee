"""Compare the original with the standard of its format: the PDF/A it says it is, images, packages of office documents, audio and video."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from ingest.failures import note_all, note_failure
from ingest.families import OFFICE, Family, family_of
from ingest.step import Done, Failed, Skipped, StepOutcome, Workspace
from ingest.tools import media, verapdf
from ingest.tools.process import ToolError
from preservation.premis import EventType

_IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/tiff", "image/jp2", "image/jpx"})
_PDFA: Final = "pdfa"
"""The property that keeps the verdict on a PDF/A, as `2b conforms`."""


@dataclass(frozen=True, slots=True)
class Conform:
    """Says of the original whether it is built as its standard asks. Nothing found here keeps it from being read.

    A PDF is judged only as the PDF/A that its metadata say it is, by veraPDF where the workspace has it, else by our own validator. Media
    are asked of ffprobe where the workspace has it. What meets its standard leaves no finding.
    """

    event_type: EventType = EventType.VALIDATION
    agent: str = f"Archivo, pikepdf {version('pikepdf')}"

    def __call__(self, work: Workspace) -> StepOutcome:
        if not work.readable:
            return Skipped("conform.not_readable")
        family, mime = family_of(work.format), work.format.mime.lower() if work.format else ""
        try:
            if family is Family.PDF:
                return _pdfa(work)
            if mime in _IMAGES:
                return _structure(work, "structure", "image", mime=mime)
            if family in OFFICE:
                return _structure(work, "office", "conform", max_expanded=work.limits.max_expanded_bytes)
            if mime.startswith(("audio/", "video/")):
                return _media(work)
        except ToolError as fault:
            note_failure(work, fault, otherwise="conform.failed")
            return Failed("conform.failed")
        return Skipped("conform.no_rules")


def _pdfa(work: Workspace) -> StepOutcome:
    """The claim and the verdict of our own validator; veraPDF's verdict in its place, where it can be asked. Nobody is asked of what is
    known to claim nothing.
    """
    if not work.may_claim:
        return Skipped("conform.no_claim")
    own: dict[str, Any] = work.tools.call("pdfa", "judge", timeout=work.limits.seconds_per_call, path=str(work.original))
    if not own["flavour"]:
        return Skipped("conform.no_claim")
    judged = own
    if work.programs.verapdf is not None:
        try:
            judged = verapdf.judge(work.programs.verapdf, work.original, own["flavour"], work.limits.seconds_per_call, work.folder)
        except ToolError:
            work.find("conform.no_verapdf")
    flavour, by = str(judged["flavour"]), str(judged["agent"])
    work.properties[_PDFA] = f"{flavour} {judged['verdict']}"
    if judged["verdict"] == "conforms":
        return Done("conform.pdfa", {"flavour": flavour, "by": by})
    clauses = ", ".join(dict.fromkeys(clause for clause, _ in judged["breaches"] if clause[:1].isdigit()))[:200]
    if judged["verdict"] == "undecided":
        work.find("pdfa.undecided", flavour=flavour, by=by)
        return Done("conform.undecided", {"flavour": flavour, "by": by})
    work.find("pdfa.violates", flavour=flavour, count=len(judged["breaches"]), clauses=clauses, by=by)
    return Done("conform.breaches", {"findings": 1, "by": by}, warning=True)


def _structure(work: Workspace, module: str, function: str, **arguments: Any) -> StepOutcome:
    before = len(work.findings)
    answer = work.tools.call(module, function, timeout=work.limits.seconds_per_call, path=str(work.original), **arguments)
    note_all(work, answer["notes"])
    return _outcome(work, before, "Archivo")


def _media(work: Workspace) -> StepOutcome:
    if work.programs.ffprobe is None:
        return Skipped("conform.no_program", {"program": "ffprobe"})
    before = len(work.findings)
    found = media.probe(work.programs.ffprobe, work.original, work.limits.seconds_per_call)
    if found is None:
        work.find("media.unreadable")
    elif not any(stream["type"] in ("audio", "video") for stream in found["streams"]):
        work.find("media.no_streams")
    else:
        codecs = ", ".join(dict.fromkeys(stream["codec"] for stream in found["streams"] if stream["codec"]))
        told = {"duration": found["duration"], "codecs": codecs}
        work.properties.update({name: text for name, text in told.items() if text})
    return _outcome(work, before, "ffprobe")


def _outcome(work: Workspace, before: int, by: str) -> StepOutcome:
    found = len(work.findings) - before
    if found:
        return Done("conform.breaches", {"findings": found, "by": by}, warning=True)
    return Done("conform.conforms", {"by": by})
