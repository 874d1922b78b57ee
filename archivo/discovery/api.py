"""Search and read by API: the same use cases and the same policy as the pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from archivo.access.api_door import Caller
from archivo.access.door import Here
from archivo.discovery import services
from archivo.discovery.representing import found_json
from archivo.intake.representing import classification_json, document_json
from archivo.plain import jsonable
from archivo.records import services as records
from archivo.retention.classification import classification_of
from search.index import Query as SearchQuery

router = APIRouter(prefix="/api/v1", tags=["consulta"])

MAX_LIMIT = 100


@router.get("/search")
def search(
    archive: Here,
    actor: Caller,
    q: Annotated[str, Query(max_length=2000)] = "",
    series: str | None = None,
    type: Annotated[str | None, Query()] = None,
    from_year: int | None = None,
    to_year: int | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 10,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> JSONResponse:
    """Documents that answer, as `archivo search` prints them; `next` is the address of the following page, null at the end."""
    filters = {name: value for name, value in (("series", series), ("type", type)) if value}
    found = services.find(archive, actor, SearchQuery(q, filters, from_year, to_year, limit, offset))
    return JSONResponse(jsonable(found_json(found)) | {"offset": offset, "limit": limit})


@router.get("/documents/{document_id}")
def show(request: Request, archive: Here, actor: Caller, document_id: str) -> Response:
    """A record as `archivo show` prints it; its ETag is the record's version and state."""
    view = records.view_document(archive, actor, document_id)
    found = classification_of(archive, actor, document_id)
    etag = f'"{view.version}-{view.ocfl_version}-{view.state}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return JSONResponse(jsonable(document_json(view, found)), headers={"etag": etag, "cache-control": "private, no-cache"})


@router.get("/documents/{document_id}/text")
def text(archive: Here, actor: Caller, document_id: str, page: int | None = None) -> JSONResponse:
    """The texts of a record, a page or all."""
    parts = records.view_parts(archive, actor, document_id, page)
    records.note_reading(archive, actor, document_id, "document.text")
    return JSONResponse({"pages": [{"page": part.number, "text": part.text} for part in parts]})


@router.get("/documents/{document_id}/classification")
def classification(archive: Here, actor: Caller, document_id: str) -> JSONResponse:
    """The class of a record, or null."""
    value: Any = classification_json(classification_of(archive, actor, document_id))
    return JSONResponse(jsonable(value))
