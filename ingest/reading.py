"""Read a document of any family into parts, and what it holds inside in the same way: attachments, and pictures of whole pages."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ingest.envelopes import Envelope, document_in, holds
from ingest.failures import note_all
from ingest.families import ENVELOPES, MAIL, MARKUP, OFFICE, Family, family_of
from ingest.pdf_pages import PdfPages
from ingest.step import Format, Part, PartKind, Place, Steps, TextSource, Workspace
from ingest.steps.identify import identified
from ingest.tools.process import ToolError, ToolFailed
from ingest.unpacking import folder_of

MAX_ATTACHMENTS: Final = 1000
MAX_FAILURES: Final = 5


@dataclass(slots=True)
class Content:
    """What a document holds: parts from 1, the numbers of those whose image must be read, where those inside are, and metadata."""

    parts: list[Part] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.parts if part.text)

    def add(self, part: Part, place: Place | None = None, *, is_pending: bool = False) -> None:
        """Add a part under the next number."""
        number = len(self.parts) + 1
        self.parts.append(replace(part, number=number))
        if place is not None:
            self.places[number] = place
        if is_pending:
            self.pending.append(number)


@dataclass(slots=True)
class Reader:
    """Reads one document and what is inside it. The budgets hold for all of it, however deep. `document`: the way to the document itself,
    which a signed envelope may hold.
    """

    work: Workspace
    attachments_left: int = MAX_ATTACHMENTS
    failures_left: int = MAX_FAILURES
    pages_left: int = 0
    bytes_left: int = 0
    unread: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    document: Steps = ()

    def __post_init__(self) -> None:
        self.pages_left = self.work.limits.max_pages
        self.bytes_left = self.work.limits.max_expanded_bytes
        enclosed = document_in(self.work)
        self.document = enclosed.steps if enclosed is not None else ()

    def read(self, path: Path, known: Format | None, steps: Steps = (), *, name: str = "") -> Content | None:
        """The content of the file at `path`, to which `steps` lead and whose name is `name`; None for a format without a reader.

        Raises ToolError.
        """
        family = family_of(known)
        if family in ENVELOPES:
            return self._envelope(Envelope(path, family, name, steps))
        if family is Family.PDF:
            return self._pdf(path, steps)
        call = self._call(path, family, steps)
        if call is None:
            return None
        module, function, arguments = call
        answer = self.work.tools.call(module, function, timeout=self.work.limits.seconds_per_call, path=str(path), **arguments)
        note_all(self.work, answer["notes"])
        content = Content(properties=answer["properties"])
        for passage in answer["passages"]:
            part = _part(passage)
            content.add(part, is_pending=part.kind is PartKind.PAGE and not part.text)
        written = [(attached["name"], Path(attached["path"])) for attached in answer["attachments"]]
        self.bytes_left -= sum(inside.stat().st_size for _, inside in written)
        for name, inside in written:
            self._take_in(content, name, inside, (*steps, (family.value, int(inside.name))))
        return content

    def note(self) -> None:
        """Note, as one finding each, what is inside and gave no text."""
        if self.unread:
            self.work.find("mail.attachments_unread", names=_listed(self.unread))
        if self.small:
            self.work.find("mail.attachments_as_images", names=_listed(self.small))

    def _envelope(self, envelope: Envelope) -> Content | None:
        """What a signed envelope holds: one document is read as if it had come without it, several as attachments."""
        inside = holds(self.work, envelope)
        self.bytes_left -= sum(one.path.stat().st_size for one in inside)
        if len(inside) == 1:
            (one,) = inside
            content = self.read(one.path, one.format, one.steps, name=one.name)
            if content is not None and one.steps == self.document:
                for part in content.parts:
                    if part.kind is PartKind.PAGE and part.number not in content.places:
                        content.places[part.number] = Place(one.steps, one.format.mime, part.number)
            elif content is not None and content.pending and not content.places:
                self._place(content, one.steps, one.format.mime)
            return content
        content = Content()
        for one in inside:
            self._take_in(content, one.name, one.path, one.steps)
        return content

    def _pdf(self, path: Path, steps: Steps) -> Content:
        pages = PdfPages(self.work, str(path))
        declared = self.work.properties.get("pages") if steps == self.document else None
        pages.read(int(declared) if declared else None)
        if steps == self.document:
            pages.note()
        if pages.parts and len(pages.broken) == len(pages.parts):
            raise ToolFailed("pdf.damaged", "no page can be read")
        return Content(pages.parts, pages.pending)

    def _call(self, path: Path, family: Family, steps: Steps) -> tuple[str, str, dict[str, Any]] | None:
        """Which function reads a family, with what limits."""
        limits = self.work.limits
        if family in MARKUP:
            return "markup", "read", {"family": family, "max_chars": limits.max_text_chars}
        if family is Family.OLD_OFFICE:
            return "old_office", "read", {"max_chars": limits.max_text_chars}
        if family is Family.IMAGE:
            return "image", "read", {"max_pages": limits.max_pages, "only_page_like": steps != self.document}
        if family not in OFFICE | MAIL:
            return None
        inside = {"folder": str(folder_of(self.work.folder, steps)), "max_chars": limits.max_text_chars, "max_bytes": self.bytes_left}
        if family in OFFICE:
            return "office", "read", {"family": family, "max_expanded": limits.max_expanded_bytes, **inside}
        return "mail", f"read_{family}", inside

    def _take_in(self, content: Content, name: str, path: Path, steps: Steps) -> None:
        """Add to `content` what the file at `path`, inside it, says. The file stays where pages of it must still be recognised."""
        inner = None
        if len(steps) > self.work.limits.max_nesting:
            self.work.find("mail.nesting", limit=self.work.limits.max_nesting)
        elif self.attachments_left <= 0 or self.failures_left <= 0:
            self.work.find("mail.attachments_left_out", limit=MAX_ATTACHMENTS)
        else:
            self.attachments_left -= 1
            inner = self._read_inside(name, path, steps)
        if inner is None:
            content.add(_attachment(name, ""))
        else:
            _join(content, name, inner, self.work.limits.max_text_chars)
        if inner is None or not inner.places:
            path.unlink(missing_ok=True)

    def _read_inside(self, name: str, path: Path, steps: Steps) -> Content | None:
        """The content of a file inside, its pages placed where some must be recognised; None, and why, when there is nothing."""
        inner, unread = None, self.unread
        try:
            known, _ = identified(self.work, path, name)
            inner = self.read(path, known, steps, name=name) if path.stat().st_size else None
        except ToolError as fault:
            self.failures_left -= not isinstance(fault, ToolFailed)
        else:
            if inner is not None and not inner.parts and family_of(known) is Family.IMAGE:
                unread = self.small
            elif inner is not None and inner.pending and not inner.places:
                self._place(inner, steps, known.mime)
        if inner is None or not (inner.text or inner.pending):
            if not (inner is not None and not inner.parts and family_of(known) is Family.CMS):  # a signature alone has nothing to read
                unread.append(name)
            return None
        return inner

    def _place(self, inner: Content, steps: Steps, mime: str) -> None:
        """Say where each page of a file inside is. Pages beyond what one document may have are left out, and that is noted."""
        if len(inner.parts) > self.pages_left:
            self.work.find("pages.left_out", limit=self.work.limits.max_pages)
            del inner.parts[self.pages_left :]
            inner.pending[:] = [number for number in inner.pending if number <= self.pages_left]
        self.pages_left -= len(inner.parts)
        several = len(inner.parts) > 1
        inner.parts[:] = [replace(part, label=f"página {part.number}" if several else "") for part in inner.parts]
        inner.places = {part.number: Place(steps, mime, part.number) for part in inner.parts}


def _join(content: Content, name: str, inner: Content, max_chars: int) -> None:
    """Add what a file inside says: one part for all that has no page to show, one for each page that has."""
    unplaced = "\n\n".join(part.text for part in inner.parts if part.text and part.number not in inner.places)[:max_chars]
    if unplaced or not inner.places:
        content.add(_attachment(name, unplaced))
    pending = set(inner.pending)
    for part in inner.parts:
        if part.number in inner.places:
            label = f"{name}, {part.label}" if part.label else name
            placed = replace(part, kind=PartKind.ATTACHMENT, label=label)
            content.add(placed, inner.places[part.number], is_pending=part.number in pending)


def _attachment(name: str, text: str) -> Part:
    return Part(0, PartKind.ATTACHMENT, text, TextSource.EMBEDDED if text else TextSource.NONE, label=name)


def _part(passage: dict[str, Any]) -> Part:
    text = passage["text"]
    return Part(
        0,
        PartKind(passage["kind"]),
        text,
        TextSource.EMBEDDED if text else TextSource.NONE,
        label=passage["label"],
        width=passage["width"],
        height=passage["height"],
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"«{name}»" for name in names[:20]) + (" …" if len(names) > 20 else "")
