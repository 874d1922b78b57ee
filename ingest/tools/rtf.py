"""The text of Rich Text Format (Microsoft RTF 1.9.1)."""

import codecs
import re
from dataclasses import dataclass, field, replace
from typing import Final

_TOKEN: Final = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.I)
# fmt: off
_HIDDEN: Final = frozenset({
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "colorschememapping", "datastore", "latentstyles",
    "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "filetbl", "revtbl", "fldinst", "bkmkstart", "bkmkend",
    "mmathPr", "panose", "blipuid",
})
# fmt: on
_MARKS: Final = {
    "par": "\n",
    "line": "\n",
    "sect": "\n\n",
    "page": "\n\n",
    "row": "\n",
    "tab": "\t",
    "cell": "\t",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
}
_SYMBOLS: Final = {"~": "\u00a0", "_": "-", "\n": "\n", "\r": "\n", "\\": "\\", "{": "{", "}": "}"}


@dataclass(slots=True)
class _Group:
    """What a group inherits: whether it is hidden, and how many characters stand in for one Unicode character."""

    hidden: bool = False
    stand_ins: int = 1


@dataclass(slots=True)
class _Reader:
    encoding: str = "cp1252"
    groups: list[_Group] = field(default_factory=lambda: [_Group()])
    skip: int = 0
    pieces: list[str] = field(default_factory=list)

    def show(self, text: str) -> None:
        """Text of the current group, less the characters that stand in for the last Unicode one."""
        skipped = min(self.skip, len(text))
        self.skip -= skipped
        if not self.groups[-1].hidden:
            self.pieces.append(text[skipped:])

    def brace(self, brace: str) -> None:
        if brace == "{":
            self.groups.append(replace(self.groups[-1]))
        elif len(self.groups) > 1:
            self.groups.pop()

    def word(self, word: str, number: str | None) -> None:
        self.skip = 0
        group = self.groups[-1]
        if word in _HIDDEN:
            group.hidden = True
        elif word == "uc":
            group.stand_ins = max(0, min(int(number or 1), 100))
        elif word == "ansicpg":
            self.encoding = _known(f"cp{number}")
        elif word == "u" and number:
            self.show(_character(int(number)))
            self.skip = group.stand_ins
        else:
            self.show(_MARKS.get(word, ""))

    def symbol(self, symbol: str) -> None:
        if symbol == "*":
            self.groups[-1].hidden = True
        else:
            self.show(_SYMBOLS.get(symbol, ""))


def text_of(content: bytes) -> str:
    """The visible text. Unbalanced groups and unknown words are passed over."""
    reader = _Reader()
    for token in _TOKEN.finditer(content.decode("latin-1")):
        word, number, hexadecimal, symbol, brace, plain = token.groups()
        if word:
            reader.word(word, number)
        elif brace:
            reader.brace(brace)
        elif hexadecimal:
            reader.show(bytes.fromhex(hexadecimal).decode(reader.encoding, "replace"))
        elif symbol:
            reader.symbol(symbol)
        elif plain:
            reader.show(plain)
    return "".join(reader.pieces)


def _character(code: int) -> str:
    code &= 0xFFFF
    return "" if 0xD800 <= code < 0xE000 else chr(code)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "cp1252"
