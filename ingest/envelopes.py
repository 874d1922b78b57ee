"""What a signed envelope holds, to any depth: the documents that are looked at, checked and read in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from ingest.failures import note_all, note_failure
from ingest.families import ENVELOPES, Family, family_of
from ingest.step import Format, Inside, Steps, Workspace
from ingest.steps.identify import UNKNOWN, identified
from ingest.tools import clamav
from ingest.tools.process import ToolError
from ingest.unpacking import folder_of, unpack

MOST: Final = 100
"""Files inside the envelopes of one document that are looked at."""
_ENDINGS: Final = frozenset({".p7m", ".p7s", ".p7z", ".p7b"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """A file whose format is an envelope's, to which `steps` lead from the original."""

    path: Path
    family: Family
    name: str
    steps: Steps = ()


def held_by(work: Workspace, envelope: Envelope) -> list[Inside]:
    """The files that an envelope holds, identified, in their order. Those in which the antivirus finds something are left out.

    Raises ToolError for an envelope that cannot be opened.
    """
    if len(envelope.steps) >= work.limits.max_nesting:
        work.find("cms.nesting", limit=work.limits.max_nesting)
        return []
    folder = folder_of(work.folder, envelope.steps)
    answer = unpack(work.tools, work.limits, envelope.path, envelope.family, folder)
    note_all(work, answer["notes"])
    found = []
    for attached in answer["attachments"]:
        path = Path(attached["path"])
        name = str(attached["name"])
        if envelope.family is Family.CMS:
            name = _named(envelope.name, PurePath(name).suffix)
        if path.stat().st_size and _is_clean(work, path):
            found.append(Inside((*envelope.steps, (envelope.family.value, int(path.name))), name, path, _format(work, path, name)))
    return found


def holds(work: Workspace, envelope: Envelope) -> list[Inside]:
    """What held_by() finds, asked again only of an envelope that is inside something else than envelopes. Raises ToolError."""
    if all(Family(family) in ENVELOPES for family, _ in envelope.steps):
        return [one for one in work.inside if one.steps[:-1] == envelope.steps]
    return held_by(work, envelope)


def all_held(work: Workspace) -> list[Inside]:
    """What the envelopes of the original hold, each before what it holds itself; MOST at most. What cannot be opened is noted."""
    found: list[Inside] = []
    waiting = [Envelope(work.original, family_of(work.format), work.filename)]
    while waiting and len(found) < MOST:
        envelope = waiting.pop()
        try:
            inside = held_by(work, envelope)[: MOST - len(found)]
        except ToolError as fault:
            note_failure(work, fault, otherwise="cms.damaged")
            continue
        found.extend(inside)
        waiting.extend(Envelope(one.path, family, one.name, one.steps) for one in inside if (family := family_of(one.format)) in ENVELOPES)
    return found


def document_in(work: Workspace) -> Inside | None:
    """The one document that the envelopes of the original hold, None where they hold several or none."""
    found: Inside | None = None
    for steps in _levels(work):
        inside = [one for one in work.inside if one.steps[:-1] == steps]
        if len(inside) != 1:
            return None
        (found,) = inside
    return found


def _levels(work: Workspace) -> Iterator[Steps]:
    """The way to each envelope, from the original down to the last."""
    yield ()
    yield from (one.steps for one in work.inside if family_of(one.format) in ENVELOPES)


def _named(name: str, ending: str) -> str:
    """The name of what an envelope of this name holds: `acta.pdf` of `acta.pdf.p7m`; with `ending` where it would have none."""
    known = PurePath(name)
    inside = known.stem if known.suffix.lower() in _ENDINGS else name
    return inside if PurePath(inside).suffix else f"{inside}{ending}"


def _is_clean(work: Workspace, path: Path) -> bool:
    """Whether nothing harmful is found in a file, which the antivirus does not see inside its envelope."""
    if work.clamav_socket is None:
        return True
    try:
        verdict = clamav.scan(path, work.clamav_socket, work.limits.seconds_per_call)
    except clamav.ScannerUnavailable:
        work.find("scan.unavailable")
        return False
    if verdict.signature:
        work.find("scan.virus", signature=verdict.signature)
        work.readable = False
    elif verdict.too_large:
        work.find("scan.too_large")
    return not verdict.signature


def _format(work: Workspace, path: Path, name: str) -> Format:
    try:
        return identified(work, path, name)[0]
    except ToolError:
        return UNKNOWN
