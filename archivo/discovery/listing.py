"""The documents of the archive as rows of a table, for those who work with them: in any state, as far as each may see."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, func, or_, select

from archivo.access.policy import Actor, scope
from archivo.archive import Archive
from archivo.audit.services import record_export
from archivo.records.models import Document, DocumentState
from archivo.records.rows import alphabetical, batches, in_order, is_unread, visible_to
from archivo.retention.classification import DECIDED
from archivo.retention.models import Classification, TrdClass
from archivo.web.tables import Order
from search.index import Query
from search.query import worded

MOST_FOUND: Final = 500
"""Of the documents that answer some words, how many of the best are listed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of documents is asked for: the words and filters of a search, and how they stand and are classified ("" : all)."""

    query: Query
    standing: str = ""
    access: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as a table shows it. `date` is EDTF; `size` in bytes; the series is the one decided, by a person or by the model."""

    id: str
    title: str
    date: str | None
    document_type: str | None
    number: str | None
    producer: str | None
    office_code: str | None
    series_code: str | None
    series: str | None
    access: str
    published: bool
    standing: str
    is_doubtful: bool
    is_unread: bool
    part_count: int
    filename: str
    size: int
    sha256: str
    received_at: datetime
    received_by: str


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some rows of a list and how many it has. `is_cut`: more documents answer the words, worse than those listed; `notes`: what of the
    words was not looked for, in a sentence.
    """

    rows: tuple[DocumentRow, ...]
    total: int
    is_cut: bool
    notes: tuple[str, ...]


STANDING: Final[ColumnElement[str]] = case(
    (Document.state == DocumentState.FAILED, "failed"),
    (Document.state == DocumentState.DELETED, "deleted"),
    (Document.state.in_((DocumentState.RECEIVED, DocumentState.PROCESSING)), "in process"),
    (Document.published, "published"),
    else_="unpublished",
)
"""How a document stands."""
ORDERS: Final[dict[str, SQLColumnExpression[Any]]] = {
    "received": Document.id,  # made in the order of arrival
    "title": alphabetical(Document.title),
    "date": Document.begins_on,
    "type": alphabetical(Document.document_type),
    "series": alphabetical(TrdClass.series),
    "access": Document.access,
    "standing": case({"failed": 0, "in process": 1, "unpublished": 2, "deleted": 4}, value=STANDING, else_=3),  # as it calls for work
    "parts": Document.part_count,
}


def list_documents(archive: Archive, actor: Actor, wanted: Wanted, order: Order, *, limit: int, offset: int) -> DocumentPage:
    """Some of the documents this actor may see that are wanted."""
    listed, is_cut, notes = _listed(archive, actor, wanted)
    with archive.reading() as session:
        total = session.scalar(select(func.count()).select_from(listed.subquery())) or 0
        ordered = in_order(listed.with_only_columns(Document.id), order, ORDERS, Document.id)
        ids = list(session.scalars(ordered.limit(limit).offset(offset)))
    return DocumentPage(tuple(_rows(archive, actor, ids)), total, is_cut, notes)


def export_documents(archive: Archive, actor: Actor, wanted: Wanted, order: Order) -> Iterator[DocumentRow]:
    """All of them, read some at a time; what each row tells is asked of the policy again when it is read. Leaves an entry in the trail."""
    ids = ids_listed(archive, actor, wanted, order)
    record_export(archive, actor.login, "documents", len(ids))
    return (row for some in batches(ids) for row in _rows(archive, actor, list(some)))


def ids_listed(archive: Archive, actor: Actor, wanted: Wanted, order: Order, most: int | None = None) -> list[str]:
    """The documents of a list, in its order, at most so many."""
    listed, _, _ = _listed(archive, actor, wanted)
    with archive.reading() as session:
        return list(session.scalars(in_order(listed.with_only_columns(Document.id), order, ORDERS, Document.id).limit(most)))


def listed(archive: Archive, actor: Actor, wanted: Wanted) -> ColumnElement[bool]:
    """That a document is in a list, of those with words as far as the list goes: a condition on documents."""
    statement, _, _ = _listed(archive, actor, wanted)
    return Document.id.in_(statement.with_only_columns(Document.id))


def chosen(actor: Actor, query: Query) -> Select[Any]:
    """The documents this actor may see that pass the filters of a search."""
    statement = select(Document).where(visible_to(actor))
    if query.from_year is not None:
        statement = statement.where(func.coalesce(Document.ends_on, Document.begins_on) >= f"{query.from_year:04d}")
    if query.to_year is not None:
        statement = statement.where(Document.begins_on < f"{query.to_year + 1:04d}")
    if kind := query.filters.get("type"):
        statement = statement.where(Document.document_type == kind)
    if code := query.filters.get("series"):
        statement = statement.where(Document.id.in_(_of_series(code)))
    return statement


def _listed(archive: Archive, actor: Actor, wanted: Wanted) -> tuple[Select[Any], bool, tuple[str, ...]]:
    statement = chosen(actor, wanted.query)
    is_cut = False
    notes: tuple[str, ...] = ()
    if wanted.query.text:
        results = archive.index.search(replace(wanted.query, limit=MOST_FOUND, offset=0), scope=scope(actor))
        statement = statement.where(Document.id.in_([hit.document for hit in results.hits]))
        is_cut = len(results.hits) >= MOST_FOUND
        notes = tuple(worded(note) for note in results.notes if note.code == "cut")
    if wanted.standing:
        statement = statement.where(STANDING.in_((wanted.standing,)))
    if wanted.access:
        statement = statement.where(Document.access == wanted.access)
    return _with_series(statement), is_cut, notes


def _with_series(statement: Select[Any]) -> Select[Any]:
    decided = (Classification.document_id == Document.id) & Classification.status.in_(DECIDED)
    return statement.outerjoin(Classification, decided).outerjoin(TrdClass, TrdClass.id == Classification.class_id)


def _rows(archive: Archive, actor: Actor, ids: list[str]) -> list[DocumentRow]:
    """The rows of these documents, in this order, without those that the actor may not see."""
    seen = _with_series(select(Document).where(Document.id.in_(ids), visible_to(actor))).add_columns(TrdClass, STANDING, is_unread())
    with archive.reading() as session:
        rows = {document.id: _row(document, item, standing, lacks) for document, item, standing, lacks in session.execute(seen)}
    return [rows[each] for each in ids if each in rows]


def _row(document: Document, item: TrdClass | None, standing: str, lacks_text: bool) -> DocumentRow:
    return DocumentRow(
        id=document.id,
        title=document.title,
        date=document.date,
        document_type=document.document_type,
        number=document.number,
        producer=document.producer,
        office_code=document.office_code,
        series_code=item.series_code if item else None,
        series=item.series if item else None,
        access=document.access,
        published=document.published,
        standing=standing,
        is_doubtful=document.is_doubtful,
        is_unread=lacks_text,
        part_count=document.part_count,
        filename=document.filename,
        size=document.size,
        sha256=document.sha256,
        received_at=document.received_at,
        received_by=document.received_by,
    )


def _of_series(code: str) -> Select[Any]:
    return (
        select(Classification.document_id)
        .join(TrdClass, TrdClass.id == Classification.class_id)
        .where(Classification.status.in_(DECIDED), or_(TrdClass.code == code, TrdClass.series_code == code))
    )
