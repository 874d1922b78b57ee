"""Sign in and out; people and what they may do."""

from collections.abc import Mapping
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access import services
from archivo.access.door import Here, Staff, viewer_of
from archivo.access.policy import ACTS, Grant, require
from archivo.access.services import Person
from archivo.errors import ArchivoError, Invalid, NotSignedIn
from archivo.web import forms
from archivo.web.addresses import changer
from archivo.web.layout import page
from archivo.web.sheets import Cell, local, sheet
from archivo.web.tables import Column, Order, arranged, read_order, table

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

COLUMNS: Final = (
    Column("Usuario", "usuario", "login"),
    Column("Nombre", "nombre", "name"),
    Column("Perfil", "perfil", "role"),
    Column("Estado", "estado", "is_active"),
    Column("Desde", "desde", "created_at", "date"),
    Column("Fichas de acceso"),
)
SHEET: Final = ("Usuario", "Nombre", "Perfil", "Estado", "Desde", "Fichas vigentes")
TOKENS_SHEET: Final = ("Para qué", "De quién", "Creada", "Último uso", "Estado")


@router.get("/ingresar")
def sign_in_form(request: Request, volver: str = "/") -> Response:
    return page(request, "access/ingresar.html", here="ingresar", needs_token=True, volver=_local(volver), usuario="", error=None)


@router.post("/ingresar")
def sign_in(request: Request, archive: Here, form: Fields) -> Response:
    destination, login = _local(form.one("volver", "/")), form.one("usuario")
    address = request.client.host if request.client else ""
    try:
        key = services.sign_in(archive, login, form.secret("clave"), address)
    except ArchivoError as error:
        status = 422 if isinstance(error, NotSignedIn) else error.status
        return page(
            request, "access/ingresar.html", status, here="ingresar", needs_token=True, volver=destination, usuario=login, error=error
        )
    request.state.session.sign_in(key)
    request.state.actor = services.actor_of_session(archive, key)
    return RedirectResponse(destination if destination != "/" else _first_place(request), 303)


@router.post("/salir")
def sign_out(request: Request, archive: Here, form: Fields) -> Response:
    if key := request.state.session.key:
        services.sign_out(archive, key)
    request.state.session.sign_out()
    request.state.session.say("Su sesión terminó.")
    return RedirectResponse("/", 303)


@router.get("/mi-clave")
def own_password_form(request: Request, actor: Staff) -> Response:
    return page(request, "access/clave.html", error=None)


@router.post("/mi-clave")
def change_own_password(request: Request, archive: Here, actor: Staff, form: Fields) -> Response:
    """Change one's password, knowing the present one; every session of the person ends, this one too."""
    try:
        if form.secret("nueva") != form.secret("repetida"):
            raise Invalid("user.password", "Las dos contraseñas nuevas no son iguales. No se cambió nada.", "Escríbalas de nuevo.")
        services.sign_in(archive, actor.login, form.secret("actual"), request.client.host if request.client else "")
        services.set_password(archive, actor, actor.login, form.secret("nueva"))
    except ArchivoError as error:
        return page(request, "access/clave.html", 422, error=error)
    request.state.session.sign_out()
    request.state.session.say("Su contraseña cambió. Ingrese con la nueva.")
    return RedirectResponse("/ingresar", 303)


@router.get("/personas")
def people(request: Request, archive: Here, actor: Staff, orden: str = "") -> Response:
    return _people(request, archive, actor, ordering=orden)


@router.get("/personas.csv")
def people_sheet(archive: Here, actor: Staff, orden: str = "") -> Response:
    """The same people."""
    listed = _arranged(archive, services.export_people(archive, actor), read_order(orden, COLUMNS, "usuario"))
    zone, names = ZoneInfo(archive.institution.timezone), archive.institution.role_names
    return sheet("personas.csv", SHEET, (_cells(person, names, zone) for person in listed))


