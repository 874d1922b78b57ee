"""Validate the signatures of a CMS message (CAdES: ETSI EN 319 122-1; RFC 5652) through pyHanko, without any network."""

import asyncio
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, core, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from pyhanko.sign.general import (
    CMSExtractionError,
    SignedDataCerts,
    extract_certificate_info,
    find_cms_attribute_iter,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from ingest.tools.certificates import common_name
from ingest.tools.signed import (
    BROKEN,
    FOR_SIGNING,
    MOST,
    Reason,
    Signed,
    State,
    Trust,
    chain_state,
    of_certificate,
    proven_at,
    settled,
    state_of,
    told,
)

_SIGNATURE: Final = "signature"
_COUNTER: Final = "counter_signature"
_BROKEN_DIGESTS: Final = frozenset({"md2", "md5", "sha1"})


def judged(signed: cms.SignedData, content: bytes | None, trust: Trust) -> list[Signed]:
    """The signatures of a message in their order, each with those that sign it in turn; `content` is what was signed, None when it is not
    at hand. Never refuses: what cannot be told of one is its state.
    """
    found: list[Signed] = []
    try:
        for number, signer in enumerate(signed["signer_infos"], 1):
            if len(found) >= MOST:
                break
            found.extend(_of_signer(str(number), _alone(signed, signer), content, trust))
    except BROKEN:
        found.append(Signed(str(len(found) + 1), _SIGNATURE, State.UNREADABLE))
    return found[:MOST]


def _alone(signed: cms.SignedData, signer: cms.SignerInfo) -> cms.SignedData:
    """A message with one signer, and its content elsewhere, as pyHanko takes them."""
    carried = {name: signed[name] for name in ("certificates", "crls") if not isinstance(signed[name], core.Void)}
    return cms.SignedData(
        {
            "version": signed["version"],
            "digest_algorithms": signed["digest_algorithms"],
            "encap_content_info": {"content_type": signed["encap_content_info"]["content_type"]},
            "signer_infos": [signer],
            **carried,
        }
    )


def _of_signer(field: str, alone: cms.SignedData, content: bytes | None, trust: Trust) -> Iterator[Signed]:
    try:
        carried = extract_certificate_info(alone)
    except CMSExtractionError:
        yield _without_certificate(field, alone["signer_infos"][0])
        return
    except BROKEN:
        yield Signed(field, _SIGNATURE, State.UNREADABLE)
        return
    if content is None:
        yield of_certificate(field, _SIGNATURE, State.UNDECIDED, carried.signer_cert, reason=Reason.NO_DOCUMENT)
        return
    yield _signature(field, alone, content, trust)
    yield from _countersignatures(field, alone, carried, trust)


def _signature(field: str, alone: cms.SignedData, content: bytes, trust: Trust) -> Signed:
    revocation = _revocation(alone)

    def validate(at: datetime | None) -> Any:
        context = trust.context(at, crls=revocation[0], ocsps=revocation[1])
        return asyncio.run(
            async_validate_detached_cms(io.BytesIO(content), alone, context, trust.context(), key_usage_settings=FOR_SIGNING)
        )

    try:
        status = settled(validate)
    except BROKEN:
        return Signed(field, _SIGNATURE, State.UNREADABLE)
    return told(field, _SIGNATURE, state_of(status), status, stamped_at=proven_at(status), told_at=status.signer_reported_dt)


def _revocation(alone: cms.SignedData) -> tuple[list[bytes], list[bytes]]:
    """The lists of revocation, and the answers about it, that the message carries (RFC 5652, 10.2.1; RFC 5940)."""
    crls, ocsps = [], []
    for one in () if isinstance(alone["crls"], core.Void) else alone["crls"]:
        if one.name == "crl":
            crls.append(one.chosen.untag().dump())
        elif one.chosen["other_rev_info_format"].native == "ocsp_response":
            ocsps.append(one.chosen["other_rev_info"].dump())
    return crls, ocsps


def _countersignatures(field: str, alone: cms.SignedData, carried: SignedDataCerts, trust: Trust) -> Iterator[Signed]:
    """Those who signed the signature (RFC 5652, 11.4), which pyHanko does not validate: their attributes name no content type."""
    parent = alone["signer_infos"][0]
    attributes = parent["unsigned_attrs"]
    number = 0
    for signers in () if isinstance(attributes, core.Void) else find_cms_attribute_iter(attributes, _COUNTER):
        for signer in signers if isinstance(signers, cms.SignerInfos) else (signers,):
            number += 1
            if number > MOST:
                return
            name = f"{field}.{number}"
            try:
                yield _countersignature(name, signer, parent["signature"].native, _alone(alone, signer), carried, trust)
            except CMSExtractionError:
                yield _without_certificate(name, signer)
            except BROKEN:
                yield Signed(name, _COUNTER, State.UNREADABLE)


def _countersignature(
    field: str, signer: cms.SignerInfo, content: bytes, alone: cms.SignedData, carried: SignedDataCerts, trust: Trust
) -> Signed:
    certificate: x509.Certificate = extract_certificate_info(alone).signer_cert
    algorithm = signer["digest_algorithm"]["algorithm"].native
    digest = hashes.Hash(get_pyca_cryptography_hash(algorithm))
    digest.update(content)
    attributes = signer["signed_attrs"]
    is_bare = isinstance(attributes, core.Void)
    is_intact = is_bare or find_unique_cms_attribute(attributes, "message_digest").native == digest.copy().finalize()
    signing = signer["signature_algorithm"]
    signed = digest.finalize() if is_bare else attributes.untag().dump()
    context = SignatureValidationContext(contextual_md_algorithm=algorithm, prehashed=is_bare)
    try:
        DefaultSignatureValidator().validate_signature(signer["signature"].native, signed, certificate.public_key, signing, context)
    except InvalidSignature:
        is_intact = False
    at = None if is_bare else next((value.native for value in find_cms_attribute_iter(attributes, "signing_time")), None)
    state, reason = State.ALTERED, ""
    if is_intact and algorithm in _BROKEN_DIGESTS:
        state, reason = State.WEAK, algorithm
    elif is_intact:
        state = chain_state(certificate, [carried.signer_cert, *carried.other_certs], trust.context())
        reason = Reason.NOT_FOR_SIGNING if state is State.UNDECIDED else ""
    return of_certificate(field, _COUNTER, state, certificate, told_at=at, reason=reason)


def _without_certificate(field: str, signer: cms.SignerInfo) -> Signed:
    """A signature whose certificate did not come: who issued it is known, where the signer is named by it."""
    try:
        named = signer["sid"]
        issuer = common_name(named.chosen["issuer"]) if named.name == "issuer_and_serial_number" else ""
    except BROKEN:
        return Signed(field, _SIGNATURE, State.UNREADABLE)
    return Signed(field, _SIGNATURE, State.UNDECIDED, issuer=issuer, reason=Reason.NO_CERTIFICATE)
