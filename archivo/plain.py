"""Values as JSON: dataclasses by their fields, instants in ISO 8601 UTC."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def utc(at: datetime | None) -> str | None:
    """ISO 8601 UTC with Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def jsonable(value: Any) -> Any:
    """A value made of JSON's own types only."""
    return json.loads(to_json(value))


def to_json(value: Any) -> str:
    """A value as JSON; dataclasses by their fields, instants as ISO 8601 UTC."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)
