"""A copy of an office document as PDF/A-2b, made by LibreOffice and compared with what the original says, word by word.

There is no picture of what the original looks like but the one that a program makes of it: what can be held against the copy is what our
own readers find in the original. Of several ways to show it, the first that carries all of it is taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ingest.step import Failed, Part, PartKind, Workspace
from ingest.steps.extract import Extract
from ingest.tools.libreoffice import FLAT, KINDS, TWINS, Kind, LibreOffice, Made, NotLoaded
from ingest.tools.process import ToolError, ToolFailed, ToolOutOfMemory

_WAYS: Final[Mapping[str, tuple[tuple[str, Mapping[str, bool]], ...]]] = MappingProxyType(
    {
        "writer": (("pages", {}),),
        "calc": (("whole", {"SinglePageSheets": True}), ("printed", {}), ("wide", {"SinglePageSheets": True}), ("wide", {})),
        "impress": (("slides", {"ExportHiddenSlides": True}), ("notes", {"ExportHiddenSlides": True, "ExportNotesPages": True})),
    }
)
"""How each part of the program may show a document: a sheet on one page, or on as many as it would be printed on, or either with its
columns widened; slides, or also their notes, each on a page of its own.
"""


class NotMade(Exception):
    """There is no copy. `reason`: `not_loaded` (the program does not open it), `not_pdf_a` (what it made is none), `no_words` (nothing can
    be compared: our own readers find no words in it), `not_read` (they cannot read it, or it is too long).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OfficeCopy:
    """What came of it. `kind` is `writer`, `calc` or `impress`; `way` how it is shown (`pages`, `whole`, `printed`, `wide`: with its
    columns widened, `slides`, `notes`); `likeness` as ingest.tools.likeness.Likeness; `parts` how many sheets or
    slides the original has; `pages` those of the copy; `fonts` the names of those that the document names and are not here, each with that
    of the one that took its place; `beyond` what the original carries and the copy does not (ingest.tools.beyond).
    """

    kind: str
    way: str
    same: bool
    pages: int
    parts: int
    likeness: Mapping[str, Any]
    fonts: tuple[tuple[str, str], ...]
    beyond: Mapping[str, Any]


def make(
    work: Workspace, program: Path, destination: Path, *, tolerance: Mapping[str, Mapping[str, float]], language: str, seconds: float
) -> OfficeCopy:
    """Write at `destination` the copy of the original of `work`, and compare them. Of one that is not alike what is told is of the nearest.

    `tolerance` is, by kind, what ingest.tools.likeness.Tolerance allows; `language` that of numbers and dates that name none. Raises
    NotMade, or ToolError.
    """
    kind = KINDS.get(work.format.mime.lower()) if work.format else None
    if kind is None:
        raise NotMade("not_loaded")
    parts = _parts(work)
    beyond = work.tools.call("beyond", "beyond", timeout=seconds, path=str(work.original), max_expanded=work.limits.max_expanded_bytes)
    tried: list[OfficeCopy] = []
    for way, made in _shown(work, LibreOffice(program, work.folder / "office", language, seconds), kind):
        try:
            work.tools.call("exported", "settle", timeout=seconds, made=str(made.path), destination=str(destination))
        except ToolFailed:
            continue
        verdict = work.tools.call("pdfa", "judge", timeout=seconds, path=str(destination), flavour="2b")["verdict"]
        if verdict != "conforms":
            continue
        likeness = _compared(work, destination, parts, kind.part, beyond["struck"], tolerance[kind.part], seconds)
        pages, fonts = likeness.pop("pages"), likeness.pop("fonts")
        count = 0 if kind.part == "writer" else len(parts)
        same = likeness["same"] and (kind.part != "impress" or pages == count * (2 if way == "notes" else 1))
        tried.append(OfficeCopy(kind.part, way, same, pages, count, likeness, _replaced(work, made, fonts, seconds), beyond))
        if same:
            return tried[-1]
    if not tried:
        raise NotMade("not_pdf_a")
    return min(tried, key=lambda one: [one.likeness[name] for name in ("missing", "no_room", "missing_numbers", "displaced", "added")])


def _shown(work: Workspace, program: LibreOffice, kind: Kind) -> Iterator[tuple[str, Made]]:
    """What the program makes, in each way. Raises NotMade where it does not open it."""
    try:
        for way, options in _WAYS[kind.part]:
            if way != "wide":
                yield way, program.to_pdf(work.original, kind, options)
            elif (widened := _widened(work, program, kind)) is not None:
                yield way, program.to_pdf(widened, FLAT, options)
    except NotLoaded as fault:
        raise NotMade("not_loaded") from fault


def _widened(work: Workspace, program: LibreOffice, kind: Kind) -> Path | None:
    """The workbook with columns that show what is in them, made once; None where they do already, or it cannot be."""
    widened = work.folder / f"wide.{FLAT.extension}"
    if not widened.exists():
        flat = program.to_flat(work.original, kind).path
        try:
            work.tools.call("wide_sheets", "widen", timeout=program.seconds, path=str(flat), destination=str(widened))
        except (ToolFailed, ToolOutOfMemory):
            return None
    return widened if widened.exists() else None


def _parts(work: Workspace) -> list[Part]:
    """What our own readers find in the original, without what is in files inside it."""
    if isinstance(Extract()(work), Failed):
        raise NotMade("not_read")
    own = [part for part in work.parts if part.kind is not PartKind.ATTACHMENT]
    if not any(part.text for part in own):
        raise NotMade("no_words")
    return own


def _compared(
    work: Workspace, copy: Path, parts: list[Part], kind: str, struck: str, tolerance: Mapping[str, float], seconds: float
) -> dict[str, Any]:
    texts = [part.text for part in parts]
    if kind == "writer":  # its sections are cuts of ours
        texts = ["\n".join(texts)]
    told = {"parts": texts, "cells": kind == "calc", "struck": struck, "tolerance": dict(tolerance)}
    try:
        found: dict[str, Any] = work.tools.call("exported", "compare", timeout=seconds, copy=str(copy), **told)
    except ToolFailed as fault:
        raise NotMade("not_read") from fault
    return found


def _replaced(work: Workspace, made: Made, held: Sequence[str], seconds: float) -> tuple[tuple[str, str], ...]:
    """The fonts that the original names and that are not here, each with that of the copy that stands for it."""
    twins = [(font, twin) for font, twin in TWINS if any(name.startswith(twin.replace(" ", "")) for name in held)]
    pairs = dict([*twins, *made.fonts])
    told = {"fonts": list(pairs), "max_expanded": work.limits.max_expanded_bytes}
    try:
        named = work.tools.call("beyond", "named", timeout=seconds, path=str(work.original), **told)
    except ToolError:
        return ()
    return tuple((font, pairs[font]) for font in named)
