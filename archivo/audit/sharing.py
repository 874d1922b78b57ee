"""What the machines of one archive must share and no server holds: the secret of sessions, and the key that signs the trail.

The database remembers a fingerprint of each, from the first web or worker on. Another is then found at its start, before people are signed
out at each page, or the trail looks as if strangers wrote it.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.audit.models import AuditHead, SharedSecret
from archivo.audit.services import begin_signing, record
from archivo.database import added
from archivo.errors import Conflict

SESSION, AUDIT = "session", "audit"
ADOPTED: Final = "secrets.adopt"
_AGENT: Final = "Archivo"
_SIGNED_BY: Final = select(AuditHead.signed_by).where(AuditHead.sequence > 0)
_ADOPT: Final = "si se cambió a propósito o se perdió, hágalo saber con «archivo secrets --adopt», con todas las demás detenidas."


def fingerprint(secret: str) -> str:
    """Tells two secrets apart, and nothing of either."""
    return hmac.new(secret.encode(), b"archivo: of which secret this is", "sha256").hexdigest()[:16]


def check_shared(archive: Archive, secret: Callable[[], str | None], *, serves: bool) -> None:
    """Hold this process' own against what the archive remembers, without making any. Who serves needs the secret; None: it has none yet.

    What is remembered is read first: another process of this home that is remembered by then had made before it what this one reads after.

    Raises Conflict.
    """
    with archive.reading() as session:
        remembered = _remembered(session)
    if refusals := _refusals(remembered, _own(archive, secret(), serves=serves)):
        raise refusals[0]


def differences(archive: Archive, secret: str | None) -> list[Conflict]:
    """All that check_shared() would refuse to a worker, or to who has this secret."""
    with archive.reading() as session:
        return _refusals(_remembered(session), _own(archive, secret, serves=False))


def share(archive: Archive, secret: str | None) -> None:
    """check_shared(), and have the archive remember what it did not yet; a worker that was given no secret tells none.

    Raises Conflict, also where another process with other ones was first by an instant.
    """
    check_shared(archive, lambda: secret, serves=secret is not None)
    with archive.reading() as session:
        if {*_kept(session)} >= {AUDIT, *([SESSION] if secret else [])}:
            return
    begin_signing(archive)
    with archive.transaction() as transaction:
        own = {AUDIT: archive.signer.name, **({SESSION: fingerprint(secret)} if secret else {})}
        new = {name for name, value in own.items() if added(transaction.session, SharedSecret(name=name, fingerprint=value))}
        if refusals := _refusals(_kept(transaction.session), own):
            raise refusals[0]
        if new:
            record(transaction, _AGENT, ADOPTED, detail={name: own[name] for name in sorted(new)})


def adopt(archive: Archive, actor: str, secret: str) -> None:
    """Have the archive remember this process' own from now on, whatever it remembered. Leaves an entry in the trail."""
    begin_signing(archive)
    with archive.transaction() as transaction:
        own = {AUDIT: archive.signer.name, SESSION: fingerprint(secret)}
        for name, value in own.items():
            transaction.session.merge(SharedSecret(name=name, fingerprint=value))
        record(transaction, actor, ADOPTED, detail=own)


def _own(archive: Archive, secret: str | None, *, serves: bool) -> dict[str, str | None]:
    """To look makes no key."""
    own = {AUDIT: archive.signer.name if archive.signer.is_there else None}
    return {**own, SESSION: fingerprint(secret) if secret else None} if secret or serves else own


def _kept(session: Session) -> dict[str, str]:
    return {row.name: row.fingerprint for row in session.scalars(select(SharedSecret))}


def _remembered(session: Session) -> dict[str, str]:
    """What is kept; of the key, before any is kept, which signed last."""
    signed_by = session.scalar(_SIGNED_BY)
    return {**({AUDIT: signed_by} if signed_by else {}), **_kept(session)}


def _refusals(remembered: Mapping[str, str], own: Mapping[str, str | None]) -> list[Conflict]:
    wrong = {name for name, value in remembered.items() if name in own and own[name] != value}
    refusals = []
    if AUDIT in wrong:
        has = f"{'no es la de este archivo' if own[AUDIT] else 'falta'} ({remembered[AUDIT]})"
        refusals.append(
            Conflict(
                "secrets.audit_key",
                f"La clave que firma la bitácora {has}: lo firmado con otra parecería de un extraño. serve y worker no arrancan así.",
                f"Dé a todas las máquinas la misma en ARCHIVO_AUDIT_KEY, o copie audit.key de la casa de la primera; {_ADOPT}",
            )
        )
    if SESSION in wrong:
        has = "no es el de este archivo" if own[SESSION] else "falta"
        refusals.append(
            Conflict(
                "secrets.session",
                f"El secreto de las sesiones {has}: quien entre por una máquina no estaría dentro en otra. serve y worker no arrancan así.",
                f"Dé a todas el mismo en ARCHIVO_SECRET, o copie el archivo secret de la casa de la primera; {_ADOPT}",
            )
        )
    return refusals
