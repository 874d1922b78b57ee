"""What a policy says of a file's format. The policy is the institution's data; nothing here prefers one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Certainty(StrEnum):
    """What the identity of a format rests on, from the surest: PRONOM's signature of what the package holds, its signature of the bytes,
    what the bytes look like without a signature, or the extension of the name alone.
    """

    CONTAINER = "container"
    SIGNATURE = "signature"
    CONTENT = "content"
    EXTENSION = "extension"


class Standing(StrEnum):
    """How an institution takes a format: best for keeping, accepted, accepted but better migrated, or not accepted in a transfer;
    `unknown` to its policy.
    """

    PREFERRED = "preferred"
    ACCEPTED = "accepted"
    TO_MIGRATE = "to_migrate"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FormatRule:
    """One line of a policy: a PUID of PRONOM (`fmt/354`), a media type (`image/tiff`) or a family of them (`image/*`).

    `name` and `reason` are words of the institution, as a person reads them; `target` is what it would rather have; `source` is where it
    takes the rule from, and `is_verified` whether somebody read it there.
    """

    format: str
    standing: Standing
    source: str = ""
    name: str = ""
    reason: str = ""
    target: str = ""
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class FormatPolicy:
    """A format policy. A rule by PUID goes before one by media type, and that before one by family; of equals, the first."""

    rules: tuple[FormatRule, ...]

    @classmethod
    def of(cls, rules: Iterable[FormatRule]) -> "FormatPolicy":
        """A policy of these rules. ValueError if two rules contradict one another on the same format."""
        policy = cls(tuple(rules))
        told: dict[str, Standing] = {}
        for rule in policy.rules:
            if told.setdefault(rule.format.lower(), rule.standing) is not rule.standing:
                raise ValueError(f"the policy says two things of {rule.format}")
        return policy

    def rule_for(self, puid: str | None, mime: str | None) -> FormatRule | None:
        """The rule that decides, or None where the policy is silent. Parameters of a media type (`; charset=…`) do not count."""
        bare = (mime or "").partition(";")[0].strip().lower()
        family = f"{bare.partition('/')[0]}/*" if bare else ""
        for wanted in (puid, bare, family):
            for rule in self.rules:
                if wanted and rule.format.lower() == wanted.lower():
                    return rule
        return None

    def standing(self, puid: str | None, mime: str | None) -> Standing:
        """How the policy takes a file of this PUID and media type; either may be None."""
        rule = self.rule_for(puid, mime)
        return Standing.UNKNOWN if rule is None else rule.standing
