"""What the web bears: `python -m tests.bench.bench_web [--documents N] [--clients N] [--processes N] [--home FOLDER]` prints JSON.

The home of bench_http, where the documents that answer have the places of their words, as those of a PDF do, and some documents received
and processed as any other, is served by `archivo serve`, one process or more of one home. Clients, one a thread with its own connection,
each ask for the next page as soon as the last came, as citizens without anything kept: the home; results, each of another query; records,
each opened with other words. In rounds, so that a neighbour's load falls on all. `processor_ms`: of the servers, for each request; on a
machine that does other things it tells more than the clock.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from io import BytesIO
from itertools import cycle
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlencode

from sqlalchemy import select, update

from archivo.access.policy import CITIZEN, custody, scope
from archivo.archive import Archive
from archivo.assembly import opened
from archivo.demo import TRD
from archivo.identifiers import urn
from archivo.intake.services import Metadata, Upload, deposit
from archivo.records.models import Document, DocumentPart
from archivo.retention.services import import_trd
from archivo.settings import read_settings
from archivo.worker import work_until_done
from ingest import alto
from ingest.step import Part, PartKind, TextSource, Word
from search.index import Query
from tests.bench.bench_http import Client, fill, free_port, processor, serve, spread
from tests.bench.bench_ingest import pdf
from tests.bench.bench_search import WORDS, Writer

ALTO = "alto/00001-00002.xml"
ROUNDS = 4
ACTOR = custody("bench")


def prepare(archive: Archive, documents: int, records: int) -> None:
    """Fill the archive, and have it receive and process `records` documents besides."""
    fill(archive, documents)
    import_trd(archive, ACTOR, TRD.read_bytes(), TRD.name)
    texts = (entry.body for entry in Writer(9).entries(records, 1) if entry.page)
    public = Metadata(published=True)
    work_until_done(archive, {deposit(archive, ACTOR, Upload(BytesIO(pdf(text)), f"{n}.pdf", public)).id for n, text in enumerate(texts)})


def place_words(archive: Archive, queries: Sequence[str]) -> None:
    """Give the documents that answer a package with their words' places, as the chain does of a PDF."""
    found = {hit.document for text in queries for hit in archive.index.search(Query(text), scope=scope(CITIZEN)).hits}
    with archive.reading() as session:
        bare = select(DocumentPart).where(DocumentPart.document_id.in_(found), DocumentPart.alto.is_(None), DocumentPart.width.is_not(None))
        pages: dict[str, list[DocumentPart]] = {}
        for part in session.scalars(bare):
            pages.setdefault(part.document_id, []).append(part)
    for document_id, parts in pages.items():
        with archive.packages.new_version(urn(document_id), base=None) as writer:
            writer.put_bytes(ALTO, alto.dump([_placed(part) for part in parts]))
            writer.commit("", "bench", "", archive.clock())
    with archive.database.writing() as session:
        session.execute(update(DocumentPart).where(DocumentPart.document_id.in_(pages)).values(alto=ALTO))


def _placed(part: DocumentPart) -> Part:
    """The page with its words in lines of ten."""
    words = tuple(
        Word(text, 100.0, 50 + at % 10 * 50, 50 + at // 10 * 12, 95 + at % 10 * 50, 60 + at // 10 * 12)
        for at, text in enumerate(part.text.split())
    )
    return Part(part.number, PartKind.PAGE, part.text, TextSource.EMBEDDED, width=part.width, height=part.height, words=words)


def records_of(archive: Archive, number: int) -> list[str]:
    """Addresses of records, each as a result of another query."""
    processed = select(DocumentPart.document_id, DocumentPart.text).join(Document, Document.id == DocumentPart.document_id)
    with archive.reading() as session:
        parts = session.execute(processed.where(Document.received_by == ACTOR.login)).all()
    addresses: dict[str, None] = {}
    for at, (document_id, text) in zip(range(10 * number), cycle(parts), strict=False):
        words = [word for word in dict.fromkeys(text.split()) if word in WORDS]
        if words:
            addresses[f"/documentos/{document_id}?{urlencode({'q': ' '.join(words[at % len(words) :][:2]), 'pagina': 1})}"] = None
    return list(addresses)[:number]


@contextmanager
def served(home: Path, processes: int) -> Iterator[dict[int, int]]:
    """Servers of a home: port → process."""
    with ExitStack() as stack:
        running = {}
        for _ in range(processes):
            port = free_port()
            server = serve(home, port)
            stack.callback(server.wait)
            stack.callback(server.terminate)
            running[port] = server.pid
        yield running


def ask(ports: Sequence[int], addresses: Sequence[str], clients: int) -> tuple[float, list[float]]:
    """Seconds of the whole, and of each request; the clients take turns at the servers."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for one in addresses:
        waiting.put(one)

    def go_on(port: int) -> list[float]:
        client, took = Client(port), list[float]()
        while True:
            try:
                address = waiting.get_nowait()
            except Empty:
                return took
            begun = time.perf_counter()
            client.get(address)
            took.append(time.perf_counter() - begun)

    with ThreadPoolExecutor(clients) as pool:
        begun = time.perf_counter()
        took = [one for many in pool.map(go_on, [port for port, _ in zip(cycle(ports), range(clients), strict=False)]) for one in many]
        return time.perf_counter() - begun, took


def measure(servers: dict[int, int], pages: dict[str, list[str]], clients: int) -> dict[str, dict[str, float]]:
    """Each page in rounds; the first round warms up and is left out."""
    seconds, worked = dict.fromkeys(pages, 0.0), dict.fromkeys(pages, 0.0)
    waited: dict[str, list[float]] = {name: [] for name in pages}
    for turn in range(ROUNDS + 1):
        for name, addresses in pages.items():
            before = sum(sum(processor(pid).values()) for pid in servers.values())
            whole, took = ask(list(servers), addresses[turn :: ROUNDS + 1], clients)
            if turn:
                seconds[name] += whole
                waited[name] += took
                worked[name] += sum(sum(processor(pid).values()) for pid in servers.values()) - before
    return {
        name: {
            "requests_per_second": round(len(took) / seconds[name], 1),
            "processor_ms": round(worked[name] / len(took), 2),
            **{f"{at}_ms": value for at, value in spread([one * 1000 for one in took]).items()},
        }
        for name, took in waited.items()
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--records", type=int, default=60, help="documents received and processed, to be opened")
    parser.add_argument("--requests", type=int, default=500, help="of each page")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args(arguments)
    writer = Writer(21)
    queries = list(dict.fromkeys(writer.query() for _ in range(options.requests)))
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        filled = home.exists()
        with opened(read_settings({"ARCHIVO_HOME": str(home)})) as archive:
            if not filled:
                prepare(archive, options.documents, options.records)
            place_words(archive, queries)
            records = records_of(archive, options.requests)
        pages = {
            "home": ["/"] * options.requests,
            "results": [f"/buscar?{urlencode({'q': text})}" for text in queries],
            "record": records,
        }
        with served(home, options.processes) as servers:
            measured = measure(servers, pages, options.clients)
    report = {
        "command": " ".join(["python -m tests.bench.bench_web", *arguments]),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": sys.version.split()[0]},
        "documents": options.documents,
        "clients": options.clients,
        "processes": options.processes,
        "pages": measured,
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
