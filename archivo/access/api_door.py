"""Who comes through the API's door: the bearer of a token, or a citizen."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from archivo.access import services
from archivo.access.door import archive_of
from archivo.access.policy import CITIZEN, Actor
from archivo.errors import NotSignedIn


def caller_of(request: Request) -> Actor:
    """The person whose token comes with the request; a citizen when none comes. Raises NotSignedIn for a token that is not good."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not value:
        return CITIZEN
    if scheme.lower() != "bearer":
        raise NotSignedIn(
            "token.scheme", "La petición trae credenciales que no se aceptan aquí.", "Envíe una ficha: Authorization: Bearer …"
        )
    return services.actor_of_token(archive_of(request), value.strip())


def bearer_of(request: Request) -> Actor:
    """The person whose token comes with the request. Raises NotSignedIn."""
    actor = caller_of(request)
    if actor.is_citizen:
        raise NotSignedIn(
            "token.needed", "Falta la ficha de acceso. No se recibió nada.", "Envíela en el encabezado Authorization: Bearer …"
        )
    return actor


Caller = Annotated[Actor, Depends(caller_of)]
Bearer = Annotated[Actor, Depends(bearer_of)]
