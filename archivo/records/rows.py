"""Conditions and orders for lists of rows: which documents an actor may know of, and by what a list goes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, literal_column, or_, select, true

from archivo.access.policy import AccessClass, Actor, labels_held
from archivo.records.models import Document, DocumentFinding, DocumentState
from archivo.web.tables import Order
from ingest.findings import CATALOGUE, Severity

Item = TypeVar("Item")
Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])
BATCH: Final = 500
_PLAIN: Final = (*zip("áéíóúüÁÉÍÓÚÜ", "aeiouuaeiouu", strict=True), ("ñ", "n~"), ("Ñ", "n~"))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The policy's labels as a condition on documents (access.policy, labels_of)."""
    public = and_(Document.published == true(), Document.access == AccessClass.PUBLICA)  # written so that SQLite looks it up in an index
    classes = [label.removeprefix("class:") for label in labels_held(actor) if label.startswith("class:")]
    own = [label.removeprefix("deposited:") for label in labels_held(actor) if label.startswith("deposited:")]
    more = [column.in_(values) for column, values in ((Document.access, classes), (Document.received_by, own)) if values]
    return or_(public, *more)


def is_unread() -> ColumnElement[bool]:
    """Whether something of a kept document could not be read, as its findings say."""
    grave = [code for code, entry in CATALOGUE.items() if entry.severity == Severity.ERROR]
    is_kept = Document.state.in_((DocumentState.PRESERVED, DocumentState.FINDABLE))
    return and_(is_kept, Document.id.in_(select(DocumentFinding.document_id).where(DocumentFinding.code.in_(grave))))


def alphabetical(column: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """A column by which Spanish is ordered in any database: capitals and accents aside, ñ after n."""
    return reduce(lambda plain, pair: func.replace(plain, *pair), _PLAIN, func.lower(column))


def beginning(column: SQLColumnExpression[Any], length: int) -> SQLColumnExpression[Any]:
    """The first characters of a column, written so that rows can be grouped by them in any database: without parameters."""
    return func.substr(column, literal_column("1"), literal_column(str(length)))


def in_order(
    statement: Statement, order: Order, columns: Mapping[str, SQLColumnExpression[Any]], identity: SQLColumnExpression[Any]
) -> Statement:
    """A statement in an order, what lacks its value at the end; rows that tie go by identity, so that pages neither repeat nor skip any."""
    chosen = columns[order.by]
    tie = identity.desc() if order.descending else identity.asc()
    if chosen is identity:
        return statement.order_by(tie)
    return statement.order_by(chosen.is_(None), chosen.desc() if order.descending else chosen.asc(), tie)


def batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    """The items, some at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
