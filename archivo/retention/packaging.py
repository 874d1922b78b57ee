"""Write fonds and TRD versions into OCFL objects of their own, so that the store alone can give them back."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.archive import Archive, Transaction
from archivo.identifiers import urn
from archivo.records.checking import Unreadable, read_json, row_of
from archivo.records.holdings import note_package
from archivo.records.models import Fonds, Office
from archivo.records.packaging import canonical, instant
from archivo.retention.models import TrdClass, TrdVersion
from preservation.ocfl_inventory import Inventory

TRD: Final = "metadata/trd.json"
FONDS: Final = "metadata/fonds.json"
SOURCE: Final = "original/data"
_TRD_FIELDS: Final = ["id", "number", "in_force_from", "in_force_to", "filename", "sha256", "imported_at", "imported_by", "warnings"]
_CLASS_FIELDS: Final = [
    "id",
    "position",
    "office_code",
    "office",
    "code",
    "series_code",
    "series",
    "subseries_code",
    "subseries",
    "types",
    "ag_years",
    "ac_years",
    "disposition",
    "reproduction",
    "procedure",
    "norms",
]


def keep_fonds(archive: Archive, fonds_id: str) -> None:
    """Write the fonds and its offices as the next version of its own OCFL object, if they changed."""
    with archive.writing_object(urn(fonds_id)):
        archive.packages.recover(urn(fonds_id))
        with archive.reading() as session:
            fonds = session.get_one(Fonds, fonds_id)
            offices = session.scalars(select(Office).where(Office.fonds_id == fonds_id).order_by(Office.code))
            content = canonical(
                {
                    "schema": 1,
                    "kind": "fonds",
                    "id": fonds.id,
                    "code": fonds.code,
                    "name": fonds.name,
                    "created_at": instant(fonds.created_at),
                    "offices": [{"id": office.id, "code": office.code, "name": office.name} for office in offices],
                }
            )
        inventory = _keep(archive, fonds_id, {FONDS: content}, f"Fondo {fonds.code}")
    with archive.transaction() as transaction:
        _note(transaction, transaction.session.get_one(Fonds, fonds_id), inventory)


def keep_trd(archive: Archive, trd_id: str) -> None:
    """Write a TRD version's terms as the next version of its OCFL object, if they changed."""
    with archive.writing_object(urn(trd_id)):
        archive.packages.recover(urn(trd_id))
        with archive.reading() as session:
            version = session.get_one(TrdVersion, trd_id)
            files = {TRD: canonical(trd_json(session, version)), SOURCE: version.source}
        inventory = _keep(archive, trd_id, files, f"TRD versión {version.number}")
    with archive.transaction() as transaction:
        _note(transaction, transaction.session.get_one(TrdVersion, trd_id), inventory)


def trd_json(session: Session, version: TrdVersion) -> dict[str, Any]:
    """A TRD version as its package holds it."""
    classes = session.scalars(select(TrdClass).where(TrdClass.trd_id == version.id).order_by(TrdClass.position))
    fonds = session.get_one(Fonds, version.fonds_id)
    return {
        "schema": 1,
        "kind": "trd",
        "id": version.id,
        "fonds": {"id": fonds.id, "code": fonds.code, "name": fonds.name},
        "number": version.number,
        "in_force_from": version.in_force_from,
        "in_force_to": version.in_force_to,
        "filename": version.filename,
        "sha256": version.sha256,
        "imported_at": instant(version.imported_at),
        "imported_by": version.imported_by,
        "warnings": version.warnings,
        "classes": [{name: getattr(item, name) for name in _CLASS_FIELDS} for item in classes],
    }


def read_fonds(identifier: str, content: bytes) -> tuple[Fonds, list[Office]]:
    """The rows of a fonds' package. Raises Unreadable for what keep_fonds() does not write, or is another's."""
    told = _told(identifier, content)
    try:
        fonds = row_of(Fonds, {name: told[name] for name in ("id", "code", "name", "created_at")})
        offices = [row_of(Office, {**office, "fonds_id": fonds.id}) for office in told["offices"]]
    except (KeyError, TypeError) as fault:
        raise Unreadable("not a fonds") from fault
    if len({office.id for office in offices}) != len(offices) or len({office.code for office in offices}) != len(offices):
        raise Unreadable("an office that stands twice")
    return fonds, offices


def read_trd(identifier: str, content: bytes, source: bytes) -> tuple[Fonds, TrdVersion, list[TrdClass]]:
    """The rows of a schedule's package, and its fonds as it names it. Raises Unreadable for what keep_trd() does not write, or is
    another's.
    """
    told = _told(identifier, content)
    try:
        fonds = row_of(Fonds, {**told["fonds"], "created_at": told["imported_at"]})
        version = row_of(TrdVersion, {**{name: told[name] for name in _TRD_FIELDS}, "fonds_id": fonds.id, "source": b""})
        classes = [row_of(TrdClass, {**{name: item[name] for name in _CLASS_FIELDS}, "trd_id": identifier}) for item in told["classes"]]
    except (KeyError, TypeError) as fault:
        raise Unreadable("not a schedule") from fault
    keys = {(item.office_code, item.code) for item in classes}
    if len({item.id for item in classes}) != len(classes) or len(keys) != len(classes):
        raise Unreadable("a class that stands twice")
    if sha256(source).hexdigest() != version.sha256:
        raise Unreadable("the schedule is of another file")
    version.source = source
    return fonds, version, classes


def _told(identifier: str, content: bytes) -> Mapping[str, Any]:
    told = read_json(content)
    if not isinstance(told, dict) or told.get("id") != identifier:
        raise Unreadable("it is of another package")
    return told


def _note(transaction: Transaction, kept: Fonds | TrdVersion, inventory: Inventory) -> None:
    if kept.ocfl_version != inventory.head:
        kept.ocfl_version = inventory.head
        note_package(transaction, "Archivo", kept.id, inventory)


def _keep(archive: Archive, identifier: str, files: Mapping[str, bytes], message: str) -> Inventory:
    """Write files as the next version of an object unless its head already holds these bytes; its inventory after."""
    head = archive.packages.head(urn(identifier))
    changed = {logical: content for logical, content in files.items() if head is None or not _holds(archive, identifier, logical, content)}
    if head is not None and not changed:
        return archive.packages.inventory(urn(identifier))
    with archive.packages.new_version(urn(identifier), base=head) as writer:
        for logical, content in changed.items():
            writer.put_bytes(logical, content)
        return writer.commit(message, "Archivo", "", archive.clock())


def _holds(archive: Archive, identifier: str, logical: str, content: bytes) -> bool:
    with archive.packages.open(urn(identifier), logical) as stream:
        return stream.read() == content
