"""Signed requests to an S3 server, made again while they may succeed."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import Final, Protocol, cast
from urllib.parse import urlunsplit

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import MinioException, S3Error
from minio.helpers import BaseURL, DictType
from minio.signer import sign_v4_s3
from minio.time import to_amz_date, utcnow
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from preservation.store import DigestMismatch, ObjectExists, ObjectMissing, StoreError, StoreFull, StoreUnavailable
from preservation.stores.s3_address import S3Address

CHECKSUM: Final = "x-amz-checksum-sha256"
DAMAGED_ON_THE_WAY: Final = frozenset({"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"})
_PASSING: Final = DAMAGED_ON_THE_WAY | {
    "RequestTimeout",
    "SlowDown",
    "ConditionalRequestConflict",
    "OperationAborted",
    "InternalError",
    "ServiceUnavailable",
    "ExistingObjectIsDirectory",  # versitygw, of a directory that another's deletion is just taking away
}
_AT_TIMES: Final = "AccessDenied"  # MinIO, of a folder that another's deletion is just taking away; also of a key without that right
_PASSING_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_FULL: Final = frozenset({"QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
_IN_THE_WAY: Final = frozenset({"ObjectParentIsFile", "ExistingObjectIsDirectory", "XMinioParentIsObject", "XMinioObjectExistsAsDirectory"})
_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket", "NotFound", "ObjectParentIsFile", "XMinioParentIsObject"})
_MADE: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_STRANGERS: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound"})
"""Of a key that the server does not know, or of a wrong secret: versitygw says the first of its own with 404, as of what is not there."""
_CODE: Final = re.compile(rb"<Code>([^<]{1,80})</Code>")


class Refused(StoreUnavailable):
    """The server would not; `code` is S3's name of why, empty where it gives none."""

    def __init__(self, told: str, code: str) -> None:
        super().__init__(told)
        self.code = code

    @property
    def is_of_a_stranger(self) -> bool:
        """Whether the server does not accept the key itself, whatever is asked with it."""
        return self.code in _STRANGERS


class BucketMissing(Refused):
    """There is no such bucket, and the server does not let this key make it."""


