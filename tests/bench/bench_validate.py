"""What judging packages costs beside others' validators and beside a bare loop: `python -m tests.bench.bench_validate [FOLDER]`.

Prints one JSON value: seconds of each way over the same files, and the ratios that are asked for. Each way runs in a process of its own and
takes turns with the others, in an order that changes each round, so that caches and a neighbour's load fall on all.
"""

import hashlib
import json
import logging
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

OBJECTS, BAG_FILES, FILE_SIZE, ROUNDS = 1000, 20_000, 2000, 5


def judge_objects(folder: Path) -> None:
    """A storage root of small objects, by our validator."""
    from preservation.validation.ocfl_root import validate_root
    from preservation.validation.trees import FolderTree

    report = validate_root(FolderTree(folder))
    assert report.valid, report.findings[:3]


def judge_objects_with_ocfl_py(folder: Path) -> None:
    from ocfl.storage_root import StorageRoot

    root = StorageRoot(root=str(folder))
    assert root.validate(log_warnings=False)
    assert root.num_objects == root.good_objects == OBJECTS


def judge_bag(folder: Path) -> None:
    """A bag of small files, by our validator."""
    from preservation.validation.bagit_check import validate_bag
    from preservation.validation.trees import FolderTree

    report = validate_bag(FolderTree(folder)).report
    assert report.findings == (), report.findings[:3]


def judge_bag_with_bagit_python(folder: Path) -> None:
    import bagit

    logging.disable()
    bagit.Bag(str(folder)).validate()


def bare_loop(folder: Path) -> None:
    """Every file below a folder read and digested, and nothing else."""
    digested = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:  # noqa: PTH118, PTH123 - as bare as can be
                digested += bool(hashlib.sha512(file.read()).hexdigest())
    assert digested > BAG_FILES


WAYS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "objects": ("root", judge_objects),
    "objects_ocfl_py": ("root", judge_objects_with_ocfl_py),
    "bag": ("bag", judge_bag),
    "bag_bagit_python": ("bag", judge_bag_with_bagit_python),
    "bag_bare_loop": ("bag", bare_loop),
}


def prepare(folder: Path) -> None:
    """A root of OBJECTS objects of three versions and a bag of BAG_FILES files, whose bytes no two share."""
    from preservation.bagit import write_bag
    from tests.preservation.ocfl_root_damages import MadeRoot

    root = MadeRoot(folder / "root")
    for number in range(3, OBJECTS + 1):
        root.add(f"urn:example:{number}")
    (folder / "root/ocfl_layout.json").unlink()  # ocfl-py refuses a layout that it does not implement
    source = random.Random(1)
    (folder / "source").write_bytes(source.randbytes(FILE_SIZE))
    data = (folder / "source").read_bytes()

    def opened(number: int) -> Callable[[], BinaryIO]:
        return lambda: BytesIO(number.to_bytes(4, "big") + data)

    write_bag(folder / "bag", [(f"{number // 200:03d}/{number:05d}.bin", opened(number)) for number in range(BAG_FILES)])


def measured(way: str, folder: Path) -> dict[str, float]:
    """What one way takes in a process of its own, imports apart: seconds by the clock and of the processor, and its most memory in MiB."""
    words = [sys.executable, "-m", "tests.bench.bench_validate", "--way", way, str(folder)]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    answer: dict[str, float] = json.loads(told.splitlines()[-1])
    return answer


def run_way(way: str, folder: Path) -> None:
    where, act = WAYS[way]
    import bagit
    import ocfl.storage_root

    import preservation.validation.bagit_check
    import preservation.validation.ocfl_root

    assert all((bagit, ocfl.storage_root, preservation.validation.bagit_check, preservation.validation.ocfl_root))
    begun, worked = time.perf_counter(), time.process_time()
    act(folder / where)
    taken = {"clock": time.perf_counter() - begun, "processor": time.process_time() - worked}
    print(json.dumps({**taken, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


def main(where: Path | None) -> dict[str, object]:
    folder = Path(tempfile.mkdtemp(dir=where))
    try:
        prepare(folder)
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for number in range(ROUNDS + 1):
            for way in random.Random(number).sample(sorted(WAYS), len(WAYS)):
                answer = measured(way, folder)
                if number:  # the first round warms the caches
                    runs[way].append(answer)
    finally:
        shutil.rmtree(folder)
    answers: dict[str, object] = {"objects": OBJECTS, "bag_files": BAG_FILES, "rounds": ROUNDS}
    for clock in ("clock", "processor"):
        medians = {way: statistics.median(run[clock] for run in taken) for way, taken in runs.items()}
        answers[clock] = {
            "seconds": {way: round(taken, 3) for way, taken in medians.items()},
            "objects_faster_than_ocfl_py": round(medians["objects_ocfl_py"] / medians["objects"], 2),
            "bag_faster_than_bagit_python": round(medians["bag_bagit_python"] / medians["bag"], 2),
            "bag_of_bare_loop": round(medians["bag_bare_loop"] / medians["bag"], 2),
        }
    answers["mib"] = {way: max(run["mib"] for run in taken) for way, taken in runs.items()}
    return answers


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        run_way(sys.argv[2], Path(sys.argv[3]))
    else:
        print(json.dumps(main(Path(sys.argv[1]) if sys.argv[1:] else None), indent=1))
