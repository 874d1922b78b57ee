"""E-ARK information packages as we write them: CSIP 2.1, and the profiles of SIP, AIP and DIP, from a description that knows no format."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Final

from preservation.eark_aids import READING_AID, attributes_schema
from preservation.eark_package import Content, InformationPackage, Metadata, PackageKind, Representation
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
from preservation.premis import PremisObject, write_premis
from preservation.premis_entities import Entity, EntityKind, Relationship

_PROFILES: Final = {
    "SIP": "https://earksip.dilcis.eu/profile/E-ARK-SIP.xml",
    "AIP": "https://earkaip.dilcis.eu/profile/E-ARK-AIP.xml",
    "DIP": "https://earkdip.dilcis.eu/profile/E-ARK-DIP.xml",
}
_CSIP_PROFILE: Final = "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"
_UNSAFE: Final = re.compile(r"[^\w.-]")


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
    if package.kind is PackageKind.AIP and not (package.preservation or package.history):
        raise ValueError("an AIP refers to its PREMIS (AIPM5)")
    if package.kind is PackageKind.SIP and not package.submitter:
        raise ValueError("a SIP says who submits it (SIP15)")
    names = [one.name for one in package.representations]
    if len(set(names)) != len(names) or any(_UNSAFE.search(name) or name in ("", ".", "..") for name in names):
        raise ValueError("each representation has a name of its own, of letters, digits, `-`, `_` and `.`")


def _write(package: InformationPackage, into: Sink) -> None:
    references = [*_metadata(into, "", package.descriptive, package.preservation), *_rights(into, package.rights)]
    references += _history(package, into)
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
        if not listed.tell():
            raise ValueError(f"a representation without files: {one.name}")
        references += _history_of_files(package, one, listed, into)
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


def _history(package: InformationPackage, into: Sink) -> list[MetadataReference]:
    """PREMIS of the package and its representations, where its history is given."""
    if package.history is None:
        return []
    folders = tuple(f"representations/{one.name}" for one in package.representations)
    whole = Relationship("structural", "is represented by", folders)
    entities = [Entity(package.identifier, EntityKind.INTELLECTUAL_ENTITY, package.label, relationships=(whole,))]
    parts = Relationship("structural", "represents", (package.identifier,))
    entities += [Entity(folder, EntityKind.REPRESENTATION, relationships=(parts,)) for folder in folders]
    history = package.history
    with tempfile.TemporaryFile() as document:
        write_premis(document, entities, history.events, history.agents, detail=history.detail)
        return [_put_premis(into, "metadata/preservation/history.xml", document, package.created)]


def _history_of_files(package: InformationPackage, one: Representation, listed: IO[bytes], into: Sink) -> list[MetadataReference]:
    """PREMIS of every file of a representation, as they come from the list of them."""
    if package.history is None:
        return []
    listed.seek(0)
    files = (PremisObject(file.path, (file.digest,), file.size, file.mime, original_name=file.owner_id) for file in _lines(listed))
    with tempfile.TemporaryFile() as document:
        write_premis(document, files, ())
        return [_put_premis(into, f"representations/{one.name}/metadata/preservation/files.xml", document, package.created)]


def _put_premis(into: Sink, path: str, document: BinaryIO, created: datetime) -> MetadataReference:
    size = document.tell()
    document.seek(0)
    return MetadataReference(
        "digiprovMD", MetsFile(path, size, "application/xml", into.put(path, document, size), created), "PREMIS", "3.0"
    )


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
