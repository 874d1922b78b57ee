"""Jobs as an operator sees them: what runs, what waits, what failed and why, and trying again. No content of any document."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant
from archivo.operations import services
from archivo.web import forms
from archivo.web.layout import is_fragment, page
from archivo.web.spanish import count

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

STATES: Final = {
    "queued": ("en espera", "wait"),
    "running": ("en curso", "going"),
    "done": ("hecho", "ok"),
    "failed": ("falló", "bad"),
}
QUEUES: Final = {
    "ingest": "Recepción y lectura",
    "ocr": "Reconocimiento de texto",
    "index": "Buscador",
    "seal": "Sellado de paquetes",
    "train": "Aprendizaje",
}


@router.get("/trabajos")
def jobs(request: Request, archive: Here, actor: Staff, estado: str = "", antes: str = "") -> Response:
    """Jobs, newest first; what is open or failed unless a state is chosen. Asked for again every few seconds while some are open."""
    state = estado if estado in STATES else None
    listed = services.list_jobs(archive, actor, state=state, after=antes or None)
    counts = services.count_jobs(archive, actor)
    template = "operations/lista.html" if is_fragment(request) else "operations/trabajos.html"
    return page(
        request,
        template,
        here="trabajos",
        jobs=listed,
        table=_table(counts),
        states=STATES,
        queues=QUEUES,
        state=state or "",
        before=antes,
        more=listed[-1].id if len(listed) == services.PAGE else "",
        is_busy=any(c.count for c in counts if c.state in ("queued", "running")),
        may_retry=actor.may(Grant.RETRY_JOBS),
    )


@router.post("/trabajos/{identifier}/reintentar")
def retry(request: Request, archive: Here, actor: Staff, form: Fields, identifier: str) -> Response:
    retried = services.retry_job(archive, actor, identifier)
    request.state.session.say(f"Se reintentará{'n' if len(retried) > 1 else ''} {count(len(retried), 'trabajo')}.")
    return RedirectResponse("/trabajos", 303)


def _table(counts: list[services.QueueCount]) -> list[tuple[str, dict[str, int]]]:
    """Each queue with its count by state."""
    found: dict[str, dict[str, int]] = {}
    for each in counts:
        found.setdefault(each.queue, {})[each.state] = each.count
    return [(queue, found.get(queue, {})) for queue in QUEUES]
