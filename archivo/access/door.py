"""Who comes through the web's door: the running archive and the actor of a request, and what the shell may know of them."""

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from archivo.access import services
from archivo.access.policy import Actor, Grant
from archivo.archive import Archive
from archivo.errors import NotSignedIn
from archivo.web.layout import Viewer

AREAS: dict[str, frozenset[Grant]] = {
    "trabajo": frozenset({Grant.DESCRIBE, Grant.CLASSIFY}),
    "documentos": frozenset({Grant.DEPOSIT, Grant.SEE_PUBLICA}),
    "recibir": frozenset({Grant.DEPOSIT}),
    "clasificar": frozenset({Grant.CLASSIFY}),
    "trd": frozenset({Grant.MANAGE_TRD, Grant.CLASSIFY}),
    "custodia": frozenset({Grant.VERIFY}),
    "trabajos": frozenset({Grant.SEE_JOBS}),
    "personas": frozenset({Grant.MANAGE_PEOPLE}),
}


def archive_of(request: Request) -> Archive:
    """The running archive, which the application keeps in its state."""
    return cast(Archive, request.app.state.archive)


def actor_of(request: Request) -> Actor:
    """Who asks: the person signed in, or a citizen. Looked up once a request."""
    known = getattr(request.state, "actor", None)
    if known is None:
        known = services.actor_of_session(archive_of(request), request.state.session.key)
        request.state.actor = known
    return cast(Actor, known)


def staff_of(request: Request) -> Actor:
    """The person signed in. Raises NotSignedIn for a citizen."""
    actor = actor_of(request)
    if actor.is_citizen:
        raise NotSignedIn("sign_in.needed", "Para ver esta página debe ingresar.", "Ingrese con su usuario y contraseña.")
    return actor


def viewer_of(request: Request) -> Viewer:
    """What the shell of a page may know of who asks."""
    actor = actor_of(request)
    if actor.is_citizen:
        return Viewer()
    return Viewer(actor.login, frozenset(area for area, grants in AREAS.items() if grants & actor.grants))


Here = Annotated[Archive, Depends(archive_of)]
Anyone = Annotated[Actor, Depends(actor_of)]
Staff = Annotated[Actor, Depends(staff_of)]
