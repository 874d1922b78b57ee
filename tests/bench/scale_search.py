"""Many readers at once: `python -m tests.bench.scale_search [--documents N] [--readers N …] [--servers N] [--home FOLDER]` prints JSON.

The home of bench_http (made-up documents of two pages, with fonds, series, dates and classes of access), served by one or more `archivo
serve`; ARCHIVO_INDEX_URL may name Elasticsearch. Milliseconds by the clock; every search has facets and highlights, in the scope of a
citizen, and no two are of the same words.

`one_reader`: each of `--queries` by the API, and then its tree alone by the bare engine of the same index; `ratio` is of the API to it.
`processor`: of the process that serves and of the one that asks the bare engine, an Elasticsearch's not counted.
`search`: for each number of readers, each of them asks the API one query after another. `by_page`: the first page of what is found, and
later ones. `pages`: the home, the results and a document's page, asked by `--clients` at once. What is asked by readers is asked for
`--seconds`. `load`: how fast the home was filled, where it was. `peak_mib` is of the filling and of the servers.

A home that `--home` names is kept, and used again as it is found there, with the index it was filled with.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select

from archivo.access.policy import CITIZEN, AccessClass, scope
from archivo.assembly import opened
from archivo.records.models import Document
from archivo.settings import Settings, read_settings
from search.index import Listed
from tests.bench.bare import Bare, BareElastic, BareTantivy
from tests.bench.bench_http import Client, fill, free_port, processor, serve
from tests.bench.bench_search import WORDS, Writer
from tests.elastic_servers import ElasticServer

DOCUMENTS_SHOWN = 500
WARMING = 20
FOUND_PAGES = (1, 2, 10, 100, 1000)
ASKED_OF_A_PAGE = 40


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
        return {**spread(self._waited), "a_second": round(len(self._waited) / (time.perf_counter() - begun), 1)}

    def _read(self, port: int, begun: float, address: Callable[[], str]) -> None:
        client = Client(port)
        while time.perf_counter() - begun < self.seconds:
            asked = time.perf_counter()
            client.get(address())
            self._waited.append((time.perf_counter() - asked) * 1000)


def spread(milliseconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {**{f"p{part}": round(ordered[len(ordered) * part // 100], 1) for part in (50, 95, 99)}, "answers": len(ordered)}


def timed(ask: Callable[[], object]) -> float:
    """The milliseconds it takes."""
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def search(text: str, page: int = 1) -> str:
    return f"/api/v1/search?{urlencode({'q': text, 'offset': 10 * (page - 1)})}"


def one_reader(client: Client, server: int, bare: Bare, texts: Sequence[str]) -> dict[str, object]:
    """Each query through HTTP and then bare: who comes second has the advantage of what the first one brought into memory."""
    times: dict[str, list[float]] = {}
    worked: dict[str, list[float]] = {}
    for number, text in enumerate(texts):
        before = sum(processor(server).values())
        taken = {"api": timed(partial(client.get, search(text)))}
        work = {"api": sum(processor(server).values()) - before}
        for name, ask in bare.ways(text, scope(CITIZEN)).items():
            started = time.thread_time()
            taken[name] = timed(ask)
            work[name] = (time.thread_time() - started) * 1000
        if number >= WARMING and len(taken) > 1:
            for name, milliseconds in taken.items():
                times.setdefault(name, []).append(milliseconds)
                worked.setdefault(name, []).append(work[name])
    spreads = {name: spread(each) for name, each in times.items()}
    ratio = {
        f"to_{name}": {part: round(spreads["api"][part] / each[part], 2) for part in ("p50", "p95", "p99")}
        for name, each in spreads.items()
        if name != "api"
    }
    return {**spreads, "ratio": ratio, "processor": {name: spread(each) for name, each in worked.items()}}


def by_page(client: Client, seed: int = 3) -> dict[str, dict[str, float]]:
    """Common words, the first page of what they find and later ones, in turns."""
    chance = random.Random(seed)
    times: dict[str, list[float]] = {f"{page}": [] for page in FOUND_PAGES}
    for _ in range(ASKED_OF_A_PAGE):
        for page in FOUND_PAGES:
            address = search(" ".join(chance.sample(WORDS, 2)), page)
            times[f"{page}"].append(timed(partial(client.get, address)))
    return {page: spread(each) for page, each in times.items()}


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


def prepared(settings: Settings, documents: int, report: dict[str, object]) -> list[str]:
    """Fill the home if it is new, and note how fast; some documents that citizens may see."""
    filled = settings.home.exists()
    with opened(settings) as archive:
        if not filled:
            if isinstance(archive.index, Listed) and any(True for _ in archive.index.documents()):
                sys.exit("the index has documents already: it would be replaced")
            begun, worked = time.perf_counter(), time.process_time()
            fill(archive, documents)
            taken = time.perf_counter() - begun
            report["load"] = {
                "documents_a_second": round(documents / taken, 1),
                "seconds": round(taken),
                "processor_seconds": round(time.process_time() - worked),
            }
        public = (Document.published, Document.access == AccessClass.PUBLICA)
        with archive.reading() as session:
            return list(session.scalars(select(Document.id).where(*public).limit(DOCUMENTS_SHOWN)))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--queries", type=int, default=400)
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
        settings = read_settings({"ARCHIVO_HOME": str(home), **given})
        shown = prepared(settings, options.documents, report)
        server, _, prefix = given.get("ARCHIVO_INDEX_URL", "").rpartition("/")
        bare = BareElastic(settings.index_url) if prefix else BareTantivy(home / "index")
        if prefix and not options.home:
            stack.callback(ElasticServer(server).forget, settings.index_url)
        report["index_mib"] = round(bare.bytes() / 2**20, 1)
        ports = [free_port() for _ in range(options.servers)]
        servers = []
        for port in ports:
            servers.append(serve(home, port))
            stack.callback(servers[-1].wait)
            stack.callback(servers[-1].terminate)
        readers = Readers(ports, options.seconds)
        text, document = safe(queries()), safe(cycle(shown))
        report["one_reader"] = one_reader(Client(ports[0]), servers[0].pid, bare, [text() for _ in range(options.queries + WARMING)])
        report["search"] = {f"{number}": readers.ask(number, lambda: search(text())) for number in options.readers}
        report["by_page"] = by_page(Client(ports[0]))
        pages = {
            "home": lambda: "/",
            "results": lambda: f"/buscar?{urlencode({'q': text()})}",
            "document": lambda: f"/documentos/{document()}",
        }
        report["pages"] = {name: readers.ask(options.clients, address) for name, address in pages.items()}
        report["peak_mib"] = {"filling": peak(os.getpid()), "servers": [peak(server.pid) for server in servers]}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
