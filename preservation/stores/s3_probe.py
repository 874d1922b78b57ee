"""What an S3 server really keeps of what S3 promises, found by asking it."""

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import md5
from threading import Barrier, Lock
from typing import Final, Self
from uuid import uuid4

from minio.datatypes import ListMultipartUploadsResult, parse_list_objects
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from preservation.fixity import DEFAULT_ALGORITHM
from preservation.store import DigestMismatch, ObjectKey, StoreError
from preservation.stores.s3 import ABSENT, PROBES, S3Store
from preservation.stores.s3_lock import State, bucket_lock
from preservation.stores.s3_reading import READ_HEADERS
from preservation.stores.s3_upload import Upload, base64_of
from preservation.stores.s3_wire import CHECKSUM, Answer, Block, Wire, block_of

RACERS: Final = 16
_JOINERS: Final = 4
_ROUNDS: Final = 3
_PATIENCE: Final = 60.0
_IN_ORDER: Final = ("A/b", "a", "a-b/x", "a.b", "a0", "a=/z", "b/v1.x", "b/v1/x", "b/v10/x", "b/v2/x", "b_")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a server was seen to keep. Each is what was tried, once or in a race, not what it declares.

    server: as it calls itself. writes_once: of sixteen writers at once under `If-None-Match: *` one won, three times over, and the
    bytes read were the winner's. writes_after_deletion: a key that was deleted can be written once again. joins_once: the same
    condition held for the joining of parts. swaps: `If-Match` let one of sixteen replace what all had seen, and refused what nobody
    had. deletes_what_was_seen: a deletion under `If-Match` of other bytes was refused.
    refuses_damage: bytes that do not agree with their SHA-256 were refused, as signed payload and as checksum. keeps_digests: the
    SHA-256 given with an object came back with it. gives_ranges, lists_in_order: as the names say; the order is that of bytes.
    lists_unfinished: parts that were never joined are listed, so that what dead writers left can be taken back.
    versioning, object_lock: as the bucket is set; "unknown" where the server will not say.
    """

    server: str
    writes_once: bool
    writes_after_deletion: bool
    joins_once: bool
    swaps: bool
    deletes_what_was_seen: bool
    refuses_damage: bool
    keeps_digests: bool
    gives_ranges: bool
    lists_in_order: bool
    lists_unfinished: bool
    versioning: State
    object_lock: State

    @property
    def is_fit(self) -> bool:
        """Whether an archive's store can stand on it without the operator's consent."""
        kept = (self.writes_once, self.writes_after_deletion, self.joins_once, self.swaps, self.gives_ranges, self.lists_in_order)
        return all(kept)


def probe(store: S3Store) -> Kept:
    """Try the server behind a store, in a place of its own below the store's prefix, and take away what was put there.

    Some two hundred small requests. Makes the bucket if there is none. StoreUnavailable if the server cannot be reached or refuses the key.
    """
    with _Trial(store.wire).cleared() as trial:
        return Kept(
            server=trial.server(),
            writes_once=all(trial.writes_once() for _ in range(_ROUNDS)),
            writes_after_deletion=trial.writes_after_deletion(),
            joins_once=trial.joins_once(),
            swaps=all(trial.swaps() for _ in range(_ROUNDS)),
            deletes_what_was_seen=trial.deletes_what_was_seen(),
            refuses_damage=trial.refuses_damage(),
            keeps_digests=trial.keeps_digests(),
            gives_ranges=trial.gives_ranges(),
            lists_in_order=trial.lists_in_order(),
            lists_unfinished=trial.lists_unfinished(),
            versioning=trial.versioning(),
            object_lock=trial.object_lock(),
        )


class _Trial:
    """Questions to one server about objects in a place of their own."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._place = f"{PROBES}{uuid4().hex}/"
        self._made: set[tuple[str, str]] = set()
        self._lock = Lock()

    @contextmanager
    def cleared(self) -> Iterator[Self]:
        """Take away, at the end, all that was put: of a bucket with versions, the versions too."""
        if self._wire.ask("HEAD").is_absent:
            self._wire.make_bucket()
        try:
            yield self
        finally:
            versioned = {name for name, version in self._made if version}
            for name, version in self._made:
                if version or name not in versioned:
                    with suppress(StoreError):
                        self._wire.ask("DELETE", name, {"versionId": version} if version else None)

    def server(self) -> str:
        return self._wire.ask("HEAD").headers.get("server", "")[:80]

    def writes_once(self) -> bool:
        name = self._name()
        answers = self._race(lambda number: self._put(name, b"%d" % number, ABSENT))
        return self._has_one_winner(name, answers)

    def writes_after_deletion(self) -> bool:
        name = self._name()
        self._put(name, b"before", ABSENT)
        self._note(name, self._wire.ask("DELETE", name))
        return self._put(name, b"after", ABSENT).is_granted and self._read(name) == b"after"

    def joins_once(self) -> bool:
        key = ObjectKey(f"{self._place}{uuid4().hex}")
        name = self._wire.address.prefix + key

        def join(number: int) -> Answer:
            with Upload(self._wire, key, io.BytesIO(b"%d" % number), DEFAULT_ALGORITHM) as upload:
                upload.receive_first()
                upload.receive_rest()
                barrier.wait(_PATIENCE)
                return self._note(name, upload.commit(ABSENT))

        barrier = Barrier(_JOINERS)
        return self._has_one_winner(name, self._race(join, _JOINERS))

    def swaps(self) -> bool:
        name = self._name()
        seen = self._put(name, b"before", ABSENT).headers.get("etag", "")
        answers = self._race(lambda number: self._put(name, b"%d" % number, {"If-Match": seen}))
        return self._has_one_winner(name, answers) and self._put(name, b"late", {"If-Match": seen}).is_unmet

    def deletes_what_was_seen(self) -> bool:
        name = self._name()
        self._put(name, b"standing", ABSENT)
        other = f'"{md5(b"other", usedforsecurity=False).hexdigest()}"'
        answer = self._note(name, self._wire.ask("DELETE", name, headers={"If-Match": other}))
        return answer.is_unmet and self._read(name) == b"standing"

    def refuses_damage(self) -> bool:
        once = Wire(self._wire.address, replace(self._wire.patience, tries=1))
        promised = block_of(b"as promised")
        changed = Block((b"as it came.",), promised.size, promised.sha256)
        try:
            return all(self._is_refused(once, body, {CHECKSUM: base64_of(promised.sha256)}) for body in (changed, block_of(b"as it came.")))
        finally:
            once.close()

    def keeps_digests(self) -> bool:
        name, block = self._name(), block_of(b"with its digest")
        self._note(name, self._wire.ask("PUT", name, headers={CHECKSUM: base64_of(block.sha256)}, body=block))
        return self._wire.ask("GET", name, headers=READ_HEADERS).headers.get(CHECKSUM) == base64_of(block.sha256)

    def gives_ranges(self) -> bool:
        name = self._name()
        self._put(name, b"0123456789", ABSENT)
        answer = self._wire.ask("GET", name, headers={"Range": "bytes=3-5"})
        return answer.status == 206 and answer.data == b"345"

    def lists_in_order(self) -> bool:
        folder = f"{self._wire.address.prefix}{self._place}list/"
        for key in _IN_ORDER:
            self._put(folder + key, b"x", ABSENT)
        wanted = [folder + key for key in sorted(_IN_ORDER)]
        return all(self._list(folder, after) == [name for name in wanted if name > after] for after in ("", *wanted, folder + "b/"))

    def lists_unfinished(self) -> bool:
        key = ObjectKey(f"{self._place}{uuid4().hex}")
        with Upload(self._wire, key, io.BytesIO(b"part"), DEFAULT_ALGORITHM) as upload:
            upload.receive_first()
            upload.receive_rest()
            answer = self._wire.ask("GET", query={"uploads": "", "prefix": self._wire.address.prefix, "encoding-type": "url"})
            with suppress(ValueError):
                uploads = ListMultipartUploadsResult(answer.as_response()).uploads if answer.is_granted else []
                return any((upload.object_name or "").endswith(key) for upload in uploads)
        return False

    def versioning(self) -> State:
        states: Mapping[str | None, State] = {"Enabled": "on", "Suspended": "suspended", "Off": "off", None: "off"}
        with suppress(MinioException, HTTPError, ValueError):
            return states.get(self._wire.sdk.get_bucket_versioning(self._wire.address.bucket).status, "unknown")
        return "unknown"

    def object_lock(self) -> State:
        return bucket_lock(self._wire)

    def _name(self) -> str:
        return f"{self._wire.address.prefix}{self._place}{uuid4().hex}"

    def _put(self, name: str, data: bytes, condition: Mapping[str, str]) -> Answer:
        return self._note(name, self._wire.ask("PUT", name, headers=condition, body=block_of(data)))

    def _note(self, name: str, answer: Answer) -> Answer:
        with self._lock:
            self._made.add((name, answer.headers.get("x-amz-version-id", "")))
        return answer

    def _read(self, name: str) -> bytes:
        return self._wire.ask("GET", name).data

    def _race(self, act: Callable[[int], Answer], racers: int = RACERS) -> list[Answer]:
        barrier = Barrier(racers)

        def run(number: int) -> Answer:
            barrier.wait(_PATIENCE)
            return act(number)

        with ThreadPoolExecutor(racers) as pool:
            return list(pool.map(run, range(racers)))

    def _has_one_winner(self, name: str, answers: list[Answer]) -> bool:
        """One was granted, the condition of all others did not hold, and the winner's bytes stand."""
        winners = [number for number, answer in enumerate(answers) if answer.is_granted]
        losers = [answer for answer in answers if answer.is_unmet]
        return len(winners) == 1 and len(losers) == len(answers) - 1 and self._read(name) == b"%d" % winners[0]

    def _is_refused(self, wire: Wire, body: Block, headers: Mapping[str, str]) -> bool:
        name = self._name()
        try:
            return not self._note(name, wire.ask("PUT", name, headers=headers, body=body)).is_granted
        except DigestMismatch:
            return True

    def _list(self, folder: str, after: str) -> list[str]:
        query = {"list-type": "2", "prefix": folder, "encoding-type": "url"} | ({"start-after": after} if after else {})
        found, *_ = parse_list_objects(self._wire.ask("GET", query=query).as_response())
        return [entry.object_name or "" for entry in found]
