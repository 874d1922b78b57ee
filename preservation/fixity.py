"""Digests taken while bytes pass."""

import hashlib
from typing import BinaryIO, Final, NamedTuple

DEFAULT_ALGORITHM: Final = "sha256"
CHUNK: Final = 1 << 20
_SHORT: Final = 1 << 16
_LONG: Final = 1 << 18


class Digest(NamedTuple):
    """A digest: the algorithm's name as hashlib and OCFL write it, and its value in lower-case hexadecimal."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


class HashingReader:
    """A binary stream that digests what passes through it; `size` and `digest()` speak of what was read so far."""

    def __init__(self, source: BinaryIO, algorithm: str = DEFAULT_ALGORITHM) -> None:
        self._source = source
        self.algorithm = algorithm
        self._hash = hashlib.new(algorithm)
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        self.size += len(data)
        return data

    def digest(self) -> Digest:
        return Digest(self.algorithm, self._hash.hexdigest())


def digesting(source: BinaryIO, algorithm: str = DEFAULT_ALGORITHM) -> HashingReader:
    """A stream that digests what passes; `source` itself where it does so already and nothing passed yet: bytes are digested once."""
    if isinstance(source, HashingReader) and source.algorithm == algorithm and not source.size:
        return source
    return HashingReader(source, algorithm)


def digest_of(source: BinaryIO, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
    """Digest a stream to its end, in constant memory."""
    taken = hashlib.new(algorithm)
    read_into = getattr(source, "readinto", None)
    if read_into is None:
        while data := source.read(CHUNK):
            taken.update(data)
        return Digest(algorithm, taken.hexdigest())
    buffer = memoryview(bytearray(_SHORT))
    while count := read_into(buffer):
        taken.update(buffer[:count])
        if count == _SHORT:  # not a small file
            buffer = memoryview(bytearray(_LONG)) if len(buffer) == _SHORT else buffer
    return Digest(algorithm, taken.hexdigest())
