"""A stretch of an open file, read as a stream of its own."""

import io
import sys
from typing import TYPE_CHECKING

from preservation.store import DigestMismatch
from preservation.stores.beneath import UNREADABLE

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Slice(io.RawIOBase):
    """At most `length` bytes of an open file, from where it stands. DigestMismatch for bytes that the disk lost."""

    def __init__(self, file: io.FileIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        try:
            count = self._file.readinto(memoryview(buffer)[: self._left]) or 0
        except OSError as error:
            if error.errno in UNREADABLE:
                raise DigestMismatch("the disk does not give these bytes") from error
            raise
        self._left -= count
        return count

    def readall(self) -> bytes:
        """All at once, and not a few thousand bytes at a time as RawIOBase does."""
        try:
            data = self._file.readall() if self._left == sys.maxsize else self._file.read(self._left)
        except OSError as error:
            if error.errno in UNREADABLE:
                raise DigestMismatch("the disk does not give these bytes") from error
            raise
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()
