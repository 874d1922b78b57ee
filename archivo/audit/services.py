"""Write the trail, prove it whole, and anchor it outside the database."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from archivo.archive import Archive, Transaction
from archivo.audit.chain import GENESIS, Fault, FaultKind, Link, content_of, faults, hash_of
from archivo.audit.models import AuditAnchor, AuditEntry, AuditHead
from archivo.audit.signing import is_signed, key_name
from archivo.database import added, table_of, without_nul

MAX_OBJECT: Final = 80
PACKAGE_VERSION: Final = "package.version"
_ENTRIES: Final = table_of(AuditEntry)
_HEADS: Final = table_of(AuditHead)
_HEAD: Final = select(_HEADS.c.sequence, _HEADS.c.hash).with_for_update()
_NEW: Final = insert(_ENTRIES)
_MOVE: Final = update(_HEADS)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found of the trail: how many entries it has, how many anchors it was held against, and what was done to it."""

    entries: int
    anchors: int
    faults: tuple[Fault, ...]

    @property
    def broken_at(self) -> int | None:
        """The sequence of the first entry that is not as it should be; None when the trail is whole."""
        return self.faults[0].sequence if self.faults else None


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an anchor's file says: the last entry of the trail at an instant. `public_key` is base64 of the 32 bytes."""

    at: str
    sequence: int
    hash: str
    signed_by: str
    public_key: str
    signature: str
    statement: str

    @property
    def signed_text(self) -> str:
        return f"{self.at} {self.sequence} {self.hash}"


class BadAnchor(ValueError):
    """The text is not an anchor's file."""


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


def verify_chain(archive: Archive, *, keys: Sequence[bytes] = (), anchors: Sequence[Anchor] = ()) -> ChainReport:
    """Read the whole trail again, and hold it against its head, the anchors that the database keeps and those that are given.

    `keys` are public keys, 32 bytes each, that may have signed besides this archive's own, as one that was retired.
    """
    known = {key_name(each): each for each in (archive.signer.public, *keys)}
    with archive.reading() as session:
        kept = [read_anchor(each.statement) for each in session.scalars(select(AuditAnchor).order_by(AuditAnchor.day))]
        good, found = _held_good((*kept, *anchors), known)
        passing = _Passing({each.sequence: each.hash for each in good})
        found += faults(passing.by(_links(session)), known)
        head = session.execute(select(_HEADS.c.sequence, _HEADS.c.hash)).first()
    found += [*passing.unlike, *_at_the_head(passing, head)]
    found += [Fault(FaultKind.CUT, passing.last + 1, each.sequence) for each in good if each.sequence > passing.last]
    return ChainReport(passing.entries, len(kept) + len(anchors), tuple(sorted({*found}, key=lambda fault: fault.sequence)))


def anchor(archive: Archive) -> Anchor | None:
    """Note where the trail stands, signed, once a day (UTC); the anchor of today, or None where the trail is empty."""
    day = archive.clock().astimezone(UTC).date().isoformat()
    with archive.transaction() as transaction:
        session = transaction.session
        standing = session.get(AuditAnchor, day)
        if standing is not None:
            return read_anchor(standing.statement)
        head = session.execute(_HEAD).first()
        if head is None or head.sequence == 0:
            return None
        made = _anchor(archive, head.sequence, head.hash)
        if not added(session, AuditAnchor(day=day, sequence=made.sequence, hash=made.hash, statement=made.statement)):
            return read_anchor(session.get_one(AuditAnchor, day).statement)
        return made


def list_anchors(archive: Archive) -> list[Anchor]:
    """The anchors that the database keeps, the newest first."""
    with archive.reading() as session:
        every = session.scalars(select(AuditAnchor).order_by(AuditAnchor.day.desc()))
        return [read_anchor(each.statement) for each in every]


