"""Files a second through scan, identify, validate and extract: `python -m tests.bench.bench_extract [--files N] [--threads N] [--pages N]`.

Prints one JSON value: for one-page PDFs, DOCX and EML with a PDF attached, files a second; for one long PDF, pages a second, and the memory
that its parts take in this process. All documents are born digital and made here, each different.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ingest.pipeline import run
from ingest.step import Workspace
from ingest.steps.extract import Extract
from ingest.steps.identify import Identify
from ingest.steps.scan import Scan
from ingest.steps.validate import Validate
from ingest.tools.process import ToolBox
from tests.ingest import made

STEPS = (Scan(), Identify(), Validate(), Extract())


def page(number: int) -> str:
    return "\n".join(f"Oficio {number}, renglón {line}: {made.SPANISH[:70]}" for line in range(45))


def pdf(number: int) -> bytes:
    return made.pdf([page(number)])


def docx(_: int) -> bytes:
    return made.docx()


def eml(number: int) -> bytes:
    return made.eml([("oficio.pdf", "application/pdf", pdf(number))], body=page(number))


def taken(original: Path, filename: str, tools: ToolBox) -> Workspace:
    with tempfile.TemporaryDirectory() as folder:
        work = Workspace(Path(folder), original, filename, tools)
        run(work, STEPS, clock=lambda: datetime.now(UTC))
    if not any(part.text for part in work.parts):
        sys.exit(f"{filename} gave no text: {[finding.code for finding in work.findings]}")
    return work


def rate(make: Callable[[int], bytes], suffix: str, files: int, threads: int, folder: Path, tools: ToolBox) -> float:
    """Files a second; two go first, so that the children are warm."""
    originals = []
    for number in range(files + 2):
        original = folder / f"{number}{suffix}"
        original.write_bytes(make(number))
        originals.append(original)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda original: taken(original, original.name, tools), originals[:2]))
        begun = time.perf_counter()
        list(pool.map(lambda original: taken(original, original.name, tools), originals[2:]))
        return round(files / (time.perf_counter() - begun), 1)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pages", type=int, default=500)
    options = parser.parse_args(arguments)
    tools = ToolBox(size=options.threads)
    results: dict[str, float] = {"threads": options.threads}
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for kind in (pdf, docx, eml):
                results[f"{kind.__name__}_files_per_second"] = rate(
                    kind, f".{kind.__name__}", options.files, options.threads, folder, tools
                )
            long = folder / "long.pdf"
            long.write_bytes(made.pdf([page(number) for number in range(options.pages)]))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            begun = time.perf_counter()
            work = taken(long, long.name, tools)
            results["long_pdf_pages"] = len(work.parts)
            results["long_pdf_pages_per_second"] = round(len(work.parts) / (time.perf_counter() - begun), 1)
            results["long_pdf_memory_mib"] = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)
    finally:
        tools.close()
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
