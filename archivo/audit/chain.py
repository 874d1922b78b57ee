"""Prove the trail whole, or say which of its entries was altered, removed, moved or inserted."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from archivo.audit.link import GENESIS, Link, head_text
from archivo.audit.signing import is_signed

SIGNING: Final = "audit.signing"
HEAD_UNSIGNED: Final = "audit.head_unsigned"
ANCHORED: Final = "audit.anchor"
"""The acts of the trail itself: entries begin to be signed; it was gone on from a head that this key had not signed; it was anchored."""
_NEAR: Final = 2_000
"""How far around its place it is looked where an entry came from."""
_MOST_SOUGHT: Final = 500
"""Of how many entries that is looked; many altered ones are all told, and where each came from is not."""


class FaultKind(StrEnum):
    """What was done to the trail.

    `altered`: the entry is not what was written. `removed`: it is not there. `moved`: it was written with another number. `inserted`: this
    archive did not write it. `rewritten`: from this entry on nothing is as this archive signed it: the first was altered, removed or
    inserted, and the rest reckoned anew by who had no key. `unsigned`: it has no signature. `strange_key`: a key that was not given signed
    it. `cut`: entries that the head or an anchor names are not there. `headless`: the head is not that of the last entry. `head_unsigned`:
    the head was moved to this entry, or to the one before, without the key. `anchored`: it is not the entry that an anchor names, or the
    anchor cannot be read. `unanchored`: the anchor that it tells of is not in the database. `package`: the package it names is another in
    the catalogue. `before`: it is of the time before entries were signed; never more than a warning.
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
    HEAD_UNSIGNED = "head_unsigned"
    ANCHORED = "anchored"
    UNANCHORED = "unanchored"
    PACKAGE = "package"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something done to the entries from `sequence` to `last`, inclusive; `other` is the number that a moved entry was written with."""

    kind: FaultKind
    sequence: int
    last: int
    other: int | None = None


class Reading:
    """Reads the trail once. `keys` are the public keys that may have signed, by name; `signed_since` the first number that an
    anchor names, if any, and `has_signed` whether it is known otherwise that entries were ever signed.

    `warnings` are what an earlier program beside this one may have left while machines were upgraded: entries without a signature, and
    heads, as long as the entry that began the signing admits them. `anchored` are the digests of the anchors that genuine entries tell of.
    The last entries may be missing without a trace in the others: see what the head and the anchors say.
    """

    def __init__(self, keys: Mapping[str, bytes], *, signed_since: int | None, has_signed: bool) -> None:
        self.warnings: list[Fault] = []
        self.anchored: list[tuple[int, str]] = []
        self._keys = keys
        self._signed_since, self._has_signed = signed_since, has_signed
        self._number, self._hash = 0, GENESIS
        """Of the last entry proven genuine."""
        self._pending = _Pending(0, GENESIS)
        self._first_unsigned: int | None = None
        self._is_signing = self._is_proven = False
        self._admitted_until = self._at = ""
        self._sought = 0

    def read(self, links: Iterable[Link]) -> Iterator[Fault]:
        """What was done to the entries, which come by number."""
        expected = 1
        for link in links:
            if link.sequence > expected:
                yield Fault(FaultKind.REMOVED, expected, link.sequence - 1)
            expected = link.sequence + 1
            self._is_signing = self._is_signing or link.signature is not None
            if not self._is_signing:
                yield from self._before(link)
            elif (key := self._keys.get(link.signed_by or "")) is not None and link.signature is not None:
                yield from self._signed(link, key, link.signature)
            else:
                self._pending.add(link)
        yield from self._at_the_end()

    @property
    def is_proven_to_the_end(self) -> bool:
        """Whether the last entry read is genuine."""
        return self._is_proven and not self._pending.links

    def admits(self, at: str) -> bool:
        """Whether an earlier program may have written at this instant (ISO, UTC), and none proven later stands before."""
        return max(at, self._at) <= self._admitted_until

    def _before(self, link: Link) -> Iterator[Fault]:
        """An entry of the time before entries were signed."""
        if link.reckoned != link.hash:
            yield self._changed(link)
        elif link.previous != self._hash and link.sequence == self._number + 1:
            yield Fault(FaultKind.ALTERED, link.sequence, link.sequence)
        self._first_unsigned = self._first_unsigned or link.sequence
        self._number, self._hash = link.sequence, link.hash
        self._pending = _Pending(self._number, self._hash)

    def _signed(self, link: Link, key: bytes, signature: str) -> Iterator[Fault]:
        follows = self._pending
        if follows.is_chain and is_signed(key, link.hash_at(follows.number + 1, follows.hash), signature):
            yield from self._covered()
            yield from self._stored(link, follows.number + 1, follows.hash)
        elif is_signed(key, link.hash_at(self._number + 1, self._hash), signature):
            yield from (Fault(FaultKind.INSERTED, each.sequence, each.sequence) for each in self._pending.links)
            yield from self._stored(link, self._number + 1, self._hash)
        elif is_signed(key, link.hash, signature):
            yield from (Fault(FaultKind.ALTERED, each.sequence, each.sequence) for each in self._pending.links)
            if link.reckoned != link.hash:
                yield self._changed(link)
                yield from self._believe(link, link.sequence, link.hash, is_legible=False)
            else:
                yield from self._believe(link, link.sequence, link.hash)
        else:
            self._pending.add(link)

    def _covered(self) -> Iterator[Fault]:
        """Those pending, which a signature covers now: what is to be said of each."""
        for each in self._pending.links:
            if each.signature is not None and each.signed_by in self._keys:
                yield Fault(FaultKind.ALTERED, each.sequence, each.sequence)
            else:
                yield from self._without_signature(each)

    def _without_signature(self, link: Link) -> Iterator[Fault]:
        if link.signature is not None:
            yield Fault(FaultKind.STRANGE_KEY, link.sequence, link.sequence)
        else:
            yield from self._told(FaultKind.UNSIGNED, link)

    def _told(self, kind: FaultKind, link: Link) -> Iterator[Fault]:
        """A fault; or a warning, where an earlier program may have caused it."""
        fault = Fault(kind, link.sequence, link.sequence)
        if link.content is not None and self.admits(link.content["at"]):
            self.warnings.append(fault)
        else:
            yield fault

    def _stored(self, link: Link, number: int, previous: str) -> Iterator[Fault]:
        """An entry that is genuine: it stands as it was written, or with the number that insertions before it left it."""
        true = link.hash_at(number, previous)
        if link.sequence == number and (link.hash, link.previous) != (true, previous):
            yield Fault(FaultKind.ALTERED, link.sequence, link.sequence)
        yield from self._believe(link, number, true)

    def _believe(self, link: Link, number: int, true: str, *, is_legible: bool = True) -> Iterator[Fault]:
        """An entry is genuine; what it says is too, if it is legible."""
        before, self._number, self._hash = self._hash, number, true
        self._pending = _Pending(number, true)
        content = (is_legible and link.content) or {"act": "", "at": self._at, "detail": {}}
        if not self._is_proven:
            self._is_proven = True
            yield from self._begun(link, content["act"], content["detail"])
        elif content["act"] == SIGNING:
            yield Fault(FaultKind.HEAD_UNSIGNED, link.sequence, link.sequence)
        if content["act"] == HEAD_UNSIGNED:
            yield from self._on_another_head(link, content["detail"], before)
        elif content["act"] == ANCHORED:
            self.anchored.append((link.sequence, str(content["detail"].get("digest"))))
        self._at = max(self._at, content["at"])

    def _begun(self, link: Link, act: str, detail: Mapping[str, object]) -> Iterator[Fault]:
        """The first entry proven by a signature says how many before it had none; if it does not, theirs were taken away."""
        if self._first_unsigned is None:
            return
        last = link.sequence - 1
        is_said = act == SIGNING and detail.get("sequence") == last and (self._signed_since or link.sequence) >= last
        if is_said:
            self._admitted_until = str(detail.get("admitted_until"))
            self.warnings.append(Fault(FaultKind.BEFORE, self._first_unsigned, last))
        else:
            yield Fault(FaultKind.UNSIGNED, self._first_unsigned, last)

    def _on_another_head(self, link: Link, detail: Mapping[str, object], before: str) -> Iterator[Fault]:
        """The trail went on from a head that its key had not signed: another key that is known had, or somebody moved it."""
        name, signature = str(detail.get("signed_by")), str(detail.get("signature"))
        if detail.get("signature") is not None and name not in self._keys:
            yield Fault(FaultKind.STRANGE_KEY, link.sequence, link.sequence)
        elif name not in self._keys or not is_signed(self._keys[name], head_text(link.sequence - 1, before), signature):
            yield from self._told(FaultKind.HEAD_UNSIGNED, link)

    def _changed(self, link: Link) -> Fault:
        """An entry whose content is not that of its hash, which is the true one: another's place, or another content."""
        self._sought += 1
        written = _written_as(link) if self._sought <= _MOST_SOUGHT else None
        return Fault(FaultKind.ALTERED if written is None else FaultKind.MOVED, link.sequence, link.sequence, written)

    def _at_the_end(self) -> Iterator[Fault]:
        pending = self._pending.links
        if self._first_unsigned is not None and not self._is_proven:
            before = Fault(FaultKind.BEFORE, self._first_unsigned, pending[0].sequence - 1 if pending else self._number)
            if self._signed_since is None and not self._has_signed:
                self.warnings.append(before)
            else:
                yield replace(before, kind=FaultKind.UNSIGNED)
        if pending and (not self._pending.is_chain or any(each.signed_by in self._keys for each in pending)):
            yield Fault(FaultKind.REWRITTEN, pending[0].sequence, pending[-1].sequence)
        else:
            for each in pending:
                yield from self._without_signature(each)


class _Pending:
    """The entries after the last one proven, which comes with its number and hash, not judged yet: a later signature covers them, or shows
    that they are not what was signed. While they are a chain, `number` and `hash` are of the last of them.
    """

    def __init__(self, number: int, last: str) -> None:
        self.links: list[Link] = []
        self.is_chain = True
        self.number, self.hash = number, last

    def add(self, link: Link) -> None:
        self.links.append(link)
        self.is_chain = self.is_chain and link.previous == self.hash and link.hash_at(self.number + 1, self.hash) == link.hash
        self.number, self.hash = self.number + 1, link.hash


def joined(found: Iterable[Fault]) -> Iterator[Fault]:
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


def _written_as(link: Link) -> int | None:
    """The number with which the entry has the hash that it bears, if it is one near its own."""
    if link.content is None:
        return None
    canonical = json.dumps({**link.content, "previous": link.previous}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    begun = hashlib.sha256(f'{canonical[:-1]},"sequence":'.encode())
    for number in range(max(1, link.sequence - _NEAR), link.sequence + _NEAR):
        ended = begun.copy()
        ended.update(f"{number}}}".encode())
        if ended.hexdigest() == link.hash:
            return number
    return None
