"""Read a record as a person may see it, and the acts that change one."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.access.policy import AccessClass, Actor, Grant, may_see, require
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import HELD, added, rows_of, without_nul
from archivo.errors import Conflict, Invalid, Unknown, malformed_identifier, unknown_document
from archivo.identifiers import DocumentId, is_uuid, new_uuid, urn
from archivo.jobs import Queue
from archivo.records.dates import parse_edtf
from archivo.records.fields import line_or_invalid
from archivo.records.following import index_ahead, reindex
from archivo.records.models import (
    Document,
    DocumentPart,
    DocumentState,
    Fonds,
    Office,
    RecordVersion,
    Representation,
)
from archivo.records.packaging import open_file, read_bytes
from archivo.records.tombstones import check_stands
from archivo.records.views import DocumentView, PartView, RepresentationView, part_view, representation_view, view_of

if TYPE_CHECKING:
    from ingest.step import Word

MAX_TITLE: Final = 1000
MAX_PARTS: Final = 2**31 - 1
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

Then = Callable[[Transaction, Document], None]
"""What is done besides in the transaction of an act that changed a record, once it did."""


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of a document and the original's own name.

    `open(start, length)` gives its bytes, or some of them; `local` is its path, to be read only, where the store is a local directory.
    """

    representation: RepresentationView
    filename: str
    local: Path | None
    open: Callable[[int, int | None], BinaryIO]


def visible_document(session: Session, actor: Actor, document_id: str, *, held: bool = False) -> Document:
    """The row of a document the actor may know of, held until the transaction ends when it is to be changed.

    Raises Malformed or Unknown, told alike for what is not there and what is not theirs; Conflict for one to be changed that was deleted.
    """
    if not is_uuid(document_id):
        raise malformed_identifier(document_id)
    document = session.get(Document, document_id, with_for_update=HELD if held else None)
    if document is None or not may_see(actor, document.access, document.published, document.received_by):
        raise unknown_document(document_id)
    if held:
        check_stands(document)
    return document


def view_document(archive: Archive, actor: Actor, document_id: str) -> DocumentView:
    """Everything about one record that this actor may see. A citizen's reading leaves no trace; that of a restricted record does."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        view = view_of(session, document)
    note_reading(archive, actor, document_id, "document.view")
    return view


def note_reading(archive: Archive, actor: Actor, document_id: str, act: str) -> None:
    """Leave in the trail that a person read a restricted record, or took a copy of it. Raises Unknown."""
    with archive.reading() as session:
        is_public = visible_document(session, actor, document_id).access == AccessClass.PUBLICA
    if not is_public and not actor.is_citizen:
        with archive.transaction() as transaction:
            audit.record(transaction, actor.login, act, document_id)


def view_parts(archive: Archive, actor: Actor, document_id: str, number: int | None = None) -> list[PartView]:
    """The parts and texts of a document, or one of them. Raises Unknown when there is no such part, Conflict for one that was deleted."""
    with archive.reading() as session:
        check_stands(visible_document(session, actor, document_id))
        statement = select(DocumentPart).where(DocumentPart.document_id == document_id).order_by(DocumentPart.number)
        if number is not None:
            statement = statement.where(DocumentPart.number == max(0, min(number, MAX_PARTS)))
        parts = [part_view(part) for part in session.scalars(statement)]
    if number is not None and not parts:
        raise Unknown("part.unknown", f"El documento no tiene una parte {number}.", "Pida una parte entre la primera y la última.")
    return parts


def words_of(archive: Archive, actor: Actor, document_id: str, numbers: list[int]) -> dict[int, tuple["Word", ...]]:
    """The words of pages with their boxes, in points from the top left of the page as shown; empty where there are none."""
    with archive.reading() as session:
        visible_document(session, actor, document_id)
        rows = session.execute(
            select(DocumentPart.number, DocumentPart.alto).where(DocumentPart.document_id == document_id, DocumentPart.number.in_(numbers))
        )
        files: dict[str, set[int]] = {}
        for number, alto in rows:
            if alto:
                files.setdefault(alto, set()).add(number)
    words: dict[int, tuple[Word, ...]] = {number: () for number in numbers}
    for alto, wanted in files.items():
        words |= words_in(archive, document_id, alto, wanted)
    return words


def words_in(archive: Archive, document_id: str, alto: str, numbers: Collection[int]) -> dict[int, tuple["Word", ...]]:
    """The words of pages, read from the file of the package that holds them, of a document that the caller may show."""
    from ingest.alto import words

    return words(read_bytes(archive, document_id, alto), numbers)


def find_file(archive: Archive, actor: Actor, document_id: str, role: str) -> HeldFile:
    """A file of the document: the original, or a copy by its role. Raises Unknown, Conflict for one that was deleted."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        check_stands(document)
        row = session.get(Representation, (document_id, role))
    if row is None:
        raise Unknown("representation.unknown", "El documento no tiene esa copia.", "Descargue el original, que siempre se conserva.")
    local = archive.packages.local_path(urn(document_id), row.path)
    return HeldFile(representation_view(row), document.filename, local, partial(open_file, archive, document_id, row.path))


