"""A way to a real Elasticsearch on which requests and answers wait, fail or are changed, as a test says."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    kind: str = "application/json"


Forward = Callable[[], Reply]
Between = Callable[[Request, Forward], Reply]
"""What becomes of a request; the second argument has the server do it."""


@contextmanager
def between(url: str, act: Between) -> Iterator[str]:
    """The address of a way to the server at `url`."""
    host = urlsplit(url).netloc

    class Way(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, dict(self.headers), body)
            reply = act(request, lambda: _forward(host, request))
            self.send_response_only(reply.status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Way)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _forward(host: str, request: Request) -> Reply:
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(), answer.headers.get("Content-Type", "application/json"))
    finally:
        connection.close()
