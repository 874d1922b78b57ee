"""Write a package as others read it: a bag of the whole OCFL object, or an E-ARK dissemination package of what is consulted and of it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

from archivo.archive import Archive
from archivo.custody.services import safe_name
from archivo.identifiers import urn
from archivo.records.packaging import EVENTS, PREMIS, RECORD, TEXT, WHOLE
from archivo.records.views import DocumentView
from archivo.records.wording import ACCESS
from preservation import dublin_core
from preservation.bagit import write_bag
from preservation.eark import write_package
from preservation.eark_aids import READING_AID
from preservation.eark_package import Content, InformationPackage, Metadata, PackageKind, Representation
from preservation.fixity import Digest, HashingReader
from preservation.ocfl_inventory import INVENTORY, BadInventory, Inventory
from preservation.ocfl_layout import prefix_of, vouched
from preservation.store import DigestMismatch

SOFTWARE: Final = ("Archivo", "0.1.0")
JSON: Final = "application/json"
XML: Final = "application/xml"
_UNKNOWN: Final = "application/octet-stream"
_MIMES: Final = {".json": JSON, ".xml": XML, ".txt": "text/plain"}
_WHOLE_AID: Final = """\
QUÉ TRAE ESTE PAQUETE

metadata/descriptive        «dc.xml» describe el documento en Dublin Core; «record.json», como lo guarda el archivo; «inventory.json» es el
                            inventario de su paquete OCFL.
metadata/preservation       «premis.xml» es su historia (PREMIS 3); los nombres que da son los del paquete OCFL. «events.json», la misma
                            en JSON.
representations/ocfl        El paquete entero tal como el archivo lo guarda (OCFL 1.1), con todas sus versiones. Las demás carpetas de
                            «representations» repiten de él lo que se consulta hoy.

Este paquete se puede recibir de vuelta con «archivo import CARPETA»: vuelven la identidad del documento, sus versiones y su historia.
"""
_LIGHT_AID: Final = """\
QUÉ TRAE ESTE PAQUETE

metadata/descriptive        «dc.xml» describe el documento en Dublin Core; «record.json», como lo guarda el archivo; «inventory.json» es el
                            inventario de su paquete OCFL.
metadata/preservation       «premis.xml» es su historia (PREMIS 3); los nombres que da son los del paquete OCFL. «events.json», la misma
                            en JSON.

Es solo para consulta: trae lo que se ve hoy del documento y no sus versiones anteriores, así que «archivo import» no lo recibe de vuelta.
Para eso pídalo entero: «archivo export ID DESTINO --as dip», sin «--without-versions», o «--as bag», o «--as ocfl».
"""


def write_bag_of(archive: Archive, identifier: str, target: Path) -> None:
    """A bag whose payload is the whole OCFL object: copied, and so compared with its inventories, before it is put in the bag."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.scratch_for("away") as folder:
        copy = folder / "object"
        archive.packages.export(urn(identifier), copy)
        files = sorted(file for file in copy.rglob("*") if file.is_file())
        payload = ((file.relative_to(copy).as_posix(), partial(_opened, file)) for file in files)
        info = [("Source-Organization", archive.institution.entity_name), ("External-Identifier", urn(identifier))]
        write_bag(target, payload, info=info, algorithms=("sha256", "sha512"))


def write_dip_of(archive: Archive, view: DocumentView, target: Path, *, whole: bool) -> None:
    """An E-ARK DIP in a folder: the representations as they are, the description as it is kept and as Dublin Core, the history as PREMIS.

    `whole`: it also holds the OCFL object, with all its versions, in WHOLE, so that it can be taken back. Every byte is compared with the
    inventories on the way. Raises StoreError or ValueError for what is damaged; then nothing is left.
    """
    target.mkdir(parents=True, exist_ok=True)
    with archive.scratch_for("away") as folder:
        representations = _of_last_version(archive, view)
        if whole:
            copy = folder / "object"
            archive.packages.export(urn(view.id), copy)
            representations.append(_of_all_versions(copy, view))
        write_package(_dip(archive, view, representations, whole=whole), target)


