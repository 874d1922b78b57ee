"""Deposit: bytes received are at once a valid OCFL object, version 1, and are never lost after the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from archivo.access.policy import AccessClass, Actor, Grant, require
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import is_full, without_nul
from archivo.errors import Invalid, NoRoom, Unavailable
from archivo.identifiers import DocumentId, new_uuid, urn
from archivo.intake.receiving import TakenForDead, abandon, claim_digest, take_back
from archivo.intake.recovery import end_receiving, still_receiving
from archivo.jobs import Queue
from archivo.records.dates import Edtf, parse_edtf
from archivo.records.fields import line_or_invalid
from archivo.records.holdings import note_package
from archivo.records.models import (
    Document,
    DocumentEvent,
    DocumentFinding,
    DocumentState,
    Fonds,
    Incoming,
    Office,
    RecordVersion,
    Representation,
)
from archivo.records.packaging import ORIGINAL, RecordRows, event_rows, write_metadata
from archivo.records.premis import premis_of
from archivo.records.services import MAX_TITLE, clean_line, default_fonds
from archivo.records.views import FindingView, finding_view
from archivo.retention import classification
from archivo.retention.models import TrdClass
from archivo.retention.services import resolve_class, trd_in_force
from archivo.web.spanish import series
from ingest.findings import Severity
from preservation.fixity import HashingReader
from preservation.premis import Event, EventType, Outcome
from preservation.store import Changed, StoreFull, StoreUnavailable

AGENT: Final = "Archivo"
MAX_FILENAME: Final = 4096
DESCRIBED: Final = "deposit.described"
"""The finding of a delivery whose bytes are held already with another description."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is said of a file with it. Empty values take the defaults of the contract. `date` is EDTF; `series` a class, confirmed."""

    title: str | None = None
    date: str | None = None
    office: str | None = None
    series: str | None = None
    document_type: str | None = None
    access: AccessClass = AccessClass.PUBLICA
    published: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrives: its bytes, read once to the end, and the last component of its name as given."""

    content: BinaryIO
    filename: str
    metadata: Metadata = Metadata()


@dataclass(frozen=True, slots=True)
class Deposited:
    """What became of one file (contract, deposit)."""

    id: str
    filename: str
    sha256: str
    size: int
    state: str
    duplicate_of: str | None
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    """Metadata found acceptable, before any byte is read."""

    fonds: Fonds
    title: str
    title_source: str
    edtf: Edtf | None
    office_code: str | None
    chosen: TrdClass | None
    document_type: str | None


class _Duplicate(Exception):
    """Raised at the end of the bytes, so that the store keeps nothing of them."""

    def __init__(self, existing: Document, size: int, checked: _Checked) -> None:
        super().__init__(existing.id)
        self.existing = existing
        self.size = size
        self.checked = checked


class _GuardedStream:
    """The bytes being received: digested while they pass; at their end, `at_end` may refuse them."""

    def __init__(self, source: BinaryIO, at_end: Callable[[str, int], None]) -> None:
        self._reader = HashingReader(source)
        self._at_end = at_end
        self._ended = False

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size if size >= 0 else 1 << 20)
        if not data and size != 0 and not self._ended:
            self._ended = True
            self._at_end(self._reader.digest().value, self._reader.size)
        return data


def deposit(archive: Archive, actor: Actor, upload: Upload) -> Deposited:
    """Receive one file and keep it. When this returns, nothing that is killed afterwards loses it.

    Bytes that this fonds already holds, in a document the actor may see, are not kept again: `duplicate_of` names it.
    Raises Refused, Invalid (the metadata; nothing stored), NoRoom, Unavailable; an error of reading `content` passes through.
    """
    require(archive, actor, Grant.DEPOSIT)
    if upload.metadata.published:
        require(archive, actor, Grant.PUBLISH)
    document_id = DocumentId(new_uuid(archive.clock()))
    archive.receiving.add(document_id)
    try:
        return _deposit(archive, actor, upload, document_id)
    finally:
        archive.receiving.discard(document_id)


def _deposit(archive: Archive, actor: Actor, upload: Upload, document_id: DocumentId) -> Deposited:
    try:
        with archive.transaction() as transaction:
            checked = check_metadata(transaction, archive, upload)
            transaction.session.add(Incoming(document_id=document_id, owner=archive.process, started_at=transaction.now))
        with archive.renewals.keeping(lambda: still_receiving(archive, document_id)):
            return _receive(archive, actor, upload, checked, document_id)
    except _Duplicate as duplicate:
        abandon(archive, document_id)
        return _note_duplicate(archive, actor, upload, duplicate)
    except (StoreFull, OperationalError) as fault:
        abandon(archive, document_id)
        if isinstance(fault, OperationalError) and not is_full(fault):
            raise
        raise NoRoom(
            "store.full",
            "No hay espacio para guardar este archivo. No se guardó ninguna parte de él; lo ya guardado sigue intacto.",
            "Avise a quien opera el sistema y envíelo otra vez cuando haya espacio.",
        ) from fault
    except TakenForDead as fault:
        kept = take_back(archive, document_id)
        if kept is not None:
            return Deposited(kept.id, upload.filename, kept.sha256, kept.size, kept.state, None, ())
        raise Unavailable(
            "deposit.interrupted",
            "El envío se detuvo demasiado tiempo y no se pudo terminar. El archivo no se recibió.",
            "Envíelo otra vez; si llegó a conservarse, no se duplica.",
        ) from fault
    except (StoreUnavailable, Changed) as fault:
        abandon(archive, document_id)
        raise Unavailable(
            "store.unavailable",
            "El almacén no responde. El archivo no se recibió.",
            "Envíelo otra vez en unos minutos; si sigue igual, avise a quien opera el sistema.",
        ) from fault
    except BaseException:
        abandon(archive, document_id)
        raise


def check_metadata(transaction: Transaction, archive: Archive, upload: Upload) -> _Checked:
    """Check what is said of a file against the fonds and the TRD in force. Raises Invalid."""
    given = upload.metadata
    fonds = default_fonds(transaction, archive)
    if len(upload.filename) > MAX_FILENAME:
        raise Invalid("filename.long", "El nombre del archivo pasa de 4.096 caracteres. No se recibió.", "Acorte el nombre.")
    if given.published and given.access != AccessClass.PUBLICA:
        raise Invalid(
            "publish.restricted",
            "Un documento clasificado o reservado no se puede publicar. No se recibió.",
            "Quite la publicación, o entréguelo como público si lo es.",
        )
    edtf = parse_edtf(given.date.strip()) if given.date and given.date.strip() else None
    office = (given.office or "").strip() or None
    if office and not _office_exists(transaction.session, fonds.id, office):
        raise Invalid("document.office", f"No existe la oficina «{office}». No se recibió.", "Use el código de la tabla de retención.")
    chosen = None
    if given.series and given.series.strip():
        day = edtf.begins_on if edtf else transaction.now.date().isoformat()
        version = trd_in_force(transaction.session, fonds.id, day)
        if version is None:
            raise Invalid(
                "classification.no_trd",
                "Se dio una serie, pero no hay una tabla de retención vigente para esa fecha. No se recibió.",
                "Importe la tabla de retención, o entregue el documento sin serie.",
            )
        chosen = resolve_class(transaction.session, version.id, given.series, office)
    title = clean_line(given.title or "")
    if len(title) > MAX_TITLE:
        raise Invalid("document.title", "El título pasa de mil caracteres. No se recibió.", "Acórtelo.")
    stem = clean_line(PurePath(upload.filename).stem) or "Sin título"
    return _Checked(
        fonds=fonds,
        title=title or stem[:MAX_TITLE],
        title_source="person" if title else "filename",
        edtf=edtf,
        office_code=office or (chosen.office_code if chosen else None),
        chosen=chosen,
        document_type=line_or_invalid("document_type", clean_line(given.document_type or ""), "No se recibió."),
    )


def _receive(archive: Archive, actor: Actor, upload: Upload, checked: _Checked, document_id: DocumentId) -> Deposited:
    def at_end(sha256: str, size: int) -> None:
        existing = claim_digest(archive, actor, checked.fonds.id, sha256, document_id)
        if existing is not None:
            raise _Duplicate(existing, size, checked)

    with archive.packages.new_version(urn(document_id), base=None, is_new=True) as writer:
        stored = writer.put(ORIGINAL, _GuardedStream(upload.content, at_end))  # type: ignore[arg-type]  # read() is all a store asks
        assert stored.digest is not None
        rows = _received_rows(archive, actor, upload, checked, document_id, stored.digest.value, stored.size)
        write_metadata(writer, rows, premis_of(rows))
        inventory = writer.commit("Recepción", actor.login, "", rows.document.received_at)
    with archive.transaction() as transaction:
        if not end_receiving(transaction.session, archive.process, document_id):
            raise TakenForDead(document_id)
        _insert(transaction, rows, checked, actor)
        audit.record(transaction, actor.login, "document.deposit", document_id, detail={"sha256": rows.document.sha256})
        note_package(transaction, actor.login, document_id, inventory)
        transaction.enqueue("process", document_id, queue=Queue.INGEST)
    findings = tuple(finding_view(f.code, f.params) for f in rows.findings)
    return Deposited(document_id, upload.filename, rows.document.sha256, stored.size, DocumentState.RECEIVED, None, findings)


def _insert(transaction: Transaction, rows: RecordRows, checked: _Checked, actor: Actor) -> None:
    session = transaction.session
    session.add(rows.document)
    session.flush()
    session.add_all([*rows.versions, *rows.representations, *rows.events, *rows.findings])
    session.flush()
    if checked.chosen is not None:
        chosen = session.get_one(TrdClass, checked.chosen.id)
        classification.decide(transaction, rows.document, chosen, actor.login)


def _received_rows(
    archive: Archive, actor: Actor, upload: Upload, checked: _Checked, document_id: DocumentId, sha256: str, size: int
) -> RecordRows:
    now = archive.clock()
    given = upload.metadata
    document = Document(
        id=document_id,
        fonds_id=checked.fonds.id,
        office_code=checked.office_code,
        state=DocumentState.RECEIVED,
        title=checked.title,
        title_source=checked.title_source,
        description="",
        date=checked.edtf.text if checked.edtf else None,
        date_source="person" if checked.edtf else None,
        begins_on=checked.edtf.begins_on if checked.edtf else None,
        ends_on=checked.edtf.ends_on if checked.edtf else None,
        document_type=checked.document_type,
        access=given.access,
        published=given.published,
        published_at=now if given.published else None,
        filename=without_nul(upload.filename),
        size=size,
        sha256=sha256,
        received_at=now,
        received_by=actor.login,
        part_count=0,
        is_doubtful=False,
        version=1,
        sealed_version=1,
        ocfl_version=1,
        proposals={},
    )
    received = Event(
        EventType.RECEPTION, Outcome.SUCCESS, AGENT, now, "received", {"filename": upload.filename, "size": size, "sha256": sha256}
    )
    digested = Event(EventType.MESSAGE_DIGEST_CALCULATION, Outcome.SUCCESS, AGENT, now, "digest", {})
    found = [DocumentFinding(document_id=document_id, sequence=1, code="file.empty", params={})] if size == 0 else []
    given_class = {"trd_id": checked.chosen.trd_id, "key": checked.chosen.key, "actor": actor.login} if checked.chosen else None
    first: dict[str, Any] = {"title": [None, checked.title], "access": [None, str(given.access)]}
    return RecordRows(
        fonds=checked.fonds,
        document=document,
        versions=[RecordVersion(document_id=document_id, n=1, at=now, actor=actor.login, act="deposit", changes=first, sealed_in=1)],
        representations=[
            Representation(document_id=document_id, role="original", path=ORIGINAL, mime=None, puid=None, sha256=sha256, size=size)
        ],
        parts=[],
        events=event_rows(document_id, [received, digested]),
        findings=found,
        sections={"classification": None, "decisions": [], "given_class": given_class},
    )


def _note_duplicate(archive: Archive, actor: Actor, upload: Upload, duplicate: _Duplicate) -> Deposited:
    existing = duplicate.existing
    with archive.transaction() as transaction:
        if upload.filename != existing.filename and not _was_noted(transaction.session, existing.id, upload.filename):
            event = Event(
                EventType.RECEPTION,
                Outcome.SUCCESS,
                AGENT,
                transaction.now,
                "received.again",
                {"filename": upload.filename, "actor": actor.login},
            )
            classification.add_event(transaction, existing.id, event)
        audit.record(transaction, actor.login, "document.deposit_again", existing.id)
        state = transaction.session.get_one(Document, existing.id).state
        findings = (*_findings(transaction.session, existing.id), *_left_aside(transaction.session, duplicate, upload.metadata))
    return Deposited(existing.id, upload.filename, existing.sha256, duplicate.size, state, existing.id, findings)


def _left_aside(session: Session, duplicate: _Duplicate, given: Metadata) -> list[FindingView]:
    """That what was said now of bytes held already is not what the record says, and changes nothing in it."""
    existing, checked = duplicate.existing, duplicate.checked
    said = {
        "el título": (checked.title_source == "person", checked.title, existing.title),
        "la fecha": (checked.edtf, checked.edtf and checked.edtf.text, existing.date),
        "la oficina": (given.office, checked.office_code, existing.office_code),
        "la serie": (checked.chosen, checked.chosen and checked.chosen.key, checked.chosen and classification.key_of(session, existing.id)),
        "el tipo documental": (given.document_type, clean_line(given.document_type or "")[:200], existing.document_type),
        "el acceso": (True, given.access, existing.access),
        "la publicación": (given != Metadata(), given.published, existing.published),
    }
    other = [name for name, (is_said, now, held) in said.items() if is_said and now != held]
    if not other:
        return []
    message = f"Estos bytes ya estaban guardados y el documento conserva lo que decía. De lo que llegó ahora no se tomó {series(other)}."
    return [FindingView(DESCRIBED, Severity.WARNING, message, "Revise el documento que ya estaba y corríjalo si hace falta.")]


def _findings(session: Session, document_id: str) -> tuple[FindingView, ...]:
    found = session.scalars(select(DocumentFinding).filter_by(document_id=document_id).order_by(DocumentFinding.sequence))
    return tuple(finding_view(f.code, f.params) for f in found)


def _was_noted(session: Session, document_id: str, filename: str) -> bool:
    """Whether the document was received under this name before: a delivery that is resumed notes nothing twice."""
    events = session.scalars(select(DocumentEvent).filter_by(document_id=document_id, code="received.again"))
    return any(event.params.get("filename") == filename for event in events)


def _office_exists(session: Session, fonds_id: str, code: str) -> bool:
    return session.scalars(select(Office).where(Office.fonds_id == fonds_id, Office.code == code)).first() is not None


def outcome_of(archive: Archive, actor: Actor, deposited: Deposited) -> Deposited:
    """What became of a file since it was deposited."""
    with archive.reading() as session:
        document = session.get_one(Document, deposited.id)
        findings = _findings(session, document.id)
    of_delivery = [found for found in deposited.findings if found.code == DESCRIBED]
    return replace(deposited, state=document.state, findings=(*findings, *of_delivery))


def fonds_of(archive: Archive, document_ids: Sequence[str]) -> set[str]:
    """The fonds that hold these documents."""
    with archive.reading() as session:
        return set(session.scalars(select(Document.fonds_id).where(Document.id.in_(document_ids))))
