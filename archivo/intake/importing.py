"""Take packages back that were taken away: each is judged, copied with its digests, and its record comes back as it was."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.audit import services as audit
from archivo.errors import Conflict, Malformed
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.intake.judging import Judged, judge, why_barred
from archivo.intake.sealing import KINDS, begin_learning, kind_of, restore_objects, seal_held
from archivo.records.holdings import PRINCIPAL, TOMBSTONE, note_package
from archivo.records.models import Document, DocumentState, Fonds, KeptCopy, Tombstone
from archivo.records.packaging import RECORD, WHOLE
from archivo.records.tombstones import is_tombstone, read_tombstone
from archivo.retention.models import TrdVersion
from archivo.retention.packaging import FONDS, TRD
from preservation.findings import Report, Severity
from preservation.ocfl_copy import Outcome, copy_object
from preservation.ocfl_inventory import INVENTORY, BadInventory, Inventory, parse
from preservation.ocfl_layout import ROOT_DECLARATION, object_roots, prefix_of
from preservation.store import DigestMismatch, ObjectMissing, ObjectStore
from preservation.stores.filesystem import FilesystemStore
from preservation.stores.mounted import MountedFolder
from preservation.validation.bagit_check import validate_bag
from preservation.validation.eark import validate_package
from preservation.validation.ocfl_object import validate_object
from preservation.validation.trees import FolderTree

_OBJECT: Final = "0=ocfl_object_1."
_BAG: Final = "bagit.txt"
_METS: Final = "METS.xml"
_MODELS: Final[Mapping[str, type[Fonds | TrdVersion | Document | Tombstone]]] = {
    FONDS: Fonds,
    TRD: TrdVersion,
    RECORD: Document,
    TOMBSTONE: Tombstone,
}
"""What is taken back, in the order of KINDS. Ledgers and what was set apart speak only of the archive that made them."""
_TAKEN: Final = (Outcome.COPIED, Outcome.HELD)
_WORKED_ON: Final = (DocumentState.RECEIVED, DocumentState.PROCESSING)
_NOT_WHOLE: Final = (
    "es un paquete E-ARK solo de consulta: no trae las versiones anteriores del documento, así que no se puede recibir de vuelta; pida la "
    "salida entera, con «archivo export --as dip» sin «--without-versions», como bolsa o como depósito OCFL"
)
_DISTINCT: Final = "el archivo tiene con ese nombre un paquete distinto, o actos que este no tiene"


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
        return kind_of(self.inventory.state())

    @property
    def place(self) -> tuple[int, str]:
        """What the others name comes first."""
        return list(KINDS).index(self.kind) if self.kind else -1, self.inventory.object_id


def take_back(archive: Archive, actor: Actor, source: Path, told: Callable[[str], None]) -> TakenBack:
    """Take back the packages of a folder: one that was taken away, a storage root, an OCFL object, a bag of one, or a folder of bags.

    Identity, versions and history are those of the packages. One that breaks the rules of OCFL or BagIt, is not this program's, says what
    no package of it says, or differs from what the archive has under its name, is refused and named, and nothing of it is left; the others
    are taken. Raises Malformed where there is nothing of the kind, StoreFull and StoreUnavailable as they come.
    """
    require(archive, actor, Grant.DEPOSIT)
    report = TakenBack()
    found = sorted(_packages(source, report), key=lambda each: each.place)
    if not found and not report.refused:
        raise Malformed(
            "import.nothing",
            f"En «{source}» no hay paquetes que este programa pueda recibir de vuelta. No se recibió nada.",
            "Dé la carpeta de una salida, un depósito o un objeto OCFL, o bolsas o paquetes E-ARK que contengan uno.",
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
                report.refused.append(Refused(str(bag), _first_error(judged)))
    for folder in (source, source / "dip"):
        dips = [folder] if (folder / _METS).is_file() else [each for each in _folders(folder) if (each / _METS).is_file()]
        for dip in sorted(dips):
            yield from _dip(dip, report)


def _dip(dip: Path, report: TakenBack) -> Iterator[_Found]:
    """The package that an E-ARK package of ours holds whole, if all of it is as its METS says."""
    judged = validate_package(dip)
    within = dip / "representations" / WHOLE / "data"
    if not judged.valid:
        report.refused.append(Refused(str(dip), _first_error(judged)))
    elif within.is_dir():
        yield from _package(within, report)
    else:
        report.refused.append(Refused(str(dip), _NOT_WHOLE))


def _first_error(judged: Report) -> str:
    wrong = next(each for each in judged.findings if each.severity is Severity.ERROR)
    return f"{wrong.code}: {wrong.message}"


def _folders(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()] if folder.is_dir() else []


def _package(folder: Path, report: TakenBack) -> Iterator[_Found]:
    """The package of a folder, if it is a valid OCFL object of this program's."""
    judged = validate_object(FolderTree(folder))
    if not judged.valid:
        report.refused.append(Refused(str(folder), _first_error(judged)))
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
    kind = found.kind
    if not is_uuid(identifier) or urn(identifier) != object_id or kind is None or kind not in _MODELS:
        return "no es un paquete de los que este programa recibe"
    judged = judge(found.store, found.inventory, kind)
    if isinstance(judged, str):
        return judged
    with archive.writing_object(object_id):
        archive.packages.recover(object_id)
        why = _barred(archive, found, judged)
        if why is not None:
            return why
        outcome = None
        try:
            outcome = copy_object(found.store, archive.store, prefix_of(object_id))
        finally:
            if outcome not in _TAKEN:
                archive.packages.recover(object_id)
        if outcome not in _TAKEN:
            return _DISTINCT if outcome is Outcome.OTHER else "está dañado"
        if outcome is Outcome.HELD and _is_known(archive, judged):
            report.already.append(identifier)
            return None
        inventory = archive.packages.inventory(object_id)
        with archive.transaction() as transaction:
            note_package(transaction, actor.login, identifier, inventory)
            audit.record(transaction, actor.login, "package.import", identifier, detail={"version": inventory.head})
        restore_objects(archive, [identifier])
    if not _is_known(archive, judged):
        return "quedó guardado, pero su ficha no se pudo rehacer: vea «archivo rebuild»"
    report.taken.append(identifier)
    return None


