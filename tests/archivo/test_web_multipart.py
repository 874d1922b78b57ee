"""The streaming reader of multipart/form-data, against well-formed, hostile and broken bodies."""

import hashlib
import io
import socket
import threading
from collections.abc import Iterator

import anyio
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from archivo.web.multipart import BadMultipart, CutShort, Part, boundary_of, parts, receive

BOUNDARY = b"----limite"


def body_of(*pieces: tuple[bytes, bytes], end: bool = True) -> bytes:
    body = b"".join(b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for head, content in pieces)
    return body + (b"--" + BOUNDARY + b"--\r\n" if end else b"")


def field(name: bytes, content: bytes) -> tuple[bytes, bytes]:
    return b'Content-Disposition: form-data; name="' + name + b'"', content


def file(filename: bytes, content: bytes) -> tuple[bytes, bytes]:
    return b'Content-Disposition: form-data; name="file"; filename="' + filename + b'"\r\nContent-Type: application/pdf', content


def read(body: bytes, piece: int = 7) -> Iterator[Part]:
    stream = io.BytesIO(body)
    return parts(lambda: stream.read(piece), BOUNDARY)


def test_fields_and_files_come_in_order_with_their_octets() -> None:
    content = bytes(range(256)) * 40 + b"\r\n--" + BOUNDARY[:-1] + b"\r\n-"
    found = [(p.name, p.filename, p.content.read()) for p in read(body_of(field(b"a", b"uno"), file(b"x.pdf", content), field(b"b", b"")))]
    assert found == [("a", None, b"uno"), ("file", "x.pdf", content), ("b", None, b"")]


@given(st.binary(max_size=400), st.integers(1, 60))
def test_any_octets_in_any_pieces_survive(content: bytes, piece: int) -> None:
    if b"\r\n--" + BOUNDARY in b"\r\n" + content:
        return
    assert [p.content.read() for p in read(body_of(file(b"x", content)), piece)] == [content]


def test_a_part_not_read_is_skipped() -> None:
    assert [p.name for p in read(body_of(file(b"big", b"x" * 100_000), field(b"after", b"1")))] == ["file", "after"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"acta 31.pdf", "acta 31.pdf"),
        ("año ñandú.pdf".encode(), "año ñandú.pdf"),
        (b"a\xf1o.pdf", "a\\xf1o.pdf"),
        (b"e\xcc\x81.pdf", "e\u0301.pdf"),
        (b"../../etc/passwd", "passwd"),
        (b"C:\\Escritorio\\acta.pdf", "acta.pdf"),
        (b"con%22comillas%22.pdf", 'con"comillas".pdf'),
        (b'con\\"comillas\\".pdf', 'con"comillas".pdf'),
        (b"uno; dos=3.pdf", "uno; dos=3.pdf"),
        (b"100%.pdf", "100%.pdf"),
        (b"", ""),
    ],
)
def test_the_file_name_is_the_last_component_as_given(sent: bytes, kept: str) -> None:
    assert [p.filename for p in read(body_of(file(sent, b"")))] == [kept]


def test_an_extended_file_name_rules() -> None:
    head = b'Content-Disposition: form-data; name="file"; filename="x.pdf"; filename*=UTF-8\'\'a%C3%B1o.pdf'
    assert [p.filename for p in read(body_of((head, b"")))] == ["año.pdf"]


@pytest.mark.parametrize(
    "body",
    [
        body_of((b"Content-Type: text/plain", b"x")),
        body_of((b"Content-Disposition: attachment; name=a", b"x")),
        body_of((b"X: " + b"y" * 70_000, b"x")),
        body_of((b"\r\n".join(b"X-%d: y" % n for n in range(40)), b"x")),
        b"nothing of the kind",
        b"--" + BOUNDARY + b"xx\r\n\r\n",
    ],
)
def test_a_body_that_is_not_well_formed_is_refused(body: bytes) -> None:
    with pytest.raises(BadMultipart):
        [part.content.read() for part in read(body)]


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain; boundary=x", "multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 71}"],
)
def test_a_content_type_without_a_good_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(BadMultipart):
        boundary_of(content_type)


def test_quoted_and_bare_boundaries() -> None:
    assert boundary_of('multipart/form-data; charset=utf-8; boundary="a b"') == b"a b"
    assert boundary_of("Multipart/Form-Data; BOUNDARY=ab") == b"ab"


def test_a_body_without_its_end_raises_before_the_part_looks_whole() -> None:
    body = body_of(file(b"x.pdf", b"entero y verdadero"), end=False)[:-2]
    part = next(read(body))
    with pytest.raises(CutShort):
        part.content.read()


def test_a_field_is_bounded() -> None:
    with pytest.raises(BadMultipart):
        next(read(body_of(field(b"a", b"x" * 101)), 4096)).text(100)


def test_nothing_is_pulled_ahead_of_what_is_read() -> None:
    """A file of any size costs the memory of one piece: the reader never asks for more than what is being consumed."""
    total, piece = 64 * 1024 * 1024, 64 * 1024
    pulled = 0

    def pull() -> bytes:
        nonlocal pulled
        pulled += 1
        if pulled == 1:
            return body_of(file(b"big.bin", b""), end=False)[:-2]
        if pulled <= 1 + total // piece:
            return bytes(piece)
        return b"\r\n--" + BOUNDARY + b"--\r\n" if pulled == 2 + total // piece else b""

    part = next(parts(pull, BOUNDARY))
    taken = 0
    while block := part.content.read(piece):
        taken += len(block)
        assert (pulled - 1) * piece - taken <= 2 * piece
    assert taken == total


# --- over a connection -------------------------------------------------------------------------------------------------------------


class Seen:
    """What the server's handler met."""

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.errors: list[type[Exception]] = []
        self.done = threading.Event()


def consume(seen: Seen, found: Iterator[Part]) -> int:
    count = 0
    try:
        for part in found:
            digest = hashlib.sha256()
            while block := part.content.read(65536):
                digest.update(block)
            seen.digests.append(digest.hexdigest())
            count += 1
    except Exception as error:
        seen.errors.append(type(error))
        raise
    finally:
        seen.done.set()
    return count


@pytest.fixture
def server() -> Iterator[tuple[int, Seen]]:
    seen = Seen()

    async def take(request: Request) -> Response:
        try:
            return PlainTextResponse(str(await receive(request, lambda found: consume(seen, found), limiter=anyio.CapacityLimiter(1))))
        except BadMultipart:
            return PlainTextResponse("malformed", 400)

    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(Starlette(routes=[Route("/", take, methods=["POST"])]), log_level="error", lifespan="off"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        running.should_exit = True
        thread.join()
        listener.close()


def head(length: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n" % (
        BOUNDARY,
        length,
    )


def test_files_arrive_whole_over_a_connection(server: tuple[int, Seen]) -> None:
    port, seen = server
    content = bytes(range(256)) * 20_000
    body = body_of(file(b"uno.pdf", content), file(b"dos.pdf", b"%PDF-"))
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head(len(body)) + body)
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
    assert seen.digests == [hashlib.sha256(content).hexdigest(), hashlib.sha256(b"%PDF-").hexdigest()]


def test_a_client_that_goes_away_raises_in_the_consumer(server: tuple[int, Seen]) -> None:
    port, seen = server
    body = body_of(file(b"uno.pdf", b"entero"), file(b"dos.pdf", b"x" * 300_000))
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head(len(body)) + body[:200_000])
    assert seen.done.wait(30)
    assert seen.digests == [hashlib.sha256(b"entero").hexdigest()]
    assert seen.errors == [CutShort]
