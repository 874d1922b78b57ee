"""The contrast of the tokens, measured (WCAG 2.2: 1.4.6 for text, 1.4.11 for what is not text)."""

import re

import pytest

from archivo.web.layout import STATIC

TEXT = ("ink", "soft", "accent", "ok", "warn", "bad")
GROUNDS = ("paper", "sheet", "sunk")


def tokens(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\n *\}", (STATIC / "tokens.css").read_text("utf-8"), re.DOTALL)[:2]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_on_every_ground(scheme: str) -> None:
    t = tokens(scheme)
    pairs = [(text, ground) for text in TEXT for ground in GROUNDS]
    pairs += [("accent-ink", "accent"), ("hit-ink", "hit"), ("ink", "accent-wash"), ("soft", "accent-wash")]
    pairs += [("ink", f"{state}-wash") for state in ("ok", "warn", "bad")]
    weak = {pair: round(contrast(t[pair[0]], t[pair[1]]), 2) for pair in pairs if contrast(t[pair[0]], t[pair[1]]) < 7}
    assert not weak


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_borders_bars_and_focus_are_told_from_their_ground(scheme: str) -> None:
    t = tokens(scheme)
    weak = {(mark, ground) for mark in ("line-strong", "bar", "focus") for ground in GROUNDS if contrast(t[mark], t[ground]) < 3}
    assert not weak
