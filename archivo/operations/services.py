"""See the jobs, try them again, and know what is wrong with the installation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, SQLColumnExpression, case, func, select
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.errors import Conflict, Unknown, malformed_identifier
from archivo.identifiers import JobId, is_uuid
from archivo.intake.fate import Recognition, in_ranges, recognitions
from archivo.intake.processing import AGAIN
from archivo.jobs import Job, JobState, Queue
from archivo.records.models import Document, DocumentFinding, DocumentState
from archivo.records.rows import batches, in_order
from archivo.records.tombstones import check_stands
from archivo.web.tables import Order
from ingest.findings import CATALOGUE, Severity

PAGE: Final = 50
UNASKED: Final = frozenset({"signature.no_roots", "pdfa.undecided", "conform.no_verapdf"})
"""Findings that say no harm of a document, and may be others once the roots or the program are there that it lacked."""
MOST_LONG: Final = 20
NEWEST: Final = Order("created", descending=True)

KINDS: Final[Mapping[str, str]] = {
    "process": "Procesar un documento",
    "recognise": "Reconocer páginas",
    "index": "Poner en el buscador",
    "seal": "Sellar los actos en el paquete",
    "classify": "Proponer la clase",
    "train": "Entrenar el clasificador",
    "keep_trd": "Guardar la tabla de retención",
    "keep_fonds": "Guardar el fondo y sus oficinas",
    "migrate": "Migrar a un formato de preservación",
    "queue_migration": "Poner en cola una migración de formatos",
    "check": "Leer de nuevo lo guardado",
    "replicate": "Copiar lo guardado a otro lugar",
    "keep_ledger": "Guardar lo comprobado en el mes",
    "repair": "Restituir lo dañado",
    "delete": "Eliminar lo que un acto ordenó",
    "hold": "Retener en los servidores",
}
STATES: Final[Mapping[str, str]] = {"queued": "en espera", "running": "en curso", "done": "hecho", "failed": "falló"}

ORDERS: Final[Mapping[str, SQLColumnExpression[Any]]] = {
    "created": Job.id,  # made in the order of their birth
    "kind": case({kind: words for kind, words in KINDS.items()}, value=Job.kind, else_=Job.kind),
    "queue": Job.queue,
    "state": case({"failed": 0, "running": 1, "queued": 2}, value=Job.state, else_=3),
    "attempt": Job.attempt,
    "changed": func.coalesce(Job.finished_at, Job.started_at, Job.created_at),
}


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as lists show it. Of its object only the identifier: an operator sees no content."""

    id: str
    kind: str
    kind_in_words: str
    queue: str
    state: str
    object_id: str
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error_code: str | None
    error_detail: str | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How many jobs of a queue are in a state."""

    queue: str
    state: str
    count: int


def list_jobs(
    archive: Archive, actor: Actor, *, state: str | None = None, order: Order = NEWEST, limit: int = PAGE, offset: int = 0
) -> list[JobView]:
    """Some jobs in an order, newest first unless another is asked for; open and failed ones unless a state is."""
    require(archive, actor, Grant.SEE_JOBS)
    statement = in_order(_jobs(select(Job), state), order, ORDERS, Job.id)
    with archive.reading() as session:
        return [_view(job) for job in session.scalars(statement.limit(limit).offset(offset))]


def export_jobs(archive: Archive, actor: Actor, *, state: str | None = None, order: Order = NEWEST) -> Iterator[JobView]:
    """All of them, read some at a time. Leaves an entry in the trail."""
    require(archive, actor, Grant.SEE_JOBS)
    with archive.reading() as session:
        ids = list(session.scalars(in_order(_jobs(select(Job.id), state), order, ORDERS, Job.id)))
    audit.record_export(archive, actor.login, "jobs", len(ids))
    return (job for some in batches(ids) for job in _read(archive, some))


def list_recognitions(archive: Archive, actor: Actor) -> list[tuple[str, Recognition]]:
    """The documents that are being recognised by ranges of pages, and how far each is."""
    require(archive, actor, Grant.SEE_JOBS)
    with archive.reading() as session:
        return sorted(recognitions(session, list(in_ranges(session, limit=MOST_LONG))).items())


def count_jobs(archive: Archive, actor: Actor) -> list[QueueCount]:
    """How many jobs wait, run, are done and failed, by queue."""
    require(archive, actor, Grant.SEE_JOBS)
    with archive.reading() as session:
        counted = session.execute(select(Job.queue, Job.state, func.count()).group_by(Job.queue, Job.state).order_by(Job.queue, Job.state))
        return [QueueCount(queue, state, count) for queue, state, count in counted]


def retry_job(archive: Archive, actor: Actor, identifier: str) -> list[str]:
    """Queue again a failed job, or all the failed jobs of a document; their ids. Raises Malformed, Unknown, Conflict.

    A document of which something could not be read, or was read with doubts, is read anew, as its next version.
    """
    require(archive, actor, Grant.RETRY_JOBS, identifier)
    if not is_uuid(identifier):
        raise malformed_identifier(identifier)
    with archive.transaction() as transaction:
        session = transaction.session
        mine = select(Job).where((Job.id == identifier) | (Job.object_id == identifier)).order_by(Job.id)
        objects = {identifier, *(job.object_id for job in session.scalars(mine))}
        document = session.scalars(select(Document).where(Document.id.in_(objects)).with_for_update(key_share=True)).first()
        found = list(session.scalars(mine.with_for_update().execution_options(populate_existing=True)))
        if not found and document is None:
            raise Unknown("job.unknown", f"No hay un trabajo ni un documento «{identifier}».", "Vea la lista con «archivo jobs».")
        if document is not None:
            check_stands(document)
        failed = [job for job in found if job.state == JobState.FAILED]
        for job in failed:
            jobs.retry(session, job)
            transaction.sent.append((JobId(job.id), Queue(job.queue)))
        retried = [job.id for job in failed]
        if document is not None and document.state == DocumentState.FAILED:
            document.state = DocumentState.RECEIVED
            if not failed:
                retried.append(transaction.enqueue("process", document.id, queue=Queue.INGEST))
        elif document is not None and document.id == identifier and not retried and _may_be_read_anew(session, document):
            retried.append(transaction.enqueue("process", document.id, queue=Queue.INGEST, params={AGAIN: True}))
        if not retried:
            raise Conflict("job.not_failed", "Ese trabajo no ha fallado: no hay qué reintentar.", "Vea su estado en la lista de trabajos.")
        audit.record(transaction, actor.login, "job.retry", identifier, detail={"jobs": len(retried)})
    return retried


def _may_be_read_anew(session: Session, document: Document) -> bool:
    """Whether another reading may find more, and none is under way."""
    codes = session.scalars(select(DocumentFinding.code).where(DocumentFinding.document_id == document.id))
    is_lacking = any(CATALOGUE[code].severity != Severity.INFO or code in UNASKED for code in codes)
    return is_lacking and not any(job.kind in ("process", "recognise") for job in jobs.open_jobs(session, document.id))


def count_documents(archive: Archive) -> int:
    """How many documents this archive keeps."""
    with archive.reading() as session:
        return session.scalar(select(func.count()).select_from(Document)) or 0


def _jobs(statement: Select[Any], state: str | None) -> Select[Any]:
    return statement.where(Job.state == state) if state else statement.where(Job.state != JobState.DONE)


def _read(archive: Archive, ids: Sequence[str]) -> list[JobView]:
    with archive.reading() as session:
        found = {job.id: _view(job) for job in session.scalars(select(Job).where(Job.id.in_(ids)))}
    return [found[each] for each in ids if each in found]


def _view(job: Job) -> JobView:
    return JobView(
        job.id,
        job.kind,
        KINDS.get(job.kind, job.kind),
        job.queue,
        job.state,
        job.object_id,
        job.attempt,
        job.created_at,
        job.started_at,
        job.finished_at,
        job.error_code,
        job.error_detail,
        job.params,
    )
