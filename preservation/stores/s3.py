"""Objects on an S3 server."""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, cast
from uuid import uuid4

from minio.datatypes import parse_list_objects
from minio.time import utcnow

from preservation.fixity import DEFAULT_ALGORITHM, Digest, digest_of
from preservation.locking import Locked, Retention
from preservation.store import (
    Changed,
    DigestMismatch,
    ObjectExists,
    ObjectKey,
    ObjectMissing,
    StoredObject,
    StoreError,
    StoreUnavailable,
    check_authority,
    check_key,
    digests_by_opening,
    is_ordered,
)
from preservation.stores.s3_address import WITHOUT_WRITE_ONCE, S3Address
from preservation.stores.s3_deletion import delete_versions
from preservation.stores.s3_leftovers import clear_uploads
from preservation.stores.s3_lock import can_lock, locked_beneath, require_lock, set_holds
from preservation.stores.s3_marks import Marks
from preservation.stores.s3_reading import READ_HEADERS, S3Body, ask_bytes
from preservation.stores.s3_upload import Upload, base64_of
from preservation.stores.s3_versions import versions_of
from preservation.stores.s3_wire import CHECKSUM, Answer, Patience, Wire, block_of

ABSENT: Final = {"If-None-Match": "*"}
PROBES: Final = "~probe/"
"""Where objects that try the server stand for a moment: no ObjectKey begins like this, and list() leaves them out."""

_ROUNDS: Final = 8
_PARTS_GONE: Final = "NoSuchUpload"  # an earlier try joined them, or somebody took them back


class OverwritingServer(StoreUnavailable):
    """The server overwrites what it was asked to write once, and the operator has not accepted that by name in the address."""


