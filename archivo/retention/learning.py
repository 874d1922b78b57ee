"""Models of a TRD version: train, promote by the written rule, go back, and know how far their word is proven.

The classifier brings numpy and scipy with it, so it is imported where it is used: searching and showing start without it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from archivo import jobs
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive, Transaction
from archivo.audit import services as audit
from archivo.database import lock
from archivo.errors import Conflict
from archivo.identifiers import new_uuid
from archivo.jobs import Lease, Queue
from archivo.records.models import Document, DocumentPart
from archivo.records.packaging import instant
from archivo.retention.models import Classification, Decision, LearnedModel, TrdClass, TrdVersion
from archivo.retention.wording import verdict_sentence

if TYPE_CHECKING:
    from ingest.classifier import Example, Model, ScheduleEntry

LOG: Final = logging.getLogger("archivo.aprendizaje")
TARGET_ERROR: Final = 0.05
_ACTIVE: Final = select(LearnedModel.id, LearnedModel.number).where(LearnedModel.trd_id == bindparam("trd"), LearnedModel.state == "active")
_PROSPECTIVE: Final = (Decision.trd_id == bindparam("trd"), Decision.was_eligible, Decision.confidence.is_not(None))
_PROSPECTS: Final = select(func.count(), func.max(Decision.id)).where(*_PROSPECTIVE)
KEPT_MODELS: Final = 3
MAX_EXAMPLES: Final = 100_000
EXAMPLE_CHARS: Final = 4_000


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model of a TRD version. `state`: active, retired (can come back) or rejected; `verdict`: why, in Spanish."""

    number: int
    state: str
    trained_at: datetime
    examples: int
    features: str
    verdict: tuple[str, ...]


def list_models(archive: Archive, actor: Actor, trd_id: str) -> list[ModelView]:
    """The models of a TRD version that are kept, newest first."""
    require(archive, actor, Grant.CLASSIFY)
    with archive.reading() as session:
        labels = {c.key: c.label for c in session.scalars(select(TrdClass).where(TrdClass.trd_id == trd_id))}
        rows = session.scalars(select(LearnedModel).where(LearnedModel.trd_id == trd_id).order_by(LearnedModel.number.desc()))
        return [
            ModelView(
                row.number,
                row.state,
                row.trained_at,
                row.examples,
                row.features,
                tuple(verdict_sentence(r["code"], r["params"], labels) for r in row.verdict),
            )
            for row in rows
        ]


def train(archive: Archive, trd_id: str, lease: Lease | None = None) -> None:
    """Train a model on the TRD's entries and every confirmed document, and promote it if the written rule allows.

    The job, if one asked for it, is finished in the transaction that keeps the model: killed before, nothing is kept. Raises LeaseLost.
    """
    from ingest.classifier import fit
    from ingest.classifier.promotion import SMALL, answer, held_groups, judge

    with archive.reading() as session:
        entries, offices = _entries(session, trd_id)
        examples = _examples(session, trd_id)
        previous = session.scalars(select(LearnedModel).where(LearnedModel.trd_id == trd_id, LearnedModel.state == "active")).first()
        old = _readable(previous) if previous else None
    held_out = held_groups([example.group for example in examples])
    held = [example for example in examples if example.group in held_out]
    kept = [example for example in examples if example.group not in held_out]
    measured = len(held) >= SMALL
    new = fit(entries, kept if measured else examples, 0)
    verdict = judge(
        held,
        answer(new, held, _masks(held, offices)),
        answer(old, held, _masks(held, offices)) if old else None,
        answer(fit(entries, [], 0), held, _masks(held, offices)),
        target=TARGET_ERROR,
        seed=0,
    )
    reasons = [{"code": r.code, "params": dict(r.params)} for r in (*verdict.against, *verdict.notes)]
    with archive.transaction() as transaction:
        _keep_model(transaction, trd_id, new, len(examples), verdict.promoted, reasons)
        if lease is not None:
            jobs.finish(transaction.session, lease, transaction.now)


