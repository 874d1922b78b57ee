"""Signed envelopes (CMS) made of whole cloth: attached and detached, of several signers, countersigned, stamped, in BER and base64."""

import asyncio
import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable

from asn1crypto import algos, cms, core, crl
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign import SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper


def message(
    content: bytes, *signers: SimpleSigner, attached: bool = True, digest: str = "sha256", stamper: DummyTimeStamper | None = None
) -> cms.ContentInfo:
    """A message signed by each of the signers."""
    made = [asyncio.run(one.async_sign_general_data(content, digest, detached=not attached, timestamper=stamper)) for one in signers]
    whole = made[0]
    for other in made[1:]:
        whole["content"]["signer_infos"] = [*whole["content"]["signer_infos"], *other["content"]["signer_infos"]]
        whole["content"]["certificates"] = [*whole["content"]["certificates"], *other["content"]["certificates"]]
    return whole


def enveloped(
    content: bytes, *signers: SimpleSigner, attached: bool = True, digest: str = "sha256", stamper: DummyTimeStamper | None = None
) -> bytes:
    """The bytes of message()."""
    return bytes(message(content, *signers, attached=attached, digest=digest, stamper=stamper).dump(force=True))


def countersigned(content: bytes, signer: SimpleSigner, second: SimpleSigner, *, of: bytes | None = None) -> bytes:
    """A message whose signature a second one signs (RFC 5652, 11.4); `of`: what the second signs in its place."""
    whole = message(content, signer)
    signed = whole["content"]
    (first,) = signed["signer_infos"]
    digest = hashlib.sha256(first["signature"].native if of is None else of).digest()
    attributes = cms.CMSAttributes([cms.CMSAttribute({"type": "message_digest", "values": [digest]})])
    key = serialization.load_der_private_key(second.signing_key.dump(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    certificate = second.signing_cert
    assert certificate is not None
    counter = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}}
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
    )
    first["unsigned_attrs"] = [cms.CMSAttribute({"type": "counter_signature", "values": [counter]})]
    signed["signer_infos"] = [first]
    signed["certificates"] = [*signed["certificates"], certificate]
    return bytes(whole.dump(force=True))


def with_revocation(whole: cms.ContentInfo, revocation: bytes) -> bytes:
    """A message that carries a list of revocation."""
    whole["content"]["crls"] = [cms.RevocationInfoChoice({"crl": crl.CertificateList.load(revocation)})]
    return bytes(whole.dump(force=True))


def without_certificates(content: bytes, signer: SimpleSigner) -> bytes:
    whole = message(content, signer)
    whole["content"]["certificates"] = []
    return bytes(whole.dump(force=True))


def encrypted() -> bytes:
    """The head of a message for whoever has the key (RFC 5652, 6)."""
    return tlv(0x30, core.ObjectIdentifier("1.2.840.113549.1.7.3").dump() + tlv(0xA0, tlv(0x30, b"\x02\x01\x00" + tlv(0x31, b""))))


def indefinite(der: bytes, chunk: int = 100) -> bytes:
    """A message as a program writes that does not know its length yet (X.690, 8.1.3.6): the envelope and its content in pieces."""
    whole = cms.ContentInfo.load(der)
    signed = whole["content"]
    content = bytes(signed["encap_content_info"]["content"])
    pieces = b"".join(tlv(0x04, content[at : at + chunk]) for at in range(0, len(content), chunk))
    inner = signed["encap_content_info"]["content_type"].dump() + endless(0xA0, endless(0x24, pieces))
    rest = [signed[name].dump() for name in ("version", "digest_algorithms")]
    tail = [signed[name].dump() for name in ("certificates", "signer_infos")]
    body = endless(0x30, b"".join(rest) + endless(0x30, inner) + b"".join(tail))
    return endless(0x30, whole["content_type"].dump() + endless(0xA0, body))


def armoured(der: bytes, label: str = "PKCS7") -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files:
            package.writestr(name, content)
    return out.getvalue()


def endless(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x80]) + content + b"\0\0"


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    told = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(told)]) + told + content
