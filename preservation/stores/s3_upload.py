"""Send a stream of any length to an S3 server, to appear there whole under a condition or not at all."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Final, Self

from preservation.fixity import CHUNK, DEFAULT_ALGORITHM, Digest
from preservation.store import ObjectKey, StoredObject, StoreError, StoreUnavailable
from preservation.stores.s3_wire import CHECKSUM, Answer, Block, Wire, block_of

PART: Final = 8 << 20
PART_SIZE_HEADER: Final = "x-amz-meta-part-size"
_PARTS_OF_A_SIZE: Final = 1000
_UPLOAD_ID: Final = re.compile(rb"<UploadId>([^<]+)</UploadId>")


def part_size(number: int, first: int = PART) -> int:
    """Bytes of the part of this number, from 1: they double every thousand, for S3 takes 10,000 parts at most, so that 5 TB fit."""
    return first << ((number - 1) // _PARTS_OF_A_SIZE)


def base64_of(sha256: bytes) -> str:
    return base64.b64encode(sha256).decode()


class Upload:
    """One stream on its way to one key. Up to 8 MiB wait here and go in one request; more goes in parts as it comes.

    receive() takes the stream to its end; commit() makes the object appear if its condition holds, and may be asked again. Leaving
    without an object made by commit() takes back the parts. Never more than one part is in memory.
    """

    def __init__(
        self, wire: Wire, key: ObjectKey, content: BinaryIO, algorithm: str, told: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Digests by SHA-256 and by `algorithm` while the stream passes. The headers `told` go with what makes the object."""
        self._told = told
        self._wire, self._name, self._content = wire, wire.address.prefix + key, content
        self._ahead = b""
        self._size = 0
        self._own = self._whole = hashlib.sha256()
        self._other = None if algorithm == DEFAULT_ALGORITHM else hashlib.new(algorithm)
        self._block: Block | None = None
        self._id = ""
        self._parts: list[_Part] = []
        self._is_there = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        if self._id and not self._is_there:
            with suppress(StoreError):
                self._wire.ask("DELETE", self._name, {"uploadId": self._id})

    def digest(self, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
        """Of all that came, by SHA-256 or by the algorithm it was opened with."""
        if algorithm == DEFAULT_ALGORITHM or self._other is None:
            return Digest(DEFAULT_ALGORITHM, self._whole.hexdigest())
        return Digest(algorithm, self._other.hexdigest())

    @property
    def size(self) -> int:
        """Bytes that came."""
        return self._size

    def receive_first(self) -> bool:
        """Take what fits into one request; whether that was all."""
        self._block = self._next_block(part_size(1))
        self._whole = self._own
        if self._other is not None:
            _digest(self._block, self._other)
        return not self._ahead

    def receive_rest(self) -> None:
        """Send what was taken, and all that follows, as parts; the whole is digested beside, while a part travels."""
        block, self._block = self._block, None
        self._id = self._begin()
        with ThreadPoolExecutor(1) as beside:
            while block is not None and block.size:
                digested = beside.submit(self._add, block) if self._parts else None
                self._send(block)
                if digested is not None:
                    digested.result()
                block = digested = None  # given back before the next one comes
                block = self._next_block(part_size(len(self._parts) + 1))

    def discard_rest(self) -> None:
        """Take the stream to its end for its digests alone."""
        self._block = None
        while (block := self._next_block(CHUNK)).size:
            self._add(block)

    def commit(self, condition: Mapping[str, str]) -> Answer:
        """Ask for the object to appear; the caller judges a refusal."""
        answer = self._join(condition) if self._id else self._put(condition)
        self._is_there = self._is_there or answer.is_granted
        return answer

    def _next_block(self, limit: int) -> Block:
        pieces, size, self._own = [], 0, hashlib.sha256()
        while size < limit and (data := self._ahead or self._content.read(min(CHUNK, limit - size))):
            self._ahead = b""
            pieces.append(data)
            size += len(data)
            self._own.update(data)
        self._size += size
        if size >= limit:
            self._ahead = self._content.read(CHUNK)
        return Block(pieces, size, self._own.digest())

    def _add(self, block: Block) -> None:
        for digest in (self._whole, self._other):
            if digest is not None:
                _digest(block, digest)

    def _begin(self) -> str:
        headers = {
            "x-amz-checksum-algorithm": "SHA256",
            PART_SIZE_HEADER: str(PART),
            "Content-Type": "application/octet-stream",
            **self._told,
        }
        answer = self._wire.ask("POST", self._name, {"uploads": ""}, headers)
        found = _UPLOAD_ID.search(answer.data)
        if not answer.is_granted:
            raise answer.fault(self._wire.about(self._name))
        if found is None:
            raise StoreUnavailable(f"{self._wire.about(self._name)}: the server began an upload and did not name it")
        return html.unescape(found.group(1).decode())

    def _send(self, block: Block) -> None:
        number = len(self._parts) + 1
        headers = {CHECKSUM: base64_of(block.sha256)}
        answer = self._wire.ask("PUT", self._name, {"partNumber": str(number), "uploadId": self._id}, headers, block)
        if not answer.is_granted:
            raise answer.fault(self._wire.about(self._name))
        self._parts.append(_Part(number, answer.headers.get("etag", ""), headers[CHECKSUM]))

    def _put(self, condition: Mapping[str, str]) -> Answer:
        if self._block is None:
            raise ValueError("nothing was received")
        headers = {CHECKSUM: base64_of(self._block.sha256), "Content-Type": "application/octet-stream", **self._told, **condition}
        return self._wire.ask("PUT", self._name, headers=headers, body=self._block)

    def _join(self, condition: Mapping[str, str]) -> Answer:
        parts = "".join(part.as_xml() for part in self._parts)
        body = f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'
        headers = {"Content-Type": "application/xml", **condition}
        patience = self._wire.patience
        return self._wire.ask("POST", self._name, {"uploadId": self._id}, headers, block_of(body.encode()), silence=patience.join)

    def stored(self, key: ObjectKey, algorithm: str = DEFAULT_ALGORITHM) -> StoredObject:
        return StoredObject(key, self._size, self.digest(algorithm))


def _digest(block: Block, into: "hashlib._Hash") -> None:
    for piece in block.pieces:
        into.update(piece)


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    etag: str
    sha256: str

    def as_xml(self) -> str:
        etag = html.escape(self.etag)
        return f"<Part><PartNumber>{self.number}</PartNumber><ETag>{etag}</ETag><ChecksumSHA256>{self.sha256}</ChecksumSHA256></Part>"
