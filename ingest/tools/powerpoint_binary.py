"""The text of PowerPoint's binary files (MS-PPT): slides in order with their notes, as last saved."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ingest.tools.answers import Passage, Refused
from ingest.tools.passages import MAX_SLIDES, clean

_HEADER: Final = struct.Struct("<HHI")
_CONTAINER: Final = 0xF
_ENCRYPTED: Final = 0xF3D1C4DF
_USER_EDIT, _PERSIST_DIRECTORY, _DOCUMENT = 0x0FF5, 0x1772, 0x03E8
_LIST, _PERSIST, _SLIDE_ATOM, _CHARS, _BYTES = 0x0FF0, 0x03F3, 0x03EF, 0x0FA0, 0x0FA8
_SLIDES, _NOTES = 0, 2
"""Instances of a SlideListWithText (MS-PPT, 2.4.14.3, 2.4.14.6)."""
_MAX_EDITS: Final = 1000
_OVERLAP: Final = 4
"""How many times the bytes of the file its containers may hold together; those of a true file, read twice each, do not overlap."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A record: its type and instance, and where its content lies."""

    kind: int
    instance: int
    start: int
    end: int


@dataclass(slots=True)
class _Containers:
    """The containers of a file by their number. Together they give no more than the file can hold, however often or deep it names one."""

    content: bytes
    places: dict[int, int]
    left: int

    def opened(self, number: int) -> _Record | None:
        place = self.places.get(number)
        container = None if place is None else _record(self.content, place)
        if container is None or container.end - container.start > self.left:
            return None
        self.left -= container.end - container.start
        return container


@dataclass(slots=True)
class _Listed:
    """A slide, or the notes of one, as the document lists it: where its own container is, its identifier, the texts of its outline."""

    persist: int
    identifier: int
    texts: list[str]


def slides(stream: Callable[[str], bytes]) -> Iterator[Passage]:
    """A passage a slide; its first line is its label. Refuses office.encrypted, and file.damaged where nothing leads to the slides."""
    content, user = stream("PowerPoint Document"), stream("Current User")
    try:
        token, edit = struct.unpack_from("<II", user, 12)
        if token == _ENCRYPTED:
            raise Refused("office.encrypted")
        places, document = _directory(content, edit)
        listed = list(_lists(content, document))
    except struct.error as fault:
        raise Refused("file.damaged") from fault
    containers = _Containers(content, places, _OVERLAP * len(content))
    notes = {one.identifier: one for instance, some in listed if instance == _NOTES for one in some}
    shown = (one for instance, some in listed if instance == _SLIDES for one in some)
    for one in islice(shown, MAX_SLIDES):
        own = [*one.texts, *_texts_in(containers, one.persist)]
        beside = notes.pop(_notes_of(containers, one.persist), None)
        said = [] if beside is None else [*beside.texts, *_texts_in(containers, beside.persist)]
        text = clean("\n".join(dict.fromkeys([*own, *said])))
        yield Passage("slide", text, text.split("\n", 1)[0][:120])


def _directory(content: bytes, edit: int) -> tuple[dict[int, int], int]:
    """Where each thing lies after all edits, the last one's word first, and where the document does (MS-PPT, 2.3.3, 2.3.4)."""
    places: dict[int, int] = {}
    document = None
    left = len(content) // 4
    for _ in range(_MAX_EDITS):
        record = _record(content, edit)
        if record is None or record.kind != _USER_EDIT:
            break
        before, directory, last = struct.unpack_from("<III", content, record.start + 8)
        document = last if document is None else document
        for identifier, place in islice(_persisted(content, directory), left):
            places.setdefault(identifier, place)
            left -= 1
        if not before or before >= edit:
            break
        edit = before
    if document is None or document not in places:
        raise Refused("file.damaged")
    return places, places[document]


def _persisted(content: bytes, place: int) -> Iterator[tuple[int, int]]:
    record = _record(content, place)
    if record is None or record.kind != _PERSIST_DIRECTORY:
        return
    at = record.start
    while at + 4 <= record.end:
        (head,) = struct.unpack_from("<I", content, at)
        first, count = head & 0xFFFFF, min(head >> 20, (record.end - at) // 4 - 1)
        yield from enumerate(struct.unpack_from(f"<{count}I", content, at + 4), first)
        at += 4 + 4 * count


def _lists(content: bytes, place: int) -> Iterator[tuple[int, list[_Listed]]]:
    """(instance, what it lists) of each list in the document container."""
    document = _record(content, place)
    if document is None or document.kind != _DOCUMENT:
        raise Refused("file.damaged")
    for record in _records(content, document.start, document.end):
        if record.kind == _LIST:
            listed: list[_Listed] = []
            for inner in _records(content, record.start, record.end):
                if inner.kind == _PERSIST:
                    persist, _, _, identifier = struct.unpack_from("<IIII", content, inner.start)
                    listed.append(_Listed(persist, identifier, []))
                elif listed and (text := _text(content, inner)):
                    listed[-1].texts.append(text)
            yield record.instance, listed


def _texts_in(containers: _Containers, number: int) -> Iterator[str]:
    """The texts anywhere inside a container."""
    if (container := containers.opened(number)) is not None:
        yield from (text for record in _deep(containers.content, container) if (text := _text(containers.content, record)))


def _notes_of(containers: _Containers, number: int) -> int:
    """The identifier of a slide's notes (MS-PPT, 2.5.2), 0 for none."""
    container = containers.opened(number)
    for record in () if container is None else _records(containers.content, container.start, container.end):
        if record.kind == _SLIDE_ATOM and record.end - record.start >= 20:
            return int(struct.unpack_from("<I", containers.content, record.start + 16)[0])
    return 0


def _text(content: bytes, record: _Record) -> str:
    if record.kind == _CHARS:
        return content[record.start : record.end].decode("utf-16-le", "replace")
    return content[record.start : record.end].decode("latin-1") if record.kind == _BYTES else ""


def _deep(content: bytes, container: _Record) -> Iterator[_Record]:
    """All records inside, in order; containers are opened, however deep, without recursion."""
    waiting = [(container.start, container.end)]
    while waiting:
        start, end = waiting.pop()
        record = _record(content, start, end)
        if record is None:
            continue
        waiting.append((record.end, end))
        if struct.unpack_from("<H", content, start)[0] & 0xF == _CONTAINER:
            waiting.append((record.start, record.end))
        else:
            yield record


def _records(content: bytes, start: int, end: int) -> Iterator[_Record]:
    while (record := _record(content, start, end)) is not None:
        yield record
        start = record.end


def _record(content: bytes, place: int, end: int | None = None) -> _Record | None:
    """The record at `place`, cut at `end` (MS-PPT, 2.3.1: RecordHeader)."""
    end = len(content) if end is None else end
    if place + _HEADER.size > end:
        return None
    version, kind, size = _HEADER.unpack_from(content, place)
    start = place + _HEADER.size
    return _Record(kind, version >> 4, start, min(start + size, end))
