"""Write and read the OCFL versions of a document's package.

What a package holds, readable without this software: the original as it came; the text, a part a form feed; ALTO with the words'
boxes; the copies made; the description with its history (`record.json`); the events, worded (`premis.xml`) and as data (`events.json`).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from archivo.access.policy import AccessClass
from archivo.archive import Archive
from archivo.identifiers import urn
from archivo.records.checking import Unreadable, read_json, row_of
from archivo.records.models import Document, DocumentEvent, DocumentFinding, DocumentPart, Fonds, LegalHold, RecordVersion, Representation
from preservation.ocfl import StorageRoot
from preservation.ocfl_inventory import Inventory
from preservation.premis import Outcome

if TYPE_CHECKING:
    from preservation.ocfl_writer import VersionWriter

ORIGINAL: Final = "original/data"
ACCESS_COPY: Final = "access/copy.pdf"
RECORD: Final = "metadata/record.json"
EVENTS: Final = "metadata/events.json"
PREMIS: Final = "metadata/premis.xml"
TEXT: Final = "text/text.txt"
PARTS: Final = "text/parts.json"
WHOLE: Final = "ocfl"
"""The representation of an E-ARK package of ours that is the OCFL object with all its versions."""
SCHEMA: Final = 1
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SECTIONS: Final = ("classification", "decisions", "given_class", "holds")

_DOCUMENT_FIELDS: Final = [
    "office_code",
    "title",
    "title_source",
    "description",
    "date",
    "date_source",
    "begins_on",
    "ends_on",
    "document_type",
    "number",
    "producer",
    "access",
    "published",
    "filename",
    "size",
    "sha256",
    "mime",
    "puid",
    "format_name",
    "received_by",
    "part_count",
    "is_doubtful",
    "disposition_status",
    "proposals",
]
_PART_FIELDS: Final = [
    "number",
    "kind",
    "label",
    "source",
    "width",
    "height",
    "turn",
    "confidence",
    "coverage",
    "is_doubtful",
    "engine",
    "alto",
]
_REPRESENTATION_FIELDS: Final = ["role", "path", "mime", "puid", "sha256", "size"]


@dataclass(frozen=True, slots=True)
class RecordRows:
    """All the rows that one package holds."""

    fonds: Fonds
    document: Document
    versions: Sequence[RecordVersion]
    representations: Sequence[Representation]
    parts: Sequence[DocumentPart]
    events: Sequence[DocumentEvent]
    findings: Sequence[DocumentFinding]
    sections: Mapping[str, Any]
    """What other parts of the institution keep in the package, by names of SECTIONS."""


def canonical(value: Any) -> bytes:
    """JSON for people and machines: sorted, indented, UTF-8; the same value gives the same bytes."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def instant(at: datetime) -> str:
    """ISO 8601 UTC with microseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def write_metadata(writer: "VersionWriter", rows: RecordRows, premis: bytes) -> None:
    """Put the description and the events; every record version not sealed yet is sealed in the version being written."""
    writer.put_bytes(RECORD, canonical(record_json(rows, writer.number)))
    writer.put_bytes(EVENTS, canonical([event_json(event) for event in rows.events]))
    writer.put_bytes(PREMIS, premis)


def write_texts(writer: "VersionWriter", parts: Sequence[DocumentPart]) -> None:
    """Put the texts and what each part is."""
    writer.put_bytes(TEXT, "\f".join(part.text.replace("\f", " ") for part in parts).encode())
    writer.put_bytes(PARTS, canonical([_part_json(part) for part in parts]))


def record_json(rows: RecordRows, ocfl_version: int) -> dict[str, Any]:
    """The description as the package holds it."""
    document = rows.document
    return {
        "schema": SCHEMA,
        "kind": "document",
        "id": document.id,
        "fonds": {"id": rows.fonds.id, "code": rows.fonds.code, "name": rows.fonds.name},
        "received_at": instant(document.received_at),
        "published_at": instant(document.published_at) if document.published_at else None,
        "processed": bool(rows.parts) or document.state not in ("received", "processing"),
        **{name: getattr(document, name) for name in _DOCUMENT_FIELDS},
        "representations": [{name: getattr(r, name) for name in _REPRESENTATION_FIELDS} for r in rows.representations],
        "formats": {r.role: r.identity for r in rows.representations if r.identity is not None},
        "findings": [{"code": f.code, "params": f.params} for f in rows.findings],
        "versions": [
            {
                "n": v.n,
                "at": instant(v.at),
                "actor": v.actor,
                "act": v.act,
                "changes": v.changes,
                "sealed_in": v.sealed_in or ocfl_version,
            }
            for v in rows.versions
        ],
        **rows.sections,
    }


@dataclass(frozen=True, slots=True)
class Package:
    """What a package says of its document, as rows that belong to no session yet. `processed`: its texts were made."""

    document: Document
    fonds: Mapping[str, str]
    processed: bool
    versions: list[RecordVersion]
    representations: list[Representation]
    parts: list[DocumentPart]
    events: list[DocumentEvent]
    findings: list[DocumentFinding]
    sections: Mapping[str, Any]


def read_package(archive: Archive, document_id: str) -> Package | None:
    """Read a document's package at its head; None when the object is not a document's. Raises Unreadable, and what the store raises."""
    return package_in(archive.packages, document_id)


def package_in(packages: StorageRoot, document_id: str) -> Package | None:
    """read_package() of a storage root, which may be anybody's."""
    return package_at(packages, document_id, packages.inventory(urn(document_id)))


