"""Tell how the institution's policy takes the format of the original."""

from dataclasses import dataclass

from ingest.step import Done, Params, Skipped, StepOutcome, Workspace
from preservation.formats import Standing
from preservation.premis import EventType


@dataclass(frozen=True, slots=True)
class Accept:
    """Applies the policy handed in. Whatever it says, the original is kept and read: what is refused is told, not lost."""

    event_type: EventType = EventType.POLICY_ASSIGNMENT
    agent: str = "Archivo"

    def __call__(self, work: Workspace) -> StepOutcome:
        known = work.format
        if work.policy is None or known is None or not (known.puid or known.name):
            return Skipped("policy.none" if work.policy is None else "policy.unknown")
        rule = work.policy.rule_for(known.puid, known.mime)
        if rule is None:
            work.find("policy.unknown", name=known.name or known.mime)
            return Done("policy.unknown")
        told: Params = {
            "name": rule.name or known.name,
            "standing": str(rule.standing),
            "source": rule.source,
            "verified": rule.is_verified,
        }
        match rule.standing:
            case Standing.PREFERRED:
                return Done("policy.preferred", told)
            case Standing.TO_MIGRATE:
                work.find("policy.to_migrate", target=rule.target, reason=rule.reason, source=rule.source)
                return Done("policy.to_migrate", told)
            case Standing.REFUSED:
                work.find("policy.refused", target=rule.target, reason=rule.reason, source=rule.source)
                return Done("policy.refused", told, warning=True)
            case _:
                return Done("policy.accepted", told)
