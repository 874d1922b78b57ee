"""What the command line and the API say of records, as JSON values: the keys of the contract, the same for both."""

from dataclasses import asdict
from typing import Any

from archivo.intake.services import Deposited
from archivo.plain import utc
from archivo.records.tombstones import TombstoneView
from archivo.records.views import DocumentView, RepresentationView
from archivo.retention.classification import ClassificationView


def document_json(view: DocumentView, found: ClassificationView | None) -> dict[str, Any]:
    """A record as the contract prints it."""
    return {
        "id": view.id,
        "state": view.state,
        "title": view.title,
        "date": view.date,
        "fonds": view.fonds_code,
        "access": view.access,
        "published": view.published,
        "version": view.version,
        "original": {
            "sha256": view.original.sha256,
            "size": view.original.size,
            "puid": view.original.puid,
            "mime": view.original.mime,
            "filename": view.filename,
            "format": _identity_json(view.original),
        },
        "representations": [
            {"role": r.role, "puid": r.puid, "sha256": r.sha256, "size": r.size, "mime": r.mime, "format": _identity_json(r)}
            for r in view.representations
        ],
        "pages": view.part_count,
        "classification": classification_json(found),
        "events": [{"type": e.type, "outcome": e.outcome, "agent": e.agent, "at": utc(e.at), "detail": e.detail} for e in view.events],
        "findings": list(view.findings),
        "office": view.office_code,
        "document_type": view.document_type,
        "number": view.number,
        "producer": view.producer,
        "description": view.description,
        "doubtful": view.is_doubtful,
        "proposals": dict(view.proposals),
        "received_at": utc(view.received_at),
        "received_by": view.received_by,
        "sealed": view.is_sealed,
        "tombstone": view.tombstone and _tombstone_json(view.tombstone),
    }


def _tombstone_json(tombstone: TombstoneView) -> dict[str, Any]:
    """What remains of a document whose content was deleted: the act that ordered it, the two people, and what there was."""
    instants = {name: utc(getattr(tombstone, name)) for name in ("requested_at", "confirmed_at", "at")}
    return {**asdict(tombstone), **instants}


def _identity_json(file: RepresentationView) -> dict[str, str | None]:
    """How the format of a file was told: its name and version in PRONOM, how sure that is and by which signature files."""
    told = file.identity
    return {
        "name": told.name,
        "version": told.version,
        "certainty": told.certainty,
        "basis": told.basis,
        "signatures": told.signatures,
    }


def classification_json(found: ClassificationView | None) -> dict[str, Any] | None:
    """A classification as the contract prints it."""
    if found is None:
        return None
    item = found.item
    return {
        "code": item.code if item else None,
        "label": item.label if item else None,
        "office": item.office_code if item else None,
        "trd_version": found.trd_version,
        "confidence": found.confidence,
        "reasons": list(found.reasons),
        "alternatives": [{"code": a.code, "label": a.label, "office": a.office, "confidence": a.confidence} for a in found.alternatives],
        "status": found.status,
        "decided_by": found.decided_by,
    }


def deposited_json(one: Deposited) -> dict[str, Any]:
    """A deposited file as the contract prints it."""
    return {
        "id": one.id,
        "filename": one.filename,
        "sha256": one.sha256,
        "size": one.size,
        "state": one.state,
        "duplicate_of": one.duplicate_of,
        "findings": list(one.findings),
    }
