"""An entry of the trail as the chain sees it: what it says, its hash, and how entries are read when somebody spoilt them."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final, Self

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from archivo.audit.models import AuditEntry
from archivo.database import is_away, table_of

GENESIS: Final = "0" * 64
_ENTRIES: Final = table_of(AuditEntry)
_AT_ONCE: Final = 1_000
_SPOILT: Final = (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What reading raises for a value that is not of its column: SQLite keeps any in any."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the chain sees it. `content` is None where it cannot be read; `reckoned` is the hash that the content gives, or ""."""

    sequence: int
    content: Mapping[str, Any] | None
    previous: str
    hash: str
    signature: str | None
    signed_by: str | None
    reckoned: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """From an entry, or a row of its columns."""
        content, reckoned = None, ""
        try:
            content = content_of(row)
            reckoned = hash_of(row.sequence, content, row.previous)
        except _SPOILT:
            content = None
        signature, signed_by = _text_or_none(row.signature), _text_or_none(row.signed_by)
        return cls(row.sequence, content, _text(row.previous), _text(row.hash), signature, signed_by, reckoned)

    def hash_at(self, number: int, previous: str) -> str:
        """The hash that the entry would have in another place; "" where its content cannot be read."""
        if self.content is None:
            return ""
        if (number, previous) == (self.sequence, self.previous):
            return self.reckoned
        return hash_of(number, self.content, previous)


def content_of(entry: Any) -> dict[str, Any]:
    """What an entry, or a row of its columns, says apart from its place. Raises any of several errors for one that is spoilt."""
    if not isinstance(entry.detail, Mapping):
        raise TypeError("a detail is an object")
    return {
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "act": entry.act,
        "outcome": entry.outcome,
        "object": entry.object_id,
        "detail": entry.detail,
    }


def hash_of(sequence: int, content: Mapping[str, Any], previous: str) -> str:
    """The hash of an entry: SHA-256 of its canonical JSON."""
    canonical = json.dumps(
        {**content, "sequence": sequence, "previous": previous}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def head_text(sequence: int, last: str) -> str:
    """What is signed of the head: the number and the hash of the last entry."""
    return f"head {sequence} {last}"


def links(session: Session, acts: Sequence[str] = ()) -> Iterator[Link]:
    """The entries by number, all or those of some acts, also those that somebody spoilt."""
    chosen = select(_ENTRIES.c.sequence).order_by(_ENTRIES.c.sequence).limit(_AT_ONCE)
    if acts:
        chosen = chosen.where(_ENTRIES.c.act.in_(acts))
    numbers = list(session.scalars(chosen))
    while numbers:
        yield from _read(session, numbers)
        numbers = list(session.scalars(chosen.where(_ENTRIES.c.sequence > numbers[-1])))


def _read(session: Session, numbers: Sequence[int]) -> list[Link]:
    rows = select(_ENTRIES).where(_ENTRIES.c.sequence.in_(numbers)).order_by(_ENTRIES.c.sequence)
    try:
        return [Link.of(row) for row in session.execute(rows)]
    except (*_SPOILT, DBAPIError) as fault:
        if is_away(fault):
            raise
    if len(numbers) > 1:
        half = len(numbers) // 2
        return [*_read(session, numbers[:half]), *_read(session, numbers[half:])]
    return [_spoilt(session, numbers[0])]


def _spoilt(session: Session, number: int) -> Link:
    """An entry of which something cannot be read: its place in the chain, if that can."""
    place = select(*(_ENTRIES.c[name] for name in ("previous", "hash", "signature", "signed_by"))).filter_by(sequence=number)
    try:
        row = session.execute(place).one()
    except (*_SPOILT, DBAPIError) as fault:
        if is_away(fault):
            raise
        return Link(number, None, "", "", None, None, "")
    signature, signed_by = _text_or_none(row.signature), _text_or_none(row.signed_by)
    return Link(number, None, _text(row.previous), _text(row.hash), signature, signed_by, "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)
