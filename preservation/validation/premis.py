"""Validate a PREMIS 3 document: its model, the links between what it describes, its digests and dates, and its terms by URI."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from lxml import etree

from preservation.findings import Finding, Report
from preservation.premis import NAMESPACE
from preservation.premis_vocabularies import BASE, ELEMENTS, VOCABULARIES, code_of, same_term
from preservation.validation.mets_reading import HEX_LENGTHS
from preservation.validation.premis_model import MODEL
from preservation.validation.premis_rules import PREMIS, found
from preservation.validation.schemas import SchemaAbsent, schema_errors
from preservation.validation.telling import limited
from preservation.validation.xml_model import Checker
from preservation.validation.xml_reading import XmlRefused, events, line_of, readable, split

_P: Final = f"{{{NAMESPACE}}}"
OLD_NAMESPACE: Final = "info:lc/xmlns/premis-v2"
_ROOTS: Final = ("premis", "object", "event", "agent", "rights")
_IDENTIFIED: Final = {
    "objectIdentifier": "object",
    "eventIdentifier": "event",
    "agentIdentifier": "agent",
    "rightsStatementIdentifier": "rightsStatement",
}
_LINKS: Final = {
    "linkingObjectIdentifier": "object",
    "relatedObjectIdentifier": "object",
    "linkingEventIdentifier": "event",
    "relatedEventIdentifier": "event",
    "linkingAgentIdentifier": "agent",
    "linkingRightsStatementIdentifier": "rightsStatement",
    "linkingEnvironmentIdentifier": "object",
}
_BASES: Final = {
    "copyright": "copyrightInformation",
    "license": "licenseInformation",
    "statute": "statuteInformation",
    "other": "otherRightsInformation",
}
_DATE: Final = re.compile(
    r"(open|unknown|\.\.|-?\d{4,}|\d{2,3}[ux]{1,2}|\d{4}-(\d\d|uu)(-(\d\d|uu))?)[?~%]?(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
)


def validate_premis(path: Path, schemas: Path | None = None) -> Report:
    """Hold a file for PREMIS 3.0. `schemas` is a folder of XSD files, to judge by PREMIS's own schema too.

    PREMIS 2 is judged by its schema alone; without it, nobody knows whether it is valid, and it is not told so. OSError if it cannot be
    read.
    """
    findings = tuple(limited(_judged(path, schemas)))
    is_old = any(finding.rule is PREMIS["version2"] for finding in findings)
    return Report("PREMIS 2" if is_old else "PREMIS 3.0", findings)


def _judged(path: Path, schemas: Path | None) -> Iterator[Finding]:
    unread = is_old = False
    with path.open("rb") as source:
        for finding in premis_findings(source, path.name):
            unread = unread or finding.code.partition(".")[2] in ("xml", "doctype", "size", "root")
            is_old = is_old or finding.rule is PREMIS["version2"]
            yield finding
    if schemas is not None and not unread:
        try:
            with path.open("rb") as source:
                for line, message in schema_errors(source, OLD_NAMESPACE if is_old else NAMESPACE, schemas):
                    yield found("schema", f"{path.name}:{line}", detail=message)
        except SchemaAbsent as absent:
            yield found("unjudged", path.name) if is_old else found("schema_absent", path.name, found=str(absent))
    elif is_old:
        yield found("unjudged", path.name)


def premis_findings(source: BinaryIO, where: str) -> Iterator[Finding]:
    """What is wrong with a PREMIS document; memory grows with its identifiers, not with what it says of each."""
    reading = _Reading(where)
    try:
        yield from reading.read(source)
    except XmlRefused as refused:
        name = {"doctype": "doctype", "size": "size"}.get(refused.reason, "xml")
        yield found(name, f"{where}:{refused.line}" if refused.line else where, detail=refused.detail)
        return
    yield from reading.links()


class _Reading:
    def __init__(self, where: str) -> None:
        self._where = where
        self._checker = Checker(MODEL)
        self._identifiers: dict[str, set[tuple[str, str]]] = {kind: set() for kind in _IDENTIFIED.values()}
        self._links: dict[tuple[str, str, str], int] = {}
        self._ids: set[str] = set()
        self._references: dict[tuple[str, str], int] = {}

    def read(self, source: BinaryIO) -> Iterator[Finding]:
        root: etree._Element | None = None
        for event, element in events(source):
            if root is None:
                root = element
                namespace, name = split(element.tag)
                if namespace == OLD_NAMESPACE:
                    yield found("version2", self._where)
                    return
                if namespace != NAMESPACE or name not in _ROOTS:
                    yield found("root", self._where, found=readable(element.tag))
                    return
            faults = self._checker.start(element) if event == "start" else ()
            if event == "end":
                if self._checker.judges:
                    yield from self._element(split(element.tag)[1], element)
                faults = self._checker.end(element)
            for fault in faults:
                place = f"{self._where}:{fault.line}"
                yield found(fault.reason, place, element=fault.element, what=fault.what or "texto", found=fault.found)
            if event == "end" and element.getparent() is root:
                element.clear()
                while (before := element.getprevious()) is not None:
                    root.remove(before)

    def links(self) -> Iterator[Finding]:
        """Links and references, once everything was read."""
        for (attribute, target), line in self._references.items():
            if target not in self._ids:
                yield found("reference", f"{self._where}:{line}", what=attribute, found=target)
        for (name, kind, value), line in self._links.items():
            if (kind, value) not in self._identifiers[_LINKS[name]]:
                yield found("link", f"{self._where}:{line}", what=name, found=value)

    def _element(self, name: str, element: etree._Element) -> Iterator[Finding]:
        where = f"{self._where}:{line_of(element)}"
        for attribute, value in element.attrib.items():
            if attribute == "xmlID":
                if value in self._ids:
                    yield found("id", where, found=str(value))
                self._ids.add(str(value))
            elif str(attribute).endswith("XmlID"):
                self._references.setdefault((str(attribute), str(value)), line_of(element))
        if name in _IDENTIFIED:
            yield from self._identified(name, element, where)
        elif name in _LINKS:
            kind, value = _text(element, f"{name}Type"), _text(element, f"{name}Value")
            self._links.setdefault((name, kind, value), line_of(element))
        elif name in ELEMENTS:
            yield from _term(name, element, where)
        elif name in _CHECKS:
            yield from _CHECKS[name](element, where)

    def _identified(self, name: str, element: etree._Element, where: str) -> Iterator[Finding]:
        known, one = self._identifiers[_IDENTIFIED[name]], (_text(element, f"{name}Type"), _text(element, f"{name}Value"))
        if one in known:
            yield found("identifier", where, what=_IDENTIFIED[name], found=one[1])
        known.add(one)


def _text(element: etree._Element, child: str) -> str:
    return (element.findtext(f"{_P}{child}") or "").strip()


def _size(element: etree._Element, where: str) -> Iterator[Finding]:
    if (text := (element.text or "").strip()).startswith("-"):
        yield found("bytes", where, found=text)


def _date(element: etree._Element, where: str) -> Iterator[Finding]:
    text = (element.text or "").strip()
    if not all(_DATE.fullmatch(one) for one in text.split("/")):
        yield found("date", where, found=text)


def _rights(element: etree._Element, where: str) -> Iterator[Finding]:
    basis = _text(element, "rightsBasis").lower()
    if basis in _BASES and element.find(f"{_P}{_BASES[basis]}") is None:
        yield found("basis", where, found=basis, what=_BASES[basis])


def _fixity(element: etree._Element, where: str) -> Iterator[Finding]:
    algorithm, digest = _text(element, "messageDigestAlgorithm"), _text(element, "messageDigest")
    length = next((size for name, size in HEX_LENGTHS.items() if name.replace("-", "").lower() == algorithm.replace("-", "").lower()), None)
    if length is not None and re.fullmatch(rf"[0-9A-Fa-f]{{{length}}}", digest) is None:
        yield found("digest", where, found=digest, algorithm=algorithm)


def _term(name: str, element: etree._Element, where: str) -> Iterator[Finding]:
    """A term of a controlled vocabulary: the text is one of its terms, and the URI, where there is one, is that term's."""
    vocabularies, text, uri = ELEMENTS[name], (element.text or "").strip(), element.get("valueURI")
    if uri is None or not uri.replace("https:", "http:", 1).startswith(BASE):
        if uri is None and name != "messageDigestAlgorithm" and not any(code_of(one, text) for one in vocabularies):
            yield found("own_term", where, found=text, what=vocabularies[0])
        return
    vocabulary, _, code = uri.replace("https:", "http:", 1).removeprefix(BASE).partition("/")
    expected = VOCABULARIES.get(vocabulary, {}).get(code)
    if vocabulary not in vocabularies or expected is None:
        yield found("term", where, found=uri, what=vocabularies[0])
    elif not same_term(expected, text):
        yield found("label", where, found=text, expected=expected)


_CHECKS: Final = {"fixity": _fixity, "size": _size, "eventDateTime": _date, "rightsStatement": _rights}
