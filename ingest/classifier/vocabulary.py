"""The words the classifier and its callers share. Labels, groups and document names are opaque to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """One class as the schedule itself words it.

    `group` is who may file in it (a mask handed in later is a set of labels). `texts` go from the most to the least specific:
    the name of the class, the name of its parent, its kinds of document, its procedure; empty ones are passed over.
    """

    label: str
    group: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A document whose class a person confirmed.

    `group` joins documents made alike (same producer, template or file): they are never split between training and measuring.
    `document` names it in the explanations; it may be empty.
    """

    label: str
    text: str
    group: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason as code and parameters; the institution words it.

    - `word`, `heading`: word, contribution, in_entry. A word of the text, or of its first lines, and how much of the distance between
      the proposed class and the next it accounts for (exact, in units of margin).
    - `spelling`: word, contribution. The same for a word by its pieces, which survives misreadings.
    - `neighbour`: document, label, similarity, agrees. A confirmed document much like this one, also when its class is another.
    - `mask`: candidates, classes. The classes that competed, out of all.
    - `examples`: count, groups. What was confirmed in the class; 0 means that only the schedule's own words speak for it.
    - `no_candidates`, `no_text`, `novel` (similarity, limit): why it abstains.
    """

    code: str
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another class and its confidence, 0 to 1."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """The best class for a text.

    `confidence` and those of `alternatives` are probabilities among the classes allowed; `novelty` is 1 minus the highest cosine to any
    confirmed document or entry: 1 means nothing like it was ever seen. `label` is None only when no class was allowed. `abstains`: the
    guess is not worth showing as a suggestion. `examples` and `groups` count what was confirmed in the class.
    """

    label: str | None
    confidence: float
    novelty: float
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    abstains: bool
    examples: int = 0
    groups: int = 0
