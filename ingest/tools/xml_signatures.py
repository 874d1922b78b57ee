"""Validate the signatures of an XML document (XMLDSig 1.1; XAdES: ETSI EN 319 132-1) through signxml, their certificates through pyHanko.

Nothing is fetched and no entity is expanded. Only what a reference of the signature leads to counts as signed, and it is told what that is.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import new as digest_of
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from asn1crypto import cms, x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from ingest.tools.answers import Refused
from ingest.tools.markup import documents_in
from ingest.tools.package import has_doctype, safe_parser
from ingest.tools.signed import BROKEN, Reason, Signed, State, Trust, chain_state, of_certificate

MOST: Final = 50
"""Signatures of one document that are looked at."""
_MOST_REFERENCES: Final = 30
_MOST_CERTIFICATES: Final = 20
_MOST_STAMPS: Final = 5
_DEPTH: Final = 3
"""How deep documents in the text of others are followed."""
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_SIGNATURE: Final = f"{_DS}Signature"
_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_TRANSFORMS: Final = frozenset({_ENVELOPED, *(one.value for one in CanonicalizationMethod)})
_METHODS: Final = frozenset(one for one in SignatureMethod if not one.name.startswith("HMAC"))
_WEAK_RSA: Final = 2048
_FAULTS: Final = (*BROKEN, SignXMLException, etree.LxmlError)


def verify(path: str, roots: str | None) -> dict[str, Any]:
    """The signatures of the XML document at `path` and of documents that its text holds whole, in their order.

    Answers as signatures.verify does. Refuses (signature.failed) what is not XML or declares a document type.
    """
    trust = Trust.of(roots)
    content = Path(path).read_bytes()
    try:
        root = etree.fromstring(content, safe_parser())
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise Refused("signature.failed") from fault
    if has_doctype(content):
        raise Refused("signature.failed")
    found = []
    for number, (document, signature) in enumerate(_signatures(root, _DEPTH), 1):
        if number > MOST:
            break
        found.append(_judged(str(number), document, signature, trust))
    return {"signatures": [asdict(one) for one in found], "roots": len(trust.roots), "agent": f"signxml {version('signxml')}"}


def _signatures(root: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    """(the document, the signature) of each signature, those of documents in the text after those around them."""
    yield from ((root, signature) for signature in root.iter(_SIGNATURE) if not _is_counter(signature))
    if depth:
        for inner in documents_in(root):
            yield from _signatures(inner, depth - 1)


def _is_counter(signature: Any) -> bool:
    """Whether a signature stands inside another, which says what it is of (ETSI EN 319 132-1, 5.2.7)."""
    return next(signature.iterancestors(_SIGNATURE), None) is not None


@dataclass(frozen=True, slots=True)
class Covered:
    """An element to which a reference leads: the type of the reference, where the element stands and what it is called."""

    type: str
    path: str
    tag: str
    is_all: bool


class _Verifier(XMLVerifier):
    """Verifies the signature at `path` of the document, and keeps what its references lead to.

    The library takes the first signature that it finds, and tells what was signed as a copy, of which nobody knows where it stood.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.covered: list[Covered] = []

    def _get_signature(self, root: Any) -> Any:
        return root.find(self.path)

    def _resolve_reference(self, doc_root: Any, reference: Any, uri_resolver: Any = None) -> Any:
        element: Any = super()._resolve_reference(doc_root, reference, uri_resolver=None)  # type: ignore[no-untyped-call]  # it has none
        path = etree.ElementTree(doc_root).getelementpath(element)
        self.covered.append(Covered(reference.get("Type", ""), path, element.tag, is_all=element is doc_root))
        return element


def _judged(name: str, document: Any, signature: Any, trust: Trust) -> Signed:
    kind = "signature"
    try:
        certificates = _certificates(signature)
        if not certificates:
            return Signed(name, kind, State.UNDECIDED, reason=Reason.NO_CERTIFICATE)
        if reason := _undecidable(signature):
            return of_certificate(name, kind, State.UNDECIDED, certificates[0], reason=reason)
        return _verified(name, document, signature, certificates, trust)
    except _FAULTS:
        return Signed(name, kind, State.UNREADABLE)


