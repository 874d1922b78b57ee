"""The files of each place's own root: read again, told in the trail where they are not as they should be, and given back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.custody import nights
from archivo.custody.asides import MACHINE, put_aside
from archivo.custody.places import ROOT, places
from preservation import ocfl_root
from preservation.ocfl_check import Verification
from preservation.ocfl_repair import Restored
from preservation.store import ObjectKey

ACT: Final = "root.check"
AGAIN: Final = timedelta(hours=12)
"""After how long damage that still stands is told, and counted, anew."""


@dataclass(frozen=True, slots=True)
class RootTold:
    """The keys of a root that were not as they should be when its state was last told, and when."""

    at: datetime
    keys: tuple[str, ...]


def last_told(session: Session, location: str) -> RootTold | None:
    """What the trail tells last of the root of a place; None where nothing was ever amiss."""
    for at, detail in audit.entries_of(session, _name(location), ACT, 1):
        return RootTold(at, tuple(map(str, detail.get("wrong", ()))))
    return None


def check_root(archive: Archive, location: str, night: str) -> Verification:
    """Read the root's files in a place; what is amiss, and that it no longer is, is told in the trail and counts for a night.

    Raises StoreUnavailable: then nothing is said.
    """
    found = ocfl_root.check_root(places(archive)[location])
    wrong = [*(str(each.key) for each in found.damaged), *map(str, found.missing)]
    with archive.transaction() as transaction:
        last = last_told(transaction.session, location)
        is_known = wrong == list(last.keys if last else ()) and (not wrong or last is None or transaction.now - last.at < AGAIN)
        if not is_known:
            damaged = [{"key": each.key, "found": each.found} for each in found.damaged]
            detail = {"place": location, "wrong": wrong, "damaged": damaged}
            audit.record(transaction, MACHINE, ACT, _name(location), detail=detail)
            if wrong:
                nights.count(transaction, location, night, checked=1, wrong=1)
    return found


def repair_root(archive: Archive, login: str, location: str) -> list[tuple[Restored, str | None]]:
    """Give back what is amiss in the root of a place; each file with the package that keeps its damaged bytes, if there were any.

    Raises Busy, StoreFull, StoreUnavailable.
    """
    aside: dict[ObjectKey, str] = {}

    def keep_aside(key: ObjectKey, damaged: BinaryIO) -> None:
        aside[key] = put_aside(archive, login, location, ROOT, key, damaged)

    with archive.writing_object(_name(location)):
        return [(one, aside.get(one.key)) for one in ocfl_root.repair_root(places(archive)[location], keep_aside)]


def _name(location: str) -> str:
    return f"{ROOT}:{location}"
