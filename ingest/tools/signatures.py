"""Validate the signatures of a PDF (PAdES: ETSI EN 319 142-1; ISO 32000-2, 12.8) through pyHanko, without any network.

Certificates are trusted that stand in a folder of the operator's. Revocation is judged by what the document itself carries, and left open
where it carries nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from ingest.tools.answers import Refused
from ingest.tools.signed import BROKEN, MOST, Signed, State, Trust, proven_at, settled, state_of, told


def verify(path: str, roots: str | None) -> dict[str, Any]:
    """The signatures of the PDF at `path`, in their order; `roots` is a folder of certificates (PEM or DER), None for no trust at all.

    Answers {signatures, roots (how many certificates are trusted), agent}. Refuses (signature.failed) what cannot be opened.
    """
    trust = Trust.of(roots)
    found: list[Signed] = []
    with Path(path).open("rb") as stream:
        try:
            reader = PdfFileReader(stream, strict=False)
            if reader.encrypted:
                reader.decrypt(b"")
            embedded = [*reader.embedded_regular_signatures, *reader.embedded_timestamp_signatures][:MOST]
        except BROKEN as fault:
            raise Refused("signature.failed") from fault
        found.extend(_judged(one, trust) for one in embedded)
    return {"signatures": [asdict(one) for one in found], "roots": len(trust.roots), "agent": f"pyHanko {version('pyhanko')}"}


def _judged(one: EmbeddedPdfSignature, trust: Trust) -> Signed:
    is_stamp = one.sig_object_type == "/DocTimeStamp"
    kind, name = ("timestamp" if is_stamp else "signature"), str(one.field_name or "")[:200]
    try:
        if is_stamp:
            status: Any = validate_pdf_timestamp(one, trust.context())
        else:
            status = settled(lambda at: validate_pdf_signature(one, trust.context(at), trust.context()))
    except BROKEN:
        return Signed(name, kind, State.UNREADABLE)
    changed = getattr(status, "modification_level", None) is ModificationLevel.OTHER or getattr(status, "docmdp_ok", True) is False
    return told(
        name,
        kind,
        State.ALTERED if changed else state_of(status),
        status,
        stamped_at=status.timestamp if is_stamp else proven_at(status),
        told_at=None if is_stamp else status.signer_reported_dt,
    )


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"verify": verify})
