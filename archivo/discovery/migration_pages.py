"""Migrations of formats: first what would be done, then, confirmed, how it goes and what was found of each document."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.custody.formats import RISK_WORDS, formats_at
from archivo.discovery import listing
from archivo.discovery.format_pages import PREVIEW
from archivo.discovery.lists import Listed, Short, listed_state, search_state, wanted
from archivo.discovery.migration_wording import (
    HEADS,
    STANDINGS,
    chosen_in_words,
    compared,
    left_in_words,
    reasons_in_words,
    title_of,
    why_one,
)
from archivo.identifiers import new_uuid
from archivo.intake import migration_acts, migration_plan, migration_views
from archivo.intake.bulk import check_number
from archivo.intake.migration_plan import Chosen
from archivo.intake.migration_views import Migrated, Standing
from archivo.web import forms
from archivo.web.addresses import changer
from archivo.web.layout import is_fragment, page
from archivo.web.sheets import Cell, sheet
from archivo.web.spanish import count
from archivo.web.tables import page_number

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]
State = dict[str, str]

PER_PAGE: Final = 50
BY_WORD: Final = {word: standing for standing, (word, _, _) in STANDINGS.items()}
SHEET: Final = ("Documento", "Título", "Resultado", "Páginas", "Texto", "Puntos", "Por qué")
NAMES: Final = ("formato", "medio", "riesgo", "q", "serie", "tipo", "desde", "hasta", "situacion", "acceso")


def migration_state(listed: Listed, formato: Short = "", medio: Short = "", riesgo: str = "") -> State:
    """Which documents an address chooses: those of a format, at a risk, or of a list."""
    return {"formato": formato, "medio": medio, "riesgo": riesgo if riesgo in RISK_WORDS else "", **listed, "orden": ""}


@router.get(PREVIEW)
def preview(
    request: Request, archive: Here, actor: Staff, state: Annotated[State, Depends(migration_state)], documento: str = ""
) -> Response:
    """What would be done with the documents that the address chooses, counted."""
    if documento:
        return _show_plan(
            request, archive, actor, {}, (documento,), back=changer(f"/documentos/{quote(documento)}", {"ver": "integridad"})()
        )
    return _show_plan(request, archive, actor, state, ())


def preview_chosen(request: Request, archive: Archive, actor: Actor, state: State, form: forms.Form) -> Response:
    """The same of documents ticked in a list, or of all of it."""
    if form.one("alcance") == "filtro":
        return RedirectResponse(changer(PREVIEW, state)(orden=None), 303)
    ids = form.fields.get("fila" if form.one("alcance") == "pagina" else "doc", ())
    check_number(len(ids))
    return _show_plan(request, archive, actor, {}, ids, back=changer("/documentos", state)())


@router.post("/custodia/migraciones")
def ask(request: Request, archive: Here, actor: Staff, form: Fields) -> Response:
    """Ask for what was shown."""
    read = {name: form.one(name) for name in NAMES}
    listed = listed_state(
        search_state(*(read[name] for name in ("q", "serie", "tipo", "desde", "hasta"))), read["situacion"], read["acceso"]
    )
    state, ids = migration_state(listed, read["formato"], read["medio"], read["riesgo"]), form.fields.get("doc", ())
    migration_id = form.one("migracion")
    migration_acts.ask(archive, actor, _chosen(archive, actor, state, ids), _told(state, ids), migration_id)
    request.state.session.say("Pedida. Las copias se hacen por su cuenta; esta página dice cómo van.")
    return RedirectResponse(f"/custodia/migraciones/{migration_id}", 303)


@router.get("/custodia/migraciones")
def migrations(request: Request, archive: Here, actor: Staff) -> Response:
    """The migrations that were asked for, the newest first."""
    found = [(one, title_of(one.planned)) for one in migration_views.list_migrations(archive, actor)]
    return page(request, "custody/migraciones.html", here="custodia", migrations=found)


@router.get("/custodia/migraciones/{migration_id}")
def result(request: Request, archive: Here, actor: Staff, migration_id: str, resultado: str = "", pagina: int = 1) -> Response:
    """How a migration goes, why copies were not kept, and its documents. Asked for again while some wait."""
    view = migration_views.view_migration(archive, actor, migration_id)
    current, standing = page_number(pagina), BY_WORD.get(resultado)
    word = resultado if standing else ""
    total = view.summary.counts.get(standing, 0) if standing else view.summary.total
    documents = migration_views.list_migrated(
        archive, actor, migration_id, standing=standing, limit=PER_PAGE, offset=(current - 1) * PER_PAGE
    )
    change = changer(f"/custodia/migraciones/{migration_id}", {"resultado": word})
    return page(
        request,
        "custody/migracion_avance.html" if is_fragment(request) else "custody/migracion.html",
        here="custodia",
        migration=view.summary,
        title=title_of(view.summary.planned),
        chosen=chosen_in_words(view.summary.chosen),
        is_queued=view.queued_at is not None,
        reasons=reasons_in_words(view.reasons),
        left=left_in_words(view.summary.planned.left),
        documents=documents,
        standings=STANDINGS,
        heads=HEADS,
        compared=compared,
        why_one=why_one,
        standing=word,
        change=change,
        total=total,
        current=current,
        last_page=-(-total // PER_PAGE),
        again=change(pagina=current if current > 1 else None),
        csv=changer(f"/custodia/migraciones/{migration_id}/documentos.csv", {"resultado": word})(),
        pager_address=lambda number: change(pagina=number if number > 1 else None),
    )


@router.post("/custodia/migraciones/{migration_id}/desistir")
def withdraw(request: Request, archive: Here, actor: Staff, form: Fields, migration_id: str) -> Response:
    """Let be what still waits."""
    number = migration_acts.withdraw(archive, actor, migration_id)
    request.state.session.say(
        f"Se desistió: {count(number, 'copia que esperaba', 'copias que esperaban')} ya no se hará{'n' if number != 1 else ''}."
    )
    return RedirectResponse(f"/custodia/migraciones/{migration_id}", 303)


@router.get("/custodia/migraciones/{migration_id}/documentos.csv")
def result_sheet(archive: Here, actor: Staff, migration_id: str, resultado: str = "") -> Response:
    """Its documents, whole."""
    rows = migration_views.export_migrated(archive, actor, migration_id, standing=BY_WORD.get(resultado))
    return sheet("migracion.csv", SHEET, map(_cells, rows))


def _chosen(archive: Archive, actor: Actor, state: State, ids: Sequence[str]) -> Chosen:
    """The documents chosen: of a format or a risk, all that is held; of a list, or ticked in it, those that the person may know of."""
    if ids:
        return migration_plan.seen_by(actor, migration_plan.of_ids(ids))
    if state["medio"]:
        return migration_plan.of_formats([(state["formato"] or None, state["medio"])])
    if state["formato"]:
        return migration_plan.of_puid(state["formato"])
    if state["riesgo"]:
        return migration_plan.of_formats(formats_at(archive, actor, RISK_WORDS[state["riesgo"]]))
    return listing.listed(archive, actor, wanted(state))


def _told(state: State, ids: Sequence[str]) -> dict[str, str]:
    """What was chosen, as it is kept."""
    return {"documentos": str(len(set(ids)))} if ids else {name: value for name, value in state.items() if value}


def _show_plan(request: Request, archive: Archive, actor: Actor, state: State, ids: Sequence[str], back: str = "") -> Response:
    planned = migration_plan.dry_run(archive, actor, _chosen(archive, actor, state, ids))
    is_listed = not ids and not any(state[name] for name in ("formato", "medio", "riesgo"))
    context: dict[str, Any] = {"state": _told(state, ids) if not ids else {}, "ids": ids, "planned": planned}
    return page(
        request,
        "custody/migrar.html",
        here="custodia",
        chosen=chosen_in_words(_told(state, ids)),
        left=left_in_words(planned.left),
        back=back or (changer("/documentos", state)() if is_listed else "/custodia/formatos"),
        new_id=new_uuid(archive.clock()),
        **context,
    )


def _cells(one: Migrated) -> list[Cell]:
    words = compared(one.told)
    why = why_one(one.code, one.told) if one.standing in (Standing.REFUSED, Standing.LEFT) and one.code else ""
    return [one.id, one.title or "", STANDINGS[Standing(one.standing)][1], words.pages, words.text, words.points, why]
