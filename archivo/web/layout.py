"""Dress what a use case answered as a page: the templates, what the shell knows of the reader, the addresses of static files."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from archivo.web import spanish
from archivo.web.prose import flowing

STATIC: Final = Path(__file__).parent / "static"
TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the shell knows of who looks: a name to greet and the areas that the navigation offers. No name: a citizen."""

    name: str | None = None
    areas: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation, shown to who holds `area` (None: to all)."""

    key: str
    label: str
    address: str
    area: str | None


PLACES: Final = (
    Place("buscar", "Buscar", "/", None),
    Place("trabajo", "Mi trabajo", "/trabajo", "trabajo"),
    Place("documentos", "Documentos", "/documentos", "documentos"),
    Place("recibir", "Recibir", "/recibir", "recibir"),
    Place("clasificar", "Clasificar", "/clasificar", "clasificar"),
    Place("trd", "TRD", "/trd", "trd"),
    Place("custodia", "Custodia", "/custodia", "custodia"),
    Place("trabajos", "Trabajos", "/trabajos", "trabajos"),
    Place("personas", "Personas", "/personas", "personas"),
    Place("ayuda", "Ayuda", "/ayuda", None),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The templates of one running application."""

    viewer_of: Callable[[Request], Viewer]
    environment: Environment

    def page(self, request: Request, template: str, status: int = 200, viewer: Viewer | None = None, **context: Any) -> HTMLResponse:
        """A template as a response. The context holds what use cases answered; nothing is decided in a template."""
        viewer = viewer or self.viewer_of(request)
        shell = {
            "request": request,
            "viewer": viewer,
            "places": [place for place in PLACES if place.area is None or place.area in viewer.areas],
            "ficha": request.app.state.signer.token(request.state.session) if viewer.name or context.get("needs_token") else "",
            "avisos": request.state.session.take_messages(),
            "here": context.pop("here", None),
            "needs_token": False,
        }
        return HTMLResponse(self.environment.get_template(template).render(shell | context), status)


def layout(
    *, viewer_of: Callable[[Request], Viewer], clock: Callable[[], datetime], timezone: str = "America/Bogota", owner: str = ""
) -> Layout:
    """The layout of an application, with every static file's address computed once."""
    environment = _environment(clock, timezone, owner)
    environment.globals["asset"] = _addresses(STATIC).get
    return Layout(viewer_of, environment)


def standalone(timezone: str, owner: str) -> Environment:
    """The templates of pages that are read without the application: they say instants and never how long ago."""
    return _environment(None, timezone, owner)


def _environment(clock: Callable[[], datetime] | None, timezone: str, owner: str) -> Environment:
    zone = ZoneInfo(timezone)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"owner": owner, "count": spanish.count, "number": spanish.number}
    environment.filters |= {
        "day": spanish.day,
        "instant": lambda value: spanish.instant(value, zone),
        "edtf": spanish.edtf,
        "size": spanish.size,
        "number": spanish.number,
        "percent": spanish.percent,
        "series": spanish.series,
        "shown": shown,
        "calm": spanish.calm,
        "flowing": flowing,
    }
    if clock is not None:
        environment.globals["now"] = clock
        environment.filters["ago"] = lambda value: spanish.ago(value, clock(), zone)
    return environment


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A template of the running application as a response."""
    here: Layout = request.app.state.layout
    return here.page(request, template, status, **context)


def is_fragment(request: Request) -> bool:
    """Whether htmx asked, and so only a piece of the page is wanted."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-history-restore-request") != "true"


def shown(name: str) -> str:
    r"""A name that came from outside, with what could not be seen or would turn the text around written as \uNNNN."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in name)


def _addresses(static: Path) -> dict[str, str]:
    """Name -> address of each static file, with its digest: own files as a query, third parties' in the name."""
    addresses = {}
    for file in sorted(static.glob("*.*")):
        addresses[file.name] = f"/static/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
    manifest = static / "vendor" / "manifest.json"
    if manifest.is_file():
        addresses |= {name: f"/static/vendor/{file}" for name, file in json.loads(manifest.read_text("utf-8")).items()}
    return addresses
