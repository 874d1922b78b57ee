"""The nights of checking, and the ledgers that keep what they found."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archivo.database import Base


class FixityNight(Base):
    """What was checked in one place in one night, which is named by the day it begins (the institution's time).

    `wrong` counts the packages that were not intact, `size` the bytes read, `restored` the packages that were given back what they lacked
    (None: a program wrote it that did not count them); the files of the place's own root count as one. `ledger_version` is the version of
    the month's ledger that holds it; None while it is in the catalogue alone.
    """

    __tablename__ = "fixity_night"

    location: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    checked: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    restored: Mapped[int | None]
    ledger_version: Mapped[int | None]


class Ledger(Base):
    """The OCFL object that keeps what was checked in a month (`2026-11`)."""

    __tablename__ = "ledger"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    id: Mapped[str] = mapped_column(String(36))
    ocfl_version: Mapped[int] = mapped_column(default=0)


class DeletionState(StrEnum):
    """requested → confirmed → executing → executed; withdrawn, from either of the first two."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    EXECUTING = "executing"
    EXECUTED = "executed"
    WITHDRAWN = "withdrawn"


class Deletion(Base):
    """A request to delete documents under an authority: the act that ordered it, as `type`, `number`, `date` (ISO) and `signed_by`.

    Another person confirms it, and from then on it waits until `due_at`.
    """

    __tablename__ = "deletion"
    __table_args__ = (Index("ix_deletion_state", "state"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    authority_type: Mapped[str] = mapped_column(String(40))
    authority_number: Mapped[str] = mapped_column(String(120))
    authority_date: Mapped[str] = mapped_column(String(10))
    authority_signed_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(String(120))
    requested_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(String(120))
    confirmed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime | None]
    executed_at: Mapped[datetime | None]


class DeletionDocument(Base):
    """A document of a request; `done_at` once its package in the archive's own store is a tombstone."""

    __tablename__ = "deletion_document"
    __table_args__ = (Index("ix_deletion_document_document_id", "document_id"),)

    deletion_id: Mapped[str] = mapped_column(ForeignKey("deletion.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    done_at: Mapped[datetime | None]
