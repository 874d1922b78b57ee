"""Deposits in flight: whose are the bytes that two send at once, and what becomes of a deposit that does not end well."""

import threading
from contextlib import suppress
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError

from archivo.access.policy import Actor, may_see
from archivo.archive import Archive, Busy
from archivo.errors import Unavailable
from archivo.identifiers import urn
from archivo.intake.models import DigestClaim
from archivo.intake.recovery import end_receiving, is_dead, recover_deposits
from archivo.records.models import Document, Incoming
from archivo.records.services import documents_by_digest
from preservation.store import StoreError

CLAIM_WAIT: Final = 600.0


class TakenForDead(Exception):
    """Another process took this deposit for dead, and recovered what it found of it."""


def claim_digest(archive: Archive, actor: Actor, fonds_id: str, sha256: str, document_id: str) -> Document | None:
    """Claim these bytes for this deposit, waiting for another deposit of them to end; or the document that already holds them.

    Raises TakenForDead, Unavailable when the other does not end in ten minutes.
    """
    pause = threading.Event()
    waited = 0.0
    while True:
        try:
            with archive.database.writing() as session:
                claim = DigestClaim(fonds_id=fonds_id, sha256=sha256, document_id=document_id)
                session.add(claim)
                session.flush()  # from here on nobody else is depositing them, and who did is done
                for document in documents_by_digest(session, fonds_id, sha256):
                    if may_see(actor, document.access, document.published, document.received_by):
                        session.delete(claim)
                        return document
            return None
        except IntegrityError as fault:
            _look_why(archive, fonds_id, sha256, document_id)
            if waited >= CLAIM_WAIT:
                raise Unavailable(
                    "deposit.same",
                    "Otro envío de este mismo archivo sigue sin terminar. Este no se recibió.",
                    "Espere a que termine y envíelo otra vez: no se duplica.",
                ) from fault
            pause.wait(0.05)
            waited += 0.05


def abandon(archive: Archive, document_id: str) -> None:
    """Forget a deposit that left nothing. One of which something stands, or that cannot be forgotten now, is left to recovery."""
    with suppress(StoreError, DBAPIError):
        if next(iter(archive.packages.keys(urn(document_id))), None) is None:
            with archive.database.writing() as session:
                end_receiving(session, archive.process, document_id)


def take_back(archive: Archive, document_id: str) -> Document | None:
    """Remove what was put of a deposit that another took for dead: nobody was told that it was kept. If that one kept it, its document.

    The sidecar and the inventory go first: what remains if this ends in the middle is what recovery removes.
    """
    with suppress(StoreError, DBAPIError, Busy), archive.writing_object(urn(document_id)):
        with archive.reading() as session:
            if (kept := session.get(Document, document_id)) is not None:
                return kept
        put = [stored.key for stored in archive.packages.keys(urn(document_id))]
        for key in sorted(put, key=lambda key: ("/v1/" in key, -len(key))):
            archive.store.delete(key, authority="uncommitted")
    return None


def _look_why(archive: Archive, fonds_id: str, sha256: str, document_id: str) -> None:
    """Why bytes could not be claimed: this deposit is not one any more (TakenForDead), or another has them, which may be dead."""
    with archive.reading() as session:
        if session.get(Incoming, document_id) is None:
            raise TakenForDead(document_id)
        claim = session.get(DigestClaim, (fonds_id, sha256))
        holder = session.get(Incoming, claim.document_id) if claim else None
    if holder is not None and is_dead(archive, holder):
        recover_deposits(archive)
