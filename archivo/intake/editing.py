"""Change what is said of a document, publish it or withdraw it, with its history beside."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import AccessClass, Grant, require
from archivo.errors import ArchivoError
from archivo.intake.publication import publish, withdraw
from archivo.records.services import describe, view_document
from archivo.records.tombstones import deleted
from archivo.records.views import DocumentView
from archivo.web import forms
from archivo.web.layout import page

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

FIELDS: Final = {
    "titulo": "title",
    "fecha": "date",
    "tipo": "document_type",
    "numero": "number",
    "productor": "producer",
    "descripcion": "description",
    "acceso": "access",
}
WRONG_FIELDS: Final = {
    "document.title": "titulo",
    "date.edtf": "fecha",
    "document.access": "acceso",
    "document.document_type": "tipo",
    "document.number": "numero",
    "document.producer": "productor",
}
CHOICES: Final = (
    (AccessClass.PUBLICA, "Pública"),
    (AccessClass.CLASIFICADA, "Pública clasificada"),
    (AccessClass.RESERVADA, "Pública reservada"),
)


@router.get("/documentos/{document_id}/editar")
def edit_form(request: Request, archive: Here, actor: Staff, document_id: str) -> Response:
    require(archive, actor, Grant.DESCRIBE, document_id)
    document = view_document(archive, actor, document_id)
    if document.tombstone is not None:
        raise deleted()
    return _form(request, actor, document, {field: getattr(document, name) or "" for field, name in FIELDS.items()})


@router.post("/documentos/{document_id}/editar")
def edit(request: Request, archive: Here, actor: Staff, form: Fields, document_id: str) -> Response:
    """Keep what was changed, unless somebody else changed the record meanwhile; what was typed is never lost."""
    document = view_document(archive, actor, document_id)
    typed = {field: form.one(field) for field in FIELDS}
    changes = {name: typed[field] for field, name in FIELDS.items() if typed[field] != (getattr(document, name) or "")}
    seen = form.one("version")
    try:
        if changes:
            describe(archive, actor, document_id, changes, seen_version=int(seen) if seen.isdecimal() else document.version)
    except ArchivoError as error:
        return _form(request, actor, document, typed, error)
    request.state.session.say("Se guardaron los cambios." if changes else "No había cambios que guardar.")
    return RedirectResponse(f"/documentos/{document_id}?ver=descripcion", 303)


@router.post("/documentos/{document_id}/publicacion")
def publication(request: Request, archive: Here, actor: Staff, form: Fields, document_id: str) -> Response:
    """Show the document to the public, or no more."""
    if form.one("accion") == "publicar":
        publish(archive, actor, document_id)
        request.state.session.say("Se publicó: la ciudadanía ya puede encontrarlo.")
    else:
        withdraw(archive, actor, document_id)
        request.state.session.say("Se retiró de la consulta pública. El documento se conserva igual.")
    return RedirectResponse(f"/documentos/{document_id}", 303)


def _form(request: Request, actor: Staff, document: DocumentView, typed: dict[str, str], error: ArchivoError | None = None) -> Response:
    wrong = WRONG_FIELDS.get(error.code, "") if error else ""
    return page(
        request,
        "intake/editar.html",
        error.status if error else 200,
        document=document,
        typed=typed,
        error=error,
        wrong=wrong,
        choices=CHOICES,
        may_publish=actor.may(Grant.PUBLISH),
    )
