"""What the server is asked to write, many things at a time, and what it did not do."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_BYTES_AT_ONCE = 4_000_000
_FIELD = re.compile(r"field[ =]\W(\w+)")
_GONE = 404
_OUTDATED = 409
_BUSY = 429

Json = dict[str, Any]
"""What the server is sent or answers: it is taken apart where it arrives."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An `index`, `create` or `delete` of one document of the server. `about`: which document of the archive it concerns, if any."""

    action: str
    name: str
    about: str = ""
    version: int | None = None
    source: bytes = b""

    def lines(self) -> bytes:
        """As the server's bulk format has it. A version that is not lower than the present one wins."""
        where: Json = {"_id": self.name}
        if self.version is not None:
            where |= {"version": self.version, "version_type": "external_gte"}
        return json.dumps({self.action: where}).encode() + b"\n" + (self.source + b"\n" if self.action != "delete" else b"")


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that the server did not do, and why."""

    operation: Operation
    status: int
    reason: str

    @property
    def is_for_later(self) -> bool:
        return self.status == _BUSY

    @property
    def is_outdated(self) -> bool:
        return self.status == _OUTDATED

    @property
    def is_gone(self) -> bool:
        return self.status == _GONE and self.operation.action != "delete"


def batches(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """The operations in order, about `_BYTES_AT_ONCE` at a time."""
    batch: list[Operation] = []
    size = 0
    for each in operations:
        batch.append(each)
        size += len(each.source) + 100
        if size > _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def reason(item: Json) -> str:
    """Why an operation was refused, without the words that the server quotes."""
    error = item.get("error", {})
    field = _FIELD.search(str(error.get("reason", "")))
    return f"{error.get('type')} in {field[1]}" if field else str(error.get("type"))
