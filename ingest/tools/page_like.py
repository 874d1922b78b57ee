"""Which pictures inside a document may be a page of text, and which are a logo, an icon or a banner."""

from typing import Final

SHORT_SIDE: Final = 700
"""Pixels: A4 at 100 dpi, the least at which letters of a usual size can be read, is 827 wide; a screen's picture sent by telephone, 720."""
LONG_SIDE: Final = 1000
"""Pixels: a letter page at 100 dpi is 1,100 high."""
SLIMMEST: Final = 2.5
"""Long side over short: the longest paper in use (legal, oficio) is 1.7, a telephone's screen 2.2; a letterhead is 4 and more."""
SHOWN_SHORT_SIDE: Final = 8.0
SHOWN_LONG_SIDE: Final = 12.0
"""Centimetres at which an office document shows it: a scan is pasted to be read, over half a page or more; a coat of arms, however many
pixels it has, is shown small."""


def may_be_page(width: int, height: int, shown: tuple[float, float] | None = None) -> bool:
    """Whether a picture of these pixels, shown at these centimetres where that is known, may be a page."""
    short, long = sorted((width, height))
    if short < SHORT_SIDE or long < LONG_SIDE or long > SLIMMEST * short:
        return False
    if shown is None:
        return True
    least, most = sorted(shown)
    return least >= SHOWN_SHORT_SIDE and most >= SHOWN_LONG_SIDE
