"""How commands print: JSON alone on stdout, messages on stderr."""

import dataclasses
import getpass
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def print_json(value: Any) -> None:
    """Print one JSON value, a line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def print_line(text: str = "") -> None:
    """Print a line for a person, control characters shown escaped."""
    sys.stdout.write(shown(text) + "\n")


def print_message(text: str) -> None:
    """Print a message beside the result."""
    sys.stderr.write(shown(text) + "\n")


def print_error(code: str, message: str, remedy: str, as_json: bool) -> None:
    """Print an error as the contract says."""
    if as_json:
        print_json({"error": {"code": code, "message": message, "remedy": remedy}})
    else:
        print_message(f"{message} {remedy}")


def shown(text: str) -> str:
    """A text whose control and direction characters are written as \\xNN or \\uNNNN."""
    return _UNPRINTABLE.sub(lambda match: _escape(match[0]), text)


def login() -> str:
    """The login of who runs the command, as the machine knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "desconocido"


def utc(at: datetime | None) -> str | None:
    """ISO 8601 UTC with Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


@contextmanager
def progress(total: int, what: str) -> Iterator["Progress"]:
    """A counter on stderr, only on a terminal."""
    counter = Progress(total, what, sys.stderr.isatty())
    yield counter
    counter.end()


class Progress:
    """Counts what is done."""

    def __init__(self, total: int, what: str, visible: bool) -> None:
        self._total, self._what, self._visible, self._done = total, what, visible, 0

    def step(self) -> None:
        self._done += 1
        if self._visible:
            sys.stderr.write(f"\r{self._what}: {self._done} de {self._total} ")
            sys.stderr.flush()

    def end(self) -> None:
        if self._visible and self._done:
            sys.stderr.write("\n")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)
