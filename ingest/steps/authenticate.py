"""Check the signatures of the original as it came, and keep what was found: later nobody could tell."""

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from ingest.failures import note_failure
from ingest.families import Family, family_of
from ingest.step import Done, Failed, Skipped, StepOutcome, Workspace
from ingest.tools.process import ToolError
from preservation.premis import EventType

_UNKNOWN_CHAIN = "unknown_chain"


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Validates the signatures of a signed PDF, without a network, against the workspace's folder of trusted certificates.

    A finding a signature; the event counts them by state. The original is only read.
    """

    event_type: EventType = EventType.DIGITAL_SIGNATURE_VALIDATION
    agent: str = f"pyHanko {version('pyhanko')}"

    def __call__(self, work: Workspace) -> StepOutcome:
        if not work.readable:
            return Skipped("signature.not_readable")
        if not work.signed or family_of(work.format) is not Family.PDF:
            return Skipped("signature.none")
        roots = work.programs.trust_roots
        try:
            answer: dict[str, Any] = work.tools.call(
                "signatures",
                "verify",
                timeout=work.limits.seconds_per_call,
                path=str(work.original),
                roots=None if roots is None else str(roots),
            )
        except ToolError as fault:
            note_failure(work, fault, otherwise="signature.failed")
            return Failed("signature.failed")
        for signed in answer["signatures"]:
            _note(work, signed, answer["roots"])
        states = Counter(str(signed["state"]) for signed in answer["signatures"])
        counted = {state: states[state] for state in ("valid", "altered", "expired", "revoked", _UNKNOWN_CHAIN, "unreadable")}
        is_clean = bool(states) and set(states) == {"valid"}
        return Done("signature.checked", {**counted, "roots": answer["roots"]}, warning=not is_clean)


def _note(work: Workspace, signed: dict[str, Any], roots: int) -> None:
    """One signature as a finding."""
    signer, at = signed["signer"] or "?", (signed["proven_at"] or signed["signed_at"])[:10] or "?"
    until, issuer = signed["until"][:10], signed["issuer"] or "?"
    match signed["state"]:
        case "valid":
            proof = "probada por un sello de tiempo" if signed["proven_at"] else "según quien firmó"
            work.find("signature.valid", signer=signer, at=at, proof=proof, issuer=issuer)
        case "altered":
            work.find("signature.altered", signer=signer, at=at)
        case "expired":
            work.find("signature.expired", signer=signer, at=at, until=until)
        case "revoked":
            work.find("signature.revoked", signer=signer, at=at, issuer=issuer)
        case "unreadable":
            work.find("signature.unreadable", field=signed["field"])
        case _ if roots:
            work.find("signature.unknown_chain", signer=signer, at=at, issuer=issuer)
        case _:
            work.find("signature.no_roots", signer=signer, at=at, issuer=issuer)
