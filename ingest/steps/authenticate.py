"""Check the signatures of the original as it came, and keep what was found: later nobody could tell."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ingest.failures import note_all, note_failure
from ingest.families import Family, family_of
from ingest.step import Done, Failed, Skipped, StepOutcome, Workspace
from ingest.tools.process import ToolError
from preservation.premis import EventType

_UNKNOWN_CHAIN = "unknown_chain"
_UNDATED: Final = "sin fecha"
_MARKS: Final = (b"pkcs7-", b".p7s", b".p7m")
_STATES: Final = ("valid", "altered", "expired", "revoked", _UNKNOWN_CHAIN, "weak", "undecided", "unreadable")
_VERIFIERS: Final = MappingProxyType(
    {
        Family.PDF: ("signatures", "verify"),
        Family.CMS: ("envelopes", "verify_cms"),
        Family.P7Z: ("envelopes", "verify_p7z"),
        Family.XML: ("xml_signatures", "verify"),
        Family.EML: ("mail_signatures", "verify"),
    }
)
_REASONS: Final = MappingProxyType(
    {
        "no_certificate": "no trae el certificado de quien firmó",
        "no_document": "el documento que firma no vino con ella",
        "not_for_signing": "su certificado no se expidió para firmar",
        "unsupported": "usa un algoritmo que aquí no se conoce",
    }
)
_OF_A_PART: Final = MappingProxyType(
    {
        "valid": "es válida",
        "expired": "su certificado venció y nada prueba que firmara antes",
        "revoked": "su certificado fue revocado y nada prueba que firmara antes",
        _UNKNOWN_CHAIN: "su certificado no lleva a ninguna raíz en la que se confíe",
        "no_roots": "no se comprobó de quién es, porque no se han dado certificados raíz",
        "weak": "usa algoritmos que ya no se tienen por seguros",
    }
)
"""What is said of a signature of a part, by its state; an altered or undecided one says it all by itself."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Validates the signatures of the original, and of what it holds where it is a signed envelope, without a network, against the
    workspace's folder of trusted certificates.

    A finding a signature; the event counts them by state. The original is only read.
    """

    event_type: EventType = EventType.DIGITAL_SIGNATURE_VALIDATION
    agent: str = f"pyHanko {version('pyhanko')}, signxml {version('signxml')}"

    def __call__(self, work: Workspace) -> StepOutcome:
        if not work.readable:
            return Skipped("signature.not_readable")
        found: list[dict[str, Any]] = []
        roots, failed, asked = 0, False, 0
        for family, path in _signed(work):
            asked += 1
            try:
                answer = _verified(work, family, path)
            except ToolError as fault:
                note_failure(work, fault, otherwise="signature.failed")
                failed = True
                continue
            found.extend(answer["signatures"])
            note_all(work, answer.get("notes", ()))
            roots = answer["roots"]
        if not asked or (not found and not failed and family_of(work.format) is Family.EML):
            return Skipped("signature.none")
        for signed in found:
            _note(work, signed, roots)
        if failed and not found:
            return Failed("signature.failed")
        states = Counter(str(signed["state"]) for signed in found)
        is_clean = set(states) == {"valid"} and not failed and not any(signed["covers"] for signed in found)
        code = "signature.judged" if states["weak"] or states["undecided"] else "signature.checked"
        return Done(code, {**{state: states[state] for state in _STATES}, "roots": roots}, warning=not is_clean)


def _signed(work: Workspace) -> Iterator[tuple[Family, Path]]:
    """The files that are signed and whose signatures can be checked: the original, and what it holds."""
    known = [(family_of(work.format), work.original, work.signed), *((family_of(one.format), one.path, one.signed) for one in work.inside)]
    for family, path, signed in known:
        if family in _VERIFIERS and (signed or (family is Family.EML and _may_be_signed(path))):
            yield family, path


def _may_be_signed(path: Path) -> bool:
    """Whether a message names what signs messages or attachments; nothing but its reader looks into it before."""
    before = b""
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            here = (before + block).lower()
            if any(mark in here for mark in _MARKS):
                return True
            before = block[-max(map(len, _MARKS)) :]
    return False


def _verified(work: Workspace, family: Family, path: Path) -> dict[str, Any]:
    module, function = _VERIFIERS[family]
    roots = work.programs.trust_roots
    limits = {"max_expanded": work.limits.max_expanded_bytes} if family is Family.P7Z else {}
    answer: dict[str, Any] = work.tools.call(
        module,
        function,
        timeout=work.limits.seconds_per_call,
        path=str(path),
        roots=None if roots is None else str(roots),
        **limits,
    )
    return answer


def _note(work: Workspace, signed: dict[str, Any], roots: int) -> None:
    """One signature as a finding."""
    signer, at = signed["signer"] or "?", (signed["proven_at"] or signed["signed_at"])[:10] or _UNDATED
    until, issuer = signed["until"][:10], signed["issuer"] or "?"
    if signed["covers"] and signed["state"] in _OF_A_PART:
        judgement = _OF_A_PART["no_roots" if signed["state"] == _UNKNOWN_CHAIN and not roots else signed["state"]]
        work.find("signature.partial", signer=signer, at=at, issuer=issuer, covers=signed["covers"], judgement=judgement)
        return
    match signed["state"]:
        case "valid":
            proof = "probada por un sello de tiempo" if signed["proven_at"] else "según quien firmó"
            proof = "quien firmó no dijo cuándo" if at == _UNDATED else proof
            work.find("signature.valid", signer=signer, at=at, proof=proof, issuer=issuer)
        case "altered":
            work.find("signature.altered", signer=signer, at=at)
        case "expired":
            work.find("signature.expired", signer=signer, at=at, until=until)
        case "revoked":
            work.find("signature.revoked", signer=signer, at=at, issuer=issuer)
        case "weak":
            work.find("signature.weak", signer=signer, at=at, algorithm=signed["reason"])
        case "undecided":
            work.find("signature.undecided", signer=signer, issuer=issuer, reason=_REASONS[signed["reason"]])
        case "unreadable":
            work.find("signature.unreadable", field=signed["field"])
        case _ if roots:
            work.find("signature.unknown_chain", signer=signer, at=at, issuer=issuer)
        case _:
            work.find("signature.no_roots", signer=signer, at=at, issuer=issuer)
