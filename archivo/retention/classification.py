"""The class of a document: proposed by the model, decided by a person or, where it is proven safe, by itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import lock, rows_of
from archivo.errors import Conflict
from archivo.identifiers import new_uuid
from archivo.jobs import Queue
from archivo.records.following import reindex
from archivo.records.models import Document, DocumentEvent, DocumentPart, DocumentState
from archivo.records.packaging import event_rows
from archivo.records.services import Then, check_unchanged, record_act, visible_document
from archivo.records.tombstones import check_stands
from archivo.retention import learning
from archivo.retention.models import Classification, Decision, TrdClass, TrdVersion
from archivo.retention.services import ClassView, class_view, resolve_class, trd_of_document
from archivo.retention.wording import reason_sentences
from preservation.premis import Event, EventType, Outcome

TEXT_READ: Final = 4_000


class Status(StrEnum):
    """`abstained`: the best guess is not worth a suggestion. Only `automatic` and `confirmed` count as the document's class."""

    AUTOMATIC = "automatic"
    SUGGESTED = "suggested"
    ABSTAINED = "abstained"
    CONFIRMED = "confirmed"


DECIDED: Final = (Status.AUTOMATIC, Status.CONFIRMED)
"""Those in which a document has its class."""


@dataclass(frozen=True, slots=True)
class AlternativeView:
    """Another class that competed. `confidence` 0 to 1."""

    key: str
    code: str
    label: str
    office: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ClassificationView:
    """What is known of a document's class. `reasons` are Spanish sentences; `confidence` 0 to 1; `item` None when nothing competed."""

    item: ClassView | None
    trd_version: int
    confidence: float | None
    reasons: tuple[str, ...]
    alternatives: tuple[AlternativeView, ...]
    status: str
    decided_by: str | None
    at: datetime
    needs_audit: bool


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal not written yet: the row's values, and the event that says so."""

    values: Mapping[str, Any]
    event: Event


def propose(archive: Archive, session: Session, document: Document, text: str) -> Proposed | None:
    """Ask the model of the TRD in force at the document's date. None when no TRD is loaded for it. Writes nothing."""
    from ingest.classifier.automation import is_audited, may_automate, obstacles

    now = archive.clock()
    version = trd_of_document(session, document, now.date().isoformat())
    if version is None:
        return None
    classes = archive.shelf.get(f"classes:{version.id}", lambda: _classes(session, version.id))
    known, model = learning.active_model(archive, session, version.id)
    allowed = frozenset(key for key, c in classes.items() if c.office_code == document.office_code) or None
    proposal = model.propose(text[:TEXT_READ], allowed)
    owner_known = allowed is not None
    permission = may_automate(proposal, owner_known=owner_known, tau=learning.proven_threshold(archive, session, version.id))
    status = Status.ABSTAINED if proposal.abstains else Status.AUTOMATIC if permission.granted else Status.SUGGESTED
    chosen = classes.get(proposal.label or "")
    reasons = [*proposal.reasons, *permission.blocked_by]
    values = {
        "document_id": document.id,
        "trd_id": version.id,
        "class_id": chosen.id if chosen else None,
        "status": status,
        "confidence": round(proposal.confidence, 6),
        "novelty": round(proposal.novelty, 6),
        "reasons": [{"code": r.code, "params": dict(r.params)} for r in reasons],
        "alternatives": [{"key": a.label, "confidence": round(a.confidence, 6)} for a in proposal.alternatives],
        "decided_by": f"modelo {known}" if status == Status.AUTOMATIC else None,
        "at": now,
        "model": known,
        "is_eligible": not obstacles(proposal, owner_known=owner_known),
        "needs_audit": status == Status.AUTOMATIC and is_audited(document.id, version.id),
        "office_known": owner_known,
    }
    return Proposed(values, classification_event(now, status, chosen, f"modelo {known}", proposal.confidence))


def classify_processed(archive: Archive, document_id: str) -> None:
    """Propose a class for a document already kept that has none, or whose proposal waits (a new model, or a new TRD)."""
    with archive.reading() as session:
        document = session.get_one(Document, document_id)
        if document.state == DocumentState.DELETED:
            return
        text = _text(session, document_id)
        proposed = propose(archive, session, document, text)
    if proposed is None:
        return
    with archive.transaction() as transaction:
        document = lock(transaction.session, Document, document_id)
        current = transaction.session.get(Classification, document_id)
        if document.state == DocumentState.DELETED or (current is not None and current.status in DECIDED):
            return
        write_proposal(transaction, document, proposed)