def _certificates(signature: Any) -> list[x509.Certificate]:
    texts = [element.text or "" for element in signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")]
    return [x509.Certificate.load(base64.b64decode(text), strict=True) for text in texts[:_MOST_CERTIFICATES]]


def _undecidable(signature: Any) -> Reason | None:
    """Why a signature cannot be decided here: it is of something that is not in the document, or made by steps that are not done here."""
    information = signature.find(f"{_DS}SignedInfo")
    references = [] if information is None else information.findall(f"{_DS}Reference")
    if any(not (reference.get("URI") == "" or reference.get("URI", "").startswith("#")) for reference in references):
        return Reason.NO_DOCUMENT
    algorithms = {transform.get("Algorithm") for reference in references for transform in reference.iter(f"{_DS}Transform")}
    digests = {method.get("Algorithm") for reference in references for method in reference.findall(f"{_DS}DigestMethod")}
    method = None if information is None else information.find(f"{_DS}SignatureMethod")
    is_known = algorithms <= _TRANSFORMS and digests <= {one.value for one in DigestAlgorithm}
    is_known = is_known and method is not None and method.get("Algorithm") in {one.value for one in _METHODS}
    is_known = is_known and not any(reference.get("URI", "").startswith("#xpointer(") for reference in references)
    return None if is_known and len(references) <= _MOST_REFERENCES else Reason.UNSUPPORTED


def _verified(name: str, document: Any, signature: Any, certificates: list[x509.Certificate], trust: Trust) -> Signed:
    """The state of a signature by the certificate whose key made it: of those that came, the first that fits."""
    verifier = _Verifier(etree.ElementTree(document).getelementpath(signature))
    used, results = _tried(verifier, document, certificates)
    if results is None:
        return of_certificate(name, "signature", State.ALTERED, used)
    properties = next((one.signed_xml for one in results if _is_properties(one.signed_xml)), None)
    told_at = _signing_time(properties)
    covers = _part(document, verifier.covered)
    if not _names(properties, used):
        return of_certificate(name, "signature", State.UNDECIDED, used, told_at=told_at, reason=Reason.NO_CERTIFICATE, covers=covers)
    weak = _weak(signature, used)
    others = [one for one in certificates if one is not used]
    state, stamped_at = State.WEAK if weak else chain_state(used, others, trust.context()), _stamped_at(signature, trust)
    if state in (State.EXPIRED, State.REVOKED) and stamped_at is not None:
        then = chain_state(used, others, trust.context(stamped_at))
        state = then if then is State.VALID else state
    reason = weak or (Reason.NOT_FOR_SIGNING if state is State.UNDECIDED else "")
    return of_certificate(name, "signature", state, used, stamped_at=stamped_at, told_at=told_at, reason=reason, covers=covers)


def _stamped_at(signature: Any, trust: Trust) -> datetime | None:
    """The instant that a trusted time stamp of the signature's value proves (ETSI EN 319 132-1, 5.3)."""
    value = signature.find(f"{_DS}SignatureValue")
    for stamp in signature.findall(".//{*}UnsignedSignatureProperties/{*}SignatureTimeStamp")[:_MOST_STAMPS]:
        token, method = stamp.findtext("{*}EncapsulatedTimeStamp"), stamp.find(f"{_DS}CanonicalizationMethod")
        is_exclusive = method is not None and "xml-exc-c14n" in method.get("Algorithm", "")
        stamped = etree.tostring(value, method="c14n", exclusive=is_exclusive, with_comments=False, with_tail=False)
        with suppress(*_FAULTS):
            content = cms.ContentInfo.load(base64.b64decode(str(token)))["content"]
            found = asyncio.run(validate_tst_signed_data(content, trust.context(), partial(_digest, stamped)))
            status = TimestampSignatureStatus(**found)
            if status.valid and status.trusted:
                at: datetime = status.timestamp
                return at
    return None


def _digest(content: bytes, algorithm: str) -> bytes:
    return digest_of(algorithm, content, usedforsecurity=False).digest()


def _tried(verifier: _Verifier, document: Any, certificates: list[x509.Certificate]) -> tuple[x509.Certificate, list[VerifyResult] | None]:
    """The certificate whose key made a signature, and what was signed; None where the bytes are others, or no key fits."""
    for certificate in certificates:
        verifier.covered.clear()
        try:
            found = verifier.verify(document, x509_cert=_held(certificate), expect_config=_settings(certificate), parser=safe_parser())
        except InvalidDigest:
            return certificate, None
        except InvalidSignature:
            continue
        return certificate, found if isinstance(found, list) else [found]
    return certificates[0], None


def _held(certificate: x509.Certificate) -> Any:
    return load_der_x509_certificate(certificate.dump())


def _settings(certificate: x509.Certificate) -> SignatureConfiguration:
    """Any number of references; weak algorithms too, which are told of afterwards; the certificate's own time is judged with its chain."""
    return SignatureConfiguration(
        expect_references=True,
        signature_methods=_METHODS,
        digest_algorithms=frozenset(DigestAlgorithm),
        ignore_ambiguous_key_info=True,
        verification_time=certificate.not_valid_before,
    )


def _is_properties(element: Any) -> bool:
    return element is not None and etree.QName(element).localname == "SignedProperties"


def _signing_time(properties: Any) -> datetime | None:
    """What the signer says of when it signed, where that is signed too (ETSI EN 319 132-1, 5.2.1)."""
    text = "" if properties is None else str(properties.findtext(".//{*}SigningTime") or "")
    with suppress(ValueError):
        at = datetime.fromisoformat(text.strip())
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _names(properties: Any, certificate: x509.Certificate) -> bool:
    """Whether the signed properties, if any, name this certificate as the signer's (ETSI EN 319 132-1, 5.2.2)."""
    named = None if properties is None else properties.find(".//{*}Cert/{*}CertDigest")
    if named is None:
        return True
    algorithm = DigestAlgorithm(named.find(f"{_DS}DigestMethod").get("Algorithm")).name.lower()
    told = base64.b64decode(named.findtext(f"{_DS}DigestValue"))
    return digest_of(algorithm, certificate.dump(), usedforsecurity=False).digest() == told


def _weak(signature: Any, certificate: x509.Certificate) -> str:
    """The algorithms of a signature that others can imitate, "" for none."""
    used = [
        element.get("Algorithm", "") for element in signature.find(f"{_DS}SignedInfo").iter(f"{_DS}SignatureMethod", f"{_DS}DigestMethod")
    ]
    found = [algorithm.rpartition("#")[2] for algorithm in used if algorithm.lower().endswith("sha1")]
    if certificate.public_key.algorithm == "rsa" and certificate.public_key.bit_size < _WEAK_RSA:
        found.append(f"RSA {certificate.public_key.bit_size}")
    return ", ".join(dict.fromkeys(found))


def _part(document: Any, covered: list[Covered]) -> str:
    """What part of the document the references lead to; "" for all of it, or all that is not the signature around it."""
    parts = [one for one in covered if one.type != _PROPERTIES and one.tag != f"{_DS}KeyInfo"]
    if any(one.is_all for one in parts):
        return ""
    if document.tag == _SIGNATURE:
        held = {etree.ElementTree(document).getelementpath(one) for one in document.findall(f"{_DS}Object") if not _holds_properties(one)}
        if held and held <= {one.path for one in parts}:
            return ""
    names = ", ".join(f"«{etree.QName(one.tag).localname}»" for one in parts[:10])
    return names or "ninguna"


def _holds_properties(element: Any) -> bool:
    return any(etree.QName(child).localname == "QualifyingProperties" for child in element.iterchildren(etree.Element))


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"verify": verify})
