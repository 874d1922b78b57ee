"""Write a package as others read it: a bag of the whole OCFL object, or an E-ARK dissemination package of what is consulted."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, cast

from archivo.archive import Archive
from archivo.custody.services import safe_name
from archivo.identifiers import urn
from archivo.records.packaging import RECORD, TEXT
from archivo.records.views import DocumentView
from preservation.bagit import write_bag
from preservation.eark import write_package
from preservation.eark_package import Content, InformationPackage, Metadata, PackageKind, Representation
from preservation.fixity import Digest, HashingReader
from preservation.ocfl_inventory import INVENTORY, BadInventory, Inventory
from preservation.ocfl_layout import prefix_of, vouched
from preservation.store import DigestMismatch

SOFTWARE: Final = ("Archivo", "0.1.0")


def write_bag_of(archive: Archive, identifier: str, target: Path) -> None:
    """A bag whose payload is the whole OCFL object: copied, and so compared with its inventories, before it is put in the bag."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=archive.scratch("away")) as folder:
        copy = Path(folder) / "object"
        archive.packages.export(urn(identifier), copy)
        files = sorted(file for file in copy.rglob("*") if file.is_file())
        payload = ((file.relative_to(copy).as_posix(), partial(_opened, file)) for file in files)
        info = [("Source-Organization", archive.institution.entity_name), ("External-Identifier", urn(identifier))]
        write_bag(target, payload, info=info, algorithms=("sha256", "sha512"))


def write_dip_of(archive: Archive, view: DocumentView, target: Path) -> None:
    """An E-ARK DIP in a folder: the representations as they are, the description as it is kept, the inventory that tells its version.

    Every byte is compared with that inventory on the way. Raises StoreError or ValueError for what is damaged; then nothing is left.
    """
    target.mkdir(parents=True, exist_ok=True)
    created = view.received_at
    trusted = vouched(archive.store, prefix_of(urn(view.id)))
    if trusted is None:
        raise BadInventory(view.id)
    inventory, data = trusted
    representations = []
    for each in view.representations:
        name = safe_name(view.filename) if each.role == "original" else Path(each.path).name
        opened = partial(_compared, archive, inventory, each.path)
        content = Content(name, each.size, each.mime or "application/octet-stream", created, opened)
        representations.append(Representation(each.role, [content]))
    if TEXT in inventory.state():
        representations.append(Representation("text", [Content.of("text.txt", _read(archive, inventory, TEXT), "text/plain", created)]))
    record = Content.of("record.json", _read(archive, inventory, RECORD), "application/json", created)
    told = Content.of(INVENTORY, data, "application/json", created)
    package = InformationPackage(
        PackageKind.DIP,
        urn(view.id),
        view.title or view.filename,
        created,
        SOFTWARE,
        representations,
        descriptive=[Metadata(record, "OTHER", other="Archivo record"), Metadata(told, "OTHER", other="OCFL inventory")],
        creator=view.fonds_name,
    )
    write_package(package, target)


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