def _dip(archive: Archive, view: DocumentView, representations: list[Representation], *, whole: bool) -> InformationPackage:
    inventory, data = _trusted(archive, view)
    created = view.received_at
    record = Content.of("record.json", _read(archive, inventory, RECORD), JSON, created)
    events = Content.of("events.json", _read(archive, inventory, EVENTS), JSON, created)
    premis = Content.of("premis.xml", _read(archive, inventory, PREMIS), XML, created)
    described = Content.of("dc.xml", dublin_core.to_xml(_described(archive, view)), XML, created)
    told = Content.of(INVENTORY, data, JSON, created)
    aid = f"{READING_AID}\n{_WHOLE_AID if whole else _LIGHT_AID}"
    return InformationPackage(
        PackageKind.DIP,
        urn(view.id),
        view.title or view.filename,
        created,
        SOFTWARE,
        representations,
        descriptive=[
            Metadata(described, "DC"),
            Metadata(record, "OTHER", other="Archivo record"),
            Metadata(told, "OTHER", other="OCFL inventory"),
        ],
        preservation=[Metadata(premis, "PREMIS", "3.0"), Metadata(events, "OTHER", other="Archivo events")],
        documentation=[Content.of("LEAME.txt", aid.encode(), "text/plain", created)],
        creator=view.fonds_name,
    )


def _of_last_version(archive: Archive, view: DocumentView) -> list[Representation]:
    """What a reader consults."""
    inventory, _ = _trusted(archive, view)
    created = view.received_at
    found = []
    for each in view.representations:
        name = safe_name(view.filename) if each.role == "original" else Path(each.path).name
        opened = partial(_compared, archive, inventory, each.path)
        found.append(Representation(each.role, [Content(name, each.size, each.mime or _UNKNOWN, created, opened)]))
    if TEXT in inventory.state():
        found.append(Representation("text", [Content.of("text.txt", _read(archive, inventory, TEXT), "text/plain", created)]))
    return found


def _of_all_versions(copy: Path, view: DocumentView) -> Representation:
    """The OCFL object, file by file."""
    files = sorted(file for file in copy.rglob("*") if file.is_file())
    contents = [
        Content(
            file.relative_to(copy).as_posix(),
            file.stat().st_size,
            _MIMES.get(file.suffix, _UNKNOWN),
            view.received_at,
            partial(_opened, file),
        )
        for file in files
    ]
    return Representation(WHOLE, contents)


def _described(archive: Archive, view: DocumentView) -> list[tuple[str, str]]:
    """The description in the terms of Dublin Core."""
    return [
        ("title", view.title or view.filename),
        ("creator", view.producer or ""),
        ("publisher", archive.institution.entity_name),
        ("date", view.date or ""),
        ("description", view.description),
        ("type", view.document_type or ""),
        ("format", view.original.mime or ""),
        ("identifier", urn(view.id)),
        ("identifier", view.number or ""),
        ("relation", f"{view.fonds_code} {view.fonds_name}"),
        ("relation", f"{view.office_code or ''} {view.office_name or ''}"),
        ("rights", ACCESS[view.access]),
    ]


def _trusted(archive: Archive, view: DocumentView) -> tuple[Inventory, bytes]:
    trusted = vouched(archive.store, prefix_of(urn(view.id)))
    if trusted is None:
        raise BadInventory(view.id)
    return trusted


@contextmanager
def _compared(archive: Archive, inventory: Inventory, path: str) -> Iterator[BinaryIO]:
    """The bytes of a file of a package, which are those of its inventory: who reads them to the end gets DigestMismatch if not."""
    with closing(archive.packages.open(inventory.object_id, path, inventory.head)) as source:
        yield cast(BinaryIO, _Comparing(source, inventory.digest(path)))


def _read(archive: Archive, inventory: Inventory, path: str) -> bytes:
    with _compared(archive, inventory, path) as stream:
        return stream.read()


class _Comparing:
    def __init__(self, source: BinaryIO, expected: Digest) -> None:
        self._reader, self._expected = HashingReader(source, expected.algorithm), expected

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size)
        if (size < 0 or not data) and self._reader.digest() != self._expected:
            raise DigestMismatch(f"the stored bytes are not those of {self._expected}")
        return data


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")