@router.get("/fichas.csv")
def tokens_sheet(archive: Here, actor: Staff) -> Response:
    """The tokens of systems; their values are not kept by anybody."""
    zone = ZoneInfo(archive.institution.timezone)
    listed = services.export_tokens(archive, actor)
    rows = ((t.label, t.login, local(t.created_at, zone), t.last_used_on, "retirada" if t.is_revoked else "vigente") for t in listed)
    return sheet("fichas.csv", TOKENS_SHEET, rows)


@router.post("/personas")
def create_person(request: Request, archive: Here, actor: Staff, form: Fields) -> Response:
    try:
        password = services.create_user(archive, actor, form.one("usuario"), form.one("perfil"), name=form.one("nombre"))
    except ArchivoError as error:
        return _people(request, archive, actor, error.status, error=error, typed=form)
    return _people(request, archive, actor, shown_once=("Contraseña", form.one("usuario"), password or ""))


@router.post("/personas/{login}/perfil")
def change_role(request: Request, archive: Here, actor: Staff, form: Fields, login: str) -> Response:
    role = form.one("perfil")
    services.set_role(archive, actor, login, role)
    return _back(request, f"«{login}» tiene ahora el perfil {archive.institution.role_names[role]}.")


@router.post("/personas/{login}/estado")
def change_state(request: Request, archive: Here, actor: Staff, form: Fields, login: str) -> Response:
    is_active = form.one("estado") == "activa"
    services.set_active(archive, actor, login, is_active)
    return _back(request, f"«{login}» puede ingresar." if is_active else f"«{login}» ya no puede ingresar; sus sesiones terminaron.")


@router.post("/personas/{login}/fichas")
def create_token(request: Request, archive: Here, actor: Staff, form: Fields, login: str) -> Response:
    value = services.create_token(archive, actor, login, form.one("uso"))
    return _people(request, archive, actor, shown_once=("Ficha de acceso", login, value))


@router.post("/fichas/{token_id}/retirar")
def revoke_token(request: Request, archive: Here, actor: Staff, form: Fields, token_id: str) -> Response:
    services.revoke_token(archive, actor, token_id)
    return _back(request, "La ficha se retiró y ya no sirve.")


def _people(
    request: Request,
    archive: Here,
    actor: Staff,
    status: int = 200,
    *,
    error: ArchivoError | None = None,
    typed: forms.Form | None = None,
    shown_once: tuple[str, str, str] | None = None,
    ordering: str = "",
) -> Response:
    require(archive, actor, Grant.MANAGE_PEOPLE)
    roles = archive.institution.roles
    order, state = read_order(ordering, COLUMNS, "usuario"), {"orden": ordering}
    return page(
        request,
        "access/personas.html",
        status,
        here="personas",
        people=_arranged(archive, services.list_people(archive, actor), order),
        table=table(COLUMNS, order, changer("/personas", state), state),
        csv=changer("/personas.csv", state)(),
        tokens=services.list_tokens(archive, actor),
        roles=[(role, archive.institution.role_names[role]) for role in roles],
        acts=[(words, [grant in grants for grants in roles.values()]) for grant, words in ACTS.items()],
        error=error,
        typed=typed or forms.Form({}),
        shown_once=shown_once,
    )


def _arranged(archive: Here, listed: list[Person], order: Order) -> list[Person]:
    names = archive.institution.role_names
    return arranged(listed, order, (lambda person: names.get(person.role, person.role)) if order.by == "role" else None)


def _cells(person: Person, names: Mapping[str, str], zone: ZoneInfo) -> list[Cell]:
    who: list[Cell] = [person.login, person.name, names.get(person.role, person.role), "activa" if person.is_active else "sin acceso"]
    return [*who, local(person.created_at, zone), person.tokens]


def _back(request: Request, message: str) -> Response:
    request.state.session.say(message)
    return RedirectResponse("/personas", 303)


def _first_place(request: Request) -> str:
    """Where a person begins after signing in: their work, or what their role opens."""
    areas = viewer_of(request).areas
    return next((f"/{area}" for area in ("trabajo", "trabajos", "recibir", "personas") if area in areas), "/")


def _local(address: str) -> str:
    """An address of this site, so that signing in never sends anybody elsewhere."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) and "\n" not in address else "/"
