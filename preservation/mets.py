"""METS 1.12.1 as we write it: one pass, memory that does not grow with the files, the same description always the same bytes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from preservation.fixity import Digest
from preservation.xml_text import href_of, printable

NAMESPACE: Final = "http://www.loc.gov/METS/"
XLINK: Final = "http://www.w3.org/1999/xlink"
CSIP: Final = "https://DILCIS.eu/XML/METS/CSIPExtensionMETS"
_ADMINISTRATIVE: Final = ("rightsMD", "digiprovMD")
"""Sections of amdSec, in the order of the schema."""
_ALGORITHMS: Final[Mapping[str, str]] = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


@dataclass(frozen=True, slots=True)
class MetsFile:
    """A file as a METS tells it: `path` relative to the METS, `size` in bytes, `mime` its media type, `created` with its offset.

    `owner_id` is the name or identifier that its owner gave it.
    """

    path: str
    size: int
    mime: str
    digest: Digest
    created: datetime
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class MetadataReference:
    """A file of metadata that a METS refers to (dmdSec, or digiprovMD and rightsMD of its one amdSec).

    `section` is one of these three; `mdtype` of METS's list, with `other` where it is OTHER; `version` of that standard; `is_current` or
    superseded.
    """

    section: str
    file: MetsFile
    mdtype: str
    version: str | None = None
    other: str | None = None
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class FileGroup:
    """A group of files and its USE; `files` may be a stream, which is read once. `content_type`: CSIP's content information type, with
    `other_content_type` where it is OTHER.
    """

    use: str
    files: Iterable[MetsFile]
    content_type: str | None = None
    other_content_type: str | None = None


@dataclass(frozen=True, slots=True)
class MetsPointer:
    """A METS that describes a part: `path` relative to this one; `group`, the USE of the group that holds it."""

    path: str
    group: str


@dataclass(frozen=True, slots=True)
class Division:
    """A part of the structural map: its label, the USE of each group it holds, its own METS; `has_metadata`: all sections of metadata."""

    label: str
    groups: Sequence[str] = ()
    pointer: MetsPointer | None = None
    has_metadata: bool = False


@dataclass(frozen=True, slots=True)
class MetsAgent:
    """Who takes part: `role` and `kind` of METS's lists; `other_kind` where kind is OTHER; `notes`, each with its csip:NOTETYPE or None."""

    name: str
    role: str
    kind: str
    other_kind: str | None = None
    notes: Sequence[tuple[str, str | None]] = ()


@dataclass(frozen=True, slots=True)
class MetsHeader:
    """What a METS says of itself: `identifier` its OBJID, `category` its TYPE, `profile` the address of its profile, instants with offset.

    `content_type`, `other_content_type` and `package_type` are CSIP's. `identifiers`: altRecordID, each its TYPE and its value.
    """

    identifier: str
    category: str
    created: datetime
    agents: Sequence[MetsAgent]
    profile: str | None = None
    label: str | None = None
    modified: datetime | None = None
    content_type: str | None = None
    other_content_type: str | None = None
    package_type: str | None = None
    record_status: str | None = None
    identifiers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class StructuralMap:
    """The structural map: a division, called `main`, of divisions. CSIP's is PHYSICAL and labelled CSIP."""

    main: str
    divisions: Sequence[Division]
    kind: str = "PHYSICAL"
    label: str = "CSIP"


def identifier_of(kind: str, what: str) -> str:
    """The ID of an element, derived from what it is, so that the same description always gives the same one."""
    return f"{kind}-{hashlib.sha256(what.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}"


def write_mets(
    target: BinaryIO, header: MetsHeader, metadata: Sequence[MetadataReference], groups: Iterable[FileGroup], structure: StructuralMap
) -> None:
    """Write a METS 1.12.1, valid by its schema. Groups are written as their streams come, however long; empty groups are left out.

    ValueError for an instant without offset, and for a digest of an algorithm that METS has no name for.
    """
    attributes = _present(
        ("xmlns", NAMESPACE),
        ("xmlns:xlink", XLINK),
        ("xmlns:csip", CSIP),
        ("OBJID", header.identifier),
        ("LABEL", header.label),
        ("TYPE", header.category),
        ("csip:CONTENTINFORMATIONTYPE", header.content_type),
        ("csip:OTHERCONTENTINFORMATIONTYPE", header.other_content_type),
        ("PROFILE", header.profile),
    )
    target.write(b'<?xml version="1.0" encoding="UTF-8"?>\n' + _opening("mets", attributes))
    _write(target, _header(header), 1)
    for element in _sections(metadata):
        _write(target, element, 1)
    _files(target, groups)
    _write(target, _structure(header, metadata, structure), 1)
    target.write(b"\n</mets>\n")