def active_model(archive: Archive, session: Session, trd_id: str) -> tuple[str, "Model"]:
    """The name and the model in use for a TRD version; one of the TRD's own words is made where none was trained yet, or where another
    program made it and this one cannot read it.
    """
    from ingest.classifier import fit

    row = session.execute(_ACTIVE, {"trd": trd_id}).first()
    if row is not None:
        trained = archive.shelf.get(f"model:{row.id}", lambda: _readable(session.get_one(LearnedModel, row.id)))
        if trained is not None:
            return f"{row.number}", trained
    return "TRD", archive.shelf.get(f"entries:{trd_id}", lambda: fit(_entries(session, trd_id)[0], [], 0))


def _readable(kept: LearnedModel) -> "Model | None":
    """A kept model; None when it is of another program's format."""
    from ingest.classifier import ModelUnreadable, load

    try:
        return load(kept.content)
    except ModelUnreadable as fault:
        LOG.warning("el modelo %d no se puede leer (%s): hasta que se aprenda otro proponen las palabras de la tabla", kept.number, fault)
        return None


def roll_back(archive: Archive, actor: Actor, trd_id: str) -> int:
    """Give the work back to the newest retired model; its number. Raises Conflict when there is none."""
    require(archive, actor, Grant.MANAGE_TRD)
    with archive.transaction() as transaction:
        session = transaction.session
        lock(session, TrdVersion, trd_id)
        retired = select(LearnedModel).where(LearnedModel.trd_id == trd_id, LearnedModel.state == "retired")
        earlier = session.scalars(retired.order_by(LearnedModel.number.desc())).first()
        if earlier is None:
            raise Conflict("model.none", "No hay un modelo anterior al cual volver.", "Entrene uno nuevo confirmando clasificaciones.")
        session.execute(update(LearnedModel).where(LearnedModel.trd_id == trd_id, LearnedModel.state == "active").values(state="rejected"))
        earlier.state = "active"
        audit.record(transaction, actor.login, "model.roll_back", trd_id, detail={"number": earlier.number})
        return earlier.number


def proven_threshold(archive: Archive, session: Session, trd_id: str) -> float | None:
    """The confidence from which prospective decisions prove the error small; None: nothing goes by itself."""
    from ingest.classifier.automation import NEWEST, Prospective, threshold

    def proven() -> float | None:
        newest = session.scalars(select(Decision).where(*_PROSPECTIVE).order_by(Decision.id.desc()).limit(NEWEST), {"trd": trd_id})
        decisions = [Prospective(d.confidence or 0.0, d.class_key == d.proposed_key, d.was_eligible) for d in newest]
        return threshold(decisions[::-1], TARGET_ERROR)

    known = session.execute(_PROSPECTS, {"trd": trd_id}).one()
    return archive.shelf.get(f"threshold:{trd_id}:{known}", proven)


def queue_training_if_due(transaction: Transaction, trd_id: str) -> None:
    """Queue the training when enough was decided since the last one."""
    from ingest.classifier.promotion import RARE, retrain_is_due

    session = transaction.session
    last = session.scalar(select(func.max(LearnedModel.trained_at)).where(LearnedModel.trd_id == trd_id))
    fresh = (Decision.trd_id == trd_id, Decision.at > last) if last is not None else (Decision.trd_id == trd_id,)
    confirmations = session.scalar(select(func.count()).select_from(Decision).where(*fresh)) or 0
    wrong = select(Decision.class_key).where(*fresh, Decision.proposed_key.is_not(None), Decision.proposed_key != Decision.class_key)
    counts = {
        key: session.scalar(select(func.count()).select_from(Decision).where(Decision.trd_id == trd_id, Decision.class_key == key)) or 0
        for key in session.scalars(wrong.distinct())
    }
    rare = sum(1 for count in counts.values() if count < RARE)
    if retrain_is_due(confirmations=confirmations, rare_corrections=rare, schedule_changed=last is None):
        lock(session, TrdVersion, trd_id)  # of two decisions that make it due at once, the second finds it queued
        transaction.enqueue("train", trd_id, queue=Queue.TRAIN, priority=9)


