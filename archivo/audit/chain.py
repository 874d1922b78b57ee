"""Prove the trail whole, or say which of its entries was altered, removed, moved or inserted."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from typing import Any, Final, Self

from archivo.audit.models import AuditEntry
from archivo.audit.signing import is_signed

GENESIS: Final = "0" * 64
_NEAR: Final = 2_000
"""How far around its place it is looked where an entry came from."""


class FaultKind(StrEnum):
    """What was done to the trail.

    `altered`: the entry is not what was written. `removed`: it is not there. `moved`: it was written with another number. `inserted`: this
    archive did not write it. `rewritten`: from this entry on nothing is as this archive signed it: the first was altered, removed or
    inserted, and the rest reckoned anew by who had no key. `unsigned`: no signature covers it. `strange_key`: only a key that was not given
    covers it. `cut`: entries that the head or an anchor names are not there. `headless`: the head is not that of the last entry.
    `anchored`: it is not the entry that an anchor names. `package`: the package it names is another in the catalogue.
    """

    ALTERED = "altered"
    REMOVED = "removed"
    MOVED = "moved"
    INSERTED = "inserted"
    REWRITTEN = "rewritten"
    UNSIGNED = "unsigned"
    STRANGE_KEY = "strange_key"
    CUT = "cut"
    HEADLESS = "headless"
    ANCHORED = "anchored"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something done to the entries from `sequence` to `last`, inclusive; `other` is the number that a moved entry was written with."""

    kind: FaultKind
    sequence: int
    last: int
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the chain sees it."""

    sequence: int
    content: Mapping[str, Any]
    previous: str
    hash: str
    signature: str | None
    signed_by: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(entry.sequence, content_of(entry), entry.previous, entry.hash, entry.signature, entry.signed_by)

    def reckoned(self) -> str:
        """The hash that the entry's content gives."""
        return hash_of(self.sequence, self.content, self.previous)


def content_of(entry: AuditEntry) -> dict[str, Any]:
    """What an entry says, apart from its place."""
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


def faults(links: Iterable[Link], keys: Mapping[str, bytes]) -> Iterator[Fault]:
    """What was done to the entries, which come by number. `keys` are the public keys that may have signed, by name.

    The last entries may be missing without a trace in the others: see what the head and the anchors say.
    """
    yield from _joined(_Reading(keys).read(links))


class _Reading:
    """Reads the trail once. `number` and `hash` are of the last entry proven genuine; `pending` those after it, not judged yet: a later
    signature covers them, or shows that they are not what was signed.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = keys
        self._number, self._hash = 0, GENESIS
        self._pending: list[Link] = []
        self._is_signing = False

    def read(self, links: Iterable[Link]) -> Iterator[Fault]:
        expected = 1
        for link in links:
            if link.sequence > expected:
                yield Fault(FaultKind.REMOVED, expected, link.sequence - 1)
            expected = link.sequence + 1
            if link.signature is None and not self._is_signing:
                yield from self._unsigned(link)
            elif (key := self._keys.get(link.signed_by or "")) is not None:
                yield from self._signed(link, key, link.signature or "")
            else:
                self._pending.append(link)
        yield from self._at_the_end()

    def _unsigned(self, link: Link) -> Iterator[Fault]:
        """An entry of the time before entries were signed."""
        if link.reckoned() != link.hash:
            yield self._changed(link)
        elif link.previous != self._hash and link.sequence == self._number + 1:
            yield Fault(FaultKind.ALTERED, link.sequence, link.sequence)
        self._number, self._hash = link.sequence, link.hash

    def _signed(self, link: Link, key: bytes, signature: str) -> Iterator[Fault]:
        self._is_signing = True
        follows = self._follows()
        if follows is not None and is_signed(key, hash_of(follows[0], link.content, follows[1]), signature):
            yield from self._touched()
            yield from self._stored(link, *follows)
        elif is_signed(key, hash_of(self._number + 1, link.content, self._hash), signature):
            yield from (Fault(FaultKind.INSERTED, each.sequence, each.sequence) for each in self._pending)
            yield from self._stored(link, self._number + 1, self._hash)
        elif is_signed(key, link.hash, signature):
            yield from (Fault(FaultKind.ALTERED, each.sequence, each.sequence) for each in self._pending)
            if link.reckoned() != link.hash:
                yield self._changed(link)
            self._believe(link.sequence, link.hash)
        else:
            self._pending.append(link)

    def _follows(self) -> tuple[int, str] | None:
        """The number of an entry that followed those pending, and the hash of the last of them; None if they are no chain."""
        number, last = self._number, self._hash
        for each in self._pending:
            if each.previous != last or hash_of(number + 1, each.content, last) != each.hash:
                return None
            number, last = number + 1, each.hash
        return number + 1, last

    def _touched(self) -> Iterator[Fault]:
        """Of those pending, which a signature covers now, the ones whose own signature was put or changed by another hand."""
        for each in self._pending:
            if each.signature is not None and each.signed_by in self._keys:
                yield Fault(FaultKind.ALTERED, each.sequence, each.sequence)

    def _stored(self, link: Link, number: int, previous: str) -> Iterator[Fault]:
        """An entry that is genuine: it stands as it was written, or with the number that insertions before it left it."""
        true = hash_of(number, link.content, previous)
        if link.sequence == number and (link.hash, link.previous) != (true, previous):
            yield Fault(FaultKind.ALTERED, link.sequence, link.sequence)
        self._believe(number, true)

    def _believe(self, number: int, true: str) -> None:
        self._number, self._hash = number, true
        self._pending.clear()

    def _changed(self, link: Link) -> Fault:
        """An entry whose content is not that of its hash, which is the true one: another's place, or another content."""
        around = range(max(1, link.sequence - _NEAR), link.sequence + _NEAR)
        written = next((n for n in around if hash_of(n, link.content, link.previous) == link.hash), None)
        return Fault(FaultKind.ALTERED if written is None else FaultKind.MOVED, link.sequence, link.sequence, written)

    def _at_the_end(self) -> Iterator[Fault]:
        if not self._pending:
            return
        first, last = self._pending[0].sequence, self._pending[-1].sequence
        if self._follows() is None or any(each.signed_by in self._keys for each in self._pending):
            yield Fault(FaultKind.REWRITTEN, first, last)
        else:
            is_strange = any(each.signature is not None for each in self._pending)
            yield Fault(FaultKind.STRANGE_KEY if is_strange else FaultKind.UNSIGNED, first, last)


def _joined(found: Iterator[Fault]) -> Iterator[Fault]:
    """Faults of one kind that follow each other, told as one."""
    last: Fault | None = None
    for fault in found:
        if last is not None and fault.kind == last.kind and fault.sequence == last.last + 1 and fault.other is None is last.other:
            last = replace(last, last=fault.last)
            continue
        if last is not None:
            yield last
        last = fault
    if last is not None:
        yield last
