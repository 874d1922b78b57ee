"""Verify what is held, and export it."""

import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import select

from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive, ObjectLease
from archivo.audit import services as audit
from archivo.custody import nights
from archivo.custody.fixity import Checked, Fault, FixityOutcome, check, register
from archivo.custody.places import ROOT
from archivo.custody.roots import check_root
from archivo.errors import Conflict, Malformed, reason_of
from archivo.identifiers import from_urn, is_uuid, urn
from archivo.records.holdings import PRINCIPAL
from archivo.records.models import Document, Fonds, Incoming
from archivo.records.packaging import ORIGINAL
from archivo.records.services import visible_document
from archivo.records.tombstones import check_stands
from archivo.retention.models import TrdVersion
from preservation.fixity import CHUNK, HashingReader
from preservation.ocfl_inventory import INVENTORY, BadInventory
from preservation.ocfl_layout import ROOT_FILES, prefix_of
from preservation.ocfl_root import is_there
from preservation.store import DigestMismatch, ObjectMissing, StoreError

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file whose bytes are not those its inventory names, or an inventory that is not the one that was written; digests in hexadecimal,
    None where unknown. `id` is ROOT for a file of the store's own root.
    """

    id: str
    key: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True)
class FixityReport:
    """What a verification found. `checked` and `ok` count documents; the archive's other objects are in `other_checked`. `ahead`: packages
    with a version that nobody told of.
    """

    checked: int
    ok: int
    damaged: tuple[DamagedFile, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    other_checked: int
    ahead: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not (self.damaged or self.missing or self.unexpected or self.ahead)


@dataclass(slots=True)
class _Found:
    """What is found amiss, as it is read."""

    damaged: list[DamagedFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)

    def add(self, identifier: str, checked: Checked) -> None:
        self.amiss.append(identifier)
        place = prefix_of(urn(identifier))
        for fault in checked.faults:
            match fault.what:
                case FixityOutcome.MISSING:
                    self.missing.append(identifier if fault.key == place else fault.key)
                case FixityOutcome.UNEXPECTED:
                    self.unexpected.append(fault.key)
                case FixityOutcome.AHEAD:
                    self.ahead.append(identifier)
                case _:
                    self.damaged.append(DamagedFile(identifier, fault.key, fault.expected, fault.found))


def verify(archive: Archive, actor: Actor, ids: Sequence[str] = ()) -> FixityReport:
    """Read again every byte of the named documents, or of everything held, and compare with the inventories, and these with those that
    were written. It is told in the catalogue and counts for the night, as what fixity.check() reads.

    An unknown id is missing, and so is a whole object that the catalogue names; of everything held, what belongs to no object is
    unexpected, and the files of the store's own root are read too. What is being written now is not unexpected. Raises StoreUnavailable
    where the store does not answer.
    """
    return verify_each(archive, actor, ids)[0]


def verify_each(archive: Archive, actor: Actor, ids: Sequence[str]) -> tuple[FixityReport, list[str]]:
    """verify(), and the packages that are not intact."""
    require(archive, actor, Grant.VERIFY)
    malformed = [one for one in ids if not is_uuid(one)]
    if malformed:
        raise Malformed("identifier.malformed", f"«{malformed[0]}» no es un identificador de documento.", "Revise el identificador.")
    places = set() if ids else _places(archive)
    documents, others, in_flight = _catalogued(archive)
    wanted = list(dict.fromkeys(ids)) if ids else sorted(documents | others | _held(archive))
    night = nights.today(archive)
    register(archive)
    report = _Found(unexpected=_belonging_to_none(archive, places, {*map(urn, wanted), *in_flight}))
    if not ids:
        root = check_root(archive, PRINCIPAL, night)
        report.damaged += [DamagedFile(ROOT, each.key, each.expected, each.found) for each in root.damaged]
        report.missing += root.missing
    checked = ok = other_checked = 0
    for identifier in wanted:
        is_document = identifier in documents or bool(ids)
        try:
            found = check(archive, PRINCIPAL, identifier, night)
        except StoreError:
            if not is_there(archive.store):  # raises where it is the whole store that does not answer: nothing is damaged then
                raise
            found = Checked(FixityOutcome.DAMAGED, (Fault(INVENTORY, FixityOutcome.DAMAGED),), 0)
        is_clean = found.outcome == FixityOutcome.INTACT
        if not is_clean:
            report.add(identifier, found)
        checked += is_document
        ok += is_document and is_clean
        other_checked += not is_document
    with archive.transaction() as transaction:
        audit.record(transaction, actor.login, "archive.verify", None, detail={"checked": checked, "ok": ok})
    lists = (tuple(report.damaged), tuple(report.missing), tuple(report.unexpected))
    return FixityReport(checked, ok, *lists, other_checked, tuple(report.ahead)), report.amiss


def export(archive: Archive, actor: Actor, document_id: str, destination: Path, *, only_original: bool = False) -> Path:
    """Copy a document's OCFL object, or only its original under a safe form of its own name, to a folder that is absent or empty.

    Bytes are compared with their digests on the way: what is damaged is not copied (Conflict), and nothing of it is left there. Of a
    document that was deleted the object is its tombstone, and there is no original (Conflict).
    """
    with archive.reading() as session:
        document = visible_document(session, actor, document_id)
        if only_original:
            check_stands(document)
    try:
        if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
            what = "no está vacía" if destination.is_dir() else "es un archivo"
            raise Malformed("export.destination", f"«{destination}» {what}. No se copió nada.", "Elija una carpeta nueva o vacía.")
        if only_original:
            _copy_original(archive, document, destination)
        else:
            archive.packages.export(urn(document_id), destination)
    except (BadInventory, DigestMismatch, ObjectMissing) as fault:
        raise Conflict(
            "package.damaged",
            "Lo guardado de este documento está dañado o incompleto. No se copió nada.",
            f"Vea qué tiene con «archivo verify {document_id}» y recupérelo de una copia de respaldo.",
        ) from fault
    except OSError as fault:
        raise Conflict(
            "export.unwritable",
            f"No se pudo escribir en «{destination}» ({reason_of(fault)}). No se copió nada.",
            "Revise la carpeta y su espacio.",
        ) from fault
    note_use(archive, actor, "document.export", document_id)
    return destination


def _copy_original(archive: Archive, document: Document, destination: Path) -> None:
    """The original alone, whole and intact, or nothing."""
    with closing(archive.packages.open(urn(document.id), ORIGINAL)) as source, TemporaryDirectory(dir=_nearest(destination)) as folder:
        partial = Path(folder) / "original"
        passing = HashingReader(source)
        with partial.open("xb") as copy:
            shutil.copyfileobj(passing, copy, CHUNK)
        if passing.digest().value != document.sha256:
            raise DigestMismatch(f"{document.id}: the original is not what was received")
        destination.mkdir(parents=True, exist_ok=True)
        partial.rename(destination / safe_name(document.filename))


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest of those it would be made in that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())


def note_use(archive: Archive, actor: Actor, act: str, document_id: str) -> None:
    """Leave in the trail that somebody used a document."""
    with archive.transaction() as transaction:
        audit.record(transaction, actor.login, act, document_id)


def safe_name(filename: str) -> str:
    """A form of a file's own name that any file system takes and that cannot lead elsewhere; at most 200 bytes."""
    cleaned = _UNSAFE.sub("_", filename).strip(" .") or "documento"
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, suffix = cleaned, ""
    room = 200 - len(suffix.encode()) - 1
    short = stem.encode()[:room].decode(errors="ignore").rstrip(" .") or "documento"
    return f"{short}.{suffix}" if suffix else short


