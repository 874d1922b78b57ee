"""The ledger: what was checked, month by month, kept in the store beside what it speaks of, so that the store alone can tell it.

An OCFL object a month. Each night of a place is a file of its own, a line of JSON for each package that was read; `metadata/ledger.json`
sums the nights up.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive
from archivo.custody.models import FixityNight, Ledger
from archivo.database import added
from archivo.identifiers import new_uuid, urn
from archivo.records.holdings import LEDGER, PRINCIPAL, note_package
from archivo.records.models import KeptCopy, Tombstone
from archivo.records.packaging import canonical, instant, parse_instant, read_bytes
from preservation.ocfl_inventory import BadInventory
from preservation.store import StoreError

_COPY: Final = ("object_id", "version", "inventory", "kept_at", "checked_at", "outcome", "size", "faults")
_NIGHT: Final = ("location", "day", "began_at", "ended_at", "checked", "wrong", "size", "restored")


def keep_ledger(archive: Archive, month: str) -> None:
    """Write what was found in the nights of a month that no ledger holds yet, as the next version of the month's object."""
    identifier = _identifier(archive, month)
    with archive.writing_object(urn(identifier)):
        archive.packages.recover(urn(identifier))
        with archive.reading() as session:
            every = list(
                session.scalars(
                    select(FixityNight).where(FixityNight.day.startswith(month)).order_by(FixityNight.day, FixityNight.location)
                )
            )
            new = [night for night in every if night.ended_at is not None and night.ledger_version is None]
            lines = {_file_of(night): b"".join(_checked(session, night)) for night in new}
        if not new:
            return
        with archive.packages.new_version(urn(identifier), base=archive.packages.head(urn(identifier))) as writer:
            for logical, content in lines.items():
                writer.put(logical, BytesIO(content))
            ended = [_plain(night, _NIGHT) for night in every if night.ended_at is not None]
            writer.put_bytes(LEDGER, canonical({"schema": 1, "kind": "ledger", "id": identifier, "month": month, "nights": ended}))
            inventory = writer.commit(f"Comprobaciones de {month}", "Archivo", "", archive.clock())
        with archive.transaction() as transaction:
            transaction.session.get_one(Ledger, month).ocfl_version = inventory.head
            for night in new:
                transaction.session.get_one(FixityNight, (night.location, night.day)).ledger_version = inventory.head
            note_package(transaction, "Archivo", identifier, inventory)


def restore_ledgers(archive: Archive, ledgers: Iterable[str]) -> int:
    """Make the rows of all nights, and of the packages read in them, again from the ledgers of the store, of these identifiers; how many.

    What cannot be read is left out: `rebuild` and `verify` tell of it.
    """
    found = []
    for identifier in ledgers:
        with suppress(StoreError, BadInventory, ValueError, KeyError):
            found.append((json.loads(read_bytes(archive, identifier, LEDGER))["month"], identifier))
    for _, identifier in sorted(found):
        with suppress(StoreError, BadInventory, ValueError, KeyError):
            _restore_ledger(archive, identifier)
    return len(found)


def _restore_ledger(archive: Archive, identifier: str) -> None:
    said = json.loads(read_bytes(archive, identifier, LEDGER))
    version = archive.packages.inventory(urn(identifier)).head
    with archive.database.writing() as session:
        session.merge(Ledger(month=said["month"], id=identifier, ocfl_version=version))
        for each in said["nights"]:
            night = FixityNight(**{name: _read(name, each.get(name)) for name in _NIGHT}, ledger_version=version)
            for line in read_bytes(archive, identifier, _file_of(night)).splitlines():
                _restore(session, night.location, json.loads(line))
            session.merge(night)


def _restore(session: Session, location: str, said: dict[str, Any]) -> None:
    """A package that is in the place now as another version keeps the instant and the outcome of its reading."""
    read = {name: _read(name, said[name]) for name in _COPY}
    if _was_deleted(session, said):
        return
    kept = session.get(KeptCopy, (location, said["object_id"]))
    if kept is None:
        session.add(KeptCopy(location=location, **read))
        return
    for name in ("checked_at", "outcome", "size", "faults"):
        setattr(kept, name, read[name])


def _was_deleted(session: Session, said: dict[str, Any]) -> bool:
    """Whether what was read is no more: a tombstone is in its place."""
    now = session.get(KeptCopy, (PRINCIPAL, said["object_id"]))
    return session.get(Tombstone, said["object_id"]) is not None and (now is None or now.inventory != said["inventory"])


def _identifier(archive: Archive, month: str) -> str:
    """The ledger of a month; of several who begin one at once, one does."""
    with archive.transaction() as transaction:
        added(transaction.session, Ledger(month=month, id=new_uuid(transaction.now), ocfl_version=0))
        return transaction.session.get_one(Ledger, month).id


def _checked(session: Session, night: FixityNight) -> Iterator[bytes]:
    """A line for each package that was read in a night."""
    within = (KeptCopy.location == night.location, KeptCopy.checked_at >= night.began_at, KeptCopy.checked_at <= night.ended_at)
    for kept in session.scalars(select(KeptCopy).where(*within).order_by(KeptCopy.object_id)):
        yield json.dumps(_plain(kept, _COPY), sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _file_of(night: FixityNight) -> str:
    return f"checks/{night.day}-{night.location}.jsonl"


def _plain(row: KeptCopy | FixityNight, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {name: instant(value) if name.endswith("_at") and value is not None else value for name, value in values.items()}


def _read(name: str, value: Any) -> Any:
    return parse_instant(value) if name.endswith("_at") and value is not None else value
