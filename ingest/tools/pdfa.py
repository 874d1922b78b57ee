"""Judge whether a PDF is the PDF/A that it says it is, at level B of parts 1, 2 and 3: ISO 19005-1, -2 and -3."""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Any, Final

import pikepdf

from ingest.tools import pdfa_metadata
from ingest.tools.pdfa_level_b import Breach, breaches

CONFORMS: Final = "conforms"
VIOLATES: Final = "violates"
UNDECIDED: Final = "undecided"
MOST: Final = 1000
"""Breaches that check() answers of one file; the rest are counted."""
_VERDICTS: Final = MappingProxyType({CONFORMS: "pass", VIOLATES: "fail", UNDECIDED: "not_checked", "": "not_checked"})
_CLAUSE: Final = re.compile(r"ISO_19005_\d:([\d.]+)(?:-\d+)?")
_PARTS: Final = {"1": 1, "2": 2, "3": 3}
_INTENT: Final = "/GTS_PDFA1"
"""The output intent that only PDF/A has: who writes it means to write PDF/A, whatever the metadata say."""
_DEEPEST: Final = 3


def judge(path: str, flavour: str = "") -> dict[str, Any]:
    """Judge the PDF at `path` as the PDF/A that its metadata say it is, or as `flavour` (`1b`, `2b`, `3b`).

    Answers {flavour, verdict, breaches, agent}: flavour "" for what claims none; verdict `conforms`, `violates` or `undecided` (something
    in it is beyond what is judged here: levels A and U, PDF/A-4, some fonts); breaches, at most 50 of (clause, what).
    """
    told, verdict, found = _judgement(Path(path), flavour)
    worst = [one for one in found if one.violation] or found
    clauses = [((_CLAUSE.match(one.rule) or [one.rule, one.rule])[1], f"{one.detail} {one.where}".strip()[:200]) for one in worst[:50]]
    return {"flavour": told, "verdict": verdict, "breaches": clauses, "agent": agent()}


def check(path: str) -> dict[str, Any]:
    """Judge as judge() does, and answer `claim`, the part and level that the file claims (`2b`; None for none), `checked`, the flavour that
    it was held to (None: none that can be), `verdict` (pass, fail, not_checked: of the claim, so that one of level A or U is never pass),
    `findings` of {rule, where, detail, violation}, how many `more`, and the `agent`. A file that has the output intent of PDF/A and does
    not say which part it is claims `?`. Raises pikepdf's errors for what cannot be opened.
    """
    with pikepdf.open(path) as document:
        means = _means(document)
    told, verdict, found = _judgement(Path(path), "")
    checked = f"{told[:1]}b" if told[:1] in _PARTS else None
    findings = [{"rule": one.rule, "where": one.where, "detail": one.detail, "violation": one.violation} for one in found[:MOST]]
    return {
        "claim": told or ("?" if means else None),
        "checked": checked,
        "verdict": _VERDICTS[verdict],
        "findings": findings,
        "more": max(len(found) - MOST, 0),
        "agent": agent(),
    }


def agent() -> str:
    """Who judges: this system, and the library that it asks."""
    return f"Archivo, pikepdf {version('pikepdf')}"


def _judgement(path: Path, flavour: str, depth: int = 0) -> tuple[str, str, list[Breach]]:
    """(flavour, verdict, breaches)."""
    try:
        with pikepdf.open(path) as document:
            packet = _packet(document.Root)
    except pikepdf.PasswordError:
        part = flavour[:1] if flavour[:1] in _PARTS else "1"
        return flavour, VIOLATES if flavour else "", [Breach(f"ISO_19005_{part}:6.1.3", "", "encryption")]
    except pikepdf.PdfError as fault:
        return flavour, UNDECIDED if flavour else "", [Breach("", "", str(fault)[:200], violation=False)]
    number, level = (flavour[0], flavour[1:].upper()) if flavour else pdfa_metadata.claim(packet or b"")
    told = f"{number}{level.lower()}" if number else ""
    if number not in _PARTS:
        return told, UNDECIDED if number else "", []
    found = breaches(path, _PARTS[number], packet, lambda inner: _conforms(inner, depth + 1))
    if any(one.violation for one in found):
        return told, VIOLATES, found
    return told, UNDECIDED if found or level != "B" else CONFORMS, found


def _conforms(content: bytes, depth: int) -> bool | None:
    """Whether a file inside a PDF/A-2 is PDF/A of part 1 or 2 (ISO 19005-2, 6.8), as far as it is judged here."""
    if depth > _DEEPEST:
        return None
    with TemporaryFile() as file:  # no name to be left behind; it is opened several times by the path of its descriptor
        file.write(content)
        file.flush()
        told, verdict, found = _judgement(Path(f"/dev/fd/{file.fileno()}"), "", depth)
    if told[:1] not in ("1", "2") or verdict == VIOLATES:
        return False
    return None if found else True


def _means(document: pikepdf.Pdf) -> bool:
    """Whether an output intent is one of PDF/A (ISO 19005-1, 6.2.2)."""
    intents = document.Root.get("/OutputIntents")
    found = list(intents) if isinstance(intents, pikepdf.Array) else []
    return any(isinstance(one, pikepdf.Dictionary) and one.get("/S") == pikepdf.Name(_INTENT) for one in found)


def _packet(holder: pikepdf.Object) -> bytes | None:
    metadata = holder.get("/Metadata")
    if not isinstance(metadata, pikepdf.Stream):
        return None
    try:
        return metadata.read_bytes()
    except pikepdf.PdfError:
        return b""


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"judge": judge, "check": check})
