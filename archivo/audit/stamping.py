"""Stamps of the anchors (RFC 3161): somebody outside says when each stood already. Asked for, kept in the trail and beside the anchors."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, Final

from sqlalchemy import select

from archivo.archive import Archive
from archivo.audit.anchors import Anchor, BadAnchor, digest_of, read_anchor, stamps_in, write_stamp
from archivo.audit.link import links
from archivo.audit.models import AuditAnchor, AuditEntry, AuditHead
from archivo.audit.proving import of_trail
from archivo.audit.services import list_anchors, record
from archivo.database import table_of
from ingest.tools.process import ToolError, ToolFailed

STAMPED: Final = "audit.stamp"
AGAIN: Final = timedelta(days=30)
"""For how long an anchor's stamp is asked for: a later one reaches all that an earlier anchor names."""
EVERY: Final = timedelta(minutes=15)
"""How often those are asked for that were not obtained."""
GOOD: Final = "valid"
STATES: Final[Mapping[str, str]] = {
    GOOD: "válida",
    "unreadable": "no se puede leer, o no es una estampa",
    "altered": "fue alterada",
    "other": "es de otra ancla",
    "not_authority": "la firma un certificado que no es para estampar",
    "early": "dice un instante anterior al ancla",
    "future": "dice un instante que todavía no llega: o su reloj o el de este equipo está mal",
    "not_then": "la firma un certificado que no valía en el instante que dice (vence el {until})",
    "expired": "la firma un certificado que venció el {until}, y ninguna estampa posterior prueba que se hizo antes",
    "revoked": "la firma un certificado revocado",
    "weak": "usa un algoritmo en que ya no se confía",
    "unknown_chain": "la firma alguien por quien no responde ninguno de los certificados raíz",
}
_REASONS: Final[Mapping[str, str]] = {
    "silent": "no respondió",
    "redirected": "quiso enviar a otra dirección, que no se sigue",
    "status": "respondió con el estado HTTP {said}",
    "type": "respondió algo que no es una estampa",
    "large": "respondió más de lo que ocupa una estampa",
    "refused": "se negó ({said})",
    "nonce": "respondió a otra petición",
    "policy": "estampó con otra política ({said})",
}
_AGENT: Final = "Archivo"
_ROUND: Final = "anchors stamped"
_SECONDS: Final = 30.0
_SOME: Final = 100
_SECONDS_OF_SOME: Final = 120.0
_ENTRIES: Final = table_of(AuditEntry)
_HELD_HEAD: Final = select(AuditHead.id).with_for_update()


@dataclass(frozen=True, slots=True)
class Stamp:
    """The stamp of the anchor of a day, as it was judged (ingest.tools.timestamps.State, or "" where there are no root certificates).

    `at` is the instant that it tells, by `authority`, whose certificate ends at `until` (ISO 8601); `policy` is an object identifier.
    `proven_at`: the later stamp that proves this one, once its certificate ended.
    """

    day: str
    state: str
    at: str
    authority: str
    issuer: str
    policy: str
    serial: str
    until: str
    proven_at: str = ""


@dataclass(frozen=True, slots=True)
class StampReport:
    """The stamps of the anchors, the newest first, and the days whose stamp is asked for and was not obtained yet."""

    stamps: tuple[Stamp, ...]
    unstamped: tuple[str, ...]

    @property
    def wrong(self) -> tuple[Stamp, ...]:
        """Those that were touched, or are of nobody trusted. A certificate that ended is no fault."""
        return tuple(each for each in self.stamps if each.state not in ("", GOOD, "expired"))

    @property
    def ended(self) -> tuple[Stamp, ...]:
        return tuple(each for each in self.stamps if each.state == "expired")


def stamp_now_and_then(archive: Archive) -> str | None:
    """stamp_anchors() of one anchor, the newest that lacks its stamp, once in a quarter of an hour for each process; any number may ask.

    Whoever asks waits for one answer at most. Where it came and others lack theirs, the next who asks has the next one stamped.
    """
    if not archive.rounds.begins(_ROUND, archive.clock(), EVERY):
        return None
    is_done = False
    try:
        told = stamp_anchors(archive, 1)
        is_done = told is not None or not unstamped_days(archive)
        return told
    finally:
        if not is_done:
            archive.rounds.is_unfinished(_ROUND)


