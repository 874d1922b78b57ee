"""What a citizen sees: the beginning, the results, a document and the image of its pages."""

from mimetypes import guess_extension
from pathlib import Path, PurePath
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from archivo.access.door import Anyone, Here
from archivo.access.policy import CITIZEN, Grant
from archivo.archive import Archive
from archivo.custody.oversight import OUTCOMES, copies_of
from archivo.discovery import addresses, bulk_pages, lists, services
from archivo.discovery.browsing import browse
from archivo.discovery.images import line_image, page_image
from archivo.discovery.lists import Searched, Typed, query_of
from archivo.discovery.migration_wording import comparison_in_words, validity_in_words
from archivo.discovery.reading import glimpses, read_page
from archivo.discovery.timeline import bins
from archivo.discovery.views import Box
from archivo.intake.fate import progress_of
from archivo.intake.migration_views import PreservationCopy, copy_of
from archivo.records.services import find_file, note_reading, view_document
from archivo.records.views import DocumentView, RepresentationView
from archivo.records.wording import ACCESS, CERTAINTY
from archivo.retention.classification import classification_of
from archivo.web.addresses import address, attachment, changer
from archivo.web.layout import page
from archivo.web.ranges import sent
from search.index import Query

router = APIRouter(include_in_schema=False)
router.include_router(lists.router)
router.include_router(bulk_pages.router)

PER_PAGE: Final = 10
MOST_PAGES: Final = 50
TABS: Final = (("texto", "Texto"), ("descripcion", "Descripción"), ("contexto", "Contexto"), ("integridad", "Integridad"))
SIGNATURES: Final = {
    "signature.valid": ("válida", "ok"),
    "signature.altered": ("alterada", "bad"),
    "signature.expired": ("certificado vencido", "warn"),
    "signature.revoked": ("certificado revocado", "bad"),
    "signature.unknown_chain": ("cadena desconocida", "warn"),
    "signature.no_roots": ("sin comprobar de quién es", "wait"),
    "signature.weak": ("algoritmo débil", "warn"),
    "signature.partial": ("solo de una parte", "warn"),
    "signature.undecided": ("sin decidir", "warn"),
    "signature.unreadable": ("ilegible", "warn"),
    "mail.signed": ("sin los encabezados", "wait"),
}
"""The findings that tell of a signature, in a word and with their mark."""
ROLES: Final = {"original": "Original", "preservation": "Copia de preservación", "access": "Copia de consulta"}
FIELD_NAMES: Final = {
    "title": "Título",
    "date": "Fecha",
    "access": "Acceso",
    "published": "Publicado",
    "document_type": "Tipo",
    "number": "Número",
    "producer": "Productor",
    "description": "Alcance y contenido",
    "office_code": "Oficina",
    "classification": "Serie",
    "hold": "Retención",
    "reason": "Motivo",
    "state": "Estado",
}


@router.get("/")
def home(request: Request, archive: Here) -> Response:
    """What the archive holds, of what is public."""
    holdings = services.holdings(archive)
    everything = browse(archive, CITIZEN, Query("", limit=0))
    years = {int(year.value): year.count for year in everything.facets["year"]}
    spans = bins(years, lambda first, last: address("/buscar", desde=first, hasta=last))
    return page(
        request,
        "discovery/inicio.html",
        here="buscar",
        holdings=holdings,
        bins=spans,
        series=everything.facets["series"],
        years=years,
        address=address,
    )


