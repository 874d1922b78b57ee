"""What keeping costs beside a plain loop that writes, digests and synchronises: `python -m tests.bench.bench_store [FOLDER]`.

Prints one JSON value: seconds of each way, for the same files, and their ratio to the loop. Both ways end with every byte and name on
the disk. The ways take turns, in an order that changes each round, so that a neighbour's load falls on all.
"""

import hashlib
import io
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from preservation.store import ObjectKey
from preservation.stores.filesystem import FilesystemStore

FILES, SIZE, ROUNDS = 2000, 100_000, 1


def _names() -> list[str]:
    return [f"{number // 100:02d}/{number:04d}/file.bin" for number in range(FILES)]


def write_durably(path: Path, pieces: Iterable[bytes]) -> None:
    """As careful as a plain program can be: digested on the way, the file synchronised, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def plain_loop(folder: Path, contents: list[bytes]) -> None:
    """As careful as a loop can be: file synchronised, its folder too."""
    for name, data in zip(_names(), contents, strict=True):
        write_durably(folder / name, [data])


def file_only_loop(folder: Path, contents: list[bytes]) -> None:
    """The loop most programs have: the file synchronised, its name left to luck."""
    for name, data in zip(_names(), contents, strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hashlib.sha256(data).hexdigest()
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def one_by_one(folder: Path, contents: list[bytes]) -> None:
    """put(), each durable when it returns."""
    store = FilesystemStore(folder / "store", folder / "incoming")
    for name, data in zip(_names(), contents, strict=True):
        store.put(ObjectKey(name), io.BytesIO(data))


def in_batches(folder: Path, contents: list[bytes]) -> None:
    """put() in batches of twenty, as a package with its pages does."""
    store = FilesystemStore(folder / "store", folder / "incoming")
    pairs = list(zip(_names(), contents, strict=True))
    for start in range(0, FILES, 20):
        with store.batch():
            for name, data in pairs[start : start + 20]:
                store.put(ObjectKey(name), io.BytesIO(data))


WAYS: dict[str, Callable[[Path, list[bytes]], None]] = {
    "plain_loop": plain_loop,
    "file_only_loop": file_only_loop,
    "one_by_one": one_by_one,
    "in_batches": in_batches,
}


def main(where: Path | None) -> dict[str, object]:
    source = random.Random(1)
    contents = [source.randbytes(SIZE) for _ in range(FILES)]
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(ROUNDS):
        for name in random.Random(number).sample(sorted(WAYS), len(WAYS)):
            folder = Path(tempfile.mkdtemp(dir=where))
            begun = time.perf_counter()
            WAYS[name](folder, contents)
            seconds[name].append(time.perf_counter() - begun)
            shutil.rmtree(folder)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    return {
        "files": FILES,
        "bytes_each": SIZE,
        "seconds": {name: [round(one, 2) for one in taken] for name, taken in seconds.items()},
        "ratio": {
            reference: {name: round(medians[name] / medians[reference], 2) for name in ("one_by_one", "in_batches")}
            for reference in ("plain_loop", "file_only_loop")
        },
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]) if sys.argv[1:] else None), indent=1))
