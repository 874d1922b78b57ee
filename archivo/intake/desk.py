"""What needs a person: the work of the day, and the queue of classification by keyboard."""

from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant, require
from archivo.errors import ArchivoError, Unknown
from archivo.intake import attention
from archivo.records.services import view_document, view_parts
from archivo.retention import classification
from archivo.retention import services as retention
from archivo.web import forms
from archivo.web.addresses import changer
from archivo.web.layout import page
from archivo.web.sheets import Cell, local, sheet
from archivo.web.tables import Column, page_number, read_order, table

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

REASONS: Final = (
    ("classify", "Por clasificar", "El modelo propone; decide una persona."),
    ("audit", "Por comprobar", "Clasificados solos y elegidos al azar para que alguien los revise."),
    ("doubtful", "Con texto dudoso", "La lectura de la imagen no es segura; compárela con el texto."),
    ("unread", "Que no se pudieron leer del todo", "El original está a salvo; en cada uno se dice qué falta y qué puede hacer."),
    ("failed", "Que no se pudieron procesar", "El original está a salvo; vea qué pasó y reintente."),
)
QUEUE: Final = 40
FEW: Final = 6
COLUMNS: Final = (
    Column("Documento", "titulo", "title"),
    Column("Oficina", "oficina", "office"),
    Column("Recibido", "recibido", "received", "date"),
    Column("Páginas", "paginas", "parts", "number"),
)
BY_MODEL: Final = (*COLUMNS, Column("Confianza", "confianza", "confidence", "number"))
SHEET: Final = ("Motivo", "Título", "Archivo", "Oficina", "Recibido", "Páginas", "Confianza", "Texto dudoso", "Dirección")


