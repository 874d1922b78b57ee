"""Bytes in flight, pages recognised so far, and requests already answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
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
