"""Measure the classifier on invented documents: `python -m tests.bench.bench_classification [--seed N] [--quick]`.

Curves by number of confirmed documents a class, for wordings like the taught ones and for others, office known or not; misread text;
documents of no class; and what automation would have done after prospective decisions.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

import numpy as np

from ingest.classifier import Example, Model, ScheduleEntry, dump, fit
from ingest.classifier.automation import Prospective, may_automate, obstacles, threshold
from ingest.classifier.calibration import coverage_at, expected_calibration_error
from tests.corpus.classes import TAUGHT, UNSEEN, DocumentClass, Sample, load_classes, make, strangers

TARGET = 0.05


def entries_of(classes: Sequence[DocumentClass]) -> list[ScheduleEntry]:
    return [ScheduleEntry(one.code, one.office, (one.name, one.series, one.types)) for one in classes]


def taught(classes: Sequence[DocumentClass], each: int, draw: random.Random) -> list[Example]:
    """`each` confirmed documents of every class; those of one form are one group."""
    made = [make(one, TAUGHT, draw, tuple(classes)) for one in classes for _ in range(each)]
    return [Example(one.code, one.text, one.form, f"d{i}") for i, one in enumerate(made)]


def asked(classes: Sequence[DocumentClass], kind: str, each: int, draw: random.Random, misread: float) -> list[Sample]:
    return [make(one, kind, draw, tuple(classes), misread) for one in classes for _ in range(each)]


class Measured:
    """What a model says of documents whose class is known."""

    def __init__(self, model: Model, samples: Sequence[Sample], allowed: dict[str, frozenset[str]] | None) -> None:
        self.proposals = [model.propose(one.text, allowed[one.code] if allowed else None) for one in samples]
        self.right = np.array([p.label == one.code for p, one in zip(self.proposals, samples, strict=True)])
        tops = [{p.label, *(a.label for a in p.alternatives[:2])} for p in self.proposals]
        self.top3 = float(np.mean([one.code in top for top, one in zip(tops, samples, strict=True)]))
        self.confidence = np.array([p.confidence for p in self.proposals])

    def figures(self) -> str:
        ece = expected_calibration_error(self.confidence, self.right)
        return f"{self.right.mean():.3f}/{self.top3:.3f} ece {ece:.3f} cov@5% {coverage_at(self.confidence, self.right, TARGET):.2f}"


def masks(classes: Sequence[DocumentClass]) -> dict[str, frozenset[str]]:
    """The classes of the office of each class."""
    return {one.code: frozenset(other.code for other in classes if other.office == one.office) for one in classes}


def curves(classes: Sequence[DocumentClass], seed: int, counts: Sequence[int], each: int) -> dict[int, Model]:
    models: dict[int, Model] = {}
    known = masks(classes)
    for count in counts:
        started = time.process_time()
        models[count] = model = fit(entries_of(classes), taught(classes, count, random.Random(seed)), seed)
        spent = time.process_time() - started
        print(f"\n{count} documents a class: {spent:.1f} CPU s, {'+'.join(model.features)}, T {model.open_curve.temperature:.1f}", end="")
        print(f"/{model.masked_curve.temperature:.1f}, least similarity {model.least_similarity:.2f}, {len(dump(model)) / 1e6:.1f} MB")
        for kind in (TAUGHT, UNSEEN):
            for misread in (0.0, 0.05, 0.10):
                samples = asked(classes, kind, each, random.Random(seed + 1), misread)
                line = [Measured(model, samples, mask).figures() for mask in (None, known)]
                print(f"  {kind:7} misread {misread:4.0%}  office unknown {line[0]} | known {line[1]}")
    return models


def automation(model: Model, classes: Sequence[DocumentClass], seed: int, each: int) -> None:
    """People decide on prospective documents, half in unseen wordings; then the threshold works on others."""
    known = masks(classes)
    draw = random.Random(seed + 2)
    first = asked(classes, TAUGHT, 4, draw, 0.01) + asked(classes, UNSEEN, 4, draw, 0.01)
    draw.shuffle(first)
    seen = Measured(model, first, known)
    decisions = [
        Prospective(p.confidence, bool(right), not obstacles(p, owner_known=True))
        for p, right in zip(seen.proposals, seen.right, strict=True)
    ]
    tau = threshold(decisions, TARGET)
    print(f"\nautomation after {len(decisions)} decisions: threshold {tau}")
    for kind in (TAUGHT, UNSEEN):
        later = Measured(model, asked(classes, kind, each, random.Random(seed + 3), 0.01), known)
        granted = np.array([may_automate(p, owner_known=True, tau=tau).granted for p in later.proposals])
        error = float((~later.right[granted]).mean()) if granted.any() else 0.0
        print(f"  {kind:7} automatic {granted.mean():.2f} of documents, error {error:.3f}")
    offices = sorted({one.office for one in classes})
    foreign = [
        model.propose(text, next(known[one.code] for one in classes if one.office == office)) for text in strangers() for office in offices
    ]
    granted = np.array([may_automate(p, owner_known=True, tau=tau).granted for p in foreign])
    print(f"  of no class: automatic {granted.mean():.3f}, abstained {np.mean([p.abstains for p in foreign]):.2f} (n={len(foreign)})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    classes = load_classes()
    each = 1 if options.quick else 3
    models = curves(classes, options.seed, (0, 10) if options.quick else (0, 1, 2, 5, 10, 20), each)
    automation(models[max(models)], classes, options.seed, each)
    return 0


if __name__ == "__main__":
    sys.exit(main())
