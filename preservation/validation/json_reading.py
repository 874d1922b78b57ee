"""Reading JSON that others wrote, strictly (RFC 8259): what cannot be read is told, never guessed."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import NoReturn


class BadJson(Exception):
    """The bytes are no JSON that can be trusted; the text says why, in Spanish."""


class Repeating(dict[str, object]):
    """A JSON object in which `repeated` names come more than once; of each, the last value is kept."""

    repeated: tuple[str, ...] = ()


def read_json(data: bytes) -> object:
    """The value that the bytes hold: UTF-8 without a byte order mark, no NaN, no infinity. BadJson, also if it is nested too deep."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadJson(f"el byte {fault.start} no es UTF-8") from fault
    if text.startswith("\ufeff"):
        raise BadJson("empieza con una marca de orden de bytes (BOM), que JSON no admite")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except RecursionError as fault:
        raise BadJson("está anidado a demasiada profundidad") from fault
    except json.JSONDecodeError as fault:
        raise BadJson(f"línea {fault.lineno}, columna {fault.colno}") from fault
    except ValueError as fault:
        raise BadJson("tiene un número que no se puede leer") from fault


def repeated_names(value: object) -> tuple[str, ...]:
    """The names that come more than once in a JSON object read by read_json()."""
    return value.repeated if isinstance(value, Repeating) else ()


def _object(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeating = Repeating(found)
    repeating.repeated = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return repeating


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
