"""Margins to probabilities that can be believed, and how believable they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNMEASURED_TEMPERATURE = 7.0  # where classes have too few groups to fit one (measured: design of the classifier, point 5)
ISOTONIC_FROM = 1000  # confirmed documents
LOWEST, HIGHEST = 0.01, 0.99  # what a level of the curve may say, whatever was observed


@dataclass(frozen=True, slots=True)
class Curve:
    """softmax(temperature · (margin - mean margin)) over the allowed classes, the first of them then read on a rising curve of points."""

    temperature: float = UNMEASURED_TEMPERATURE
    predicted: tuple[float, ...] = ()
    observed: tuple[float, ...] = ()
    measured: bool = False

    def probabilities(self, margins: Floats) -> Floats:
        """`margins`: those of the allowed classes of one text. They add up to 1."""
        found: Floats = softmax(margins[None, :], self.temperature)[0]
        if not self.predicted or len(found) == 1:
            return found
        best = int(np.argmax(found))
        corrected = float(np.interp(found[best], self.predicted, self.observed))
        rest = 1 - found[best]
        scaled = found * ((1 - corrected) / rest) if rest > 0 else found
        scaled[best] = corrected
        return np.asarray(scaled, np.float64)


def softmax(margins: Floats, temperature: float) -> Floats:
    """By rows; a class that is not allowed has margin -inf and gets 0."""
    shifted = temperature * (margins - margins.max(axis=1, keepdims=True))
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def fit_curve(margins: Floats, truth: NDArray[np.int64]) -> Curve:
    """From out-of-fold margins (-inf where not allowed) and the right column of each row."""
    temperature = _fit_temperature(margins, truth)
    if len(truth) < ISOTONIC_FROM:
        return Curve(temperature, measured=True)
    found = softmax(margins, temperature)
    return Curve(temperature, *rising_points(found.max(axis=1), found.argmax(axis=1) == truth), measured=True)


def rising_points(confidence: Floats, right: NDArray[np.bool_]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Points of a strictly rising curve from confidence to the share of right ones.

    Centred isotonic regression (Oron and Flournoy, 2017): each level of the isotonic fit stands at the mean of its confidences and what
    lies between two is interpolated, so that of two documents the one with the larger margin always comes first.
    """
    from sklearn.isotonic import IsotonicRegression

    levels = IsotonicRegression(y_min=LOWEST, y_max=HIGHEST, out_of_bounds="clip").fit_transform(confidence, right.astype(float))
    observed = np.unique(levels)
    predicted = np.array([confidence[levels == level].mean() for level in observed])
    points = [(0.0, observed[0] * 0.99), *zip(predicted, observed, strict=True)]
    if predicted[-1] < 1:
        points.append((1.0, 1 - (1 - observed[-1]) * 0.99))
    return tuple(float(x) for x, _ in points), tuple(float(y) for _, y in points)


def _fit_temperature(margins: Floats, truth: NDArray[np.int64]) -> float:
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        right = softmax(margins, float(np.exp(logarithm)))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(right, 1e-9)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.2), np.log(60)), method="bounded").x))


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean distance between confidence and share of right ones, over bins of equal width weighted by their documents."""
    place = np.clip((confidence * bins).astype(int), 0, bins - 1)
    total = 0.0
    for one in range(bins):
        here = place == one
        if here.any():
            total += float(here.mean() * abs(confidence[here].mean() - right[here].mean()))
    return total


def coverage_at(confidence: Floats, right: NDArray[np.bool_], error: float) -> float:
    """The largest share of documents, the surest first, whose error is at most `error`."""
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    fine = np.flatnonzero(wrong / np.arange(1, len(order) + 1) <= error)
    return float((fine[-1] + 1) / len(order)) if len(fine) else 0.0
