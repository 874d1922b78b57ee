"""What E-ARK CSIP asks of the structural map: its divisions, what each is called, and the file groups they point to (CSIP80 to CSIP119)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lxml import etree

from preservation.findings import Finding
from preservation.validation.eark_rules import ATTRIBUTES, found
from preservation.validation.eark_rules_structure import PARTS
from preservation.validation.eark_vocabularies import KINDS
from preservation.validation.mets_model import NAMESPACE, XLINK
from preservation.validation.mets_reading import Mets
from preservation.validation.xml_model import lexical
from preservation.validation.xml_reading import line_of

_M: Final = f"{{{NAMESPACE}}}"
_REPRESENTATION: Final = "Representations/"
_POINTER: Final = tuple(row for row in ATTRIBUTES if row[1].endswith("/mptr"))


class StructMap:
    """The structural map of one METS, which was read whole.

    `groups`: USE of each file group by its ID. `described`: the representations that have a METS of their own, in lower case.
    """

    def __init__(self, where: str, mets: Mets, groups: Mapping[str, str], described: frozenset[str]) -> None:
        self._where = where
        self._mets = mets
        self._groups = groups
        self._described = described
        profile = mets.root.get("PROFILE") or "" if mets.root is not None else ""
        self._is_later = "v2-2" in profile
        self._is_first = "v2-0" in profile

    def findings(self, root: etree._Element) -> Iterator[Finding]:
        maps = root.findall(f"{_M}structMap")
        named = [one for one in maps if one.get("LABEL") == "CSIP"]
        if not maps or len(named) > 1:
            yield found("CSIP80.absent", self._where)
        if not maps:
            return
        chosen = (named or [one for one in maps if one.get("TYPE") == "PHYSICAL"] or maps)[0]
        if not named:
            yield found("CSIP82.value", self._at(chosen), found=chosen.get("LABEL") or "")
        if chosen.get("TYPE") != "PHYSICAL":
            yield found("CSIP81.value", self._at(chosen), found=chosen.get("TYPE") or "")
        yield from self._identified(chosen, "CSIP83.absent")
        mains = chosen.findall(f"{_M}div")
        if len(mains) != 1:
            yield found("CSIP84.absent", self._at(chosen))
        if mains:
            yield from self._main(root, mains[0])

    def _main(self, root: etree._Element, main: etree._Element) -> Iterator[Finding]:
        yield from self._identified(main, "CSIP85.absent")
        label = main.get("LABEL")
        if (label is not None or self._is_first) and label != root.get("OBJID"):
            name = "CSIP86.first" if self._is_first else "CSIP86.differs"
            yield found(name, self._at(main), found=label or "", expected=root.get("OBJID") or "")
        divisions = main.findall(f"{_M}div")
        yield from self._metadata(root, main, divisions)
        representations = [div for div in divisions if self._is_representation(div)]
        representations += [inner for div in divisions if div.get("LABEL") == "Representations" for inner in div.findall(f"{_M}div")]
        pointed = {_title(pointer) for div in representations for pointer in div.findall(f"{_M}mptr")}
        pointed |= {place.get("FILEID") or "" for div in representations for place in div.iter(f"{_M}fptr")}
        for part in PARTS:
            yield from self._part(part, main, [div for div in divisions if div not in representations], pointed)
        for division in representations:
            yield from self._of_representation(division)

    def _metadata(self, root: etree._Element, main: etree._Element, divisions: Sequence[etree._Element]) -> Iterator[Finding]:
        named = [div for div in divisions if div.get("LABEL") == "Metadata"]
        strays = [div for div in divisions if self._is_stray(div) and (div.get("LABEL") or "").capitalize() not in PARTS]
        if len(named) != 1:
            yield found("CSIP88.absent", self._at(named[1] if named else main))
            for div in strays if not named else ():
                yield found("CSIP90.value", self._at(div), found=div.get("LABEL") or "")
            if named or not strays:
                yield found("CSIP90.absent", self._at(named[1] if named else main))
        if not named:
            return
        yield from self._identified(named[0], "CSIP89.absent")
        admid, dmdid = (set((named[0].get(name) or "").split()) for name in ("ADMID", "DMDID"))
        for name, listed in (("CSIP91", admid), ("CSIP92", dmdid)):
            for target in sorted(listed - self._mets.ids.keys()):
                yield found(f"{name}.reference", self._at(named[0]), found=target)
        for section in root.findall(f"{_M}dmdSec"):
            if section.get("STATUS") == "CURRENT" and section.get("ID") not in dmdid:
                yield found("CSIP92.unlisted", self._at(named[0]), found=section.get("ID") or "")
        for group in root.findall(f"{_M}amdSec"):
            for section in group:
                if section.get("STATUS") == "CURRENT" and not {section.get("ID"), group.get("ID")} & admid:
                    yield found("CSIP91.unlisted", self._at(named[0]), found=section.get("ID") or "")

    def _part(self, part: str, main: etree._Element, divisions: Sequence[etree._Element], pointed: set[str]) -> Iterator[Finding]:
        """One of Documentation, Schemas and Representations."""
        presence, identifier, name, pointers, pointer = PARTS[part]
        groups = {key for key, use in self._groups.items() if use == part or use.startswith(f"{part}/")}
        named = [div for div in divisions if div.get("LABEL") == part]
        if len(named) > 1:
            yield found(f"CSIP{presence}.several", self._at(named[1]))
        elif groups - pointed and not named:
            yield found(f"CSIP{presence}.absent", self._at(main))
        if not named:
            for div in divisions:
                if self._is_stray(div) and (groups & set(_files(div)) or (div.get("LABEL") or "").lower() == part.lower()):
                    yield found(f"CSIP{name}.value", self._at(div), found=div.get("LABEL") or "")
            return
        yield from self._identified(named[0], f"CSIP{identifier}.absent")
        for place in named[0].findall(f"{_M}fptr"):
            if (place.get("FILEID") or "") not in groups:
                yield found(f"CSIP{pointer}.value", self._at(place), found=place.get("FILEID") or "")
        for group in sorted(groups - pointed - set(_files(named[0]))):
            yield found(f"CSIP{pointers}.{'later' if self._is_later else 'unlisted'}", self._at(named[0]), found=group)

    def _of_representation(self, division: etree._Element) -> Iterator[Finding]:
        where = self._at(division)
        yield from self._identified(division, "CSIP106.absent")
        label = division.get("LABEL") or ""
        pointers = division.findall(f"{_M}mptr")
        has_mets = label.lower().removeprefix(_REPRESENTATION.lower()).partition("/")[0] in self._described
        if len(pointers) > 1 or (has_mets and not pointers):
            yield found("CSIP109.absent", where, found=label)
        folders = {_folder(pointer) for pointer in pointers} - {""}
        if not label.startswith(_REPRESENTATION) or (folders and not any(_same(label, folder) for folder in folders)):
            yield found("CSIP107.value", where, found=label)
        for pointer in pointers:
            for code, _, attribute, _, kind, _ in _POINTER:
                value = pointer.get(f"{{{XLINK}}}{attribute[6:]}" if attribute.startswith("xlink:") else attribute)
                if not value:
                    yield found(f"{code}.absent", self._at(pointer))
                elif not KINDS[kind][1](value):
                    yield found(f"{code}.value", self._at(pointer), found=value)
                elif code == "CSIP108" and value not in self._groups:
                    yield found("CSIP108.group", self._at(pointer), found=value)

    def _is_representation(self, div: etree._Element) -> bool:
        return (div.get("LABEL") or "").startswith(_REPRESENTATION) or div.find(f"{_M}mptr") is not None

    def _is_stray(self, div: etree._Element) -> bool:
        """Whether a division has none of the names that CSIP gives."""
        return div.get("LABEL") not in ("Metadata", *PARTS) and not self._is_representation(div)

    def _identified(self, element: etree._Element, name: str) -> Iterator[Finding]:
        identifier = element.get("ID") or ""
        if not lexical("id", identifier) or identifier in self._mets.repeated:
            yield found(name, self._at(element), found=identifier)

    def _at(self, element: etree._Element) -> str:
        return f"{self._where}:{line_of(element)}" if line_of(element) else self._where


def _files(division: etree._Element) -> list[str]:
    return [place.get("FILEID") or "" for place in division.findall(f"{_M}fptr")]


def _title(pointer: etree._Element) -> str:
    return pointer.get(f"{{{XLINK}}}title") or ""


def _folder(pointer: etree._Element) -> str:
    """The folder of the METS that a pointer leads to."""
    return (pointer.get(f"{{{XLINK}}}href") or "").removeprefix("file:").lstrip("./").rpartition("/")[0]


def _same(label: str, folder: str) -> bool:
    """Whether a label, `Representations/one`, names a folder, `representations/one`."""
    return label.strip("/").partition("/")[2] == folder.partition("/")[2] and folder.lower().startswith("representations")
