"""Whether a newly trained model takes the place of the old one. Pure functions; the rule is written in docs and in `judge`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.calibration import coverage_at, expected_calibration_error
from ingest.classifier.model import Model
from ingest.classifier.vocabulary import Example, Reason

HELD_SHARE = 0.2
SMALL = 20  # documents held; with fewer the comparison says nothing and the new model is taken unless it falls below the entries alone
DRAWS = 2000
ACCURACY_LOSS = 0.005
CALIBRATION = 0.05
CALIBRATION_LOSS = 0.01
COVERAGE_LOSS = 0.02
RECALL_FROM = 20
RECALL_LOSS = 0.10

RETRAIN_CONFIRMATIONS = 20
RARE = 5

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model says of the held documents, in their order."""

    right: Bools
    confidence: NDArray[np.float64]
    truth_probability: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        return float(self.right.mean()) if len(self.right) else 0.0

    @property
    def loss(self) -> float:
        """Mean negative logarithm of the probability given to the truth."""
        return float(-np.log(np.maximum(self.truth_probability, 1e-9)).mean()) if len(self.right) else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`against`: every rule that the new model breaks (empty: it is promoted). `notes`: worth logging."""

    promoted: bool
    against: tuple[Reason, ...]
    notes: tuple[Reason, ...] = ()


def held_groups(groups: Sequence[str]) -> frozenset[str]:
    """The newest whole groups that hold about a fifth of the documents. `groups`: one a document, from the oldest to the newest.

    A group is as new as its newest document, and none is split.
    """
    sizes = Counter(groups)
    held: set[str] = set()
    total = 0
    for group in reversed(groups):
        if group not in held and total + sizes[group] <= max(1, HELD_SHARE * len(groups)):
            held.add(group)
            total += sizes[group]
        if total >= HELD_SHARE * len(groups):
            break
    return frozenset(held)


def retrain_is_due(*, confirmations: int, rare_corrections: int, schedule_changed: bool) -> bool:
    """Since the last training: 20 confirmations, one correction of a class with fewer than 5 examples, or another schedule."""
    return schedule_changed or rare_corrections > 0 or confirmations >= RETRAIN_CONFIRMATIONS


def answer(model: Model, held: Sequence[Example], allowed: Sequence[frozenset[str] | None]) -> Answers:
    """Ask a model for every held document, each with the classes its owner may use."""
    right, confidence, truth = [], [], []
    for example, mask in zip(held, allowed, strict=True):
        given = model.probabilities(example.text, mask)
        best = max(given, key=lambda label: given[label], default=None)
        right.append(best == example.label)
        confidence.append(given[best] if best is not None else 0.0)
        truth.append(given.get(example.label, 0.0))
    return Answers(np.array(right, bool), np.array(confidence, float), np.array(truth, float))


def judge(held: Sequence[Example], new: Answers, old: Answers | None, entries_only: Answers, *, target: float, seed: int) -> Verdict:
    """Promote only if, on the same held documents, none of these is broken.

    (a) the lower 90 % bound of the gain in accuracy, drawing whole groups, is above -0.5 points; (b) the loss is not higher; (c) the error
    of calibration is at most 0.05, or 0.01 above the old; (d) the coverage at the target error is not 2 points lower; (e) no class with 20
    held documents loses more than 10 points of recall; (f) accuracy is not below that of the model of the entries alone.
    `old` None: there is none, and (f) alone rules. Fewer than 20 held documents: likewise, with a note.
    """
    against = []
    if len(held) and new.accuracy < entries_only.accuracy:
        against.append(Reason("f.below_entries", {"new": round(new.accuracy, 4), "entries": round(entries_only.accuracy, 4)}))
    if old is None or len(held) < SMALL:
        note = Reason("first") if old is None else Reason("few_held", {"held": len(held), "least": SMALL})
        return Verdict(not against, tuple(against), (note,))
    against = [*_compare(held, new, old, target, seed), *_recall_losses(held, new, old), *against]
    return Verdict(not against, tuple(against))


def _compare(held: Sequence[Example], new: Answers, old: Answers, target: float, seed: int) -> list[Reason]:
    found = []
    bound = accuracy_gain_bound([example.group for example in held], new.right, old.right, seed)
    if bound <= -ACCURACY_LOSS:
        found.append(Reason("a.accuracy", {"bound": round(bound, 4), "least": -ACCURACY_LOSS}))
    if new.loss > old.loss:
        found.append(Reason("b.loss", {"new": round(new.loss, 4), "old": round(old.loss, 4)}))
    calibration, before = (expected_calibration_error(one.confidence, one.right) for one in (new, old))
    if calibration > max(CALIBRATION, before + CALIBRATION_LOSS):
        found.append(Reason("c.calibration", {"new": round(calibration, 4), "old": round(before, 4)}))
    coverage, covered = (coverage_at(one.confidence, one.right, target) for one in (new, old))
    if coverage < covered - COVERAGE_LOSS:
        found.append(Reason("d.coverage", {"new": round(coverage, 4), "old": round(covered, 4), "target": target}))
    return found


def _recall_losses(held: Sequence[Example], new: Answers, old: Answers) -> list[Reason]:
    found = []
    labels = np.array([example.label for example in held])
    for label, documents in sorted(Counter(labels.tolist()).items()):
        here = labels == label
        now, before = float(new.right[here].mean()), float(old.right[here].mean())
        if documents >= RECALL_FROM and now < before - RECALL_LOSS - 1e-9:
            found.append(Reason("e.recall", {"label": label, "new": round(now, 4), "old": round(before, 4)}))
    return found


def accuracy_gain_bound(groups: Sequence[str], new: Bools, old: Bools, seed: int) -> float:
    """The lower 90 % bound of the gain in accuracy of `new` over `old`: paired bootstrap, 2,000 draws of whole groups."""
    names = sorted(set(groups))
    place = {name: i for i, name in enumerate(names)}
    gains, sizes = np.zeros(len(names)), np.zeros(len(names))
    for group, now, before in zip(groups, new, old, strict=True):
        gains[place[group]] += float(now) - float(before)
        sizes[place[group]] += 1
    drawn = np.random.default_rng(seed).integers(0, len(names), (DRAWS, len(names)))
    return float(np.percentile(gains[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), 10))
