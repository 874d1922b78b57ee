"""Deletions and holds: one person asks under an act, a second confirms with a word, anybody desists; and what is held is let go here."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.custody import deletion
from archivo.custody.deletion import Order
from archivo.custody.deletion_rules import deletion_rules
from archivo.custody.oversight import copies_of
from archivo.errors import ArchivoError, Invalid
from archivo.records import holds
from archivo.web import forms
from archivo.web.layout import page

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

WORD: Final = "ELIMINAR"
_IDENTIFIER: Final = re.compile(r"(?:^|/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[/?#].*)?$")
"""A document as people name it: its identifier, or the address of its page."""
MARKS: Final = {"requested": "wait", "confirmed": "warn", "executing": "going", "executed": "ok", "withdrawn": ""}


@router.get("/custodia/eliminaciones")
def overview(request: Request, archive: Here, actor: Staff) -> Response:
    """Every request, the newest first, and the holds that stand."""
    return _overview(request, archive, actor)


def _overview(
    request: Request, archive: Archive, actor: Actor, error: ArchivoError | None = None, typed: forms.Form = forms.EMPTY
) -> Response:
    held = holds.list_holds(archive, actor) if actor.may(Grant.HOLD) else []
    return page(
        request,
        "custody/eliminaciones.html",
        error.status if error else 200,
        here="custodia",
        deletions=deletion.list_deletions(archive, actor),
        held=held,
        may_hold=actor.may(Grant.HOLD),
        copies={each.document_id: copies_of(archive, each.document_id) for each in held},
        login=actor.login,
        states=deletion.STATES,
        marks=MARKS,
        word=WORD,
        error=error,
        typed=typed,
    )


@router.get("/custodia/eliminaciones/pedir")
def asking(request: Request, archive: Here, actor: Staff, documento: str = "") -> Response:
    """The form to ask for a deletion, with a document if one was being looked at."""
    require(archive, actor, Grant.DELETE)
    return _asking(request, forms.Form({"documentos": (documento,)}))


@router.post("/custodia/eliminaciones/pedir")
def ask(request: Request, archive: Here, actor: Staff, form: Fields) -> Response:
    """Ask for a deletion. Nothing is touched until another person confirms it; what was typed wrong is shown again."""
    order = Order(form.one("acto"), form.one("numero"), form.one("fecha"), form.one("firma"))
    try:
        found = deletion.request(archive, actor, _documents(form.one("documentos")), order, form.one("motivo"))
    except ArchivoError as error:
        return _asking(request, form, error)
    request.state.session.say("Pedida. No se toca nada hasta que otra persona la confirme y pase el plazo.")
    return RedirectResponse(f"/custodia/eliminaciones#{found.id}", 303)


def _asking(request: Request, typed: forms.Form, error: ArchivoError | None = None) -> Response:
    acts: Any = [(each.type, each.name.capitalize()) for each in deletion_rules().authorities.values()]
    days = deletion_rules().waiting.days
    status = error.status if error else 200
    return page(request, "custody/pedir.html", status, here="custodia", needs_token=True, typed=typed, error=error, acts=acts, days=days)


@router.post("/custodia/eliminaciones/retener")
def hold(request: Request, archive: Here, actor: Staff, form: Fields) -> Response:
    """Hold a document, so that nothing deletes it."""
    try:
        for document_id in _documents(form.one("documento")):
            holds.place(archive, actor, document_id, form.one("motivo"))
    except ArchivoError as error:
        return _overview(request, archive, actor, error, form)
    request.state.session.say("Retenido: no se elimina aunque un acto lo ordene.")
    return RedirectResponse("/custodia/eliminaciones#retenidos", 303)


@router.post("/custodia/eliminaciones/levantar")
def lift(request: Request, archive: Here, actor: Staff, form: Fields) -> Response:
    """Let a document go that was held."""
    holds.lift(archive, actor, form.one("documento"), form.one("motivo"))
    request.state.session.say("Se levantó la retención.")
    return RedirectResponse("/custodia/eliminaciones#retenidos", 303)


def _documents(typed: str) -> list[str]:
    """The documents that a person named, one a line. Raises Invalid for a line that names none."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    found = [_IDENTIFIER.search(line) for line in lines]
    for line, one in zip(lines, found, strict=True):
        if one is None:
            raise Invalid(
                "deletion.line",
                f"«{line[:80]}» no es el identificador de un documento ni la dirección de su página. No se cambió nada.",
                "Abra el documento y copie la dirección del navegador.",
            )
    return [one[1] for one in found if one]


@router.post("/custodia/eliminaciones/{deletion_id}/confirmar")
def confirm(request: Request, archive: Here, actor: Staff, deletion_id: str, form: Fields) -> Response:
    """Confirm what another asked for; the word is typed whole, so that no slip of the hand confirms."""
    if form.one("palabra") != WORD:
        raise Invalid("deletion.word", f"Para confirmar se escribe {WORD}, con mayúsculas. No se confirmó nada.", "Vuelva y escríbala.")
    found = deletion.confirm(archive, actor, deletion_id)
    request.state.session.say("Confirmada: se hará cuando pase su plazo. Hasta entonces se puede desistir.")
    return RedirectResponse(f"/custodia/eliminaciones#{found.id}", 303)


@router.post("/custodia/eliminaciones/{deletion_id}/desistir")
def withdraw(request: Request, archive: Here, actor: Staff, deletion_id: str, form: Fields) -> Response:
    """Desist of one that was not begun."""
    found = deletion.withdraw(archive, actor, deletion_id)
    request.state.session.say("Se desistió: nada se elimina.")
    return RedirectResponse(f"/custodia/eliminaciones#{found.id}", 303)
