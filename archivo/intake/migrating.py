"""Migrate what is held in formats that may not be read one day: a preservation copy beside the original, in a new version of its package.

The original stays as it came. A copy that is not the same as its original, page by page, is thrown away, and that is told.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, case, exists, select, update
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.archive import Archive, Hold
from archivo.database import lock, table_of
from archivo.identifiers import urn
from archivo.intake import office_copies
from archivo.intake.keeping import gather_rows, identity_of, mark_sealed
from archivo.intake.models import MigrationDocument
from archivo.intake.office_copies import MIMES as OFFICE
from archivo.intake.processing import open_workspace
from archivo.intake.sealing import seal
from archivo.jobs import Lease
from archivo.records.holdings import note_package
from archivo.records.models import Document, DocumentState, Representation
from archivo.records.packaging import RecordRows, event_rows, write_metadata
from archivo.records.premis import premis_of
from archivo.retention.classification import add_event
from ingest.office_copy import NotMade
from ingest.step import Format, Programs, Workspace
from ingest.steps.conform import Conform
from ingest.steps.identify import identified
from ingest.tools.process import ToolError, ToolFailed, ToolOutOfMemory, ToolTimeout
from preservation.premis import Event, EventType, Outcome

AGENT: Final = "Archivo"
ROLE: Final = "preservation"
TARGETS: Final[Mapping[str, str]] = {
    "application/pdf": "PDF/A-2b",
    "image/gif": "PNG",
    "image/bmp": "PNG",
    "image/x-bmp": "PNG",
    "image/x-ms-bmp": "PNG",
    "image/webp": "PNG",
    **dict.fromkeys(OFFICE, "PDF/A-2b"),
}
"""What each media type can be migrated to: office documents, where LibreOffice is. PDF/A is not migrated again."""
PDF_A: Final = frozenset({"fmt/95", "fmt/354", "fmt/476", "fmt/477", "fmt/478", "fmt/479", "fmt/480", "fmt/481"})
_ASKED: Final = table_of(MigrationDocument)
_SECONDS: Final = 600.0
_WORDS: Final = ".words"
_VALID: Final = ("conform.pdfa", "conform.conforms")
_NOT_SO: Final = ("conform.breaches", "conform.no_claim")
"""What the judge of formats says of a copy that is what its format asks, and of one that is not."""
_PATHS: Final = {"application/pdf": "preservation/copy.pdf", "image/png": "preservation/copy.png"}


@dataclass(frozen=True, slots=True)
class Planned:
    """What a migration would do with a document. `target` is what it becomes; `why` the reason it is left, None when it would be done:
    `no_pair` (nothing makes it), `no_program` (LibreOffice, which would, is not here), `is_kept_well` (it is PDF/A), `done` (it has a
    preservation copy), `not_ready`, `deleted`, `unknown`.
    """

    id: str
    puid: str | None
    mime: str | None
    size: int
    target: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class _Made:
    """A copy made: whether it is the same as its original, and what is told of it; `by_words` is the end of the code that tells it."""

    mime: str
    same: bool
    told: dict[str, Any]
    by_words: str = ""


def why_left(programs: Programs) -> ColumnElement[Any]:
    """The reason for which a document is left (Planned), of the row of each; NULL of those that would be migrated with these programs."""
    return case(
        (Document.state == DocumentState.DELETED, "deleted"),
        (Document.state.not_in((DocumentState.FINDABLE, DocumentState.PRESERVED)), "not_ready"),
        (exists().where(Representation.document_id == Document.id, Representation.role == ROLE), "done"),
        (Document.puid.in_(PDF_A), "is_kept_well"),
        (Document.mime.is_(None) | Document.mime.not_in(TARGETS), "no_pair"),
        (Document.mime.in_(OFFICE if programs.soffice is None else ()), "no_program"),
    )


def planned_of(session: Session, programs: Programs, chosen: ColumnElement[bool]) -> list[Planned]:
    """What would become of each of the documents chosen, by identifier."""
    columns = (Document.id, Document.puid, Document.mime, Document.size, why_left(programs))
    rows = session.execute(select(*columns).where(chosen).order_by(Document.id))
    return [Planned(each, puid, mime, size, TARGETS.get(mime or ""), why) for each, puid, mime, size, why in rows]


def migrate_document(archive: Archive, lease: Lease) -> None:
    """Make the preservation copy of a document, compare it, and keep it where it is the same; done twice, the second does nothing."""
    document_id = lease.object_id
    with archive.reading() as session:
        filename = session.get_one(Document, document_id).filename
        (planned,) = planned_of(session, archive.programs, Document.id == document_id)
    if planned.why is not None:
        return _finish(archive, lease, planned.why)
    folder = archive.scratch(f"{document_id}-{lease.id}")
    try:
        work = open_workspace(archive, document_id, filename, folder)
        copy = folder / "migrated"
        try:
            made = _make(work, planned, copy)
            known = identified(work, copy, Path(_PATHS[made.mime]).name)[0]
        except (ToolError, NotMade) as fault:
            return _tell_failure(archive, lease, "migration.impossible", {"target": planned.target, "reason": _reason(fault)})
        told = made.told
        if not made.same:
            return _tell_failure(archive, lease, f"migration.differs{made.by_words}", told)
        judged = Conform()(replace(work, original=copy, format=known, findings=[], properties={}))
        if judged.code in _NOT_SO:
            return _tell_failure(archive, lease, "migration.invalid", told)
        told |= {"valid": judged.code in _VALID, "by": judged.params.get("by", "")}
        seal(archive, document_id)
        with archive.writing_object(urn(document_id)) as hold:
            _keep(archive, lease, hold, copy, known, f"migration.made{made.by_words}", told)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def _make(work: Workspace, planned: Planned, copy: Path) -> _Made:
    """Write the copy and compare it. Raises ToolError, NotMade."""
    if planned.mime in OFFICE:
        assert work.programs.soffice is not None
        same, told = office_copies.make(work, work.programs.soffice, copy)
        return _Made("application/pdf", same, {"target": planned.target, **told}, _WORDS)
    arguments = {"original": str(work.original), "mime": planned.mime, "destination": str(copy), "max_pixels": work.limits.max_pixels}
    made = work.tools.call("migration", "migrate", timeout=_SECONDS, **arguments)
    return _Made(made["mime"], made["same"], _told(planned, made["comparison"]))


def _reason(fault: ToolError | NotMade) -> str:
    match fault:
        case NotMade():
            return office_copies.why_not(fault)
        case ToolTimeout():
            return "tardó más de lo permitido"
        case ToolOutOfMemory():
            return "pide más memoria de la permitida"
        case ToolFailed(code="fonts"):
            return "usa letras que el original no lleva dentro, y una copia que dure tiene que llevarlas"
        case ToolFailed(code="locked"):
            return "el original pide una contraseña"
        case _:
            return "el original no se puede reescribir así"


def _told(planned: Planned, comparison: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison as the event keeps it."""
    text, points = comparison["text"], comparison["pixels"]
    which = {"pages": {*text, *points}, "text": text, "points": points}
    told = {"target": planned.target, "before": comparison["pages_before"], "after": comparison["pages_after"]}
    listed = {name: ", ".join(map(str, sorted(pages)[:50])) for name, pages in which.items()}
    return {**told, "worst": f"{100 * comparison['worst']:.2f}".replace(".", ","), **listed}


