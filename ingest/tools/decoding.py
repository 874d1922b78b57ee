"""Decode text whose encoding nobody declared."""

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SPANISH: Final = frozenset("áéíóúüñÁÉÍÓÚÜÑ¿¡ºª")


def decode(content: bytes) -> tuple[str, bool]:
    """The text of `content`, and whether its encoding had to be guessed.

    A byte order mark decides; else UTF-8 if it is valid; else UTF-16 by where the zero bytes are; else, among the encodings that Spanish
    was written in with one byte a letter (Windows-1252, DOS 850), the one that gives more Spanish letters.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace"), False
    try:
        return content.decode("utf-8"), False
    except UnicodeDecodeError as fault:
        if fault.start >= len(content) - 4 and fault.reason == "unexpected end of data":  # cut within a character
            return content[: fault.start].decode("utf-8"), False
    sample = content[:4096]
    if sample[1::2].count(0) > len(sample) // 4:
        return content.decode("utf-16-le", "replace"), True
    if sample[::2].count(0) > len(sample) // 4:
        return content.decode("utf-16-be", "replace"), True
    windows, dos = content.decode("cp1252", "replace"), content.decode("cp850")
    return (dos if _spanish(dos) > _spanish(windows) else windows), True


def _spanish(text: str) -> int:
    return sum(text.count(letter) for letter in _SPANISH) - 2 * text.count("\ufffd")
