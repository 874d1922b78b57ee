"""What is kept where: each package's row in each place, written as its versions are."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from archivo.archive import Transaction
from archivo.audit import services as audit
from archivo.database import table_of
from archivo.records.models import KeptCopy
from preservation.ocfl_inventory import Inventory

PRINCIPAL: Final = "principal"
"""The archive's own store."""
LEDGER: Final = "metadata/ledger.json"
ASIDE: Final = "metadata/aside.json"
TOMBSTONE: Final = "metadata/tombstone.json"
"""What tells a ledger of checks, damaged bytes that were set apart, and what remains of what was deleted, from other packages."""
_JUST: Final = timedelta(days=1)
_COPIES: Final = table_of(KeptCopy)


def note_package(transaction: Transaction, actor: str, object_id: str, inventory: Inventory) -> None:
    """Say in the catalogue and in the trail that a version of a package was written in the archive's store."""
    written = inventory.versions[inventory.head].created
    since = written if transaction.now - written < _JUST else transaction.now  # one that came from elsewhere is kept here since now
    note_kept(transaction.session, PRINCIPAL, object_id, inventory.head, inventory.fingerprint(), since)
    audit.record_package(transaction, actor, object_id, inventory.head, inventory.fingerprint())


def note_each_kept(session: Session, location: str, kept: Mapping[str, tuple[int, str, datetime]]) -> None:
    """note_kept() of many packages of a place: the version, the inventory and the instant by the package."""
    there = set(session.scalars(select(_COPIES.c.object_id).where(_COPIES.c.location == location, _COPIES.c.object_id.in_([*kept]))))
    new = [
        {"location": location, "object_id": each, "size": 0, "faults": [], "version": version, "inventory": inventory, "kept_at": at}
        for each, (version, inventory, at) in kept.items()
        if each not in there
    ]
    if new:
        session.execute(insert(_COPIES), new)
    for each in there:
        note_kept(session, location, each, *kept[each])


def note_kept(session: Session, location: str, object_id: str, version: int, inventory: str | None, at: datetime) -> None:
    """Say in the catalogue which version of a package a place has. When it was checked stays as it was."""
    now = {"version": version, "inventory": inventory, "kept_at": at}
    there = update(_COPIES).filter_by(location=location, object_id=object_id).values(**now)
    if not getattr(session.execute(there), "rowcount", 0):
        session.execute(insert(_COPIES).values(location=location, object_id=object_id, size=0, faults=[], **now))
