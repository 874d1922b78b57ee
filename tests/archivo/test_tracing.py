"""Traces are sent to a collector that the operator names, and to nobody else; they tell of work and never of people or documents."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from archivo.tracing import OtlpTraces
from tests.processes import until

from .conftest import Command
from .test_several_servers import port_of


class Collector(ThreadingHTTPServer):
    """An OTLP/HTTP receiver on this machine, which keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list[Span]:
        sent = [ExportTraceServiceRequest.FromString(body) for body in list(self.bodies)]
        return [span for one in sent for resource in one.resource_spans for scope in resource.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


class Receiving(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/traces":
            self.server.bodies.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        receiving = threading.Thread(target=server.serve_forever)
        receiving.start()
        yield server
        server.shutdown()
        receiving.join()


@contextmanager
def serving(home: Path, traces: str, **others: str) -> Iterator[str]:
    environment = os.environ | {"ARCHIVO_HOME": str(home), "ARCHIVO_WORKERS": "1", "ARCHIVO_TRACES_URL": traces, **others}
    command = [sys.executable, "-m", "archivo", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{port_of(process)}"
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert process.returncode == 0


def deposit(address: str, token: str) -> None:
    """Hand a letter over, and wait until it can be found."""
    with httpx.Client(base_url=address, timeout=60, headers={"authorization": f"Bearer {token}"}) as client:
        letter = ("queja-de-perez.txt", "La señora Pérez pide que la quebrada Chivatera se limpie.\n".encode())
        assert client.post("/api/v1/documents", files={"file": letter}).status_code == 202
        until(lambda: client.get("/api/v1/search", params={"q": "chivatera"}).json()["total"] == 1)
        assert client.get("/api/v1/no-hay/perez").status_code == 404


@pytest.fixture
def token(archivo: Command) -> str:
    assert archivo("user", "create", "anaruiz", "--role", "archivist").status == 0
    given: str = archivo("token", "create", "--user", "anaruiz", "--json").value["token"]
    return given


def values(span: Span) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_request_its_jobs_and_their_calls_are_seen(collector: Collector, home: Path, token: str) -> None:
    with serving(home, collector.url) as address:
        deposit(address, token)
    (request,) = collector.named("POST /api/v1/documents")
    told = {"http.request.method": "POST", "http.route": "/api/v1/documents", "http.response.status_code": 202}
    assert (request.kind, values(request)) == (Span.SPAN_KIND_SERVER, told)
    (process,) = collector.named("job process")
    assert [(link.trace_id, link.span_id) for link in process.links] == [(request.trace_id, request.span_id)]
    assert {"archivo.job.id", "archivo.job.kind", "archivo.job.attempt"} == set(values(process))
    (index, *_) = collector.named("job index")
    assert [(link.trace_id, link.span_id) for link in index.links] == [(process.trace_id, process.span_id)]
    for inside, name in ((request, "store put"), (request, "db INSERT"), (process, "store open"), (index, "index put")):
        assert [span for span in collector.named(name) if span.trace_id == inside.trace_id], name
    (search, *_) = collector.named("GET /api/v1/search")
    assert [span for span in collector.named("index search") if span.parent_span_id == search.span_id]
    assert {values(span)["http.response.status_code"] for span in collector.named("GET —")} == {404}


def test_nothing_of_people_or_documents_is_in_them(collector: Collector, home: Path, token: str) -> None:
    libraries = {"FASTAPI_OTEL_AUTO_CONFIGURE": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with serving(home, collector.url, **libraries) as address:
        deposit(address, token)
    sent = b"".join(collector.bodies).lower()
    assert b"/api/v1/search" in sent
    for secret in ("chivatera", "quebrada", "perez", "pérez", "anaruiz", token.lower(), "select ", "127.0.0.1", "httpx"):
        assert secret.encode() not in sent, secret


def test_of_an_error_its_kind_is_told_and_not_its_words(collector: Collector) -> None:
    traces = OtlpTraces(collector.url)
    with suppress(ValueError), traces.span("a thing", {}):
        raise ValueError("cédula 52123456")
    traces.close()
    (span,) = collector.spans
    assert (values(span), span.status.code, list(span.events)) == ({"error.type": "ValueError"}, Status.STATUS_CODE_ERROR, [])
    assert b"52123456" not in b"".join(collector.bodies)


def test_a_collector_that_is_away_stops_nobody(archivo: Command, home: Path, token: str) -> None:
    with serving(home, "http://127.0.0.1:9") as address:
        deposit(address, token)
    assert archivo("search", "chivatera", "--as", "anaruiz", "--json").value["total"] == 1


@pytest.mark.parametrize("order", [("serve", "--port", "0"), ("worker",)])
def test_without_the_library_nothing_starts(archivo: Command, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]) -> None:
    monkeypatch.setenv("ARCHIVO_TRACES_URL", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)  # as Python itself says that there is none
    ran = archivo(*order)
    assert (ran.status, ran.out) == (2, "")
    assert "OpenTelemetry no están instaladas" in ran.err
    assert ".ci/setup trazas" in ran.err


def test_what_is_no_address_of_a_collector_is_refused(archivo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVO_TRACES_URL", "usuario:clave@recolector:4318")
    ran = archivo("serve", "--port", "0")
    assert ran.status == 2
    assert "ARCHIVO_TRACES_URL" in ran.err
    assert "clave" not in ran.err


def test_nobody_who_asks_for_no_traces_loads_what_makes_them() -> None:
    words = "import sys, archivo.app, archivo.worker; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", words]).returncode == 0