class Stream(Protocol):
    """The bytes of an answer as they come."""

    def read(self, amount: int) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes to be sent, in pieces, and their SHA-256."""

    pieces: Iterable[bytes]
    size: int
    sha256: bytes


EMPTY: Final = Block((), 0, hashlib.sha256().digest())


def block_of(data: bytes) -> Block:
    return Block((data,), len(data), hashlib.sha256(data).digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. `unsure`: an earlier try of the same request got no certain answer and may have been obeyed.

    `code` is S3's name of a refusal, empty where the server gives none; `stream` is there where one was asked for and granted.
    """

    status: int
    code: str
    headers: Mapping[str, str]
    data: bytes
    stream: Stream | None = None
    unsure: bool = False

    @property
    def is_granted(self) -> bool:
        return self.status < 300 and not self.code

    @property
    def is_absent(self) -> bool:
        return (self.status == 404 and self.code not in _STRANGERS) or self.code in _ABSENT

    @property
    def is_unmet(self) -> bool:
        """The condition of the request did not hold."""
        return self.status == 412

    @property
    def is_passing(self) -> bool:
        """The same request may be granted in a moment."""
        return self.code in _PASSING or (self.status in _PASSING_STATUS and self.code not in _FULL)

    def as_response(self) -> BaseHTTPResponse:
        """As the SDK's readers of XML want it: they look at its data alone."""
        return cast(BaseHTTPResponse, self)

    def fault(self, about: str) -> StoreError:
        """The refusal in the words of the port."""
        told = f"{about}: {self.code or self.status}"
        if self.status == 507 or self.code in _FULL:
            return StoreFull(told)
        if self.code in DAMAGED_ON_THE_WAY:
            return DigestMismatch(f"{told}: the bytes did not arrive as they were sent")
        if self.code in _IN_THE_WAY:
            return ObjectExists(f"{told}: something else stands in the way")
        if self.is_absent:
            return ObjectMissing(about)
        return Refused(told, self.code)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for and how often a request is made; in seconds. `pause` doubles from one try to the next.

    `read` is the longest silence of the server, not the length of a transfer; `join`, the same while it joins the parts of a large object.
    """

    connect: float = 5.0
    read: float = 30.0
    join: float = 300.0
    tries: int = 5
    pause: float = 0.2


class Wire:
    """The way to one bucket of one server. Safe among threads.

    The signature, the addresses and what concerns the bucket as a whole are the SDK's. Requests about objects are made here, because
    the SDK sends no condition with what it writes, and without one nothing is written once.
    """

    def __init__(self, address: S3Address, patience: Patience, sleep: Callable[[float], None] = time.sleep) -> None:
        self.address, self.patience = address, patience
        self.checksum_suffices = False
        """Whether the server refuses bytes that disagree with their checksum: the signature covers it, and need not cover them too."""
        self._sleep, self._random = sleep, SystemRandom()
        timeout = urllib3.Timeout(connect=patience.connect, read=patience.read)
        self._http = urllib3.PoolManager(maxsize=32, retries=False, timeout=timeout, cert_reqs="CERT_REQUIRED")
        scheme = "https" if address.is_secure else "http"
        self._urls = BaseURL(f"{scheme}://{address.endpoint}", address.region)
        self._credentials = Credentials(address.access_key, address.secret_key)
        self.sdk = Minio(
            address.endpoint,
            access_key=address.access_key,
            secret_key=address.secret_key,
            secure=address.is_secure,
            region=address.region,
            http_client=self._http,
        )

    def close(self) -> None:
        """Let the connections go."""
        self._http.clear()

    def ask(
        self,
        method: str,
        key: str = "",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Block | None = None,
        *,
        streamed: bool = False,
        silence: float | None = None,
        tries: int | None = None,
    ) -> Answer:
        """The server's answer, or its refusal, about the object `key` (its name in the bucket) or, if empty, the bucket.

        Asked again with longer and longer pauses while no answer comes or a passing refusal does: only what may be asked twice may be
        asked here. The last passing refusal is raised as its fault; StoreUnavailable if no answer came.
        """
        about, unsure = self.about(key), False
        last: StoreError = StoreUnavailable(about)
        for number in range(tries or self.patience.tries):
            if number:
                self.rest(number)
            try:
                answer = self._once(method, key, {**(query or {})}, dict(headers or {}), body, streamed, silence or self.patience.read)
            except HTTPError as error:
                unsure = unsure or not isinstance(error, NewConnectionError | ConnectTimeoutError)
                last = StoreUnavailable(f"{about}: no answer from {self.address.endpoint} ({type(error).__name__})")
                continue
            if not (answer.is_passing or (method == "PUT" and answer.code == _AT_TIMES)):
                return replace(answer, unsure=unsure)
            unsure = unsure or answer.status >= 500
            last = answer.fault(about)
        raise last

    def make_bucket(self) -> None:
        """Make the bucket, unless it is there; with Object Lock where a retention is asked for, for later it cannot be given it.

        BucketMissing where the server refuses, StoreUnavailable where it does not answer.
        """
        told = f"{self.address}: the bucket cannot be made"
        try:
            self.sdk.make_bucket(self.address.bucket, self.address.region, object_lock=self.address.retention is not None)
        except S3Error as error:
            if error.code not in _MADE:
                raise BucketMissing(f"{told} ({error.code})", error.code or "") from error
        except (MinioException, HTTPError) as error:
            raise StoreUnavailable(f"{told} ({type(error).__name__})") from error

    def rest(self, tries: int) -> None:
        """Pause before the next try, after so many."""
        self._sleep(self.patience.pause * 2 ** (tries - 1) * self._random.uniform(0.5, 1.0))

    def about(self, key: str) -> str:
        """A name for messages: the object's key, or the store's address."""
        return key.removeprefix(self.address.prefix) if key else str(self.address)

    def _once(
        self, method: str, key: str, query: DictType, headers: dict[str, str], body: Block | None, streamed: bool, silence: float
    ) -> Answer:
        address, sent = self.address, body or EMPTY
        url = self._urls.build(
            method=method, region=address.region, bucket_name=address.bucket, object_name=key or None, query_params=query
        )
        date = utcnow()
        payload = "UNSIGNED-PAYLOAD" if self.checksum_suffices and CHECKSUM in headers else sent.sha256.hex()
        headers |= {"Host": url.netloc, "x-amz-date": to_amz_date(date), "x-amz-content-sha256": payload}
        if body is not None:
            headers["Content-Length"] = str(body.size)
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=address.region,
            headers={**headers},
            credentials=self._credentials,
            content_sha256=payload,
            date=date,
        )
        response = self._http.urlopen(
            method,
            urlunsplit(url),
            body=None if body is None else body.pieces,
            headers={name: str(value) for name, value in signed.items()},
            preload_content=not streamed,
            timeout=urllib3.Timeout(connect=self.patience.connect, read=silence),
            redirect=False,
        )
        if streamed and response.status < 300:
            return Answer(response.status, "", response.headers, b"", cast(Stream, response))
        try:
            data = response.data
        finally:
            response.release_conn()
        found = _CODE.search(data)
        is_refusal = response.status >= 300 or (method == "POST" and b"<Error" in data[:200])
        return Answer(response.status, found.group(1).decode("utf-8", "replace") if found and is_refusal else "", response.headers, data)
