"""How much of a page's letters the recognised words hold: it sees lost text, which the confidence of the words that are left does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.recognition.raster import Box, Grey, resize

_DPI: Final = 75
_FEWEST_LETTERS: Final = 3
_LEAST_INK: Final = 60


def is_blank(image: Grey, dpi: float) -> bool:
    """Whether there is nothing to read: no letters, nor strokes that could be handwriting. Reading such a page would only read its dirt."""
    pieces = _ink(image, dpi)
    letters = pieces.is_letter.sum()
    return bool(letters < _FEWEST_LETTERS and pieces.area[pieces.is_inside & (pieces.area >= 3)].sum() < _LEAST_INK)


def share(image: Grey, dpi: float, boxes: Iterable[Box]) -> float:
    """The share of the page's letter ink inside `boxes` (pixels of `image`), 0-1; 1.0 when there is none."""
    pieces = _ink(image, dpi)
    ink = pieces.is_letter[pieces.labels]
    total = int(ink.sum())
    if not total:
        return 1.0
    scale_y, scale_x = ink.shape[0] / image.shape[0], ink.shape[1] / image.shape[1]
    held = np.zeros(ink.shape, dtype=np.bool_)
    for x0, y0, x1, y1 in boxes:
        held[max(0, int(y0 * scale_y) - 1) : int(y1 * scale_y) + 2, max(0, int(x0 * scale_x) - 1) : int(x1 * scale_x) + 2] = True
    return float((ink & held).sum() / total)


@dataclass(frozen=True, slots=True)
class _Ink:
    """The pieces of ink on a map of 75 dpi; `labels` gives for each of its pixels the number of its piece, 0 for paper."""

    labels: NDArray[np.int32]
    area: NDArray[np.int32]
    is_inside: NDArray[np.bool_]
    is_letter: NDArray[np.bool_]


def _ink(image: Grey, dpi: float) -> _Ink:
    small = resize(image, _DPI / dpi)
    paper = cv2.blur(cv2.dilate(small, np.ones((5, 5), np.uint8)), (25, 25)).astype(np.int16)
    ink = (small.astype(np.int16) < paper - np.maximum(14, paper // 7)).astype(np.uint8)
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    rows, columns = ink.shape
    x, y, width, height, area = pieces.T
    is_inside = (x > 2) & (y > 2) & (x + width < columns - 2) & (y + height < rows - 2)
    is_inside[0] = False
    is_letter = is_inside & (area >= 3) & (height >= 3) & (height <= 14) & (width <= 90)
    return _Ink(np.asarray(labels), np.asarray(area), is_inside, is_letter)
