"""Write the trail, prove it whole, and anchor it outside the database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from archivo.archive import Archive, Signer, Transaction
from archivo.audit.anchors import Anchor, BadAnchor, digest_of, make_anchor, read_anchor, write_anchor
from archivo.audit.chain import ANCHORED, HEAD_UNSIGNED, SIGNING, Fault
from archivo.audit.link import GENESIS, content_of, hash_of, head_text
from archivo.audit.models import AuditAnchor, AuditEntry, AuditHead
from archivo.audit.proving import prove
from archivo.audit.signing import is_signed
from archivo.database import added, table_of, without_nul

MAX_OBJECT: Final = 80
PACKAGE_VERSION: Final = "package.version"
ROLLING: Final = timedelta(days=7)
"""For how long, from the first entry signed, an earlier program may work beside this one: what it writes has no signature."""
_AGENT: Final = "Archivo"
_ENTRIES: Final = table_of(AuditEntry)
_HEADS: Final = table_of(AuditHead)
_HEAD: Final = select(_HEADS.c.sequence, _HEADS.c.hash, _HEADS.c.signature, _HEADS.c.signed_by).with_for_update()
_LAST: Final = select(_ENTRIES.c.sequence, _ENTRIES.c.hash).order_by(_ENTRIES.c.sequence.desc()).limit(1)
_ANY_SIGNED: Final = select(_ENTRIES.c.sequence).where(_ENTRIES.c.signature.is_not(None)).limit(1)
_UNSIGNED_HEAD: Final = select(_HEADS.c.id).where(_HEADS.c.signature.is_(None), _HEADS.c.sequence > 0)
_NEW: Final = insert(_ENTRIES)
_MOVE: Final = update(_HEADS)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found of the trail: how many entries it has, how many anchors it was held against, and what was done to it.

    `warnings` are what is no fault as far as can be told, such as entries of before they were signed.
    """

    entries: int
    anchors: int
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()

    @property
    def broken_at(self) -> int | None:
        """The sequence of the first entry that is not as it should be; None when the trail is whole."""
        return self.faults[0].sequence if self.faults else None


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

    It is chained and signed when the transaction ends, for all who write wait for the head of the trail.
    """
    entry = {
        "at": transaction.now,
        "actor": actor,
        "act": act,
        "outcome": "refused" if refused else "done",
        "object_id": object_id,
        "detail": dict(detail or {}),
    }
    if not transaction.trail:
        transaction.last.append(lambda: _chain(transaction))
    transaction.trail.append(entry)


def record_refusal(archive: Archive, actor: str, act: str, object_id: str | None = None) -> None:
    """Add the entry of a refusal, in a transaction of its own: the refused act has none. `object_id` may be anything that was typed."""
    named = object_id and without_nul(object_id)[:MAX_OBJECT]
    with archive.transaction() as transaction:
        record(transaction, actor, act, named, refused=True)


def record_export(archive: Archive, actor: str, what: str, rows: int) -> None:
    """Add the entry of a list taken away whole: which, and how many rows it has."""
    with archive.transaction() as transaction:
        record(transaction, actor, "list.export", None, detail={"list": what, "rows": rows})


def record_package(transaction: Transaction, actor: str, object_id: str, version: int, inventory: str) -> None:
    """Add the entry of a version of a package: `inventory`, the sha256 of its root inventory, names every byte that it holds."""
    record(transaction, actor, PACKAGE_VERSION, object_id, detail={"version": version, "inventory": inventory})


def entries_of(session: Session, object_id: str, act: str, most: int | None = None) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """When an act was done to an object, and its details, the newest first, at most so many. Whether they are genuine is for verify_chain()
    to say.
    """
    found = select(_ENTRIES.c.at, _ENTRIES.c.detail).where(_ENTRIES.c.object_id == object_id, _ENTRIES.c.act == act)
    for at, detail in session.execute(found.order_by(_ENTRIES.c.sequence.desc()).limit(most)):
        if isinstance(detail, Mapping):
            yield at, detail


def was_done_by_others(session: Session, object_id: str, acts: Sequence[str], since: datetime) -> bool:
    """Whether somebody whose login is not `object_id` did one of these acts to it at that time or later."""
    done = select(_ENTRIES.c.sequence).where(_ENTRIES.c.object_id == object_id, _ENTRIES.c.act.in_(acts), _ENTRIES.c.outcome == "done")
    return session.execute(done.where(_ENTRIES.c.at >= since, _ENTRIES.c.actor != object_id).limit(1)).first() is not None


def verify_chain(archive: Archive, *, keys: Sequence[bytes] = (), anchors: Sequence[Anchor] = ()) -> ChainReport:
    """Read the whole trail again, and hold it against its head, the anchors that the database and the home keep, and those that are given.

    `keys` are public keys, 32 bytes each, that may have signed besides this archive's own, as one that was retired.
    """
    return ChainReport(*prove(archive, keys, anchors))


def begin_signing(archive: Archive) -> None:
    """Have a trail of before entries were signed say so, which an act would do: to be asked before the key is made for another thing."""
    with archive.transaction() as transaction:
        _begin_signing(transaction)


def anchor(archive: Archive) -> Anchor | None:
    """Note where the trail stands, signed, once a day (UTC): in the database, in the trail itself and in a file of the home.

    The anchor of today, or None where the trail is empty. Raises OSError where the file cannot be written.
    """
    with archive.reading() as session:
        made = _anchor_of(session, archive.clock())
    if made is None:  # it is asked every minute: who only looks disturbs nobody who writes
        with archive.transaction() as transaction:
            _begin_signing(transaction)
            made = _anchor_of_today(transaction)
    if made is not None:
        write_anchor(made, archive.anchors)
    return made


def list_anchors(archive: Archive) -> list[Anchor]:
    """The anchors that the database keeps, the newest first, without those that cannot be read."""
    with archive.reading() as session:
        every = session.scalars(select(AuditAnchor.statement).order_by(AuditAnchor.day.desc()))
        return [found for each in every if (found := _legible(each)) is not None]


def _begin_signing(transaction: Transaction) -> None:
    if transaction.session.scalar(_UNSIGNED_HEAD) is not None:
        _chain(transaction)


def _anchor_of_today(transaction: Transaction) -> Anchor | None:
    session, now = transaction.session, transaction.now.astimezone(UTC)
    day = now.date().isoformat()
    head = session.execute(_HEAD).first()
    if (kept := _anchor_of(session, now)) is not None:  # another made it while this one waited for the head
        return kept
    if head is None or head.sequence == 0:
        return None
    made = make_anchor(transaction.signer, now, head.sequence, head.hash)
    session.merge(AuditAnchor(day=day, sequence=made.sequence, hash=made.hash, statement=made.statement))
    record(transaction, _AGENT, ANCHORED, detail={"day": day, "sequence": made.sequence, "digest": digest_of(made)})
    return made


def _anchor_of(session: Session, now: datetime) -> Anchor | None:
    """The anchor of the day of an instant (UTC), if there is one that can be read."""
    standing = session.get(AuditAnchor, now.astimezone(UTC).date().isoformat())
    return None if standing is None else _legible(standing.statement)


def _legible(statement: str) -> Anchor | None:
    try:
        return read_anchor(statement)
    except BadAnchor:
        return None


def _chain(transaction: Transaction) -> None:
    """Put the entries of a transaction after the last one. Who holds the head writes; the others wait."""
    session, signer = transaction.session, transaction.signer
    session.flush()
    number, last, notices = _standing(session, signer, transaction.now)
    if not (notices or transaction.trail):
        return  # another transaction told it meanwhile
    rows = []
    for entry in (*notices, *transaction.trail):
        number, previous = number + 1, last
        last = hash_of(number, content_of(AuditEntry(**entry)), previous)
        rows.append(
            {**entry, "sequence": number, "previous": previous, "hash": last, "signature": signer.sign(last), "signed_by": signer.name}
        )
    transaction.trail.clear()
    session.execute(_NEW, rows)
    signed = {"signature": signer.sign(head_text(number, last)), "signed_by": signer.name}
    session.execute(_MOVE, {"sequence": number, "hash": last, **signed})


def _standing(session: Session, signer: Signer, now: datetime) -> tuple[int, str, list[dict[str, Any]]]:
    """The number and hash of the last entry, and what the trail has to tell of itself before it goes on.

    A head that this key did not sign stops no act: the trail tells for ever that it went on from there.
    """
    head = session.execute(_HEAD).first()
    if head is None:
        added(session, AuditHead(id=1, sequence=0, hash=GENESIS))
        head = session.execute(_HEAD).one()
    if head.signature is not None and is_signed(signer.public, head_text(head.sequence, head.hash), head.signature):
        return head.sequence, head.hash, []
    written = session.execute(_LAST).first()
    if written is None and head.sequence == 0:
        return 0, GENESIS, []
    number, last = head.sequence, head.hash
    if written is not None and written.sequence > number:  # the head was lost, or put back: no number is given twice
        number, last = written.sequence, written.hash
    detail: dict[str, Any] = {"sequence": number, "hash": last}
    if head.signature is None and not signer.has_signed and session.execute(_ANY_SIGNED).first() is None:
        detail["admitted_until"] = (now + ROLLING).astimezone(UTC).isoformat(timespec="microseconds")
        act = SIGNING
    else:
        detail |= {"signature": head.signature, "signed_by": head.signed_by}
        act = HEAD_UNSIGNED
    notice = {"at": now, "actor": _AGENT, "act": act, "outcome": "done", "object_id": None, "detail": detail}
    return number, last, [notice]
