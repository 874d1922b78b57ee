"""The same request twice has one effect and one answer (draft-ietf-httpapi-idempotency-key-header)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete

from archivo.archive import Archive
from archivo.database import added
from archivo.errors import Invalid
from archivo.intake.models import IdempotentRequest

KEPT: Final = timedelta(days=1)
MAX_KEY: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that stands for a key, and the digest of the request it answered."""

    digest: str
    status: int
    answer: Mapping[str, Any]


def check_key(key: str) -> None:
    """Raise Invalid for a key that cannot be kept."""
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise Invalid(
            "idempotency.key",
            "La clave Idempotency-Key está vacía, pasa de 200 caracteres o trae caracteres de control. No se recibió nada.",
            "Use un identificador único por envío.",
        )


def recall(archive: Archive, login: str, key: str) -> Kept | None:
    """The answer kept under a sender's key, of the last day."""
    with archive.reading() as session:
        known = session.get(IdempotentRequest, (login, key))
        if known is None or known.at < archive.clock() - KEPT:
            return None
        return Kept(known.digest, known.status, known.answer)


def remember(archive: Archive, login: str, key: str, kept: Kept) -> Kept:
    """Keep an answer under its sender's key; or the one that the same request, arrived at the same time, kept before. Raises Invalid."""
    with archive.transaction() as transaction:
        session = transaction.session
        session.execute(delete(IdempotentRequest).where(IdempotentRequest.at < transaction.now - KEPT))
        row = IdempotentRequest(login=login, key=key, digest=kept.digest, at=transaction.now, status=kept.status, answer=dict(kept.answer))
        if added(session, row):
            return kept
        known = session.get_one(IdempotentRequest, (login, key))
        return answer_again(Kept(known.digest, known.status, known.answer), kept.digest)


def answer_again(kept: Kept, digest: str) -> Kept:
    """The answer kept, if it is of the same request. Raises Invalid when the key served another."""
    if kept.digest != digest:
        raise Invalid(
            "idempotency.reused",
            "Esa clave Idempotency-Key ya sirvió para otro envío, con otros archivos o datos. Este no se procesó con ella.",
            "Use una clave nueva para cada envío distinto.",
        )
    return kept
