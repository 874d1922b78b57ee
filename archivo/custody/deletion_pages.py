"""The deletions that were asked for: who, under which act, when due; a second person confirms with a word, anybody desists."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant
from archivo.custody import deletion
from archivo.errors import Invalid
from archivo.records import holds
from archivo.web import forms
from archivo.web.layout import page

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

WORD: Final = "ELIMINAR"
MARKS: Final = {"requested": "wait", "confirmed": "warn", "executing": "going", "executed": "ok", "withdrawn": ""}


@router.get("/custodia/eliminaciones")
def overview(request: Request, archive: Here, actor: Staff) -> Response:
    """Every request, the newest first, and the holds that stand."""
    return page(
        request,
        "custody/eliminaciones.html",
        here="custodia",
        deletions=deletion.list_deletions(archive, actor),
        held=holds.list_holds(archive, actor) if actor.may(Grant.HOLD) else [],
        login=actor.login,
        states=deletion.STATES,
        marks=MARKS,
        word=WORD,
    )


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
