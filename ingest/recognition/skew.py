"""How many degrees the lines of a page lean, from the sharpness of its profile of rows."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.recognition.raster import Grey, quarter_turn, resize

ENOUGH_INK: Final = 500
_MOST_INK: Final = 60_000


@dataclass(frozen=True, slots=True)
class Skew:
    """The angle that straightens the page, in degrees anticlockwise, and how much sharper than the rest its profile is."""

    angle: float
    sharpness: float


def measure(image: Grey, dpi: float, *, limit: float = 6, at_dpi: float = 100, coarse: float = 0.5, fine: float = 0.1) -> Skew:
    """The skew within `limit` degrees; zero, with no sharpness, on a page with hardly any ink."""
    xs, ys, height = _ink_points(resize(image, at_dpi / dpi))
    if len(ys) < ENOUGH_INK:
        return Skew(0.0, 0.0)
    angles = np.arange(-limit, limit + 0.01, coarse)
    scores = np.array([_sharpness(xs, ys, height, angle) for angle in angles])
    around = angles[scores.argmax()]
    near = np.arange(around - coarse, around + coarse + 0.001, fine)
    best = np.array([_sharpness(xs, ys, height, angle) for angle in near])
    return Skew(float(near[best.argmax()]), float(best.max() / np.median(scores)))


def lies_on_its_side(image: Grey, dpi: float, upright: Skew) -> bool:
    """Whether the lines of the page run up or down rather than across."""
    return measure(quarter_turn(image, 1), dpi, limit=3, at_dpi=75, coarse=1.0, fine=0.5).sharpness > upright.sharpness


def _ink_points(small: Grey) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    paper = cv2.blur(small, (31, 31)).astype(np.int16)
    ink = small.astype(np.int16) < paper - 14
    height, width = ink.shape
    top, side = int(height * 0.02) + 1, int(width * 0.02) + 1
    ink[:top] = ink[-top:] = False
    ink[:, :side] = ink[:, -side:] = False
    ys, xs = np.nonzero(ink)
    if len(ys) > _MOST_INK:
        kept = np.random.default_rng(0).choice(len(ys), _MOST_INK, replace=False)
        ys, xs = ys[kept], xs[kept]
    return xs.astype(np.float32) - width / 2, ys.astype(np.float32), height


def _sharpness(xs: NDArray[np.float32], ys: NDArray[np.float32], height: int, angle: float) -> float:
    rows = (ys - xs * np.tan(np.deg2rad(angle))).astype(np.int32) + 200
    profile = np.bincount(np.clip(rows, 0, height + 400), minlength=height + 401).astype(np.float64)
    steps = np.diff(profile)
    return float((steps * steps).sum())
