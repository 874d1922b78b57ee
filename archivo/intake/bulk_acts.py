"""Do an act on several documents, one by one as for each alone; know what it did; bring back what was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, require
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import added, lock, rows_of
from archivo.errors import ArchivoError, Conflict, Malformed, NoRoom, Throttled, Unavailable, Unknown
from archivo.identifiers import is_uuid
from archivo.intake.bulk import GRANTS, Act, Plan, Planned, Target, check_number, plan_each
from archivo.intake.models import BulkAct, BulkDocument
from archivo.intake.publication import publish, withdraw_several
from archivo.records.models import Document, RecordVersion
from archivo.records.rows import batches, visible_to
from archivo.records.services import Then, describe
from archivo.retention.classification import assign

MOST_LISTED: Final = 50
AT_ONCE: Final = 20
"""So many are gone through before what left some of them out is noted. What is done is noted in the transaction that does it."""
INVERSE: Final = {
    Act.PUBLISH: Act.WITHDRAW,
    Act.WITHDRAW: Act.PUBLISH,
    Act.CONFIRM: Act.CLASSIFY,
    Act.CLASSIFY: Act.CLASSIFY,
    Act.TYPE: Act.TYPE,
}
NO_CLASS: Final = "undo.no_class"
NOW_AWAY: Final = (Unavailable, NoRoom, Throttled)
"""What is not of one document: the act stops, and can be gone on with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document: done, left out for a reason (its code), or neither yet."""

    id: str
    title: str
    is_done: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class BulkView:
    """An act on several documents, as far as one may see them. `unknown`: those that who did it may not know of."""

    id: str
    act: Act
    at: datetime
    actor: str
    ended_at: datetime | None
    undoes: str | None
    undone_by: tuple[str, ...]
    documents: tuple[Outcome, ...]
    unknown: int

    @property
    def done(self) -> int:
        return sum(one.is_done for one in self.documents)

    @property
    def waiting(self) -> int:
        return sum(not one.is_done and one.why is None for one in self.documents)


@dataclass(frozen=True, slots=True)
class BulkSummary:
    """An act as a list of them shows it; `done` counts what one may see."""

    id: str
    act: Act
    at: datetime
    actor: str
    ended_at: datetime | None
    undoes: str | None
    done: int


def act_on(archive: Archive, actor: Actor, act: Act, targets: Sequence[Target], bulk_id: str, undoes: str | None = None) -> None:
    """Do an act on documents as they were seen; one that fails does not stop the others. The same `bulk_id` again does nothing more.

    Raises Refused, Invalid, Malformed; Unavailable and the like in the middle, with the act kept as far as it went (`go_on`).
    """
    require(archive, actor, GRANTS[act])
    check_number(len(targets))
    if not is_uuid(bulk_id) or not all(is_uuid(one.id) for one in targets):
        raise Malformed("bulk.malformed", "El formulario llegó dañado. No se cambió nada.", "Vuelva a la lista y elija de nuevo.")
    unique = {one.id: one for one in targets}
    with archive.transaction() as transaction:
        session = transaction.session
        if not added(session, BulkAct(id=bulk_id, at=transaction.now, actor=actor.login, act=act, undoes=undoes, ended_at=None)):
            return
        for position, one in enumerate(unique.values()):
            row = BulkDocument(bulk_id=bulk_id, document_id=one.id, position=position, seen_version=one.version, value=one.value)
            session.add(row)
        detail: dict[str, Any] = {"act": act, "documents": len(unique)}
        audit.record(transaction, actor.login, "document.bulk", bulk_id, detail=detail | ({"undoes": undoes} if undoes else {}))
    go_on(archive, actor, bulk_id)


def go_on(archive: Archive, actor: Actor, bulk_id: str) -> None:
    """Go through the documents of an act that are still to be gone through. Only who began it may. Raises Refused, Unknown."""
    with archive.reading() as session:
        bulk = session.get(BulkAct, bulk_id) if is_uuid(bulk_id) else None
        if bulk is None or bulk.actor != actor.login:
            raise _unknown(bulk_id)
        waiting = [
            row for row in rows_of(session, BulkDocument, "position", bulk_id=bulk_id) if row.made_version is None and row.why is None
        ]
    require(archive, actor, GRANTS[Act(bulk.act)])
    for some in batches(waiting, AT_ONCE):
        why = _do(archive, actor, Act(bulk.act), some)
        with archive.transaction() as transaction:
            for row in some:
                kept = transaction.session.get_one(BulkDocument, (bulk_id, row.document_id))
                if kept.made_version is None:
                    kept.why = why.get(row.document_id, "same")
    with archive.transaction() as transaction:
        kept_act = lock(transaction.session, BulkAct, bulk_id)
        kept_act.ended_at = kept_act.ended_at or transaction.now


def view_bulk(archive: Archive, actor: Actor, bulk_id: str) -> BulkView:
    """What an act did. For who did it, and for who may do it. Raises Unknown."""
    with archive.reading() as session:
        bulk = _visible(session, actor, bulk_id)
        rows = rows_of(session, BulkDocument, "position", bulk_id=bulk_id)
        titles = _titles(session, actor, [row.document_id for row in rows])
        undone_by = session.scalars(select(BulkAct.id).where(BulkAct.undoes == bulk_id).order_by(BulkAct.at)).all()
    documents = tuple(
        Outcome(row.document_id, titles[row.document_id], row.made_version is not None, row.why)
        for row in rows
        if row.document_id in titles
    )
    unknown = len(rows) - len(documents) if bulk.actor == actor.login else 0
    return BulkView(bulk.id, Act(bulk.act), bulk.at, bulk.actor, bulk.ended_at, bulk.undoes, tuple(undone_by), documents, unknown)


def list_bulk(archive: Archive, actor: Actor) -> list[BulkSummary]:
    """The newest acts that one did or may do, as `view_bulk` tells them."""
    acts = [act for act, grant in GRANTS.items() if actor.may(grant)]
    with archive.reading() as session:
        seen = select(BulkAct).where((BulkAct.actor == actor.login) | (BulkAct.act.in_(acts) & _changed_some(actor)))
        found = list(session.scalars(seen.order_by(BulkAct.at.desc(), BulkAct.id.desc()).limit(MOST_LISTED)))
        done = (
            select(BulkDocument.bulk_id, func.count())
            .join(Document, Document.id == BulkDocument.document_id)
            .where(BulkDocument.bulk_id.in_([one.id for one in found]), BulkDocument.made_version.is_not(None), visible_to(actor))
            .group_by(BulkDocument.bulk_id)
        )
        counts = {bulk_id: number for bulk_id, number in session.execute(done)}
    return [BulkSummary(one.id, Act(one.act), one.at, one.actor, one.ended_at, one.undoes, counts.get(one.id, 0)) for one in found]


def plan_undo(archive: Archive, actor: Actor, bulk_id: str) -> Plan:
    """What bringing back what was before an act would do: another act, on those that nobody changed since.

    A decision of class is not unsaid: the class decided before is decided again, and where there was none nothing is done.
    Raises Refused, Unknown; Conflict for an act that changed nothing.
    """
    with archive.reading() as session:
        bulk = _visible(session, actor, bulk_id)
        rows = [row for row in rows_of(session, BulkDocument, "position", bulk_id=bulk_id) if row.made_version is not None]
        before = {row.document_id: _before(session, Act(bulk.act), row) for row in rows}
        titles = _titles(session, actor, list(before))
    seen = {row.document_id: (row.made_version, before[row.document_id]) for row in rows}
    act = INVERSE[Act(bulk.act)]
    wanted = {each: (version, value) for each, (version, value) in seen.items() if value is not None}
    if not set(seen) & set(titles):
        raise Conflict("bulk.nothing", "Este acto no cambió ningún documento: no hay nada que deshacer.", "Vuelva a la lista.")
    require(archive, actor, GRANTS[act])
    planned = plan_each(archive, actor, act, wanted).documents if wanted else ()
    left = tuple(
        Planned(Target(each, version or 0), titles[each], None, None, NO_CLASS)
        for each, (version, value) in seen.items()
        if value is None and each in titles
    )
    return Plan(act, planned + left, 0)


def undo(archive: Archive, actor: Actor, bulk_id: str, new_id: str) -> None:
    """Bring back what was before an act, as `plan_undo` says; a document changed since by anybody stays as it is."""
    planned = plan_undo(archive, actor, bulk_id)
    targets = [one.target for one in planned.doing]
    if not targets:
        raise Conflict("bulk.nothing", "Ya no queda nada que deshacer de este acto.", "Vea por qué en la página del acto.")
    act_on(archive, actor, planned.act, targets, new_id, undoes=bulk_id)


def _do(archive: Archive, actor: Actor, act: Act, rows: Sequence[BulkDocument]) -> dict[str, str]:
    """Do the act on some documents; the codes of what left some of them out."""
    if act == Act.WITHDRAW:
        wrong = withdraw_several(archive, actor, {row.document_id: row.seen_version for row in rows}, _noting(rows[0].bulk_id))
        return {document_id: error.code for document_id, error in wrong.items()}
    whys = {row.document_id: _do_one(archive, actor, act, row) for row in rows}
    return {document_id: why for document_id, why in whys.items() if why}


def _do_one(archive: Archive, actor: Actor, act: Act, row: BulkDocument) -> str | None:
    note = _noting(row.bulk_id)
    try:
        match act:
            case Act.PUBLISH:
                publish(archive, actor, row.document_id, seen_version=row.seen_version, then=note)
            case Act.CONFIRM | Act.CLASSIFY:
                assign(archive, actor, row.document_id, row.value, seen_version=row.seen_version, then=note)
            case Act.TYPE:
                describe(archive, actor, row.document_id, {"document_type": row.value}, seen_version=row.seen_version, then=note)
    except NOW_AWAY:
        raise
    except ArchivoError as error:
        return error.code
    return None


def _noting(bulk_id: str) -> Then:
    """Note the version that an act makes of a document of this bulk, in the transaction of that act."""

    def note(transaction: Transaction, document: Document) -> None:
        transaction.session.get_one(BulkDocument, (bulk_id, document.id)).made_version = document.version

    return note


def _before(session: Session, act: Act, row: BulkDocument) -> str | None:
    """What a document is to have again; None when it cannot."""
    changes = session.get_one(RecordVersion, (row.document_id, row.made_version)).changes
    match act:
        case Act.TYPE:
            return str(changes["document_type"][0] or "")
        case Act.CONFIRM | Act.CLASSIFY:
            return changes["classification"][0] or None
        case _:
            return ""


def _titles(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, str]:
    """The titles of those that the actor may see."""
    seen = session.execute(select(Document.id, Document.title).where(Document.id.in_(ids), visible_to(actor)))
    return {document_id: title for document_id, title in seen}


def _visible(session: Session, actor: Actor, bulk_id: str) -> BulkAct:
    bulk = session.get(BulkAct, bulk_id) if is_uuid(bulk_id) else None
    if bulk is None or (bulk.actor != actor.login and not _sees_some(session, actor, bulk)):
        raise _unknown(bulk_id)
    return bulk


def _sees_some(session: Session, actor: Actor, bulk: BulkAct) -> bool:
    """Whether one who did not do an act may do it, and see some document that it changed."""
    some = select(BulkAct.id).where(BulkAct.id == bulk.id, _changed_some(actor))
    return actor.may(GRANTS[Act(bulk.act)]) and session.scalar(some) is not None


def _changed_some(actor: Actor) -> ColumnElement[bool]:
    """That an act changed some document that the actor may see."""
    return (
        exists()
        .where(BulkDocument.bulk_id == BulkAct.id, BulkDocument.document_id == Document.id)
        .where(BulkDocument.made_version.is_not(None), visible_to(actor))
    )


def _unknown(bulk_id: str) -> Unknown:
    return Unknown(
        "bulk.unknown", f"No hay un acto en lote «{bulk_id[:40]}» que usted pueda consultar.", "Búsquelo en la lista de actos en lote."
    )
