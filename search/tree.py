"""The query tree: what is asked of an engine, in no engine's language. Each adapter translates these nodes and nothing else.

Fields: `bu bs` body, `tu ts` title, `du ds` description, each unstemmed (u) and stemmed (s); `own` and `codes` hold canonical codes.
Words are given folded for `u` fields and codes, and as stems for `s` fields, so that no engine analyses what a person typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Field = Literal["bu", "bs", "tu", "ts", "du", "ds", "own", "codes"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Matches no entry."""


@dataclass(frozen=True, slots=True)
class Term:
    """Entries that hold the word, scored by BM25."""

    field: Field
    word: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Entries that hold the words near each other: `slop` is how many moves of a word are allowed."""

    field: Field
    words: tuple[str, ...]
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Entries that hold a word that begins so."""

    field: Field
    start: str


@dataclass(frozen=True, slots=True)
class Every:
    """Entries that answer all the parts; the score is the sum."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Entries that answer at least `least` of the parts; the score is the sum."""

    parts: tuple["Node", ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class Best:
    """Entries that answer any part; the score is the best part's plus `tie` times the others'."""

    parts: tuple["Node", ...]
    tie: float = 0.0


@dataclass(frozen=True, slots=True)
class Weighted:
    """The part, its score multiplied."""

    part: "Node"
    weight: float


@dataclass(frozen=True, slots=True)
class Constant:
    """The part, its score replaced by one in units of a BM25 with the factor k1 + 1 = 2.2 (engines without it divide)."""

    part: "Node"
    score: float


@dataclass(frozen=True, slots=True)
class Required:
    """Entries that answer `must`; `should` only adds to the score."""

    must: "Node"
    should: tuple["Node", ...]


Node: TypeAlias = Nothing | Term | Phrase | Prefix | Every | Some | Best | Weighted | Constant | Required


def telling(parts: Sequence[Node]) -> list[Node]:
    """The parts of a Some without those that answer only where all of some others do: they score, but find nothing more."""
    others = {id(part) for part in parts}
    return [
        part
        for part in parts
        if not (isinstance(part, Weighted) and isinstance(part.part, Every) and all(id(each) in others for each in part.part.parts))
    ]
