"""What may be written of a document in one line: the fields a person fills in, and how long each may be."""

from typing import Final

from sqlalchemy import String

from archivo.errors import Invalid
from archivo.records.models import Document
from archivo.web.spanish import number

NAMES: Final = {"document_type": "El tipo de documento", "number": "El número", "producer": "El productor"}


def line_or_invalid(field: str, text: str, outcome: str = "No se guardó nada.") -> str | None:
    """The line, or None for an empty one. Raises Invalid for one longer than its column, with the outcome: what is written is never cut."""
    kind = Document.__table__.columns[field].type
    assert isinstance(kind, String)
    if kind.length is not None and len(text) > kind.length:
        raise Invalid(
            f"document.{field}",
            f"{NAMES[field]} pasa de {number(kind.length)} caracteres: tiene {number(len(text))}. {outcome}",
            "Acórtelo; lo demás cabe en «Alcance y contenido».",
        )
    return text or None
