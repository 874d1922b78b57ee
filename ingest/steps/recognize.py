"""Recognise the text of pages that are images, page by page: one bad page never costs the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from ingest import alto
from ingest.families import OFFICE
from ingest.findings import Severity
from ingest.step import Done, Failed, Part, PartKind, Place, Skipped, StepOutcome, TextSource, Word, Workspace
from ingest.tools.process import ToolCrashed, ToolError, ToolFailed, ToolOutOfMemory, ToolTimeout
from ingest.unpacking import located
from ingest.words import SharedWords, missing_lines, turned
from preservation.premis import EventType

RANGE: Final = 20
"""Pages a job takes, and a file of results holds: what a kill can cost is less than a minute of work."""


class LanguageMissing(Exception):
    """The engine's data for the language, or for finding which way is up, are not installed."""


@dataclass(frozen=True, slots=True)
class Recognize:
    """Recognises what is still pending in the workspace, after taking in what earlier runs over ranges left in `range_files`.

    A recognised part takes the place of the embedded one, unless that one says more. Results are written as ALTO, a file per range.
    A document that stays without text says so.
    """

    event_type: EventType = EventType.TRANSCRIPTION
    language: str = "spa"
    engine: str = f"Tesseract (tesserocr {version('tesserocr')})"

    @property
    def agent(self) -> str:
        return f"{self.engine}, {self.language}"

    def __call__(self, work: Workspace) -> StepOutcome:
        take_in(work)
        if not work.pending and not work.recognised:
            return Skipped("ocr.nothing_pending")
        try:
            for numbers in _batches(work.pending):
                done = pages(work, numbers, language=self.language)
                work.recognised.update(done)
                work.range_files.append(save(work.folder, done))
        except LanguageMissing:
            work.find("ocr.unavailable", language=self.language)
            return Failed("ocr.unavailable", {"language": self.language})
        work.pending = []
        work.parts = _joined(work.parts, work.recognised)
        if not any(part.text for part in work.parts) and not _explained(work):
            work.find("text.none")
        return _outcome(work)


def pages(work: Workspace, numbers: Iterable[int], *, language: str = "spa") -> dict[int, Part]:
    """Recognise these pages of the original and note what went wrong; each has a part in the answer, a failed one without text.

    Needs `work.format` and the `places` of the pages inside; touches neither `parts` nor `pending`, so that ranges of one document can
    run apart. Raises LanguageMissing.
    """
    done = {}
    for number in numbers:
        try:
            done[number] = _page(work, number, language)
        except ToolError as fault:
            if isinstance(fault, ToolFailed) and fault.code == "no_language_data":
                raise LanguageMissing(language) from fault
            work.find(_finding(fault), page=number)
            done[number] = Part(number, PartKind.PAGE, "", TextSource.NONE, doubtful=True)
    return done


def save(folder: Path, parts: Mapping[int, Part]) -> Path:
    """Write recognised parts as one ALTO file named after its range; the same range writes the same file."""
    numbers = sorted(parts)
    path = folder / f"alto-{numbers[0]:05d}-{numbers[-1]:05d}.xml"
    half = path.with_suffix(".part")
    half.write_bytes(alto.dump(parts[number] for number in numbers))
    half.replace(path)
    return path


def take_in(work: Workspace) -> None:
    """Read the results of ranges done earlier into `recognised`, and strike them from `pending`."""
    shared = SharedWords()
    for path in work.range_files:
        for part in alto.load(path.read_bytes(), shared):
            work.recognised.setdefault(part.number, part)
    work.pending = [number for number in work.pending if number not in work.recognised]