def read_anchor(statement: str) -> Anchor:
    """An anchor from its file. Raises BadAnchor for another text; that its signature is good is for verify_chain() to say."""
    try:
        said = json.loads(statement)
        names = ("at", "hash", "signed_by", "public_key", "signature")
        texts = {name: str(said[name]) for name in names}
        return Anchor(sequence=int(said["sequence"]), statement=statement, **texts)
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise BadAnchor("not an anchor") from fault


def write_anchor(anchor: Anchor, folder: Path) -> Path | None:
    """Put an anchor's file, named by its day, in a folder; None if it is there already. Raises OSError."""
    path = folder / f"ancla-{anchor.at[:10]}.json"
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(anchor.statement)
        return path
    return None


def _anchor(archive: Archive, sequence: int, hash_: str) -> Anchor:
    at = archive.clock().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    said = {
        "what": "Ancla de la bitácora de Archivo: hasta esta entrada, nada puede cambiarse sin que se note",
        "at": at,
        "sequence": sequence,
        "hash": hash_,
        "signed_by": archive.signer.name,
        "public_key": base64.b64encode(archive.signer.public).decode("ascii"),
        "signature": archive.signer.sign(f"{at} {sequence} {hash_}"),
    }
    return read_anchor(json.dumps(said, ensure_ascii=False, indent=1) + "\n")


def _held_good(anchors: Sequence[Anchor], keys: Mapping[str, bytes]) -> tuple[list[Anchor], list[Fault]]:
    """The anchors that a known key signed, and what is to be said of the others."""
    good, bad = [], []
    for each in anchors:
        key = keys.get(each.signed_by)
        if key is not None and is_signed(key, each.signed_text, each.signature):
            good.append(each)
        else:
            bad.append(Fault(FaultKind.STRANGE_KEY if key is None else FaultKind.ANCHORED, each.sequence, each.sequence))
    return good, bad


@dataclass(slots=True)
class _Passing:
    """Counts the entries that pass and holds them against the anchors."""

    anchored: Mapping[int, str]
    entries: int = 0
    last: int = 0
    hash: str = GENESIS
    unlike: list[Fault] = field(default_factory=list)

    def by(self, links: Iterator[Link]) -> Iterator[Link]:
        for link in links:
            self.entries += 1
            self.last, self.hash = link.sequence, link.hash
            if self.anchored.get(link.sequence, link.hash) != link.hash:
                self.unlike.append(Fault(FaultKind.ANCHORED, link.sequence, link.sequence))
            yield link


def _links(session: Session) -> Iterator[Link]:
    every = select(AuditEntry).order_by(AuditEntry.sequence).execution_options(yield_per=1000)
    with session.scalars(every) as read:
        for entry in read:
            yield Link.of(entry)


def _at_the_head(passing: _Passing, head: Any) -> list[Fault]:
    if head is None:
        return [Fault(FaultKind.HEADLESS, passing.last, passing.last)] if passing.entries else []
    if head.sequence > passing.last:
        return [Fault(FaultKind.CUT, passing.last + 1, head.sequence)]
    return [] if (head.sequence, head.hash) == (passing.last, passing.hash) else [Fault(FaultKind.HEADLESS, passing.last, passing.last)]


def _chain(transaction: Transaction) -> None:
    """Put the entries of a transaction after the last one. Who holds the head writes; the others wait."""
    session, signer = transaction.session, transaction.signer
    session.flush()
    head = session.execute(_HEAD).first()
    if head is None:
        added(session, AuditHead(id=1, sequence=0, hash=GENESIS))
        head = session.execute(_HEAD).one()
    number, last = head.sequence, head.hash
    rows = []
    for entry in transaction.trail:
        number, previous = number + 1, last
        last = hash_of(number, content_of(AuditEntry(**entry)), previous)
        rows.append(
            {**entry, "sequence": number, "previous": previous, "hash": last, "signature": signer.sign(last), "signed_by": signer.name}
        )
    transaction.trail.clear()
    session.execute(_NEW, rows)
    session.execute(_MOVE, {"sequence": number, "hash": last})