def _keep(archive: Archive, lease: Lease, hold: Hold, copy: Path, known: Format, code: str, told: Mapping[str, Any]) -> None:
    """Write the next version with the copy in it, read it back, and only then the rows."""
    document_id = lease.object_id
    with archive.reading() as session:
        rows = gather_rows(session, document_id)
        jobs.check_held(session, lease)
        session.expunge_all()
    path = _PATHS[known.mime]
    event = Event(EventType.MIGRATION, Outcome.SUCCESS, AGENT, archive.clock(), code, told)
    with archive.packages.new_version(urn(document_id), base=rows.document.ocfl_version) as writer:
        with copy.open("rb") as stream:
            stored = writer.put(path, stream)
        assert stored.digest is not None
        digest = {"sha256": stored.digest.value, "size": stored.size}
        made = Representation(
            document_id=document_id, role=ROLE, path=path, mime=known.mime, puid=known.puid, identity=identity_of(known), **digest
        )
        events = [*rows.events, *event_rows(document_id, [event], len(rows.events) + 1)]
        representations = [*rows.representations, made]
        full = RecordRows(rows.fonds, rows.document, rows.versions, representations, rows.parts, events, rows.findings, rows.sections)
        write_metadata(writer, full, premis_of(full))
        writer.check()
        inventory = writer.commit("Migración de formato", AGENT, "", archive.clock())
    with archive.transaction() as transaction:
        document = lock(transaction.session, Document, document_id)
        document.ocfl_version = inventory.head
        document.sealed_version = max(document.sealed_version, rows.document.version)
        mark_sealed(transaction, document)
        note_package(transaction, AGENT, document_id, inventory)
        add_event(transaction, document_id, event)
        transaction.session.merge(made)
        _settle(transaction.session, document_id, transaction.now, event.code, told)
        jobs.finish(transaction.session, lease, transaction.now)
        hold.end_with(transaction.session)


def _tell_failure(archive: Archive, lease: Lease, code: str, params: Mapping[str, Any]) -> None:
    """Nothing was kept: the event says why, and the job is done."""
    with archive.transaction() as transaction:
        event = Event(EventType.MIGRATION, Outcome.FAIL, AGENT, transaction.now, code, dict(params))
        add_event(transaction, lease.object_id, event)
        _settle(transaction.session, lease.object_id, transaction.now, code, params)
        jobs.finish(transaction.session, lease, transaction.now)


def _finish(archive: Archive, lease: Lease, why: str) -> None:
    with archive.transaction() as transaction:
        _settle(transaction.session, lease.object_id, transaction.now, why, {})
        jobs.finish(transaction.session, lease, transaction.now)


def _settle(session: Session, document_id: str, now: datetime, code: str, params: Mapping[str, Any]) -> None:
    """Say in each migration that waits for a document what became of it."""
    waiting = update(_ASKED).where(_ASKED.c.document_id == document_id, _ASKED.c.ended_at.is_(None))
    session.execute(waiting.values(ended_at=now, code=code.removesuffix(_WORDS), params=dict(params)))
