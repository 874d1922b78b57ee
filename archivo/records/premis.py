"""A document's files and events as PREMIS 3 XML, the events in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archivo.identifiers import urn
from archivo.records.models import DocumentEvent, Representation
from archivo.records.wording import event_sentence
from preservation.fixity import Digest
from preservation.premis import Event, EventType, FormatDesignation, Outcome, PremisObject, to_xml

if TYPE_CHECKING:
    from archivo.records.packaging import RecordRows


def premis_of(rows: "RecordRows") -> bytes:
    """The PREMIS document that a package holds: its files, what was derived from which, and what happened to them."""
    name = rows.document.filename
    objects = [_object(rows.document.id, representation, name) for representation in _original_first(rows.representations)]
    return to_xml(objects, [premis_event(event) for event in rows.events], detail=lambda event: event_sentence(event.code, event.params))


def premis_event(row: DocumentEvent) -> Event:
    """The event a row keeps."""
    return Event(EventType(row.type), Outcome(row.outcome), row.agent, row.at, row.code, row.params)


def _object(document_id: str, representation: Representation, filename: str) -> PremisObject:
    is_original = representation.role == "original"
    return PremisObject(
        identifier=f"{urn(document_id)}/{representation.path}",
        fixity=(Digest("sha256", representation.sha256),),
        size=representation.size,
        mime=representation.mime or "application/octet-stream",
        puid=representation.puid,
        format=_designation(representation),
        original_name=filename if is_original else None,
        derived_from=None if is_original else f"{urn(document_id)}/original/data",
    )


def _designation(representation: Representation) -> FormatDesignation | None:
    """The format's name and version as PRONOM gives them, with what the identity rests on; None where it was not told."""
    told = representation.identity or {}
    if not told.get("name"):
        return None
    notes = tuple(told[name] for name in ("certainty", "basis", "signatures") if told.get(name))
    return FormatDesignation(told["name"], told.get("version", ""), notes)


def _original_first(representations: Sequence[Representation]) -> list[Representation]:
    return sorted(representations, key=lambda one: (one.role != "original", one.role))
