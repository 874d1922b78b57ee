"""Validate the signatures of a PDF (PAdES: ETSI EN 319 142-1; ISO 32000-2, 12.8) through pyHanko, without any network.

Certificates are trusted that stand in a folder of the operator's. Revocation is judged by what the document itself carries, and left open
where it carries nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext

from ingest.tools.answers import Refused
from ingest.tools.certificates import common_name, roots_in

MOST: Final = 200
"""Signatures of one document that are looked at."""
_EXPIRED: Final = (AdESIndeterminate.OUT_OF_BOUNDS_NO_POE, AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED)
_REVOKED: Final = (AdESFailure.HASH_FAILURE, AdESIndeterminate.REVOKED_NO_POE, AdESIndeterminate.REVOKED_CA_NO_POE)


class State(StrEnum):
    """What is known of a signature.

    `valid`: the bytes are those signed and the certificate leads to a trusted root; `altered`: the bytes are others, or the document was
    changed afterwards in a way that its signature does not allow; `expired`, `revoked`: the certificate was, with nothing that proves that
    the signature is earlier; `unknown_chain`: intact, and no trusted root vouches for the certificate; `unreadable`: it cannot be read.
    """

    VALID = "valid"
    ALTERED = "altered"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN_CHAIN = "unknown_chain"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature or time stamp of the document. Instants are ISO 8601: `signed_at` as its signer says, `proven_at` by a trusted stamp,
    `until` the end of its certificate.
    """

    field: str
    kind: str
    state: State
    signer: str = ""
    issuer: str = ""
    signed_at: str = ""
    proven_at: str = ""
    until: str = ""


def verify(path: str, roots: str | None) -> dict[str, Any]:
    """The signatures of the PDF at `path`, in their order; `roots` is a folder of certificates (PEM or DER), None for no trust at all.

    Answers {signatures, roots (how many certificates are trusted), agent}. Refuses (signature.failed) what cannot be opened.
    """
    trusted = list(roots_in(Path(roots))) if roots else []
    context = ValidationContext(trust_roots=trusted, allow_fetching=False, revocation_mode="soft-fail")
    found: list[Signed] = []
    with Path(path).open("rb") as stream:
        try:
            reader = PdfFileReader(stream, strict=False)
            if reader.encrypted:
                reader.decrypt(b"")
            embedded = [*reader.embedded_regular_signatures, *reader.embedded_timestamp_signatures][:MOST]
        except (PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as fault:
            raise Refused("signature.failed") from fault
        found.extend(_judged(one, context) for one in embedded)
    return {"signatures": [asdict(one) for one in found], "roots": len(trusted), "agent": f"pyHanko {version('pyhanko')}"}


def _judged(one: EmbeddedPdfSignature, context: ValidationContext) -> Signed:
    is_stamp = one.sig_object_type == "/DocTimeStamp"
    kind, name = ("timestamp" if is_stamp else "signature"), str(one.field_name or "")[:200]
    try:
        status: Any = validate_pdf_timestamp(one, context) if is_stamp else validate_pdf_signature(one, context, context)
    except (SignatureValidationError, PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, OSError):
        return Signed(name, kind, State.UNREADABLE)
    certificate = status.signing_cert
    stamp = None if is_stamp else status.timestamp_validity
    told = None if is_stamp else status.signer_reported_dt
    proven = status.timestamp if is_stamp else stamp.timestamp if stamp is not None and stamp.valid and stamp.trusted else None
    return Signed(
        name,
        kind,
        _state(status),
        common_name(certificate.subject),
        common_name(certificate.issuer),
        told.isoformat() if told else "",
        proven.isoformat() if proven else "",
        certificate.not_valid_after.isoformat(),
    )


def _state(status: Any) -> State:
    """The state of a signature, by what pyHanko found of it."""
    changed = getattr(status, "modification_level", None) is ModificationLevel.OTHER or getattr(status, "docmdp_ok", True) is False
    if not (status.intact and status.valid) or changed:
        return State.ALTERED
    if status.trusted:
        return State.VALID
    problem = status.trust_problem_indic
    if status.revoked or problem in _REVOKED:
        return State.REVOKED
    return State.EXPIRED if problem in _EXPIRED else State.UNKNOWN_CHAIN


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"verify": verify})
