"""Grey images and the way back from a prepared image to the page it came from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Box = tuple[float, float, float, float]

STRAIGHT: Final = 0.15
"""Degrees of skew below which a page is left as it is."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as shown, in grey. `brightest` gives the largest of its three colour channels, which makes coloured stamps fade."""

    grey: Grey
    dpi: float
    two_tone: bool
    brightest: Callable[[], Grey]


def as_grey(image: NDArray[np.generic]) -> Grey:
    return np.ascontiguousarray(image, dtype=np.uint8)


def quarter_turn(image: Grey, quarters: int) -> Grey:
    """Turn anticlockwise by quarters."""
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters % 4 else image


def resize(image: Grey, factor: float) -> Grey:
    """Scale; a factor within 2 % of one changes nothing."""
    if abs(factor - 1) < 0.02:
        return image
    interpolation = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return as_grey(cv2.resize(image, None, fx=factor, fy=factor, interpolation=interpolation))


def straighten(image: Grey, dpi: float, skew: float, target_dpi: float) -> tuple[Grey, Matrix]:
    """Scale to `target_dpi` and undo `skew` degrees in one resampling; also the 2x3 matrix from `image` to the result."""
    height, width = image.shape
    factor = target_dpi / dpi
    if abs(skew) < STRAIGHT:
        result = resize(image, factor)
        return result, np.array([[result.shape[1] / width, 0, 0], [0, result.shape[0] / height, 0]])
    reduced = resize(image, factor) if factor < 1 else image
    grown = max(factor, 1.0)
    rows, columns = reduced.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), skew, grown)
    matrix[:, 2] += columns * (grown - 1) / 2, rows * (grown - 1) / 2
    paper = int(np.percentile(reduced[::16, ::16], 80))
    interpolation = cv2.INTER_CUBIC if grown > 1 else cv2.INTER_LINEAR
    size = (round(columns * grown), round(rows * grown))
    result = as_grey(cv2.warpAffine(reduced, matrix, size, flags=interpolation, borderValue=(paper,)))
    return result, matrix @ np.array([[columns / width, 0, 0], [0, rows / height, 0], [0, 0, 1]])


def way_back(matrix: Matrix) -> Callable[[Box], Box]:
    """From boxes of the prepared image to the upright boxes that hold them on the image it was made from."""
    inverse = cv2.invertAffineTransform(matrix)

    def back(box: Box) -> Box:
        x0, y0, x1, y1 = box
        corners = np.array([[x0, x1, x1, x0], [y0, y0, y1, y1], [1, 1, 1, 1]])
        xs, ys = inverse @ corners
        return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())

    return back
