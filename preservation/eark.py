"""E-ARK information packages as we write them: CSIP 2.1, and the profiles of SIP, AIP and DIP, from a description that knows no format."""

import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, BinaryIO, Final

from preservation.eark_aids import READING_AID, attributes_schema
from preservation.fixity import Digest
from preservation.mets import (
    Division,
    FileGroup,
    MetadataReference,
    MetsAgent,
    MetsFile,
    MetsHeader,
    MetsPointer,
    StructuralMap,
    write_mets,
)
from preservation.package_sinks import Form, Sink, sink

_PROFILES: Final = {
    "SIP": "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml",
    "AIP": "https://earkaip.dilcis.eu/profile/E-ARK-AIP.xml",
    "DIP": "https://earkdip.dilcis.eu/profile/E-ARK-DIP.xml",
}
_CSIP_PROFILE: Final = "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"
_UNSAFE: Final = re.compile(r"[^\w.-]")


class PackageKind(StrEnum):
    """The packages of OAIS: submitted, kept, delivered."""

    SIP = "SIP"
    AIP = "AIP"
    DIP = "DIP"


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be packaged: `path` below the folder where it belongs, with `/`; `size` in bytes; `mime` its media type.

    `open` gives its bytes each time it is called; `created` is an instant with offset, `owner_id` what its owner calls it.
    """

    path: str
    size: int
    mime: str
    created: datetime
    open: Callable[[], AbstractContextManager[BinaryIO]]
    owner_id: str | None = None

    @classmethod
    def of(cls, path: str, data: bytes, mime: str, created: datetime) -> "Content":
        """A small file, given as its bytes."""
        return cls(path, len(data), mime, created, lambda: io.BytesIO(data))


@dataclass(frozen=True, slots=True)
class Metadata:
    """A file of metadata and what it is: `mdtype` of METS's list (with `other` where it is OTHER), `version` of that standard."""

    content: Content
    mdtype: str
    version: str | None = None
    other: str | None = None
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class Representation:
    """One form of the content: `name` is its folder; `data` its files, which may be a stream longer than memory.

    `content_type` is of CSIP's vocabulary, with `other_content_type` where it is OTHER.
    """

    name: str
    data: Iterable[Content]
    descriptive: Sequence[Metadata] = ()
    preservation: Sequence[Metadata] = ()
    content_type: str = "OTHER"
    other_content_type: str | None = "Mixed"


@dataclass(frozen=True, slots=True)
class InformationPackage:
    """What is packaged. `identifier` becomes OBJID and, made safe, the name of the folder; `category` is of CSIP's vocabulary.

    `software` is the name and version of what writes it. `submitter` (of a SIP alone, SIP15) and `creator` (SIP9) are organizations by
    name. `identifiers` are altRecordID, type and value. Where `documentation` or `schemas` is empty, a page of ours tells how to read the
    package, and a schema of ours the attributes of CSIP: CSIP60 and CSIP113 ask for at least one of each.
    """

    kind: PackageKind
    identifier: str
    label: str
    created: datetime
    software: tuple[str, str]
    representations: Sequence[Representation]
    category: str = "Mixed"
    content_type: str = "MIXED"
    modified: datetime | None = None
    descriptive: Sequence[Metadata] = ()
    preservation: Sequence[Metadata] = ()
    rights: Sequence[Metadata] = ()
    documentation: Sequence[Content] = ()
    schemas: Sequence[Content] = ()
    submitter: str | None = None
    creator: str | None = None
    record_status: str | None = None
    identifiers: Sequence[tuple[str, str]] = ()


def folder_name(identifier: str) -> str:
    """The name of the root folder: the identifier, with `_` for what a file system may not take."""
    return _UNSAFE.sub("_", identifier)


def write_package(package: InformationPackage, folder: Path, form: Form = Form.FOLDER) -> Path:
    """Write a package into a folder and say where it is. The same package gives the same bytes; files stream, however large and many.

    ValueError, and nothing written, if the profile asks for what the package lacks (an AIP its PREMIS, a SIP its submitter, any package a
    representation), a path leaves its folder, a file has not its size, or an instant no offset. FileExistsError if it is there already.
    """
    _check(package)
    root = folder_name(package.identifier)
    target = folder / (root if form is Form.FOLDER else f"{root}.{form}")
    with sink(target, form, root, package.created) as into:
        _write(package, into)
    return target


def _check(package: InformationPackage) -> None:
    if not package.identifier or not package.representations:
        raise ValueError("a package has an identifier and at least one representation")
    if package.kind is PackageKind.AIP and not package.preservation:
        raise ValueError("an AIP refers to its PREMIS (AIPM5)")
    if package.kind is PackageKind.SIP and not package.submitter:
        raise ValueError("a SIP says who submits it (SIP15)")
    names = [one.name for one in package.representations]
    if len(set(names)) != len(names) or any(_UNSAFE.search(name) or name in ("", ".", "..") for name in names):
        raise ValueError("each representation has a name of its own, of letters, digits, `-`, `_` and `.`")


