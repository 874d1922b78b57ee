"""Schedules and their classes, the class of each document, decisions, and models."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archivo.database import Base


class TrdVersion(Base):
    """A version of a fonds' TRD (Acuerdo AGN 004 de 2019, arts. 11 y 23), in force from a day to another, both included; ISO days."""

    __tablename__ = "trd_version"
    __table_args__ = (UniqueConstraint("fonds_id", "number"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fonds_id: Mapped[str] = mapped_column(ForeignKey("fonds.id"))
    number: Mapped[int]
    in_force_from: Mapped[str | None] = mapped_column(String(10))
    in_force_to: Mapped[str | None] = mapped_column(String(10))
    filename: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(120))
    warnings: Mapped[list[Any]]
    source: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    ocfl_version: Mapped[int] = mapped_column(default=0)


class TrdClass(Base):
    """A series or subseries of an office in one TRD version; unique by office and code, for a code may serve several offices."""

    __tablename__ = "trd_class"
    __table_args__ = (UniqueConstraint("trd_id", "office_code", "code"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    trd_id: Mapped[str] = mapped_column(ForeignKey("trd_version.id"), index=True)
    position: Mapped[int]
    office_code: Mapped[str] = mapped_column(String(60))
    office: Mapped[str] = mapped_column(String(300))
    code: Mapped[str] = mapped_column(String(60), index=True)
    series_code: Mapped[str] = mapped_column(String(60))
    series: Mapped[str] = mapped_column(Text)
    subseries_code: Mapped[str | None] = mapped_column(String(60))
    subseries: Mapped[str | None] = mapped_column(Text)
    types: Mapped[list[Any]]
    ag_years: Mapped[int | None]
    ac_years: Mapped[int | None]
    disposition: Mapped[str | None] = mapped_column(String(2))
    reproduction: Mapped[bool] = mapped_column(default=False)
    procedure: Mapped[str] = mapped_column(Text, default="")
    norms: Mapped[list[Any]]

    @property
    def label(self) -> str:
        """The name of the class, with that of its series when it is a subseries."""
        return f"{self.series.capitalize() if self.series.isupper() else self.series} — {self.subseries}" if self.subseries else self.series

    @property
    def key(self) -> str:
        """`OFFICE/CODE`, which always names one class of one version."""
        return f"{self.office_code}/{self.code}"


class Classification(Base):
    """The class of a document, or the proposal that waits for a person. `reasons` and `alternatives` are codes and parameters."""

    __tablename__ = "classification"
    __table_args__ = (Index("ix_classification_status", "status"),)

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    trd_id: Mapped[str] = mapped_column(ForeignKey("trd_version.id"))
    class_id: Mapped[str | None] = mapped_column(ForeignKey("trd_class.id"))
    status: Mapped[str] = mapped_column(String(10))
    confidence: Mapped[float | None]
    novelty: Mapped[float | None]
    reasons: Mapped[list[Any]]
    alternatives: Mapped[list[Any]]
    decided_by: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[datetime]
    model: Mapped[str | None] = mapped_column(String(60))
    is_eligible: Mapped[bool] = mapped_column(default=False)
    needs_audit: Mapped[bool] = mapped_column(default=False)
    office_known: Mapped[bool] = mapped_column(default=False)


class Decision(Base):
    """What a person decided, and what had been proposed before that person saw the document. Never changed."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_document_id", "document_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"))
    trd_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    class_key: Mapped[str] = mapped_column(String(130))
    proposed_key: Mapped[str | None] = mapped_column(String(130))
    confidence: Mapped[float | None]
    model: Mapped[str | None] = mapped_column(String(60))
    was_eligible: Mapped[bool] = mapped_column(default=False)
    was_automatic: Mapped[bool] = mapped_column(default=False)


class LearnedModel(Base):
    """A trained model of one TRD version. One is `active`; `retired` ones can come back; `rejected` ones say why not in `verdict`."""

    __tablename__ = "learned_model"
    __table_args__ = (UniqueConstraint("trd_id", "number"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    trd_id: Mapped[str] = mapped_column(ForeignKey("trd_version.id"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    trained_at: Mapped[datetime]
    examples: Mapped[int]
    features: Mapped[str] = mapped_column(String(60))
    verdict: Mapped[list[Any]]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
