"""How long a citizen waits for a search: `python -m tests.bench.bench_http [--documents N] [--queries N] [--home FOLDER]` prints JSON.

A home of its own, filled with made-up documents of two pages (rows and index written directly, as processing would leave them) and a
schedule of some 700 classes, is served by `archivo serve` on 127.0.0.1. One client asks one query after another, each new: by API, by the
page of results, and to the bare engine in this process, in turns, so that a neighbour's load falls on all. `ratio` is to the bare engine.
Processor milliseconds are those of the threads that answer: about what one client waits for on an idle machine.

With `--home` the home is kept in that folder, and used again as it is found there: filling it takes minutes.
"""

import argparse
import gc
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import insert

from archivo.access.policy import CITIZEN, AccessClass, scope
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.identifiers import new_uuid
from archivo.records.indexing import entries_of
from archivo.records.models import Document, DocumentPart, DocumentState, Fonds, Representation
from archivo.retention.models import TrdClass, TrdVersion
from archivo.settings import read_settings
from search.index import Entry, Query
from tests.bench.bench_search import Writer

BATCH = 500
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OFFICES = 4
FONDS = 4
ACCESS = {AccessClass.PUBLICA: 96, AccessClass.CLASIFICADA: 3, AccessClass.RESERVADA: 1}


def fill(archive: Archive, documents: int) -> None:
    """Rows and index entries of `documents` findable documents of some fonds, nine in ten of them published, most of public access."""
    fonds = _fonds_and_schedule(archive)
    chance = random.Random(5)

    def entries() -> Iterator[Entry]:
        written: list[Entry] = []
        for entry in Writer(7).entries(documents):
            if entry.page == 0 and len(written) == 3 * BATCH:
                yield from _keep(archive, fonds, written, chance)
                written = []
            written.append(entry)
        yield from _keep(archive, fonds, written, chance)

    archive.index.rebuild(entries())


def _fonds_and_schedule(archive: Archive) -> list[str]:
    fonds, trd = [new_uuid(NOW) for _ in range(FONDS)], new_uuid(NOW)
    with archive.database.writing() as session:
        session.add_all(Fonds(id=each, code=f"P{n}", name=f"Entidad de prueba {n}", created_at=NOW) for n, each in enumerate(fonds))
        session.flush()
        session.add(
            TrdVersion(
                id=trd, fonds_id=fonds[0], number=1, filename="", sha256="", imported_at=NOW, imported_by="", warnings=[], source=b""
            )
        )
        session.flush()
        codes = [(office, series, sub) for office in range(OFFICES) for series in range(1, 21) for sub in range(1, 10)]
        for position, (office, series, sub) in enumerate(codes):
            session.add(
                TrdClass(
                    id=new_uuid(NOW),
                    trd_id=trd,
                    position=position,
                    office_code=f"{office}",
                    office=f"Oficina {office}",
                    code=f"{series}.{sub}",
                    series_code=f"{series}",
                    series=f"Serie {series}",
                    subseries_code=f"{series}.{sub}",
                    subseries=f"Subserie {sub}",
                    types=["Oficio", "Informe", "Acta"],
                    procedure="Se conserva la totalidad por su valor para la historia de la entidad. " * 8,
                    norms=[],
                )
            )
    return fonds


def _keep(archive: Archive, fonds: Sequence[str], written: Sequence[Entry], chance: random.Random) -> Iterator[Entry]:
    """Insert the rows of some documents, and give their entries as the archive would make them."""
    documents, parts = [], []
    entries: list[Entry] = []
    for at in range(0, len(written), 3):
        first = written[at]
        document = _document(chance.choice(fonds), first, published=chance.random() < 0.9)
        (document.access,) = chance.choices([*ACCESS], [*ACCESS.values()])
        pages = [
            DocumentPart(document_id=document.id, number=one.page, kind="page", text=one.body, source="embedded", width=612.0, height=792.0)
            for one in written[at + 1 : at + 3]
        ]
        documents.append(document)
        parts += pages
        entries += entries_of(document, pages, first.facets["series"])
    with archive.database.writing() as session:
        for model, rows in ((Document, documents), (DocumentPart, parts)):
            names = [column.key for column in model.__table__.columns]
            given = [{name: getattr(row, name) for name in names if getattr(row, name) is not None} for row in rows]
            session.execute(insert(model), given)
        originals = [{"document_id": d.id, "role": "original", "path": "original/data", "sha256": d.sha256, "size": 1} for d in documents]
        session.execute(insert(Representation), originals)
    return iter(entries)


