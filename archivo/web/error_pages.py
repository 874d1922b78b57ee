"""Errors as people read them: what happened, what became of what they were doing, what to do. As problem+json (RFC 9457) under /api/."""

import logging
import secrets
from typing import Any, Final
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from archivo.database import is_away
from archivo.errors import ArchivoError, Malformed, NotSignedIn, Refused, TooLarge, Unavailable, Unknown
from archivo.web.layout import Viewer, is_fragment, page
from preservation.store import StoreUnavailable
from search.index import IndexFormatChanged, IndexUnavailable

LOG: Final = logging.getLogger("archivo.web")
TITLES: Final = {
    400: "La dirección o el formulario no están bien formados",
    401: "Ingrese para continuar",
    403: "Su perfil no permite esto",
    404: "Aquí no hay nada que podamos mostrarle",
    405: "Esa dirección no recibe órdenes",
    409: "Algo cambió mientras tanto",
    413: "El envío es demasiado grande",
    422: "Hay algo que corregir",
    429: "Demasiados intentos",
    500: "No pudimos terminar lo que pidió",
    503: "Un servicio del archivo no responde",
    507: "No hay espacio para guardarlo",
}


async def answer(request: Request, error: Exception) -> Response:
    """The response for any error raised by a door. Only an ArchivoError tells its own words; nothing else of an error is shown."""
    known = error if isinstance(error, ArchivoError) else _worded(request, error)
    if request.url.path.startswith("/api/"):
        response = problem(known)
        response.headers.update(getattr(error, "headers", None) or {})
        return response
    if isinstance(known, NotSignedIn) and request.method == "GET" and not is_fragment(request):
        destination = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(sign_in_address(destination), 303)
    template = "web/error_fragment.html" if is_fragment(request) else "web/error.html"
    try:
        return page(request, template, known.status, error=known, title=title_of(known))
    except Exception:
        return page(request, template, known.status, viewer=Viewer(), error=known, title=title_of(known))


def sign_in_address(destination: str) -> str:
    """Where to sign in and come back."""
    return f"/ingresar?volver={quote(destination, safe='')}"


def problem(error: ArchivoError, **more: Any) -> JSONResponse:
    """The error for a machine: RFC 9457, with our code and remedy, and what `more` it should know."""
    body = {"type": "about:blank", "title": title_of(error), "status": error.status, "detail": error.message}
    extra = {"code": error.code, "remedy": error.remedy}
    headers = {"www-authenticate": "Bearer"} if isinstance(error, NotSignedIn) else None
    return JSONResponse(body | extra | more, error.status, media_type="application/problem+json", headers=headers)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the description of the API says of errors: those with a status of their own, and any other."""
    words = {status: TITLES[status] for status in statuses} | {"default": "Un error, con su código y su remedio (RFC 9457)"}
    properties = {name: {"type": "string"} for name in ("type", "title", "detail", "code", "remedy")} | {"status": {"type": "integer"}}
    content = {"application/problem+json": {"schema": {"type": "object", "properties": properties, "required": sorted(properties)}}}
    return {status: {"description": description, "content": content} for status, description in words.items()}


def title_of(error: ArchivoError) -> str:
    return TITLES.get(error.status, TITLES[500])


class MethodUnknown(ArchivoError):
    """The address exists and does not take this method."""

    status = 405


class Unexpected(ArchivoError):
    """What nobody foresaw; the log tells more under the same number."""


WORDS: Final[dict[int, ArchivoError]] = {
    401: NotSignedIn("sign-in.needed", "Para ver esta página debe ingresar.", "Ingrese con su usuario y contraseña."),
    403: Refused("access.refused", "Su perfil no permite ver esta página.", "Pida el permiso a quien administra las personas y permisos."),
    404: Unknown(
        "page.unknown",
        "Esta dirección no corresponde a ninguna página ni documento que usted pueda consultar.",
        "Revise la dirección, o busque lo que necesita por sus palabras.",
    ),
    405: MethodUnknown(
        "method.unknown", "Esta dirección no admite esa operación. No se cambió nada.", "Vuelva atrás y use los botones de la página."
    ),
    413: TooLarge("request.too-large", "Lo enviado supera lo que se acepta. No se guardó.", "Divídalo y envíelo por partes."),
    503: Unavailable("service.away", "Un servicio que el archivo necesita no responde.", "Espere un momento y vuelva a intentarlo."),
}


DESCRIBED: Final = "Lo que admite cada dirección está descrito en /api/v1/openapi.json."


def _route(request: Request) -> str:
    """The route as the program writes it: an address may carry a person's name."""
    return str(getattr(request.scope.get("route"), "path", "—"))


def _worded(request: Request, error: Exception) -> ArchivoError:
    if is_away(error) or isinstance(error, StoreUnavailable | IndexUnavailable | IndexFormatChanged):
        LOG.warning("%s %s: a server does not answer: %s", request.method, _route(request), type(error).__name__)
        return WORDS[503]
    status = 400 if isinstance(error, RequestValidationError) else error.status_code if isinstance(error, HTTPException) else 500
    if request.url.path.startswith("/api/") and (told := _to_a_program(status, error)):
        return told
    if status in WORDS:
        return WORDS[status]
    if 400 <= status < 500:
        return Malformed(
            "request.malformed", "Lo que se pidió no está bien formado. No se cambió nada.", "Vuelva atrás y revise los datos."
        )
    number = secrets.token_hex(3).upper()
    LOG.error("%s: %s %s", number, request.method, _route(request), exc_info=error)
    return Unexpected(
        "unexpected",
        "Algo falló de nuestro lado antes de terminar. Los documentos que el archivo ya guardaba están como estaban.",
        f"Inténtelo de nuevo en un momento. Si se repite, avise a quien administra el archivo e indique el número {number}.",
    )


def _to_a_program(status: int, error: Exception) -> ArchivoError | None:
    """What is said otherwise to who has no page to go back to."""
    if status == 405:
        return MethodUnknown("method.unknown", WORDS[405].message, DESCRIBED)
    if isinstance(error, RequestValidationError):
        names = dict.fromkeys(f"«{each['loc'][-1]}»" for each in error.errors())
        return Malformed("request.malformed", f"No se entiende lo que se pidió en {', '.join(names)}. No se cambió nada.", DESCRIBED)
    return None