def _write(package: InformationPackage, into: Sink) -> None:
    references = [*_metadata(into, "", package.descriptive, package.preservation), *_rights(into, package.rights)]
    documentation = package.documentation or [Content.of("LEAME.txt", READING_AID.encode(), "text/plain", package.created)]
    schemas = package.schemas or [Content.of("csip-attributes.xsd", attributes_schema(), "application/xml", package.created)]
    groups = [
        FileGroup("Documentation", _placed(into, "documentation", documentation), "OTHER", "Documentation"),
        FileGroup("Schemas", _placed(into, "schemas", schemas), "OTHER", "Schemas"),
    ]
    divisions = [
        Division("Metadata", has_metadata=True),
        Division("Documentation", ("Documentation",)),
        Division("Schemas", ("Schemas",)),
        Division("Representations", tuple(f"Representations/{one.name}" for one in package.representations)),
    ]
    for one in package.representations:
        use, path = f"Representations/{one.name}", f"representations/{one.name}/METS.xml"
        described = _representation(package, one, into)
        groups.append(FileGroup(use, [described], one.content_type, one.other_content_type))
        divisions.append(Division(use, (), MetsPointer(path, use)))
    header = MetsHeader(
        package.identifier,
        package.category,
        package.created,
        _agents(package),
        profile=_PROFILES[package.kind],
        label=package.label,
        modified=package.modified or package.created,
        content_type=package.content_type,
        package_type=package.kind,
        record_status=package.record_status,
        identifiers=package.identifiers,
    )
    _put_mets(into, "METS.xml", header, references, groups, StructuralMap(package.identifier, divisions), package.created)


def _representation(package: InformationPackage, one: Representation, into: Sink) -> MetsFile:
    """Write a representation and its METS, and describe that METS. What is told of its files waits in a temporary file."""
    folder = f"representations/{one.name}"
    references = _metadata(into, folder, one.descriptive, one.preservation)
    with tempfile.TemporaryFile() as listed:
        for file in _placed(into, f"{folder}/data", one.data):
            listed.write(_line(file))
        header = MetsHeader(
            one.name,
            package.category,
            package.created,
            _agents(package)[:1],
            profile=_CSIP_PROFILE,
            modified=package.modified or package.created,
            content_type=one.content_type,
            other_content_type=one.other_content_type,
            package_type=package.kind,
        )
        listed.seek(0)
        data = FileGroup("Data", _within(_lines(listed), folder), one.content_type, one.other_content_type)
        structure = StructuralMap(one.name, [Division("Metadata", has_metadata=True), Division("Data", ("Data",))])
        inside = [_moved(reference, folder) for reference in references]
        return _put_mets(into, f"{folder}/METS.xml", header, inside, [data], structure, package.created)


def _put_mets(
    into: Sink,
    path: str,
    header: MetsHeader,
    references: Sequence[MetadataReference],
    groups: Sequence[FileGroup],
    structure: StructuralMap,
    created: datetime,
) -> MetsFile:
    with tempfile.TemporaryFile() as document:
        write_mets(document, header, references, groups, structure)
        size = document.tell()
        document.seek(0)
        return MetsFile(path, size, "application/xml", into.put(path, document, size), created)


def _agents(package: InformationPackage) -> list[MetsAgent]:
    name, version = package.software
    agents = [MetsAgent(name, "CREATOR", "OTHER", "SOFTWARE", ((version, "SOFTWARE VERSION"),))]
    if package.creator:
        agents.append(MetsAgent(package.creator, "ARCHIVIST", "ORGANIZATION"))
    if package.submitter and package.kind is PackageKind.SIP:
        agents.append(MetsAgent(package.submitter, "CREATOR", "ORGANIZATION"))
    return agents


def _metadata(into: Sink, folder: str, descriptive: Sequence[Metadata], preservation: Sequence[Metadata]) -> list[MetadataReference]:
    base = f"{folder}/metadata" if folder else "metadata"
    return [
        _reference(section, one, file)
        for section, place, given in (("dmdSec", "descriptive", descriptive), ("digiprovMD", "preservation", preservation))
        for one, file in zip(given, _placed(into, f"{base}/{place}", [one.content for one in given]), strict=True)
    ]


def _rights(into: Sink, rights: Sequence[Metadata]) -> list[MetadataReference]:
    files = _placed(into, "metadata/other", [one.content for one in rights])
    return [_reference("rightsMD", one, file) for one, file in zip(rights, files, strict=True)]


def _reference(section: str, one: Metadata, file: MetsFile) -> MetadataReference:
    return MetadataReference(section, file, one.mdtype, one.version, one.other, one.is_current)


def _placed(into: Sink, folder: str, contents: Iterable[Content]) -> Iterator[MetsFile]:
    """Write files into a folder of the package, as they come, and describe each."""
    for one in contents:
        parts = one.path.split("/")
        if one.path.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\\" in one.path or "\x00" in one.path:
            raise ValueError(f"a path that leaves its folder: {one.path!r}")
        path = f"{folder}/{one.path}"
        with one.open() as source:
            digest = into.put(path, source, one.size)
        yield MetsFile(path, one.size, one.mime, digest, one.created, one.owner_id)


def _moved(reference: MetadataReference, folder: str) -> MetadataReference:
    """The same reference, from inside a folder."""
    return replace(reference, file=replace(reference.file, path=reference.file.path.removeprefix(f"{folder}/")))


def _within(files: Iterable[MetsFile], folder: str) -> Iterator[MetsFile]:
    return (replace(file, path=file.path.removeprefix(f"{folder}/")) for file in files)


def _line(file: MetsFile) -> bytes:
    facts = (file.path, file.size, file.mime, file.digest.algorithm, file.digest.value, file.created.isoformat(), file.owner_id)
    return json.dumps(facts).encode() + b"\n"


def _lines(listed: IO[bytes]) -> Iterator[MetsFile]:
    for line in listed:
        path, size, mime, algorithm, value, created, owner_id = json.loads(line)
        yield MetsFile(path, size, mime, Digest(algorithm, value), datetime.fromisoformat(created), owner_id)
