"""Train: one linear one-vs-rest model whose training set always holds the schedule's own entries.

scikit-learn is needed here and nowhere else; proposing needs numpy and scipy only.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.classifier.calibration import Curve, fit_curve
from ingest.classifier.features import (
    CHOICES,
    COUNTERS,
    ENTRY_COUNTERS,
    Block,
    FeatureSpace,
    build_vocabulary,
    inverse_frequency,
    join,
    scale,
    to_matrix,
    weigh,
)
from ingest.classifier.model import ClassSummary, Model, Weights, entry_text
from ingest.classifier.text import stems
from ingest.classifier.vocabulary import Example, ScheduleEntry

FOLDS = 5
GROUPS_TO_MEASURE = 3  # a class with fewer groups would lose its only examples in a fold
DOCUMENTS_TO_MEASURE = 30
READINGS = (1000, 2000)  # characters read of a document; without measure its beginning alone, where it says what it is
ENTRY_READ = 2000  # characters read of what the schedule says of a class
LINEAR_SVC_UP_TO = 20_000  # documents; above, averaged stochastic gradient
PARENT_SHARE = 0.25  # of the margin of its parent that each class adds to its own
FAMILIAR_SHARE = 5  # percentile of the similarity of documents rightly classified out of fold
COLD_SIMILARITY = 0.1  # below this cosine a text is novel, where nothing could be measured
FAMILIAR_AT_MOST = 0.25  # forms repeated to the letter must not make every other text novel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Entries first, then examples as far as `reading` goes; raw counts of each kind of feature over all. `parents`: a number a class."""

    reading: int
    labels: tuple[str, ...]
    parents: Ints
    truth: Ints
    groups: tuple[str, ...]
    entries: int
    vocabularies: Mapping[str, dict[str, int]]
    counts: Mapping[str, sparse.csr_matrix]


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the folds say of one choice of features, on the documents of classes with enough groups."""

    documents: Ints
    margins: Floats
    similarity: Floats
    accuracy: float


def fit(entries: Sequence[ScheduleEntry], examples: Sequence[Example], seed: int) -> Model:
    """A model of the classes of `entries`, as good as the examples allow; with none it still proposes.

    Examples of labels that no entry has are passed over (a class that the schedule in force no longer holds). The same input and
    seed give the same model. Raises ValueError without entries or with a label repeated.
    """
    labels = tuple(entry.label for entry in entries)
    if not labels or len(set(labels)) != len(labels):
        raise ValueError("a model needs entries, each with its own label")
    usable = [example for example in examples if example.label in set(labels)]
    corpus, choice, found = _choose(entries, usable, seed)
    allowed = _same_group(entries)
    return _assemble(entries, usable, corpus, choice, seed, *_calibrate(corpus, found, allowed))


def _choose(entries: Sequence[ScheduleEntry], examples: Sequence[Example], seed: int) -> tuple[_Corpus, tuple[str, ...], _Measured | None]:
    """How far to read, then which kinds of feature to count, by what the folds say; on a tie, and without folds, the first of each."""
    corpus, best = _count(entries, examples, READINGS[0]), CHOICES[0]
    documents, folds = _folds(corpus, seed)
    if not folds:
        return corpus, best, None
    found = _measure(corpus, best, documents, folds, seed)
    for longer in (_count(entries, examples, reading) for reading in READINGS[1:]):
        if (other := _measure(longer, best, documents, folds, seed)).accuracy > found.accuracy:
            corpus, found = longer, other
    for choice in CHOICES[1:]:
        if (other := _measure(corpus, choice, documents, folds, seed)).accuracy > found.accuracy:
            best, found = choice, other
    return corpus, best, found


def _count(entries: Sequence[ScheduleEntry], examples: Sequence[Example], reading: int) -> _Corpus:
    labels = tuple(entry.label for entry in entries)
    column = {label: i for i, label in enumerate(labels)}
    texts = [entry_text(entry)[:ENTRY_READ] for entry in entries] + [example.text[:reading] for example in examples]
    vocabularies, counts = {}, {}
    for kind, counter in COUNTERS.items():
        counted = [ENTRY_COUNTERS[kind](text) for text in texts[: len(labels)]] + [counter(text) for text in texts[len(labels) :]]
        vocabularies[kind] = build_vocabulary(counted)
        counts[kind] = to_matrix(counted, vocabularies[kind])
    truth = np.array([*range(len(labels)), *(column[example.label] for example in examples)], np.int64)
    groups = ("",) * len(labels) + tuple(example.group for example in examples)
    return _Corpus(reading, labels, _parents(entries), truth, groups, len(labels), vocabularies, counts)


def _parents(entries: Sequence[ScheduleEntry]) -> Ints:
    """The classes whose parent has the same name share a number; a class without one is its own parent."""
    names = [" ".join(stem for text in entry.texts[1:2] for stem, _, _ in stems(text)) or entry.label for entry in entries]
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _rows(corpus: _Corpus, choice: Sequence[str], learn: Ints, take: Ints) -> sparse.csr_matrix:
    """Rows of `take`, weighed by what is frequent among those of `learn`."""
    blocks = [(kind, weigh(corpus.counts[kind][take], inverse_frequency(corpus.counts[kind][learn]))) for kind in choice]
    return join(blocks)


def train_linear(rows: sparse.csr_matrix, truth: Ints, classes: int, seed: int) -> tuple[Floats, Floats]:
    """Coefficients (classes by features) and intercepts; every class must appear in `truth`."""
    if classes == 1:
        return np.zeros((1, rows.shape[1])), np.zeros(1)
    from sklearn.linear_model import SGDClassifier
    from sklearn.svm import LinearSVC

    if rows.shape[0] <= LINEAR_SVC_UP_TO:
        machine = LinearSVC(C=1.0, tol=1e-2, dual=True, max_iter=20_000, random_state=seed)
    else:
        machine = SGDClassifier(loss="log_loss", alpha=1e-6, average=True, max_iter=5, tol=None, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "The number of unique classes is greater", UserWarning
        )  # as many entries as documents is no mistake
        machine.fit(rows, truth)
    if classes == 2:  # the library keeps one row for two classes
        return np.vstack([-machine.coef_, machine.coef_]), np.concatenate([-machine.intercept_, machine.intercept_])
    return machine.coef_, machine.intercept_


def _train(corpus: _Corpus, rows: sparse.csr_matrix, learn: Ints, seed: int) -> tuple[Floats, Floats]:
    """The coefficients and intercepts of the classes, each with a share of those of its parent.

    Classes of one parent are set apart by what differs between them, so the word they share counts for none of them; it counts for their
    parent, which is told from the others by the schedule's own words alone.
    """
    coefficients, intercepts = train_linear(rows, corpus.truth[learn], len(corpus.labels), seed)
    number = int(corpus.parents.max()) + 1
    if 1 < number < len(corpus.labels):
        worded = rows[learn < corpus.entries]
        used = np.unique(worded.indices)  # no other feature has a coefficient
        shared, shared_intercepts = train_linear(worded[:, used], corpus.parents, number, seed)
        coefficients[:, used] += PARENT_SHARE * shared[corpus.parents]
        intercepts = intercepts + PARENT_SHARE * shared_intercepts[corpus.parents]
    return coefficients, intercepts


def _folds(corpus: _Corpus, seed: int) -> tuple[Ints, list[Ints]]:
    """The documents that can be measured, and for each fold which of them it holds out; whole groups, of even size."""
    groups_of: defaultdict[int, set[str]] = defaultdict(set)
    for place in range(corpus.entries, len(corpus.groups)):
        groups_of[int(corpus.truth[place])].add(corpus.groups[place])
    enough = {label for label, groups in groups_of.items() if len(groups) >= GROUPS_TO_MEASURE}
    documents = [place for place in range(corpus.entries, len(corpus.groups)) if int(corpus.truth[place]) in enough]
    if len(documents) < DOCUMENTS_TO_MEASURE or len(enough) < 2:
        return np.array([], np.int64), []
    sizes = Counter(corpus.groups[place] for place in range(corpus.entries, len(corpus.groups)))
    order = list(np.random.default_rng(seed).permutation(sorted(sizes)))
    number = min(FOLDS, len(sizes))
    load, fold_of = [0] * number, {}
    for group in sorted(order, key=lambda name: -sizes[name]):
        fold_of[group] = load.index(min(load))
        load[fold_of[group]] += sizes[group]
    return np.array(documents), [
        np.array([place for place in range(corpus.entries, len(corpus.groups)) if fold_of[corpus.groups[place]] == fold])
        for fold in range(number)
    ]


def _measure(corpus: _Corpus, choice: Sequence[str], documents: Ints, folds: Sequence[Ints], seed: int) -> _Measured:
    margins = np.full((len(corpus.truth), len(corpus.labels)), -np.inf)
    similarity = np.zeros(len(corpus.truth))
    everything = np.arange(len(corpus.truth))
    for held in folds:
        learn = np.setdiff1d(everything, held)
        known, asked = _rows(corpus, choice, learn, learn), _rows(corpus, choice, learn, held)
        coefficients, intercepts = _train(corpus, known, learn, seed)
        margins[held] = asked @ coefficients.T + intercepts
        similarity[held] = np.asarray((scale(asked) @ scale(known).T).max(axis=1).todense()).ravel()
    right = margins[documents].argmax(axis=1) == corpus.truth[documents]
    return _Measured(documents, margins[documents], similarity[documents], float(right.mean()))


def _same_group(entries: Sequence[ScheduleEntry]) -> NDArray[np.bool_]:
    """Class by class: may both be filed by the same group?"""
    owners = np.array([entry.group for entry in entries])
    return np.asarray(owners[:, None] == owners[None, :])


def _calibrate(corpus: _Corpus, found: _Measured | None, allowed: NDArray[np.bool_]) -> tuple[Curve, Curve, float]:
    """The curve when all classes compete, the curve when those of one group do, and the least familiar similarity."""
    if found is None:
        return Curve(), Curve(), COLD_SIMILARITY
    truth = corpus.truth[found.documents]
    masked = np.where(allowed[truth], found.margins, -np.inf)
    right = found.margins.argmax(axis=1) == truth
    familiar = min(FAMILIAR_AT_MOST, float(np.percentile(found.similarity[right], FAMILIAR_SHARE))) if right.any() else COLD_SIMILARITY
    return fit_curve(found.margins, truth), fit_curve(masked, truth), familiar


def _assemble(
    entries: Sequence[ScheduleEntry],
    examples: Sequence[Example],
    corpus: _Corpus,
    choice: Sequence[str],
    seed: int,
    open_curve: Curve,
    masked_curve: Curve,
    familiar: float,
) -> Model:
    everything = np.arange(len(corpus.truth))
    rows = _rows(corpus, choice, everything, everything)
    coefficients, intercepts = _train(corpus, rows, everything, seed)
    blocks = tuple(Block(kind, corpus.vocabularies[kind], inverse_frequency(corpus.counts[kind])) for kind in choice)
    confirmed: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        confirmed[example.label].append(example)
    summaries = {label: ClassSummary(len(of), len({one.group for one in of})) for label, of in confirmed.items()}
    return Model(
        entries=tuple(entries),
        reading=corpus.reading,
        space=FeatureSpace(blocks),
        weights=Weights(np.asarray(coefficients, np.float16), np.asarray(intercepts, np.float32)),
        known=scale(rows),
        known_labels=tuple(entry.label for entry in entries) + tuple(example.label for example in examples),
        known_documents=("",) * len(entries) + tuple(example.document for example in examples),
        summaries=summaries,
        open_curve=open_curve,
        masked_curve=masked_curve,
        least_similarity=familiar,
    )
