"""Rows from what a package says, which anybody may have written: of the types and ranges of their columns, or not at all."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, TypeVar, get_args, get_origin

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, LargeBinary, String

from archivo.database import Base, UtcDateTime, table_of

Row = TypeVar("Row", bound=Base)
LARGEST: Final = 256 << 20
"""Bytes of a JSON file of a package."""
DEEPEST: Final = 40
"""Lists and objects one inside another; this program writes less than ten."""


class Unreadable(ValueError):
    """What a package says is not what this program writes; whatever reads packages raises this for it, and nothing else."""


def read_json(content: bytes) -> Any:
    """A JSON file of a package. Raises Unreadable for what is none, is too large or too deep, or holds text that UTF-8 cannot write."""
    if len(content) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes of JSON")
    try:
        value = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError) as fault:
        raise Unreadable("not JSON") from fault
    _check_depth(value)
    return value


def row_of(model: type[Row], fields: Mapping[str, Any]) -> Row:
    """A row with these values, instants given as ISO 8601. Raises Unreadable for one that its column does not keep, or is not there."""
    columns = table_of(model).c
    if any(name not in columns for name in fields):
        raise Unreadable(f"{model.__name__} has other fields")
    values = {name: _value(model, columns[name], value) for name, value in fields.items()}
    if any(column.name not in values and not column.nullable and column.default is None for column in columns):
        raise Unreadable(f"{model.__name__} lacks fields")
    return model(**values)


def check_lengths(rows: Iterable[Base]) -> None:
    """Raise Unreadable for a text longer than its column. PostgreSQL keeps none, SQLite any: what it kept before, a rebuild gives back."""
    for row in rows:
        for column in table_of(type(row)).c:
            value = getattr(row, column.name)
            longest = column.type.length if isinstance(column.type, String) else None
            if longest is not None and isinstance(value, str) and len(value) > longest:
                raise Unreadable(f"{type(row).__name__}.{column.name} is longer than {longest}")


def _value(model: type[Base], column: Column[Any], value: Any) -> Any:
    if value is None and column.nullable:
        return None
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return _instant(value)
    if isinstance(kind, JSON):
        inner = get_args(model.__annotations__[column.name])[0]
        good = isinstance(value, list if get_origin(inner) is list else dict)
    elif isinstance(kind, LargeBinary):
        good = isinstance(value, bytes)
    elif isinstance(kind, String):
        good = isinstance(value, str) and _is_text(value)
    elif isinstance(kind, Boolean):
        good = isinstance(value, bool)
    elif isinstance(kind, Integer):
        good = type(value) is int and 0 <= value < 1 << (63 if isinstance(kind, BigInteger) else 31)
    else:
        good = isinstance(kind, Float) and type(value) in (int, float) and math.isfinite(float(value))
    if not good:
        raise Unreadable(f"{model.__name__}.{column.name} is not what it should be")
    return value


def _instant(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as fault:
        raise Unreadable("not an instant") from fault
    if at.tzinfo is None:
        raise Unreadable("an instant without its offset")
    return at


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise Unreadable(f"deeper than {DEEPEST}")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, str) and not _is_text(value):
        raise Unreadable("text that UTF-8 cannot write")
    return value if isinstance(value, list) else []


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
