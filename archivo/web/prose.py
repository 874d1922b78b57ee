"""A page's text to be read on a screen: the lines of the paper, which broke because the paper ended, run on."""

import re
from itertools import pairwise
from typing import Final

FULL: Final = 0.85
"""Of the width of the page's long lines, from which on a line that would not take the next word is full."""
LEAST_WIDTH: Final = 40
"""In letters: a page with no longer lines is a list, a table or a poem."""
_JOINER: Final = "\u2060"
_ITEM: Final = re.compile(r"[-–—•·*>|]|\(?(?:\d{1,3}|[a-z]|[IVX]+)[.)]|(?:art[íi]culo|par[áa]grafo)\b", re.IGNORECASE)
_BROKEN: Final = re.compile(r"(?<=[^\W\d_])-\n(?=[a-zà-ÿ])")


def flowing(text: str) -> str:
    """The text with its full lines run on, and the words broken between two made whole."""
    return shown_whole(run_on(text))


def run_on(text: str) -> str:
    """The same, letter for letter as long as it was, so that places in one are places in the other: pass each piece to `shown_whole`."""
    lines = text.split("\n")
    widths = sorted(len(line) for line in lines if line.strip())
    width = widths[-1 - len(widths) // 10] if widths else 0
    if width >= LEAST_WIDTH:
        breaks = [" " if _goes_on(line, after, width) else "\n" for line, after in pairwise(lines)]
        text = "".join(piece for pair in zip(lines, [*breaks, ""], strict=True) for piece in pair)
    return _BROKEN.sub(f"\u00ad{_JOINER}", text)


def shown_whole(piece: str) -> str:
    """A piece of what `run_on` gave, as it is shown."""
    return piece.replace(_JOINER, "")


def _goes_on(line: str, after: str, width: int) -> bool:
    """Whether a line ended only because the next word did not fit. A row of a table that begins with a figure never does."""
    words, following = line.split(), after.split()
    if not words or not following or line.endswith("-") or after[0].isspace() or _ITEM.match(following[0]):
        return False
    if following[0][0].isdigit() and (len(words[-1]) > 3 or not words[-1].islower()):
        return False
    return len(line.rstrip()) + 1 + len(following[0]) > FULL * width