def stamp_anchors(archive: Archive, most: int | None = None) -> str | None:
    """Ask for the stamps that the anchors of late lack, `most` of them at most, the newest first, and keep them; why one was not obtained,
    in Spanish, or None.

    After one that was not obtained the others wait for the next time. Raises OSError where a file cannot be written.
    """
    told = None
    for anchor in _unstamped(archive)[:most]:
        told = _stamp(archive, anchor)
        if told is not None:
            break
    _write_files(archive)
    return told


def unstamped_days(archive: Archive) -> tuple[str, ...]:
    """The days of late whose anchor has no stamp yet, the newest first; none where nobody is asked."""
    return tuple(each.at[:10] for each in _unstamped(archive))


def last_stamp(archive: Archive) -> Stamp | None:
    """The newest stamp of late, as it was when it was obtained."""
    with archive.reading() as session:
        for anchor in _anchors_of_late(archive):
            for detail in session.scalars(select(_ENTRIES.c.detail).where(_ENTRIES.c.object_id == _name(anchor))):
                with suppress(KeyError, TypeError):
                    return Stamp(anchor.at[:10], **{name: str(value) for name, value in detail["stamped"].items()})
    return None


def kept_stamps(archive: Archive) -> dict[str, bytes]:
    """The stamps that the trail keeps, by the statement of their anchors."""
    return {anchor.statement: answer for anchor, answer, _ in _of_trail(archive)}


def judge_stamps(archive: Archive, given: Iterable[tuple[Anchor, bytes]] = (), *, keys: Sequence[bytes] = ()) -> StampReport:
    """Judge the stamps of the trail, those beside the anchors of the home, and those given. Raises ToolError.

    A later stamp proves earlier ones only if its anchor is of this trail (proving.of_trail), by this archive's key or one of `keys`.
    """
    found: dict[tuple[str, bytes], tuple[Anchor, bytes, int | None]] = {}
    outside = ((anchor, answer, None) for anchor, answer in (*stamps_in(archive.anchors), *given))
    for anchor, answer, number in (*_of_trail(archive), *outside):
        found.setdefault((anchor.statement, answer), (anchor, answer, number))
    newest = sorted(found.values(), key=lambda each: (each[0].at, each[0].sequence), reverse=True)
    return StampReport(tuple(_judged(archive, newest, keys)), unstamped_days(archive))


def _judged(archive: Archive, found: Sequence[tuple[Anchor, bytes, int | None]], keys: Sequence[bytes]) -> Iterator[Stamp]:
    roots = archive.stamping.roots
    proving = of_trail(archive, keys, [anchor for anchor, _, _ in found])
    covering = None
    for begin in range(0, len(found), _SOME):
        some = found[begin : begin + _SOME]
        told = archive.tools.call(
            "timestamps",
            "judge",
            timeout=_SECONDS_OF_SOME,
            stamps=[_asked(*each, proves=each[0].statement in proving) for each in some],
            roots=None if roots is None else str(roots),
            now=archive.clock().isoformat(),
            covering=covering,
        )
        covering = told["covering"]
        for (anchor, _, _), one in zip(some, told["stamped"], strict=True):
            is_unknown = roots is None and one["state"] == "unknown_chain"
            yield Stamp(anchor.at[:10], **{**one, **({"state": ""} if is_unknown else {})})


def _asked(anchor: Anchor, answer: bytes, number: int | None, *, proves: bool) -> dict[str, Any]:
    told = base64.b64encode(answer).decode("ascii")
    covers = anchor.sequence if proves else None
    return {"answer": told, "digest": _sha256(anchor), "since": anchor.at, "covers": covers, "stands_in": number}


