"""Hold the trail against its keys, its head and its anchors."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.audit.anchors import Anchor, BadAnchor, anchors_in, digest_of, read_anchor
from archivo.audit.chain import Fault, FaultKind, Reading, joined
from archivo.audit.link import GENESIS, Link, head_text, links
from archivo.audit.models import AuditAnchor, AuditEntry, AuditHead
from archivo.audit.signing import is_signed, key_name
from archivo.database import table_of

_HEADS = table_of(AuditHead)
_ANCHORS = table_of(AuditAnchor)
_ENTRIES = table_of(AuditEntry)
_SOME: Final = 500
Told = tuple[Fault, ...]


def prove(archive: Archive, keys: Sequence[bytes], given: Sequence[Anchor]) -> tuple[int, int, Told, Told]:
    """How many entries there are, against how many anchors they were held, the faults and the warnings; see services.verify_chain."""
    known = _known(archive, keys)
    with archive.reading() as session:
        kept, found = _kept(session)
        outside = list(anchors_in(archive.anchors))
        found += [Fault(FaultKind.ANCHORED, 0, 0) for each in outside if each is None]
        anchors = {each.statement: each for each in (*kept, *outside, *given) if each is not None}
        good, bad = _held_good(anchors.values(), known)
        head = session.execute(select(_HEADS)).first()
        signed_since = min((each.sequence for each in good), default=None)
        has_signed = archive.signer.has_signed or (head is not None and head.signature is not None)
        reading, passing = Reading(known, signed_since=signed_since, has_signed=has_signed), _Passing(good)
        found += [*bad, *joined(reading.read(passing.by(links(session))))]
    head_faults, head_warnings = _at_the_head(head, passing, reading, known, must_sign=has_signed or signed_since is not None)
    digests = {digest_of(each) for each in kept}
    found += [*passing.unlike, *head_faults]
    found += [Fault(FaultKind.CUT, passing.last + 1, each.sequence) for each in good if each.sequence > passing.last]
    found += [Fault(FaultKind.UNANCHORED, number, number) for number, digest in reading.anchored if digest not in digests]
    return passing.entries, len(anchors), _in_order(found), _in_order([*joined(reading.warnings), *head_warnings])


def of_trail(archive: Archive, keys: Sequence[bytes], anchors: Sequence[Anchor]) -> frozenset[str]:
    """The statements of the anchors that a known key signed and that name an entry of the trail as it stands."""
    good, _ = _held_good(anchors, _known(archive, keys))
    numbers = sorted({each.sequence for each in good})
    hashes: dict[int, str] = {}
    with archive.reading() as session:
        for begin in range(0, len(numbers), _SOME):
            some = _ENTRIES.c.sequence.in_(numbers[begin : begin + _SOME])
            hashes |= {number: found for number, found in session.execute(select(_ENTRIES.c.sequence, _ENTRIES.c.hash).where(some))}
    return frozenset(each.statement for each in good if hashes.get(each.sequence) == each.hash)


def _known(archive: Archive, keys: Sequence[bytes]) -> dict[str, bytes]:
    own = (archive.signer.public,) if archive.signer.is_there else ()  # to look makes no key
    return {key_name(each): each for each in (*own, *keys)}


def _in_order(found: Iterable[Fault]) -> Told:
    return tuple(sorted({*found}, key=lambda fault: (fault.sequence, fault.last, fault.kind)))


def _kept(session: Session) -> tuple[list[Anchor], list[Fault]]:
    """The anchors of the database, and a fault for each that cannot be read."""
    good, bad = [], []
    for row in session.execute(select(_ANCHORS).order_by(_ANCHORS.c.day)):
        try:
            good.append(read_anchor(row.statement))
        except BadAnchor:
            number = row.sequence if isinstance(row.sequence, int) else 0
            bad.append(Fault(FaultKind.ANCHORED, number, number))
    return good, bad


def _held_good(anchors: Iterable[Anchor], keys: Mapping[str, bytes]) -> tuple[list[Anchor], list[Fault]]:
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

    anchors: Sequence[Anchor]
    entries: int = 0
    last: int = 0
    hash: str = GENESIS
    at: str = ""
    unlike: list[Fault] = field(default_factory=list)

    def by(self, entries: Iterator[Link]) -> Iterator[Link]:
        named: dict[int, set[str]] = defaultdict(set)
        for each in self.anchors:
            named[each.sequence].add(each.hash)
        for link in entries:
            self.entries += 1
            self.last, self.hash = link.sequence, link.hash
            self.at = "" if link.content is None else link.content["at"]
            if named.get(link.sequence, {link.hash}) != {link.hash}:
                self.unlike.append(Fault(FaultKind.ANCHORED, link.sequence, link.sequence))
            yield link


def _at_the_head(
    head: Any, passing: _Passing, reading: Reading, keys: Mapping[str, bytes], *, must_sign: bool
) -> tuple[list[Fault], list[Fault]]:
    """The faults and the warnings of the head."""
    here = (passing.last, passing.last)
    if head is None:
        if passing.entries:
            return [Fault(FaultKind.HEADLESS, *here)], []
        return ([Fault(FaultKind.CUT, 1, 1)] if must_sign else []), []  # the key is made for the first entry
    with suppress(TypeError):
        if head.sequence > passing.last:
            return [Fault(FaultKind.CUT, passing.last + 1, head.sequence)], []
    if (head.sequence, head.hash) != (passing.last, passing.hash):
        return [Fault(FaultKind.HEADLESS, *here)], []
    if not must_sign or (passing.entries and not reading.is_proven_to_the_end):
        return [], []  # what was read says it already
    key = keys.get(head.signed_by)
    if key is not None and is_signed(key, head_text(head.sequence, head.hash), str(head.signature)):
        return [], []
    if key is None and head.signature is not None:
        return [Fault(FaultKind.STRANGE_KEY, *here)], []
    fault = [Fault(FaultKind.HEAD_UNSIGNED, *here)]
    return ([], fault) if reading.admits(passing.at) else (fault, [])
