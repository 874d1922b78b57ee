"""Which acts may order a deletion, how long it waits, and what is still told of what was deleted: data (deletion_rules.toml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from archivo.data import deletion_data


@dataclass(frozen=True, slots=True)
class Authority:
    """A kind of act that may order a deletion. `norm` and `article` are empty where none was read."""

    type: str
    name: str
    norm: str
    article: str
    says: str

    @property
    def rule(self) -> str:
        """The norm with its article; empty where there is none."""
        return f"{self.norm}, {self.article}".strip(", ")


@dataclass(frozen=True, slots=True)
class DeletionRules:
    """`waiting` runs from the confirmation; of documents of the classes of access in `keeps_title` the title is still told."""

    waiting: timedelta
    keeps_title: frozenset[str]
    authorities: Mapping[str, Authority]


@cache
def deletion_rules() -> DeletionRules:
    """The rules that ship."""
    data = deletion_data()
    authorities = [Authority(*(each[name] for name in ("type", "name", "norm", "article", "says"))) for each in data["authorities"]]
    return DeletionRules(
        timedelta(days=data["waiting"]["days"]), frozenset(data["tombstone"]["keeps_title"]), {each.type: each for each in authorities}
    )
