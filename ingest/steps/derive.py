"""Make a copy to be consulted beside the original: a searchable one where recognition added text, and the document that a signed envelope
holds. The original is never touched, signed or not.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from ingest.envelopes import document_in
from ingest.step import Derivative, Done, Failed, Format, Inside, Skipped, StepOutcome, TextSource, Workspace
from ingest.steps.identify import identified
from ingest.steps.recognize import page_ranges
from ingest.tools.process import ToolError
from preservation.premis import EventType

_SECONDS_PER_PAGE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Derive:
    """Makes `searchable.pdf` in the workspace's folder from the original and the ALTO files of `range_files`.

    Pages of what is inside the document are not copied. Of a signed envelope that holds one document, that document is what is copied. A
    copy that lost text of the original is thrown away; one that is not PDF/A is kept as a plain PDF and noted.
    """

    event_type: EventType = EventType.NORMALIZATION
    agent: str = f"Archivo, OCRmyPDF {version('ocrmypdf')}"

    def __call__(self, work: Workspace) -> StepOutcome:
        document = document_in(work)
        recognised = [part.number for part in work.parts if part.source is TextSource.RECOGNISED and part.words]
        numbers = [number for number in recognised if _is_own(work, number, document)]
        if document is not None and not (numbers and work.range_files):
            work.derivative = Derivative(document.path, "access", document.format)
            return Done("derivative.taken_out", {"name": document.name})
        if recognised and not numbers:
            return Skipped("derivative.only_inside")
        if not numbers or not work.range_files or work.format is None:
            return Skipped("derivative.no_recognised_text")
        path = work.folder / "searchable.pdf"
        try:
            made: dict[str, Any] = work.tools.call(
                "searchable",
                "make",
                timeout=work.limits.seconds_per_call + _SECONDS_PER_PAGE * len(work.parts),
                original=str(document.path if document else work.original),
                mime=document.format.mime if document else work.format.mime,
                alto_files=[str(file) for file in work.range_files],
                pages=numbers,
                destination=str(path),
                scratch=str(work.folder),
            )
        except ToolError:
            path.unlink(missing_ok=True)
            work.find("derivative.failed")
            return Failed("derivative.failed")
        if made["lost"]:
            path.unlink()
            work.find("derivative.lost_text", pages=page_ranges(made["lost"]))
            return Failed("derivative.lost_text", {"pages": page_ranges(made["lost"])})
        if not made["pdfa"]:
            work.find("derivative.not_pdfa")
        work.derivative = Derivative(path, "access", _format(work, path))
        return Done("derivative.made", {"pages": len(numbers), "pdfa": bool(made["pdfa"])})


def _is_own(work: Workspace, number: int, document: Inside | None) -> bool:
    """Whether a page is the document's own, which an envelope may hold."""
    place = work.places.get(number)
    return place is None or (document is not None and place.steps == document.steps)


def _format(work: Workspace, path: Path) -> Format:
    """The copy's format by its own signatures; where they cannot be asked, what it was made as."""
    try:
        return identified(work, path, path.name)[0]
    except ToolError:
        return Format(None, "application/pdf", "Portable Document Format")
