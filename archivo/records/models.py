"""The catalogue's tables: fonds, offices, documents and what belongs to each document."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archivo.database import Base


class DocumentState(StrEnum):
    """received → processing → preserved (kept, index pending) → findable; failed when the chain itself could not finish.

    deleted: an act ordered its content to be deleted, and what remains is a tombstone.
    """

    RECEIVED = "received"
    PROCESSING = "processing"
    PRESERVED = "preserved"
    FINDABLE = "findable"
    FAILED = "failed"
    DELETED = "deleted"


class Fonds(Base):
    """The records of one producing entity (ISAD(G) level fonds; 3.2.1 for its creator)."""

    __tablename__ = "fonds"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    ocfl_version: Mapped[int] = mapped_column(default=0)


class Office(Base):
    """A producing office (dependencia) of a fonds."""

    __tablename__ = "office"
    __table_args__ = (UniqueConstraint("fonds_id", "code"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fonds_id: Mapped[str] = mapped_column(ForeignKey("fonds.id"))
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(300))


class Document(Base):
    """A record: one deposited file, its description and its state. Never deleted.

    `date` is EDTF; `begins_on` and `ends_on` its bounds (ISO days). `version` counts the record's own acts (the ETag);
    `sealed_version` is the last of them that the package holds, in OCFL version `ocfl_version`.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index("ix_document_digest", "fonds_id", "sha256"),
        Index("ix_document_state", "state"),
        Index("ix_document_newest", "published", "access", "state", "published_at", "id"),
        Index("ix_document_counted", "published", "access", "state", "begins_on", "ends_on", "document_type", "fonds_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fonds_id: Mapped[str] = mapped_column(ForeignKey("fonds.id"))
    office_code: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(Text)
    title_source: Mapped[str] = mapped_column(String(12))
    description: Mapped[str] = mapped_column(Text, default="")
    date: Mapped[str | None] = mapped_column(String(40))
    date_source: Mapped[str | None] = mapped_column(String(12))
    begins_on: Mapped[str | None] = mapped_column(String(10))
    ends_on: Mapped[str | None] = mapped_column(String(10))
    document_type: Mapped[str | None] = mapped_column(String(200))
    number: Mapped[str | None] = mapped_column(String(120))
    producer: Mapped[str | None] = mapped_column(String(300))
    access: Mapped[str] = mapped_column(String(12))
    published: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None]
    filename: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    mime: Mapped[str | None] = mapped_column(String(120))
    puid: Mapped[str | None] = mapped_column(String(20))
    format_name: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime]
    received_by: Mapped[str] = mapped_column(String(120))
    part_count: Mapped[int] = mapped_column(default=0)
    is_doubtful: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    sealed_version: Mapped[int] = mapped_column(default=0)
    ocfl_version: Mapped[int] = mapped_column(default=0)
    disposition_status: Mapped[str | None] = mapped_column(String(20))
    proposals: Mapped[dict[str, Any]]


class RecordVersion(Base):
    """One act that changed a record: who, when, what was before and after. `sealed_in` is the OCFL version that holds it."""

    __tablename__ = "record_version"

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    act: Mapped[str] = mapped_column(String(40))
    changes: Mapped[dict[str, Any]]
    sealed_in: Mapped[int | None]


class Representation(Base):
    """A file that stands for the document: the original or something made from it (PREMIS 3, representation).

    `identity` is how its format was told: name, version, certainty, basis, signatures (packaging.identity_of). None: not by this program.
    """

    __tablename__ = "representation"

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    path: Mapped[str] = mapped_column(String(200))
    mime: Mapped[str | None] = mapped_column(String(120))
    puid: Mapped[str | None] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    identity: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class DocumentPart(Base):
    """A page, sheet, slide, message, attachment or section and its text. `alto` is the file of the package that holds its words' boxes.

    `place` (ingest.step.Place) says where the page is, of one that is inside an attachment or a picture of the original.
    """

    __tablename__ = "document_part"

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    label: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(12))
    width: Mapped[float | None]
    height: Mapped[float | None]
    turn: Mapped[int] = mapped_column(default=0)
    confidence: Mapped[float | None]
    coverage: Mapped[float | None]
    is_doubtful: Mapped[bool] = mapped_column(default=False)
    engine: Mapped[str] = mapped_column(String(80), default="")
    alto: Mapped[str | None] = mapped_column(String(80))
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class DocumentEvent(Base):
    """A PREMIS event of a document, in order. Worded when shown, from `code` and `params`."""

    __tablename__ = "document_event"

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10))
    agent: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]]


class DocumentFinding(Base):
    """Something found in a document. Worded when shown."""

    __tablename__ = "document_finding"

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]]


class Incoming(Base):
    """A deposit in flight: written before the first byte, gone with the row of its document. What a dead process left is recovered.

    `started_at` is moved on while the bytes come: it is the last instant at which it was known to go on.
    """

    __tablename__ = "incoming"

    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner: Mapped[str] = mapped_column(String(140))
    started_at: Mapped[datetime]


class KeptCopy(Base):
    """A package in one of the places where it is kept: `principal`, or the name of a replica.

    `version` and `inventory` (sha256 of the root inventory) are what was written there; None: it was never told, as by earlier programs.
    `checked_at` is when every byte of it was last read again, `outcome` what was found (FixityOutcome), `size` how many bytes, `faults`
    the keys that are not as they should be, each with what is wrong with it.
    """

    __tablename__ = "kept_copy"
    __table_args__ = (
        Index("ix_kept_copy_checked", "location", "checked_at", "object_id"),
        Index("ix_kept_copy_outcome", "location", "outcome"),
    )

    location: Mapped[str] = mapped_column(String(40), primary_key=True)
    object_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int]
    inventory: Mapped[str | None] = mapped_column(String(64))
    kept_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    faults: Mapped[list[Any]]


class LegalHold(Base):
    """Why a document may not be deleted, whatever is ordered, until somebody lifts it."""

    __tablename__ = "legal_hold"
    __table_args__ = (Index("ix_legal_hold_document_id", "document_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"))
    placed_by: Mapped[str] = mapped_column(String(120))
    placed_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    lifted_by: Mapped[str | None] = mapped_column(String(120))
    lifted_at: Mapped[datetime | None]
    lifted_reason: Mapped[str | None] = mapped_column(Text)


class Tombstone(Base):
    """What remains of a package whose content was deleted, by the OCFL object's identifier: `said` is what its tombstone.json says.

    Written before anything is deleted, so that whoever goes on knows what there was.
    """

    __tablename__ = "tombstone"

    object_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    act: Mapped[str] = mapped_column(String(36))
    said: Mapped[dict[str, Any]]
