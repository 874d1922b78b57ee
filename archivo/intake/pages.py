"""Receive files from a browser, and tell the fate of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from archivo.access.door import Here, Staff
from archivo.access.policy import AccessClass, Actor, Grant, require
from archivo.archive import Archive
from archivo.errors import ArchivoError
from archivo.intake import desk, editing, services
from archivo.intake.fate import progress_of
from archivo.intake.services import Deposited, Metadata, Upload
from archivo.records import wording
from archivo.web import forms
from archivo.web.bounded import bounded
from archivo.web.layout import is_fragment, page
from archivo.web.multipart import Part

router = APIRouter(include_in_schema=False)
router.include_router(desk.router)
router.include_router(editing.router)

ACCESS_CHOICES: Final = tuple(wording.ACCESS.items())
MARKS: Final = {"received": "wait", "processing": "going", "preserved": "going", "findable": "ok", "failed": "bad", "deleted": "wait"}
STATES: Final = {state: (words, MARKS[state]) for state, words in wording.STATES.items()} | {
    "flawed": ("disponible, con problemas", "warn")
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one file: what deposit answered, or why it was not kept."""

    filename: str
    deposited: Deposited | None
    error: ArchivoError | None


@router.get("/recibir")
def receive_form(request: Request, archive: Here, actor: Staff) -> Response:
    require(archive, actor, Grant.DEPOSIT)
    return _form(request, actor)


@router.post("/recibir")
async def receive(request: Request, archive: Here, actor: Staff) -> Response:
    """Deposit each file as it arrives. One that cannot be kept does not stop the others."""
    fates = await forms.receive(request, lambda parts: _deposit_all(archive, actor, parts))
    status = 200 if all(fate.deposited for fate in fates) else 422
    if is_fragment(request):
        return page(request, "intake/destinos.html", fates=fates, states=STATES)
    return _form(request, actor, fates, status)


@router.get("/recibir/{document_id}")
def fate_of(request: Request, archive: Here, actor: Staff, document_id: str) -> Response:
    """The state of a document just received, asked for again until it is at rest."""
    return page(request, "intake/estado.html", progress=progress_of(archive, actor, document_id), states=STATES)


def _form(request: Request, actor: Actor, fates: list[Fate] | None = None, status: int = 200) -> Response:
    return page(
        request,
        "intake/recibir.html",
        status,
        here="recibir",
        fates=fates or [],
        states=STATES,
        choices=ACCESS_CHOICES,
        may_publish=actor.may(Grant.PUBLISH),
    )


def _deposit_all(archive: Archive, actor: Actor, parts: Iterator[Part]) -> list[Fate]:
    fields: dict[str, str] = {}
    fates = []
    for part in parts:
        if part.filename is None:
            fields[part.name] = part.text()
        elif part.filename:
            fates.append(_deposit(archive, actor, part, part.filename, fields))
    return fates


def _deposit(archive: Archive, actor: Actor, part: Part, filename: str, fields: dict[str, str]) -> Fate:
    access = fields.get("acceso", AccessClass.PUBLICA)
    chosen = AccessClass(access) if access in set(AccessClass) else AccessClass.RESERVADA
    metadata = Metadata(access=chosen, published=fields.get("publicar") == "si" and chosen == AccessClass.PUBLICA)
    content = bounded(part.content, archive.institution.max_upload_bytes)
    try:
        return Fate(filename, services.deposit(archive, actor, Upload(content, filename, metadata)), None)
    except ArchivoError as error:
        return Fate(filename, None, error)
