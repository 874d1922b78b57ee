"""Rows made for tests of the tables alone."""

from datetime import UTC, datetime
from typing import Final

from archivo.identifiers import new_uuid
from archivo.records.models import Document

AT: Final = datetime(2024, 2, 29, 23, 59, 59, 123456, UTC)


def a_document(fonds_id: str, n: int, **values: object) -> Document:
    """A document's row, with nothing that belongs to it."""
    given = {
        "id": new_uuid(AT),
        "fonds_id": fonds_id,
        "state": "findable",
        "title": f"Título {n}",
        "title_source": "person",
        "access": "publica",
        "filename": f"{n}.txt",
        "size": 1 << 40,
        "sha256": f"{n:064x}",
        "received_at": AT,
        "received_by": "ana",
        "proposals": {"título": [n, None, True, 0.1]},
    }
    return Document(**{**given, **values})
