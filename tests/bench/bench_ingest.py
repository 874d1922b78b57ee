"""How fast files become findable: `python -m tests.bench.bench_ingest [--files N] [--threads N] [--folder F]` prints one JSON value.

One-page documents born digital, a quarter each PDF, DOCX, EML and TXT, all different, with a retention schedule loaded. Two ways: the use
cases in this process, and the command line, start included. Beside them, in the same run and with the same files, what no archive can do
without: keeping the bytes (write, SHA-256, fsync of file and folder) and reading the text (scan, identify, validate, extract).
`ratio_to_parts` is the time of both of these over the time of the whole. `processor`: seconds of processor of the process that received
and worked the files, without its children; on a machine that does other things it tells more than the clock.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from textwrap import wrap

from docx import Document

from archivo.access.policy import custody
from archivo.assembly import opened
from archivo.demo import TRD
from archivo.intake.services import Upload, deposit
from archivo.records.models import Document as DocumentRow
from archivo.settings import read_settings
from archivo.worker import work_until_done
from ingest.tools.process import ToolBox
from tests.bench.bench_extract import taken
from tests.bench.bench_search import Writer
from tests.bench.bench_store import write_durably
from tests.ingest import made


def pdf(text: str) -> bytes:
    return made.pdf(["\n".join(wrap(text, 80)[:44])])


def docx(text: str) -> bytes:
    document, out = Document(), io.BytesIO()
    for paragraph in wrap(text, 600):
        document.add_paragraph(paragraph)
    document.save(out)
    return out.getvalue()


def eml(text: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Ana Pérez <ana@example.org>", "archivo@example.org"
    message["Subject"], message["Date"] = text[:60].replace("\n", " "), "Tue, 05 May 2020 10:00:00 -0500"
    message.set_content(text)
    return message.as_bytes()


def txt(text: str) -> bytes:
    return text.encode()


KINDS: Sequence[Callable[[str], bytes]] = (pdf, docx, eml, txt)


def write_files(folder: Path, count: int, seed: int) -> list[Path]:
    """The documents to keep; each is different."""
    folder.mkdir()
    pages = (entry.body for entry in Writer(seed).entries(count, 1) if entry.page)
    paths = []
    for number, text in enumerate(pages):
        kind = KINDS[number % len(KINDS)]
        paths.append(folder / f"{number:04}.{kind.__name__}")
        paths[-1].write_bytes(kind(text))
    return paths


def keeping(paths: Sequence[Path], folder: Path) -> float:
    """Seconds to write these bytes, digest them and bring file and name to the disk, and nothing else."""
    folder.mkdir()
    begun = time.perf_counter()
    for path in paths:
        write_durably(folder / path.name, [path.read_bytes()])
    return time.perf_counter() - begun


def reading(paths: Sequence[Path], threads: int) -> float:
    """Seconds to take the text of these files, the children already warm."""
    tools = ToolBox(size=threads)
    try:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda path: taken(path, path.name, tools), paths[:8]))
            begun = time.perf_counter()
            list(pool.map(lambda path: taken(path, path.name, tools), paths))
            return time.perf_counter() - begun
    finally:
        tools.close()


def command(home: Path, *words: str | Path) -> str:
    """Run `archivo` in a home of its own."""
    environment = os.environ | {"ARCHIVO_HOME": str(home)}
    line = [sys.executable, "-m", "archivo", *map(str, words)]
    return subprocess.run(line, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def processor() -> float:
    """Seconds of processor that this process and its ended children have taken."""
    return sum(taken.ru_utime + taken.ru_stime for taken in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def in_process(paths: Sequence[Path], warm: Sequence[Path], home: Path, threads: int) -> dict[str, float]:
    """Seconds of deposit() and then of work_until_done(), in a process that has already worked some documents."""
    command(home, "trd", "import", TRD)
    with opened(read_settings({"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": str(threads)})) as archive:
        actor = custody("bench")

        def receive(path: Path) -> str:
            with path.open("rb") as content:
                return deposit(archive, actor, Upload(content, path.name)).id

        work_until_done(archive, {receive(path) for path in warm}, threads=threads)
        own = time.process_time()
        begun = time.perf_counter()
        received = [receive(path) for path in paths]
        between = time.perf_counter()
        work_until_done(archive, set(received), threads=threads)
        ended = time.perf_counter()
        own = time.process_time() - own
        with archive.reading() as session:
            states = {session.get_one(DocumentRow, one).state for one in received}
        if states != {"findable"}:
            sys.exit(f"not all is findable: {states}")
    return {"deposit": between - begun, "work": ended - between, "total": ended - begun, "processor": own}


def by_command(folder: Path, home: Path) -> dict[str, float]:
    """Seconds of `archivo deposit FOLDER --wait`, from its start to its end, and those of processor, its children's included."""
    command(home, "trd", "import", TRD)
    begun, worked = time.perf_counter(), processor()
    lines = command(home, "deposit", folder, "--wait", "--json").splitlines()
    seconds = {"command": time.perf_counter() - begun, "command_processor": processor() - worked}
    states = {json.loads(line)["state"] for line in lines}
    if states != {"findable"}:
        sys.exit(f"not all is findable: {states}")
    return seconds


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to work; by default the system's temporary folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        work = Path(name)
        paths = write_files(work / "files", options.files, 11)
        warm = write_files(work / "warm", 8, 12)
        kept, read = keeping(paths, work / "kept"), reading(paths, options.threads)
        ours = in_process(paths, warm, work / "home", options.threads)
        whole = by_command(work / "files", work / "command")
        kept = (kept + keeping(paths, work / "kept again")) / 2
    seconds = {"keeping": kept, "reading": read, **ours, **whole}
    report = {
        "command": " ".join(["python -m tests.bench.bench_ingest", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "files": len(paths),
        "threads": options.threads,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "files_per_second": {name: round(len(paths) / seconds[name], 1) for name in ("keeping", "reading", "total", "command")},
        "ratio_to_parts": {name: round((kept + read) / seconds[name], 3) for name in ("total", "command")},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
