"""Judge whether a PDF is the PDF/A that it says it is: pikepdf's validator (levels 1b, 2b and 3b), and our own for metadata and bytes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
MOST: Final = 1000
"""Breaches that check() answers of one file; the rest are counted."""
_VERDICTS: Final = MappingProxyType({CONFORMS: "pass", VIOLATES: "fail", UNDECIDED: "not_checked", "": "not_checked"})
_OURS: Final = re.compile(
    r"ISO_19005_1:6\.7\.(8|9)-|ISO_19005_[23]:6\.6\.2\.(1-[45]|3\.)|pikepdf:(xmp-default-namespace|schema-ObjectMetadata)"
)
"""The rules of pikepdf that ours stand in for: it knows few of the properties that XMP predefines, and no extension schema."""
_LEVEL: Final = re.compile(r"ISO_19005_1:6\.7\.11-3|ISO_19005_[23]:6\.6\.4-3")
_CLAUSE: Final = re.compile(r"ISO_19005_\d:([\d.]+)(?:-\d+)?")
_PARTS: Final = {"1": 1, "2": 2, "3": 3}


@dataclass(frozen=True, slots=True)
class Breach:
    """What a file breaks, or, where it is no `violation`, what is not judged of it. `rule` is as `ISO_19005_2:6.2.8-3`; one of its own
    (`pikepdf:…`) is no violation: it may be a fault of the PDF that no clause of PDF/A names.
    """

    rule: str
    where: str
    detail: str
    violation: bool = True


def judge(path: str, flavour: str = "") -> dict[str, Any]:
    """Judge the PDF at `path` as the PDF/A that its metadata say it is, or as `flavour` (`1b`, `2b`, `3b`).

    Answers {flavour, verdict, breaches, agent}: flavour "" for what claims none; verdict `conforms`, `violates` or `undecided` (something
    in it is beyond what is judged here: levels A and U, PDF/A-4, what pikepdf leaves open); breaches, at most 50 of (clause, what).
    """
    told, verdict, breaches = _judgement(Path(path), flavour)
    worst = [one for one in breaches if one.violation] or breaches
    clauses = [((_CLAUSE.match(one.rule) or [one.rule, one.rule])[1], f"{one.detail} {one.where}".strip()[:200]) for one in worst[:50]]
    return {"flavour": told, "verdict": verdict, "breaches": clauses, "agent": f"pikepdf {version('pikepdf')}"}


def check(path: str) -> dict[str, Any]:
    """Judge as judge() does, and answer `claim`, the part and level that the file claims (`2b`; None for none), `checked`, the flavour that
    it was held to (None: none that can be), `verdict` (pass, fail, not_checked), `findings` of {rule, where, detail, violation} and how
    many `more`. Raises pikepdf's errors for what cannot be opened.
    """
    with pikepdf.open(path):
        told, verdict, breaches = _judgement(Path(path), "")
    checked = f"{told[:1]}b" if told[:1] in _PARTS else None
    findings = [{"rule": one.rule, "where": one.where, "detail": one.detail, "violation": one.violation} for one in breaches[:MOST]]
    if checked is not None and told != checked and not findings:
        verdict = CONFORMS  # of the level that was judged
    return {
        "claim": told or None,
        "checked": checked,
        "verdict": _VERDICTS[verdict],
        "findings": findings,
        "more": max(len(breaches) - MOST, 0),
    }


def _judgement(path: Path, flavour: str) -> tuple[str, str, list[Breach]]:
    """(flavour, verdict, breaches)."""
    try:
        with pikepdf.open(path) as document:
            packet = _packet(document.Root)
    except pikepdf.PasswordError:
        return flavour, VIOLATES if flavour else "", [Breach("ISO_19005_1:6.1.3", "", "encryption")]
    except pikepdf.PdfError as fault:
        return flavour, UNDECIDED if flavour else "", [Breach("", "", str(fault)[:200], violation=False)]
    part, level = (flavour[0], flavour[1:].upper()) if flavour else pdfa_metadata.claim(packet or b"")
    told = f"{part}{level.lower()}"
    if part not in _PARTS:
        return told, UNDECIDED if part else "", []
    breaches = _breaches(path, _PARTS[part], level, packet)
    if any(one.violation for one in breaches):
        return told, VIOLATES, breaches
    return told, UNDECIDED if breaches or level != "B" else CONFORMS, breaches


def _breaches(path: Path, part: int, level: str, packet: bytes | None) -> list[Breach]:
    """What breaks level B of the part, or could not be judged."""
    found = list(pdfa.validate_written(path, f"{part}b").findings)
    ours: list[tuple[str, str, str]] = []
    if packet is not None:
        if part == 1 and not is_utf8(packet):
            found += _of_wide_metadata(path, packet)
        ours += [(clause, "", what) for clause, what in pdfa_metadata.breaches(packet, part)]
    elsewhere = [int(number[1]) for one in found if (number := re.match(r"obj (\d+) 0 \(ObjectMetadata\)", one.where))]
    ours += _of_objects(path, elsewhere, part, packet)
    ours += [(clause, "", what) for clause, what in pdfa_syntax.breaches(path, part)]
    theirs = [
        Breach(one.rule, one.where, one.message, one.kind == "violation" and one.rule.startswith("ISO_"))
        for one in found
        if not (_OURS.match(one.rule) or (level != "B" and _LEVEL.match(one.rule)))
    ]
    return list(dict.fromkeys([*theirs, *(Breach(f"ISO_19005_{part}:{clause}", where, what) for clause, where, what in ours)]))


def _of_wide_metadata(path: Path, packet: bytes) -> list[pdfa.Finding]:
    """What breaks part 1 between document information and metadata in UTF-16 or UTF-32, which pikepdf does not read."""
    try:
        narrow = in_utf8(packet)
    except BadPacket:
        return []
    with pikepdf.open(path) as document:
        document.Root.Metadata = document.make_stream(narrow)
        return [one for one in pdfa.check(document, "1b").findings if one.rule.startswith(("ISO_19005_1:6.7.3-", "ISO_19005_1:6.7.11-"))]


def _of_objects(path: Path, numbers: list[int], part: int, main: bytes | None) -> list[tuple[str, str, str]]:
    """(clause, where, what) that the metadata of objects that are not the document break."""
    found: list[tuple[str, str, str]] = []
    with pikepdf.open(path) as document:
        for number in numbers[:1000]:
            packet = document.get_object(number, 0).read_bytes()
            found += [(clause, f"obj {number} 0", what) for clause, what in pdfa_metadata.breaches(packet, part, of=main)]
    return found


def _packet(holder: pikepdf.Object) -> bytes | None:
    metadata = holder.get("/Metadata")
    if not isinstance(metadata, pikepdf.Stream):
        return None
    try:
        return metadata.read_bytes()
    except pikepdf.PdfError:
        return b""


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"judge": judge, "check": check})
