"""The nights of reading: what was read in each place, what was not intact, and what was given back, night by night."""

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from archivo.archive import Archive, Transaction
from archivo.custody.models import FixityNight
from archivo.custody.policy import local
from archivo.database import added
from archivo.jobs import Queue


def today(archive: Archive) -> str:
    """The night for which counts what is done now without one."""
    return local(archive, archive.clock()).date().isoformat()


def begin_night(archive: Archive, location: str, night: str) -> None:
    """Have a row for the night; one that is over goes on, for more is read in it."""
    with archive.transaction() as transaction:
        if not _made(transaction, location, night):
            again = update(FixityNight).where(FixityNight.location == location, FixityNight.day == night)
            transaction.session.execute(again.values(ended_at=None, ledger_version=None))


def count(
    transaction: Transaction, location: str, night: str, *, checked: int = 0, wrong: int = 0, size: int = 0, restored: int = 0
) -> None:
    """Add to what a night counts, be it over: then the ledger of its month is behind, until the next night has it written."""
    _made(transaction, location, night)
    here = update(FixityNight).where(FixityNight.location == location, FixityNight.day == night)
    sums = {
        "checked": FixityNight.checked + checked,
        "wrong": FixityNight.wrong + wrong,
        "size": FixityNight.size + size,
        "restored": func.coalesce(FixityNight.restored, 0) + restored,
    }
    transaction.session.execute(here.values(**sums))
    transaction.session.execute(here.where(FixityNight.ended_at.is_not(None)).values(ended_at=transaction.now, ledger_version=None))


def end_night(transaction: Transaction, location: str, night: str) -> None:
    """Close the night, and have the ledger of its month written."""
    ended = update(FixityNight).where(FixityNight.location == location, FixityNight.day == night)
    transaction.session.execute(ended.values(ended_at=transaction.now))
    transaction.enqueue("keep_ledger", night[:7], queue=Queue.CUSTODY, priority=8)


def has_ended(session: Session, location: str, night: str) -> bool:
    """Whether a night is over, and nothing more is to be read in it."""
    row = session.get(FixityNight, (location, night))
    return row is not None and row.ended_at is not None


def _made(transaction: Transaction, location: str, night: str) -> bool:
    """Whether the night had no row, and has one now."""
    row = FixityNight(location=location, day=night, began_at=transaction.now, checked=0, wrong=0, size=0, restored=0)
    return added(transaction.session, row)
