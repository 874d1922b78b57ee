"""The TRD: its versions, its classes, and the import of a new one with every problem shown in its cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant, require
from archivo.errors import ArchivoError, Invalid, Unknown
from archivo.retention import learning, services
from archivo.retention.services import TrdImport
from archivo.web import forms
from archivo.web.layout import page
from archivo.web.multipart import BadMultipart, Part

router = APIRouter(include_in_schema=False)

MOST_BYTES: Final = 30_000_000
MODEL_STATES: Final = {"active": ("en uso", "ok"), "retired": ("anterior", "wait"), "rejected": ("descartado", "bad")}
DISPOSITIONS: Final = {"CT": "Conservación total", "E": "Eliminación", "S": "Selección"}


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the import form sent."""

    fields: dict[str, str]
    filename: str
    content: bytes


@router.get("/trd")
def versions(request: Request, archive: Here, actor: Staff) -> Response:
    return _page(request, archive, actor)


@router.get("/trd/{trd_id}")
def classes(request: Request, archive: Here, actor: Staff, trd_id: str) -> Response:
    """The classes of a version, in the order of its form."""
    version = next((v for v in services.list_trd(archive, actor) if v.id == trd_id), None)
    if version is None:
        raise Unknown("trd.unknown", "No existe esa versión de la tabla de retención.", "Elíjala en la lista de versiones.")
    return page(
        request,
        "retention/clases.html",
        here="trd",
        version=version,
        classes=services.classes_of(archive, trd_id),
        dispositions=DISPOSITIONS,
        models=learning.list_models(archive, actor, trd_id) if actor.may(Grant.CLASSIFY) else [],
        model_states=MODEL_STATES,
        may_manage=actor.may(Grant.MANAGE_TRD),
    )


@router.post("/trd/{trd_id}/modelo-anterior")
async def roll_back(request: Request, archive: Here, actor: Staff, trd_id: str) -> Response:
    """Give the work back to the model before the one in use."""
    await forms.read(request)
    number = await run_in_threadpool(learning.roll_back, archive, actor, trd_id)
    request.state.session.say(f"Vuelve a proponer el modelo {number}.")
    return RedirectResponse(f"/trd/{trd_id}#modelos", 303)


@router.post("/trd")
async def import_trd(request: Request, archive: Here, actor: Staff) -> Response:
    """Check a TRD, or import it. Anything irregular is told by cell; with any error nothing is imported."""
    try:
        sent, outcome = await forms.receive(request, lambda parts: _import(archive, actor, parts))
    except ArchivoError as error:
        return _page(request, archive, actor, error.status, error=error)
    return _page(request, archive, actor, 422 if outcome.errors else 200, outcome=outcome, sent=sent)


def _import(archive: Here, actor: Staff, parts: Iterator[Part]) -> tuple[_Sent, TrdImport]:
    require(archive, actor, Grant.MANAGE_TRD)
    sent = _read(parts)
    outcome = services.import_trd(
        archive,
        actor,
        sent.content,
        sent.filename,
        from_day=_day(sent.fields.get("desde", "")),
        to_day=_day(sent.fields.get("hasta", "")),
        dry_run=sent.fields.get("accion") != "importar",
    )
    return sent, outcome


def _read(parts: Iterator[Part]) -> _Sent:
    fields: dict[str, str] = {}
    filename, content = "", b""
    for part in parts:
        if part.filename is None:
            fields[part.name] = part.text()
        elif part.filename:
            filename, content = part.filename, part.content.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise BadMultipart("the TRD is too large")
    if not filename:
        raise Invalid("trd.file", "No se eligió ningún archivo. No se importó nada.", "Elija la TRD en CSV o XLSX.")
    return _Sent(fields, filename, content)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as wrong:
        raise Invalid("trd.period", f"«{text}» no es una fecha. No se importó nada.", "Escríbala como 2026-11-22.") from wrong


def _page(
    request: Request,
    archive: Here,
    actor: Staff,
    status: int = 200,
    *,
    outcome: TrdImport | None = None,
    sent: _Sent | None = None,
    error: ArchivoError | None = None,
) -> Response:
    return page(
        request,
        "retention/trd.html",
        status,
        here="trd",
        versions=services.list_trd(archive, actor),
        may_import=actor.may(Grant.MANAGE_TRD),
        outcome=outcome,
        imported=bool(outcome and outcome.id and not outcome.unchanged),
        filename=sent.filename if sent else "",
        typed=sent.fields if sent else {},
        error=error,
    )
