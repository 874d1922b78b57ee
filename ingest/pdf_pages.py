"""Read the pages of a PDF by ranges, around the pages that break the reader."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ingest.failures import note_failure
from ingest.findings import CATALOGUE
from ingest.step import Part, PartKind, TextSource, Workspace
from ingest.tools.process import ToolError, ToolFailed
from ingest.words import SharedWords

RANGE: Final = 50
MAX_FAILURES: Final = 8


@dataclass(slots=True)
class PdfPages:
    """The pages of one PDF as parts, and the numbers of those whose image must be read.

    A range that breaks its reader is halved until the page that does it is found; after MAX_FAILURES the rest is left unread.
    """

    work: Workspace
    path: str
    parts: list[Part] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    garbled: list[int] = field(default_factory=list)
    _failures: int = 0
    _characters: int = 0
    _words: SharedWords = field(default_factory=SharedWords)

    def read(self, expected: int | None) -> None:
        """Read all pages. `expected`: how many can be reached by the page tree, where that is known; a count beyond it is not believed.

        Raises the ToolError that keeps even the first page from opening.
        """
        count, first = self._first(RANGE)
        self._take(first)
        for start in range(RANGE + 1, min(count, self.work.limits.max_pages) + 1, RANGE):
            if self._complete(expected):
                break
            self._take(self._halving(start, min(start + RANGE - 1, count)))
        while self.broken and self._complete(expected) and self.parts[-1].number == self.broken[-1]:
            self.parts.pop()
            self.broken.pop()

    def _complete(self, expected: int | None) -> bool:
        return expected is not None and len(self.parts) - len(self.broken) >= expected

    def note(self) -> None:
        """Note what reading found, as one finding each."""
        if self.broken:
            self.work.find("pdf.pages_unreadable", count=len(self.broken), pages=listed(self.broken))
        if self.garbled:
            self.work.find("pdf.text_layer_unusable", count=len(self.garbled), pages=listed(self.garbled))
        if self._characters > self.work.limits.max_text_chars:
            self.work.find("text.truncated", characters=self.work.limits.max_text_chars)

    def _first(self, last: int) -> tuple[int, list[dict[str, Any]]]:
        """The count of pages and those up to `last`; if together they break the reader, by halves."""
        try:
            answer = self._call(1, last)
        except ToolError as fault:
            if isinstance(fault, ToolFailed) and fault.code in CATALOGUE:
                raise
            self._failures += 1
            count = int(self._call(1, 0)["count"])
            return count, list(self._around(fault, 1, min(last, count)))
        return int(answer["count"]), list(answer["pages"])

    def _halving(self, first: int, last: int) -> Iterator[dict[str, Any]]:
        if self._failures >= MAX_FAILURES:
            yield from (_broken(number) for number in range(first, last + 1))
            return
        try:
            yield from self._call(first, last)["pages"]
        except ToolError as fault:
            self._failures += 1
            yield from self._around(fault, first, last)

    def _around(self, fault: ToolError, first: int, last: int) -> Iterator[dict[str, Any]]:
        """The pages of a range that broke the reader, by halves; a single one is the culprit."""
        if first < last:
            yield from self._split(first, last)
            return
        note_failure(self.work, fault, otherwise="file.irregular")
        yield _broken(first)

    def _split(self, first: int, last: int) -> Iterator[dict[str, Any]]:
        middle = (first + last) // 2
        yield from self._halving(first, middle)
        yield from self._halving(middle + 1, last)

    def _call(self, first: int, last: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.work.tools.call(
            "pdf", "read", timeout=self.work.limits.seconds_per_call, path=self.path, first=first, last=last
        )
        return answer

    def _take(self, pages: list[dict[str, Any]] | Iterator[dict[str, Any]]) -> None:
        for page in pages:
            number, text = page["number"], page["text"]
            self._characters += len(text)
            kept = self._characters <= self.work.limits.max_text_chars
            self.parts.append(
                Part(
                    number,
                    PartKind.PAGE,
                    text if kept else "",
                    TextSource.EMBEDDED if text and kept else TextSource.NONE,
                    width=page["width"] or None,
                    height=page["height"] or None,
                    words=tuple(self._words.word(text, 100.0, *box) for text, *box in page["words"]) if kept else (),
                )
            )
            for noted, numbers in (("pending", self.pending), ("broken", self.broken), ("garbled", self.garbled)):
                if page[noted]:
                    numbers.append(number)


def listed(numbers: list[int]) -> str:
    """Numbers as people write them, the first twenty."""
    return ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")


def _broken(number: int) -> dict[str, Any]:
    return {"number": number, "text": "", "width": 0, "height": 0, "words": [], "pending": False, "garbled": False, "broken": True}
