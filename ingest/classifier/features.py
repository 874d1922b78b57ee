"""Texts as sparse rows: TF-IDF blocks of words, of pieces of characters and of those of the title. numpy and scipy only."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.classifier.text import count_pieces, count_title, count_words

WORDS = "words"
PIECES = "pieces"
TITLE = "title"
COUNTERS: Mapping[str, Callable[[str], Counter[str]]] = {WORDS: count_words, PIECES: count_pieces, TITLE: count_title}
ENTRY_COUNTERS: Mapping[str, Callable[[str], Counter[str]]] = {**COUNTERS, TITLE: count_pieces}  # what a schedule says may all be a title
WEIGHTS: Mapping[str, float] = {WORDS: 1.0, PIECES: 0.7, TITLE: 0.5}
CHOICES: tuple[tuple[str, ...], ...] = ((WORDS, PIECES, TITLE), (PIECES, TITLE), (WORDS, TITLE))  # on a tie the earlier one is kept

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
        for name, times in one.items():
            if (column := vocabulary.get(name)) is not None:
                columns.append(column)
                values.append(times)
        starts.append(len(columns))
    shape = (len(counted), len(vocabulary))
    rows = sparse.csr_matrix((np.array(values, np.float32), np.array(columns, np.int32), np.array(starts, np.int32)), shape=shape)
    rows.sort_indices()
    return rows


def inverse_frequency(counts: sparse.csr_matrix) -> NDArray[np.float32]:
    """Smoothed: log((1 + n) / (1 + df)) + 1."""
    present = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + present)) + 1, np.float32)


def weigh(counts: sparse.csr_matrix, idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """(1 + log tf) · idf, each row scaled to length 1."""
    return scale(_with_values(counts, (1 + np.log(counts.data)) * idf[counts.indices]))


def scale(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Each row divided by its length; empty rows stay empty."""
    row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    lengths = np.sqrt(np.bincount(row_of, rows.data.astype(np.float64) ** 2, rows.shape[0]))
    return _with_values(rows, (rows.data / lengths[row_of]).astype(np.float32))


def _with_values(rows: sparse.csr_matrix, values: NDArray[np.float32]) -> sparse.csr_matrix:
    """Other values in the same places, which both matrices share."""
    return sparse.csr_matrix((values, rows.indices, rows.indptr), shape=rows.shape)


def join(blocks: Sequence[tuple[str, sparse.csr_matrix]]) -> sparse.csr_matrix:
    """Blocks side by side, each by its weight (a block alone counts fully)."""
    if len(blocks) == 1:
        return blocks[0][1]
    return sparse.csr_matrix(sparse.hstack([matrix * WEIGHTS[kind] for kind, matrix in blocks], format="csr"))
