"""Documents as a table for who works with them, and the lists of documents to take away as CSV."""

from collections.abc import Iterator
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Asked
from pydantic import AfterValidator
from starlette.responses import Response

from archivo.access.door import Anyone, Here, Staff
from archivo.access.policy import Actor, Grant
from archivo.archive import Archive
from archivo.discovery import addresses, listing, services
from archivo.discovery.browsing import browse
from archivo.discovery.bulk_wording import choices
from archivo.discovery.listing import DocumentRow, Wanted
from archivo.discovery.services import Found
from archivo.intake.bulk import MOST
from archivo.records.wording import ACCESS
from archivo.web.addresses import address, changer
from archivo.web.layout import page
from archivo.web.sheets import Cell, local, sheet
from archivo.web.tables import Column, page_number, read_order, table
from search.index import Query

router = APIRouter(include_in_schema=False)

PER_PAGE: Final = 50
MOST_ANSWERS: Final = 500
ANSWERS_AT_ONCE: Final = 100
MOST_TYPED: Final = 500
"""Of what is typed, how much an address keeps: more than the index looks for, so that it says what it left out."""
Short = Annotated[str, Asked(max_length=300)]
Typed = Annotated[str, AfterValidator(lambda text: text.strip()[:MOST_TYPED])]
STANDINGS: Final = {
    "publicado": ("published", "Publicado", "ok"),
    "sin-publicar": ("unpublished", "Sin publicar", "wait"),
    "en-proceso": ("in process", "En proceso", "going"),
    "fallido": ("failed", "No se pudo procesar", "bad"),
    "eliminado": ("deleted", "Eliminado", "wait"),
}
COLUMNS: Final = (
    Column("Documento", "titulo", "title"),
    Column("Fecha", "fecha", "date", "date"),
    Column("Tipo", "tipo", "type"),
    Column("Serie", "serie", "series"),
    Column("Acceso", "acceso", "access"),
    Column("Situación", "situacion", "standing"),
    Column("Páginas", "paginas", "parts", "number"),
    Column("Recibido", "recibido", "received", "date"),
)
SHEET: Final = (
    *("Título", "Fecha", "Tipo", "Número", "Productor", "Oficina", "Código de serie", "Serie", "Acceso", "Publicado", "Situación"),
    *("Texto dudoso", "Páginas", "Archivo", "Bytes", "SHA-256", "Recibido", "Recibido de", "Dirección"),
)
ANSWERS_SHEET: Final = ("Título", "Página", "Fragmento", "Fecha", "Tipo", "Productor", "Páginas", "Dirección")


def search_state(q: Typed = "", serie: Short = "", tipo: Short = "", desde: str = "", hasta: str = "") -> dict[str, str]:
    """What a search is asked, by the names of its address."""
    return {"q": q, "serie": serie, "tipo": tipo, "desde": addresses.year(desde), "hasta": addresses.year(hasta)}


Searched = Annotated[dict[str, str], Depends(search_state)]


def query_of(searched: dict[str, str], *, limit: int = 10, offset: int = 0) -> Query:
    """The query that an address asks."""
    return Query(
        searched["q"],
        filters={name: value for name, value in (("series", searched["serie"]), ("type", searched["tipo"])) if value},
        from_year=addresses.number(searched["desde"]),
        to_year=addresses.number(searched["hasta"]),
        limit=limit,
        offset=offset,
    )


def listed_state(searched: Searched, situacion: str = "", acceso: str = "", orden: str = "") -> dict[str, str]:
    """What a list of documents is asked, by the names of its address."""
    chosen = {"situacion": situacion if situacion in STANDINGS else "", "acceso": acceso if acceso in ACCESS else ""}
    return {**searched, **chosen, "orden": orden if orden.removeprefix("-") in {column.key for column in COLUMNS} else ""}


Listed = Annotated[dict[str, str], Depends(listed_state)]


@router.get("/documentos")
def documents(request: Request, archive: Here, actor: Staff, state: Listed, pagina: int = 1) -> Response:
    """The documents one may see, newest first unless another order is asked."""
    current = page_number(pagina)
    order = read_order(state["orden"], COLUMNS, "-recibido")
    found = listing.list_documents(archive, actor, wanted(state), order, limit=PER_PAGE, offset=(current - 1) * PER_PAGE)
    change = changer("/documentos", state)
    return page(
        request,
        "discovery/documentos.html",
        here="documentos",
        found=found,
        state=state,
        filtered=any(value for name, value in state.items() if name != "orden"),
        table=table(COLUMNS, order, change, state),
        most=listing.MOST_FOUND,
        choices=choices(actor),
        most_chosen=MOST,
        bulk=changer("/documentos/lote", state)(),
        migrate=changer("/custodia/migraciones/prever", state)(orden=None) if actor.may(Grant.VERIFY) else "",
        access_words=ACCESS,
        standings=STANDINGS,
        stands={field: (words, kind) for field, words, kind in STANDINGS.values()},
        csv=changer("/documentos.csv", state)(),
        change=change,
        current=current,
        last_page=-(-found.total // PER_PAGE),
        pager_address=lambda number: change(pagina=number if number > 1 else None),
    )


@router.get("/documentos.csv")
def documents_sheet(request: Request, archive: Here, actor: Staff, state: Listed) -> Response:
    """The same list, whole."""
    rows = listing.export_documents(archive, actor, wanted(state), read_order(state["orden"], COLUMNS, "-recibido"))
    zone, site = ZoneInfo(archive.institution.timezone), str(request.base_url).rstrip("/")
    return sheet("documentos.csv", SHEET, (_cells(row, zone, site) for row in rows))


@router.get("/buscar.csv")
def results_sheet(request: Request, archive: Here, actor: Anyone, searched: Searched) -> Response:
    """The results of a search, in their order, as far as its pages go."""
    site = str(request.base_url).rstrip("/")
    return sheet("resultados.csv", ANSWERS_SHEET, (_answer_cells(hit, searched["q"], site) for hit in _answers(archive, actor, searched)))


def wanted(state: dict[str, str]) -> Wanted:
    """The list that an address asks for."""
    standing = STANDINGS[state["situacion"]][0] if state["situacion"] else ""
    return Wanted(query_of(state), standing, state["acceso"])


def _answers(archive: Archive, actor: Actor, searched: dict[str, str]) -> Iterator[Found]:
    look: Any = services.find if searched["q"] else browse
    for start in range(0, MOST_ANSWERS, ANSWERS_AT_ONCE):
        found = look(archive, actor, query_of(searched, limit=ANSWERS_AT_ONCE, offset=start))
        yield from found.hits
        if start + ANSWERS_AT_ONCE >= found.total:
            return


def _cells(row: DocumentRow, zone: ZoneInfo, site: str) -> list[Cell]:
    standing = next(words for field, words, _ in STANDINGS.values() if field == row.standing)
    described: list[Cell] = [row.title, row.date, row.document_type, row.number, row.producer, row.office_code, row.series_code, row.series]
    stands: list[Cell] = [ACCESS[row.access], row.published, standing, row.is_doubtful, row.part_count]
    kept: list[Cell] = [row.filename, row.size, row.sha256, local(row.received_at, zone), row.received_by, f"{site}/documentos/{row.id}"]
    return described + stands + kept


def _answer_cells(hit: Found, q: str, site: str) -> list[Cell]:
    where = site + address(f"/documentos/{hit.id}", q=q, pagina=hit.page)
    return [hit.title, hit.page, hit.snippet, hit.date, hit.document_type, hit.producer, hit.part_count, where]
