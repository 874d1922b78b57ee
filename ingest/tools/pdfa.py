"""Judge whether a PDF is the PDF/A that it says it is: pikepdf's validator (levels 1b, 2b and 3b), and our own for metadata and bytes."""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pikepdf
from pikepdf import pdfa

from ingest.tools import pdfa_metadata, pdfa_syntax
from ingest.tools.xmp import BadPacket, in_utf8, is_utf8

CONFORMS: Final = "conforms"
VIOLATES: Final = "violates"
UNDECIDED: Final = "undecided"
_OURS: Final = re.compile(
    r"ISO_19005_1:6\.7\.(8|9)-|ISO_19005_[23]:6\.6\.2\.(1-[45]|3\.)|pikepdf:(xmp-default-namespace|schema-ObjectMetadata)"
)
"""The rules of pikepdf that ours stand in for: it knows few of the properties that XMP predefines, and no extension schema."""
_LEVEL: Final = re.compile(r"ISO_19005_1:6\.7\.11-3|ISO_19005_[23]:6\.6\.4-3")
_PARTS: Final = {"1": 1, "2": 2, "3": 3}


def judge(path: str, flavour: str = "") -> dict[str, Any]:
    """Judge the PDF at `path` as the PDF/A that its metadata say it is, or as `flavour` (`1b`, `2b`, `3b`).

    Answers {flavour, verdict, breaches, agent}: flavour "" for what claims none; verdict `conforms`, `violates` or `undecided` (something
    in it is beyond what is judged here: levels A and U, PDF/A-4, what pikepdf leaves open); breaches, at most 50 of (clause, what).
    """
    agent = f"pikepdf {version('pikepdf')}"
    try:
        with pikepdf.open(path) as document:
            packet = _packet(document.Root)
    except pikepdf.PasswordError:
        return {"flavour": flavour, "verdict": VIOLATES if flavour else "", "breaches": [("6.1.3", "encryption")], "agent": agent}
    except pikepdf.PdfError as fault:
        return {"flavour": flavour, "verdict": UNDECIDED if flavour else "", "breaches": [("", str(fault)[:200])], "agent": agent}
    part, level = (flavour[0], flavour[1:].upper()) if flavour else pdfa_metadata.claim(packet or b"")
    told = f"{part}{level.lower()}"
    if part not in _PARTS:
        return {"flavour": told, "verdict": UNDECIDED if part else "", "breaches": [], "agent": agent}
    violations, unknown = _judged(Path(path), _PARTS[part], level, packet)
    verdict = VIOLATES if violations else UNDECIDED if unknown or level != "B" else CONFORMS
    return {"flavour": told, "verdict": verdict, "breaches": (violations or unknown)[:50], "agent": agent}


def _judged(path: Path, part: int, level: str, packet: bytes | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(what breaks level B of the part, what could not be judged)."""
    found = list(pdfa.validate_written(path, f"{part}b").findings)
    if packet is not None and part == 1 and not is_utf8(packet):
        found += _of_wide_metadata(path, packet)
    violations: list[tuple[str, str]] = []
    unknown: list[tuple[str, str]] = []
    elsewhere: list[int] = []
    for finding in found:
        if number := re.match(r"obj (\d+) 0 \(ObjectMetadata\)", finding.where):
            elsewhere.append(int(number[1]))
        if _OURS.match(finding.rule) or (level != "B" and _LEVEL.match(finding.rule)):
            continue
        breach = (finding.rule.rpartition(":")[2].rpartition("-")[0] or finding.rule, f"{finding.message} ({finding.where})"[:200])
        (violations if finding.kind == "violation" else unknown).append(breach)
    if packet is not None:
        violations += pdfa_metadata.breaches(packet, part)
    violations += _of_objects(path, elsewhere, part, packet)
    violations += pdfa_syntax.breaches(path, part)
    return list(dict.fromkeys(violations)), list(dict.fromkeys(unknown))


def _of_wide_metadata(path: Path, packet: bytes) -> list[pdfa.Finding]:
    """What breaks part 1 between document information and metadata in UTF-16 or UTF-32, which pikepdf does not read."""
    try:
        narrow = in_utf8(packet)
    except BadPacket:
        return []
    with pikepdf.open(path) as document:
        document.Root.Metadata = document.make_stream(narrow)
        return [one for one in pdfa.check(document, "1b").findings if one.rule.startswith(("ISO_19005_1:6.7.3-", "ISO_19005_1:6.7.11-"))]


def _of_objects(path: Path, numbers: list[int], part: int, main: bytes | None) -> list[tuple[str, str]]:
    """What the metadata of objects that are not the document break."""
    found: list[tuple[str, str]] = []
    with pikepdf.open(path) as document:
        for number in numbers[:1000]:
            stream = document.get_object(number, 0)
            found += pdfa_metadata.breaches(stream.read_bytes(), part, of=main)
    return found


def _packet(holder: pikepdf.Object) -> bytes | None:
    metadata = holder.get("/Metadata")
    if not isinstance(metadata, pikepdf.Stream):
        return None
    try:
        return metadata.read_bytes()
    except pikepdf.PdfError:
        return b""


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"judge": judge})