def _is_known(archive: Archive, judged: Judged) -> bool:
    """Whether the rows of a package are there; a crash between copy and rows leaves it without."""
    with archive.reading() as session:
        if session.get(KeptCopy, (PRINCIPAL, judged.identifier)) is None:
            return False
        if judged.fonds is not None and judged.kind == FONDS:  # one of its code has its offices
            return session.scalars(select(Fonds.id).where(Fonds.code == judged.fonds.code)).first() is not None
        return session.get(_MODELS[judged.kind], judged.identifier) is not None


def _barred(archive: Archive, found: _Found, judged: Judged) -> str | None:
    """Why a package does not go where the archive has something of its name, whose last acts are sealed first; None where it may."""
    if judged.kind != TOMBSTONE and (why := _deleted(archive, judged.identifier)) is not None:
        return why
    try:
        head = archive.packages.head(found.inventory.object_id)
        if head is not None and kind_of(archive.packages.inventory(found.inventory.object_id).state()) != judged.kind:
            return _DISTINCT
        with archive.reading() as session:
            is_there = session.get(Document, judged.identifier) is not None
            why = why_barred(session, judged, is_newer=found.inventory.head > (head or 0))
        if why is None and is_there:
            seal_held(archive, judged.identifier)
            with archive.reading() as session:
                document = session.get_one(Document, judged.identifier)
                if document.version > document.sealed_version and document.state in _WORKED_ON:
                    return "aquí se está procesando y tiene actos que su paquete aún no tiene: espere a que termine y repita la orden"
    except Conflict as fault:
        return fault.message
    except (BadInventory, ObjectMissing, DigestMismatch, ValueError):
        return "el paquete que el archivo tiene con ese nombre no se puede leer: vea «archivo verify»"
    return why


def _deleted(archive: Archive, identifier: str) -> str | None:
    """Why what was deleted does not come back; None for what was not."""
    with archive.reading() as session:
        row = session.get(Tombstone, identifier)
    said = row.said if row is not None else read_tombstone(archive, identifier) if is_tombstone(archive, identifier) else None
    if said is None:
        return None
    order = said["authority"]
    return f"su contenido se eliminó aquí por {order['name']} {order['number']} del {order['date']}, y no se recibe de nuevo"
