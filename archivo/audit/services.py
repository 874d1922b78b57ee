"""Write the trail, and prove it whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive, Transaction
from archivo.audit.models import AuditEntry, AuditHead
from archivo.database import added, without_nul

GENESIS: Final = "0" * 64
MAX_OBJECT: Final = 80


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`broken_at` is the sequence of the first entry that does not follow from the one before, None when the chain is whole."""

    entries: int
    broken_at: int | None


def record(
    transaction: Transaction,
    actor: str,
    act: str,
    object_id: str | None = None,
    *,
    refused: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the transaction of the act itself. Never pass a citizen's query or a document's content in `detail`.

    It is chained when the transaction ends, for all who write wait for the head of the trail.
    """
    entry = AuditEntry(
        at=transaction.now,
        actor=actor,
        act=act,
        outcome="refused" if refused else "done",
        object_id=object_id,
        detail=dict(detail or {}),
    )
    transaction.last.append(lambda: _chain(transaction.session, entry))


def record_refusal(archive: Archive, actor: str, act: str, object_id: str | None = None) -> None:
    """Add the entry of a refusal, in a transaction of its own: the refused act has none. `object_id` may be anything that was typed."""
    named = object_id and without_nul(object_id)[:MAX_OBJECT]
    with archive.transaction() as transaction:
        record(transaction, actor, act, named, refused=True)


def record_export(archive: Archive, actor: str, what: str, rows: int) -> None:
    """Add the entry of a list taken away whole: which, and how many rows it has."""
    with archive.transaction() as transaction:
        record(transaction, actor, "list.export", None, detail={"list": what, "rows": rows})


def verify_chain(archive: Archive) -> ChainReport:
    """Recompute every hash, in order."""
    previous, entries = GENESIS, 0
    every = select(AuditEntry).order_by(AuditEntry.sequence).execution_options(yield_per=1000)
    with archive.reading() as session, session.scalars(every) as read:
        for entry in read:
            entries += 1
            if entry.sequence != entries or entry.previous != previous or entry.hash != _hash(entry):
                return ChainReport(entries, entry.sequence)
            previous = entry.hash
        head = session.scalars(select(AuditHead)).first()
    whole = (head.sequence, head.hash) == (entries, previous) if head else entries == 0
    return ChainReport(entries, None if whole else entries)


_HEAD: Final = select(AuditHead).with_for_update()


def _chain(session: Session, entry: AuditEntry) -> None:
    """Put an entry after the last one. Who holds the head writes; the others wait."""
    session.flush()
    head = session.scalars(_HEAD).first()
    if head is None:
        added(session, AuditHead(id=1, sequence=0, hash=GENESIS))
        head = session.scalars(_HEAD).one()
    entry.sequence, entry.previous = head.sequence + 1, head.hash
    entry.hash = _hash(entry)
    session.add(entry)
    head.sequence, head.hash = entry.sequence, entry.hash
    session.flush()


def _hash(entry: AuditEntry) -> str:
    content = {
        "sequence": entry.sequence,
        "at": _instant(entry.at),
        "actor": entry.actor,
        "act": entry.act,
        "outcome": entry.outcome,
        "object": entry.object_id,
        "detail": entry.detail,
        "previous": entry.previous,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
