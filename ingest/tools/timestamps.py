"""Obtain and judge time stamps (RFC 3161; RFC 5816) through pyHanko. Certificates are trusted that stand in a folder of the operator's.

Revocation is judged by what a stamp itself carries, and left open where it carries nothing.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final

from asn1crypto import cms, core, tsp, x509
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from ingest.tools.certificates import common_name, roots_in
from ingest.tools.signed import BROKEN, EXPIRED, REVOKED, WEAK
from ingest.tools.timestamp_wire import NotObtained, ask

MOST_APART: Final = timedelta(minutes=5)
"""How far the clock of who stamps may be from that of who asks."""
_ALGORITHM: Final = "sha256"
_GRANTED: Final = ("granted", "granted_with_mods")


class State(StrEnum):
    """What is known of a stamp.

    `valid`: it is of these bytes, and its certificate leads to a trusted root. `unreadable`: it is no stamp, or not one as RFC 3161 makes
    them. `altered`: its signature is not of what it says. `other`: it is of other bytes. `not_authority`: its certificate is not for
    stamping alone (RFC 3161, 2.3). `early`: it tells an instant before there was what it stamps. `future`: it tells one that did not come
    yet. `not_then`: its certificates did not hold at the instant that it tells. `expired`: they ended since, and nothing proves that the
    stamp is earlier. `revoked`. `weak`: an algorithm that is no longer trusted. `unknown_chain`: no trusted root vouches for its
    certificate.
    """

    VALID = "valid"
    UNREADABLE = "unreadable"
    ALTERED = "altered"
    OTHER = "other"
    NOT_AUTHORITY = "not_authority"
    EARLY = "early"
    FUTURE = "future"
    NOT_THEN = "not_then"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WEAK = "weak"
    UNKNOWN_CHAIN = "unknown_chain"


@dataclass(frozen=True, slots=True)
class Stamped:
    """A stamp as it was judged. `at` is the instant that it tells and `until` the end of its certificate, both ISO 8601; `policy` an
    object identifier, `serial` decimal. `proven_at`: the instant at which a later stamp proves that this one stood already, "" for now.
    """

    state: State
    at: str = ""
    authority: str = ""
    issuer: str = ""
    policy: str = ""
    serial: str = ""
    until: str = ""
    proven_at: str = ""


class _Answer(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """TimeStampResp (RFC 3161, 2.4.2): the library's own asks also a refusal for a stamp."""

    _fields: ClassVar[list[Any]] = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


def obtain(*, url: str, credentials: str, digest: str, policy: str, since: str, now: str, roots: str) -> dict[str, Any]:
    """Ask the authority at `url` for a stamp of a sha256 (hexadecimal), under a policy ("" for any), as `credentials` (`user:password`).

    Answers {answer: base64 of the whole answer, stamped: Stamped}. Refuses with NotObtained, whose code says why.
    """
    nonce = secrets.randbits(63) | 1 << 62
    query = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": _ALGORITHM}, "hashed_message": bytes.fromhex(digest)},
        "nonce": nonce,
        "cert_req": True,
        **({"req_policy": policy} if policy else {}),
    }
    answer = ask(url, credentials, tsp.TimeStampReq(query).dump())
    _must_be_granted(answer)
    found = _judged(answer, digest, _instant(since), _trusted(roots), _instant(now))
    if found.state is not State.VALID:
        raise NotObtained(found.state)
    said = _said(_signed_data(answer))
    if said["nonce"].native != nonce:
        raise NotObtained("nonce")
    if policy and said["policy"].dotted != policy:
        raise NotObtained("policy", said["policy"].dotted)
    return {"answer": base64.b64encode(answer).decode("ascii"), "stamped": asdict(found)}


def judge(*, stamps: list[dict[str, Any]], roots: str | None, now: str, covering: list[Any] | None = None) -> dict[str, Any]:
    """Judge stamps, the newest first: each {answer: base64, digest, since, covers, stands_in}.

    `since` is the instant (ISO 8601) before which there was nothing to stamp. `covers` is a number that what is stamped reaches, or None
    where it proves nothing of others, and `stands_in` one at which the stamp itself stands, or None: a valid stamp that reaches it proves
    that it stood there by then, and it is judged by that instant, also once its certificate ended (as RFC 4998, 5.2, renews). `covering`
    is [covers, at] of the last one that was valid in the call before. Answers {stamped: Stamped each, covering}.
    """
    trusted, at = _trusted(roots), _instant(now)
    proofs = [(int(covering[0]), _instant(covering[1]))] if covering else []
    found = []
    for each in stamps:
        stands_in = each["stands_in"]
        proof = next((then for reached, then in reversed(proofs) if stands_in is not None and reached >= stands_in), None)
        one = _judged(base64.b64decode(each["answer"]), each["digest"], _instant(each["since"]), trusted, at, proof)
        if one.state is State.VALID and each["covers"] is not None:
            proofs.append((each["covers"], _instant(one.at)))
        found.append(asdict(one))
    return {"stamped": found, "covering": [proofs[-1][0], proofs[-1][1].isoformat()] if proofs else None}


