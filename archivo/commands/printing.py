"""How commands print: JSON alone on stdout, messages on stderr."""

import getpass
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from archivo.plain import to_json

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
STATUS_IN_WORDS: Final = {"automatic": "automática", "suggested": "sugerida", "abstained": "sin decidir", "confirmed": "confirmada"}
_NOT_TEXT: Final = re.compile(r"[\ud800-\udfff]")
_BREAK: Final = re.compile(r"[\t\n\r\x85\u2028\u2029]")


class OutputLost(Exception):
    """What a command prints cannot be written: its output is closed, or has no room."""


def print_json(value: Any) -> None:
    r"""Print one JSON value, a line; bytes of a name that are not UTF-8 as `\xNN` in its strings."""
    write(_NOT_TEXT.sub(lambda match: "\\" + _escape(match[0]), to_json(value)) + "\n")


def print_line(text: str = "") -> None:
    """Print a line for a person, control characters shown escaped."""
    write(shown(text) + "\n")


def print_message(text: str) -> None:
    """Print a message beside the result; one that cannot be written stops nothing."""
    try:
        sys.stderr.write(shown(text) + "\n")
        sys.stderr.flush()
    except AttributeError:  # closed from the beginning
        return
    except OSError:
        let_go(2)


def write(text: str) -> None:
    """Write to the standard output at once. Raises OutputLost; BrokenPipeError where the reader has left."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except AttributeError as fault:  # closed from the beginning
        raise OutputLost from fault
    except OSError as fault:
        let_go(1)
        raise OutputLost from fault


def let_go(stream: int) -> None:
    """Lead a standard stream nowhere, so that what it still holds does not fail again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def print_error(code: str, message: str, remedy: str, as_json: bool) -> None:
    """Print an error as the contract says."""
    if as_json:
        print_json({"error": {"code": code, "message": message, "remedy": remedy}})
    else:
        print_message(f"{message} {remedy}")


def shown(text: str) -> str:
    r"""A text whose control and direction characters are written as \xNN or \uNNNN."""
    return _UNPRINTABLE.sub(lambda match: _escape(match[0]), text)


def one_line(text: str) -> str:
    """A name as a person sees it: line ends and tabs escaped too, so that it can forge no line."""
    return shown(_BREAK.sub(lambda match: _escape(match[0]), text))


def login() -> str:
    """The login of who runs the command, as the machine knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "desconocido"


@contextmanager
def progress(what: str, total: int = 0) -> Iterator["Progress"]:
    """A counter on stderr, only on a terminal."""
    counter = Progress(what, total, sys.stderr is not None and sys.stderr.isatty())
    yield counter
    counter.end()


class Progress:
    """Counts what is done."""

    def __init__(self, what: str, total: int, visible: bool) -> None:
        self._what, self._total, self._visible, self._done = what, total, visible, 0

    def step(self) -> None:
        self.told(self._done + 1, self._total)

    def told(self, done: int, total: int) -> None:
        """So many are done, of so many; of 0 where nobody knows yet."""
        self._done = done
        if self._visible:
            sys.stderr.write(f"\r{self._what}: {done}{f' de {total}' if total else ''} ")
            sys.stderr.flush()

    def end(self) -> None:
        if self._visible and self._done:
            sys.stderr.write("\n")


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is not UTF-8 (PEP 383)
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
