"""Look for malicious software, where a scanner is configured."""

from dataclasses import dataclass

from ingest.step import Done, Failed, Skipped, StepOutcome, Workspace
from ingest.tools import clamav
from preservation.premis import EventType


@dataclass(frozen=True, slots=True)
class Scan:
    """Scan the original with ClamAV. What is infected is kept but not read; an answer that does not come is worth another try."""

    event_type: EventType = EventType.VIRUS_CHECK
    agent: str = "ClamAV"

    def __call__(self, work: Workspace) -> StepOutcome:
        if work.clamav_socket is None:
            return Skipped("scan.not_configured")
        try:
            verdict = clamav.scan(work.original, work.clamav_socket, work.limits.seconds_per_call)
        except clamav.ScannerUnavailable:
            work.find("scan.unavailable")
            return Failed("scan.unavailable", retry=True)
        if verdict.signature:
            work.find("scan.virus", signature=verdict.signature)
            work.readable = False
            return Done("scan.infected", {"signature": verdict.signature, "engine": verdict.engine}, warning=True)
        if verdict.too_large:
            work.find("scan.too_large")
            return Done("scan.too_large", {"engine": verdict.engine}, warning=True)
        return Done("scan.clean", {"engine": verdict.engine})
