"""Every measure of a large archive: `python -m tests.bench.scale [PART …] [--documents N …]`, each in a process of its own.

Real servers are started for each part that wants them (`.ci/setup servers`) or given by their addresses, as for the tests; a part whose
servers are not there is told and left. One line of JSON is printed as each measure ends: what it printed itself, and which `part` it is of.
Exits with 1 where one of them failed or was left.

`search`: on tantivy and on Elasticsearch, for each number of documents. `store`: in a folder, on MinIO and on versitygw (20 objects of
1 GB: 40 GB of disk). `jobs`: embedded, and on RabbitMQ and PostgreSQL. `ingest`: on the four servers, with each S3 server, against
embedded. `web`: the pages under twenty clients. A million documents take hours.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

import pytest

from tests.brokers import rabbitmq_server
from tests.elastic_servers import HEAP, elastic_server
from tests.s3_servers import NAMES, s3_server, url_of
from tests.servers import started_postgres

LEAST_HEAP: Final = "3g"
"""With less, Elasticsearch refuses to write before it holds a million documents."""

Measure = tuple[str, Sequence[str], Mapping[str, str]]
"""A module of tests.bench, what it is told, and what is added to its environment."""


def search(stack: ExitStack, documents: Sequence[int]) -> Iterator[Measure]:
    for number in documents:
        yield "scale_search", ["--documents", f"{number}"], {}
    server = stack.enter_context(elastic_server())
    for number in documents:
        yield "scale_search", ["--documents", f"{number}"], {"ARCHIVO_INDEX_URL": server.address()}


def store(stack: ExitStack) -> Iterator[Measure]:
    yield "scale_store", [stack.enter_context(tempfile.TemporaryDirectory())], {}
    for name in NAMES:
        with s3_server(name) as server:
            yield "scale_store", [url_of(server.place())], {}


def jobs(stack: ExitStack) -> Iterator[Measure]:
    yield "bench_jobs", [], {}
    broker, rows = stack.enter_context(rabbitmq_server()), stack.enter_context(started_postgres())
    yield "bench_jobs", ["--broker", broker.url, "--database", rows.new_database()], {}


def ingest(stack: ExitStack) -> Iterator[Measure]:
    broker, rows = stack.enter_context(rabbitmq_server()), stack.enter_context(started_postgres())
    index = stack.enter_context(elastic_server())
    for name in NAMES:
        with s3_server(name) as server:
            addresses = {"database": rows.new_database(), "store": url_of(server.place()), "broker": broker.url, "index": index.address()}
            yield "scale_profiles", [word for part, url in addresses.items() for word in (f"--{part}", url)], {}


def web(_: ExitStack) -> Iterator[Measure]:
    yield "bench_web", [], {}


def measured(part: str, module: str, words: Sequence[str], told: Mapping[str, str]) -> bool:
    """Run a measure and print what it found; whether it ended well."""
    done = subprocess.run([sys.executable, "-m", f"tests.bench.{module}", *words], env={**os.environ, **told}, stdout=subprocess.PIPE)
    report = json.loads(done.stdout) if done.returncode == 0 else {"status": done.returncode}
    print(json.dumps({"part": part, "measure": module, **report}), flush=True)
    return done.returncode == 0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--documents", type=int, nargs="+", default=[100_000])
    options = parser.parse_args(arguments)
    os.environ.setdefault(HEAP, LEAST_HEAP)
    parts: dict[str, Callable[[ExitStack], Iterator[Measure]]] = {
        "search": partial(search, documents=options.documents),
        "store": store,
        "jobs": jobs,
        "ingest": ingest,
        "web": web,
    }
    if unknown := set(options.parts) - parts.keys():
        parser.error(f"no part is called {', '.join(sorted(unknown))}: {', '.join(parts)}")
    well = True
    for name in options.parts or parts:
        try:
            with ExitStack() as stack:
                for module, words, told in parts[name](stack):
                    well &= measured(name, module, words, told)
        except pytest.skip.Exception as absent:
            print(f"{name}: {absent}", file=sys.stderr)
            well = False
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
