"""An act on several documents at once, before it is done: what will become of each, and why some are left as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.access.policy import AccessClass, Actor, Grant, require
from archivo.archive import Archive
from archivo.errors import ArchivoError, Invalid
from archivo.identifiers import is_uuid
from archivo.records.models import Document, DocumentState
from archivo.records.rows import visible_to
from archivo.records.services import clean_line
from archivo.retention.classification import DECIDED, Status, class_named
from archivo.retention.models import Classification, TrdClass

MOST: Final = 500
MAX_VALUE: Final = 200


class Act(StrEnum):
    """What can be done on several documents."""

    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    CLASSIFY = "classify"
    TYPE = "type"


GRANTS: Final[Mapping[Act, Grant]] = {
    Act.PUBLISH: Grant.PUBLISH,
    Act.WITHDRAW: Grant.PUBLISH,
    Act.CONFIRM: Grant.CLASSIFY,
    Act.CLASSIFY: Grant.CLASSIFY,
    Act.TYPE: Grant.DESCRIBE,
}


VALUED: Final = (Act.CLASSIFY, Act.TYPE)
"""What gives each document a value that the person says."""


@dataclass(frozen=True, slots=True)
class Target:
    """A document to act on: the version that the person saw, and the class or type that it is to have, where the act gives one."""

    id: str
    version: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What will become of a document. `why`: the code of what leaves it as it is, None when the act can be done.

    `now` and `then` are its class or its type before and after, where the act changes one.
    """

    target: Target
    title: str
    now: str | None
    then: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act would do, in the order in which the documents were chosen. `unknown`: how many the person may not know of."""

    act: Act
    documents: tuple[Planned, ...]
    unknown: int

    @property
    def doing(self) -> tuple[Planned, ...]:
        return tuple(one for one in self.documents if one.why is None)


def plan(archive: Archive, actor: Actor, act: Act, ids: Sequence[str], value: str = "") -> Plan:
    """What would become of these documents. `value`: the code of the class, or the type, that they are to have.

    Nothing is written. Raises Refused; Invalid for too many documents, or for a class or type that cannot be.
    """
    require(archive, actor, GRANTS[act])
    if act in VALUED:
        value = _checked(act, value)
    return plan_each(archive, actor, act, {each: (None, value) for each in ids})


def plan_each(archive: Archive, actor: Actor, act: Act, wanted: Mapping[str, tuple[int | None, str]]) -> Plan:
    """`plan`, with the version that each document must still have, and what each is to have."""
    require(archive, actor, GRANTS[act])
    check_number(len(wanted))
    with archive.reading() as session:
        seen = select(Document).where(Document.id.in_([each for each in wanted if is_uuid(each)]), visible_to(actor))
        found = {document.id: document for document in session.scalars(seen)}
        today = archive.clock().date().isoformat()
        planned = tuple(_planned(session, found[each], act, *wanted[each], today) for each in wanted if each in found)
    return Plan(act, planned, len(wanted) - len(planned))


def check_number(number: int) -> None:
    """Raise Invalid for more documents than are acted on at once, or for none."""
    if number > MOST:
        raise Invalid(
            "bulk.too_many",
            f"Se puede actuar sobre {MOST} documentos a la vez y se eligieron más. No se cambió nada.",
            "Acote la lista con los filtros y hágalo por partes.",
        )
    if not number:
        raise Invalid("bulk.none", "No se eligió ningún documento. No se cambió nada.", "Marque los documentos en la lista y continúe.")


def _checked(act: Act, value: str) -> str:
    """A type of document, or the code of a class, as it is kept. Raises Invalid for none, or one too long."""
    text = clean_line(value)
    if 1 <= len(text) <= MAX_VALUE:
        return text
    if act == Act.TYPE:
        raise Invalid("bulk.type", f"Escriba el tipo de documento, de {MAX_VALUE} caracteres como mucho.", "Por ejemplo, Resolución.")
    raise Invalid("bulk.class", "Escriba el código de la clase.", "Por ejemplo, 100-02-01 o 100/100-02-01.")


def _planned(session: Session, document: Document, act: Act, version: int | None, value: str, today: str) -> Planned:
    now = then = why = None
    if version is not None and document.version != version:
        why = "document.changed"
    elif document.state == DocumentState.DELETED:
        why = "document.deleted"
    elif act == Act.PUBLISH:
        why = "publish.restricted" if document.access != AccessClass.PUBLICA else "same.published" if document.published else None
    elif act == Act.WITHDRAW:
        why = None if document.published else "same.withdrawn"
    elif act == Act.TYPE:
        now, then = document.document_type, value or None
        why = "same.type" if now == then else None
    else:
        value, now, then, why = _class_planned(session, document, act, value, today)
    return Planned(Target(document.id, document.version, value), document.title, now, then, why)


def _class_planned(
    session: Session, document: Document, act: Act, value: str, today: str
) -> tuple[str, str | None, str | None, str | None]:
    """The key of the class that a document is to have, its class now and then, in words, and what prevents it."""
    row = session.get(Classification, document.id)
    item = session.get(TrdClass, row.class_id) if row and row.class_id else None
    is_decided = row is not None and row.status in DECIDED
    now = words_of(item) if item and is_decided else None
    if act == Act.CONFIRM:
        if row is not None and row.status == Status.CONFIRMED:
            return "", now, None, "same.confirmed"
        if row is None or item is None or row.status == Status.ABSTAINED:
            return "", now, None, "no.proposal"
        value = item.key
    try:
        chosen = class_named(session, document, value, today)
    except ArchivoError as error:
        return value, now, None, error.code
    is_same = row is not None and row.status == Status.CONFIRMED and row.class_id == chosen.id
    return chosen.key, now, words_of(chosen), "same.class" if is_same else None


def words_of(item: TrdClass) -> str:
    """A class in a few words: its name and its code."""
    return f"{item.label} ({item.key})"
