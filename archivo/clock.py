"""The clock of the world: who needs the time is given it, or a way to ask for it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The instant that it is, with its offset."""
    return datetime.now(UTC)
