"""What starting costs: `python -m tests.bench.bench_start [--rounds N]` prints one JSON value.

Seconds of processor of `archivo search` over an archive that holds a document, beside those of a bare interpreter that imports the library
of its database, in turns. Everything is compiled to bytecode first, as an installation is. `ratio` is of the medians; `goal`, at most.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOAL = 1.6


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"ARCHIVO_HOME": str(home), "PYTHONPATH": str(ROOT)}


def compile_all() -> None:
    """Write the bytecode of the libraries and of the packages."""
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    packages = [str(ROOT / name) for name in ("archivo", "ingest", "search", "preservation")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *libraries, *packages], check=False, stdout=subprocess.DEVNULL)


def seconds(words: Sequence[str], home: Path) -> float:
    """Seconds of processor of one run."""
    child = subprocess.Popen([sys.executable, *words], env=environment(home), stdout=subprocess.DEVNULL)
    _, status, taken = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(words)} ended with {child.returncode}")
    return taken.ru_utime + taken.ru_stime


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    compile_all()
    ways = {"archivo_search": ["-m", "archivo", "search", "acta"], "bare": ["-c", "import sqlalchemy.orm"]}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        document = Path(folder) / "acta.txt"
        document.write_text("Acta de la reunión del comité.", "utf-8")
        line = [sys.executable, "-m", "archivo", "deposit", str(document), "--wait"]
        subprocess.run(line, env=environment(home), check=True, stdout=subprocess.DEVNULL)
        for words in ways.values():
            seconds(words, home)
        for number in range(options.rounds):
            for name in sorted(ways, reverse=bool(number % 2)):
                taken[name].append(seconds(ways[name], home))
    medians = {name: statistics.median(each) for name, each in taken.items()}
    report = {
        "command": " ".join(["python -m tests.bench.bench_start", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "rounds": options.rounds,
        "processor_seconds": {name: round(value, 3) for name, value in medians.items()},
        "ratio": round(medians["archivo_search"] / medians["bare"], 2),
        "goal": GOAL,
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
