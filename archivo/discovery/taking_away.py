"""Take packages away, to be read elsewhere without this program: the packages as they are, and a page for each that any browser opens.

    DEST/indice.html            what is here; after 1,000 documents it goes on in indice-2.html, …
    DEST/paginas/ID/…           a page for each document: description, history, text, images of its pages
    DEST/ocfl/                  a storage root with the packages (form `ocfl`)
    DEST/bolsas/ID/             a bag whose payload is the package (form `bag`)
    DEST/dip/ID/                an E-ARK dissemination package: what is consulted, described, with its history and the package (form `dip`)

All of them also hold the packages of the fonds and schedules that the documents name (`dip`, as bags), so that `archivo import` gives all
of it back; a `dip` that is not whole holds neither these nor its own package. What is there already, of the last version, is not made
again: an order that was interrupted is given again.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import select

from archivo.access.policy import Actor, scope
from archivo.archive import Archive, Busy
from archivo.audit import services as audit
from archivo.discovery.images import page_image
from archivo.discovery.packages_out import write_bag_of, write_dip_of
from archivo.errors import ArchivoError, Conflict, Malformed, reason_of
from archivo.identifiers import urn
from archivo.intake.sealing import seal
from archivo.records.models import Document, Fonds
from archivo.records.packaging import WHOLE
from archivo.records.rows import visible_to
from archivo.records.services import view_document, view_parts
from archivo.records.views import DocumentView
from archivo.records.wording import ACCESS, STATES
from archivo.retention.classification import DECIDED
from archivo.retention.models import Classification, Decision, TrdClass, TrdVersion
from archivo.web.layout import standalone
from preservation.eark import folder_name
from preservation.ocfl import StorageRoot
from preservation.ocfl_copy import Outcome, copy_object
from preservation.ocfl_inventory import INVENTORY, BadInventory
from preservation.ocfl_layout import key_of, prefix_of, read
from preservation.store import ObjectStore, StoreError, StoreFull, StoreUnavailable
from preservation.stores.filesystem import FilesystemStore
from search.index import Query

IMAGE_WIDTH: Final = 1200
MOST_FOUND: Final = 10_000
INDEXED: Final = 1000
"""Documents in a page of the index."""
_INDEX: Final = re.compile(r"indice(-[0-9]+)?\.html")


class Form(StrEnum):
    """What the packages are taken away as."""

    OCFL = "ocfl"
    BAG = "bag"
    DIP = "dip"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents: these, or those of a series, of a fonds, or that a search finds; all of them if nothing is said."""

    ids: Sequence[str] = ()
    series: str | None = None
    fonds: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that could not be taken away, and why."""

    id: str
    reason: str


@dataclass(slots=True)
class TakenAway:
    """What was taken: documents made now, those that were there already, and those that could not be."""

    made: int = 0
    already: int = 0
    failed: list[Failed] = field(default_factory=list)


def chosen(archive: Archive, actor: Actor, selection: Selection) -> list[str]:
    """The documents of a selection that this actor may see, by identifier. Raises Unknown for an identifier that is none of theirs."""
    if selection.ids:
        return [view_document(archive, actor, each).id for each in dict.fromkeys(selection.ids)]
    statement = select(Document.id).where(visible_to(actor), Document.ocfl_version > 0).order_by(Document.id)
    if selection.fonds is not None:
        statement = statement.join(Fonds, Fonds.id == Document.fonds_id).where(Fonds.code == selection.fonds)
    if selection.series is not None:
        code = selection.series
        of_it = select(Classification.document_id).join(TrdClass, TrdClass.id == Classification.class_id)
        of_it = of_it.where(Classification.status.in_(DECIDED), (TrdClass.code == code) | (TrdClass.series_code == code))
        statement = statement.where(Document.id.in_(of_it))
    if selection.text is not None:
        statement = statement.where(Document.id.in_(_found(archive, actor, selection.text)))
    with archive.reading() as session:
        return list(session.scalars(statement))


def take_away(
    archive: Archive,
    actor: Actor,
    ids: Sequence[str],
    destination: Path,
    form: Form,
    *,
    images: bool,
    told: Callable[[str], None],
    whole: bool = True,
) -> TakenAway:
    """Put these documents in a folder, each told as it is there. What is damaged is not copied, and is named; the others are.

    `whole`: whether a DIP holds the package with all its versions, which can be taken back, or only what is consulted.

    What was done to a document and is in no package yet is sealed first. Each leaves its entry in the trail, and all of them their sum.
    Raises Malformed for a folder that holds something else, Conflict where it cannot be written.
    """
    try:
        _prepare(destination)
        report = TakenAway()
        away = _Away(archive, actor, destination, form, images, whole)
        for document_id in ids:
            if _one(away, document_id, report):
                with archive.transaction() as transaction:
                    audit.record(transaction, actor.login, "document.export", document_id, detail={"form": form})
            told(document_id)
        away.end()
    except (OSError, StoreFull) as fault:
        why = "no hay espacio" if isinstance(fault, StoreFull) else reason_of(fault)
        raise Conflict(
            "export.unwritable",
            f"No se pudo escribir en «{destination}» ({why}). Lo que ya quedó allí está completo.",
            "Revise la carpeta y su espacio, y repita la orden: sigue donde iba.",
        ) from fault
    with archive.transaction() as transaction:
        detail = {"form": form, "documents": report.made + report.already, "failed": len(report.failed)}
        audit.record(transaction, actor.login, "documents.export", None, detail=detail)
    return report


def _found(archive: Archive, actor: Actor, text: str) -> list[str]:
    found = archive.index.search(Query(text, limit=MOST_FOUND + 1), scope=scope(actor)).hits
    if len(found) > MOST_FOUND:
        raise Malformed(
            "export.too_many",
            f"Más de {MOST_FOUND} documentos responden a esas palabras. No se copió nada.",
            "Agregue palabras, o saque una serie o un fondo.",
        )
    return [hit.document for hit in found]


def _prepare(destination: Path) -> None:
    """A folder that is not there, is empty, or was begun by this order."""
    ours = {"paginas", "ocfl", "bolsas", "dip", ".ocfl.incoming"}
    held = [each.name for each in destination.iterdir()] if destination.is_dir() else []
    if (destination.exists() and not destination.is_dir()) or any(name not in ours and not _INDEX.fullmatch(name) for name in held):
        raise Malformed(
            "export.destination",
            f"«{destination}» no es una carpeta, o tiene otras cosas. No se copió nada.",
            "Elija una carpeta nueva, o la de una salida que se interrumpió.",
        )
    destination.mkdir(parents=True, exist_ok=True)


def _one(away: "_Away", document_id: str, report: TakenAway) -> bool:
    """Whether a document is there, made now or before."""
    try:
        is_new = away.take(document_id)
    except (StoreFull, StoreUnavailable):  # nothing is damaged then
        raise
    except (StoreError, ValueError):
        report.failed.append(Failed(document_id, "lo guardado está dañado o incompleto: vea «archivo verify»"))
        return False
    except Busy:
        report.failed.append(Failed(document_id, "otro proceso lo está escribiendo: repita la orden"))
        return False
    except ArchivoError as fault:
        report.failed.append(Failed(document_id, fault.message))
        return False
    report.made += is_new
    report.already += not is_new
    return True


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the index says of a document."""

    id: str
    title: str
    date: str | None
    document_type: str | None


