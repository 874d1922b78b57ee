"""Files sent whole or in part (RFC 9110, 14): a large download that was cut goes on where it stopped."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_BLOCK: Final = 1 << 16


def byte_range(asked: str | None, size: int) -> tuple[int, int] | None:
    """(start, length) of the one range asked for; None for the whole, also where the header cannot be read or asks for several.

    Raises ValueError for a range that the file does not have.
    """
    found = _RANGE.fullmatch((asked or "").replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
        if found[2] and int(found[2]) < start:
            return None
    if start >= end:
        raise ValueError(f"{asked} of {size} bytes")
    return start, end - start


def sent(request: Request, opened: Callable[[int, int | None], BinaryIO], size: int, headers: Mapping[str, str]) -> Response:
    """The answer to GET or HEAD of a file of `size` bytes, of which `opened(start, length)` gives any part. `headers` holds its etag."""
    said = {**headers, "accept-ranges": "bytes"}
    is_current = request.headers.get("if-range") in (None, headers["etag"])
    try:
        part = byte_range(request.headers.get("range"), size) if is_current else None
    except ValueError:
        return Response(status_code=416, headers={**said, "content-range": f"bytes */{size}"})
    start, length = part or (0, size)
    said["content-length"] = str(length)
    if part:
        said["content-range"] = f"bytes {start}-{start + length - 1}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=said, media_type="application/octet-stream")
    return StreamingResponse(_blocks(opened(start, length if part else None)), status, said, "application/octet-stream")


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while block := stream.read(_BLOCK):
            yield block
