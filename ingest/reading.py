"""Read a document of any family into parts, and the attachments of a message in the same way."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ingest.failures import note_all
from ingest.families import MAIL, MARKUP, OFFICE, Family, family_of
from ingest.pdf_pages import PdfPages
from ingest.step import Format, Part, PartKind, TextSource, Workspace
from ingest.steps.identify import identified
from ingest.tools.process import ToolError, ToolFailed

MAX_ATTACHMENTS: Final = 1000
MAX_FAILURES: Final = 5


@dataclass(slots=True)
class Content:
    """What a document holds: parts from 1, the numbers of those whose image must be read, and metadata found on the way."""

    parts: list[Part] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n\n".join(part.text for part in self.parts if part.text)


@dataclass(slots=True)
class Reader:
    """Reads one document and what is attached to it. The budgets hold for all of it, however deep."""

    work: Workspace
    attachments_left: int = MAX_ATTACHMENTS
    failures_left: int = MAX_FAILURES
    unread: list[str] = field(default_factory=list)
    as_images: list[str] = field(default_factory=list)

    def read(self, path: Path, known: Format | None, depth: int = 0) -> Content | None:
        """The content of the file at `path`, None for a format that has no reader. Raises ToolError."""
        family = family_of(known)
        if family is Family.PDF:
            return self._pdf(path, depth)
        call = self._call(path, family, depth)
        if call is None:
            return None
        module, function, arguments = call
        answer = self.work.tools.call(module, function, timeout=self.work.limits.seconds_per_call, path=str(path), **arguments)
        note_all(self.work, answer["notes"])
        content = Content(properties=answer["properties"])
        for passage in answer["passages"]:
            _add(content, passage)
        for attached in answer["attachments"]:
            content.parts.append(self._attachment(len(content.parts) + 1, attached["name"], Path(attached["path"]), depth + 1))
        return content

    def note(self) -> None:
        """Note, as one finding each, the attachments that gave no text."""
        if self.unread:
            self.work.find("mail.attachments_unread", names=_listed(self.unread))
        if self.as_images:
            self.work.find("mail.attachments_as_images", names=_listed(self.as_images))

    def _pdf(self, path: Path, depth: int) -> Content:
        pages = PdfPages(self.work, str(path))
        declared = self.work.properties.get("pages") if depth == 0 else None
        pages.read(int(declared) if declared else None)
        if depth == 0:
            pages.note()
        if pages.parts and len(pages.broken) == len(pages.parts):
            raise ToolFailed("pdf.damaged", "no page can be read")
        return Content(pages.parts, pages.pending)

    def _call(self, path: Path, family: Family, depth: int) -> tuple[str, str, dict[str, Any]] | None:
        """Which function reads a family, with what limits."""
        limits = self.work.limits
        if family in OFFICE:
            return "office", "read", {"family": family, "max_expanded": limits.max_expanded_bytes, "max_chars": limits.max_text_chars}
        if family in MARKUP:
            return "markup", "read", {"family": family, "max_chars": limits.max_text_chars}
        if family is Family.IMAGE:
            return "image", "read", {"max_pages": limits.max_pages}
        if family in MAIL:
            folder = self.work.folder / f"attached-{depth}-{MAX_ATTACHMENTS - self.attachments_left}"
            folder.mkdir(exist_ok=True)
            return "mail", f"read_{family}", {"folder": str(folder), "max_chars": limits.max_text_chars}
        return None

    def _attachment(self, number: int, name: str, path: Path, depth: int) -> Part:
        text = ""
        if depth > self.work.limits.max_nesting:
            self.work.find("mail.nesting", limit=self.work.limits.max_nesting)
        elif self.attachments_left <= 0 or self.failures_left <= 0:
            self.work.find("mail.attachments_left_out", limit=MAX_ATTACHMENTS)
        else:
            self.attachments_left -= 1
            text = self._attached_text(name, path, depth)
        path.unlink(missing_ok=True)
        return Part(number, PartKind.ATTACHMENT, text, TextSource.EMBEDDED if text else TextSource.NONE, label=name)

    def _attached_text(self, name: str, path: Path, depth: int) -> str:
        if path.stat().st_size == 0:
            self.unread.append(name)
            return ""
        try:
            known, _ = identified(self.work, path, name)
            content = self.read(path, known, depth)
        except ToolError as fault:
            self.failures_left -= not isinstance(fault, ToolFailed)
            self.unread.append(name)
            return ""
        if content is None or not (content.text or content.pending):
            self.unread.append(name)
            return ""
        if content.pending:
            self.as_images.append(name)
        return content.text[: self.work.limits.max_text_chars]


def _add(content: Content, passage: dict[str, Any]) -> None:
    number, text = len(content.parts) + 1, passage["text"]
    content.parts.append(
        Part(
            number,
            PartKind(passage["kind"]),
            text,
            TextSource.EMBEDDED if text else TextSource.NONE,
            label=passage["label"],
            width=passage["width"],
            height=passage["height"],
        )
    )
    if passage["kind"] == PartKind.PAGE and not text:
        content.pending.append(number)


def _listed(names: list[str]) -> str:
    return ", ".join(f"«{name}»" for name in names[:20]) + (" …" if len(names) > 20 else "")
