"""The trail, its head and its anchors."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archivo.database import Base


class AuditEntry(Base):
    """One act or refusal. `hash` is of the canonical JSON of all the others but the signature, `previous` being the hash of the entry
    before; `signature` is of the hash, by the key that `signed_by` names (None: by a program that did not sign yet).
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_object", "object_id", "sequence"),)

    sequence: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    act: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[str | None] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(String(100))
    signed_by: Mapped[str | None] = mapped_column(String(16))


class AuditHead(Base):
    """The one row that orders the trail: who holds it writes the next entry. It names the last one, and is signed as entries are."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(String(100))
    signed_by: Mapped[str | None] = mapped_column(String(16))


class AuditAnchor(Base):
    """Where the trail stood on a day (UTC), signed: `statement` is the anchor's file, byte for byte."""

    __tablename__ = "audit_anchor"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    statement: Mapped[str] = mapped_column(Text)


class SharedSecret(Base):
    """A fingerprint of what all machines of the archive share (`name`: session, audit), by which another is found."""

    __tablename__ = "shared_secret"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(16))
