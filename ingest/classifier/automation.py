"""When a class may be given without a person: only where decisions made beforehand prove the error small. Pure functions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.classifier.vocabulary import Proposal, Reason

NEWEST = 500  # decisions that count
LEAST = 60  # below, no promise: 59 right ones of 59 are the first that prove 5 % at 95 %
ASSURANCE = 0.95
EXAMPLES = 3
GROUPS = 2
AUDITED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Prospective:
    """A proposal made before any person saw the document, and what the person then said.

    `eligible`: every other condition of `may_automate` held.
    """

    confidence: float
    right: bool
    eligible: bool = True


@dataclass(frozen=True, slots=True)
class Permission:
    """`blocked_by` is empty exactly when it may be given without a person."""

    granted: bool
    blocked_by: tuple[Reason, ...]


def error_bound(wrong: int, total: int, assurance: float = ASSURANCE) -> float:
    """The upper one-sided limit of the error (Clopper-Pearson) when `wrong` of `total` were; 1 when nothing was seen."""
    from scipy.special import betaincinv  # costs a tenth of a second, which an archive without decisions need not pay

    if wrong >= total:
        return 1.0
    return float(betaincinv(wrong + 1, total - wrong, assurance))


def threshold(decisions: Sequence[Prospective], target: float) -> float | None:
    """The smallest confidence from which the error is proven to be at most `target` (0 to 1); None: nothing may be automatic.

    `decisions` from the oldest to the newest; of the eligible ones the newest 500 count, and at least 60 are needed.
    """
    counted = [one for one in decisions if one.eligible][-NEWEST:]
    if len(counted) < LEAST:
        return None
    found: float | None = None
    wrong = 0
    ordered = sorted(counted, key=lambda one: -one.confidence)
    for total, one in enumerate(ordered, start=1):
        wrong += not one.right
        tied = total < len(ordered) and ordered[total].confidence == one.confidence
        if not tied and error_bound(wrong, total) <= target:
            found = one.confidence
    return found


def obstacles(proposal: Proposal, *, owner_known: bool) -> tuple[Reason, ...]:
    """What forbids automation of this document whatever the threshold: a proposal without any is an eligible decision."""
    found = []
    if proposal.label is None or proposal.abstains:
        found.append(Reason("abstained"))
    if not owner_known:
        found.append(Reason("owner_unknown"))
    if proposal.examples < EXAMPLES or proposal.groups < GROUPS:
        params = {"count": proposal.examples, "groups": proposal.groups, "least_count": EXAMPLES, "least_groups": GROUPS}
        found.append(Reason("few_examples", params))
    return tuple(found)


def may_automate(proposal: Proposal, *, owner_known: bool, tau: float | None) -> Permission:
    """Whether this class may be given without a person, and every condition that forbids it."""
    found = list(obstacles(proposal, owner_known=owner_known))
    if tau is None:
        found.append(Reason("unproven", {"least_decisions": LEAST}))
    elif proposal.confidence < tau:
        found.append(Reason("unsure", {"confidence": round(proposal.confidence, 4), "threshold": round(tau, 4)}))
    return Permission(not found, tuple(found))


def is_audited(identifier: str, seed: str, share: float = AUDITED_SHARE) -> bool:
    """Whether a person checks this document although its class was automatic: the same answer for ever, not guessable without the seed."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}\x00{identifier}".encode()).digest()[:8])
    return drawn < share * 2**64