def package_at(packages: StorageRoot, document_id: str, inventory: Inventory) -> Package | None:
    """package_in() of a package whose inventory was read."""
    logical = inventory.state()
    if RECORD not in logical:
        return None
    record, events = (read_json(_bytes_in(packages, inventory, name)) for name in (RECORD, EVENTS))
    processed = PARTS in logical
    parts = _read_parts(packages, document_id, inventory) if processed else []
    return package_of(document_id, inventory.head, record, events, parts, processed=processed)


def package_of(
    document_id: str,
    ocfl_version: int,
    record: Mapping[str, Any],
    events: Iterable[Mapping[str, Any]],
    parts: list[DocumentPart],
    *,
    processed: bool,
) -> Package:
    """What a description and its events, as record_json() and event_json() write them, say of a document. Raises Unreadable."""
    try:
        package = _package_of(document_id, ocfl_version, record, events, parts, processed)
    except (KeyError, TypeError, AttributeError, IndexError) as fault:
        raise Unreadable("not a description of a document") from fault
    _check_whole(record, package)
    return package


def _package_of(
    document_id: str, ocfl_version: int, record: Mapping[str, Any], events: Iterable[Any], parts: list[DocumentPart], processed: bool
) -> Package:
    formats = record.get("formats", {})
    last = record["versions"][-1]["n"]
    own = {"document_id": document_id}
    known = {name: record[name] for name in ("received_at", "published_at", *_DOCUMENT_FIELDS)}
    known |= {"id": document_id, "fonds_id": record["fonds"]["id"], "state": "received"}
    return Package(
        document=row_of(Document, {**known, "version": last, "sealed_version": last, "ocfl_version": ocfl_version}),
        fonds=record["fonds"],
        processed=processed,
        versions=[row_of(RecordVersion, {**version, **own}) for version in record["versions"]],
        representations=[row_of(Representation, {"identity": formats.get(r["role"]), **r, **own}) for r in record["representations"]],
        parts=parts,
        events=[row_of(DocumentEvent, {**event, **own, "sequence": n}) for n, event in enumerate(events, 1)],
        findings=[row_of(DocumentFinding, {**found, **own, "sequence": n}) for n, found in enumerate(record["findings"], 1)],
        sections={name: record[name] for name in record if name in SECTIONS},
    )


def _check_whole(record: Mapping[str, Any], package: Package) -> None:
    """What the columns do not tell: that the package is its own document's, and its words are of those that there are."""
    row_of(Fonds, {**package.fonds, "created_at": record["received_at"]})
    numbers = [version.n for version in package.versions]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Unreadable("the acts are not numbered from 1")
    roles, pages = [each.role for each in package.representations], [part.number for part in package.parts]
    if len({*roles}) != len(roles) or len({*pages}) != len(pages):
        raise Unreadable("a representation or a part that stands twice")
    if record.get("id") != package.document.id:
        raise Unreadable("the description is of another document")
    if package.document.access not in set(AccessClass) or any(event.outcome not in set(Outcome) for event in package.events):
        raise Unreadable("a word that no program of ours writes")
    days = [package.document.begins_on, package.document.ends_on]
    if any(day is not None and not _DAY.fullmatch(day) for day in days) or (days[1] and not days[0]):
        raise Unreadable("not the days between which a date lies")
    for name in SECTIONS:
        value = package.sections.get(name)
        if value and not isinstance(value, list if name in ("decisions", "holds") else dict):
            raise Unreadable(f"{name} is not what it should be")
    for hold in package.sections.get("holds") or ():
        row_of(LegalHold, {**_mapping(hold), "document_id": package.document.id})


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("an object was expected")
    return value


def read_bytes(archive: Archive, document_id: str, logical: str) -> bytes:
    """A small file of the package, whole."""
    return _bytes_in(archive.packages, archive.packages.inventory(urn(document_id)), logical)


def open_file(archive: Archive, document_id: str, logical: str, start: int = 0, length: int | None = None) -> BinaryIO:
    """A file of the package, or `length` bytes of it from `start`, as a stream."""
    return archive.packages.open(urn(document_id), logical, start=start, length=length)


def event_rows(document_id: str, events: Iterable[Any], start: int = 1) -> list[DocumentEvent]:
    """Rows for PREMIS events, numbered from `start`."""
    return [
        DocumentEvent(
            document_id=document_id,
            sequence=n,
            type=str(event.type),
            outcome=str(event.outcome),
            agent=event.agent,
            at=event.at,
            code=event.code,
            params=dict(event.params),
        )
        for n, event in enumerate(events, start)
    ]


def event_json(event: DocumentEvent) -> dict[str, Any]:
    """An event as the package holds it."""
    return {
        "type": event.type,
        "outcome": event.outcome,
        "agent": event.agent,
        "at": instant(event.at),
        "code": event.code,
        "params": event.params,
    }


def _part_json(part: DocumentPart) -> dict[str, Any]:
    """`place` only of a part that has one: every other package is as earlier programs wrote it and can read it."""
    fields = {name: getattr(part, name) for name in _PART_FIELDS}
    return fields if part.place is None else {**fields, "place": part.place}


def _read_parts(packages: StorageRoot, document_id: str, inventory: Inventory) -> list[DocumentPart]:
    told = read_json(_bytes_in(packages, inventory, PARTS))
    try:
        texts = _bytes_in(packages, inventory, TEXT).decode().split("\f")
        pairs = zip(told, texts, strict=False)
        return [row_of(DocumentPart, {**fields, "document_id": document_id, "text": text}) for fields, text in pairs]
    except (TypeError, UnicodeDecodeError) as fault:
        raise Unreadable("not the parts of a document") from fault


def _bytes_in(packages: StorageRoot, inventory: Inventory, logical: str) -> bytes:
    with packages.open_in(inventory, logical) as stream:
        return stream.read()
