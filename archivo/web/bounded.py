"""A stream that refuses more than what is accepted, before it looks whole."""

import io
from typing import IO, BinaryIO, cast

from archivo.errors import TooLarge
from archivo.web.spanish import size


class _Bounded(io.RawIOBase):
    """Reads from another stream, and raises TooLarge past its limit."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self._source = source
        self._limit = limit
        self._taken = 0

    def readable(self) -> bool:
        return True

    def read(self, amount: int = -1, /) -> bytes:
        data = self._source.read(amount)
        self._taken += len(data)
        if self._taken > self._limit:
            raise TooLarge(
                "upload.too-large",
                f"El archivo pasa de {size(self._limit)}, lo más que se recibe por esta vía. No se guardó ninguna parte de él.",
                "Entréguelo a quien opera el sistema para que lo reciba desde el equipo.",
            )
        return data


def bounded(source: IO[bytes], limit: int) -> BinaryIO:
    """`source`, of which no more than `limit` bytes are accepted."""
    return cast(BinaryIO, _Bounded(source, limit))