def classification_json(row: Classification) -> dict[str, Any]:
    """A class that counts, as a package holds it."""
    names = [
        "trd_id",
        "class_id",
        "status",
        "confidence",
        "novelty",
        "reasons",
        "alternatives",
        "decided_by",
        "model",
        "is_eligible",
        "needs_audit",
        "office_known",
    ]
    return {"at": instant(row.at), **{name: getattr(row, name) for name in names}}


def decision_json(row: Decision) -> dict[str, Any]:
    """A decision as a package holds it."""
    names = ["id", "trd_id", "actor", "class_key", "proposed_key", "confidence", "model", "was_eligible", "was_automatic"]
    return {"at": instant(row.at), **{name: getattr(row, name) for name in names}}


def _entries(session: Session, trd_id: str) -> tuple[list["ScheduleEntry"], dict[str, str]]:
    from ingest.classifier import ScheduleEntry

    classes = list(session.scalars(select(TrdClass).where(TrdClass.trd_id == trd_id).order_by(TrdClass.position)))
    entries = [ScheduleEntry(c.key, c.office_code, (c.subseries or c.series, c.series, "; ".join(c.types), c.procedure)) for c in classes]
    return entries, {c.key: c.office_code for c in classes}


def _examples(session: Session, trd_id: str) -> list["Example"]:
    """The last decision of each document, from the oldest to the newest."""
    from ingest.classifier import Example

    keys = {c.key for c in session.scalars(select(TrdClass).where(TrdClass.trd_id == trd_id))}
    statement = select(Decision).where(Decision.trd_id == trd_id).order_by(Decision.id.desc()).limit(MAX_EXAMPLES)
    last: dict[str, Decision] = {}
    for decision in session.scalars(statement):
        last.setdefault(decision.document_id, decision)
    examples = []
    for decision in sorted(last.values(), key=lambda one: one.id):
        document = session.get_one(Document, decision.document_id)
        parts = session.scalars(select(DocumentPart.text).filter_by(document_id=document.id).order_by(DocumentPart.number).limit(5))
        text = "\n".join(parts)[:EXAMPLE_CHARS]
        if decision.class_key in keys and text.strip():
            examples.append(Example(decision.class_key, text, _group(document), document.id))
    return examples


def _group(document: Document) -> str:
    """Documents of one producer, or else of one delivery, are made alike."""
    return document.producer or document.proposals.get("producer") or f"{document.received_by} {document.received_at.date().isoformat()}"


def _masks(held: Sequence["Example"], offices: dict[str, str]) -> list[frozenset[str] | None]:
    by_office: dict[str, frozenset[str]] = {}
    for office in set(offices.values()):
        by_office[office] = frozenset(key for key, owner in offices.items() if owner == office)
    return [by_office[offices[example.label]] for example in held]


def _keep_model(transaction: Transaction, trd_id: str, model: "Model", examples: int, promoted: bool, reasons: list[Any]) -> None:
    from ingest.classifier import dump

    session = transaction.session
    lock(session, TrdVersion, trd_id)
    number = (session.scalar(select(func.max(LearnedModel.number)).where(LearnedModel.trd_id == trd_id)) or 0) + 1
    if promoted:
        active = (LearnedModel.trd_id == trd_id, LearnedModel.state == "active")
        session.execute(update(LearnedModel).where(*active).values(state="retired"))
    session.add(
        LearnedModel(
            id=new_uuid(transaction.now),
            trd_id=trd_id,
            number=number,
            state="active" if promoted else "rejected",
            trained_at=transaction.now,
            examples=examples,
            features=", ".join(model.features),
            verdict=reasons,
            content=dump(model),
        )
    )
    session.flush()
    _forget_old(session, trd_id)
    if promoted:
        waiting = select(Classification.document_id).where(Classification.trd_id == trd_id)
        for document_id in session.scalars(
            waiting.where(Classification.status.in_(("suggested", "abstained"))).order_by(Classification.document_id)
        ):
            transaction.enqueue("classify", document_id, queue=Queue.INGEST, priority=8)


def _forget_old(session: Session, trd_id: str) -> None:
    old = select(LearnedModel).where(LearnedModel.trd_id == trd_id, LearnedModel.state != "active")
    for row in session.scalars(old.order_by(LearnedModel.number.desc()).offset(KEPT_MODELS - 1)):
        session.delete(row)