def _judged(
    answer: bytes, digest: str, since: datetime, trusted: list[x509.Certificate], now: datetime, proof: datetime | None = None
) -> Stamped:
    try:
        signed = _signed_data(answer)
        said = _said(signed)
        at = said["gen_time"].native
        then = _validated(signed, trusted, at)
        certificate = then["signing_cert"]
        told = (
            at.isoformat(),
            common_name(certificate.subject),
            common_name(certificate.issuer),
            said["policy"].dotted,
            str(said["serial_number"].native),
            certificate.not_valid_after.isoformat(),
        )
        state = _state(signed, said, then, digest, since, certificate)
        if state is not None:
            return Stamped(state, *told)
        if at - now > MOST_APART:
            return Stamped(State.FUTURE, *told)
        if _is_trusted(_validated(signed, trusted, max(now, at))):
            return Stamped(State.VALID, *told)
        if proof is not None and _is_trusted(_validated(signed, trusted, max(proof, at))):
            return Stamped(State.VALID, *told, proof.isoformat())
        return Stamped(State.EXPIRED, *told)
    except BROKEN:
        return Stamped(State.UNREADABLE)


def _state(
    signed: cms.SignedData, said: tsp.TSTInfo, then: Mapping[str, Any], digest: str, since: datetime, certificate: x509.Certificate
) -> State | None:
    """What is wrong with a stamp, as it stood at the instant that it tells; None where nothing was."""
    if not (then["intact"] and then["valid"]):
        return State.ALTERED
    if get_signing_cert_attr(signed["signer_infos"][0]["signed_attrs"]) is None:
        return State.UNREADABLE
    imprint = said["message_imprint"]
    if imprint["hash_algorithm"]["algorithm"].native != _ALGORITHM or imprint["hashed_message"].native.hex() != digest:
        return State.OTHER
    purposes = certificate.extended_key_usage_value
    if purposes is None or purposes.native != ["time_stamping"] or "extended_key_usage" not in certificate.critical_extensions:
        return State.NOT_AUTHORITY
    if not _is_trusted(then):
        problem = then["trust_problem_indic"]
        known = ((REVOKED, State.REVOKED), (EXPIRED, State.NOT_THEN), (WEAK, State.WEAK))
        holds = certificate.not_valid_before <= said["gen_time"].native <= certificate.not_valid_after
        return next((state for problems, state in known if problem in problems), State.UNKNOWN_CHAIN if holds else State.NOT_THEN)
    return State.EARLY if since - said["gen_time"].native > MOST_APART else None


def _validated(signed: cms.SignedData, trusted: list[x509.Certificate], at: datetime) -> Mapping[str, Any]:
    """What pyHanko finds of the signature and the certificates at an instant. The digest is compared apart: a stamp of other bytes is
    not altered.
    """
    context = ValidationContext(trust_roots=trusted, moment=at, allow_fetching=False, revocation_mode="soft-fail")
    own = _said(signed)["message_imprint"]["hashed_message"].native
    found: Mapping[str, Any] = asyncio.run(validate_tst_signed_data(signed, context, lambda algorithm: own))
    return found


def _is_trusted(found: Mapping[str, Any]) -> bool:
    return found["validation_path"] is not None and found["trust_problem_indic"] is None


def _must_be_granted(answer: bytes) -> None:
    """Raises NotObtained for what is no answer of RFC 3161, and for a refusal, with what it says."""
    try:
        status = _Answer.load(answer, strict=True)["status"]
        kind = str(status["status"].native)
        told = [*(status["status_string"].native or ()), *(status["fail_info"].native or ())]
    except BROKEN as fault:
        raise NotObtained(State.UNREADABLE) from fault
    if kind not in _GRANTED:
        raise NotObtained("refused", " ".join(" ".join([kind, *map(str, told)]).split())[:200])


def _signed_data(answer: bytes) -> cms.SignedData:
    whole = _Answer.load(answer, strict=True)
    content = whole["time_stamp_token"]
    if whole["status"]["status"].native not in _GRANTED or content["content_type"].native != "signed_data":
        raise ValueError("not a stamp")
    return content["content"]


def _said(signed: cms.SignedData) -> tsp.TSTInfo:
    said = signed["encap_content_info"]["content"].parsed
    if not isinstance(said, tsp.TSTInfo):
        raise ValueError("not what a stamp says")
    return said


def _trusted(roots: str | None) -> list[x509.Certificate]:
    with suppress(OSError):
        return list(roots_in(Path(roots))) if roots else []
    return []


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


CALLS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"obtain": obtain, "judge": judge})