def describe(
    archive: Archive,
    actor: Actor,
    document_id: str,
    changes: Mapping[str, str | None],
    *,
    seen_version: int | None = None,
    then: Then | None = None,
) -> int:
    """Change title, date, document type, number, producer, description, office or access; the version number then.

    Raises Invalid for an unusable value, Conflict when the record changed since `seen_version`. Restricting withdraws a published record.
    """
    require(archive, actor, Grant.DESCRIBE, document_id)
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        planned = _planned_changes(session, document, changes)
    if planned.get("access", AccessClass.PUBLICA) == AccessClass.PUBLICA:
        with archive.transaction() as transaction:
            return _described(transaction, actor, document_id, planned, seen_version, then)
    with index_ahead(archive) as ahead:
        with archive.transaction() as transaction:
            ahead.begin(transaction, visible_document(transaction.session, actor, document_id, held=True))
        archive.index.remove([document_id])
        with ahead.transaction(document_id) as transaction:
            return _described(transaction, actor, document_id, planned, seen_version, then)


def _described(
    transaction: Transaction, actor: Actor, document_id: str, planned: Mapping[str, Any], seen_version: int | None, then: Then | None
) -> int:
    document = visible_document(transaction.session, actor, document_id, held=True)
    check_unchanged(document, seen_version)
    if planned.get("access", AccessClass.PUBLICA) != AccessClass.PUBLICA and document.published:
        planned = {**planned, "published": False, "published_at": None}
    if all(getattr(document, name) == value for name, value in planned.items()):
        return document.version
    record_act(transaction, document, actor.login, "describe", planned)
    audit.record(transaction, actor.login, "document.describe", document_id, detail={"fields": sorted(planned)})
    reindex(transaction, document)
    if then is not None:
        then(transaction, document)
    return document.version


def check_unchanged(document: Document, seen_version: int | None) -> None:
    """Raise Conflict when a record, held, is not what the person who acts on it saw; None: they did not say what they saw."""
    if seen_version is not None and document.version != seen_version:
        raise Conflict(
            "document.changed",
            "Otra persona cambió este documento después de que usted lo abrió. No se guardó nada de lo que usted hizo.",
            "Revise los cambios recientes y vuelva a hacer los suyos.",
        )


def record_act(transaction: Transaction, document: Document, actor: str, act: str, changes: Mapping[str, Any]) -> None:
    """Apply `changes` (field -> new value) to a record as its next version, and queue its sealing.

    Values that are no column of the record are history only, given as [before, after].
    """
    noted: dict[str, Any] = {}
    for name, value in changes.items():
        if name in Document.__table__.columns:
            before = getattr(document, name)
            if before == value:
                continue
            if not isinstance(value, datetime) and not isinstance(before, datetime):
                noted[name] = [before, value]
            setattr(document, name, value)
        else:
            noted[name] = value
    document.version += 1
    transaction.changes_catalogue = True
    transaction.session.add(
        RecordVersion(document_id=document.id, n=document.version, at=transaction.now, actor=actor, act=act, changes=noted, sealed_in=None)
    )
    transaction.enqueue("seal", document.id, queue=Queue.SEAL, priority=7)


def default_fonds(transaction: Transaction, archive: Archive) -> Fonds:
    """The institution's own fonds; made at first use."""
    code = archive.institution.entity_code
    standing = rows_of(transaction.session, Fonds, code=code)
    if standing:
        return standing[0]
    fonds = Fonds(id=new_uuid(transaction.now), code=code, name=archive.institution.entity_name, created_at=transaction.now, ocfl_version=0)
    if not added(transaction.session, fonds):
        (fonds,) = rows_of(transaction.session, Fonds, code=code)
        return fonds
    transaction.enqueue("keep_fonds", fonds.id, queue=Queue.SEAL, priority=6)
    return fonds


def documents_by_digest(session: Session, fonds_id: str, sha256: str) -> list[Document]:
    """The documents of a fonds that hold an original of this digest, oldest first."""
    found = rows_of(session, Document, "id", fonds_id=fonds_id, sha256=sha256)
    return [document for document in found if document.state != DocumentState.DELETED]


def clean_line(text: str) -> str:
    """A text for one line: without control or direction characters, spaces joined."""
    return " ".join(_CONTROL.sub(" ", text).split())


def as_document_id(text: str) -> DocumentId:
    """Check a text that should be an identifier. Raises Malformed."""
    if not is_uuid(text):
        raise malformed_identifier(text)
    return DocumentId(text)


def _planned_changes(session: Session, document: Document, changes: Mapping[str, str | None]) -> dict[str, Any]:
    planned: dict[str, Any] = {}
    for name, value in changes.items():
        text = clean_line(value or "") if name != "description" else without_nul(value or "").strip()
        match name:
            case "title":
                if not 1 <= len(text) <= MAX_TITLE:
                    raise Invalid("document.title", "El título no puede quedar vacío ni pasar de mil caracteres.", "Escriba un título.")
                planned |= {"title": text, "title_source": "person"}
            case "date":
                edtf = parse_edtf(text) if text else None
                planned |= {"date": edtf and edtf.text, "begins_on": edtf and edtf.begins_on, "ends_on": edtf and edtf.ends_on}
                planned["date_source"] = "person" if edtf else None
            case "access":
                if text not in set(AccessClass):
                    raise Invalid("document.access", f"«{text}» no es un nivel de acceso.", "Elija pública, clasificada o reservada.")
                planned["access"] = text
            case "office_code":
                if (
                    text
                    and session.scalars(select(Office).where(Office.fonds_id == document.fonds_id, Office.code == text)).first() is None
                ):
                    raise Invalid("document.office", f"No existe la oficina «{text}».", "Elija una oficina de la tabla de retención.")
                planned["office_code"] = text or None
            case "document_type" | "number" | "producer":
                planned[name] = line_or_invalid(name, text)
            case "description":
                planned["description"] = text
            case _:
                raise Invalid("document.field", f"«{name}» no es un campo que se pueda cambiar.", "Revise los nombres de los campos.")
    return planned
