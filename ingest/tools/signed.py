"""What is known of a signature, whatever carries it (ETSI EN 319 102-1, 5.1), from what pyHanko finds of it.

Nothing is fetched. Revocation is judged by what came with the signature, and left open where nothing did.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from asn1crypto import x509
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_cert_usage
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import AlgorithmNotSupported

from ingest.tools.certificates import common_name, roots_in

MOST: Final = 200
"""Signatures of one document that are looked at."""
FOR_SIGNING: Final = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
"""What a certificate is for that signs documents or messages (RFC 5280, 4.2.1.3): one of both."""
BROKEN: Final = (
    SignatureValidationError,
    CMSExtractionError,
    CMSStructuralError,
    PdfError,
    AlgorithmNotSupported,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
    OverflowError,
    NotImplementedError,
    OSError,
)
"""What the libraries raise for a signature that is not built as it should."""
EXPIRED: Final = (AdESIndeterminate.OUT_OF_BOUNDS_NO_POE, AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED)
REVOKED: Final = (AdESIndeterminate.REVOKED_NO_POE, AdESIndeterminate.REVOKED_CA_NO_POE)
WEAK: Final = (AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE, AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE)
"""The problems of trust (ETSI EN 319 102-1, 5.1.3) by which a certificate ended, was revoked, or an algorithm is no longer trusted."""


class State(StrEnum):
    """What is known of a signature.

    `valid`: the bytes are those signed and the certificate leads to a trusted root; `altered`: the bytes are others, or the document was
    changed afterwards in a way that its signature does not allow; `expired`, `revoked`: the certificate was, with nothing that proves that
    the signature is earlier; `unknown_chain`: intact, and no trusted root vouches for the certificate; `weak`: intact, by algorithms that
    others can imitate; `undecided`: something that is needed to tell is missing, and `reason` says what; `unreadable`: it cannot be read.
    """

    VALID = "valid"
    ALTERED = "altered"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN_CHAIN = "unknown_chain"
    WEAK = "weak"
    UNDECIDED = "undecided"
    UNREADABLE = "unreadable"


class Reason(StrEnum):
    """Why a signature is left undecided."""

    NO_CERTIFICATE = "no_certificate"
    NO_DOCUMENT = "no_document"
    NOT_FOR_SIGNING = "not_for_signing"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature or time stamp of the document. Instants are ISO 8601: `signed_at` as its signer says, `proven_at` by a trusted stamp,
    `until` the end of its certificate. `reason` is a Reason, or the algorithms of a weak one; `covers` says what part of the document was
    signed, "" for all of it.
    """

    field: str
    kind: str
    state: State
    signer: str = ""
    issuer: str = ""
    signed_at: str = ""
    proven_at: str = ""
    until: str = ""
    reason: str = ""
    covers: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates that are trusted."""

    roots: tuple[x509.Certificate, ...]

    @classmethod
    def of(cls, folder: str | None) -> "Trust":
        """Those of a folder (PEM or DER), None for no trust at all."""
        return cls(tuple(roots_in(Path(folder))) if folder else ())

    def context(self, at: datetime | None = None, *, crls: Iterable[bytes] = (), ocsps: Iterable[bytes] = ()) -> ValidationContext:
        """What to validate in, at an instant or now, with what came to tell of revocation."""
        return ValidationContext(
            trust_roots=list(self.roots),
            moment=at,
            allow_fetching=False,
            revocation_mode="soft-fail",
            retroactive_revinfo=at is not None,
            crls=list(crls),
            ocsps=list(ocsps),
        )


def settled(validate: Callable[[datetime | None], Any]) -> Any:
    """What `validate` finds now; where the certificate ended since, what it finds at the instant that a trusted time stamp of the
    signature proves (ETSI EN 319 102-1, 5.5), if that is better.
    """
    now = validate(None)
    proven = proven_at(now)
    if proven is None or state_of(now) not in (State.EXPIRED, State.REVOKED):
        return now
    then = validate(proven)
    return then if state_of(then) is State.VALID else now


def proven_at(status: Any) -> datetime | None:
    """The instant at which a trusted time stamp proves that the signature was there."""
    stamp = getattr(status, "timestamp_validity", None)
    return stamp.timestamp if stamp is not None and stamp.valid and stamp.trusted else None


def state_of(status: Any) -> State:
    """The state of a signature, by what pyHanko found of it."""
    if not (status.intact and status.valid):
        return State.ALTERED
    return State.VALID if status.trusted else trust_state(status.trust_problem_indic, is_revoked=status.revoked)


def trust_state(problem: AdESFailure | AdESIndeterminate | None, *, is_revoked: bool) -> State:
    """The state of a signature that is intact and not trusted, by the problem."""
    if is_revoked or problem in REVOKED:
        return State.REVOKED
    if problem in EXPIRED:
        return State.EXPIRED
    if problem in WEAK:
        return State.WEAK
    return State.UNDECIDED if problem is AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE else State.UNKNOWN_CHAIN


def chain_state(certificate: x509.Certificate, others: Iterable[x509.Certificate], context: ValidationContext) -> State:
    """The state of an intact signature by its certificate, with others that came with it."""
    context.certificate_registry.register_multiple(others)
    paths = context.path_builder.async_build_paths_lazy(certificate)
    found = asyncio.run(validate_cert_usage(certificate, context, key_usage_settings=FOR_SIGNING, paths=paths))
    if found.success_result is not None:
        return State.VALID
    return trust_state(found.error_subindic, is_revoked=found.revo_details is not None)


def told(field: str, kind: str, state: State, status: Any, *, stamped_at: datetime | None, told_at: datetime | None) -> Signed:
    """A signature as pyHanko found it, in this state."""
    reason = ""
    if state is State.WEAK:
        reason = ", ".join(dict.fromkeys((status.pkcs7_signature_mechanism, status.md_algorithm)))
    elif state is State.UNDECIDED:
        reason = Reason.NOT_FOR_SIGNING
    return of_certificate(field, kind, state, status.signing_cert, stamped_at=stamped_at, told_at=told_at, reason=reason)


def of_certificate(
    field: str,
    kind: str,
    state: State,
    certificate: x509.Certificate,
    *,
    stamped_at: datetime | None = None,
    told_at: datetime | None = None,
    reason: str = "",
    covers: str = "",
) -> Signed:
    """A signature made with this certificate."""
    return Signed(
        field,
        kind,
        state,
        common_name(certificate.subject),
        common_name(certificate.issuer),
        told_at.isoformat() if told_at else "",
        stamped_at.isoformat() if stamped_at else "",
        certificate.not_valid_after.isoformat(),
        reason,
        covers,
    )
