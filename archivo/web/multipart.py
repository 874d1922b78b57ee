"""Read multipart/form-data (RFC 7578) as it arrives: each part is a blocking stream, and nothing of it is ever spooled.

The framework's form parser writes every file to a temporary one before a handler sees it. Here the handler's thread pulls: it asks the
connection for the next piece, and so a file of 2 GB costs the memory of one piece. A client that goes away, or a body that ends before its
closing boundary, raises from read(): what was consuming the stream learns it before it can take the part for whole.
"""

import io
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import unquote_to_bytes

import anyio
import anyio.from_thread
import anyio.to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.requests import ClientDisconnect, Request

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_PARTS = 10_000
MAX_HEADER_LINES = 8
MAX_HEADER_BYTES = 64 * 1024
"""More than the longest name that is kept, 4,096 letters, each of four octets and percent-coded: of a longer one the reason is told."""
MAX_FIELD_BYTES = 1_000_000
BUFFER_BYTES = 64 * 1024

Result = TypeVar("Result")


class BadMultipart(ValueError):
    """The body is not well-formed multipart/form-data, goes over a limit, or ended too soon. The message is for engineers."""


class CutShort(BadMultipart):
    """The client went away, or the body ended, before the closing boundary: no part after this point is whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `filename` is None for a plain field; `content` can be read only until the next part is asked for."""

    name: str
    filename: str | None
    headers: Mapping[str, str]
    content: IO[bytes]

    def text(self, limit: int = MAX_FIELD_BYTES) -> str:
        """The whole field as UTF-8; BadMultipart when it is longer than `limit` octets or is not UTF-8."""
        octets = self.content.read(limit + 1)
        if len(octets) > limit:
            raise BadMultipart(f"field {self.name!r} is longer than {limit} octets")
        try:
            return octets.decode()
        except UnicodeDecodeError as wrong:
            raise BadMultipart(f"field {self.name!r} is not UTF-8") from wrong


async def receive(request: Request, consume: Callable[[Iterator[Part]], Result], *, limiter: anyio.CapacityLimiter | None = None) -> Result:
    """Run `consume` over the parts of `request` in a thread, pulling the body as it reads; what it returns.

    Slow clients hold threads: give a `limiter` of their own, so that they never take those of ordinary pages.
    """
    pieces = request.stream()

    def pull() -> bytes:
        return anyio.from_thread.run(_next, pieces)

    boundary = boundary_of(request.headers.get("content-type", ""))
    return await anyio.to_thread.run_sync(partial(_consume, pull, boundary, consume), limiter=limiter)


def _consume(pull: Callable[[], bytes], boundary: bytes, consume: Callable[[Iterator[Part]], Result]) -> Result:
    return consume(parts(pull, boundary))


async def _next(pieces: AsyncGenerator[bytes, None]) -> bytes:
    try:
        async for piece in pieces:
            if piece:
                return piece
    except ClientDisconnect as gone:
        raise CutShort("the client went away") from gone
    return b""


def boundary_of(content_type: str) -> bytes:
    """The boundary of a Content-Type; BadMultipart when it is not multipart/form-data or has none (RFC 2046, 5.1.1: at most 70)."""
    kind, parameters = _parameters(content_type.encode("latin-1", "replace"))
    boundary = parameters.get("boundary", b"")
    if kind != "multipart/form-data":
        raise BadMultipart("the body is not multipart/form-data")
    if not re.fullmatch(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]", boundary):
        raise BadMultipart("the boundary is absent or malformed")
    return boundary


def parts(pull: Callable[[], bytes], boundary: bytes) -> Iterator[Part]:
    """The parts of the body that `pull` gives piece by piece (b"" at its end), in order, each read or skipped before the next."""
    body = _Body(pull, boundary)
    for _ in range(MAX_PARTS):
        headers = body.next_headers()
        if headers is None:
            return
        disposition, parameters = _parameters(headers.get("content-disposition", b""))
        if disposition != "form-data" or "name" not in parameters:
            raise BadMultipart("a part has no form-data name")
        stream = _PartStream(body)
        yield Part(
            name=_lossless(parameters["name"]),
            filename=filename_of(parameters),
            headers={key: value.decode("latin-1") for key, value in headers.items()},
            content=io.BufferedReader(stream, BUFFER_BYTES),
        )
        stream.skip_to_end()
    if body.next_headers() is not None:
        raise BadMultipart(f"more than {MAX_PARTS} parts")


