"""Choose several documents of a list and act on them at once: first what will happen, then what happened, and back."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.data import bulk_rules
from archivo.discovery import listing, migration_pages
from archivo.discovery.bulk_wording import BY_KEY, MIGRATE, WORDS, choices, groups
from archivo.discovery.lists import COLUMNS, Listed, wanted
from archivo.errors import ArchivoError, Invalid
from archivo.identifiers import new_uuid
from archivo.intake import bulk_acts
from archivo.intake.bulk import GRANTS, MOST, VALUED, Act, Plan, Target, plan
from archivo.web import forms
from archivo.web.addresses import changer
from archivo.web.layout import page
from archivo.web.tables import read_order

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

OF_VALUE: Final = ("bulk.type", "bulk.class")


@router.post("/documentos/lote")
def preview(request: Request, archive: Here, actor: Staff, state: Listed, form: Fields) -> Response:
    """What would become of those chosen; where the act needs a class or a type, that is asked first."""
    if form.one("accion") == MIGRATE[0]:
        return migration_pages.preview_chosen(request, archive, actor, state, form)
    act = _act(form)
    context = {"state": state, "act": act, "words": WORDS[act], "back": changer("/documentos", state)()}
    ids = _chosen(archive, actor, state, form)
    try:
        planned = plan(archive, actor, act, ids, form.one("valor")) if act not in VALUED or "valor" in form.fields else None
        if planned and not planned.doing and {one.why for one in planned.documents} == {"class.unknown"}:
            raise Invalid("bulk.class", "Ninguna tabla de retención vigente tiene esa clase.", "Revise el código en la tabla de retención.")
    except ArchivoError as error:
        if error.code in OF_VALUE:
            return _ask(request, ids, form.one("valor"), context, error)
        if error.status != Invalid.status:
            raise
        return page(request, "discovery/lote_preguntar.html", error.status, here="documentos", error=error, ids=(), typed="", **context)
    return _show_plan(request, archive, planned, context) if planned else _ask(request, ids, "", context)


@router.post("/documentos/lote/hacer")
def act_on(archive: Here, actor: Staff, form: Fields) -> Response:
    """Do what was shown."""
    targets = [_target(each) for each in form.fields.get("doc", ())]
    bulk_id = form.one("lote")
    bulk_acts.act_on(archive, actor, _act(form), targets, bulk_id)
    return RedirectResponse(f"/documentos/lotes/{bulk_id}", 303)


@router.get("/documentos/lotes")
def bulk_list(request: Request, archive: Here, actor: Staff) -> Response:
    return page(request, "discovery/lotes.html", here="documentos", acts=bulk_acts.list_bulk(archive, actor), words=WORDS)


@router.get("/documentos/lotes/{bulk_id}")
def result(request: Request, archive: Here, actor: Staff, bulk_id: str) -> Response:
    """What became of each."""
    view = bulk_acts.view_bulk(archive, actor, bulk_id)
    return page(
        request,
        "discovery/lote_hecho.html",
        here="documentos",
        bulk=view,
        words=WORDS[view.act],
        groups=groups(view.documents, lambda one: one.why, view.unknown),
        is_mine=view.actor == actor.login,
        may_undo=view.done > 0 and actor.may(GRANTS[bulk_acts.INVERSE[view.act]]),
        choices=choices(actor),
    )


@router.post("/documentos/lotes/{bulk_id}/seguir")
def go_on(archive: Here, actor: Staff, form: Fields, bulk_id: str) -> Response:
    """Go through what an act that was cut short left."""
    bulk_acts.go_on(archive, actor, bulk_id)
    return RedirectResponse(f"/documentos/lotes/{bulk_id}", 303)


@router.post("/documentos/lotes/{bulk_id}/deshacer")
def undo(request: Request, archive: Here, actor: Staff, form: Fields, bulk_id: str) -> Response:
    """First what would come back; then, confirmed, bring it back."""
    new_id = form.one("lote")
    if new_id:
        bulk_acts.undo(archive, actor, bulk_id, new_id)
        return RedirectResponse(f"/documentos/lotes/{new_id}", 303)
    undone = bulk_acts.view_bulk(archive, actor, bulk_id)
    planned = bulk_acts.plan_undo(archive, actor, bulk_id)
    context = {"act": planned.act, "words": WORDS[planned.act], "undone": undone, "undone_words": WORDS[undone.act]}
    return _show_plan(request, archive, planned, context | {"back": f"/documentos/lotes/{bulk_id}", "state": {}})


def _act(form: forms.Form) -> Act:
    act = BY_KEY.get(form.one("accion"))
    if act is None:
        raise Invalid("bulk.act", "No se dijo qué hacer con los documentos. No se cambió nada.", "Vuelva a la lista y elija una acción.")
    return act


def _chosen(archive: Archive, actor: Actor, state: dict[str, str], form: forms.Form) -> list[str]:
    """Those ticked, all of the page that was seen, or all of the list. One more than is allowed is enough to say so."""
    match form.one("alcance"):
        case "filtro":
            order = read_order(state["orden"], COLUMNS, "-recibido")
            return listing.ids_listed(archive, actor, wanted(state), order, MOST + 1)
        case "pagina":
            return list(form.fields.get("fila", ()))
        case _:
            return list(form.fields.get("doc", ()))


def _ask(request: Request, ids: list[str], typed: str, context: dict[str, Any], error: ArchivoError | None = None) -> Response:
    status = error.status if error else 200
    return page(request, "discovery/lote_preguntar.html", status, here="documentos", ids=ids, typed=typed, error=error, **context)


def _show_plan(request: Request, archive: Archive, planned: Plan, context: dict[str, Any]) -> Response:
    return page(
        request,
        "discovery/lote.html",
        here="documentos",
        plan=planned,
        rule=bulk_rules().get(planned.act),
        groups=groups(planned.documents, lambda one: one.why, planned.unknown),
        new_id=new_uuid(archive.clock()),
        **{"undone": None} | context,
    )


def _target(text: str) -> Target:
    """A document as the form of the preview holds it: its identifier, the version seen and what it is to have."""
    document_id, _, rest = text.partition(":")
    version, _, value = rest.partition(":")
    return Target(document_id, int(version) if version.isdecimal() and len(version) < 10 else 0, value)
