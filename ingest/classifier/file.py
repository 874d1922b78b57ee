"""A model as bytes: a compressed npz of numbers and one JSON text. Nothing in it can run."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.classifier.calibration import Curve
from ingest.classifier.features import Block, FeatureSpace
from ingest.classifier.model import ClassSummary, Model, Weights
from ingest.classifier.vocabulary import ScheduleEntry

FORMAT = 3


class ModelUnreadable(ValueError):
    """The bytes are not a model of this format; train again."""


def dump(model: Model) -> bytes:
    """The same model gives the same bytes."""
    described = {
        "format": FORMAT,
        "entries": [[entry.label, entry.group, list(entry.texts)] for entry in model.entries],
        "reading": model.reading,
        "blocks": [[block.kind, list(block.vocabulary)] for block in model.space.blocks],
        "known": [list(model.known_labels[len(model.entries) :]), list(model.known_documents[len(model.entries) :])],
        "summaries": {label: [one.examples, one.groups] for label, one in sorted(model.summaries.items())},
        "curves": [_describe_curve(model.open_curve), _describe_curve(model.masked_curve)],
        "least_similarity": model.least_similarity,
    }
    numbers: dict[str, NDArray[Any]] = {
        "coefficients": model.weights.coefficients,
        "intercepts": model.weights.intercepts,
        "known_values": model.known.data.astype(np.float16),
        "known_columns": model.known.indices.astype(np.int32),
        "known_starts": model.known.indptr.astype(np.int64),
        "description": np.frombuffer(json.dumps(described, ensure_ascii=False).encode(), np.uint8),
    }
    numbers.update({f"idf_{i}": block.idf for i, block in enumerate(model.space.blocks)})
    written = io.BytesIO()
    np.savez_compressed(written, **numbers)  # type: ignore[arg-type]  # numpy types the keywords as its one option
    return written.getvalue()


def load(content: bytes) -> Model:
    """Raises ModelUnreadable on anything that `dump` did not write."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            numbers = {name: archive[name] for name in archive.files}
        described = json.loads(numbers["description"].tobytes().decode())
        if described["format"] != FORMAT:
            raise ModelUnreadable(f"format {described['format']}, not {FORMAT}")
        return _assemble(numbers, described)
    except (OSError, EOFError, KeyError, TypeError, AttributeError, IndexError, ValueError, zipfile.BadZipFile) as error:
        raise ModelUnreadable(str(error)) from error


def _assemble(numbers: Mapping[str, NDArray[Any]], described: Mapping[str, Any]) -> Model:
    entries = tuple(ScheduleEntry(label, group, tuple(texts)) for label, group, texts in described["entries"])
    blocks = tuple(
        Block(kind, {name: column for column, name in enumerate(names)}, numbers[f"idf_{i}"])
        for i, (kind, names) in enumerate(described["blocks"])
    )
    labels, documents = described["known"]
    known = sparse.csr_matrix(
        (numbers["known_values"].astype(np.float32), numbers["known_columns"], numbers["known_starts"]),
        shape=(len(entries) + len(labels), numbers["coefficients"].shape[1]),
    )
    open_curve, masked_curve = (_read_curve(one) for one in described["curves"])
    return Model(
        entries=entries,
        reading=int(described["reading"]),
        space=FeatureSpace(blocks),
        weights=Weights(numbers["coefficients"], numbers["intercepts"]),
        known=known,
        known_labels=tuple(entry.label for entry in entries) + tuple(labels),
        known_documents=("",) * len(entries) + tuple(documents),
        summaries={label: ClassSummary(*counts) for label, counts in described["summaries"].items()},
        open_curve=open_curve,
        masked_curve=masked_curve,
        least_similarity=float(described["least_similarity"]),
    )


def _describe_curve(curve: Curve) -> list[Any]:
    return [curve.temperature, list(curve.predicted), list(curve.observed), curve.measured]


def _read_curve(described: list[Any]) -> Curve:
    temperature, predicted, observed, measured = described
    return Curve(temperature, tuple(predicted), tuple(observed), measured)
