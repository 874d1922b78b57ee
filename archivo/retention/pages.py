"""The TRD: its versions, its classes, and the import of a new one with every problem shown in its cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant, require
from archivo.errors import ArchivoError, Invalid, Unknown
from archivo.retention import learning, services
from archivo.retention.services import ClassView, TrdImport, TrdView
from archivo.web import forms
from archivo.web.addresses import changer
from archivo.web.layout import page
from archivo.web.multipart import BadMultipart, Part
from archivo.web.sheets import Cell, local, sheet
from archivo.web.tables import Column, arranged, read_order, table

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


VERSIONS: Final = (
    Column("Versión", "version", "number", "ordinal"),
    Column("Vigencia", "vigencia", "in_force_from", "date"),
    Column("Clases", "clases", "classes", "number"),
    Column("Oficinas", "oficinas", "offices", "number"),
    Column("Importada", "importada", "imported_at", "date"),
    Column("Archivo", "archivo", "filename"),
)
CLASSES: Final = (
    Column("Código", "codigo", "code"),
    Column("Serie y subserie", "serie", "label"),
    Column("Oficina", "oficina", "office"),
    Column("AG", "ag", "ag_years", "number"),
    Column("AC", "ac", "ac_years", "number"),
    Column("Disposición final", "disposicion", "disposition"),
)
VERSIONS_SHEET: Final = (
    *("Versión", "Vigente desde", "Vigente hasta", "Clases", "Oficinas"),
    *("Importada", "Importada por", "Archivo", "Avisos"),
)
CLASSES_SHEET: Final = (
    *("Código", "Código de serie", "Serie", "Subserie", "Código de oficina", "Oficina"),
    *("Años en archivo de gestión", "Años en archivo central", "Disposición final", "Procedimiento"),
)


@router.get("/trd")
def versions(request: Request, archive: Here, actor: Staff, orden: str = "") -> Response:
    return _page(request, archive, actor, ordering=orden)


@router.get("/trd.csv")
def versions_sheet(archive: Here, actor: Staff, orden: str = "") -> Response:
    """The versions, newest first unless another order is asked."""
    listed = arranged(services.list_trd(archive, actor), read_order(orden, VERSIONS, "-version"))
    zone = ZoneInfo(archive.institution.timezone)
    return sheet("trd.csv", VERSIONS_SHEET, (_version_cells(version, zone) for version in listed))


@router.get("/trd/{trd_id}/clases.csv")
def classes_sheet(archive: Here, actor: Staff, trd_id: str, orden: str = "") -> Response:
    """The classes of a version, in the order of its form unless another is asked."""
    version = _version(archive, actor, trd_id)
    listed = arranged(services.classes_of(archive, version.id), read_order(orden, CLASSES, ""))
    return sheet(f"trd-version-{version.number}.csv", CLASSES_SHEET, (_class_cells(item) for item in listed))


@router.get("/trd/{trd_id}")
def classes(request: Request, archive: Here, actor: Staff, trd_id: str, orden: str = "") -> Response:
    """The classes of a version, in the order of its form unless another is asked."""
    version = _version(archive, actor, trd_id)
    order, state = read_order(orden, CLASSES, ""), {"orden": orden}
    return page(
        request,
        "retention/clases.html",
        here="trd",
        version=version,
        classes=arranged(services.classes_of(archive, trd_id), order),
        table=table(CLASSES, order, changer(f"/trd/{trd_id}", state), state),
        csv=changer(f"/trd/{trd_id}/clases.csv", state)(),
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


def _version(archive: Here, actor: Staff, trd_id: str) -> TrdView:
    version = next((v for v in services.list_trd(archive, actor) if v.id == trd_id), None)
    if version is None:
        raise Unknown("trd.unknown", "No existe esa versión de la tabla de retención.", "Elíjala en la lista de versiones.")
    return version


def _version_cells(version: TrdView, zone: ZoneInfo) -> list[Cell]:
    force: list[Cell] = [version.number, version.in_force_from, version.in_force_to, version.classes, version.offices]
    return [*force, local(version.imported_at, zone), version.imported_by, version.filename, version.warnings]


def _class_cells(item: ClassView) -> list[Cell]:
    named: list[Cell] = [item.code, item.series_code, item.series, item.subseries, item.office_code, item.office]
    return [*named, item.ag_years, item.ac_years, DISPOSITIONS.get(item.disposition or "", item.disposition), item.procedure]


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
    ordering: str = "",
) -> Response:
    order, state = read_order(ordering, VERSIONS, "-version"), {"orden": ordering}
    return page(
        request,
        "retention/trd.html",
        status,
        here="trd",
        versions=arranged(services.list_trd(archive, actor), order),
        table=table(VERSIONS, order, changer("/trd", state), state),
        csv=changer("/trd.csv", state)(),
        may_import=actor.may(Grant.MANAGE_TRD),
        outcome=outcome,
        imported=bool(outcome and outcome.id and not outcome.unchanged),
        filename=sent.filename if sent else "",
        typed=sent.fields if sent else {},
        error=error,
    )
