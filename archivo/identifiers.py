"""Typed identifiers and how they are made."""

import os
import re
from datetime import datetime
from typing import Final, NewType
from uuid import UUID

DocumentId = NewType("DocumentId", str)
FondsId = NewType("FondsId", str)
TrdVersionId = NewType("TrdVersionId", str)
JobId = NewType("JobId", str)

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_uuid(now: datetime) -> str:
    """A lower-case UUIDv7 (RFC 9562, 5.7): milliseconds since 1970 and 74 random bits."""
    milliseconds = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    random = int.from_bytes(os.urandom(10)) & ((1 << 74) - 1)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & ((1 << 62) - 1)
    return str(UUID(int=value))


def is_uuid(text: str) -> bool:
    """Whether a text is written exactly as new_uuid() writes one."""
    return _UUID.fullmatch(text) is not None


def urn(identifier: str) -> str:
    """The OCFL id of an object."""
    return f"urn:uuid:{identifier}"


def from_urn(object_id: str) -> str:
    """The identifier an OCFL id was made from."""
    return object_id.removeprefix("urn:uuid:")
