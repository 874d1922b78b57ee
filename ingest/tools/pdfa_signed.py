"""Signatures of a PDF/A-2 or -3, by their form (ISO 19005-2, 6.4.3): what they cover, and one signer with a certificate.

Whether they are good is the matter of ingest.tools.signatures.
"""

import mmap
from typing import Any, Final

import pikepdf
from asn1crypto import cms

from ingest.tools.pdfa_rules import Case, dictionary, listed, named

Bytes = bytes | mmap.mmap
_FILTERS: Final = frozenset({"adbe.pkcs7.detached", "adbe.pkcs7.sha1", "ETSI.CAdES.detached"})


def judge_signature(case: Case, field: pikepdf.Object, content: Bytes) -> None:
    """The value of a signature field in a file of these bytes."""
    signature = dictionary(field.get("/V"))
    if case.part == 1 or signature is None or named(field, "/FT") != "Sig":
        return
    if not _covers(signature, content):
        case.broken("signature", signature, "ByteRange")
    if named(signature, "/SubFilter") in _FILTERS and (message := _message(signature)) is not None:
        if len(message["signer_infos"]) != 1:
            case.broken("signature", signature, "signers")
        if not len(message["certificates"] or ()):
            case.broken("signature", signature, "certificate")


def _covers(signature: pikepdf.Object, content: Bytes) -> bool:
    """Whether it covers all but its own value, up to the end of the file or of the revision that it closed."""
    ranges = [int(each) for each in listed(signature.get("/ByteRange")) if isinstance(each, int)]
    if len(ranges) != 4 or ranges[0] != 0 or min(ranges) < 0:
        return False
    gap, end = content[ranges[1] : ranges[2]], ranges[2] + ranges[3]
    return (
        gap[:1] == b"<" and gap[-1:] == b">" and end <= len(content) and content[max(end - 16, 0) : end].rstrip(b"\r\n ").endswith(b"%%EOF")
    )


def _message(signature: pikepdf.Object) -> Any:
    try:
        return cms.ContentInfo.load(bytes(signature["/Contents"]))["content"]
    except (ValueError, TypeError, KeyError):
        return None
