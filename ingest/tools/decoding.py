"""Decode text whose encoding nobody declared."""

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STRAY: Final = re.compile("[\udc80-\udcff]+")
_SPANISH: Final = frozenset("áéíóúüñÁÉÍÓÚÜÑ¿¡ºª")


def decode(content: bytes) -> tuple[str, bool]:
    """The text of `content`, and whether its encoding had to be guessed.

    A byte order mark decides; else UTF-8 if it is valid; else UTF-16 by where the zero bytes are; else UTF-8 with stray bytes if most of
    what is not ASCII is valid; else, among the encodings that Spanish was written in with one byte a letter (Windows-1252, DOS 850), the
    one that gives more Spanish letters.
    """
    if (wide := marked(content)) is not None:
        return wide, False
    try:
        return content.decode("utf-8"), False
    except UnicodeDecodeError as fault:
        if fault.start >= len(content) - 4 and fault.reason == "unexpected end of data":  # cut within a character
            return content[: fault.start].decode("utf-8"), False
    if encoding := without_mark(content):
        return content.decode(encoding, "replace"), True
    if (mended := _mended(content)) is not None:
        return mended, True
    windows, dos = content.decode("cp1252", "replace"), content.decode("cp850")
    return (dos if _spanish(dos) > _spanish(windows) else windows), True


def marked(content: bytes) -> str | None:
    """The text of `content` by its byte order mark; None where it has none."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    return None


def without_mark(content: bytes) -> str | None:
    """Which UTF-16 `content` is in by where its zero bytes are, None for neither: Latin letters have one of their two bytes zero."""
    sample = content[:4096]
    if sample[1::2].count(0) > len(sample) // 4:
        return "utf-16-le"
    return "utf-16-be" if sample[::2].count(0) > len(sample) // 4 else None


def _mended(content: bytes) -> str | None:
    """UTF-8 with a few bytes of Windows-1252 among its letters; None where the strays are not a few."""
    text = content.decode("utf-8", "surrogateescape")
    strays = sum(len(found) for found in _STRAY.findall(text))
    letters = len(text) - len(text.encode("ascii", "ignore")) - strays
    if strays * 4 > letters:
        return None
    return _STRAY.sub(lambda found: found[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text)


def _spanish(text: str) -> int:
    return sum(text.count(letter) for letter in _SPANISH) - 2 * text.count("\ufffd")
