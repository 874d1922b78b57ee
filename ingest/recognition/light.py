"""The light on a page: whether it is even, and how to take it out."""

from typing import Final

import cv2
import numpy as np

from ingest.recognition.raster import Grey, as_grey, resize

EVEN: Final = 0.75
"""Darkest to lightest paper of one page; above it, taking the background out gains nothing and can lose words."""


def evenness(image: Grey, dpi: float) -> float:
    """The ratio of the darkest to the lightest paper (percentiles 5 and 95), 1.0 under perfectly even light."""
    small = resize(image, 37.5 / dpi)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    rows, columns = paper.shape
    inner = cv2.medianBlur(paper, 5)[rows // 25 : rows - rows // 25, columns // 25 : columns - columns // 25]
    dark, light = np.percentile(inner, (5, 95))
    return float(dark / max(light, 1))


def take_out(image: Grey, dpi: float) -> Grey:
    """Divide by the paper's own brightness, estimated at an eighth of the size."""
    small = cv2.resize(image, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    size = max(3, int(0.12 * dpi / 8) | 1)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    paper = cv2.GaussianBlur(paper, (0, 0), size * 0.7)
    full = cv2.resize(paper, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return as_grey(cv2.divide(image, full, scale=245))
