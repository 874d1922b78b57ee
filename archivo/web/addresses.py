"""Addresses that hold the whole state of a list, and headers that name a file."""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

Change = Callable[..., str]


def address(path: str, **parameters: object) -> str:
    """A path with the parameters that say something."""
    said = {name: str(value) for name, value in parameters.items() if value not in ("", None)}
    return f"{path}?{urlencode(said)}" if said else path


def changer(path: str, state: Mapping[str, object]) -> Change:
    """A function that gives the address of this state with some of it changed; None or "" takes a parameter away."""

    def change(**parameters: object) -> str:
        return address(path, **{**state, **parameters})

    return change


def attachment(filename: str) -> str:
    """The Content-Disposition of a file to keep, with its own name (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
