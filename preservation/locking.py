"""What a store keeps locked: objects that it lets nobody delete until a day (retention), or until a hold is taken away (S3 Object Lock)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, runtime_checkable

from preservation.store import StoreUnavailable

GOVERNANCE: Final = "GOVERNANCE"
COMPLIANCE: Final = "COMPLIANCE"
MODES: Final = (GOVERNANCE, COMPLIANCE)
MOST_YEARS: Final = 100


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long each object is kept from when it is written: so many days, or so many years.

    Of GOVERNANCE the server lets those off whom its owner allows; of COMPLIANCE nobody, nor its owner.
    """

    mode: str
    days: int = 0
    years: int = 0

    def until(self, now: datetime) -> datetime:
        """The instant until which what is written now is kept: to the second, never shorter."""
        begun = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        if self.years and (begun.month, begun.day) == (2, 29):
            begun += timedelta(days=1)
        return begun.replace(year=begun.year + self.years) + timedelta(days=self.days)

    def headers(self, now: datetime) -> Mapping[str, str]:
        """As S3 takes it with what is written."""
        return {
            "x-amz-object-lock-mode": self.mode,
            "x-amz-object-lock-retain-until-date": self.until(now).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@dataclass(frozen=True, slots=True)
class Locked:
    """What a store was read to keep locked of all that stands below a prefix: `objects` counts versions of objects, `held` those with a
    hold, `retained` those with a retention that is not over. `mode` and `until` are of the retention that ends last.
    """

    objects: int = 0
    held: int = 0
    retained: int = 0
    mode: str = ""
    until: datetime | None = None

    def keeps(self, now: datetime) -> bool:
        """Whether something of it cannot be deleted now."""
        return bool(self.held) or (self.until is not None and self.until > now)


class LocklessBucket(StoreUnavailable):
    """The address asks for a retention, and the bucket has no Object Lock: nothing was written there."""


class LockDenied(StoreUnavailable):
    """The server answers, and lets this key neither ask nor set what it locks: whether it keeps anything is not known."""


class LockedVersion(StoreUnavailable):
    """A lock of the server keeps what was to be deleted: a hold (`is_held`), or a retention of a `mode` that ends at `until`."""

    def __init__(self, told: str, locked: Locked) -> None:
        super().__init__(told)
        self.is_held = bool(locked.held)
        self.mode, self.until = locked.mode, locked.until


@runtime_checkable
class LockingStore(Protocol):
    """A store that may lock what it keeps. Its answers are the server's own, asked now; StoreUnavailable where it does not answer,
    LockDenied where it answers and will not say.
    """

    @property
    def retention(self) -> Retention | None:
        """What is put on each object that is written."""
        ...

    def locks(self) -> bool:
        """Whether what is kept here can be locked."""
        ...

    def hold(self, prefix: str, is_held: bool) -> int:
        """Put a hold on every version of every object below a prefix, or take it away; how many changed. It may be done again."""
        ...

    def locked(self, prefix: str) -> Locked: ...


def locking(store: object) -> LockingStore | None:
    """The store, if it is of those that may lock."""
    return store if isinstance(store, LockingStore) else None
