"""A page of a document as it is read: its text with what is marked, the boxes over its image, the way to the next hit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from archivo.access.policy import Actor, scope
from archivo.archive import Archive
from archivo.data import code_patterns
from archivo.discovery.placing import boxes_of, doubtful_spans, line_of, spans_of
from archivo.discovery.services import FoundList, read_pages
from archivo.discovery.views import Box, Line, Mark
from archivo.records.models import DocumentPart
from archivo.records.services import view_parts, words_in, words_of
from archivo.records.views import DocumentView, PartView
from archivo.web.prose import run_on, shown_whole
from search.highlight import marks as marks_in
from search.index import Understood

MOST_PAGES = 400


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text. `kind`: plain, hit, now (the hit being looked at) or doubt."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A page being read. `hit` is the one being looked at, counted from 1 over the whole document; 0 when this page has none."""

    number: int
    count: int
    part: PartView
    has_image: bool
    segments: tuple[Segment, ...]
    boxes: tuple[tuple[Box, bool], ...]
    hit: int
    hits: int
    hit_pages: tuple[int, ...]

    @property
    def width(self) -> float:
        return self.part.width or 612

    @property
    def height(self) -> float:
        return self.part.height or 792


def read_page(archive: Archive, actor: Actor, document: DocumentView, text: str, number: int | None, hit: int) -> Reading:
    """Page `number`, or that of the `hit`-th hit, or the first with a hit, or the first. Raises Unknown."""
    marked = _marked_pages(archive, actor, document, text, number or 1) if text.strip() else {}
    number, hit = _place(marked, number, hit)
    part = view_parts(archive, actor, document.id, number)[0]
    words = words_of(archive, actor, document.id, [number])[number]
    marks = marked.get(number, ())
    spans = spans_of(part.text, words)
    before = sum(len(found) for page, found in marked.items() if page < number)
    now = hit - before - 1
    boxes = tuple((box, index == now) for index, group in enumerate(boxes_of(marks, spans, words)) for box in group)
    return Reading(
        number=number,
        count=document.part_count,
        part=part,
        has_image=part.width is not None,
        segments=tuple(
            _segments(
                part.text if part.kind == "sheet" else run_on(part.text),
                marks,
                now,
                doubtful_spans(spans, words) if part.source == "recognised" else [],
            )
        ),
        boxes=boxes,
        hit=hit if marks else 0,
        hits=sum(len(found) for found in marked.values()),
        hit_pages=tuple(sorted(marked)),
    )


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What of a result's page can be shown beside it: whether there is an image, and the line of the hit."""

    has_image: bool
    line: Line | None


def glimpses(archive: Archive, found: FoundList) -> dict[str, Glimpse]:
    """What to show beside each result that has parts, by document. `found` holds only what this request may see."""
    wanted = [(hit.id, hit.page or 1) for hit in found.hits if hit.part_count]
    with archive.reading() as session:
        parts = read_pages(session, wanted, DocumentPart.width, DocumentPart.height, DocumentPart.alto)
        words = [(part.document_id, part.number) for part in parts if part.width and part.height and part.alto]
        texts = {document_id: text for document_id, _, text in read_pages(session, words, DocumentPart.text)} if words else {}
    return {part.document_id: _glimpse(archive, part, texts.get(part.document_id), found.understood) for part in parts}


def _glimpse(archive: Archive, part: Row[*tuple[Any, ...]], text: str | None, understood: Understood) -> Glimpse:
    """The line is None where the page has no image or its words have no place (`text` None)."""
    has_image = bool(part.width and part.height)
    marks = marks_in(text, understood, patterns=code_patterns()) if text else ()
    words = words_in(archive, part.document_id, part.alto, [part.number]).get(part.number, ()) if marks else ()
    boxes = [box for group in boxes_of(marks, spans_of(text or "", words), words) for box in group] if words else []
    return Glimpse(has_image, line_of(part.number, (part.width, part.height), _fullest(boxes), words, boxes) if boxes else None)


def understood_of(archive: Archive, actor: Actor, text: str) -> Understood:
    """How the index understands what was typed, for this reader."""
    return archive.index.understood(text, scope=scope(actor))


def _fullest(boxes: Sequence[Box]) -> Box:
    """The first box of the line that has most of them."""
    return max(boxes, key=lambda box: sum(box.y0 <= (other.y0 + other.y1) / 2 <= box.y1 for other in boxes))


def _marked_pages(archive: Archive, actor: Actor, document: DocumentView, text: str, number: int) -> dict[int, tuple[Mark, ...]]:
    """The marks of every page of the document that has any; of a very long one, only those of the page asked for."""
    understood = understood_of(archive, actor, text)
    patterns = code_patterns()
    only = number if document.part_count > MOST_PAGES else None
    found = {
        part.number: tuple(marks_in(part.text, understood, patterns=patterns)) for part in view_parts(archive, actor, document.id, only)
    }
    return {page: marks for page, marks in found.items() if marks}


def _place(marked: Mapping[int, Sequence[Mark]], number: int | None, hit: int) -> tuple[int, int]:
    """Which page to open and which hit to look at."""
    total = sum(len(found) for found in marked.values())
    if total and hit:
        hit = min(max(hit, 1), total)
        passed = 0
        for page in sorted(marked):
            passed += len(marked[page])
            if hit <= passed:
                return page, hit
    page = number or (min(marked) if marked else 1)
    before = sum(len(found) for other, found in marked.items() if other < page)
    return page, before + 1 if marked.get(page) else 0


def _segments(text: str, marks: Sequence[Mark], now: int, doubts: Sequence[Mark]) -> list[Segment]:
    kinds = [(start, end, "now" if index == now else "hit") for index, (start, end) in enumerate(marks)]
    kinds += [(start, end, "doubt") for start, end in doubts if not any(a < end and start < b for a, b in marks)]
    segments = []
    cursor = 0
    for start, end, kind in sorted(kinds):
        segments += [Segment(text[cursor:start], "plain"), Segment(text[start:end], kind)]
        cursor = end
    segments.append(Segment(text[cursor:], "plain"))
    return [Segment(shown_whole(segment.text), segment.kind) for segment in segments if segment.text]
