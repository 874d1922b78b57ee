"""A trained model: it proposes a class for a text, with numpy and scipy only."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.classifier.calibration import Curve
from ingest.classifier.explanation import explain_words, neighbours
from ingest.classifier.features import FeatureSpace
from ingest.classifier.vocabulary import Alternative, Proposal, Reason, ScheduleEntry

ALTERNATIVES = 4

Floats = NDArray[np.float64]


def entry_text(entry: ScheduleEntry) -> str:
    """The entry as a document: the name of the class twice, around that of its parent, then the rest."""
    texts = [text for text in entry.texts if text.strip()]
    return "\n".join([*texts[:2], *texts[:1], *texts[2:]])


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """What was confirmed in a class: documents, and groups they come from."""

    examples: int
    groups: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Coefficients (classes by features, half precision) and intercepts."""

    coefficients: NDArray[np.float16]
    intercepts: NDArray[np.float32]

    def margins(self, row: sparse.csr_matrix) -> Floats:
        used = self.coefficients[:, row.indices].astype(np.float64)
        return np.asarray(used @ row.data + self.intercepts, np.float64)


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the classes of one schedule.

    `reading`: the characters of a text that are read. `known`: entries, then confirmed documents, as rows of length 1, with their labels
    and names. `least_similarity`: below this cosine a text resembles nothing known. `open_curve` reads margins when all classes compete,
    `masked_curve` when those of one group do.
    """

    entries: tuple[ScheduleEntry, ...]
    reading: int
    space: FeatureSpace
    weights: Weights
    known: sparse.csr_matrix
    known_labels: tuple[str, ...]
    known_documents: tuple[str, ...]
    summaries: Mapping[str, ClassSummary]
    open_curve: Curve
    masked_curve: Curve
    least_similarity: float

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(entry.label for entry in self.entries)

    @property
    def features(self) -> tuple[str, ...]:
        """The kinds of feature that the folds chose."""
        return tuple(block.kind for block in self.space.blocks)

    def propose(self, text: str, allowed: Set[str] | None) -> Proposal:
        """The best of `allowed` (None: of all classes, where nobody knows whose document it is). Never raises on odd text."""
        places = self._places(allowed)
        if not places:
            return Proposal(None, 0.0, 1.0, (Reason("no_candidates"),), (), abstains=True)
        text = text[: self.reading]
        counted = self.space.counted(text)
        row = self.space.row(counted)
        margins = self.weights.margins(row)[places]
        probabilities = self._curve(allowed).probabilities(margins)
        order = [int(i) for i in np.argsort(-probabilities, kind="stable")[: 1 + ALTERNATIVES]]
        label = self.entries[places[order[0]]].label
        similarity = self._similarity(row)
        nearest = float(similarity.max()) if row.nnz else 0.0
        against = self._why_not(row, nearest)
        summary = self.summaries.get(label, ClassSummary(0, 0))
        reasons = (
            *against,
            *(explain_words(self, text, counted, row, [places[i] for i in order[:2]]) if row.nnz else ()),
            *neighbours(similarity, self.known_labels, self.known_documents, len(self.entries), label),
            Reason("examples", {"count": summary.examples, "groups": summary.groups}),
            Reason("mask", {"candidates": len(places), "classes": len(self.entries)}),
        )
        others = tuple(Alternative(self.entries[places[i]].label, float(probabilities[i])) for i in order[1:])
        return Proposal(
            label, float(probabilities[order[0]]), 1 - nearest, reasons, others, bool(against), summary.examples, summary.groups
        )

    def probabilities(self, text: str, allowed: Set[str] | None) -> dict[str, float]:
        """The probability of every class allowed; they add up to 1."""
        places = self._places(allowed)
        if not places:
            return {}
        margins = self.weights.margins(self.space.row(self.space.counted(text[: self.reading])))[places]
        found = self._curve(allowed).probabilities(margins)
        return {self.labels[place]: float(one) for place, one in zip(places, found, strict=True)}

    def _places(self, allowed: Set[str] | None) -> list[int]:
        return [i for i, label in enumerate(self.labels) if allowed is None or label in allowed]

    def _curve(self, allowed: Set[str] | None) -> Curve:
        return self.open_curve if allowed is None else self.masked_curve

    def _similarity(self, row: sparse.csr_matrix) -> Floats:
        """Cosine to each known row."""
        asked = np.zeros(row.shape[1], np.float32)
        asked[row.indices] = row.data
        return np.asarray(self.known @ asked, np.float64) / (float(np.linalg.norm(row.data)) or 1.0)

    def _why_not(self, row: sparse.csr_matrix, nearest: float) -> Sequence[Reason]:
        if not row.nnz:
            return [Reason("no_text")]
        if nearest < self.least_similarity:
            return [Reason("novel", {"similarity": round(nearest, 3), "limit": round(self.least_similarity, 3)})]
        return []
