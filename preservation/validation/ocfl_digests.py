"""The digest algorithms of OCFL (1.1, 3.4) and of its extension 0009: how each is written and computed."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol


class Digesting(Protocol):
    """A digest being computed, as hashlib has it."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Size:
    """The `size` of extension 0009: the number of bytes, in decimal."""

    def __init__(self) -> None:
        self._size = 0

    def update(self, data: bytes, /) -> None:
        self._size += len(data)

    def hexdigest(self) -> str:
        return str(self._size)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """`digits`: hexadecimal digits of a value. `encoding`: the code of the MUST that asks for hexadecimal, where there is one."""

    digits: int
    start: Callable[[], Digesting]
    encoding: str | None = None


CONTENT: Final = ("sha256", "sha512")
"""The algorithms that may identify content (E025)."""
ALGORITHMS: Final[Mapping[str, Algorithm]] = {
    "md5": Algorithm(32, partial(hashlib.md5, usedforsecurity=False)),
    "sha1": Algorithm(40, partial(hashlib.sha1, usedforsecurity=False), "E029"),
    "sha256": Algorithm(64, hashlib.sha256, "E030"),
    "sha512": Algorithm(128, hashlib.sha512, "E031"),
    "blake2b-512": Algorithm(128, hashlib.blake2b, "E032"),
    "blake2b-160": Algorithm(40, partial(hashlib.blake2b, digest_size=20)),
    "blake2b-256": Algorithm(64, partial(hashlib.blake2b, digest_size=32)),
    "blake2b-384": Algorithm(96, partial(hashlib.blake2b, digest_size=48)),
    "sha512/256": Algorithm(64, partial(hashlib.new, "sha512_256")),
    "size": Algorithm(0, Size),
}
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]*")


def is_hexadecimal(text: str) -> bool:
    return _HEX.fullmatch(text) is not None


def is_digest(text: str, algorithm: str) -> bool:
    """Whether a text has the form of a value of a known algorithm; the case of letters does not matter."""
    if algorithm == "size":
        return _DECIMAL.fullmatch(text) is not None
    return len(text) == ALGORITHMS[algorithm].digits and is_hexadecimal(text)
