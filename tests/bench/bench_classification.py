"""Measure the classifier on invented documents: `python -m tests.bench.bench_classification [--seed N] [--quick]`.

Over five seeds: long documents of a schedule worded as real ones are, without any example; and acts of kinds that resemble one another, by
producers never seen, with how far the surest can be believed. Of one seed: curves by number of confirmed documents a class, for wordings
like the taught ones and for others, office known or not, beside the same machine without the schedule's words (examples alone) and beside
the nearest entry by its words (lexical: cosine of stems weighed by TF-IDF); misread text; documents of no class; and what automation would
have done after prospective decisions.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.classifier import Example, Model, ScheduleEntry, dump, fit
from ingest.classifier.automation import Prospective, may_automate, obstacles, threshold
from ingest.classifier.calibration import coverage_at, expected_calibration_error
from ingest.classifier.text import stems
from tests.corpus.classes import TAUGHT, UNSEEN, DocumentClass, Sample, load_classes, make, strangers
from tests.corpus.producers import KINDS, make_acts
from tests.corpus.schedule import load_schedule, make_long

TARGET = 0.05
SUREST = 0.45
SEEDS = 5
FOLDS = 5


def spread(values: Sequence[float]) -> str:
    """The mean, and the standard error of the mean."""
    return f"{np.mean(values):.3f}±{np.std(values, ddof=1) / len(values) ** 0.5:.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def without_examples(seed: int, seeds: int, each: int) -> None:
    classes = load_schedule()
    entries = [ScheduleEntry(one.code, one.office, (one.name, one.series, one.types, one.procedure)) for one in classes]
    series = {one.code: one.series for one in classes}
    known = {one.code: frozenset(other.code for other in classes if other.office == one.office) for one in classes}
    model = fit(entries, [], seed)
    print(f"without examples, long documents of {len(classes)} classes of {len({one.office for one in classes})} offices:")
    for misread in (0.0, 0.05, 0.10):
        unknown, by_series, masked = [], [], []
        for draw in (random.Random(seed + i) for i in range(seeds)):
            samples = [make_long(one, draw, misread) for one in classes for _ in range(each)]
            told = [str(model.propose(one.text, None).label) for one in samples]
            unknown.append(float(np.mean([label == one.code for label, one in zip(told, samples, strict=True)])))
            by_series.append(float(np.mean([series[label] == series[one.code] for label, one in zip(told, samples, strict=True)])))
            masked.append(float(np.mean([model.propose(one.text, known[one.code]).label == one.code for one in samples])))
        print(f"  misread {misread:4.0%}  office unknown {spread(unknown)}, series {spread(by_series)} | known {spread(masked)}")
    print(f"  of no class: abstained {np.mean([model.propose(text, None).abstains for text in strangers()]):.2f}")


def unseen_producers(seed: int, seeds: int, producers: int) -> None:
    found = []
    for one_seed in range(seed, seed + seeds):
        acts = make_acts(producers, 50, one_seed)
        fold_of = {name: i % FOLDS for i, name in enumerate(dict.fromkeys(act.producer for act in acts))}
        right, sure = [], []
        for fold in range(FOLDS):
            learned = [Example(act.kind, act.text, act.producer) for act in acts if fold_of[act.producer] != fold]
            model = fit([ScheduleEntry(kind, "", (kind,)) for kind in KINDS], learned, one_seed)
            held = [act for act in acts if fold_of[act.producer] == fold]
            proposals = [model.propose(act.text, None) for act in held]
            right += [proposal.label == act.kind for proposal, act in zip(proposals, held, strict=True)]
            sure += [proposal.confidence for proposal in proposals]
        found.append(selective(np.array(sure), np.array(right)))
    names = ("accuracy", f"surest {SUREST:.0%}", "area of risk", "ECE", "cov@5%")
    told = ", ".join(f"{name} {spread(values)}" for name, values in zip(names, zip(*found, strict=True), strict=True))
    print(f"\n{producers} producers, none both learned and asked: {told}")


def selective(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Accuracy over all and over the surest; area under error by coverage; error of calibration; coverage at the target error."""
    ordered = right[np.argsort(-sure, kind="stable")]
    risk = np.cumsum(~ordered) / np.arange(1, len(ordered) + 1)
    surest = float(ordered[: int(SUREST * len(ordered))].mean())
    ece, coverage = expected_calibration_error(sure, right), coverage_at(sure, right, TARGET)
    return float(right.mean()), surest, float(risk.mean()), ece, coverage


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


def compared(classes: Sequence[DocumentClass], models: dict[int, Model], seed: int, each: int, draws: int) -> None:
    """The model beside examples alone, and beside the nearest entry by words: accuracy over several draws of documents."""
    known = masks(classes)
    print(f"\ncompared over {draws} draws, accuracy with the office unknown | known:")
    for kind in (TAUGHT, UNSEEN):
        drawn = [asked(classes, kind, each, random.Random(seed + 10 + n), 0.0) for n in range(draws)]
        print(f"  {kind:7} lexical            {both(lexical(classes), drawn, known)}")
        for count, model in models.items():
            print(f"  {kind:7} {count:2} a class          {both(labels_of(model), drawn, known)}")
            if count:
                bare = [ScheduleEntry(one.code, one.office, ("",)) for one in classes]
                alone = fit(bare, taught(classes, count, random.Random(seed)), seed)
                print(f"  {kind:7} {count:2} a class, alone   {both(labels_of(alone), drawn, known)}")


Labeller = Callable[[Sequence[Sample], dict[str, frozenset[str]] | None], list[str]]
"""The class of each document, among those that each may have."""


def both(told: Labeller, drawn: Sequence[Sequence[Sample]], known: dict[str, frozenset[str]]) -> str:
    """Accuracy with the office unknown and known."""
    figures = []
    for allowed in (None, known):
        right = [np.mean([one.code == label for one, label in zip(some, told(some, allowed), strict=True)]) for some in drawn]
        figures.append(spread([float(value) for value in right]))
    return " | ".join(figures)


def labels_of(model: Model) -> Labeller:
    return lambda some, allowed: [str(model.propose(one.text, allowed[one.code] if allowed else None).label) for one in some]


def lexical(classes: Sequence[DocumentClass]) -> Labeller:
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(analyzer=lambda text: [stem for stem, _, _ in stems(text)], sublinear_tf=True)
    entries = words.fit_transform([" ".join(entry.texts) for entry in entries_of(classes)])
    codes = [one.code for one in classes]

    def told(some: Sequence[Sample], allowed: dict[str, frozenset[str]] | None) -> list[str]:
        near = (words.transform([one.text for one in some]) @ entries.T).toarray()
        if allowed:
            near = np.where([[code in allowed[one.code] for code in codes] for one in some], near, -1.0)
        return [codes[place] for place in near.argmax(axis=1)]

    return told


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
    seeds = 1 if options.quick else SEEDS
    without_examples(options.seed, seeds, each)
    unseen_producers(options.seed, seeds, 15 if options.quick else 40)
    models = curves(classes, options.seed, (0, 10) if options.quick else (0, 1, 2, 5, 10, 20), each)
    compared(classes, models, options.seed, each, seeds)
    automation(models[max(models)], classes, options.seed, each)
    return 0


if __name__ == "__main__":
    sys.exit(main())
