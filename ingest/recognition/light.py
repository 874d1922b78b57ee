"""The light on a page: whether it is even, and how to take it out."""

from typing import Final

import cv2
import numpy as np

from ingest.recognition.raster import Grey, as_grey, resize

EVEN: Final = 0.75
"""Darkest to lightest paper of one page; above it, taking the background out gains nothing and can lose words."""

_INK: Final = 0.75
"""Anything darker than this share of the paper's brightness is taken for ink where contrast is measured."""
_LEAST_INK: Final = 200
_DARK: Final = 128
"""A page whose median is darker is not black on white."""
_NARROWEST: Final = 85
"""Least span of grey levels that is stretched to all 256: contrast grows at most three times, and the grain of the paper with it."""
_WHITE: Final = 0.06
"""Share of the span below the paper's median that becomes white: the grain of the paper goes, faint strokes stay."""


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


def stretch(image: Grey) -> Grey:
    """Spread the grey levels of ink and paper over the whole range.

    Sauvola's threshold is made for black on white: faded ink on yellowed paper falls under it and letters are lost. A dark page, and
    one with hardly any ink, stay as they are.
    """
    counts = np.bincount(image[::3, ::3].ravel(), minlength=256).cumsum()
    paper = int(np.searchsorted(counts, counts[-1] / 2))
    inked = int(counts[int(paper * _INK)])
    if paper < _DARK or inked < _LEAST_INK:
        return image
    ink = int(np.searchsorted(counts, inked / 10))
    white = paper - _WHITE * (paper - ink)
    black = min(ink, white - _NARROWEST)
    levels = np.clip((np.arange(256) - black) * 255 / (white - black), 0, 255)
    return as_grey(cv2.LUT(image, levels.astype(np.uint8)))
