"""Holds: why a document may not be deleted, whoever orders it, until somebody lifts them. Its package keeps them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.database import rows_of
from archivo.errors import Conflict, Invalid
from archivo.identifiers import new_uuid
from archivo.records.models import LegalHold
from archivo.records.packaging import instant, parse_instant
from archivo.records.services import clean_line, record_act, visible_document

_INSTANTS = ("placed_at", "lifted_at")
_FIELDS = ("id", "placed_by", "placed_at", "reason", "lifted_by", "lifted_at", "lifted_reason")


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on a document; the last three are None while it stands."""

    id: str
    document_id: str
    placed_by: str
    placed_at: datetime
    reason: str
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_reason: str | None


def place(archive: Archive, actor: Actor, document_id: str, reason: str) -> Hold:
    """Hold a document. Raises Invalid without a reason, Conflict for one already deleted."""
    require(archive, actor, Grant.HOLD, document_id)
    reason = reason_or_invalid(reason)
    with archive.transaction() as transaction:
        document = visible_document(transaction.session, actor, document_id, held=True)
        hold = LegalHold(
            id=new_uuid(transaction.now),
            document_id=document_id,
            placed_by=actor.login,
            placed_at=transaction.now,
            reason=reason,
        )
        transaction.session.add(hold)
        record_act(transaction, document, actor.login, "hold", {"hold": [None, reason]})
        audit.record(transaction, actor.login, "document.hold", document_id, detail={"hold": hold.id})
        transaction.session.flush()
        return _view(hold)


def lift(archive: Archive, actor: Actor, document_id: str, reason: str) -> list[Hold]:
    """Lift the holds that stand on a document. Raises Invalid without a reason, Conflict where none stands."""
    require(archive, actor, Grant.HOLD, document_id)
    reason = reason_or_invalid(reason)
    with archive.transaction() as transaction:
        document = visible_document(transaction.session, actor, document_id, held=True)
        held = standing(transaction.session, [document_id])
        if not held:
            raise Conflict(
                "hold.none", "Este documento no está retenido. No se cambió nada.", "Revise cuáles lo están con «archivo hold list»."
            )
        for each in held:
            each.lifted_by, each.lifted_at, each.lifted_reason = actor.login, transaction.now, reason
            record_act(transaction, document, actor.login, "hold.lift", {"hold": [each.reason, None], "reason": reason})
            audit.record(transaction, actor.login, "document.hold.lift", document_id, detail={"hold": each.id})
        return [_view(each) for each in held]


def list_holds(archive: Archive, actor: Actor) -> list[Hold]:
    """The holds that stand, oldest first."""
    require(archive, actor, Grant.HOLD)
    with archive.reading() as session:
        return [_view(each) for each in session.scalars(select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.id))]


def standing(session: Session, document_ids: Iterable[str]) -> list[LegalHold]:
    """The holds that stand on any of these documents."""
    wanted = select(LegalHold).where(LegalHold.document_id.in_(list(document_ids)), LegalHold.lifted_at.is_(None))
    return list(session.scalars(wanted.order_by(LegalHold.id)))


def reason_or_invalid(reason: str) -> str:
    """A reason in one line. Raises Invalid for none."""
    text = clean_line(reason)
    if not text:
        raise Invalid(
            "reason.missing", "Falta el motivo. No se cambió nada.", "Diga por qué, en una frase que otra persona entienda después."
        )
    return text


def sealed_section(session: Session, document_id: str) -> dict[str, Any]:
    """What the package keeps of the holds of a document; nothing where it never had one."""
    rows = rows_of(session, LegalHold, "id", document_id=document_id)
    plain = [{name: getattr(row, name) for name in _FIELDS} for row in rows]
    told = [{name: instant(value) if name in _INSTANTS and value else value for name, value in row.items()} for row in plain]
    return {"holds": told} if told else {}


def restore_section(session: Session, document_id: str, holds: Iterable[Mapping[str, Any]]) -> None:
    """Make the rows of a document's holds again from its package."""
    for each in holds:
        read = {name: parse_instant(value) if name in _INSTANTS and value else value for name, value in each.items()}
        session.merge(LegalHold(document_id=document_id, **read))


def _view(row: LegalHold) -> Hold:
    return Hold(row.id, row.document_id, row.placed_by, row.placed_at, row.reason, row.lifted_by, row.lifted_at, row.lifted_reason)
