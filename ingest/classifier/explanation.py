"""Why a class was proposed: exact shares of the margin by word, and the confirmed documents that look alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.classifier.features import TITLE, WORDS
from ingest.classifier.text import chunks, pieces, stem, stems, title, written_words
from ingest.classifier.vocabulary import Reason, ScheduleEntry

if TYPE_CHECKING:
    from ingest.classifier.model import Model

MOST_WORDS = 5  # of each kind
MOST_NEIGHBOURS = 3
LEAST_CONTRIBUTION = 0.005  # units of margin; less is not worth a person's reading
LEAST_SIMILARITY = 0.1

_EDGES = ".,;:()[]{}\"'«»“”¿?¡!°º-–_/\\*"


def explain_words(
    model: Model,
    text: str,
    counted: Mapping[str, Counter[str]],
    row: sparse.csr_matrix,
    best: Sequence[int],
    *,
    most: int = MOST_WORDS,
    least: float = LEAST_CONTRIBUTION,
) -> list[Reason]:
    """Each word's share of x · (w of the best - w of the second). `best`: the columns of one or two classes; `counted`, `row`: the text's.

    Shares of a pair of words are given to both halves; those of pieces of characters to the words they come from, by their number.
    A word that tells by itself and by its pieces appears for each, written as the text first has it, in lower case.
    """
    weights = model.weights.coefficients[list(best)][:, row.indices].astype(np.float64)
    difference = weights[0] - weights[1] if len(best) > 1 else weights[0]
    share = dict(zip(row.indices.tolist(), (row.data * difference).tolist(), strict=True))
    in_entry = _stems_of(model.entries[best[0]])
    written = written_words(text)
    reasons: list[Reason] = []
    start = 0
    for block in model.space.blocks:
        column = block.vocabulary.get
        here = {name: share[start + at] for name in counted[block.kind] if (at := column(name)) is not None}
        if block.kind == WORDS:
            reasons.extend(_words(text, here, in_entry, written, most, least))
        else:
            code, read = ("heading", title(text)) if block.kind == TITLE else ("spelling", text)
            reasons.extend(_spellings(code, read, counted[block.kind], here, in_entry, written, most, least))
        start += len(block.vocabulary)
    return reasons


@lru_cache(500)
def _stems_of(entry: ScheduleEntry) -> frozenset[str]:
    return frozenset(piece for one in entry.texts for piece, _, _ in stems(one))


def _words(
    text: str, shares: dict[str, float], in_entry: frozenset[str], written: Mapping[str, str], most: int, least: float
) -> list[Reason]:
    surface: dict[str, str] = {}
    for piece, word, _ in stems(text):
        surface.setdefault(piece, word)
    by_word: defaultdict[str, float] = defaultdict(float)
    headings: set[str] = set()
    for name, value in shares.items():
        if name.startswith("H:"):
            headings.add(name[2:])
            by_word[name[2:]] += value
        else:
            halves = name.split(" ")
            for half in halves:
                by_word[half] += value / len(halves)
    return [
        Reason(
            "heading" if piece in headings else "word",
            {"word": written.get(surface[piece], surface[piece]), "contribution": round(value, 4), "in_entry": piece in in_entry},
        )
        for piece, value in _strongest(by_word, most, least)
    ]


def _spellings(
    code: str,
    text: str,
    total: Counter[str],
    shares: dict[str, float],
    in_entry: frozenset[str],
    written: Mapping[str, str],
    most: int,
    least: float,
) -> list[Reason]:
    by_word: defaultdict[str, float] = defaultdict(float)
    each = {piece: value / total[piece] for piece, value in shares.items()}
    for word, times in Counter(chunks(text)).items():
        by_word[word.strip(_EDGES)] += times * sum([each.get(piece, 0.0) for piece in pieces(word)])
    by_word.pop("", None)
    return [
        Reason(code, {"word": written.get(word, word), "contribution": round(value, 4), "in_entry": stem(word) in in_entry})
        for word, value in _strongest(by_word, most, least)
    ]


def _strongest(by_word: dict[str, float], most: int, least: float) -> list[tuple[str, float]]:
    ordered = sorted(by_word.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(word, value) for word, value in ordered[:most] if value >= least]


def neighbours(
    similarity: NDArray[np.float64], labels: Sequence[str], documents: Sequence[str], entries: int, proposed: str
) -> list[Reason]:
    """The confirmed documents nearest by cosine, with their class also where it is another."""
    places = entries + np.argsort(-similarity[entries:], kind="stable")[:MOST_NEIGHBOURS]
    return [
        Reason(
            "neighbour",
            {
                "document": documents[place],
                "label": labels[place],
                "similarity": round(float(similarity[place]), 3),
                "agrees": labels[place] == proposed,
            },
        )
        for place in places
        if similarity[place] >= LEAST_SIMILARITY
    ]
