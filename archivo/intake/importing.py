"""Take packages back that were taken away: each is judged, copied with its digests, and its record comes back as it was."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.errors import Malformed
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.intake.sealing import begin_learning, restore_objects
from archivo.records.holdings import ASIDE, LEDGER, TOMBSTONE, note_package
from archivo.records.models import Document, Fonds, Tombstone
from archivo.records.packaging import ORIGINAL, RECORD
from archivo.records.tombstones import is_tombstone, read_tombstone
from archivo.retention.models import TrdVersion
from archivo.retention.packaging import FONDS, TRD
from preservation.ocfl_copy import Outcome, copy_object
from preservation.ocfl_inventory import INVENTORY, BadInventory, Inventory, parse
from preservation.ocfl_layout import ROOT_DECLARATION, object_roots, prefix_of
from preservation.store import ObjectStore, StoreError
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.mounted import MountedFolder
from preservation.validation.bagit_check import validate_bag
from preservation.validation.ocfl_object import validate_object
from preservation.validation.trees import FolderTree

_OBJECT: Final = "0=ocfl_object_1."
_BAG: Final = "bagit.txt"
_ORDER: Final = (FONDS, TRD, RECORD, TOMBSTONE, LEDGER, ASIDE)
"""What the others name comes first."""
_MODELS: Final = {FONDS: Fonds, TRD: TrdVersion, RECORD: Document, TOMBSTONE: Tombstone}


@dataclass(frozen=True, slots=True)
class Refused:
    """A package that was not taken back: where it stands, and why, in Spanish."""

    place: str
    reason: str


@dataclass(slots=True)
class TakenBack:
    """What was taken back: the identifiers of the packages that are new or have new versions, of those that were there, and the refused."""

    taken: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """A package where it stands, readable as a store at its place of the layout."""

    folder: Path
    inventory: Inventory
    store: ObjectStore

    @property
    def kind(self) -> str | None:
        held = self.inventory.state()
        return next((kind for kind in _ORDER if kind in held), None)


def take_back(archive: Archive, actor: Actor, source: Path, told: Callable[[str], None]) -> TakenBack:
    """Take back the packages of a folder: one that was taken away, a storage root, an OCFL object, a bag of one, or a folder of bags.

    Identity, versions and history are those of the packages. One that breaks the rules of OCFL or BagIt, is not this program's, or differs
    from what the archive has under its name, is refused and named; the others are taken. Raises Malformed where there is nothing of the
    kind, StoreFull and StoreUnavailable as they come.
    """
    require(archive, actor, Grant.DEPOSIT)
    report = TakenBack()
    found = sorted(_packages(source, report), key=lambda each: (_ORDER.index(each.kind) if each.kind else -1, each.inventory.object_id))
    if not found and not report.refused:
        raise Malformed(
            "import.nothing",
            f"En «{source}» no hay paquetes que este programa pueda recibir de vuelta. No se recibió nada.",
            "Dé la carpeta de una salida, un depósito o un objeto OCFL, o bolsas que contengan uno.",
        )
    for each in found:
        reason = _take(archive, actor, each, report)
        if reason is not None:
            report.refused.append(Refused(str(each.folder), reason))
        told(from_urn(each.inventory.object_id))
    if report.taken:
        begin_learning(archive)
    return report


def _packages(source: Path, report: TakenBack) -> Iterator[_Found]:
    for root in (source, source / "ocfl"):
        if (root / ROOT_DECLARATION).is_file():
            store = FilesystemStore.only_read(root)
            for prefix, _ in object_roots(store):
                yield from _package(root / prefix, report)
            return
    if any(source.glob(f"{_OBJECT}*")):
        yield from _package(source, report)
        return
    for folder in (source, source / "bolsas"):
        bags = [folder] if (folder / _BAG).is_file() else sorted(each for each in _folders(folder) if (each / _BAG).is_file())
        for bag in bags:
            judged = validate_bag(FolderTree(bag)).report
            if judged.valid:
                yield from _package(bag / "data", report)
            else:
                report.refused.append(Refused(str(bag), judged.findings[0].message))


def _folders(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()] if folder.is_dir() else []


def _package(folder: Path, report: TakenBack) -> Iterator[_Found]:
    """The package of a folder, if it is a valid OCFL object of this program's."""
    judged = validate_object(FolderTree(folder))
    if not judged.valid:
        wrong = next(each for each in judged.findings if each.severity == "error")
        report.refused.append(Refused(str(folder), f"{wrong.code}: {wrong.message}"))
        return
    try:
        inventory = parse((folder / INVENTORY).read_bytes())
    except (BadInventory, OSError):
        report.refused.append(Refused(str(folder), "su inventario no es de los que este programa puede leer"))
        return
    yield _Found(folder, inventory, MountedFolder(folder, prefix_of(inventory.object_id)))


def _take(archive: Archive, actor: Actor, found: _Found, report: TakenBack) -> str | None:
    """Why a package is refused; None where it was taken, or was there."""
    object_id = found.inventory.object_id
    identifier = from_urn(object_id)
    if not is_uuid(identifier) or urn(identifier) != object_id or found.kind is None:
        return "no es un paquete de este programa"
    if not _is_consistent(found, identifier):
        return "lo que dice de sí mismo no coincide con lo que contiene"
    with archive.writing_object(object_id):
        archive.packages.recover(object_id)
        if found.kind != TOMBSTONE and (why := _deleted(archive, identifier)) is not None:
            return why
        outcome = copy_object(found.store, archive.store, prefix_of(object_id))
        if outcome is Outcome.HELD:
            report.already.append(identifier)
            return None
        if outcome is not Outcome.COPIED:
            return "el archivo tiene con ese nombre un paquete distinto" if outcome is Outcome.OTHER else "está dañado"
        with archive.transaction() as transaction:
            note_package(transaction, actor.login, identifier, found.inventory)
            audit.record(transaction, actor.login, "package.import", identifier, detail={"version": found.inventory.head})
    restore_objects(archive, [identifier])
    model = _MODELS.get(found.kind)
    if model is not None:
        with archive.reading() as session:
            if session.get(model, identifier) is None and model is not Fonds:  # of a fonds that is there under another name, its offices
                return "quedó guardado, pero su ficha no se pudo rehacer: vea «archivo rebuild»"
    report.taken.append(identifier)
    return None


def _deleted(archive: Archive, identifier: str) -> str | None:
    """Why what was deleted does not come back; None for what was not."""
    with archive.reading() as session:
        row = session.get(Tombstone, identifier)
    said = row.said if row is not None else read_tombstone(archive, identifier) if is_tombstone(archive, identifier) else None
    if said is None:
        return None
    order = said["authority"]
    return f"su contenido se eliminó aquí por {order['name']} {order['number']} del {order['date']}, y no se recibe de nuevo"


def _is_consistent(found: _Found, identifier: str) -> bool:
    """Whether the record is of this package, and of its original; the tombstone, of this name."""
    if found.kind not in (RECORD, TOMBSTONE):
        return True
    try:
        path = found.inventory.content_path(found.kind)
        record = json.loads((found.folder / path).read_bytes())
        if found.kind == TOMBSTONE:
            return bool(record["id"] == identifier and record["authority"] and (record["record"] or {"id": identifier})["id"] == identifier)
        return bool(record["id"] == identifier and record["sha256"] == found.inventory.digest(ORIGINAL).value)
    except (StoreError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