class _Away:
    """A folder being filled."""

    def __init__(self, archive: Archive, actor: Actor, folder: Path, form: Form, images: bool, whole: bool) -> None:
        self._archive, self._actor, self._folder, self._form, self._images = archive, actor, folder, form, images
        self._is_whole = whole or form is not Form.DIP
        self._pages = standalone(archive.institution.timezone, archive.institution.entity_name)
        self._needed: set[str] = set()
        self._listed: list[_Listed] = []
        self._root: ObjectStore | None = None
        if form is Form.OCFL:
            self._root = FilesystemStore(folder / "ocfl", folder / ".ocfl.incoming")
            StorageRoot(self._root).ensure()

    def take(self, document_id: str) -> bool:
        """Whether it was not there yet."""
        view = self._sealed(document_id)
        if view.tombstone is not None and self._form is Form.DIP:
            raise Conflict("document.deleted", "su contenido se eliminó: no hay nada que consultar", "Sáquelo como depósito OCFL o bolsa.")
        if self._is_whole:
            self._needed |= _needed_by(self._archive, document_id)
        is_new = self._package(document_id, view)
        is_new |= self._page(view, again=is_new)
        self._listed.append(_Listed(view.id, view.title, view.date, view.document_type))
        return is_new

    def end(self) -> None:
        """What the documents name, and the index of the folder."""
        for identifier in sorted(self._needed):
            self._package(identifier, None)
        shutil.rmtree(self._folder / ".ocfl.incoming", ignore_errors=True)
        self._index()

    def _sealed(self, document_id: str) -> DocumentView:
        """A document whose acts are all in its package."""
        view = view_document(self._archive, self._actor, document_id)
        seal(self._archive, document_id)
        is_same = self._archive.packages.head(urn(document_id)) == view.ocfl_version
        return view if is_same else view_document(self._archive, self._actor, document_id)

    def _index(self) -> None:
        pages = [self._listed[start : start + INDEXED] for start in range(0, len(self._listed), INDEXED)] or [[]]
        names = [_index_name(number) for number in range(1, len(pages) + 1)]
        template = self._pages.get_template("discovery/afuera_indice.html")
        for number, documents in enumerate(pages):
            content = template.render(
                documents=documents, total=len(self._listed), form=self._form, whole=self._is_whole, names=names, here=names[number]
            )
            _write(self._folder / names[number], content)
        for file in self._folder.glob("indice*.html"):
            if file.name not in names:
                file.unlink()

    def _package(self, identifier: str, view: DocumentView | None) -> bool:
        if self._root is not None:
            outcome = copy_object(self._archive.store, self._root, prefix_of(urn(identifier)))
            if outcome not in (Outcome.COPIED, Outcome.HELD):
                StorageRoot(self._root).recover(urn(identifier))
                raise BadInventory(identifier)
            return outcome is Outcome.COPIED
        target, told = self._target(identifier, is_bag=view is None or self._form is Form.BAG)
        is_as_asked = not told.is_relative_to(target / "representations") or self._is_whole
        if is_as_asked and told.is_file() and told.read_bytes() == read(self._archive.store, key_of(prefix_of(urn(identifier)), INVENTORY)):
            return False
        self._make(identifier, view, target)
        return True

    def _target(self, identifier: str, *, is_bag: bool) -> tuple[Path, Path]:
        """Where a bag or a DIP goes, and the inventory in it that tells of which version it is."""
        if is_bag:
            target = self._folder / "bolsas" / identifier
            return target, target / "data" / INVENTORY
        target = self._folder / "dip" / folder_name(urn(identifier))
        whole = target / "representations" / WHOLE / "data" / INVENTORY
        return target, whole if self._is_whole or whole.exists() else target / "metadata/descriptive" / INVENTORY

    def _make(self, identifier: str, view: DocumentView | None, target: Path) -> None:
        """Make a bag or a DIP beside its place, where what there was of an earlier version stays until the new one is whole."""
        beside = target.parent / ".nuevo"
        shutil.rmtree(beside, ignore_errors=True)
        try:
            if view is None or self._form is Form.BAG:
                write_bag_of(self._archive, identifier, beside / target.name)
            else:
                write_dip_of(self._archive, view, beside, whole=self._is_whole)
            if target.exists():
                target.rename(beside / "anterior")
            (beside / target.name).rename(target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _page(self, view: DocumentView, *, again: bool) -> bool:
        folder = self._folder / "paginas" / view.id
        page = folder / "index.html"
        if page.exists() and not again:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        parts = view_parts(self._archive, self._actor, view.id) if view.tombstone is None else []
        images = dict(self._drawn(view.id, [part.number for part in parts if part.width is not None], folder)) if self._images else {}
        content = self._pages.get_template("discovery/afuera.html").render(
            document=view, parts=parts, images=images, package=self._place_of(view), access=ACCESS, states=STATES
        )
        _write(page, content)
        return True

    def _drawn(self, document_id: str, numbers: Sequence[int], folder: Path) -> Iterator[tuple[int, str]]:
        for number in numbers:
            with suppress(ArchivoError):  # a page that cannot be drawn has its text
                drawn = page_image(self._archive, self._actor, document_id, number, IMAGE_WIDTH)
                name = f"{number:05d}.webp"
                shutil.copyfile(drawn, folder / name)
                yield number, name

    def _place_of(self, view: DocumentView) -> str:
        """Where the document's package is, from its page."""
        if self._form is Form.OCFL:
            return f"../../ocfl/{prefix_of(urn(view.id))}"
        return f"../../bolsas/{view.id}/" if self._form is Form.BAG else f"../../dip/{folder_name(urn(view.id))}/"


def _index_name(number: int) -> str:
    return "indice.html" if number == 1 else f"indice-{number}.html"


def _needed_by(archive: Archive, document_id: str) -> set[str]:
    """The packages of the fonds and of the schedules that a document's package names, as far as they were written."""
    schedules = select(Classification.trd_id).where(Classification.document_id == document_id)
    decided = select(Decision.trd_id).where(Decision.document_id == document_id)
    with archive.reading() as session:
        named = {*session.scalars(schedules), *session.scalars(decided)}
        fonds = session.scalars(select(Fonds.id).join(Document, Document.fonds_id == Fonds.id).where(Document.id == document_id))
        kept = {each for each in fonds if session.get_one(Fonds, each).ocfl_version}
        return kept | set(session.scalars(select(TrdVersion.id).where(TrdVersion.id.in_(named), TrdVersion.ocfl_version > 0)))


def _write(path: Path, content: str) -> None:
    """Whole or not at all: a page that is there was finished."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(content, encoding="utf-8")
    unfinished.rename(path)
