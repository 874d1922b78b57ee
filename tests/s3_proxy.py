"""A way to a real S3 server on which requests and answers are lost, late, doubled or damaged, as a test says."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Final
from urllib.parse import urlsplit

from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3
from minio.time import to_amz_date, utcnow

from preservation.stores.s3_address import S3Address

_OWN: Final = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Exchange:
    """One request and what may become of it."""

    def __init__(self, proxy: "Proxy", request: Request, handler: BaseHTTPRequestHandler) -> None:
        self.proxy, self.request, self._handler = proxy, request, handler

    def forward(self) -> Reply:
        """Have the server do it."""
        return self.proxy.forward(self.request)

    def reply(self, reply: Reply, upto: int | None = None) -> None:
        """Answer; only the first `upto` bytes of the body, and then cut, if given."""
        handler = self._handler
        handler.send_response_only(reply.status)
        for name, value in reply.headers:
            if name.lower() not in _OWN:
                handler.send_header(name, value)
        length = str(len(reply.body))
        if self.request.method == "HEAD":
            length = next((value for name, value in reply.headers if name.lower() == "content-length"), "0")
        if reply.status != 204:
            handler.send_header("Content-Length", length)
        handler.end_headers()
        if self.request.method != "HEAD":
            handler.wfile.write(reply.body[:upto])
        if upto is not None:
            self.cut()

    def refuse(self, status: int) -> None:
        """Answer with a status and the few words of a gateway."""
        self.reply(Reply(status, (("Content-Type", "text/html"),), b"<html>no</html>"))

    def cut(self) -> None:
        """Close the connection without a word."""
        self._handler.close_connection = True

    def stall(self) -> None:
        """Leave the connection open and say nothing more, until the test ends."""
        self.proxy.ended.wait(60)
        self.cut()


Fate = Callable[[Exchange], None]


@dataclass
class Proxy:
    """Every request goes through untouched, but for those that a fate awaits: the first of `fates` that names its method, once."""

    upstream: S3Address
    ended: Event = field(default_factory=Event)
    seen: list[Request] = field(default_factory=list)
    held: list[Request] = field(default_factory=list)
    always: Fate | None = None
    _fates: list[tuple[str, str, Fate]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def expect(self, method: str, *fates: Fate, having: str = "") -> None:
        """What becomes of the next requests of a method whose path and query hold `having`, one after the other."""
        with self._lock:
            self._fates += [(method, having, fate) for fate in fates]

    @property
    def pending(self) -> int:
        """Fates that nothing has met yet."""
        return len(self._fates)

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.seen)

    def forward(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self.upstream.endpoint, timeout=60)
        try:
            connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders(request.body or None)
            answer = connection.getresponse()
            return Reply(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def send_held(self) -> list[Reply]:
        """Have the server do, at last, what was held back."""
        held, self.held = self.held, []
        return [self.forward(request) for request in held]

    def meet(self, exchange: Exchange) -> None:
        with self._lock:
            self.seen.append(exchange.request)
            fate = self._take(exchange.request)
        (fate or self.always or through)(exchange)

    def _take(self, request: Request) -> Fate | None:
        for place, (method, having, fate) in enumerate(self._fates):
            if method == request.method and having in request.path:
                del self._fates[place]
                return fate
        return None

    def forget_conditions(self, request: Request) -> Request:
        """The same request signed anew without its condition: as a server sees it that knows no conditions."""
        named = {"if-none-match", "if-match", "authorization"}
        headers = {name: value for name, value in request.headers.items() if name.lower() not in named}
        date = utcnow()
        headers["x-amz-date"] = to_amz_date(date)
        signed = sign_v4_s3(
            method=request.method,
            url=urlsplit(f"http://{headers['Host']}{request.path}"),
            region=self.upstream.region,
            headers={**headers},
            credentials=Credentials(self.upstream.access_key, self.upstream.secret_key),
            content_sha256=headers["x-amz-content-sha256"],
            date=date,
        )
        return replace(request, headers={name: str(value) for name, value in signed.items()})


def through(exchange: Exchange) -> None:
    exchange.reply(exchange.forward())


def lost(exchange: Exchange) -> None:
    """The request never arrives."""
    exchange.cut()


def done_and_cut(exchange: Exchange) -> None:
    """The server obeys and its answer is lost."""
    exchange.forward()
    exchange.cut()


def done_and_stalled(exchange: Exchange) -> None:
    """The server obeys and nothing is heard any more."""
    exchange.forward()
    exchange.stall()


def stalled(exchange: Exchange) -> None:
    exchange.stall()


def done_and_refused(status: int) -> Fate:
    """The server obeys and something on the way says that it did not."""

    def fate(exchange: Exchange) -> None:
        exchange.forward()
        exchange.refuse(status)

    return fate


def refused(status: int) -> Fate:
    return lambda exchange: exchange.refuse(status)


def told(status: int, code: str) -> Fate:
    """The server refuses by S3's own name."""
    body = f"<Error><Code>{code}</Code></Error>".encode()
    return lambda exchange: exchange.reply(Reply(status, (("Content-Type", "application/xml"),), body))


def held_back(exchange: Exchange) -> None:
    """The request is slow: the client is told that it failed, and the server gets it when the test says."""
    exchange.proxy.held.append(exchange.request)
    exchange.refuse(504)


def halfway(exchange: Exchange) -> None:
    """The answer breaks off in its middle."""
    reply = exchange.forward()
    exchange.reply(reply, upto=len(reply.body) // 2)


def damaged_going(exchange: Exchange) -> None:
    """A bit of the request's body is turned."""
    body = bytearray(exchange.request.body)
    body[len(body) // 2] ^= 1
    exchange.reply(exchange.proxy.forward(replace(exchange.request, body=bytes(body))))


def damaged_coming(exchange: Exchange) -> None:
    """A bit of the answer's body is turned."""
    reply = exchange.forward()
    body = bytearray(reply.body)
    body[len(body) // 2] ^= 1
    exchange.reply(replace(reply, body=bytes(body)))


def unconditional(exchange: Exchange) -> None:
    """As by a server that ignores conditions."""
    exchange.reply(exchange.proxy.forward(exchange.proxy.forget_conditions(exchange.request)))


@contextmanager
def proxy_to(upstream: S3Address) -> Iterator[tuple[Proxy, S3Address]]:
    """A proxy, and the same address by way of it."""
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            exchange = Exchange(proxy, Request(self.command, self.path, dict(self.headers.items()), body), self)
            try:
                proxy.meet(exchange)
            except OSError:
                self.close_connection = True

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy, replace(upstream, endpoint=f"127.0.0.1:{server.server_address[1]}")
    finally:
        proxy.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
