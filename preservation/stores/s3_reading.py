"""Read an object of an S3 server to its end, over connections that break, and never take damaged bytes for good ones."""

import base64
import binascii
import hashlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import HTTPError, TimeoutError

from preservation.fixity import CHUNK
from preservation.store import DigestMismatch, StoreError, StoreUnavailable
from preservation.stores.s3_upload import PART_SIZE_HEADER, part_size
from preservation.stores.s3_wire import CHECKSUM, Answer, Refused, Stream, Wire

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READ_HEADERS: Final = {"x-amz-checksum-mode": "ENABLED"}
_MOST: Final = 8 * CHUNK
_BYTES_LOST: Final = "SlowDownRead"  # MinIO, of an object whose bytes no disk gives whole; also of disks that are overloaded


def ask_bytes(wire: Wire, key: str, headers: Mapping[str, str]) -> Answer:
    """The answer to GET, with its stream where it is granted. DigestMismatch if the server has the object and not its bytes."""
    try:
        return wire.ask("GET", key, headers=headers, streamed=True)
    except Refused as refusal:
        if refusal.code == _BYTES_LOST:
            raise damaged_or_away(wire, key, str(refusal)) from refusal
        raise


def damaged_or_away(wire: Wire, key: str, told: str) -> StoreError:
    """DigestMismatch if the server is well enough to tell of the object whose bytes it never gives; else StoreUnavailable."""
    if wire.ask("HEAD", key).is_granted:
        return DigestMismatch(f"{told}, every time: the bytes it holds are damaged")
    return StoreUnavailable(told)


class S3Body(io.BufferedIOBase):
    """The bytes of an answer to GET, from `start` of the object `key`; read(n) gives n bytes unless they end.

    A connection that breaks is replaced by another, from where it broke and only of the same bytes (ETag). DigestMismatch where the
    whole object is read and is not what the server's SHA-256 of when it was written says, and where the server, well otherwise, ends
    at the same byte every time: so MinIO tells that it holds damaged bytes. StoreUnavailable if it cannot give the rest for another
    reason, or if the object was replaced or deleted meanwhile.
    """

    def __init__(self, wire: Wire, key: str, answer: Answer, start: int = 0, *, checked: bool = True) -> None:
        assert answer.stream is not None
        self._wire, self._key, self._position = wire, key, start
        self._stream: Stream = answer.stream
        self._etag = answer.headers.get("etag", "")
        self._left = int(answer.headers.get("content-length", "0"))
        self._check = _check_of(answer.headers) if checked and answer.status == 200 else None
        self._fails = self._ends = 0

    @property
    def etag(self) -> str:
        """The server's mark of these bytes, as it writes it."""
        return self._etag

    @property
    def left(self) -> int:
        """Bytes to come."""
        return self._left

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = self._checked(self._more(min(wanted, _MOST)))
        if len(data) == wanted:
            return data
        pieces, wanted = [data], wanted - len(data)
        while wanted:
            pieces.append(self._checked(self._more(min(wanted, _MOST))))
            wanted -= len(pieces[-1])
        return b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(CHUNK if size < 0 else size)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()

    def _checked(self, data: bytes) -> bytes:
        if self._check is not None and data:
            self._check.update(data)
            if not self._left and (damage := self._check.damage()):
                raise DigestMismatch(f"{self._wire.about(self._key)}: {damage}")
        return data

    def _more(self, amount: int) -> bytes:
        while amount:
            try:
                data = self._stream.read(amount)
            except TimeoutError as error:
                self._again(type(error).__name__, is_end=False)
                continue
            except HTTPError as error:
                self._again(type(error).__name__, is_end=True)
                continue
            if data:
                self._position, self._left, self._fails, self._ends = self._position + len(data), self._left - len(data), 0, 0
                return data
            self._again("it ended early", is_end=True)
        return b""

    def _again(self, why: str, *, is_end: bool) -> None:
        about = self._wire.about(self._key)
        self._stream.close()
        self._fails += 1
        self._ends += is_end
        if self._fails >= self._wire.patience.tries:
            told = f"{about}: the server breaks off at byte {self._position} ({why})"
            raise damaged_or_away(self._wire, self._key, told) if self._ends == self._fails else StoreUnavailable(told)
        self._wire.rest(self._fails)
        headers = {"Range": f"bytes={self._position}-{self._position + self._left - 1}", "If-Match": self._etag}
        answer = ask_bytes(self._wire, self._key, headers)
        if answer.is_unmet or answer.is_absent:
            raise StoreUnavailable(f"{about}: it was replaced or deleted while it was being read")
        if not answer.is_granted:
            raise answer.fault(about)
        if answer.stream is None or answer.status != 206:
            raise StoreUnavailable(f"{about}: the server gives no ranges, and its connection broke at byte {self._position}")
        self._stream = answer.stream


class _Check:
    """Digests what passes as the server's checksum was made: of the whole, or of the digests of its parts."""

    def __init__(self, expected: bytes, parts: int, first_part: int) -> None:
        self._expected, self._parts, self._first = expected, parts, first_part
        self._own, self._digests = hashlib.sha256(), b""
        self._number, self._room = 1, part_size(1, first_part) if parts else 0

    def update(self, data: bytes) -> None:
        if not self._parts:
            return self._own.update(data)
        rest = memoryview(data)
        while len(rest):
            if not self._room:
                self._digests += self._own.digest()
                self._own, self._number = hashlib.sha256(), self._number + 1
                self._room = part_size(self._number, self._first)
            self._own.update(rest[: self._room])
            taken = min(self._room, len(rest))
            rest, self._room = rest[taken:], self._room - taken
        return None

    def damage(self) -> str:
        """What is wrong with the bytes that passed; empty if nothing, or if the object came in other parts than ours."""
        if self._parts and self._number != self._parts:
            return ""
        found = hashlib.sha256(self._digests + self._own.digest()).digest() if self._parts else self._own.digest()
        return "" if found == self._expected else "the server gives other bytes than it was given"


def whole_digest(headers: Mapping[str, str]) -> bytes | None:
    """The SHA-256 that a server keeps of an object that came in one piece; None where its headers do not say it."""
    text = headers.get(CHECKSUM, "")
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == hashlib.sha256().digest_size else None


def _check_of(headers: Mapping[str, str]) -> _Check | None:
    """How to check an object by what its headers say; None where they do not say enough."""
    text, _, parts = headers.get(CHECKSUM, "").partition("-")
    try:
        expected = base64.b64decode(text, validate=True)
        first = int(headers.get(PART_SIZE_HEADER, "0"))
        count = int(parts or "0")
    except (binascii.Error, ValueError):
        return None
    if len(expected) != hashlib.sha256().digest_size or (count and not first):
        return None
    return _Check(expected, count, first)