@router.get("/trabajo")
def work(request: Request, archive: Here, actor: Staff, motivo: str = "", orden: str = "", pagina: int = 1) -> Response:
    """What needs me, by reason: the first of each, or all of one in the order asked."""
    counts = attention.count_waiting(archive, actor)
    chosen = motivo if motivo in {key for key, _, _ in REASONS} else ""
    current = page_number(pagina) if chosen else 1
    tables, lists = {}, {}
    for key in [key for key, _, _ in REASONS if getattr(counts, key) and chosen in ("", key)]:
        columns, state = _columns(key), {"motivo": key, "orden": orden if chosen else ""}
        order = read_order(state["orden"], columns, "recibido")
        tables[key] = table(columns, order, changer("/trabajo", state), state)
        limit = attention.PAGE if chosen else FEW
        lists[key] = attention.list_waiting(archive, actor, key, order=order, limit=limit, offset=(current - 1) * limit)
    change = changer("/trabajo", {"motivo": chosen, "orden": orden})
    return page(
        request,
        "intake/trabajo.html",
        here="trabajo",
        reasons=[(key, label, words, getattr(counts, key)) for key, label, words in REASONS if key in tables],
        lists=lists,
        tables=tables,
        chosen=chosen,
        csv=changer("/trabajo.csv", {"motivo": chosen, "orden": orden if chosen else ""}),
        current=current,
        last_page=-(-getattr(counts, chosen) // attention.PAGE) if chosen else 1,
        pager_address=lambda number: change(pagina=number if number > 1 else None),
    )


@router.get("/trabajo.csv")
def work_sheet(request: Request, archive: Here, actor: Staff, motivo: str = "", orden: str = "") -> Response:
    """The same lists, whole."""
    labels = {key: label for key, label, _ in REASONS if motivo in ("", key)} or {key: label for key, label, _ in REASONS}
    orders = {key: read_order(orden, _columns(key), "recibido") for key in labels}
    zone, site = ZoneInfo(archive.institution.timezone), str(request.base_url).rstrip("/")
    waiting = attention.export_waiting(archive, actor, orders)
    return sheet("trabajo.csv", SHEET, (_cells(one, labels[one.reason], zone, site) for one in waiting))


@router.get("/clasificar")
def queue(request: Request, archive: Here, actor: Staff) -> Response:
    """The first document that waits, ready to be decided."""
    waiting = attention.list_waiting(archive, actor, "classify", limit=1) or attention.list_waiting(archive, actor, "audit", limit=1)
    if not waiting:
        return page(request, "intake/clasificar_vacia.html", here="clasificar", has_trd=bool(retention.list_trd(archive, actor)))
    return _desk(request, archive, actor, waiting[0].id)


@router.get("/clasificar/{document_id}")
def one(request: Request, archive: Here, actor: Staff, document_id: str, pagina: int = 1, buscar: str = "") -> Response:
    return _desk(request, archive, actor, document_id, number=pagina, wanted=buscar)


@router.post("/clasificar/{document_id}")
def decide(request: Request, archive: Here, actor: Staff, form: Fields, document_id: str) -> Response:
    """A person decides, and the next document is there."""
    following = _next(archive, actor, document_id)
    try:
        decided = classification.confirm(archive, actor, document_id, form.one("serie"))
    except ArchivoError as error:
        return _desk(request, archive, actor, document_id, status=error.status, error=error)
    assert decided.item is not None
    title = view_document(archive, actor, document_id).title
    request.state.session.say(f"«{title[:80]}» quedó en {decided.item.label} ({decided.item.code}).")
    return RedirectResponse(f"/clasificar/{following}" if following else "/clasificar", 303)


def _columns(reason: str) -> tuple[Column, ...]:
    return BY_MODEL if reason in ("classify", "audit") else (*COLUMNS, Column("Estado"))


def _cells(one: attention.Waiting, label: str, zone: ZoneInfo, site: str) -> list[Cell]:
    what: list[Cell] = [label, one.title, one.filename, one.office_code, local(one.received_at, zone), one.part_count]
    return [*what, None if one.confidence is None else round(one.confidence, 3), one.is_doubtful, f"{site}/documentos/{one.id}"]


def _next(archive: Here, actor: Staff, document_id: str) -> str | None:
    """The document that waits after this one, or the first of all."""
    for reason in ("classify", "audit"):
        waiting = attention.list_waiting(archive, actor, reason, after=document_id, limit=1)
        waiting = waiting or [w for w in attention.list_waiting(archive, actor, reason, limit=2) if w.id != document_id]
        if waiting:
            return waiting[0].id
    return None


def _has_image(archive: Here, actor: Staff, document_id: str) -> bool:
    """Whether the first page of a document can be drawn ahead. Its record is not read: that would leave a trace of a reading."""
    try:
        return view_parts(archive, actor, document_id, 1)[0].width is not None
    except Unknown:
        return False


def _desk(
    request: Request,
    archive: Here,
    actor: Staff,
    document_id: str,
    *,
    number: int = 1,
    wanted: str = "",
    status: int = 200,
    error: ArchivoError | None = None,
) -> Response:
    require(archive, actor, Grant.CLASSIFY, document_id)
    document = view_document(archive, actor, document_id)
    shown = min(max(number, 1), document.part_count)
    counts = attention.count_waiting(archive, actor)
    versions = retention.list_trd(archive, actor)
    found = classification.classification_of(archive, actor, document_id)
    version = next((v for v in versions if found and v.number == found.trd_version), versions[0] if versions else None)
    classes = retention.classes_of(archive, version.id) if version else []
    following = _next(archive, actor, document_id)
    return page(
        request,
        "intake/clasificar.html",
        status,
        here="clasificar",
        document=document,
        part=view_parts(archive, actor, document_id, shown)[0] if document.part_count else None,
        queue=attention.list_waiting(archive, actor, "classify", limit=QUEUE),
        waiting=counts.classify,
        following=following,
        prefetch=following is not None and _has_image(archive, actor, following),
        classification=found,
        options=_options(found, {c.key: c for c in classes}),
        classes=classes,
        wanted=wanted,
        error=error,
    )


def _options(
    found: classification.ClassificationView | None, classes: dict[str, retention.ClassView]
) -> list[tuple[retention.ClassView, float]]:
    """The proposal and what competes with it, at most three, best first."""
    if found is None:
        return []
    options = [(found.item, found.confidence or 0.0)] if found.item else []
    options += [
        (classes[a.key], a.confidence) for a in found.alternatives if a.key in classes and (not found.item or a.key != found.item.key)
    ]
    return options[:3]