def write_proposal(transaction: Transaction, document: Document, proposed: Proposed) -> None:
    """Keep a proposal; an automatic one is an act of the record, sealed and indexed."""
    row = Classification(**proposed.values)
    transaction.session.merge(row)
    if row.status == Status.AUTOMATIC:
        chosen = transaction.session.get_one(TrdClass, row.class_id)
        document.office_code = document.office_code or chosen.office_code
        add_event(transaction, document.id, proposed.event)
        record_act(transaction, document, row.decided_by or "", "classify", {"classification": [None, chosen.key]})
        reindex(transaction, document)


def confirm(archive: Archive, actor: Actor, document_id: str, code: str) -> ClassificationView:
    """A person decides the class; deciding again what is confirmed already changes nothing.

    The proposal they were shown is kept beside the decision. Raises Invalid, Conflict, Refused, Unknown.
    """
    assign(archive, actor, document_id, code)
    view = classification_of(archive, actor, document_id)
    assert view is not None
    return view


def assign(
    archive: Archive, actor: Actor, document_id: str, code: str, *, seen_version: int | None = None, then: Then | None = None
) -> None:
    """What `confirm` does, without its answer. Raises Conflict too for a document changed since `seen_version`."""
    require(archive, actor, Grant.CLASSIFY, document_id)
    with archive.transaction() as transaction:
        session = transaction.session
        document = visible_document(session, actor, document_id, held=True)
        check_unchanged(document, seen_version)
        chosen = class_named(session, document, code, transaction.now.date().isoformat())
        current = session.get(Classification, document_id)
        if current is None or (current.status, current.class_id) != (Status.CONFIRMED, chosen.id):
            decide(transaction, document, chosen, actor.login)
            audit.record(transaction, actor.login, "document.classify", document_id, detail={"class": chosen.key, "trd": chosen.trd_id})
            learning.queue_training_if_due(transaction, chosen.trd_id)
            if then is not None:
                then(transaction, document)


def class_named(session: Session, document: Document, code: str, today: str) -> TrdClass:
    """The class of this code, of the TRD in force for a document. Raises Conflict when there is no TRD, Invalid for the code."""
    version = trd_of_document(session, document, today)
    if version is None:
        raise Conflict(
            "classification.no_trd",
            "No hay una tabla de retención vigente para la fecha de este documento. No se clasificó.",
            "Importe la tabla de retención que corresponda.",
        )
    return resolve_class(session, version.id, code, document.office_code)


def decide(transaction: Transaction, document: Document, chosen: TrdClass, actor: str) -> None:
    """Write a person's decision: the class, the decision with what was proposed before, the event, the act, the index."""
    session = transaction.session
    current = session.get(Classification, document.id)
    before = session.get(TrdClass, current.class_id) if current and current.class_id else None
    held = before.key if before and current and current.status in DECIDED else None
    _add_decision(transaction, document, chosen, actor, current, before)
    values = {
        "document_id": document.id,
        "trd_id": chosen.trd_id,
        "class_id": chosen.id,
        "status": Status.CONFIRMED,
        "confidence": current.confidence if current and before is chosen else None,
        "novelty": current.novelty if current else None,
        "reasons": current.reasons if current and before is chosen else [],
        "alternatives": current.alternatives if current else [],
        "decided_by": actor,
        "at": transaction.now,
        "model": current.model if current else None,
        "is_eligible": False,
        "needs_audit": False,
        "office_known": True,
    }
    session.merge(Classification(**values))
    add_event(transaction, document.id, classification_event(transaction.now, Status.CONFIRMED, chosen, actor, None))
    changes: dict[str, Any] = {"classification": [held, chosen.key]}
    if document.office_code is None:
        changes["office_code"] = chosen.office_code
    record_act(transaction, document, actor, "classify", changes)
    reindex(transaction, document)


def classification_of(archive: Archive, actor: Actor, document_id: str) -> ClassificationView | None:
    """What is known of a document's class; None when no TRD was loaded for it. Raises Unknown."""
    with archive.reading() as session:
        visible_document(session, actor, document_id)
        row = session.get(Classification, document_id)
        return None if row is None else _view(session, row)


def key_of(session: Session, document_id: str) -> str | None:
    """`OFFICE/CODE` of the class that a document has, or that waits for a person; None when it has none."""
    current = session.get(Classification, document_id)
    return session.get_one(TrdClass, current.class_id).key if current and current.class_id else None


