"""Level B of PDF/A-1, -2 and -3: pikepdf's validator judges the objects of the file and the fonts, our own reading all the rest."""

import io
import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import pdfa

from ingest.tools import pdfa_metadata, pdfa_syntax
from ingest.tools.pdfa_attached import judge_attached
from ingest.tools.pdfa_colour import judge_intents
from ingest.tools.pdfa_content import Painter
from ingest.tools.pdfa_dates import judge_dates
from ingest.tools.pdfa_document import judge_document
from ingest.tools.pdfa_fonts import judge_fonts
from ingest.tools.pdfa_rules import Case
from ingest.tools.xmp import BadPacket, in_utf8, is_utf8

Conforms = Callable[[bytes], bool | None]
"""Whether a file inside another is PDF/A; None where that is not known."""

_THEIRS: Final = re.compile(
    r"ISO_19005_1:6\.(1\.(3|4|6|7|10)-|1\.12-[1-7]$|7\.(2|3|5)-|7\.11-[12456]$)"
    r"|ISO_19005_[23]:6\.(1\.(2|3|6|7\.1|7\.2)-|1\.13-[1-7]$|6\.2\.1-[1-3]$|6\.4-[124567]$)"
)
"""The rules that pikepdf judges of a whole document: syntax, limits of objects, document information, identification."""
_FAULTS: Final = (pikepdf.PdfError, ValueError, TypeError, AttributeError, KeyError, IndexError, ArithmeticError, RecursionError)
"""What reading an object that is not what its place asks for may end in."""
_PACKETS: Final = 1000


@dataclass(frozen=True, slots=True)
class Breach:
    """What a file breaks, or, where it is no `violation`, what is not judged of it. `rule` is as `ISO_19005_2:6.2.8`, and of pikepdf's
    `ISO_19005_2:6.2.11.5-1`; one of its own (`pikepdf:…`) is no violation.
    """

    rule: str
    where: str
    detail: str
    violation: bool = True


def breaches(path: Path, part: int, packet: bytes | None, conforms: Conforms) -> list[Breach]:
    """What breaks level B of the part, or could not be judged; `packet` is the metadata of the document."""
    found = [one for one in _as_written(path, part) if _THEIRS.match(one.rule) and one.kind == "violation"]
    if part == 1 and packet is not None and not is_utf8(packet):
        found += _of_wide_metadata(path, packet)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content, _open(path) as document:
        case = Case(document, part)
        fonts = _read(case, content, packet, conforms)
    ours = [*case.found, *((clause, "", what) for clause, what in pdfa_syntax.breaches(path, part))]
    return list(
        dict.fromkeys(
            [
                *(Breach(one.rule, one.where, one.message) for one in found),
                *(Breach(f"ISO_19005_{part}:{clause}", where, what) for clause, where, what in ours),
                *(Breach(one.rule, one.where, one.message, one.kind == "violation" and one.rule.startswith("ISO_")) for one in fonts),
                *(Breach("", "", what, violation=False) for what in case.unjudged),
            ]
        )
    )


def _open(path: Path) -> pikepdf.Pdf:
    """The document as it is written: what pages inherit stays where it is."""
    return pikepdf.open(path, inherit_page_attributes=False)


def _read(case: Case, content: mmap.mmap, packet: bytes | None, conforms: Conforms) -> list[pdfa.Finding]:
    """Our own reading, into the case; what pikepdf says of the fonts that show something."""
    try:
        judge_intents(case)
        judge_document(case, content)
        judge_attached(case, conforms)
        _judge_metadata(case, packet)
        painter = Painter(case)
        for page in case.document.pages:
            painter.page(page.obj)
        return judge_fonts(case, painter.fonts.values())
    except _FAULTS as fault:
        case.unjudged[f"{type(fault).__name__}: {fault}"[:200]] = None
        return []


def _as_written(path: Path, part: int) -> tuple[pdfa.Finding, ...]:
    """What pikepdf finds of the file; of part 1 whatever version its header tells, for that part has no rule of it."""
    content: Path | io.BytesIO = path
    with path.open("rb") as stream:
        if part == 1 and re.match(rb"%PDF-(?!1\.[0-4])\d\.\d", stream.read(8)):
            content = io.BytesIO(b"%PDF-1.4" + stream.read())
    return tuple(pdfa.validate_written(content, f"{part}b").findings)


def _of_wide_metadata(path: Path, packet: bytes) -> list[pdfa.Finding]:
    """What breaks part 1 between document information and metadata in UTF-16 or UTF-32, which pikepdf does not read."""
    try:
        narrow = in_utf8(packet)
    except BadPacket:
        return []
    with pikepdf.open(path) as document:
        document.Root.Metadata = document.make_stream(narrow)
        return [one for one in pdfa.check(document, "1b").findings if re.match(r"ISO_19005_1:6\.7\.(3-|11-[12456]$)", one.rule)]


def _judge_metadata(case: Case, packet: bytes | None) -> None:
    """The metadata of the document and those of objects in it."""
    if packet is not None:
        judge_dates(case, packet)
        case.found.update({(clause, "", what): None for clause, what in pdfa_metadata.breaches(packet, case.part)})
    own = case.document.Root.get("/Metadata")
    main = own.objgen if isinstance(own, pikepdf.Stream) else None
    of_objects = [
        each
        for each in case.document.objects
        if isinstance(each, pikepdf.Stream) and each.get("/Type") == pikepdf.Name.Metadata and each.objgen != main
    ]
    for stream in of_objects[:_PACKETS]:
        told = pdfa_metadata.breaches(stream.read_bytes(), case.part, of=packet)
        case.found.update({(clause, f"obj {stream.objgen[0]} {stream.objgen[1]}", what): None for clause, what in told})
