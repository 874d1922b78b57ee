"""Say which format the original is in."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePath

from ingest.failures import note_failure
from ingest.step import Done, Failed, Format, Params, StepOutcome, Workspace
from ingest.tools.process import ToolError
from preservation.premis import EventType

UNKNOWN = Format(None, "application/octet-stream", "")


@dataclass(frozen=True, slots=True)
class Identify:
    """Identify the format by PRONOM's signatures, and by content where they say nothing."""

    event_type: EventType = EventType.FORMAT_IDENTIFICATION
    agent: str = f"pygfried {version('pygfried')}"

    def __call__(self, work: Workspace) -> StepOutcome:
        if work.original.stat().st_size == 0:
            work.format, work.readable = UNKNOWN, False
            work.find("file.empty")
            return Done("identify.empty", warning=True)
        try:
            work.format, mismatch = identified(work, work.original, work.filename)
        except ToolError as fault:
            work.format = UNKNOWN
            note_failure(work, fault, otherwise="format.failed")
            return Failed("identify.failed")
        if mismatch:
            name = work.format.name or "datos que no se reconocen"
            work.find("format.extension_mismatch", extension=extension(work.filename), name=name)
        if work.format.puid is not None:
            return Done("identify.identified", _params(work.format), warning=mismatch)
        if work.format == UNKNOWN:
            work.find("format.unknown")
            return Done("identify.unknown", warning=True)
        work.find("format.unregistered", name=work.format.name)
        return Done("identify.unregistered", _params(work.format), warning=mismatch)


def identified(work: Workspace, path: Path, filename: str) -> tuple[Format, bool]:
    """(format, whether the name's extension promises another) of a file. Raises ToolError."""
    answer = work.tools.call(
        "identification",
        "identify",
        timeout=work.limits.seconds_per_call,
        path=str(path),
        folder=str(work.folder),
        extension=extension(filename),
    )
    if answer["mime"] == UNKNOWN.mime and answer["puid"] is None:
        return UNKNOWN, bool(answer["mismatch"])
    named = [str(answer[name]) for name in ("mime", "name", "version", "basis", "certainty", "signatures")]
    return Format(answer["puid"], *named), bool(answer["mismatch"])


def extension(filename: str) -> str:
    """The last extension of a name, in lower case, without its dot."""
    return PurePath(filename).suffix.lstrip(".").lower()


def _params(known: Format) -> Params:
    name = f"{known.name} {known.version}".strip()
    named: Params = {"puid": known.puid, "name": name, "version": known.version, "mime": known.mime, "basis": known.basis[:300]}
    return {**named, "certainty": known.certainty, "signatures": known.signatures}
