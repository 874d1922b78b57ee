"""Reading again what is kept, and writing it: `python -m tests.bench.bench_fixity [FOLDER] [--large MIB] [--objects N] [--rot N]`.

Prints JSON. FOLDER is on the disk to be measured. One process and one thread, each pair in turns on the same files, `ROUNDS` times; the
ratio is of the best times, the bare way's to ours: more is better. Writing is measured first: ext4 looks for a free inode past those
that were deleted in the last seconds, and after the tens of thousands of another measure that search is all the time there is.

`large`: verifying an object of a few large files against SHA-256 over them. `small`: verifying objects of 1,000 small files against
reading and hashing each. `write`: an OCFL object of 1,000 files against copying and hashing them with one sync of the file system.
`rot`: one bit flipped in each of N random files of a store and its two copies, and in all the files of the root of one of them: how many
were found and given back, and whether anything else was touched.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from preservation.fixity import CHUNK
from preservation.ocfl import StorageRoot
from preservation.ocfl_copy import copy_root
from preservation.ocfl_layout import ROOT_FILES, prefix_of
from preservation.ocfl_repair import repair
from preservation.ocfl_root import check_root, repair_root
from preservation.store import ObjectKey
from preservation.stores.filesystem import FilesystemStore

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ROUNDS = {"large": 5, "small": 5, "write": 12}
FILES = 1000
SMALL = 10_000


def store_in(folder: Path, name: str) -> FilesystemStore:
    store = FilesystemStore(folder / name, folder / f"{name}.incoming")
    StorageRoot(store).ensure()
    return store


def write(store: FilesystemStore, object_id: str, files: Sequence[Path]) -> None:
    with StorageRoot(store).new_version(object_id, base=None) as writer:
        for file in files:
            with file.open("rb") as stream:
                writer.put(file.name, stream)
        writer.commit("bench", "bench", None, NOW)


def made(folder: Path, count: int, size: int, seed: int) -> list[Path]:
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    files = [folder / f"{number:05d}.bin" for number in range(count)]
    for file in files:
        with file.open("wb") as stream:
            for _ in range(0, size, CHUNK):
                stream.write(chance.randbytes(min(CHUNK, size)))
    return files


def hashed(files: Sequence[Path]) -> None:
    for file in files:
        digest = hashlib.sha256()
        with file.open("rb", buffering=0) as stream:
            while data := stream.read(CHUNK):
                digest.update(data)


def copied(files: Sequence[Path], target: Path) -> None:
    """Copied and hashed as they pass, and synchronised once."""
    target.mkdir()
    for file in files:
        digest = hashlib.sha256()
        with file.open("rb", buffering=0) as stream, (target / file.name).open("wb", buffering=0) as copy:
            while data := stream.read(CHUNK):
                digest.update(data)
                copy.write(data)
    os.sync()


def verified(store: FilesystemStore, objects: Sequence[str]) -> None:
    root = StorageRoot(store)
    if not all(root.verify(each).is_intact for each in objects):
        sys.exit("not intact")


def compared(rounds: int, ours: Callable[[], None], bare: Callable[[], None]) -> dict[str, float]:
    """The best times of each, in seconds by the clock and of processor, and how many times ours goes into the bare one's."""
    clock: dict[str, list[float]] = {"ours": [], "bare": []}
    worked: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(rounds):
        for name, act in (("bare", bare), ("ours", ours)):
            began, before = time.perf_counter(), time.process_time()
            act()
            clock[name].append(time.perf_counter() - began)
            worked[name].append(time.process_time() - before)
    best = {name: round(min(each), 3) for name, each in clock.items()}
    processor = min(worked["bare"]) / min(worked["ours"])
    return {**best, "ratio": round(best["bare"] / best["ours"], 3), "processor_ratio": round(processor, 3)}


def large(folder: Path, mebibytes: int) -> dict[str, float]:
    store = store_in(folder, "large")
    write(store, "urn:large", made(folder / "files", 4, mebibytes << 20, 1))
    files = [path for path in (folder / "large").rglob("*.bin")]
    return compared(ROUNDS["large"], lambda: verified(store, ["urn:large"]), lambda: hashed(files))


