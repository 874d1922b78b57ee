"""What E-ARK CSIP asks of one METS: of each element as it is read, and of the whole once it was (profile E-ARK-CSIP, 2.0 to 2.2)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from lxml import etree

from preservation.findings import Finding
from preservation.validation.eark_rules import ATTRIBUTES, EARK, found
from preservation.validation.eark_structmap import StructMap
from preservation.validation.eark_vocabularies import CONTENT_TYPES, CSIP, KINDS
from preservation.validation.mets_model import CHECKSUM_ALGORITHMS, NAMESPACE, XLINK
from preservation.validation.mets_reading import Mets, is_checksum
from preservation.validation.package_files import PackageFiles
from preservation.validation.xml_model import is_datetime
from preservation.validation.xml_reading import line_of, split

_M: Final = f"{{{NAMESPACE}}}"
_PREFIXES: Final = {"csip": CSIP, "xlink": XLINK}
_OUTSIDE_NAMES: Final = re.compile(r'[:/\\+ ="]')
_NESTED: Final = re.compile(r"\b(fileGrp|file)(?:/\1\b)+")
_BY_ELEMENT: Final = {
    element: tuple(row for row in ATTRIBUTES if row[1] == element) for element in dict.fromkeys(row[1] for row in ATTRIBUTES)
}
_CHILD_ASKED: Final = {
    "mets/dmdSec": ("mdRef", "CSIP21.absent"),
    "mets/amdSec/digiprovMD": ("mdRef", "CSIP35.absent"),
    "mets/amdSec/rightsMD": ("mdRef", "CSIP48.absent"),
    "mets/amdSec": ("digiprovMD", "CSIP32.absent"),
}
_SOFTWARE: Final = (("CSIP11", "ROLE", "CREATOR"), ("CSIP12", "TYPE", "OTHER"), ("CSIP13", "OTHERTYPE", "SOFTWARE"))
"""What the agent that says with which program the package was made carries, and the codes of that."""
_USES: Final = frozenset({"documentation", "metadata", "representations", "schemas"})
"""How the folders begin that a file group is named after (vocabulary of file groups and divisions), in whatever case."""
_AHEAD: Final = timedelta(days=1)
"""How far a date may be ahead: clocks differ, and an instant without an offset may be of any zone."""
_REFERENCES: Final = (
    ("mets/fileSec/fileGrp", "ADMID", "CSIP61.reference"),
    ("mets/fileSec/fileGrp/file", "ADMID", "CSIP74.reference"),
    ("mets/fileSec/fileGrp/file", "DMDID", "CSIP75.reference"),
)


def qualified(attribute: str) -> str:
    """The name of an attribute as lxml writes it."""
    prefix, colon, name = attribute.rpartition(":")
    return f"{{{_PREFIXES[prefix]}}}{name}" if colon else name


def attributes_of(path: str, element: etree._Element, where: str, mets: Mets) -> Iterator[Finding]:
    """Whether the attributes that CSIP asks of an element at a path are there, and are what they must be."""
    for code, _, attribute, _, kind, _ in _BY_ELEMENT.get(path, ()):
        value = element.get(qualified(attribute))
        if value is None or not value.strip():
            yield found(f"{code}.absent", where)
        elif not KINDS[kind][1](value.strip()) or (kind == "checksum" and not _fits(value.strip(), element.get("CHECKSUMTYPE"))):
            yield found(f"{code}.value", where, found=value)
        elif kind == "id" and value in mets.ids:
            yield found(f"{code}.twice", where, found=value)


def _fits(checksum: str, algorithm: str | None) -> bool:
    """Whether a digest has the length of its algorithm, where that is one of METS."""
    return algorithm is None or algorithm not in CHECKSUM_ALGORITHMS or is_checksum(algorithm, checksum)


class CsipMets:
    """One METS of a package, judged as CSIP. `name` is that of its folder; `representation`: it is not the package's own METS.

    `now` is what a date must not be after; None: nobody asks.
    """

    def __init__(self, where: str, name: str, mets: Mets, files: PackageFiles, *, representation: bool, now: datetime | None) -> None:
        self._where = where
        self._name = name
        self._mets = mets
        self._files = files
        self._representation = representation
        self._now = now
        self._references: dict[tuple[str, str], int] = {}
        self.groups: dict[str, str] = {}
        """USE of each file group by its ID."""

    def visit(self, path: str, element: etree._Element) -> Iterator[Finding]:
        """Called by mets_reading.read() for each element."""
        plain = _NESTED.sub(r"\1", path)
        where = self._at(element)
        if path not in ("mets", "mets/metsHdr"):
            yield from attributes_of(plain, element, where, self._mets)
        if plain in _CHILD_ASKED:
            child, name = _CHILD_ASKED[plain]
            if element.find(f"{_M}{child}") is None:
                yield found(name, where)
        for place, attribute, name in _REFERENCES:
            if plain == place:
                for target in (element.get(attribute) or "").split():
                    self._references.setdefault((name, target), line_of(element))
        if plain == "mets/fileSec/fileGrp":
            yield from self._group(element, where)
        elif plain == "mets/fileSec/fileGrp/file" and len(element.findall(f"{_M}FLocat")) != 1 and element.find(f"{_M}file") is None:
            yield found("CSIP76.absent", where, found=element.get("ID") or "")

    def finish(self) -> Iterator[Finding]:
        """What is asked of the whole, once it was read."""
        root = self._mets.root
        if root is None or self._mets.version != "1":
            return
        yield from self._root(root)
        yield from self._header(root)
        yield from self._sections(root)
        described = frozenset() if self._representation else _with_a_mets(self._files)
        structure = StructMap(self._where, self._mets, self.groups, described)
        yield from structure.findings(root)
        for (name, target), line in self._references.items():
            if target not in self._mets.ids:
                yield found(name, f"{self._where}:{line}", found=target)

    def _at(self, element: etree._Element) -> str:
        return f"{self._where}:{line_of(element)}" if line_of(element) else self._where

    def _group(self, element: etree._Element, where: str) -> Iterator[Finding]:
        use = element.get("USE") or ""
        if identifier := element.get("ID"):
            self.groups[identifier] = use
        if element.find(f"{_M}file") is None and element.find(f"{_M}fileGrp") is None:
            yield found("CSIP66.absent", where, found=use)
        kind = element.get(qualified("csip:CONTENTINFORMATIONTYPE"))
        nested = split(getattr(element.getparent(), "tag", ""))[1] == "fileGrp"
        if not kind and use.startswith("Representations") and not nested:
            yield found("CSIP62.absent", where, found=use)
        elif kind and kind not in CONTENT_TYPES:
            yield found("CSIP62.value", where, found=kind)
        other = (element.get(qualified("csip:OTHERCONTENTINFORMATIONTYPE")) or "").strip()
        if kind == "OTHER" and not other:
            yield found("CSIP63.absent", where)
        elif kind == "OTHER" and other in CONTENT_TYPES:
            yield found("CSIP63.value", where, found=other)
        elif kind != "OTHER" and other:
            yield found("CSIP63.idle", where, found=other, kind=kind or "")
        if use and not nested and not self._representation:
            yield from self._use(use, where)

    def _use(self, use: str, where: str) -> Iterator[Finding]:
        """Whether a group of the package's own METS is named after a folder of the package."""
        folder = use.strip("/").lower()
        if folder.partition("/")[0] not in _USES:
            yield found("CSIP64.value", where, found=use)
        elif "/" in folder and folder not in {path.lower() for path in self._files.folders}:
            yield found("CSIP64.folder", where, found=use)

    def _root(self, root: etree._Element) -> Iterator[Finding]:
        for finding in attributes_of("mets", root, self._where, self._mets):
            required = finding.rule is EARK["CSIP4.absent"] and self._representation
            yield found("CSIP4.required", self._where) if required else finding
        identifier = root.get("OBJID")
        if identifier and not is_named(identifier, self._name):
            yield found("CSIP1.name", self._where, found=identifier, folder=self._name)
            if not self._representation:
                yield found("CSIPSTR2.name", "", found=identifier, folder=self._name)
        if (root.get("TYPE") or "").upper() == "OTHER" and not (root.get(qualified("csip:OTHERTYPE")) or "").strip():
            yield found("CSIP2.other", self._where)
            yield found("CSIP3.absent", self._where)
        other = root.get(qualified("csip:OTHERCONTENTINFORMATIONTYPE")) or ""
        if root.get(qualified("csip:CONTENTINFORMATIONTYPE")) == "OTHER" and not other.strip():
            yield found("CSIP5.absent", self._where)

    def _header(self, root: etree._Element) -> Iterator[Finding]:
        header = root.find(f"{_M}metsHdr")
        if header is None:
            yield found("CSIP117.absent", self._where)
            return
        where = self._at(header)
        yield from attributes_of("mets/metsHdr", header, where, self._mets)
        modified = _instant(header.get("LASTMODDATE") or "")
        if modified is not None and self._now is not None and modified > self._now + _AHEAD:
            yield found("CSIP8.future", where, found=header.get("LASTMODDATE") or "")
        agents = header.findall(f"{_M}agent")
        if agents:
            yield from self._software(agents)
        else:
            yield found("CSIP10.absent", where)

    def _software(self, agents: Sequence[etree._Element]) -> Iterator[Finding]:
        """The agent that says with which program the package was made: what is closest to it, told where several are as close."""
        lacking = [[code for code, name, value in _SOFTWARE if agent.get(name) != value] for agent in agents]
        fewest = min(len(codes) for codes in lacking)
        closest = [number for number, codes in enumerate(lacking) if len(codes) == fewest]
        told: set[str] = set()
        for number in closest:
            for code in lacking[number]:
                if code not in told:
                    told.add(code)
                    yield found(f"{code}.value", self._at(agents[number]))
        software = agents[closest[0]]
        where = self._at(software)
        names = [(one.text or "").strip() for one in software.findall(f"{_M}name")]
        if len(names) != 1 or not names[0]:
            yield found("CSIP14.absent", where)
        notes = software.findall(f"{_M}note")
        if len(notes) != 1 or not (notes[0].text or "").strip():
            yield found("CSIP15.absent", where)
        if notes and not any(note.get(qualified("csip:NOTETYPE")) == "SOFTWARE VERSION" for note in notes):
            yield found("CSIP16.value", where)

    def _sections(self, root: etree._Element) -> Iterator[Finding]:
        if (count := len(root.findall(f"{_M}amdSec"))) > 1:
            yield found("CSIP31.several", self._where, count=count)
        section = root.find(f"{_M}fileSec")
        if section is None:
            yield found("CSIP58.absent", self._where)
            return
        if self._representation:
            return
        uses = [group.get("USE") or "" for group in section.findall(f"{_M}fileGrp")]
        for code, asked in (("CSIP60", "Documentation"), ("CSIP113", "Schemas")):
            if asked not in uses:
                yield found(f"{code}.absent", self._at(section))
        if not any(use.startswith("Representations") for use in uses):
            yield found("CSIP114.absent", self._at(section))


def _with_a_mets(files: PackageFiles) -> frozenset[str]:
    """The representations that have a METS of their own, in lower case."""
    parts = (path.split("/") for path in files.sizes)
    return frozenset(part[1].lower() for part in parts if len(part) == 3 and part[0] == "representations" and part[2] == "METS.xml")


def _instant(text: str) -> datetime | None:
    """The instant of an xs:dateTime, of UTC where it says no offset; None for what is none, or is beyond this program's calendar."""
    if not is_datetime(text.strip()):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def is_named(identifier: str, folder: str) -> bool:
    """Whether a folder has the name of an identifier, as far as a file system allows: other signs may stand for `:` and `/`."""
    return _OUTSIDE_NAMES.sub("_", identifier) == _OUTSIDE_NAMES.sub("_", folder)
