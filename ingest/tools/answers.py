"""What the tools that examine and read documents answer, as the JSON that crosses to the parent, and how they refuse."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something found: a code of ingest.findings.CATALOGUE and its parameters."""

    code: str
    params: dict[str, Value] = field(default_factory=dict)


def note(code: str, **params: Value) -> Note:
    return Note(code, params)


class Refused(Exception):
    """The input cannot be read; `code` is the finding that says why. It reaches the parent as ToolFailed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Examined:
    """What an examination says. `properties`: the document's own metadata (title, author, created, pages).

    `may_claim`: whether it may say of itself that it meets a standard of its own, as PDF/A; False only where it is known that it does not.
    """

    notes: list[Note] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    readable: bool = True
    signed: bool = False
    may_claim: bool = True

    def note(self, code: str, **params: Value) -> None:
        """Note a finding once."""
        if (found := Note(code, params)) not in self.notes:
            self.notes.append(found)

    def refuse(self, code: str, **params: Value) -> None:
        """Note why the document cannot be read further."""
        self.note(code, **params)
        self.readable = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A part's text. `kind` is a value of ingest.step.PartKind; sizes in points where the part is an image to be recognised."""

    kind: str
    text: str
    label: str = ""
    width: float | None = None
    height: float | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment written to the scratch folder as `path`; `name` is the name it came with."""

    name: str
    path: str


@dataclass(slots=True)
class Reading:
    """What reading gives: passages in order, attachments that need a reading of their own, and what was found on the way."""

    passages: list[Passage] = field(default_factory=list)
    attachments: list[Attached] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


def plain(answer: Examined | Reading) -> dict[str, object]:
    """`answer` as JSON knows it."""
    return asdict(answer)


def properties(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Metadata as found, without empty values, on one line, at most 500 characters each."""
    texts = ((name, " ".join(str(value).replace("\0", " ").split())[:500]) for name, value in pairs if value)
    return {name: text for name, text in texts if text}
