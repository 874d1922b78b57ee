"""Install the shell on an application: sessions, headers, errors, static files, and the pages that belong to no part."""

import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from archivo.errors import ArchivoError
from archivo.web.error_pages import answer
from archivo.web.layout import STATIC, Viewer, layout, page
from archivo.web.protection import REPORTS, Protection
from archivo.web.sessions import Signer
from archivo.web.tables import Column, Order, table

UPLOADS_AT_ONCE: Final = 16
LOG: Final = logging.getLogger("archivo.web")
_DIRECTIVE: Final = re.compile(
    rb'"(?:effective|violated)-directive"\s*:\s*"((?:default|script|style|img|font|connect|media|object|frame|worker|manifest)-src'
    rb"(?:-elem|-attr)?|base-uri|form-action|frame-ancestors)"
)

router = APIRouter(include_in_schema=False)


def install(
    app: FastAPI,
    *,
    secret: bytes,
    clock: Callable[[], datetime],
    viewer_of: Callable[[Request], Viewer],
    timezone: str = "America/Bogota",
    owner: str = "Secretaría General de la Alcaldía Mayor de Bogotá, D.C.",
) -> None:
    """Dress `app`. `viewer_of` says who looks; it may read `request.state.session.key`, what access gave at sign-in."""
    signer = Signer(secret, clock)
    app.state.signer = signer
    app.state.layout = layout(viewer_of=viewer_of, clock=clock, timezone=timezone, owner=owner)
    app.state.upload_limiter = anyio.CapacityLimiter(UPLOADS_AT_ONCE)
    for kind in (ArchivoError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)
    app.add_middleware(Protection, signer=signer, failed=answer)
    app.mount("/static", _Static(directory=STATIC))
    app.include_router(router)


class _Static(StaticFiles):
    """Static files; one asked for with its digest never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        digested = scope["query_string"].startswith(b"v=") or path.startswith("vendor/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if digested else "no-cache"
        return response


@router.get("/diseno")
def living_page(request: Request) -> HTMLResponse:
    """Each component with its states."""
    columns = (
        Column("Documento", "documento", "filename"),
        Column("Trabajo"),
        Column("Estado"),
        Column("Intento", "intento", "attempt", "number"),
    )
    example = table(columns, Order("filename"), lambda **_: "#tabla", {})
    return page(request, "web/diseno.html", example_address="#tabla-{}".format, example_table=example)


@router.get("/ayuda")
def help_page(request: Request) -> HTMLResponse:
    return page(request, "web/ayuda.html", here="ayuda")


@router.post(REPORTS, status_code=204)
async def policy_report(request: Request) -> Response:
    """What a browser refused under our Content-Security-Policy: a page of ours is wrong, or somebody is trying.

    Of the report only the directive is noted: the page's address has what was sought, and the sample has its words.
    """
    body = b""
    async for piece in request.stream():
        body += piece[: 8192 - len(body)]
    directive = _DIRECTIVE.search(body)
    LOG.warning("content security policy: %s", directive[1].decode() if directive else "—")
    return Response(status_code=204)
