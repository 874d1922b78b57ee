"""Addresses that hold the whole state of a list, and headers that name a file."""

from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

Change = Callable[..., str]


def address(path: str, **parameters: object) -> str:
    """A path with the parameters that say something."""
    return _joined(path, {name: _said(name, value) for name, value in parameters.items()})


def changer(path: str, state: Mapping[str, object]) -> Change:
    """A function that gives the address of this state with some of it changed; None or "" takes a parameter away.

    A list asks it for hundreds of addresses: what they share is written once.
    """
    shared = {name: _said(name, value) for name, value in state.items()}

    def change(**parameters: object) -> str:
        return _joined(path, {**shared, **{name: _said(name, value) for name, value in parameters.items()}})

    return change


def _said(name: str, value: object) -> str:
    return f"{quote_plus(name)}={quote_plus(str(value))}" if value not in ("", None) else ""


def _joined(path: str, said: Mapping[str, str]) -> str:
    query = "&".join(filter(None, said.values()))
    return f"{path}?{query}" if query else path


def attachment(filename: str) -> str:
    """The Content-Disposition of a file to keep, with its own name (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
