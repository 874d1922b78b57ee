"""How often each place is read again, and how much in a night: data, one policy a place (archivo/data/fixity_policy.toml)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from archivo.archive import Archive
from archivo.errors import Malformed

OTHERS: Final = "otros"
_FIELDS: Final = {"every_days", "hours", "bytes_a_night", "bytes_per_second", "share"}
_REPAIRS: Final = "repairs_a_night"
_SPREAD: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class FixityPolicy:
    """The policy of a place. `share` is the part of what it holds that is read in each turn of `every_days`, another part each time.

    It is read between the hours `begins` and `ends` of the institution; the same hour for both is the whole day. So many packages are
    repaired in a night without anybody asking for it.
    """

    every: timedelta
    begins: int
    ends: int
    bytes_a_night: int
    bytes_per_second: int
    share: float
    repairs_a_night: int = 0

    def night_of(self, now: datetime) -> str | None:
        """The day on which the night of an instant began (ISO); None by day. `now` is in the institution's time."""
        hour = now.hour
        if self.begins < self.ends:
            return now.date().isoformat() if self.begins <= hour < self.ends else None
        if hour >= self.begins:
            return now.date().isoformat()
        return (now - timedelta(days=1)).date().isoformat() if hour < self.ends else None

    def takes(self, object_id: str, now: datetime) -> bool:
        """Whether an object is of the part that is read in this turn."""
        if self.share >= 1:
            return True
        turn = int(now.timestamp() // self.every.total_seconds())
        drawn = int.from_bytes(sha256(object_id.encode()).digest()[:8], "big") / _SPREAD
        return (drawn - turn * self.share) % 1 < self.share


def policy_of(archive: Archive, location: str) -> FixityPolicy:
    """The policy of a place. Raises Malformed where the file that the settings name cannot be used."""
    table = archive.shelf.get("fixity policy", lambda: read_policies(archive.fixity_policy))
    return table.get(location) or table[OTHERS]


def local(archive: Archive, at: datetime) -> datetime:
    """An instant in the institution's time."""
    return at.astimezone(ZoneInfo(archive.institution.timezone))


def read_policies(path: Path | None) -> Mapping[str, FixityPolicy]:
    """The policies of a file, or those that ship, by place. Raises Malformed."""
    try:
        text = path.read_text("utf-8") if path else files("archivo.data").joinpath("fixity_policy.toml").read_text("utf-8")
        table = {name: _policy(name, said) for name, said in tomllib.loads(text).items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise _unusable(f"«{path}» no se pudo leer como TOML") from fault
    if OTHERS not in table:
        raise _unusable(f"falta la parte [{OTHERS}]")
    return table


def _policy(name: str, said: Any) -> FixityPolicy:
    if not isinstance(said, dict) or set(said) - {_REPAIRS} != _FIELDS:
        raise _unusable(f"[{name}] debe tener {', '.join(sorted(_FIELDS))}, y nada más")
    numbers = {field: said[field] for field in _FIELDS - {"hours"}}
    hours = said["hours"]
    if any(not isinstance(value, int | float) or isinstance(value, bool) or value <= 0 for value in numbers.values()):
        raise _unusable(f"[{name}] tiene un número que no es mayor que cero")
    if not isinstance(hours, list) or len(hours) != 2 or any(not isinstance(hour, int) or not 0 <= hour < 24 for hour in hours):
        raise _unusable(f"[{name}] hours debe ser de dos horas entre 0 y 23")
    repairs = said.get(_REPAIRS, 0)
    if not isinstance(repairs, int) or isinstance(repairs, bool) or repairs < 0:
        raise _unusable(f"[{name}] {_REPAIRS} debe ser un número entero, 0 o más")
    return FixityPolicy(
        every=timedelta(days=numbers["every_days"]),
        begins=time(hours[0]).hour,
        ends=time(hours[1]).hour,
        bytes_a_night=int(numbers["bytes_a_night"]),
        bytes_per_second=int(numbers["bytes_per_second"]),
        share=float(numbers["share"]),
        repairs_a_night=repairs,
    )


def _unusable(what: str) -> Malformed:
    return Malformed(
        "settings.fixity_policy",
        f"ARCHIVO_FIXITY_POLICY: {what}. No se comprobó nada.",
        "Corrija el archivo; el que trae el programa sirve de modelo.",
    )