@router.get("/buscar")
def results(request: Request, archive: Here, actor: Anyone, chosen: Searched, pagina: int = 1) -> Response:
    """The results of what was typed and chosen, all of it in the address."""
    current = min(max(pagina, 1), MOST_PAGES)
    query = query_of(chosen, limit=PER_PAGE, offset=(current - 1) * PER_PAGE)
    found = services.find(archive, actor, query) if chosen["q"] else browse(archive, actor, query)
    change = changer("/buscar", chosen)
    return page(
        request,
        "discovery/resultados.html",
        here="buscar",
        found=found,
        glimpses=glimpses(archive, found),
        chosen=chosen,
        change=change,
        address=address,
        current=current,
        first=(current - 1) * PER_PAGE + 1,
        pager_address=lambda number: change(pagina=number if number > 1 else None),
        last_page=min(-(-found.total // PER_PAGE), MOST_PAGES),
        csv=changer("/buscar.csv", chosen)(),
        as_table=changer("/documentos", chosen)(),
        bins=addresses.year_bins(found, change, chosen),
        facets=addresses.facets(found, change, chosen["serie"]),
        applied=addresses.applied(found, change, chosen),
        pieces=addresses.pieces,
        quoted=addresses.quoted,
        crop=addresses.crop,
        within=addresses.within,
    )


@router.get("/documentos/{document_id}")
def document(
    request: Request,
    archive: Here,
    actor: Anyone,
    document_id: str,
    q: Typed = "",
    pagina: int | None = None,
    coincidencia: int = 0,
    ver: str = "texto",
) -> Response:
    """One document: the image of a page, its text, what is known of it and whether it is intact."""
    view = view_document(archive, actor, document_id)
    reading = read_page(archive, actor, view, q, pagina, coincidencia) if view.part_count else None
    return page(
        request,
        "discovery/documento.html",
        here="buscar",
        document=view,
        reading=reading,
        progress=progress_of(archive, actor, document_id) if view.state in ("received", "processing") else None,
        q=q,
        ver=ver if ver in dict(TABS) else "texto",
        tabs=TABS,
        change=changer(f"/documentos/{document_id}", {"q": q, "pagina": reading.number if reading else None, "ver": ver}),
        classification=classification_of(archive, actor, document_id),
        access_words=ACCESS,
        certainty_words=CERTAINTY,
        signatures=[finding for finding in view.findings if finding.code in SIGNATURES],
        signature_marks=SIGNATURES,
        roles=ROLES,
        field_names=FIELD_NAMES,
        first_now=next((index for index, (_, is_now) in enumerate(reading.boxes) if is_now), None) if reading else None,
        address=address,
        copies=copies_of(archive, document_id) if actor.may(Grant.VERIFY) else [],
        copy_words=OUTCOMES,
        preservation=_preservation(archive, view),
        comparison_in_words=comparison_in_words,
        validity_in_words=validity_in_words,
        may_migrate=actor.may(Grant.VERIFY) and view.tombstone is None,
        may_describe=actor.may(Grant.DESCRIBE),
        may_classify=actor.may(Grant.CLASSIFY),
        may_retry=actor.may(Grant.RETRY_JOBS),
        may_delete=actor.may(Grant.DELETE),
        citation_address=str(request.base_url).rstrip("/") + f"/documentos/{document_id}",
    )


@router.get("/documentos/{document_id}/avance")
def progress(request: Request, archive: Here, actor: Anyone, document_id: str) -> Response:
    """How far the reading of a document is, asked for again until it ends."""
    return page(request, "discovery/avance.html", progress=progress_of(archive, actor, document_id))


@router.get("/documentos/{document_id}/paginas/{number}/imagen")
def show_page(archive: Here, actor: Anyone, document_id: str, number: int, ancho: int = 1200) -> Response:
    """The image of a page, drawn once and kept."""
    return _image(page_image(archive, actor, document_id, number, ancho))


@router.get("/documentos/{document_id}/paginas/{number}/recorte")
def show_line(archive: Here, actor: Anyone, document_id: str, number: int, x0: float, y0: float, x1: float, y1: float) -> Response:
    """A stretch of a page, in points from the top left of the page as shown."""
    return _image(line_image(archive, actor, document_id, number, Box(x0, y0, x1, y1)))


@router.api_route("/documentos/{document_id}/descargar/{role}", methods=["GET", "HEAD"])
def download(request: Request, archive: Here, actor: Anyone, document_id: str, role: str) -> Response:
    """A file of the document, byte for byte, whole or in part, never to be opened as a page of ours."""
    held = find_file(archive, actor, document_id, role)
    note_reading(archive, actor, document_id, "document.download")
    ending = guess_extension(held.representation.mime or "") or ""
    name = held.filename if role == "original" else f"{PurePath(held.filename).stem}.{role}{ending}"
    headers = {
        "content-disposition": attachment(name),
        "content-security-policy": "sandbox; default-src 'none'",
        "etag": f'"{held.representation.sha256}"',
    }
    return sent(request, held.open, held.representation.size, headers)


def _preservation(archive: Archive, view: DocumentView) -> tuple[RepresentationView, PreservationCopy] | None:
    """The preservation copy of a document, as a file and as it was made."""
    file = next((one for one in view.representations if one.role == "preservation"), None)
    made = copy_of(archive, view.id) if file else None
    return (file, made) if file and made else None


def _image(file: Path) -> Response:
    """An image drawn by us. A reader's rights may change, so it is kept by the browser for minutes only."""
    return FileResponse(file, media_type="image/webp", headers={"cache-control": "private, max-age=600"})
