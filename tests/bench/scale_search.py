"""Many readers at once: `python -m tests.bench.scale_search [--documents N] [--readers N …] [--servers N] [--home FOLDER]` prints JSON.

The home of bench_http (made-up documents of two pages, with series, dates and classes of access), served by one or more `archivo serve`;
ARCHIVO_INDEX_URL may name Elasticsearch. `search`: for each number of readers, each of them asks the API one new query after another, with
facets and highlights, in the scope of a citizen. `pages`: the home, the results and a document's page, asked by `--clients` at once. Every
reader asks for `--seconds`. `load`: how fast the home was filled, where it was. Milliseconds by the clock; `peak_mib` is of the servers.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select

from archivo.assembly import opened
from archivo.records.models import Document
from archivo.settings import read_settings
from tests.bench.bench_http import Client, fill, free_port, serve
from tests.bench.bench_search import Writer

DOCUMENTS_SHOWN = 500


@dataclass
class Readers:
    """Readers that ask servers at once, each over its own connection."""

    ports: Sequence[int]
    seconds: float
    _waited: list[float] = field(default_factory=list)

    def ask(self, readers: int, address: Callable[[], str]) -> dict[str, float]:
        """Milliseconds that they waited, and the answers a second."""
        self._waited.clear()
        begun = time.perf_counter()
        crew = [threading.Thread(target=self._read, args=(port, begun, address)) for port, _ in zip(cycle(self.ports), range(readers))]
        for one in crew:
            one.start()
        for one in crew:
            one.join()
        ordered = sorted(self._waited)
        places = {f"p{part}": round(ordered[len(ordered) * part // 100], 1) for part in (50, 95, 99)}
        return {**places, "answers": len(ordered), "a_second": round(len(ordered) / (time.perf_counter() - begun), 1)}

    def _read(self, port: int, begun: float, address: Callable[[], str]) -> None:
        client = Client(port)
        while time.perf_counter() - begun < self.seconds:
            asked = time.perf_counter()
            client.get(address())
            self._waited.append((time.perf_counter() - asked) * 1000)


def queries() -> Iterator[str]:
    """New queries without end."""
    for seed in count(1000):
        writer = Writer(seed)
        yield from {writer.query() for _ in range(200)}


def safe(source: Iterator[str]) -> Callable[[], str]:
    """The next one, for many threads."""
    lock = threading.Lock()

    def following() -> str:
        with lock:
            return next(source)

    return following


def peak(pid: int) -> float:
    """The most memory that a process has had resident, in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024, 1)
    raise ValueError("not a process")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args(arguments)
    report: dict[str, object] = {
        "command": " ".join(["python -m tests.bench.scale_search", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "documents": options.documents,
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = options.home or Path(folder) / "home"
        given = {name: os.environ[name] for name in ("ARCHIVO_INDEX_URL", "ARCHIVO_DATABASE_URL") if name in os.environ}
        filled = home.exists()
        with opened(read_settings({"ARCHIVO_HOME": str(home), **given})) as archive:
            if not filled:
                begun = time.perf_counter()
                fill(archive, options.documents)
                report["load"] = {"documents_a_second": round(options.documents / (time.perf_counter() - begun), 1)}
            with archive.reading() as session:
                shown = list(session.scalars(select(Document.id).where(Document.published).limit(DOCUMENTS_SHOWN)))
        report["index_mib"] = round(sum(each.stat().st_size for each in (home / "index").rglob("*") if each.is_file()) / 2**20, 1)
        ports = [free_port() for _ in range(options.servers)]
        servers = []
        for port in ports:
            servers.append(serve(home, port))
            stack.callback(servers[-1].wait)
            stack.callback(servers[-1].terminate)
        readers = Readers(ports, options.seconds)
        text, document = safe(queries()), safe(cycle(shown))
        searching = {f"{number}": readers.ask(number, lambda: f"/api/v1/search?{urlencode({'q': text()})}") for number in options.readers}
        pages = {
            "home": lambda: "/",
            "results": lambda: f"/buscar?{urlencode({'q': text()})}",
            "document": lambda: f"/documentos/{document()}",
        }
        report |= {
            "search": searching,
            "pages": {name: readers.ask(options.clients, address) for name, address in pages.items()},
            "peak_mib": [peak(server.pid) for server in servers],
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
