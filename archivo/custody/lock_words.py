"""What is said of a server that lets nothing be deleted."""

from datetime import UTC, datetime
from typing import Final

from preservation.locking import Locked, LockedVersion

KEPT_REMEDY: Final = "Espere a esa fecha, o pida a quien administra el servidor que lo deje: este programa no se salta un bloqueo."


def day(at: datetime) -> str:
    """The day of an instant as the server that tells it writes it: ISO 8601, UTC."""
    return at.astimezone(UTC).date().isoformat()


def kept_in_words(fault: LockedVersion | Locked) -> str:
    """Why a server lets nothing be deleted, in Spanish, without a full stop."""
    is_held = fault.is_held if isinstance(fault, LockedVersion) else bool(fault.held)
    if is_held:
        return "el servidor donde se guarda lo retiene"
    until = f" hasta el {day(fault.until)}" if fault.until else ""
    return f"el servidor donde se guarda no deja borrarlo{until} ({fault.mode or 'bloqueo de objetos'})"
