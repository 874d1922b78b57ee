"""Judge a package that comes from outside before anything of it is kept: what it says of itself, and whose rows it would change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from archivo.database import Base
from archivo.identifiers import from_urn
from archivo.intake.recovery import check_owner, class_rows
from archivo.intake.sealing import KINDS
from archivo.records.checking import Unreadable, check_lengths, read_json
from archivo.records.holdings import TOMBSTONE
from archivo.records.models import Document, Fonds, LegalHold
from archivo.records.packaging import ORIGINAL, RECORD, Package, package_in, package_of
from archivo.records.wording import event_sentence
from archivo.retention.models import Decision, TrdClass, TrdVersion
from archivo.retention.packaging import FONDS, TRD, read_fonds, read_trd
from ingest.step import PartKind, Place, TextSource
from preservation.ocfl import StorageRoot
from preservation.ocfl_inventory import Inventory
from preservation.ocfl_layout import prefix_of
from preservation.store import BadKey, ObjectStore, StoreError, check_key

_UNLIKE: Final = "lo que dice de sí mismo no coincide con lo que contiene, o no es de lo que este programa escribe"
_SEVERAL: Final = "sus versiones no son todas de lo mismo, o no tienen todas el mismo original"


@dataclass(slots=True)
class Judged:
    """A package that is what it says. `claims`: the rows that it names, each with the column that says whose it is, and the owner."""

    identifier: str
    kind: str
    original: str | None = None
    fonds: Fonds | None = None
    number: int | None = None
    claims: list[tuple[type[Base], str, str, str]] = field(default_factory=list)


def judge(store: ObjectStore, inventory: Inventory, kind: str) -> Judged | str:
    """What a valid OCFL object of a kind of KINDS says, its bytes being those of its inventory; or why it is refused, in Spanish."""
    prefix = prefix_of(inventory.object_id)
    try:
        for stored in store.list(prefix):
            check_key(stored.key)
        for path in inventory.content():
            check_key(prefix + path)
    except BadKey:
        return "tiene un archivo cuyo nombre este archivo no puede guardar: solo letras sin tilde, números, «.», «_», «=» y «-»"
    states = [version.state for version in inventory.versions.values()]
    if any([each for each in KINDS if each in state] != [kind] for state in states):
        return _SEVERAL
    if kind in (RECORD, TRD) and len({state.get(ORIGINAL, "").lower() for state in states}) != 1:
        return _SEVERAL
    try:
        return _READERS[kind](StorageRoot(store), from_urn(inventory.object_id), inventory)
    except (Unreadable, StoreError, KeyError, TypeError, ValueError, IndexError, AttributeError):
        return _UNLIKE


def why_barred(session: Session, judged: Judged, *, is_newer: bool) -> str | None:
    """Why the rows of a package cannot be made here, in Spanish; None where they can. `is_newer`: than the version that is kept."""
    row = session.get(Document, judged.identifier) or session.get(TrdVersion, judged.identifier)
    if judged.original is not None and row is not None and row.sha256 != judged.original:
        return "su original no es el que el archivo guarda con ese nombre"
    try:
        for claim in judged.claims:
            check_owner(session, *claim)
    except Unreadable:
        return "nombra como suyos una clase, una decisión o una retención que aquí son de otro"
    if judged.fonds is None or not is_newer:
        return None
    known = session.scalars(select(Fonds.id).where(Fonds.code == judged.fonds.code)).first()
    there = session.get(Fonds, judged.identifier)
    if there is not None and (there.code, there.name) != (judged.fonds.code, judged.fonds.name):
        return f"da otro nombre al fondo «{there.name}» ({there.code}), y lo que se recibe no cambia el de uno que ya está"
    if judged.number is not None:
        same = select(TrdVersion.id).where(TrdVersion.fonds_id == known, TrdVersion.number == judged.number)
        if any(each != judged.identifier for each in session.scalars(same)):
            return f"el archivo tiene ya otra versión {judged.number} de la TRD de ese fondo"
    return None


def _fonds(packages: StorageRoot, identifier: str, inventory: Inventory) -> Judged:
    fonds, offices = read_fonds(identifier, _read(packages, inventory, FONDS))
    check_lengths([fonds, *offices])
    return Judged(identifier, FONDS, fonds=fonds)


def _trd(packages: StorageRoot, identifier: str, inventory: Inventory) -> Judged:
    fonds, version, classes = read_trd(identifier, _read(packages, inventory, TRD), _read(packages, inventory, ORIGINAL))
    check_lengths([fonds, version, *classes])
    claims: list[tuple[type[Base], str, str, str]] = [(TrdClass, item.id, "trd_id", identifier) for item in classes]
    return Judged(identifier, TRD, version.sha256, fonds, version.number, claims)


def _document(packages: StorageRoot, identifier: str, inventory: Inventory) -> Judged:
    package = package_in(packages, identifier)
    held = inventory.state()
    if package is None or package.document.sha256 != inventory.digest(ORIGINAL).value:
        raise Unreadable("the record is of another original")
    if any(each.path not in held for each in package.representations) or any(each.alto not in held for each in package.parts if each.alto):
        raise Unreadable("it names files that it does not hold")
    return Judged(identifier, RECORD, package.document.sha256, claims=_claims(package))


def _tombstone(packages: StorageRoot, identifier: str, inventory: Inventory) -> Judged:
    said: Mapping[str, Any] = read_json(_read(packages, inventory, TOMBSTONE))
    if said["id"] != identifier or not said["authority"]:
        raise Unreadable("the tombstone is of another package")
    if said["record"] is not None:
        _claims(package_of(identifier, inventory.head, said["record"], said["events"], [], processed=True))
    return Judged(identifier, TOMBSTONE)


def _claims(package: Package) -> list[tuple[type[Base], str, str, str]]:
    """Whose rows a document's package names; what is told of it can be worded."""
    for event in package.events:
        event_sentence(event.code, event.params)
    for part in package.parts:
        PartKind(part.kind), TextSource(part.source), part.place and Place.from_json(part.place)
    owner = package.document.id
    held, decisions = class_rows(package)
    check_lengths([package.document, *package.versions, *package.representations, *package.parts, *package.events, *package.findings])
    check_lengths([*decisions, *([held] if held is not None else [])])
    claims: list[tuple[type[Base], str, str, str]] = [(Decision, each.id, "document_id", owner) for each in decisions]
    claims += [(LegalHold, each["id"], "document_id", owner) for each in package.sections.get("holds") or ()]
    return claims + ([(TrdClass, held.class_id, "trd_id", held.trd_id)] if held is not None and held.class_id is not None else [])


def _read(packages: StorageRoot, inventory: Inventory, logical: str) -> bytes:
    with packages.open(inventory.object_id, logical) as stream:
        return stream.read()


_READERS: Final = {FONDS: _fonds, TRD: _trd, RECORD: _document, TOMBSTONE: _tombstone}