class S3Store:
    """An ObjectStore whose objects are those of a bucket, below a prefix. Safe among threads; any number of processes may share it.

    Write-once and replace() are the server's own conditional writes (`If-None-Match: *`, `If-Match`), which it decides at one instant
    for all writers. Before its first write a store tries whether the server keeps to them, and makes the bucket if there is none. What
    put() returned for is durable: S3 answers after it has kept the bytes, so a batch has nothing to put off.

    Every byte is digested here and, under the signature, by the server as it arrives; the digest stays beside the object, and who reads
    all of an object gets those bytes or DigestMismatch. No key may lie below another as in a folder (`a` and `a/b`): some servers refuse
    it, MinIO keeps both and lists one. A request that got no answer is made again; a write that then finds its own
    bytes standing has succeeded. Where that cannot be told, StoreUnavailable: the write was done or not, and doing it again is safe.

    Where the address asks for a retention, it goes in the very request that makes an object; replace() makes another version of its key,
    and the one before stays as long as its own retention says. LocklessBucket, and nothing is written, where the bucket has no Object Lock.
    """

    def __init__(self, address: S3Address, patience: Patience | None = None) -> None:
        """Asks nothing of the server yet."""
        self._wire = Wire(address, patience or Patience())
        self._prefix = address.prefix
        self._trying = Lock()
        self._marks = Marks()
        self._writes_once: bool | None = None
        self._has_cleared = False

    @property
    def wire(self) -> Wire:
        """The way to the server, for probe() and for measurements."""
        return self._wire

    def close(self) -> None:
        """Let the connections go; the store may still be used."""
        self._wire.close()

    def clear_incoming(self) -> int:
        """Take back the parts that dead writers left a day ago or longer; how many uploads it was."""
        self._has_cleared = True
        return clear_uploads(self._wire)

    def put(self, key: ObjectKey, content: BinaryIO, *, expected: Digest | None = None) -> StoredObject:
        check_key(key)
        self._require_write_once()
        with Upload(self._wire, key, content, expected.algorithm if expected else DEFAULT_ALGORITHM, self._lock()) as upload:
            stands = self._receive(upload, unless=key)
            if expected is not None and upload.digest(expected.algorithm) != expected:
                raise DigestMismatch(f"{key}: the bytes that arrived are not those expected")
            self._appear(key, upload, stands or not self._writes_once)
            return upload.stored(key)

    def replace(self, key: ObjectKey, content: BinaryIO, *, was: Digest) -> StoredObject:
        check_key(key)
        self._require_write_once()
        with Upload(self._wire, key, content, was.algorithm, self._lock()) as upload:
            self._receive(upload)
            self._swap(key, upload, was)
            return upload.stored(key, was.algorithm)

    def open(self, key: ObjectKey, start: int = 0, length: int | None = None) -> BinaryIO:
        if start < 0 or (length is not None and length < 0):
            raise ValueError("start and length cannot be negative")
        check_key(key)
        if length == 0:
            self.stat(key)
            return io.BytesIO()
        headers = dict(READ_HEADERS)
        if start or length is not None:
            headers["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        answer = ask_bytes(self._wire, self._prefix + key, headers)
        if answer.status == 416:
            return io.BytesIO()  # nothing of the object lies there
        if answer.stream is not None and "Range" in headers and answer.status != 206:
            answer.stream.close()
            raise StoreUnavailable(f"{key}: the server gives no ranges")
        if "Range" not in headers:
            self._marks.note(key, answer.headers)
        return cast(BinaryIO, S3Body(self._wire, self._prefix + key, _granted(answer, key), start))

    def stat(self, key: ObjectKey) -> StoredObject:
        check_key(key)
        return StoredObject(key, int(self._head(key).headers.get("content-length", "0")))

    def batch(self) -> AbstractContextManager[None]:
        """Nothing to put off: what put() returned for is durable already."""
        return nullcontext()

    def list(self, prefix: str = "", after: ObjectKey | None = None) -> Iterator[StoredObject]:
        """All that the bucket holds there, also what no put() could have made; a thousand a request."""
        last = self._prefix + after if after else ""
        while True:
            query = {"list-type": "2", "prefix": self._prefix + prefix, "max-keys": "1000", "encoding-type": "url"}
            answer = self._wire.ask("GET", query=query | ({"start-after": last} if last else {}))
            if answer.is_absent:
                return
            found, is_truncated, _, _ = parse_list_objects(_granted(answer, str(self._wire.address)).as_response())
            for entry in found:
                name = entry.object_name or ""
                if name <= last:
                    raise StoreUnavailable(f"{self._wire.address}: the server does not list in the order of keys")
                last, key = name, ObjectKey(name.removeprefix(self._prefix))
                if not key.startswith(PROBES):
                    yield StoredObject(key, entry.size or 0)
            if not is_truncated or not found:
                return

    def keys(self, prefix: str = "") -> Iterator[ObjectKey]:
        return (found.key for found in self.list(prefix))

    def keys_ever(self, prefix: str = "") -> Iterator[ObjectKey]:
        """keys(), and those that were taken away and of which the bucket still keeps earlier versions, or a mark of their deletion.

        StoreUnavailable where the server does not tell of versions.
        """
        names = {each.name for each in versions_of(self._wire, self._prefix + prefix)}
        kept = {ObjectKey(name.removeprefix(self._prefix)) for name in names}
        yield from sorted(key for key in kept.union(self.keys(prefix)) if not key.startswith(PROBES))

    def delete(self, key: ObjectKey, *, authority: str) -> None:
        """As the port says; where the server knows conditional deletion, only the bytes that were seen are deleted.

        What an act orders to be deleted goes with every version that the bucket keeps of it; elsewhere these stay as the bucket is set.
        LockedVersion where a lock of the bucket keeps one: the newest is then as it was.
        """
        check_authority(authority)
        check_key(key)
        if is_ordered(authority) and delete_versions(self._wire, self._prefix + key):
            return
        for _ in range(_ROUNDS):
            seen = self._head(key).headers.get("etag", "")
            answer = self._wire.ask("DELETE", self._prefix + key, headers={"If-Match": seen} if seen else None)
            if answer.is_granted or (answer.is_absent and answer.unsure):
                return
            if not answer.is_unmet:
                raise _refusal(answer, key)
        raise StoreUnavailable(f"{key}: it changes again and again")

    def digests(self, keys: Iterable[ObjectKey], algorithm: str) -> Iterator[tuple[ObjectKey, Digest | None]]:
        return digests_by_opening(self.open, keys, algorithm)

    def local_path(self, key: ObjectKey) -> Path | None:
        check_key(key)
        return None

    @property
    def retention(self) -> Retention | None:
        return self._wire.address.retention

    def locks(self) -> bool:
        return can_lock(self._wire)

    def hold(self, prefix: str, is_held: bool) -> int:
        return set_holds(self._wire, self._prefix + prefix, is_held)

    def locked(self, prefix: str) -> Locked:
        return locked_beneath(self._wire, self._prefix + prefix, utcnow())

    def _lock(self) -> Mapping[str, str]:
        """What is said of the retention of an object written now."""
        return {} if self.retention is None else self.retention.headers(utcnow())

    def _receive(self, upload: Upload, unless: ObjectKey | None = None) -> bool:
        """Take the stream. A large one that finds the key `unless` taken is digested and not sent; whether it found it so."""
        if upload.receive_first():
            return False
        if unless is not None and self._stands(unless):
            upload.discard_rest()
            return True
        if not self._has_cleared:
            self.clear_incoming()
        upload.receive_rest()
        return False

    def _appear(self, key: ObjectKey, upload: Upload, look_first: bool) -> None:
        for _ in range(_ROUNDS):
            if look_first and self._is_ours(key, upload):
                return
            answer = upload.commit(ABSENT)
            if answer.is_granted:
                return
            if not (answer.is_unmet or answer.code == _PARTS_GONE):
                raise _refusal(answer, key)
            look_first = True  # its own bytes may stand there, put by an earlier try or by somebody else
        raise StoreUnavailable(f"{key}: it comes and goes, or its parts were taken back while it was being written")

    def _is_ours(self, key: ObjectKey, upload: Upload) -> bool:
        """Whether the very bytes stand there. ObjectExists if others do."""
        try:
            with self._reading(key) as body:
                if body.left == upload.size and digest_of(cast(BinaryIO, body)) == upload.digest():
                    return True
        except ObjectMissing:
            return False
        except DigestMismatch as error:
            raise ObjectExists(f"{key}: damaged bytes stand there") from error
        raise ObjectExists(f"{key}: other bytes stand there")

    def _swap(self, key: ObjectKey, upload: Upload, was: Digest) -> None:
        unsure = False
        if seen := self._marks.of(key, was):
            answer = upload.commit({"If-Match": seen})
            if answer.is_granted:
                return
            unsure = answer.unsure
        for _ in range(_ROUNDS):
            with self._reading(key) as body:
                seen, found = body.etag, digest_of(cast(BinaryIO, body), was.algorithm)
            if found == upload.digest(was.algorithm):
                return
            if found != was:
                if unsure:
                    raise StoreUnavailable(f"{key}: other bytes stand there now, and nobody can tell whether these stood before them")
                raise Changed(f"{key}: not the bytes that the caller had seen")
            if not seen:
                raise StoreUnavailable(f"{key}: the server has no mark (ETag) of the bytes that stand there")
            answer = upload.commit({"If-Match": seen})
            if answer.is_granted:
                return
            unsure = unsure or answer.unsure
            if not (answer.is_unmet or answer.is_absent):
                raise _refusal(answer, key)
        raise StoreUnavailable(f"{key}: it changes again and again, or its parts were taken back while it was being written")

    def _reading(self, key: ObjectKey) -> S3Body:
        """Its bytes as they are, damaged or not: the caller digests them."""
        answer = ask_bytes(self._wire, self._prefix + key, {})
        return S3Body(self._wire, self._prefix + key, _granted(answer, key), checked=False)

    def _head(self, key: ObjectKey) -> Answer:
        return _granted(self._wire.ask("HEAD", self._prefix + key), key)

    def _stands(self, key: ObjectKey) -> bool:
        try:
            self._head(key)
        except ObjectMissing:
            return False
        return True

    def _require_write_once(self) -> None:
        """OverwritingServer if the server ignores the condition of a write and the operator has not accepted it."""
        if self._writes_once is not None:
            return
        with self._trying:
            if self._writes_once is None:
                keeps = self._try_write_once()
                if self.retention is not None:
                    require_lock(self._wire)
                if not keeps and not self._wire.address.accepts_overwriting:
                    raise OverwritingServer(
                        f"{self._wire.address}: the server overwrites what it was asked to write once; use another one, or accept it "
                        f"by name with ?acepta={WITHOUT_WRITE_ONCE}"
                    )
                self._writes_once = keeps

    def _try_write_once(self) -> bool:
        name = f"{self._prefix}{PROBES}{uuid4().hex}"
        first = self._wire.ask("PUT", name, headers=ABSENT, body=block_of(b"first"))
        if first.code == "NoSuchBucket":
            self._wire.make_bucket()
            first = self._wire.ask("PUT", name, headers=ABSENT, body=block_of(b"first"))
        if not (first.is_granted or first.is_unmet):
            raise _refusal(first, str(self._wire.address))
        try:
            self._wire.checksum_suffices = True
            self._wire.checksum_suffices = self._is_refused_by_checksum(name)
            return self._wire.ask("PUT", name, headers=ABSENT, body=block_of(b"second")).is_unmet
        finally:
            version = first.headers.get("x-amz-version-id")
            self._wire.ask("DELETE", name, {"versionId": version} if version else None)

    def _is_refused_by_checksum(self, name: str) -> bool:
        try:
            headers = {CHECKSUM: base64_of(sha256(b"promised").digest())}
            self._wire.ask("PUT", name, headers=headers, body=block_of(b"different"), tries=1)
        except DigestMismatch:
            return True
        return False


def _granted(answer: Answer, key: str) -> Answer:
    """The answer to a question; what the server refuses to say is told as the port tells it."""
    if answer.is_granted:
        return answer
    raise ObjectMissing(key) if answer.is_absent else answer.fault(key)


def _refusal(answer: Answer, key: str) -> StoreError:
    """Of a write: that something is missing is no fault of the object's."""
    fault = answer.fault(key)
    return StoreUnavailable(f"{key}: {answer.code or answer.status}") if isinstance(fault, ObjectMissing) else fault