def _header(header: MetsHeader) -> Element:
    element = Element(
        "metsHdr",
        _present(
            ("CREATEDATE", instant(header.created)),
            ("LASTMODDATE", instant(header.modified) if header.modified else None),
            ("RECORDSTATUS", header.record_status),
            ("csip:OAISPACKAGETYPE", header.package_type),
        ),
    )
    for agent in header.agents:
        one = SubElement(element, "agent", _present(("ROLE", agent.role), ("TYPE", agent.kind), ("OTHERTYPE", agent.other_kind)))
        SubElement(one, "name").text = printable(agent.name)
        for text, kind in agent.notes:
            SubElement(one, "note", _present(("csip:NOTETYPE", kind))).text = printable(text)
    for kind, value in header.identifiers:
        SubElement(element, "altRecordID", _present(("TYPE", kind))).text = printable(value)
    return element


def _sections(metadata: Sequence[MetadataReference]) -> Iterator[Element]:
    yield from (_section(one) for one in metadata if one.section == "dmdSec")
    administrative = [_section(one) for section in _ADMINISTRATIVE for one in metadata if one.section == section]
    if administrative:
        element = Element("amdSec", {"ID": "amd"})
        element.extend(administrative)
        yield element


def _section(one: MetadataReference) -> Element:
    element = Element(
        one.section,
        {
            "ID": identifier_of(one.section, one.file.path),
            "CREATED": instant(one.file.created),
            "STATUS": "CURRENT" if one.is_current else "SUPERSEDED",
        },
    )
    kind = _present(("MDTYPE", one.mdtype), ("OTHERMDTYPE", one.other), ("MDTYPEVERSION", one.version))
    SubElement(element, "mdRef", {**_location(one.file.path), **kind, **_file(one.file)})
    return element


def _files(target: BinaryIO, groups: Iterable[FileGroup]) -> None:
    is_open = False
    for group in groups:
        files = iter(group.files)
        first = next(files, None)
        if first is None:
            continue
        if not is_open:
            target.write(b"\n  " + _opening("fileSec", {"ID": "files"}))
            is_open = True
        attributes = _present(
            ("ID", identifier_of("group", group.use)),
            ("USE", group.use),
            ("csip:CONTENTINFORMATIONTYPE", group.content_type),
            ("csip:OTHERCONTENTINFORMATIONTYPE", group.other_content_type),
        )
        target.write(b"\n    " + _opening("fileGrp", attributes))
        for file in chain([first], files):
            _write(target, _described(file), 3)
        target.write(b"\n    </fileGrp>")
    if is_open:
        target.write(b"\n  </fileSec>")


def _described(file: MetsFile) -> Element:
    element = Element(
        "file",
        {"ID": identifier_of("file", file.path), **_file(file), **_present(("OWNERID", file.owner_id))},
    )
    SubElement(element, "FLocat", _location(file.path))
    return element


def _structure(header: MetsHeader, metadata: Sequence[MetadataReference], structure: StructuralMap) -> Element:
    root = Element(
        "structMap",
        {"ID": identifier_of("map", structure.label), "TYPE": structure.kind, "LABEL": structure.label},
    )
    main = SubElement(root, "div", {"ID": identifier_of("div", header.identifier), "LABEL": printable(structure.main)})
    for division in structure.divisions:
        attributes = {"ID": identifier_of("div", f"{header.identifier} {division.label}"), "LABEL": printable(division.label)}
        if division.has_metadata:
            attributes |= _present(("DMDID", _listed(metadata, ("dmdSec",))), ("ADMID", _listed(metadata, _ADMINISTRATIVE)))
        element = SubElement(main, "div", attributes)
        if division.pointer is not None:
            title = {"xlink:title": identifier_of("group", division.pointer.group)}
            SubElement(element, "mptr", {**_location(division.pointer.path), **title})
        for use in division.groups:
            SubElement(element, "fptr", {"FILEID": identifier_of("group", use)})
    return root


def _listed(metadata: Sequence[MetadataReference], sections: Sequence[str]) -> str | None:
    return " ".join(identifier_of(one.section, one.file.path) for one in metadata if one.section in sections and one.is_current) or None


def _file(file: MetsFile) -> dict[str, str]:
    if file.digest.algorithm not in _ALGORITHMS:
        raise ValueError(f"METS has no name for {file.digest.algorithm}")
    return {
        "MIMETYPE": file.mime,
        "SIZE": str(file.size),
        "CREATED": instant(file.created),
        "CHECKSUM": file.digest.value,
        "CHECKSUMTYPE": _ALGORITHMS[file.digest.algorithm],
    }


def _location(path: str) -> dict[str, str]:
    return {"LOCTYPE": "URL", "xlink:type": "simple", "xlink:href": href_of(path)}


def instant(at: datetime) -> str:
    """An instant in UTC as METS writes it. ValueError without offset."""
    if at.tzinfo is None:
        raise ValueError(f"an instant carries its offset: {at}")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _present(*pairs: tuple[str, str | None]) -> dict[str, str]:
    return {name: printable(value) for name, value in pairs if value is not None}


def _opening(name: str, attributes: Mapping[str, str]) -> bytes:
    """The start tag alone."""
    return tostring(Element(name, dict(attributes)), encoding="unicode", short_empty_elements=False).removesuffix(f"</{name}>").encode()


def _write(target: BinaryIO, element: Element, depth: int) -> None:
    """One element on lines of its own, indented as deep as it stands."""
    indent(element, "  ", level=depth)
    target.write(("\n" + "  " * depth + tostring(element, encoding="unicode")).encode())
