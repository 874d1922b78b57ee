"""The register of formats: what is held of each, how the policy takes it, and what may not be readable one day."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.data import format_policy
from archivo.records.models import Document, DocumentState, Representation
from preservation.formats import Certainty, FormatPolicy, FormatRule, Standing


class Risk(StrEnum):
    """How likely it is that a format cannot be read one day, from the policy alone. `unknown`: the policy is silent."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


RISK_WORDS: Final[Mapping[str, Risk]] = {"alto": Risk.HIGH, "sin-evaluar": Risk.UNKNOWN, "medio": Risk.MEDIUM, "bajo": Risk.LOW}
"""Risks as addresses and orders name them."""
RISK_OF: Final[Mapping[Standing, Risk]] = {
    Standing.PREFERRED: Risk.LOW,
    Standing.ACCEPTED: Risk.LOW,
    Standing.TO_MIGRATE: Risk.MEDIUM,
    Standing.REFUSED: Risk.HIGH,
    Standing.UNKNOWN: Risk.UNKNOWN,
}
_ORDER: Final = (Risk.HIGH, Risk.UNKNOWN, Risk.MEDIUM, Risk.LOW)
_UNSURE: Final = (Certainty.CONTENT, Certainty.EXTENSION)
_UNSURE_ORIGINAL: Final = and_(Representation.role == "original", Representation.identity["certainty"].as_string().in_(_UNSURE))
_HELD: Final = Document.state != DocumentState.DELETED
_PRESERVATION_COPY: Final = Representation.role == "preservation"

Known = tuple[str | None, str | None]
"""PUID and media type."""


@dataclass(frozen=True, slots=True)
class FormatHolding:
    """The originals held in one format. `size` in bytes; `unsure` counts those told without a signature of PRONOM, `migrated` those that
    have a preservation copy beside them.

    `group`, `reason`, `target` and `source` are the policy's words, empty where it is silent; `verified`: the rule was read at its source.
    """

    puid: str | None
    mime: str | None
    name: str
    count: int
    size: int
    unsure: int
    migrated: int
    standing: str
    risk: str
    group: str
    reason: str
    target: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class FormatRegister:
    """Everything held by format, what is most at risk first. `unread` counts documents not identified yet."""

    holdings: tuple[FormatHolding, ...]
    count: int
    size: int
    unread: int

    def of(self, risk: Risk) -> tuple[int, int]:
        """(documents, bytes) at a risk."""
        found = [one for one in self.holdings if one.risk == risk]
        return sum(one.count for one in found), sum(one.size for one in found)


def register(archive: Archive, actor: Actor) -> FormatRegister:
    """The register of all that is held. Figures by format name nobody's document. Raises Refused."""
    require(archive, actor, Grant.VERIFY)
    policy = format_policy(archive.clock().astimezone(ZoneInfo(archive.institution.timezone)).date())
    by_format = select(Document.puid, Document.mime, func.max(Document.format_name), func.count(), func.sum(Document.size))
    with archive.reading() as session:
        rows = session.execute(by_format.where(Document.mime.is_not(None), _HELD).group_by(Document.puid, Document.mime)).all()
        unread = session.scalar(select(func.count()).select_from(Document).where(Document.mime.is_(None), _HELD)) or 0
        unsure, migrated = _counted(session, _UNSURE_ORIGINAL), _counted(session, _PRESERVATION_COPY)
    holdings = []
    for puid, mime, name, count, size in rows:
        known = (puid, mime)
        holdings.append(_holding(policy, known, name or "", count, int(size), unsure.get(known, 0), migrated.get(known, 0)))
    holdings.sort(key=lambda one: (_ORDER.index(Risk(one.risk)), -one.size, one.puid or "", one.mime or ""))
    return FormatRegister(tuple(holdings), sum(one.count for one in holdings), sum(one.size for one in holdings), unread)


def formats_at(archive: Archive, actor: Actor, risk: Risk) -> list[Known]:
    """The formats held that are at a risk. Raises Refused."""
    return [(one.puid, one.mime) for one in register(archive, actor).holdings if one.risk == risk]


def _counted(session: Session, which: ColumnElement[bool]) -> Mapping[Known, int]:
    """Documents by format that have such a file."""
    found = (
        select(Document.puid, Document.mime, func.count())
        .join(Representation, Representation.document_id == Document.id)
        .where(which, _HELD)
    )
    return {(puid, mime): count for puid, mime, count in session.execute(found.group_by(Document.puid, Document.mime))}


def _holding(policy: FormatPolicy, known: Known, name: str, count: int, size: int, unsure: int, migrated: int) -> FormatHolding:
    rule = policy.rule_for(*known) or FormatRule("", Standing.UNKNOWN)
    told = (rule.name, rule.reason, rule.target, rule.source, rule.is_verified)
    return FormatHolding(known[0], known[1], name, count, size, unsure, migrated, str(rule.standing), str(RISK_OF[rule.standing]), *told)