def _stamp(archive: Archive, anchor: Anchor) -> str | None:
    by = archive.stamping
    try:
        told = archive.tools.call(
            "timestamps",
            "obtain",
            timeout=_SECONDS,
            url=by.url,
            credentials=by.credentials,
            digest=_sha256(anchor),
            policy=by.policy,
            since=anchor.at,
            now=archive.clock().isoformat(),
            roots=str(by.roots),
        )
    except ToolFailed as fault:
        if fault.code in STATES:
            until = "día que dice"
            return f"la estampa del ancla del {anchor.at[:10]} no se guardó: {STATES[fault.code].format(until=until)}"
        reason = _REASONS.get(fault.code, "respondió algo que no se entiende").format(said=fault.detail)
        return f"no hay estampa del ancla del {anchor.at[:10]}: la autoridad {reason}"
    except ToolError:
        return f"no hay estampa del ancla del {anchor.at[:10]}: la autoridad no respondió a tiempo"
    with archive.transaction() as transaction:
        transaction.session.execute(_HELD_HEAD)
        if not _has_stamp(transaction.session, anchor):  # another may have obtained one while this one waited
            detail = {"digest": digest_of(anchor), "answer": told["answer"], "stamped": told["stamped"]}
            record(transaction, _AGENT, STAMPED, _name(anchor), detail=detail)
    return None


def _unstamped(archive: Archive) -> list[Anchor]:
    if not archive.stamping.url:
        return []
    anchors = _anchors_of_late(archive)
    with archive.reading() as session:
        return [each for each in anchors if not _has_stamp(session, each)]


def _has_stamp(session: Any, anchor: Anchor) -> bool:
    kept = session.scalars(select(_ENTRIES.c.detail).where(_ENTRIES.c.object_id == _name(anchor), _ENTRIES.c.act == STAMPED))
    return any(isinstance(detail, Mapping) and detail.get("digest") == digest_of(anchor) for detail in kept)


def _anchors_of_late(archive: Archive) -> list[Anchor]:
    """The newest first."""
    since = (archive.clock() - AGAIN).astimezone(UTC).date().isoformat()
    found = []
    with archive.reading() as session:
        for statement in session.scalars(select(AuditAnchor.statement).where(AuditAnchor.day >= since).order_by(AuditAnchor.day.desc())):
            with suppress(BadAnchor):
                found.append(read_anchor(statement))
    return found


def _of_trail(archive: Archive) -> Iterator[tuple[Anchor, bytes, int]]:
    """The stamps that the trail keeps, each with its anchor and the number of its entry. One whose anchor is gone is told as such by the
    entry that made the anchor.
    """
    anchors = {digest_of(each): each for each in list_anchors(archive)}
    with archive.reading() as session:
        for link in links(session, (STAMPED,)):
            with suppress(KeyError, TypeError, AttributeError, ValueError, binascii.Error):
                detail = (link.content or {})["detail"]
                yield anchors[detail["digest"]], base64.b64decode(detail["answer"], validate=True), link.sequence


def _write_files(archive: Archive) -> None:
    """Have each stamp of late stand beside its anchor in the home."""
    lacking = [each for each in _anchors_of_late(archive) if _lacks_file(archive, each)]
    with archive.reading() as session:
        for anchor in lacking:
            for detail in session.scalars(select(_ENTRIES.c.detail).where(_ENTRIES.c.object_id == _name(anchor))):
                with suppress(KeyError, TypeError, ValueError, binascii.Error):
                    if detail["digest"] == digest_of(anchor):
                        write_stamp(anchor, base64.b64decode(detail["answer"], validate=True), archive.anchors)


def _lacks_file(archive: Archive, anchor: Anchor) -> bool:
    path = archive.anchors / f"ancla-{anchor.at[:10]}"
    return path.with_suffix(".json").exists() and not path.with_suffix(".tsr").exists()


def _name(anchor: Anchor) -> str:
    """What the trail calls an anchor."""
    return f"ancla:{anchor.at[:10]}"


def _sha256(anchor: Anchor) -> str:
    """What is stamped: the anchor's file, so that anybody can hold one against the other."""
    return hashlib.sha256(anchor.statement.encode()).hexdigest()
