"""Jobs as an operator sees them: what runs, what waits, what failed and why, and trying again. No content of any document."""

from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant
from archivo.operations import services
from archivo.operations.services import JobView
from archivo.web import forms
from archivo.web.addresses import changer
from archivo.web.layout import is_fragment, page
from archivo.web.sheets import Cell, local, sheet
from archivo.web.spanish import count
from archivo.web.tables import Column, page_number, read_order, table

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

MARKS: Final = {"queued": "wait", "running": "going", "done": "ok", "failed": "bad"}
STATES: Final = {state: (words, MARKS[state]) for state, words in services.STATES.items()}
QUEUES: Final = {
    "ingest": "Recepción y lectura",
    "ocr": "Reconocimiento de texto",
    "index": "Buscador",
    "seal": "Sellado de paquetes",
    "train": "Aprendizaje",
    "custody": "Custodia",
}
COLUMNS: Final = (
    Column("Trabajo", "trabajo", "kind"),
    Column("Objeto"),
    Column("Estado", "estado", "state"),
    Column("Intento", "intento", "attempt", "number"),
    Column("Pedido", "pedido", "created", "date"),
    Column("Último cambio", "cambio", "changed", "date"),
)
SHEET: Final = (
    *("Trabajo", "Cola", "Objeto", "Páginas", "Estado", "Intento", "Pedido", "Comenzó", "Terminó", "Código del error", "Error"),
    "Identificador",
)


@router.get("/trabajos")
def jobs(request: Request, archive: Here, actor: Staff, estado: str = "", orden: str = "", pagina: int = 1) -> Response:
    """Jobs, newest first unless another order is asked; what is open or failed unless a state is. Asked for again while some are open."""
    state = estado if estado in STATES else ""
    order, current = read_order(orden, COLUMNS, "-pedido"), page_number(pagina)
    chosen = {"estado": state, "orden": orden}
    change = changer("/trabajos", chosen)
    listed = services.list_jobs(archive, actor, state=state or None, order=order, offset=(current - 1) * services.PAGE)
    counts = services.count_jobs(archive, actor)
    total = sum(c.count for c in counts if (c.state == state if state else c.state != "done"))
    return page(
        request,
        "operations/avance.html" if is_fragment(request) else "operations/trabajos.html",
        here="trabajos",
        jobs=listed,
        total=total,
        recognitions=services.list_recognitions(archive, actor),
        queue_counts=_by_queue(counts),
        table=table(COLUMNS, order, change, chosen),
        states=STATES,
        queues=QUEUES,
        state=state,
        pages_of=_pages,
        current=current,
        last_page=-(-total // services.PAGE),
        pager_address=lambda number: change(pagina=number if number > 1 else None),
        again=change(pagina=current if current > 1 else None),
        csv=changer("/trabajos.csv", chosen)(),
        is_busy=any(c.count for c in counts if c.state in ("queued", "running")),
        may_retry=actor.may(Grant.RETRY_JOBS),
    )


@router.get("/trabajos.csv")
def jobs_sheet(archive: Here, actor: Staff, estado: str = "", orden: str = "") -> Response:
    """The same list, whole."""
    state = estado if estado in STATES else None
    listed = services.export_jobs(archive, actor, state=state, order=read_order(orden, COLUMNS, "-pedido"))
    zone = ZoneInfo(archive.institution.timezone)
    return sheet("trabajos.csv", SHEET, (_cells(job, zone) for job in listed))


@router.post("/trabajos/{identifier}/reintentar")
def retry(request: Request, archive: Here, actor: Staff, form: Fields, identifier: str) -> Response:
    retried = services.retry_job(archive, actor, identifier)
    request.state.session.say(f"Se reintentará{'n' if len(retried) > 1 else ''} {count(len(retried), 'trabajo')}.")
    return RedirectResponse("/trabajos", 303)


def _by_queue(counts: list[services.QueueCount]) -> list[tuple[str, dict[str, int]]]:
    """Each queue with its count by state."""
    found: dict[str, dict[str, int]] = {}
    for each in counts:
        found.setdefault(each.queue, {})[each.state] = each.count
    return [(queue, found.get(queue, {})) for queue in QUEUES]


def _pages(job: JobView) -> str:
    """The pages of a job over a range, from the first to the last."""
    pages = job.params.get("pages") or []
    return "" if not pages else str(pages[0]) if len(pages) == 1 else f"{min(pages)}\N{EN DASH}{max(pages)}"


def _cells(job: JobView, zone: ZoneInfo) -> list[Cell]:
    what: list[Cell] = [job.kind_in_words, QUEUES.get(job.queue, job.queue), job.object_id, _pages(job), STATES[job.state][0], job.attempt]
    when: list[Cell] = [local(instant, zone) for instant in (job.created_at, job.started_at, job.finished_at)]
    return [*what, *when, job.error_code, job.error_detail, job.id]
