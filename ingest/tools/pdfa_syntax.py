"""What ISO 19005 asks of the bytes of a PDF/A, which a parser does not see: header, end, cross references, objects, streams.

ISO 19005-1, 6.1.2 to 6.1.8; ISO 19005-2 and -3, 6.1.2 to 6.1.9.
"""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HEADER: Final = {1: re.compile(rb"%PDF-\d\.\d[^\r\n]*(?:\r\n|\r|\n)"), 2: re.compile(rb"%PDF-1\.[0-7](?:\r\n|\r|\n)")}
_OBJECT: Final = re.compile(rb"(?:^|(?<=[\x00\t\n\x0c\r ]))(\d{1,10})([\x00\t\n\x0c\r ]+)(\d{1,5})([\x00\t\n\x0c\r ]+)obj\b(.{0,2})", re.S)
_XREF: Final = re.compile(rb"(?<!start)xref([\x00\t\n\x0c\r ]*)(\d+)([\x00\t\n\x0c\r ]+)(\d+)")
_SECTION: Final = re.compile(rb"()(\d{1,10})([\x00\t\n\x0c\r ]+)(\d{1,10})[\x00\t\n\x0c\r ]*[\r\n]")
"""A head after the entries of another section, with the groups of _XREF."""
_STREAM: Final = re.compile(rb">>[\x00\t\n\x0c\r ]*stream(.{0,2})", re.S)
_LENGTH: Final = re.compile(rb"/Length[\x00\t\n\x0c\r ]+(\d+)(?!\d)(?![\x00\t\n\x0c\r ]+\d+[\x00\t\n\x0c\r ]+R)")
_ENTRY: Final = 20
_EOLS: Final = (b"\n", b"\r", b"\r\n")
_DICTIONARY: Final = 4096
"""Bytes before the word `stream` in which the stream's own /Length is looked for."""


def breaches(path: Path, part: int) -> list[tuple[str, str]]:
    """(clause, what) of each kind of breach, once."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = [*_header(content, part), *_end(content), *_xref(content, part), *_inside(content, part)]
    return list(dict.fromkeys(found))


def _header(content: mmap.mmap, part: int) -> Iterator[tuple[str, str]]:
    header = _HEADER[1 if part == 1 else 2].match(content[:1024])
    if header is None:
        yield "6.1.2", "header"
        return
    comment = content[header.end() : header.end() + 5]
    if comment[:1] != b"%" or len(comment) < 5 or any(byte < 128 for byte in comment[1:5]):
        yield "6.1.2", "comment of four bytes after the header"


def _end(content: mmap.mmap) -> Iterator[tuple[str, str]]:
    place = content.rfind(b"%%EOF")
    if place < 0 or content[place + 5 : place + 8] not in (b"", *_EOLS):
        yield "6.1.3", "data after the last end-of-file marker"


def _xref(content: mmap.mmap, part: int) -> Iterator[tuple[str, str]]:
    """6.1.4: one end of line after the word xref; in part 1 also one space in the head of each section."""
    for found in _XREF.finditer(content):
        if found[1] not in _EOLS:
            yield "6.1.4", "end of line after xref"
        head: re.Match[bytes] | None = found
        while head is not None and part == 1:
            if head[3] != b" ":
                yield "6.1.4", "space in the head of a cross-reference section"
            head = _SECTION.match(content, _entries(content, head.end()) + _ENTRY * int(head[4]))


def _entries(content: mmap.mmap, place: int) -> int:
    """Where the first entry after the head of a section begins."""
    while content[place : place + 1] in (b"\r", b"\n", b" "):
        place += 1
    return place


def _inside(content: mmap.mmap, part: int) -> Iterator[tuple[str, str]]:
    """Objects and streams, the data of streams left out."""
    objects, streams = ("6.1.8", "6.1.7") if part == 1 else ("6.1.9", "6.1.7.1")
    place = 0
    while (stream := _STREAM.search(content, place)) is not None:
        yield from _objects(content, place, stream.start(), objects)
        start = stream.end(1) if stream[1] == b"\r\n" else stream.start(1) + 1
        if stream[1] != b"\r\n" and stream[1][:1] != b"\n":
            yield streams, "end of line after stream"
        end, problem = _end_of_stream(content, stream.start(), start)
        if problem:
            yield streams, problem
        place = end
    yield from _objects(content, place, len(content), objects)


def _end_of_stream(content: mmap.mmap, head: int, start: int) -> tuple[int, str]:
    """(where the word endstream ends, what is wrong with it) of a stream whose data begin at `start`."""
    dictionary = content[max(0, head - _DICTIONARY) : head + 2]
    lengths = _LENGTH.findall(dictionary[max(dictionary.rfind(b" obj"), 0) :])
    if lengths:
        told = start + int(lengths[-1])
        after = content[told : told + 11]
        if after.startswith((b"\nendstream", b"\rendstream", b"\r\nendstream")):
            return told + 11, ""
        if after.startswith(b"endstream"):
            return told + 9, "end of line before endstream"
    found = content.find(b"endstream", start)
    return (found + 9, "length" if lengths else "") if found >= 0 else (len(content), "endstream")


def _objects(content: mmap.mmap, start: int, end: int, clause: str) -> Iterator[tuple[str, str]]:
    for found in _OBJECT.finditer(content, start, end):
        before = content[max(0, found.start() - 1) : found.start()]
        if len(found[2]) != 1 or len(found[4]) != 1:
            yield clause, "space in the head of an object"
        if before not in (b"\n", b"\r") or found[5][:1] not in (b"\r", b"\n"):
            yield clause, "end of line around the head of an object"
    place = start
    while (place := content.find(b"endobj", place, end)) >= 0:
        if content[place - 1 : place] not in (b"\n", b"\r") or content[place + 6 : place + 7] not in (b"\n", b"\r", b""):
            yield clause, "end of line around endobj"
        place += 6
