"""Bytes in flight, pages recognised so far, requests already answered, acts on several documents at once, and migrations of formats."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archivo.database import Base


class DigestClaim(Base):
    """Who is depositing these bytes into this fonds now: the second of two at once waits for the first."""

    __tablename__ = "digest_claim"

    fonds_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("incoming.document_id", ondelete="CASCADE"))


class RecognisedPage(Base):
    """A page recognised by a job over a range, kept until the package holds it. `alto`: one-page ALTO, zlib-compressed; `place` as of its
    part.
    """

    __tablename__ = "recognised_page"

    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    alto: Mapped[bytes] = mapped_column(LargeBinary)
    findings: Mapped[list[Any]]
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class IdempotentRequest(Base):
    """A request of the API that was answered, by the key its sender chose, for a day."""

    __tablename__ = "idempotent_request"

    login: Mapped[str] = mapped_column(String(120), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]


class BulkAct(Base):
    """One act that a person did on several documents at once.

    `undoes`: the act before which it brings things back, no foreign key, so that rows may be copied in the order of their keys;
    `ended_at`: when all its documents were gone through.
    """

    __tablename__ = "bulk_act"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(120))
    act: Mapped[str] = mapped_column(String(20))
    undoes: Mapped[str | None] = mapped_column(String(36), index=True)
    ended_at: Mapped[datetime | None]


class BulkDocument(Base):
    """A document of such an act, and the version of it that the person saw. `value`: the class or the type it is to have.

    Once gone through, either `made_version` is the version of the record that the act made, or `why` is the code of what left it out.
    `document_id` refers to no row: it may have been made up by who sent it.
    """

    __tablename__ = "bulk_document"

    bulk_id: Mapped[str] = mapped_column(ForeignKey("bulk_act.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    position: Mapped[int]
    seen_version: Mapped[int]
    value: Mapped[str] = mapped_column(Text)
    made_version: Mapped[int | None]
    why: Mapped[str | None] = mapped_column(String(80))


class Migration(Base):
    """Preservation copies that a person asked of many documents at once.

    `chosen`: which, as the address of a page says it; `planned`: what was told before it was confirmed (migration_plan.DryRun);
    `queued_at`: when the last of its documents had its job.
    """

    __tablename__ = "migration"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(120))
    chosen: Mapped[dict[str, Any]]
    planned: Mapped[dict[str, Any]]
    queued_at: Mapped[datetime | None]


class MigrationDocument(Base):
    """A document of a migration. Once it was tried, `code` and `params` are those of its event, or the reason it was left without one."""

    __tablename__ = "migration_document"
    __table_args__ = (Index("ix_migration_document_document_id", "document_id"),)

    migration_id: Mapped[str] = mapped_column(ForeignKey("migration.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    queued: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(80))
    params: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