def _document(fonds: str, first: Entry, *, published: bool) -> Document:
    year = f"{first.years[0]}"
    return Document(
        id=new_uuid(NOW),
        fonds_id=fonds,
        state=DocumentState.FINDABLE,
        title=first.title,
        title_source="person",
        description=first.description,
        date=year,
        begins_on=f"{year}-01-01",
        ends_on=f"{year}-12-31",
        document_type=first.facets["type"][0],
        number=first.own.rpartition(" ")[2],
        access=AccessClass.PUBLICA,
        published=published,
        filename=f"{first.document}.pdf",
        size=1,
        sha256="0" * 64,
        received_at=NOW,
        received_by="bench",
        part_count=2,
        version=1,
        sealed_version=1,
        ocfl_version=0,  # no package is there to be read again at night
        proposals={},
    )


class Client:
    """One connection kept open to the server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, address: str) -> bytes:
        self._connection.request("GET", address)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{address}: {answer.status} {body[:300]!r}")
        return body


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(home: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start the server on a port of 127.0.0.1, its log in the home, and wait until it answers."""
    line = [sys.executable, "-m", "archivo", "serve", "--port", f"{port}"]
    with (home / f"{port}.log").open("wb") as log:
        server = subprocess.Popen(line, env=os.environ | {"ARCHIVO_HOME": str(home)}, stdout=log, stderr=log)
    for _ in range(600):
        if server.poll() is not None:
            sys.exit("the server ended")
        try:
            Client(port).get("/")
        except OSError:
            time.sleep(0.2)
        else:
            return server
    sys.exit("the server does not answer")


def processor(pid: int) -> dict[str, float]:
    """Milliseconds of processor that each thread of a process has had (Linux)."""
    return {each.parent.name: int(each.read_text().split()[0]) / 1e6 for each in Path(f"/proc/{pid}/task").glob("*/schedstat")}


def background(pid: int) -> set[str]:
    """The threads of a process that work while nobody asks it anything."""
    time.sleep(1)
    before = processor(pid)
    time.sleep(3)
    return {thread for thread, had in processor(pid).items() if had - before.get(thread, 0) > 3}


def measure(archive: Archive, client: Client, server: int, queries: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of each way, for each query, by the clock and of processor; the first ones warm up and are left out."""
    scopes = scope(CITIZEN)
    ways: dict[str, tuple[Callable[[str], object], int]] = {
        "api": (lambda text: client.get(f"/api/v1/search?{urlencode({'q': text})}"), server),
        "page": (lambda text: client.get(f"/buscar?{urlencode({'q': text})}"), server),
        "engine": (lambda text: archive.index.search(Query(text), scope=scopes), os.getpid()),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    order = random.Random(3)
    besides = background(server)
    gc.freeze()  # as the server does: what is loaded is not looked through again while the engine answers
    for number, text in enumerate(queries):
        for name in order.sample(sorted(ways), len(ways)):
            ask, pid = ways[name]
            before, begun = processor(pid), time.perf_counter()
            ask(text)
            waited = (time.perf_counter() - begun) * 1000
            if number >= len(queries) // 20:
                worked = sum(had - before.get(thread, 0) for thread, had in processor(pid).items() if thread not in besides)
                times[name].append((waited, worked))
    return times


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    places = {"p50": len(ordered) // 2, "p95": len(ordered) * 95 // 100, "max": len(ordered) - 1}
    return {name: round(ordered[at], 2) for name, at in places.items()}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=330)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args(arguments)
    writer = Writer(21)
    queries = list(dict.fromkeys(writer.query() for _ in range(options.queries)))
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        filled = home.exists()
        with opened(read_settings({"ARCHIVO_HOME": str(home)})) as archive:
            if not filled:
                fill(archive, options.documents)
            port = free_port()
            server = serve(home, port)
            try:
                times = measure(archive, Client(port), server.pid, queries)
            finally:
                server.terminate()
                server.wait()
    spreads = {name: spread([waited for waited, _ in taken]) for name, taken in times.items()}
    report = {
        "command": " ".join(["python -m tests.bench.bench_http", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "documents": options.documents,
        "queries": len(times["api"]),
        "milliseconds": spreads,
        "processor_milliseconds": {name: spread([worked for _, worked in taken]) for name, taken in times.items()},
        "ratio": {f"{name}_{at}": round(spreads[name][at] / spreads["engine"][at], 2) for name in ("api", "page") for at in ("p50", "p95")},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
