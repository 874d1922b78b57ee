"""Open a CMS message (RFC 5652; PKCS #7, RFC 2315): what kind it is, what it holds and who signed it.

DER, and BER of indefinite length; in base64 too, with the armour of PEM (RFC 7468) or bare.
"""

import base64
import re
from typing import Final

from asn1crypto import cms, core, pem

from ingest.tools.answers import Refused
from ingest.tools.signed import BROKEN

_ARMOUR: Final = re.compile(rb"\s*-----BEGIN (PKCS7|PKCS #7 SIGNED DATA|CMS)-----")
_BARE: Final = re.compile(rb"\s*MI[0-9A-Za-z+/=\s]+", re.S)
_ENCRYPTED: Final = frozenset({"enveloped_data", "signed_and_enveloped_data", "encrypted_data", "authenticated_enveloped_data"})


def signed_data(content: bytes) -> cms.SignedData:
    """The signed message. Refuses one that is encrypted (cms.encrypted), and what is none or is cut (cms.damaged)."""
    try:
        message = cms.ContentInfo.load(unarmoured(content))
        kind = message["content_type"].native
        if kind == "signed_data":
            signed = message["content"]
            _ = [signed[name] for name in ("encap_content_info", "certificates", "signer_infos")]
            return signed
    except BROKEN as fault:
        raise Refused("cms.damaged") from fault
    raise Refused("cms.encrypted" if kind in _ENCRYPTED else "cms.damaged")


def unarmoured(content: bytes) -> bytes:
    """The bytes of a message that came in base64; any other as they are. Raises ValueError for armour that holds no base64."""
    if _ARMOUR.match(content):
        return bytes(pem.unarmor(content.lstrip())[2])
    return base64.b64decode(b"".join(content.split()), validate=True) if _BARE.fullmatch(content) else content


def content_of(signed: cms.SignedData) -> bytes | None:
    """What a message holds, None for a signature of something that is elsewhere (RFC 5652, 5.2). Refuses (cms.damaged) what is cut."""
    try:
        held = signed["encap_content_info"]["content"]
        return None if isinstance(held, core.Void) else bytes(held)
    except BROKEN as fault:
        raise Refused("cms.damaged") from fault