def page_ranges(numbers: Iterable[int]) -> str:
    """Page numbers as a person writes them: "1-3, 7"."""
    ordered = sorted(numbers)
    runs = [[number for _, number in run] for _, run in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _batches(numbers: Iterable[int]) -> list[list[int]]:
    """Ranges that begin where any run would begin them: 1-20, 21-40 and so on."""
    return [list(run) for _, run in groupby(sorted(numbers), key=lambda number: (number - 1) // RANGE)]


def _page(work: Workspace, number: int, language: str) -> Part:
    path, mime, page = _source(work, number)
    answer: dict[str, Any] = work.tools.call(
        "ocr",
        "page",
        timeout=work.limits.seconds_per_page,
        path=str(path),
        mime=mime,
        number=page,
        max_pixels=work.limits.max_pixels,
        language=language,
    )
    if answer["spoiled"]:
        work.find("ocr.image_spoiled", page=number)
    is_photograph = answer["unreadable"] and _is_picture(work.places.get(number))
    if is_photograph:
        work.find("ocr.picture_without_text", page=number)
    elif answer["unreadable"]:
        work.find("ocr.unreadable", page=number)
    elif answer["doubtful"]:
        work.find("ocr.doubtful", page=number)
    return Part(
        number=number,
        kind=PartKind.PAGE,
        text=answer["text"],
        source=TextSource.RECOGNISED if answer["text"] else TextSource.NONE,
        width=answer["width"],
        height=answer["height"],
        turn=answer["turn"],
        words=tuple(Word(*word) for word in answer["words"]),
        confidence=answer["confidence"],
        coverage=answer["coverage"],
        doubtful=answer["spoiled"] or (answer["doubtful"] and not is_photograph),
        engine=answer["engine"],
    )


def _source(work: Workspace, number: int) -> tuple[Path, str, int]:
    """The file that holds a page, its MIME type and the page's number there. Raises ToolError."""
    place = work.places.get(number)
    if place is not None:
        return located(work.tools, work.limits, work.original, place, work.folder), place.mime, place.page
    assert work.format is not None
    return work.original, work.format.mime, number


def _is_picture(place: Place | None) -> bool:
    """Whether a page is a picture of an office document: most of those on which nothing can be read are photographs."""
    return place is not None and place.steps[-1][0] in OFFICE


def _finding(fault: ToolError) -> str:
    match fault:
        case ToolTimeout():
            return "ocr.page_slow"
        case ToolOutOfMemory() | ToolFailed(code="too_large"):
            return "ocr.page_too_large"
        case ToolCrashed() | ToolFailed() | _:
            return "ocr.page_failed"


def _joined(parts: Iterable[Part], recognised: Mapping[int, Part]) -> list[Part]:
    """Embedded and recognised parts in order, each page once."""
    joined = {part.number: part for part in parts}
    for number, part in recognised.items():
        embedded = joined.get(number)
        if embedded is None:
            joined[number] = part
        elif _letters(embedded) > _letters(part):
            joined[number] = replace(embedded, doubtful=True)
        else:
            whole = _with_what_was_not_read(part, embedded)
            width, height = part.width or embedded.width, part.height or embedded.height
            joined[number] = replace(whole, kind=embedded.kind, label=embedded.label, width=width, height=height)
    return [joined[number] for number in sorted(joined)]


def _with_what_was_not_read(part: Part, embedded: Part) -> Part:
    """The recognised part with the embedded lines that it lacks, such as a page number laid unseen over the image, at its end."""
    lines = missing_lines(embedded.words, part.words)
    if not lines:
        return part
    added = "\n".join(" ".join(word.text for word in line) for line in lines)
    own = [turned(word, part.turn, embedded.width or 0, embedded.height or 0) for line in lines for word in line]
    return replace(part, text=f"{part.text}\n\n{added}", words=(*part.words, *own))


def _explained(work: Workspace) -> bool:
    """Whether a finding already says why the document has no text."""
    return any(finding.severity is Severity.ERROR or finding.code == "ocr.unreadable" for finding in work.findings)


def _letters(part: Part) -> int:
    return sum(character.isalnum() for character in part.text)


def _outcome(work: Workspace) -> StepOutcome:
    done = work.recognised.values()
    failed = [part.number for part in done if not part.engine]
    params = {"pages": len(work.recognised), "failed": len(failed), "doubtful": sum(part.doubtful for part in done)}
    if len(failed) == len(work.recognised):
        return Failed("ocr.failed", params)
    return Done("ocr.done", params, warning=bool(params["doubtful"]))
