"""The same request twice has one effect and one answer (draft-ietf-httpapi-idempotency-key-header)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete

from archivo.archive import Archive
from archivo.errors import Invalid
from archivo.intake.models import IdempotentRequest

KEPT: Final = timedelta(days=1)
MAX_KEY: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that stands for a key."""

    status: int
    answer: Mapping[str, Any]


def remember(archive: Archive, login: str, key: str, digest: str, status: int, answer: Mapping[str, Any]) -> Kept:
    """Keep the answer of a request under its sender's key, or give the one kept before. The effect itself is not doubled, for the same
    bytes are recognised; this makes the answer the same too. Raises Invalid when the key served another request.
    """
    if not 0 < len(key) <= MAX_KEY:
        raise Invalid(
            "idempotency.key", "La clave Idempotency-Key está vacía o pasa de 200 caracteres.", "Use un identificador único por envío."
        )
    with archive.transaction() as transaction:
        session = transaction.session
        session.execute(delete(IdempotentRequest).where(IdempotentRequest.at < transaction.now - KEPT))
        known = session.get(IdempotentRequest, (login, key))
        if known is None:
            session.add(IdempotentRequest(login=login, key=key, digest=digest, at=transaction.now, status=status, answer=dict(answer)))
            return Kept(status, answer)
        if known.digest != digest:
            raise Invalid(
                "idempotency.reused",
                "Esa clave Idempotency-Key ya sirvió para otro envío, con otros archivos.",
                "Use una clave nueva para cada envío distinto.",
            )
        return Kept(known.status, known.answer)