def filename_of(parameters: Mapping[str, bytes]) -> str | None:
    r"""The last component of the name as given, NUL and octets that are not UTF-8 as \xNN; None when the part is not a file.

    `filename*` (RFC 5987) rules where a client sends it; in `filename` the quote, CR and LF that browsers escape are restored
    (WHATWG, form submission).
    """
    if extended := parameters.get("filename*"):
        charset, _, rest = extended.partition(b"'")
        _, _, value = rest.partition(b"'")
        octets = unquote_to_bytes(value)
        if charset.lower() == b"iso-8859-1":
            octets = octets.decode("latin-1").encode()
    elif "filename" in parameters:
        octets = re.sub(rb"%(22|0[AaDd])", lambda escape: bytes([int(escape[1], 16)]), parameters["filename"])
    else:
        return None
    if re.match(rb"[A-Za-z]:\\|\\\\", octets):
        octets = octets.rpartition(b"\\")[2]
    return _lossless(octets.rpartition(b"/")[2]).replace("\x00", r"\x00")


def _lossless(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")


def _parameters(value: bytes) -> tuple[str, dict[str, bytes]]:
    """A header's value and its parameters (RFC 2183), quoted or not, the first of each name."""
    kind, _, rest = value.partition(b";")
    found: dict[str, bytes] = {}
    for match in re.finditer(rb'\s*([!-~]+?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))\s*(?:;|$)', rest, re.DOTALL):
        name, quoted, bare = match.groups()
        content = bare.strip() if quoted is None else re.sub(rb'\\(["\\])', rb"\1", quoted)
        found.setdefault(name.decode("ascii").lower(), content)
    return kind.decode("latin-1").strip().lower(), found


@dataclass(slots=True)
class _Body:
    """The parser between the connection and the parts: what it has found and nobody has read yet, never more than one piece's worth."""

    pull: Callable[[], bytes]
    boundary: bytes
    parser: MultipartParser = field(init=False)
    found: deque[bytes | dict[str, bytes] | None] = field(default_factory=deque)
    name: bytes = b""
    value: bytes = b""
    headers: dict[str, bytes] = field(default_factory=dict)
    ended: bool = False

    def __post_init__(self) -> None:
        self.parser = MultipartParser(
            self.boundary,
            {
                "on_header_field": self._on_name,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
            max_header_count=MAX_HEADER_LINES,
            max_header_size=MAX_HEADER_BYTES,
        )

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def _on_header(self) -> None:
        self.headers.setdefault(self.name.decode("latin-1").strip().lower(), self.value)
        self.name = self.value = b""

    def _on_headers(self) -> None:
        self.found.append(self.headers)
        self.headers = {}

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if end > start:
            self.found.append(data[start:end])

    def _on_part_end(self) -> None:
        self.found.append(None)

    def _on_end(self) -> None:
        self.ended = True

    def _more(self) -> None:
        """Parse the next piece of the body, at whose end a body without its closing boundary raises CutShort."""
        piece = self.pull()
        if not piece:
            raise CutShort("the body ended before its closing boundary")
        try:
            self.parser.write(piece)
        except FormParserError as wrong:
            raise BadMultipart(str(wrong)) from wrong

    def next_headers(self) -> dict[str, bytes] | None:
        """The headers of the next part; None after the last."""
        while not self.found and not self.ended:
            self._more()
        if not self.found:
            return None
        headers = self.found.popleft()
        if not isinstance(headers, dict):
            raise BadMultipart("a part without headers")
        return headers

    def next_data(self) -> bytes | None:
        """The next octets of the part; None at its end."""
        while not self.found:
            if self.ended:
                return None
            self._more()
        data = self.found.popleft()
        if isinstance(data, dict):
            raise BadMultipart("a part without an end")
        return data


class _PartStream(io.RawIOBase):
    """The octets of one part."""

    def __init__(self, body: _Body) -> None:
        self._body = body
        self._rest = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        if not self._rest and not self._ended:
            data = self._body.next_data()
            self._ended, self._rest = data is None, memoryview(data or b"")
        taken = min(len(view), len(self._rest))
        view[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken

    def skip_to_end(self) -> None:
        self._rest = memoryview(b"")
        while not self._ended:
            self._ended = self._body.next_data() is None
