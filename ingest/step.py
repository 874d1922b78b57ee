"""The IngestStep port, and what a step works on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from ingest.findings import Finding
from ingest.limits import Limits
from preservation.formats import FormatPolicy
from preservation.premis import EventType

Params = Mapping[str, str | int | float | bool | None]
Steps = tuple[tuple[str, int], ...]
"""The way from the original to something inside it: the family of each thing to unpack, and the number of what is taken out of it."""


class PartKind(StrEnum):
    """What a part of a document is. A text without pages is cut into `section`s of about 2,500 characters."""

    PAGE = "page"
    SHEET = "sheet"
    SLIDE = "slide"
    MESSAGE = "message"
    ATTACHMENT = "attachment"
    SECTION = "section"


class TextSource(StrEnum):
    """Where a part's text comes from: it was in the file, or a machine read it from an image, or there is none."""

    EMBEDDED = "embedded"
    RECOGNISED = "recognised"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box in points from the top left of the page as shown; confidence 0-100."""

    text: str
    confidence: float
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document, numbered from 1, with its text in NFC.

    `width` and `height` are points of the page as shown (after its own rotation and `turn`, the clockwise quarter turn in degrees that
    recognition found), None where a part has no page. `confidence` (0-100) and `coverage` (0-1, share of the page's ink inside
    recognised words) speak of recognised text only; `doubtful` asks a person to look at it.
    """

    number: int
    kind: PartKind
    text: str
    source: TextSource
    label: str = ""
    width: float | None = None
    height: float | None = None
    turn: int = 0
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    coverage: float | None = None
    doubtful: bool = False
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page lies that is inside a file inside the original: an attachment of a message, a picture of an office document.

    `steps` lead from the original to that file. `page` is the page of that file, whose MIME type is `mime`.
    """

    steps: Steps
    mime: str
    page: int

    def as_json(self) -> dict[str, Any]:
        return {"steps": [list(step) for step in self.steps], "mime": self.mime, "page": self.page}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Place":
        return cls(tuple((str(family), int(number)) for family, number in value["steps"]), str(value["mime"]), int(value["page"]))


@dataclass(frozen=True, slots=True)
class Format:
    """A format as PRONOM names it. `puid` is None when no signature matched; `basis` says what the answer rests on.

    `certainty` is a value of preservation.formats.Certainty, "" for what is not known; `signatures` names the signature files asked.
    """

    puid: str | None
    mime: str
    name: str
    version: str = ""
    basis: str = ""
    certainty: str = ""
    signatures: str = ""


@dataclass(slots=True)
class Inside:
    """A file that a signed envelope holds, taken out into the scratch folder as `path`; `signed` once it is known to be signed itself."""

    steps: Steps
    name: str
    path: Path
    format: Format
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Derivative:
    """A file made from the original, beside it. `role` as in PREMIS: `access` or `preservation`."""

    path: Path
    role: str
    format: Format


@dataclass(frozen=True, slots=True)
class Programs:
    """What of the machine the steps may ask besides their children; None for what it does not have.

    `verapdf`, `ffprobe` and `soffice` (LibreOffice) are paths of programs; `trust_roots` is a folder of certificates (PEM or DER) in which
    signatures are trusted.
    """

    verapdf: Path | None = None
    ffprobe: Path | None = None
    trust_roots: Path | None = None
    soffice: Path | None = None


class Tools(Protocol):
    """The children that do dangerous or long work. See ingest.tools.process.ToolBox, the only implementation."""

    def call(self, module: str, function: str, *, timeout: float, **arguments: Any) -> Any:
        """Call `ingest.tools.<module>.<function>(**arguments)` in a child process; JSON in, JSON out.

        Raises ToolTimeout, ToolCrashed, ToolOutOfMemory or ToolFailed (all ToolError).
        """
        ...


@dataclass(slots=True)
class Workspace:
    """One document in process. Steps read and fill it; `folder` is scratch, private to this run; `original` is read-only.

    `pending` holds the numbers of the pages whose text must be recognised from their image. `recognised` holds those done, also by
    earlier runs over ranges of pages. `places` says where a page is that is not the original's own, by its part's number. `inside` is
    what the original holds, where it is a signed envelope. `may_claim`: False once it is known that the original does not say that it is
    PDF/A.
    """

    folder: Path
    original: Path
    filename: str
    tools: Tools
    limits: Limits = field(default_factory=Limits)
    clamav_socket: Path | None = None
    programs: Programs = field(default_factory=Programs)
    policy: FormatPolicy | None = None
    format: Format | None = None
    parts: list[Part] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    inside: list[Inside] = field(default_factory=list)
    recognised: dict[int, Part] = field(default_factory=dict)
    range_files: list[Path] = field(default_factory=list)
    derivative: Derivative | None = None
    signed: bool = False
    may_claim: bool = True
    readable: bool = True
    properties: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(self, code: str, **params: str | int | float | bool | None) -> None:
        """Note a finding once."""
        finding = Finding(code, params)
        if finding not in self.findings:
            self.findings.append(finding)


@dataclass(frozen=True, slots=True)
class Done:
    """The step did its work. `code` and `params` word the event when it is shown; `warning` marks a result to look at."""

    code: str
    params: Params = field(default_factory=dict)
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """The step had nothing to do, and why."""

    code: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The step could not do its work; it noted a finding that says why. With `retry` the same may succeed later."""

    code: str
    params: Params = field(default_factory=dict)
    retry: bool = False


StepOutcome = Done | Skipped | Failed


class IngestStep(Protocol):
    """A step, safe to run twice. Every outcome becomes one PREMIS event of the declared type, written by the pipeline;
    a step never records events, touches the database or the index, or reads settings. It raises only for bugs.
    """

    @property
    def event_type(self) -> EventType: ...
    @property
    def agent(self) -> str:
        """Tool and version, as the event will name it."""
        ...

    def __call__(self, work: Workspace) -> StepOutcome: ...
