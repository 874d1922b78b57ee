"""Texts as sparse rows: TF-IDF blocks of words and of pieces of characters. numpy and scipy only."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.classifier.text import count_pieces, count_words

WORDS = "words"
PIECES = "pieces"
COUNTERS: Mapping[str, Callable[[str], Counter[str]]] = {WORDS: count_words, PIECES: count_pieces}
WEIGHTS: Mapping[str, float] = {WORDS: 1.0, PIECES: 0.7}
CHOICES: tuple[tuple[str, ...], ...] = ((WORDS, PIECES), (PIECES,), (WORDS,))  # on a tie the earlier one is kept

MANY_DOCUMENTS = 5000  # above, what occurs in one document only is left out
MOST_FEATURES = 60_000  # of each block; the most widespread are kept


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of feature with its vocabulary (name to column) and the inverse document frequency of each."""

    kind: str
    vocabulary: Mapping[str, int]
    idf: NDArray[np.float32]

    def rows(self, counted: Sequence[Counter[str]]) -> sparse.csr_matrix:
        return weigh(to_matrix(counted, self.vocabulary), self.idf)


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """The blocks side by side, each row of each block of length 1 before its weight."""

    blocks: tuple[Block, ...]

    def counted(self, text: str) -> Mapping[str, Counter[str]]:
        """What each block counts of a text, by its kind."""
        return {block.kind: COUNTERS[block.kind](text) for block in self.blocks}

    def row(self, counted: Mapping[str, Counter[str]]) -> sparse.csr_matrix:
        return join([(block.kind, block.rows([counted[block.kind]])) for block in self.blocks])

    def names(self) -> list[tuple[str, str]]:
        """(kind, name) of each column."""
        return [(block.kind, name) for block in self.blocks for name in block.vocabulary]


def build_vocabulary(counted: Sequence[Counter[str]]) -> dict[str, int]:
    frequency: Counter[str] = Counter()
    for one in counted:
        frequency.update(one.keys())
    least = 2 if len(counted) > MANY_DOCUMENTS else 1
    kept = sorted((name for name, times in frequency.items() if times >= least), key=lambda name: (-frequency[name], name))[:MOST_FEATURES]
    return {name: column for column, name in enumerate(sorted(kept))}


def to_matrix(counted: Sequence[Counter[str]], vocabulary: Mapping[str, int]) -> sparse.csr_matrix:
    """Raw counts; what the vocabulary does not hold is dropped."""
    starts: list[int] = [0]
    columns: list[int] = []
    values: list[int] = []
    for one in counted:
        known = sorted((vocabulary[name], times) for name, times in one.items() if name in vocabulary)
        columns.extend(column for column, _ in known)
        values.extend(times for _, times in known)
        starts.append(len(columns))
    shape = (len(counted), len(vocabulary))
    return sparse.csr_matrix((np.array(values, np.float32), np.array(columns, np.int32), np.array(starts, np.int32)), shape=shape)


def inverse_frequency(counts: sparse.csr_matrix) -> NDArray[np.float32]:
    """Smoothed: log((1 + n) / (1 + df)) + 1."""
    present = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + present)) + 1, np.float32)


def weigh(counts: sparse.csr_matrix, idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """(1 + log tf) · idf, each row scaled to length 1."""
    rows = counts.copy()
    rows.data = (1 + np.log(rows.data)) * idf[rows.indices]
    return scale(rows)


def scale(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Each row divided by its length; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    scaled = rows.copy()
    scaled.data = (rows.data / np.repeat(lengths, np.diff(rows.indptr))).astype(np.float32)
    return scaled


def join(blocks: Sequence[tuple[str, sparse.csr_matrix]]) -> sparse.csr_matrix:
    """Blocks side by side, each by its weight (a block alone counts fully)."""
    if len(blocks) == 1:
        return blocks[0][1]
    return sparse.csr_matrix(sparse.hstack([matrix * WEIGHTS[kind] for kind, matrix in blocks], format="csr"))
