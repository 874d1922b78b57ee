"""PREMIS 3: the words for what happens to an object, and their XML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """Event types of the Library of Congress vocabulary `eventType` that this software records (id.loc.gov)."""

    RECEPTION = "ingestion start"
    INGESTION_END = "ingestion end"
    MESSAGE_DIGEST_CALCULATION = "message digest calculation"
    FIXITY_CHECK = "fixity check"
    VIRUS_CHECK = "virus check"
    FORMAT_IDENTIFICATION = "format identification"
    VALIDATION = "validation"
    METADATA_EXTRACTION = "metadata extraction"
    TRANSCRIPTION = "transcription"
    NORMALIZATION = "normalization"
    CREATION = "creation"
    METADATA_MODIFICATION = "metadata modification"
    INFORMATION_PACKAGE_CREATION = "information package creation"
    FILENAME_CHANGE = "filename change"
    POLICY_ASSIGNMENT = "policy assignment"
    ACCESSION = "accession"
    DEACCESSION = "deaccession"


class Outcome(StrEnum):
    """Terms of the Library of Congress vocabulary `eventOutcome`, and `skipped` for a step with nothing to do."""

    SUCCESS = "success"
    WARNING = "warning"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object (PREMIS 3, 2.1-2.7). `code` and `params` are worded only when shown."""

    type: EventType
    outcome: Outcome
    agent: str
    at: datetime
    code: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