def suggest(archive: Archive, actor: Actor, document_id: str) -> ClassificationView | None:
    """Compute the proposal anew and write nothing; None when no TRD is loaded."""
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        check_stands(document)
        proposed = propose(archive, session, document, _text(session, document_id))
        return None if proposed is None else _view(session, Classification(**proposed.values))


def sealed_sections(session: Session, document_id: str) -> dict[str, Any]:
    """What the package keeps of a document's class: the class that counts, and every decision."""
    row = session.get(Classification, document_id)
    counts = row is not None and row.status in DECIDED
    decisions = rows_of(session, Decision, "id", document_id=document_id)
    return {
        "classification": learning.classification_json(row) if row is not None and counts else None,
        "decisions": [learning.decision_json(d) for d in decisions],
    }


def class_facets(session: Session, document_ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The series and the class of each document, for the index; none for those not decided nor automatic."""
    counts = (Classification.document_id.in_(document_ids), Classification.status.in_(DECIDED))
    columns = (Classification.document_id, TrdClass.series_code, TrdClass.code)
    found = session.execute(select(*columns).join(TrdClass, TrdClass.id == Classification.class_id).where(*counts))
    return {document_id: tuple(dict.fromkeys(codes)) for document_id, *codes in found}


def classification_event(now: datetime, status: Status, chosen: TrdClass | None, agent: str, confidence: float | None) -> Event:
    """The PREMIS event of a proposal or decision (policy assignment)."""
    params: dict[str, str | int] = {"label": f"{chosen.code} {chosen.label}" if chosen else "—", "actor": agent}
    if confidence is not None:
        params["percent"] = round(confidence * 100)
    outcome = Outcome.SUCCESS if status in DECIDED else Outcome.WARNING
    return Event(EventType.POLICY_ASSIGNMENT, outcome, agent, now, f"classified.{status}", params)


def add_event(transaction: Transaction, document_id: str, event: Event) -> None:
    """Append an event to a document's."""
    lock(transaction.session, Document, document_id)
    last = transaction.session.scalar(select(func.max(DocumentEvent.sequence)).where(DocumentEvent.document_id == document_id)) or 0
    transaction.session.add_all(event_rows(document_id, [event], last + 1))
    transaction.enqueue("seal", document_id, queue=Queue.SEAL, priority=7)


def _add_decision(
    transaction: Transaction, document: Document, chosen: TrdClass, actor: str, current: Classification | None, before: TrdClass | None
) -> None:
    prospective = current is not None and current.status != Status.CONFIRMED
    transaction.session.add(
        Decision(
            id=new_uuid(transaction.now),
            document_id=document.id,
            trd_id=chosen.trd_id,
            at=transaction.now,
            actor=actor,
            class_key=chosen.key,
            proposed_key=before.key if prospective and before else None,
            confidence=current.confidence if prospective and current else None,
            model=current.model if prospective and current else None,
            was_eligible=bool(prospective and current and current.is_eligible),
            was_automatic=bool(current and current.status == Status.AUTOMATIC),
        )
    )


def _view(session: Session, row: Classification) -> ClassificationView:
    version = session.get_one(TrdVersion, row.trd_id)
    classes = {c.key: c for c in session.scalars(select(TrdClass).where(TrdClass.trd_id == row.trd_id))}
    chosen = session.get(TrdClass, row.class_id) if row.class_id else None
    labels = {key: c.label for key, c in classes.items()}
    alternatives = [
        AlternativeView(a["key"], classes[a["key"]].code, classes[a["key"]].label, classes[a["key"]].office_code, a["confidence"])
        for a in row.alternatives
        if a["key"] in classes
    ]
    return ClassificationView(
        item=class_view(chosen) if chosen else None,
        trd_version=version.number,
        confidence=row.confidence,
        reasons=reason_sentences(row.reasons, labels),
        alternatives=tuple(alternatives),
        status=row.status,
        decided_by=row.decided_by,
        at=row.at,
        needs_audit=row.needs_audit,
    )


def _classes(session: Session, trd_id: str) -> Mapping[str, TrdClass]:
    """The classes of a version by key, which never change, apart from any session."""
    classes = {c.key: c for c in session.scalars(select(TrdClass).where(TrdClass.trd_id == trd_id))}
    for item in classes.values():
        session.expunge(item)
    return classes


def _text(session: Session, document_id: str) -> str:
    """The beginning of a document's text, enough for the model."""
    gathered: Sequence[str] = ()
    statement = select(DocumentPart.text).where(DocumentPart.document_id == document_id).order_by(DocumentPart.number).limit(10)
    gathered = list(session.scalars(statement))
    return "\n".join(gathered)[:TEXT_READ]
