"""Whether the dates of a PDF/A-1 are the same in its document information and in its metadata (ISO 19005-1, 6.7.3)."""

from datetime import UTC, datetime
from typing import Final

import pikepdf
from pikepdf.models.metadata import decode_pdf_date

from ingest.tools.pdfa_rules import Case, dictionary
from ingest.tools.xmp import BadPacket, Value, read
from ingest.tools.xmp_schemas import NAMESPACES

_DATES: Final = {"/CreationDate": "CreateDate", "/ModDate": "ModifyDate"}


def judge_dates(case: Case, packet: bytes) -> None:
    """A date without a time zone is read as UTC, in both."""
    information = dictionary(case.document.trailer.get("/Info"))
    if information is None or case.part > 1:
        return
    try:
        found = read(packet)
    except BadPacket:
        return
    for key, name in _DATES.items():
        told = information.get(key)
        if isinstance(told, pikepdf.String) and _instant(str(told)) != _iso(found.fields.get(f"{{{NAMESPACES['xmp']}}}{name}")):
            case.broken("information", information, key[1:])


def _instant(text: str) -> datetime | None:
    try:
        read = decode_pdf_date(text)
    except (ValueError, TypeError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _iso(value: Value | None) -> datetime | None:
    """A date of ISO 8601; a year or a month alone begins with its first day."""
    text = value.text.strip() if value is not None else ""
    try:
        read = datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
