"""What a process says of its work to whoever keeps its logs: a JSON object a line, or a line for people.

No line carries a person, a query or a document's words: routes as they are written in the program, identifiers, codes and figures. Of an
error, its kind and where it rose, and never its message, which may quote what it was given.
"""

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

FORMS: Final = ("texto", "json")


def told(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, by name. `extra={"data": {...}}` adds its names."""
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    data = getattr(record, "data", None)
    if isinstance(data, Mapping):
        line |= data
    if record.exc_info and record.exc_info[1] is not None:
        fault = record.exc_info[1]
        line["error"] = type(fault).__name__
        line["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)]
    return line


class JsonLines(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(told(record), ensure_ascii=False, default=str)


class Lines(logging.Formatter):
    """A line for people; where an error rose, below it."""

    def format(self, record: logging.LogRecord) -> str:
        line = told(record)
        where = line.pop("where", [])
        head = " ".join(str(line.pop(name)) for name in ("at", "level", "logger", "message"))
        return "\n    ".join([" ".join([head, *(f"{name}={value}" for name, value in line.items())]), *where])


def configure(form: str) -> None:
    """Send what the product says to the standard error, in one of FORMS; libraries say only their warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("archivo").setLevel(logging.INFO)
