"""A long scan from its deposit until it is found, its worker killed half-way: `python -m tests.bench.bench_scan [--pages 5000]`.

The pages are index cards of one line, so that 5,000 take minutes: what is measured is whether a document of many pages comes whole through
ranges, copy, package and index, and the memory (VmHWM) that it takes. Meanwhile another document is deposited and must not wait for it.
Prints one JSON value; exits 1 when a page, a copy or a hit is missing, or something was done twice.
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import img2pdf
import pypdfium2
from PIL import Image, ImageDraw

from archivo.records.packaging import ACCESS_COPY
from tests.bench.bench_memory import Watch, archivo
from tests.corpus.pages import font
from tests.corpus.renderings import encode

CARD = (1000, 400)
DPI = 240
PATIENCE = 3 * 3600.0


def card(number: int) -> bytes:
    """An index card with one line of its own, in two tones."""
    image = Image.new("1", CARD, 1)
    pen = ImageDraw.Draw(image)
    pen.text((80, 160), f"Ficha {number:05} del kardex", fill=0, font=font("sans", 60))
    image.info["dpi"] = (DPI, DPI)
    return encode(image)[0]


@dataclass(frozen=True, slots=True)
class Home:
    """What the tables of a home say, read while others write them."""

    folder: Path

    def one(self, question: str, *values: object) -> Any:
        with closing(sqlite3.connect(f"file:{self.folder / 'archivo.db'}?mode=ro", uri=True, timeout=60)) as base:
            return base.execute(question, values).fetchone()[0]

    def state(self, document_id: str) -> str:
        return str(self.one("select state from document where id = ?", document_id))

    def wait(self, true: Callable[[], bool]) -> float:
        """Seconds until something is so. Exits when it never is."""
        begun = time.perf_counter()
        while not true():
            if time.perf_counter() - begun > PATIENCE:
                sys.exit("it never came to an end")
            time.sleep(0.5)
        return time.perf_counter() - begun

    def deposit(self, path: Path) -> str:
        return str(json.loads(archivo(self.folder, "deposit", path, "--json"))["id"])


@dataclass(slots=True)
class Worker:
    """A worker of the home and the look at it."""

    home: Path
    process: "subprocess.Popen[bytes] | None" = None
    watch: Watch | None = None
    used: float = 0.0

    def start(self) -> None:
        line = [sys.executable, "-m", "archivo", "worker"]
        self.used = spent()
        self.process = subprocess.Popen(line, env=os.environ | {"ARCHIVO_HOME": str(self.home)})
        self.watch = Watch(self.process.pid, self.home)
        threading.Thread(target=self.watch.run, daemon=True).start()

    def end(self, *, suddenly: bool) -> dict[str, float]:
        """What it took; the processor seconds of a killed worker's children are nobody's to count."""
        assert self.process is not None
        assert self.watch is not None
        self.watch.stop.set()
        if suddenly:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait()
        found = {"peak_mib": round(self.watch.own, 1), "largest_child_mib": round(max(self.watch.others.values(), default=0.0), 1)}
        return found if suddenly else {**found, "cpu_seconds": round(spent() - self.used, 1)}


def spent() -> float:
    """Processor seconds of the processes started here that have ended, and of theirs."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def worked(home: Home, scan: Path, small: Path, pages: int) -> dict[str, Any]:
    """The scan through two workers, the first one killed half-way, and the small document beside it."""
    document_id = home.deposit(scan)
    worker = Worker(home.folder)
    worker.start()
    begun = time.perf_counter()
    home.wait(lambda: int(home.one("select count(*) from recognised_page")) >= pages // 2)
    killed = {**worker.end(suddenly=True), "seconds": round(time.perf_counter() - begun, 1)}
    done_before = int(home.one("select count(*) from recognised_page"))
    worker.start()
    begun = time.perf_counter()
    other = home.deposit(small)
    small_seconds = home.wait(lambda: home.state(other) == "findable")
    scan_state = home.state(document_id)
    home.wait(lambda: home.state(document_id) in ("findable", "failed"))
    fresh = {**worker.end(suddenly=False), "seconds": round(time.perf_counter() - begun, 1)}
    return {
        "state": home.state(document_id),
        "id": document_id,
        "pages_before_the_kill": done_before,
        "small_findable_after_seconds": round(small_seconds, 1),
        "scan_was_then": scan_state,
        "killed_worker": killed,
        "fresh_worker": fresh,
    }


def checked(home: Home, document_id: str, pages: int) -> dict[str, bool]:
    """What must hold of the document at the end."""
    number = max(1, pages - 3)
    found = json.loads(archivo(home.folder, "search", f'"{number:05} del kardex"', "--as", "ana", "--json"))
    read = home.one("select count(*) from document_part where document_id = ? and text like 'Ficha % del kardex'", document_id)
    [copy] = (home.folder / "store").rglob(ACCESS_COPY)
    with closing(pypdfium2.PdfDocument(copy)) as document:
        copied, line = len(document), document[number - 1].get_textpage().get_text_range()
    return {
        "findable": home.state(document_id) == "findable",
        "nearly_every_page_read": int(read) >= 0.99 * pages,
        "every_page_once": home.one("select count(*) from document_part where document_id = ?", document_id) == pages,
        "copy_whole": copied == pages and f"{number:05}" in line,
        "page_found": any(hit["page"] == number for hit in found["hits"]),
        "nothing_left_over": home.one("select count(*) from recognised_page") == 0,
        "no_job_failed": home.one("select count(*) from job where state = 'failed'") == 0,
        "store_whole": json.loads(archivo(home.folder, "verify", document_id, "--json"))["ok"] == 1,
    }


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=5_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scan, small = folder / "kardex.pdf", folder / "nota.txt"
        scan.write_bytes(img2pdf.convert([card(number) for number in range(1, options.pages + 1)]))
        small.write_text("Nota breve sobre el puente de la quebrada.\n", "utf-8")
        home = Home(folder / "home")
        archivo(home.folder, "user", "create", "ana", "--role", "archivist", "--password-stdin", stdin=b"una clave larga para medir")
        figures = worked(home, scan, small, options.pages)
        checks = checked(home, figures["id"], options.pages) if figures["state"] == "findable" else {"findable": False}
        size = scan.stat().st_size
    report = {
        "command": " ".join(["python -m tests.bench.bench_scan", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "pages": options.pages,
        "file_mib": round(size / (1 << 20), 1),
        **figures,
        "checks": checks,
    }
    print(json.dumps(report, indent=1))
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
