"""Objects through the store beside the bare way: `python -m tests.bench.scale_store PLACE [--objects N] [--large N] [--parallel N]`.

PLACE is a folder, or an address of S3 as ARCHIVO_STORE_URL has it (a prefix of its own is used below it, and emptied at the end). Prints
one JSON value. `small`: N objects of 100 KB; `large`: N of 1 GB, or of `--large-size` bytes. Each is put and then read whole, `--parallel`
at once. The bare way is the minio SDK, which on reading digests nothing; `digested` reads the same objects with their SHA-256. In a
folder it is a loop that writes, digests and synchronises file and folder, and one that reads. The ways take turns, a batch of objects
each, so that a neighbour's load falls on all. `ratio`: the store's speed over the other's.
"""

import argparse
import hashlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from minio import Minio

from preservation.store import ObjectKey, ObjectStore
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import S3Address, s3_address
from tests.bench.bench_store import write_durably

BLOCK = 1 << 20
SMALL = 100_000
DIGESTED = "digested"
"""The way that reads what the SDK put."""
TURN = 200
"""Small objects that one way puts or reads before it is the other's turn."""


class Way(Protocol):
    """One way of keeping objects."""

    @abstractmethod
    def put(self, key: str, content: "Drawn") -> None: ...

    @abstractmethod
    def read(self, key: str) -> int: ...


class Drawn(io.RawIOBase):
    """A stream of drawn bytes, the same for the same seed, that costs next to nothing to make; `len` of them."""

    def __init__(self, seed: int, length: int) -> None:
        self._block = random.Random(seed).randbytes(BLOCK)
        self.length = self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        into = memoryview(buffer)  # type: ignore[arg-type]  # any writable buffer
        size = min(len(into), self._left, BLOCK)
        into[:size] = self._block[:size]
        self._left -= size
        return size


def drained(stream: BinaryIO) -> int:
    """Read to the end; how many bytes came."""
    total = 0
    while data := stream.read(BLOCK):
        total += len(data)
    return total


@dataclass(frozen=True)
class Ours:
    store: ObjectStore

    def put(self, key: str, content: Drawn) -> None:
        self.store.put(ObjectKey(key), io.BufferedReader(content, BLOCK))

    def read(self, key: str) -> int:
        with self.store.open(ObjectKey(key)) as stream:
            return drained(stream)


@dataclass(frozen=True)
class Sdk:
    client: Minio
    place: S3Address
    digests: bool = False

    def put(self, key: str, content: Drawn) -> None:
        self.client.put_object(self.place.bucket, self.place.prefix + key, io.BufferedReader(content, BLOCK), content.length)

    def read(self, key: str) -> int:
        answer = self.client.get_object(self.place.bucket, self.place.prefix + key)
        digest, total = hashlib.sha256(), 0
        try:
            for data in answer.stream(BLOCK):
                if self.digests:
                    digest.update(data)
                total += len(data)
            return total
        finally:
            answer.close()
            answer.release_conn()


@dataclass(frozen=True)
class Plain:
    folder: Path

    def put(self, key: str, content: Drawn) -> None:
        write_durably(self.folder / key, iter(lambda: content.read(BLOCK) or b"", b""))

    def read(self, key: str) -> int:
        with (self.folder / key).open("rb") as file:
            return drained(file)


def ways_of(place: str, at_once: int) -> tuple[dict[str, Way], Callable[[], None]]:
    """The ways of a place, ours first, and what empties it."""
    if not place.startswith("s3+"):
        folder = Path(tempfile.mkdtemp(dir=place))
        ours = Ours(FilesystemStore(folder / "store", folder / "incoming"))
        return {"ours": ours, "plain": Plain(folder / "plain")}, lambda: shutil.rmtree(folder)
    address = replace(s3_address(place), prefix=f"{uuid4().hex}/")
    store = S3Store(address)
    store.wire.make_bucket()
    client = Minio(address.endpoint, address.access_key, address.secret_key, secure=address.is_secure)
    beside = replace(address, prefix=f"{address.prefix}sdk/")
    sdk = {"sdk": Sdk(client, beside), DIGESTED: Sdk(client, beside, digests=True)}

    def empty() -> None:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda one: store.delete(one.key, authority="uncommitted"), list(store.list())))
        store.close()

    return {"ours": Ours(store), **sdk}, empty


def measure(ways: dict[str, Way], count: int, size: int, at_once: int) -> dict[str, object]:
    """Seconds of each way to put and to read `count` objects, and the ratios of ours to the others."""
    putting = sorted(ways.keys() - {DIGESTED})
    seconds = {"put": dict.fromkeys(putting, 0.0), "get": dict.fromkeys(sorted(ways), 0.0)}
    step = TURN if size == SMALL else at_once
    turns = [range(start, min(start + step, count)) for start in range(0, count, step)]

    def all_at_once(act: Callable[[int], object], numbers: Sequence[int]) -> float:
        begun = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(act, numbers))
        return time.perf_counter() - begun

    def key(number: int) -> str:
        return f"{size}/{number // 100:04d}/{number:06d}.bin"

    def put(way: Way, number: int) -> None:
        way.put(key(number), Drawn(number, size))

    def get(way: Way, number: int) -> None:
        checked(way.read(key(number)), size)

    for turn, numbers in enumerate(turns):
        for name in random.Random(turn).sample(putting, len(putting)):
            way = ways[name]
            seconds["put"][name] += all_at_once(partial(put, way), numbers)
        for name in random.Random(-turn).sample(sorted(ways), len(ways)):
            way = ways[name]
            seconds["get"][name] += all_at_once(partial(get, way), numbers)
    megabytes = count * size / 1e6
    return {
        "megabytes_per_second": {act: {name: round(megabytes / taken, 1) for name, taken in of.items()} for act, of in seconds.items()},
        "ratio": {act: {name: round(taken / of["ours"], 2) for name, taken in of.items() if name != "ours"} for act, of in seconds.items()},
    }


def checked(read: int, size: int) -> int:
    if read != size:
        sys.exit(f"{read} bytes came of {size}")
    return read


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("place")
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=20)
    parser.add_argument("--large-size", type=int, default=1_000_000_000)
    parser.add_argument("--parallel", type=int, default=2)
    options = parser.parse_args(arguments)
    ways, empty = ways_of(options.place, options.parallel)
    try:
        report = {
            "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
            "parallel": options.parallel,
            "small": {"objects": options.objects, "bytes": SMALL, **measure(ways, options.objects, SMALL, options.parallel)},
            "large": {
                "objects": options.large,
                "bytes": options.large_size,
                **measure(ways, options.large, options.large_size, options.parallel),
            },
        }
    finally:
        empty()
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
