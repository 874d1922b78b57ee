"""What needs a person: the work of the day, and the queue of classification by keyboard."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from archivo.access.door import Here, Staff
from archivo.access.policy import Grant, require
from archivo.errors import ArchivoError, Unknown
from archivo.intake import attention
from archivo.records.services import view_document, view_parts
from archivo.retention import classification
from archivo.retention import services as retention
from archivo.web import forms
from archivo.web.layout import page

router = APIRouter(include_in_schema=False)
Fields = Annotated[forms.Form, Depends(forms.read)]

REASONS: Final = (
    ("classify", "Por clasificar", "El modelo propone; decide una persona."),
    ("audit", "Por comprobar", "Clasificados solos y elegidos al azar para que alguien los revise."),
    ("doubtful", "Con texto dudoso", "La lectura de la imagen no es segura; compárela con el texto."),
    ("failed", "Que no se pudieron procesar", "El original está a salvo; vea qué pasó y reintente."),
)
QUEUE: Final = 40


@router.get("/trabajo")
def work(request: Request, archive: Here, actor: Staff, motivo: str = "") -> Response:
    """What needs me, by reason."""
    counts = attention.count_waiting(archive, actor)
    chosen = motivo if motivo in dict((key, label) for key, label, _ in REASONS) else ""
    reasons = [(key, label, words, getattr(counts, key)) for key, label, words in REASONS if not chosen or key == chosen]
    lists = {key: attention.list_waiting(archive, actor, key, limit=50 if chosen else 6) for key, _, _, count in reasons if count}
    return page(request, "intake/trabajo.html", here="trabajo", reasons=reasons, lists=lists, chosen=chosen)


@router.get("/clasificar")
def queue(request: Request, archive: Here, actor: Staff) -> Response:
    """The first document that waits, ready to be decided."""
    waiting = attention.list_waiting(archive, actor, "classify", limit=1) or attention.list_waiting(archive, actor, "audit", limit=1)
    if not waiting:
        return page(request, "intake/clasificar_vacia.html", here="clasificar", has_trd=bool(retention.list_trd(archive, actor)))
    return _desk(request, archive, actor, waiting[0].id)


@router.get("/clasificar/{document_id}")
def one(request: Request, archive: Here, actor: Staff, document_id: str, pagina: int = 1, buscar: str = "") -> Response:
    return _desk(request, archive, actor, document_id, number=pagina, wanted=buscar)


@router.post("/clasificar/{document_id}")
def decide(request: Request, archive: Here, actor: Staff, form: Fields, document_id: str) -> Response:
    """A person decides, and the next document is there."""
    following = _next(archive, actor, document_id)
    try:
        decided = classification.confirm(archive, actor, document_id, form.one("serie"))
    except ArchivoError as error:
        return _desk(request, archive, actor, document_id, status=error.status, error=error)
    assert decided.item is not None
    title = view_document(archive, actor, document_id).title
    request.state.session.say(f"«{title[:80]}» quedó en {decided.item.label} ({decided.item.code}).")
    return RedirectResponse(f"/clasificar/{following}" if following else "/clasificar", 303)


def _next(archive: Here, actor: Staff, document_id: str) -> str | None:
    """The document that waits after this one, or the first of all."""
    for reason in ("classify", "audit"):
        waiting = attention.list_waiting(archive, actor, reason, after=document_id, limit=1)
        waiting = waiting or [w for w in attention.list_waiting(archive, actor, reason, limit=2) if w.id != document_id]
        if waiting:
            return waiting[0].id
    return None


def _has_image(archive: Here, actor: Staff, document_id: str) -> bool:
    """Whether the first page of a document can be drawn ahead. Its record is not read: that would leave a trace of a reading."""
    try:
        return view_parts(archive, actor, document_id, 1)[0].width is not None
    except Unknown:
        return False


def _desk(
    request: Request,
    archive: Here,
    actor: Staff,
    document_id: str,
    *,
    number: int = 1,
    wanted: str = "",
    status: int = 200,
    error: ArchivoError | None = None,
) -> Response:
    require(archive, actor, Grant.CLASSIFY, document_id)
    document = view_document(archive, actor, document_id)
    shown = min(max(number, 1), document.part_count)
    counts = attention.count_waiting(archive, actor)
    versions = retention.list_trd(archive, actor)
    found = classification.classification_of(archive, actor, document_id)
    version = next((v for v in versions if found and v.number == found.trd_version), versions[0] if versions else None)
    classes = retention.classes_of(archive, version.id) if version else []
    following = _next(archive, actor, document_id)
    return page(
        request,
        "intake/clasificar.html",
        status,
        here="clasificar",
        document=document,
        part=view_parts(archive, actor, document_id, shown)[0] if document.part_count else None,
        queue=attention.list_waiting(archive, actor, "classify", limit=QUEUE),
        waiting=counts.classify,
        following=following,
        prefetch=following is not None and _has_image(archive, actor, following),
        classification=found,
        options=_options(found, {c.key: c for c in classes}),
        classes=classes,
        wanted=wanted,
        error=error,
    )


def _options(
    found: classification.ClassificationView | None, classes: dict[str, retention.ClassView]
) -> list[tuple[retention.ClassView, float]]:
    """The proposal and what competes with it, at most three, best first."""
    if found is None:
        return []
    options = [(found.item, found.confidence or 0.0)] if found.item else []
    options += [
        (classes[a.key], a.confidence) for a in found.alternatives if a.key in classes and (not found.item or a.key != found.item.key)
    ]
    return options[:3]