def small(folder: Path, objects: int) -> dict[str, float]:
    store = store_in(folder, "small")
    files = made(folder / "files", FILES, SMALL, 2)
    names = [f"urn:small:{number}" for number in range(objects)]
    for name in names:
        write(store, name, files)
    kept = [path for path in (folder / "small").rglob("*.bin")]
    return compared(ROUNDS["small"], lambda: verified(store, names), lambda: hashed(kept))


def writing(folder: Path) -> dict[str, float]:
    files = made(folder / "files", FILES, SMALL, 3)
    store = store_in(folder, "written")
    names = iter(f"urn:written:{number}" for number in range(ROUNDS["write"]))
    copies = iter(folder / f"copy{number}" for number in range(ROUNDS["write"]))
    return compared(ROUNDS["write"], lambda: write(store, next(names), files), lambda: copied(files, next(copies)))


def rot(folder: Path, hurt: int, seed: int = 4) -> dict[str, object]:
    chance = random.Random(seed)
    stores = [store_in(folder, name) for name in ("store", "copy", "other")]
    names = [f"urn:rot:{number}" for number in range(max(hurt // 5, 10))]
    for number, name in enumerate(names):
        write(stores[0], name, made(folder / f"files{number}", 6, 2_000, number))
    for target in stores[1:]:
        list(copy_root(stores[0], target))
    before = {file: file.read_bytes() for name in ("store", "copy", "other") for file in (folder / name).rglob("*") if file.is_file()}
    roots = [(chance.choice(("store", "copy", "other")), Path(key)) for key in ROOT_FILES]
    paths = [file.relative_to(folder / file.relative_to(folder).parts[0]) for file in sorted(before)]
    of_packages = [path for path in dict.fromkeys(paths) if path.as_posix() not in ROOT_FILES]
    places = [(place, path) for path in of_packages for place in chance.sample(("store", "copy", "other"), 2)]
    for place, path in [*chance.sample(places, hurt), *roots]:  # of each file of a package one copy at least is good
        file = folder / place / path
        content = bytearray(before[file])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file.chmod(0o644)
        file.write_bytes(content)
    recorded = {name: hashlib.sha256(before[folder / "store" / prefix_of(name) / "inventory.json"]).hexdigest() for name in names}
    aside: list[bytes] = []

    def put_aside(_: ObjectKey, damaged: BinaryIO) -> None:
        aside.append(damaged.read())

    found: Counter[str] = Counter()
    for store in stores:
        StorageRoot(store).ensure()
        found["roots_damaged"] += not check_root(store).is_intact
        found["restored"] += len(repair_root(store, put_aside))
        found["not_whole"] += not check_root(store).is_intact
    for name in names:
        for store in stores:
            verification = StorageRoot(store).verify(name)
            found["damaged"] += not verification.is_intact
            others = [each for each in stores if each is not store]
            done = repair(store, prefix_of(name), others, recorded=recorded[name], put_aside=put_aside)
            found["restored"] += len(done.restored)
            found["not_whole"] += not done.after.is_intact
    after = {file: file.read_bytes() for name in ("store", "copy", "other") for file in (folder / name).rglob("*") if file.is_file()}
    return {"flipped": hurt + len(roots), **found, "kept_aside": len(aside), "all_as_before": after == before}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--large", type=int, default=256)
    parser.add_argument("--objects", type=int, default=20)
    parser.add_argument("--rot", type=int, default=1000)
    options = parser.parse_args(arguments)
    report: dict[str, object] = {"command": " ".join(["python -m tests.bench.bench_fixity", *arguments]), "load": os.getloadavg()[0]}
    measures: dict[str, Callable[[Path], object]] = {
        "write": writing,
        "large": lambda folder: large(folder, options.large),
        "small": lambda folder: small(folder, options.objects),
        "rot": lambda folder: rot(folder, options.rot),
    }
    for name, measure in measures.items():
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            report[name] = measure(Path(folder))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
