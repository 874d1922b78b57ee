"""Hand over documents by API: streaming, idempotent, each file's fate told."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from archivo.access.api_door import Bearer
from archivo.access.door import Here
from archivo.access.policy import Actor, Grant, require
from archivo.archive import Archive
from archivo.errors import ArchivoError, Invalid, Malformed
from archivo.intake import idempotency, publication, services
from archivo.intake.idempotency import Kept
from archivo.intake.manifest import read_access, read_published
from archivo.intake.representing import classification_json, deposited_json
from archivo.intake.services import Deposited, Metadata, Upload
from archivo.plain import jsonable
from archivo.retention import classification
from archivo.web import multipart
from archivo.web.bounded import bounded
from archivo.web.error_pages import problem, problems
from archivo.web.multipart import BadMultipart, Part
from preservation.fixity import CHUNK, HashingReader

router = APIRouter(prefix="/api/v1", tags=["entrega"], responses=problems())

METADATA: Final = "metadata"
FORM: Final = {
    "parameters": [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 200}}],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        METADATA: {"type": "string", "description": "JSON: un objeto para todos, o una lista en el orden de los archivos"},
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                    "required": ["file"],
                }
            }
        },
    },
}

KNOWN: Final = ("title", "date", "office", "series", "document_type", "access", "published")
MAX_METADATA: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Mapping[str, Any]
    location: str | None


class ClassGiven(BaseModel):
    """The class that a person decides, as `OFICINA/CÓDIGO` or as a code that only one office has."""

    code: str


@router.post("/documents", status_code=202, openapi_extra=FORM, responses=problems(400, 401, 403, 413, 422, 507))
async def deposit(request: Request, archive: Here, actor: Bearer) -> JSONResponse:
    """Receive files: a `metadata` part of JSON (an object for all, or a list in the files' order) before the `file` parts.

    202 with a `Location` and the documents; 200 when all of them were here already. With an `Idempotency-Key` the same request twice has
    one effect and the same answer. A file refused does not undo those before it: its entry says why. Nor does a request that breaks off:
    the `documents` of its problem are those kept before.
    """
    key = request.headers.get("idempotency-key")
    told: list[Any] = []
    try:
        answer = await multipart.receive(
            request, lambda parts: _receive(archive, actor, parts, key, told), limiter=request.app.state.upload_limiter
        )
    except (BadMultipart, Malformed) as fault:
        return problem(fault if isinstance(fault, Malformed) else _broken(), documents=told)
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
def confirm(archive: Here, actor: Bearer, document_id: str, given: ClassGiven) -> JSONResponse:
    """Confirm the class of a record."""
    return JSONResponse(jsonable(classification_json(classification.confirm(archive, actor, document_id, given.code))))


def _receive(archive: Archive, actor: Actor, parts: Iterator[Part], key: str | None, told: list[Any]) -> _Answer:
    """Deposit what arrives, unless the key says that it was answered already: then it is only read, to know that it is the same.

    `told` gathers what is told of each file, for who must answer of a request that breaks off.
    """
    require(archive, actor, Grant.DEPOSIT)
    if key is None:
        return _deposit_all(archive, actor, parts, hashlib.sha256(), told)[0]
    idempotency.check_key(key)
    digest = hashlib.sha256()
    kept = idempotency.recall(archive, actor.login, key)
    if kept is not None:
        _digest_all(parts, digest, archive.institution.max_upload_bytes)
        kept = idempotency.answer_again(kept, digest.hexdigest())
        return _Answer(kept.status, kept.answer["body"], kept.answer["location"])
    answer, is_whole = _deposit_all(archive, actor, parts, digest, told)
    if not is_whole:
        return answer
    fresh = Kept(digest.hexdigest(), answer.status, {"body": answer.body, "location": answer.location})
    kept = idempotency.remember(archive, actor.login, key, fresh)
    return _Answer(kept.status, kept.answer["body"], kept.answer["location"])


def _digest_all(parts: Iterator[Part], digest: "hashlib._Hash", most: int) -> None:
    """Digest a request as `_deposit_all` does, keeping nothing."""
    for part in parts:
        if part.name == METADATA:
            digest.update(part.text(MAX_METADATA).encode())
        elif part.filename is not None:
            reader = HashingReader(bounded(part.content, most))
            while reader.read(CHUNK):
                pass
            digest.update(reader.digest().value.encode())


def _deposit_all(archive: Archive, actor: Actor, parts: Iterator[Part], digest: "hashlib._Hash", told: list[Any]) -> tuple[_Answer, bool]:
    """Deposit each file; the answer, and whether every file was kept, so that the same request need never be tried again."""
    metadata: list[Metadata] = []
    shared = True
    deposited: list[Deposited] = []
    errors: list[ArchivoError] = []
    for part in parts:
        if part.name == METADATA:
            if told:
                raise _late()
            raw = part.text(MAX_METADATA).encode()
            metadata, shared = _read_metadata(raw)
            digest.update(raw)
        elif part.filename is not None:
            entry = _deposit_one(archive, actor, part, metadata[:1] if shared else metadata[len(told) :], not metadata)
            if isinstance(entry, Deposited):
                deposited.append(entry)
                digest.update(entry.sha256.encode())
                told.append(jsonable(deposited_json(entry)))
            else:
                errors.append(entry)
                error = {"code": entry.code, "message": entry.message, "remedy": entry.remedy}
                told.append({"filename": part.filename, "error": error})
    if errors and not deposited:
        raise errors[0]
    if not told:
        raise Malformed("upload.nothing", "No llegó ningún archivo.", "Envíe al menos una parte «file».")
    again = all(one.duplicate_of for one in deposited) and not errors
    return _Answer(200 if again else 202, {"documents": told}, f"/api/v1/documents/{deposited[0].id}"), not errors


def _deposit_one(archive: Archive, actor: Actor, part: Part, given: list[Metadata], undescribed: bool) -> Deposited | ArchivoError:
    """What became of one file. `given` begins with what is said of it."""
    assert part.filename is not None
    if not given and not undescribed:
        return Invalid(
            "metadata.count", "Hay más archivos que descripciones. Este no se recibió.", "Envíe una descripción por archivo, en orden."
        )
    content = bounded(part.content, archive.institution.max_upload_bytes)
    try:
        return services.deposit(archive, actor, Upload(content, part.filename, given[0] if given else Metadata()))
    except ArchivoError as fault:
        return fault


def _broken() -> Malformed:
    return Malformed(
        "upload.malformed",
        "El envío llegó incompleto o mal formado. Los archivos que habían llegado enteros se conservaron; los demás, no.",
        "Envíelo otra vez como multipart/form-data, con la parte «metadata» antes de los archivos: lo ya recibido no se duplica.",
    )


def _late() -> Malformed:
    return Malformed(
        "metadata.late",
        "La parte «metadata» llegó después de un archivo: los anteriores se recibieron sin ella y los siguientes no se recibieron.",
        "Póngala antes de los archivos.",
    )


def _read_metadata(raw: bytes) -> tuple[list[Metadata], bool]:
    """What is said of the files, and whether one object serves them all. Raises Invalid."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise Invalid("metadata.json", "La parte «metadata» no es JSON. No se recibió nada.", "Revise su sintaxis.") from fault
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise Invalid("metadata.count", "La lista de descripciones está vacía. No se recibió nada.", "Quítela, o describa cada archivo.")
    return [_one_metadata(item) for item in listed], not isinstance(value, list)


def _one_metadata(item: Any) -> Metadata:
    if not isinstance(item, dict) or not set(item) <= set(KNOWN):
        unknown = sorted(set(item) - set(KNOWN)) if isinstance(item, dict) else []
        named = f": {', '.join(map(str, unknown))}" if unknown else ""
        raise Invalid(
            "metadata.field",
            f"La descripción trae campos que no se conocen{named}. No se recibió nada.",
            f"Los campos son {', '.join(KNOWN)}.",
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
    if value is not None and re.search("[\x00\ud800-\udfff]", value):
        raise Invalid(
            "metadata.characters", f"El campo «{name}» trae caracteres que no son texto. No se recibió nada.", "Escríbalo en UTF-8."
        )
    return value
