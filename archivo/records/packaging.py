"""Write and read the OCFL versions of a document's package.

What a package holds, readable without this software: the original as it came; the text, a part a form feed; ALTO with the words'
boxes; the copies made; the description with its history (`record.json`); the events, worded (`premis.xml`) and as data (`events.json`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from archivo.archive import Archive
from archivo.identifiers import urn
from archivo.records.models import Document, DocumentEvent, DocumentFinding, DocumentPart, Fonds, RecordVersion, Representation

if TYPE_CHECKING:
    from preservation.ocfl_writer import VersionWriter

ORIGINAL: Final = "original/data"
ACCESS_COPY: Final = "access/copy.pdf"
RECORD: Final = "metadata/record.json"
EVENTS: Final = "metadata/events.json"
PREMIS: Final = "metadata/premis.xml"
TEXT: Final = "text/text.txt"
PARTS: Final = "text/parts.json"
SCHEMA: Final = 1
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
    """Read a document's package at its head; None when the object is not a document's."""
    object_id = urn(document_id)
    inventory = archive.packages.inventory(object_id)
    logical = inventory.state()
    if RECORD not in logical:
        return None
    record = json.loads(read_bytes(archive, document_id, RECORD))
    processed = PARTS in logical
    parts = list(_read_parts(archive, document_id)) if processed else []
    return package_of(document_id, inventory.head, record, json.loads(read_bytes(archive, document_id, EVENTS)), parts, processed=processed)


def package_of(
    document_id: str,
    ocfl_version: int,
    record: Mapping[str, Any],
    events: Iterable[Mapping[str, Any]],
    parts: list[DocumentPart],
    *,
    processed: bool,
) -> Package:
    """What a description and its events, as record_json() and event_json() write them, say of a document."""
    formats = record.get("formats", {})
    document = Document(
        id=document_id,
        fonds_id=record["fonds"]["id"],
        received_at=parse_instant(record["received_at"]),
        published_at=parse_instant(record["published_at"]) if record["published_at"] else None,
        state="received",
        version=record["versions"][-1]["n"],
        sealed_version=record["versions"][-1]["n"],
        ocfl_version=ocfl_version,
        **{name: record[name] for name in _DOCUMENT_FIELDS},
    )
    return Package(
        document=document,
        fonds=record["fonds"],
        processed=processed,
        versions=[
            RecordVersion(document_id=document_id, **{**version, "at": parse_instant(version["at"])}) for version in record["versions"]
        ],
        representations=[Representation(document_id=document_id, identity=formats.get(r["role"]), **r) for r in record["representations"]],
        parts=parts,
        events=[_read_event(document_id, n, event) for n, event in enumerate(events, 1)],
        findings=[DocumentFinding(document_id=document_id, sequence=n, **f) for n, f in enumerate(record["findings"], 1)],
        sections={name: record[name] for name in record if name in SECTIONS},
    )


def read_bytes(archive: Archive, document_id: str, logical: str) -> bytes:
    """A small file of the package, whole."""
    with archive.packages.open(urn(document_id), logical) as stream:
        return stream.read()


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


def _read_event(document_id: str, sequence: int, event: Mapping[str, Any]) -> DocumentEvent:
    return DocumentEvent(document_id=document_id, sequence=sequence, **{**event, "at": parse_instant(event["at"])})


def _part_json(part: DocumentPart) -> dict[str, Any]:
    """`place` only of a part that has one: every other package is as earlier programs wrote it and can read it."""
    fields = {name: getattr(part, name) for name in _PART_FIELDS}
    return fields if part.place is None else {**fields, "place": part.place}


def _read_parts(archive: Archive, document_id: str) -> Iterable[DocumentPart]:
    texts = read_bytes(archive, document_id, TEXT).decode().split("\f")
    for fields, text in zip(json.loads(read_bytes(archive, document_id, PARTS)), texts, strict=False):
        yield DocumentPart(document_id=document_id, text=text, **fields)
