"""Import TRD versions, know which is in force, and name their classes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import lock, rows_of
from archivo.errors import Invalid
from archivo.identifiers import new_uuid
from archivo.jobs import Job, JobState, Queue
from archivo.records.models import Document, DocumentState, Fonds, Office
from archivo.records.services import default_fonds
from archivo.retention.models import Classification, TrdClass, TrdVersion
from archivo.retention.trd_table import Problem, Severity, TRDTable


@dataclass(frozen=True, slots=True)
class TrdImport:
    """What an import did. `id` is None when nothing was imported; `unchanged`: the same bytes were there already."""

    id: str | None
    number: int | None
    classes: int
    unchanged: bool
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == Severity.ERROR)


@dataclass(frozen=True, slots=True)
class TrdView:
    """A TRD version as lists show it; days are ISO, both included, None without limit."""

    id: str
    number: int
    filename: str
    in_force_from: str | None
    in_force_to: str | None
    imported_at: datetime
    imported_by: str
    classes: int
    offices: int
    warnings: int


@dataclass(frozen=True, slots=True)
class ClassView:
    """A class of a TRD version."""

    key: str
    code: str
    label: str
    office_code: str
    office: str
    series_code: str
    series: str
    subseries: str | None
    ag_years: int | None
    ac_years: int | None
    disposition: str | None
    procedure: str


def import_trd(
    archive: Archive,
    actor: Actor,
    content: bytes,
    filename: str,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    dry_run: bool = False,
) -> TrdImport:
    """Import a TRD from CSV or XLSX as the next version of the fonds' TRD, with its training queued.

    The first version is in force without limit backwards unless `from_day` is given; the next ones from `from_day` (by default today),
    which ends the one before, unless that one goes on after `to_day`, the last day of the new one. The same bytes twice change nothing.
    Any error among the problems: nothing is imported.
    """
    from archivo.retention.trd_file import read_trd

    require(archive, actor, Grant.MANAGE_TRD)
    if from_day and to_day and to_day < from_day:
        raise _no_period()
    table = read_trd(content, filename)
    outcome = TrdImport(None, None, len(table.rows), False, table.problems)
    if dry_run or outcome.errors or not table.rows:
        return outcome
    digest = hashlib.sha256(content).hexdigest()
    with archive.transaction() as transaction:
        fonds = lock(transaction.session, Fonds, default_fonds(transaction, archive).id)
        same = transaction.session.scalars(select(TrdVersion).where(TrdVersion.fonds_id == fonds.id, TrdVersion.sha256 == digest)).first()
        if same is not None:
            return replace(outcome, id=same.id, number=same.number, unchanged=True)
        version = _add_version(transaction, fonds, table, from_day, to_day)
        version.filename, version.sha256, version.imported_by, version.source = filename, digest, actor.login, content
        transaction.enqueue("keep_trd", version.id, queue=Queue.SEAL, priority=2)
        audit.record(transaction, actor.login, "trd.import", version.id, detail={"number": version.number, "classes": len(table.rows)})
        transaction.enqueue("train", version.id, queue=Queue.TRAIN, priority=2)
        queue_unclassified(transaction, fonds.id)
        return replace(outcome, id=version.id, number=version.number)


def list_trd(archive: Archive, actor: Actor) -> list[TrdView]:
    """The versions of the fonds' TRD, newest first. A TRD is public (Ley 1712 de 2014, art. 12)."""
    with archive.reading() as session:
        counts = {
            trd_id: (classes, offices)
            for trd_id, classes, offices in session.execute(
                select(TrdClass.trd_id, func.count(), func.count(TrdClass.office_code.distinct())).group_by(TrdClass.trd_id)
            )
        }
        versions = session.scalars(select(TrdVersion).order_by(TrdVersion.number.desc()))
        return [
            TrdView(
                v.id,
                v.number,
                v.filename,
                v.in_force_from,
                v.in_force_to,
                v.imported_at,
                v.imported_by,
                *counts.get(v.id, (0, 0)),
                len(v.warnings),
            )
            for v in versions
        ]


def classes_of(archive: Archive, trd_id: str) -> list[ClassView]:
    """The classes of a version, in the order of the form."""
    with archive.reading() as session:
        return [class_view(c) for c in session.scalars(select(TrdClass).where(TrdClass.trd_id == trd_id).order_by(TrdClass.position))]


def trd_in_force(session: Session, fonds_id: str, day: str) -> TrdVersion | None:
    """The version in force on an ISO day: the table in force when the document was produced; the newest where two would be."""
    for version in reversed(rows_of(session, TrdVersion, "number", fonds_id=fonds_id)):
        if (version.in_force_from or "") <= day and (version.in_force_to is None or day <= version.in_force_to):
            return version
    return None


def trd_of_document(session: Session, document: Document, today: str) -> TrdVersion | None:
    """The version in force at the document's date, or today where it has none."""
    return trd_in_force(session, document.fonds_id, document.begins_on or today)