def _catalogued(archive: Archive) -> tuple[set[str], set[str], set[str]]:
    """What the catalogue says that is kept: documents, other objects, and the objects (as OCFL names them) that are being written."""
    with archive.reading() as session:
        documents = set(session.scalars(select(Document.id)))
        others = set(session.scalars(select(Fonds.id).where(Fonds.ocfl_version > 0)))
        others |= set(session.scalars(select(TrdVersion.id).where(TrdVersion.ocfl_version > 0)))
        received = map(urn, session.scalars(select(Incoming.document_id)))
        return documents, others, {*received, *session.scalars(select(ObjectLease.object_id))}


def _held(archive: Archive) -> set[str]:
    """What the store can name of what it holds. A place none of whose inventories can be read tells no name: the catalogue has it."""
    held: set[str] = set()
    with suppress(BadInventory):  # raised when all have come
        for object_id in archive.packages.objects():
            held.add(from_urn(object_id))
    return held


def _places(archive: Archive) -> set[str]:
    """Where the store holds something: the places of objects, and the keys that stand in none and are not the storage root's own."""
    length = len(prefix_of(""))
    places = {stored.key[:length] for stored in archive.store.list()}
    return {place for place in places if place not in ROOT_FILES and not place.startswith("extensions/")}


def _belonging_to_none(archive: Archive, places: Iterable[str], objects: Iterable[str]) -> list[str]:
    """The keys that stand still in those of `places` that belong to none of `objects`: what a deposit given up put there goes at once."""
    strange = set(places).difference(map(prefix_of, objects))
    return sorted({str(found.key) for place in strange for found in archive.store.list(place)})
