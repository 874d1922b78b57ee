"""Take the text that is in the original and in what it holds; leave to recognition the pages that are images."""

from dataclasses import dataclass
from importlib.metadata import version

from ingest.failures import note_failure
from ingest.reading import Content, Reader
from ingest.step import Done, Failed, Skipped, StepOutcome, Workspace
from ingest.tools.process import ToolError
from preservation.premis import EventType


@dataclass(frozen=True, slots=True)
class Extract:
    """Fill the workspace's parts and pending pages. What gives no text says so with a finding of severity error."""

    event_type: EventType = EventType.METADATA_EXTRACTION
    agent: str = ", ".join(f"{name} {version(name)}" for name in ("pypdfium2", "lxml", "openpyxl", "olefile", "python-calamine"))

    def __call__(self, work: Workspace) -> StepOutcome:
        work.parts, work.pending, work.places = [], [], {}
        if not work.readable:
            return Skipped("extract.not_readable")
        reader = Reader(work)
        try:
            content = reader.read(work.original, work.format, name=work.filename)
        except ToolError as fault:
            note_failure(work, fault, otherwise="file.damaged")
            work.readable = False
            return Failed("extract.failed")
        reader.note()
        if content is None or not (content.text or content.pending):
            work.parts = content.parts if content else []
            if all(finding.code != "office.old_format" for finding in work.findings):
                work.find("text.none")
            return Done("extract.none", warning=True)
        return _take(work, content)


def _take(work: Workspace, content: Content) -> StepOutcome:
    work.parts, work.pending, work.places = content.parts, content.pending, content.places
    work.properties.update(content.properties)
    params = {"parts": len(content.parts), "characters": sum(len(part.text) for part in content.parts)}
    if content.pending:
        return Done("extract.pending", params | {"pending": len(content.pending)})
    return Done("extract.done", params)