def resolve_class(session: Session, trd_id: str, code: str, office_code: str | None) -> TrdClass:
    """The class a person named: `OFFICE/CODE`, or a bare code resolved by the office, else if unique. Raises Invalid with candidates."""
    wanted = code.strip()
    is_named = or_(TrdClass.code == wanted, TrdClass.office_code + "/" + TrdClass.code == wanted)
    classes = list(session.scalars(select(TrdClass).where(TrdClass.trd_id == trd_id, is_named).order_by(TrdClass.position)))
    found = [c for c in classes if c.key == wanted] or classes
    if len(found) > 1 and office_code:
        found = [c for c in found if c.office_code == office_code] or found
    if len(found) == 1:
        return found[0]
    if not found:
        raise Invalid(
            "class.unknown",
            f"Ninguna clase de la tabla de retención vigente tiene el código «{wanted}». No se cambió nada.",
            "Búsquela en la tabla de retención, o escriba OFICINA/CÓDIGO.",
        )
    candidates = ", ".join(f"{c.key} ({c.office})" for c in found)
    raise Invalid(
        "class.ambiguous",
        f"El código «{wanted}» sirve a varias oficinas: {candidates}. No se cambió nada.",
        "Escriba OFICINA/CÓDIGO para decir cuál.",
    )


def queue_unclassified(transaction: Transaction, fonds_id: str) -> None:
    """Queue a proposal for each kept document that has no class yet."""
    kept = Document.state.in_((DocumentState.PRESERVED, DocumentState.FINDABLE))
    unclassified = (
        select(Document.id)
        .outerjoin(Classification, Classification.document_id == Document.id)
        .where(Document.fonds_id == fonds_id, kept, Classification.document_id.is_(None))
    )
    for document_id in transaction.session.scalars(unclassified.order_by(Document.id)):
        transaction.enqueue("classify", document_id, queue=Queue.INGEST, priority=6)


def class_view(item: TrdClass) -> ClassView:
    return ClassView(
        item.key,
        item.code,
        item.label,
        item.office_code,
        item.office,
        item.series_code,
        item.series,
        item.subseries,
        item.ag_years,
        item.ac_years,
        item.disposition,
        item.procedure,
    )


def _add_version(transaction: Transaction, fonds: Fonds, table: TRDTable, from_day: date | None, to_day: date | None) -> TrdVersion:
    session = transaction.session
    earlier = list(session.scalars(select(TrdVersion).where(TrdVersion.fonds_id == fonds.id).order_by(TrdVersion.number)))
    begins = from_day.isoformat() if from_day else transaction.now.date().isoformat() if earlier else None
    ends = to_day.isoformat() if to_day else None
    if begins and ends and ends < begins:
        raise _no_period()
    for version in earlier:
        last = version.in_force_to or "9999"
        if begins is not None and (version.in_force_from or "") < begins <= last <= (ends or last):
            version.in_force_to = (date.fromisoformat(begins) - timedelta(days=1)).isoformat()
            transaction.enqueue("keep_trd", version.id, queue=Queue.SEAL, priority=6)
    added = TrdVersion(
        id=new_uuid(transaction.now),
        fonds_id=fonds.id,
        number=earlier[-1].number + 1 if earlier else 1,
        in_force_from=begins,
        in_force_to=ends,
        filename="",
        sha256="",
        source=b"",
        imported_at=transaction.now,
        imported_by="",
        warnings=[{"line": p.line, "column": p.column, "code": p.code, "message": p.message} for p in table.problems],
    )
    session.add(added)
    session.flush()
    _add_classes(transaction, added, table)
    _add_offices(transaction, fonds, table)
    return added


def _no_period() -> Invalid:
    return Invalid(
        "trd.period",
        "La fecha final es anterior a la inicial, que es hoy si no se dice otra. No se importó nada.",
        "Corrija las fechas.",
    )


def _add_classes(transaction: Transaction, version: TrdVersion, table: TRDTable) -> None:
    for position, row in enumerate(table.rows, 1):
        transaction.session.add(
            TrdClass(
                id=new_uuid(transaction.now),
                trd_id=version.id,
                position=position,
                office_code=row.office_code,
                office=row.office,
                code=row.code,
                series_code=row.series_code,
                series=row.series,
                subseries_code=row.subseries_code,
                subseries=row.subseries,
                types=list(row.types),
                ag_years=row.ag_years,
                ac_years=row.ac_years,
                disposition=row.disposition,
                reproduction=row.reproduction,
                procedure=row.procedure,
                norms=list(row.norms),
            )
        )


def _add_offices(transaction: Transaction, fonds: Fonds, table: TRDTable) -> None:
    session = transaction.session
    known = set(session.scalars(select(Office.code).where(Office.fonds_id == fonds.id)))
    names = {row.office_code: row.office for row in reversed(table.rows)}
    added: Sequence[str] = sorted(set(names) - known)
    for code in added:
        session.add(Office(id=new_uuid(transaction.now), fonds_id=fonds.id, code=code, name=names[code]))
    if added:
        transaction.enqueue("keep_fonds", fonds.id, queue=Queue.SEAL, priority=6)


def objects_of_import(archive: Archive, trd_id: str) -> set[str]:
    """The objects whose jobs an import left: the version, its fonds, the versions it ended."""
    with archive.reading() as session:
        fonds_id = session.get_one(TrdVersion, trd_id).fonds_id
        versions = session.scalars(select(TrdVersion.id).where(TrdVersion.fonds_id == fonds_id))
        return {fonds_id, *versions}


def waiting_documents(archive: Archive) -> set[str]:
    """The documents that wait for a proposal."""
    with archive.reading() as session:
        return {job.object_id for job in session.scalars(select(Job).where(Job.kind == "classify", Job.state == JobState.QUEUED))}
