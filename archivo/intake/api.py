"""Hand over documents by API: streaming, idempotent, each file's fate told."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from archivo.access.api_door import Bearer, Caller
from archivo.access.door import Here
from archivo.access.policy import Actor
from archivo.archive import Archive
from archivo.errors import ArchivoError, Invalid, Malformed
from archivo.intake import idempotency, publication, services
from archivo.intake.manifest import read_access, read_published
from archivo.intake.representing import classification_json, deposited_json
from archivo.intake.services import Deposited, Metadata, Upload
from archivo.plain import jsonable
from archivo.retention import classification
from archivo.web import multipart
from archivo.web.bounded import bounded
from archivo.web.multipart import BadMultipart, Part

router = APIRouter(prefix="/api/v1", tags=["entrega"])

KNOWN: Final = frozenset(("title", "date", "office", "series", "document_type", "access", "published"))
MAX_METADATA: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Mapping[str, Any]
    location: str | None


@router.post("/documents", status_code=202)
async def deposit(request: Request, archive: Here, actor: Bearer) -> JSONResponse:
    """Receive files: a `metadata` part of JSON (an object for all, or a list in the files' order) before the `file` parts.

    202 with a `Location` and the documents; 200 when all of them were here already. With an `Idempotency-Key` the same request twice has
    one effect and the same answer. A file refused does not undo those before it: its entry says why.
    """
    key = request.headers.get("idempotency-key")
    try:
        answer = await multipart.receive(request, lambda parts: _deposit_all(archive, actor, parts, key))
    except BadMultipart as fault:
        raise Malformed(
            "upload.malformed",
            "El envío llegó incompleto o mal formado. Lo que no aparece como recibido no se guardó.",
            "Envíelo otra vez como multipart/form-data, con la parte «metadata» antes de los archivos.",
        ) from fault
    headers = {"location": answer.location} if answer.location else None
    return JSONResponse(dict(answer.body), answer.status, headers=headers)


@router.post("/documents/{document_id}/publication", status_code=204, response_model=None)
def publish(archive: Here, actor: Bearer, document_id: str) -> None:
    """Publish a record in the catalogue."""
    publication.publish(archive, actor, document_id)


@router.delete("/documents/{document_id}/publication", status_code=204, response_model=None)
def withdraw(archive: Here, actor: Bearer, document_id: str) -> None:
    """Take a record out of the catalogue."""
    publication.withdraw(archive, actor, document_id)


@router.put("/documents/{document_id}/classification")
async def confirm(request: Request, archive: Here, actor: Caller, document_id: str) -> JSONResponse:
    """Confirm the class of a record: `{"code": "OFICINA/CÓDIGO"}`."""
    body = await request.json()
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, str):
        raise Malformed("classification.code", "Falta el código de la clase. No se cambió nada.", 'Envíe {"code": "OFICINA/CÓDIGO"}.')
    return JSONResponse(jsonable(classification_json(classification.confirm(archive, actor, document_id, code))))


def _deposit_all(archive: Archive, actor: Actor, parts: Iterator[Part], key: str | None) -> _Answer:
    metadata: list[Metadata] = []
    shared = True
    raw = b""
    deposited: list[Deposited] = []
    entries: list[Any] = []
    errors: list[ArchivoError] = []
    digests = hashlib.sha256()
    for part in parts:
        if part.name == "metadata" and part.filename is None:
            if deposited or errors:
                raise Malformed("metadata.late", "La parte «metadata» llegó después de un archivo.", "Póngala antes de los archivos.")
            raw = part.text(MAX_METADATA).encode()
            metadata, shared = _read_metadata(raw)
            digests.update(raw)
            continue
        if part.filename is None:
            continue
        number = len(entries)
        given = Metadata() if not metadata else metadata[0] if shared else _of_file(metadata, number)
        entry = _deposit_one(archive, actor, part, given, archive.institution.max_upload_bytes)
        if isinstance(entry, Deposited):
            deposited.append(entry)
            digests.update(entry.sha256.encode())
            entries.append(jsonable(deposited_json(entry)))
        else:
            errors.append(entry)
            entries.append({"filename": part.filename, "error": {"code": entry.code, "message": entry.message, "remedy": entry.remedy}})
    if errors and not deposited:
        raise errors[0]
    if not entries:
        raise Malformed("upload.nothing", "No llegó ningún archivo.", "Envíe al menos una parte «file».")
    again = all(one.duplicate_of for one in deposited) and not errors
    answer = _Answer(200 if again else 202, {"documents": entries}, f"/api/v1/documents/{deposited[0].id}")
    if key is None:
        return answer
    kept = idempotency.remember(
        archive, actor.login, key, digests.hexdigest(), answer.status, {"body": answer.body, "location": answer.location}
    )
    return _Answer(kept.status, kept.answer["body"], kept.answer["location"])


def _deposit_one(archive: Archive, actor: Actor, part: Part, metadata: Metadata, most: int) -> Deposited | ArchivoError:
    assert part.filename is not None
    try:
        return services.deposit(archive, actor, Upload(bounded(part.content, most), part.filename, metadata))
    except ArchivoError as fault:
        return fault


def _of_file(metadata: list[Metadata], number: int) -> Metadata:
    if number >= len(metadata):
        raise Invalid("metadata.count", "Hay más archivos que descripciones.", "Envíe una descripción por archivo, en el mismo orden.")
    return metadata[number]


def _read_metadata(raw: bytes) -> tuple[list[Metadata], bool]:
    """What is said of the files, and whether one object serves them all. Raises Invalid."""
    try:
        value = json.loads(raw)
    except ValueError as fault:
        raise Invalid("metadata.json", "La parte «metadata» no es JSON. No se recibió nada.", "Revise su sintaxis.") from fault
    listed = value if isinstance(value, list) else [value]
    return [_one_metadata(item) for item in listed], not isinstance(value, list)


def _one_metadata(item: Any) -> Metadata:
    if not isinstance(item, dict) or not set(item) <= KNOWN:
        unknown = sorted(set(item) - KNOWN) if isinstance(item, dict) else []
        named = f": {', '.join(map(str, unknown))}" if unknown else ""
        raise Invalid(
            "metadata.field", f"La descripción trae campos que no se conocen{named}. No se recibió nada.", "Use los del contrato."
        )
    texts = {name: _text(item.get(name), name) for name in ("title", "date", "office", "series", "document_type")}
    access = read_access(_text(item.get("access"), "access") or "")
    published = item.get("published", False)
    shown = published if isinstance(published, bool) else read_published(str(published))
    if access is None or shown is None:
        raise Invalid("metadata.access", "El acceso o la publicación no se entienden. No se recibió nada.", "Revise access y published.")
    return Metadata(**texts, access=access, published=shown)


def _text(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Invalid("metadata.text", f"El campo «{name}» debe ser un texto. No se recibió nada.", "Escríbalo entre comillas.")
    return value
