"""Search and read by API: the same use cases and the same policy as the pages."""

import hashlib
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
from archivo.web.error_pages import problems
from search.index import Query as SearchQuery

router = APIRouter(prefix="/api/v1", tags=["consulta"], responses=problems())

MAX_LIMIT = 100
MAX_OFFSET = 10_000


@router.get("/search")
def search(
    request: Request,
    archive: Here,
    actor: Caller,
    q: str = "",
    series: Annotated[str | None, Query(max_length=300)] = None,
    type: Annotated[str | None, Query(max_length=300)] = None,
    from_year: Annotated[int | None, Query(ge=1, le=9999)] = None,
    to_year: Annotated[int | None, Query(ge=1, le=9999)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 10,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
) -> JSONResponse:
    """Documents that answer, as `archivo search` prints them; `next` is the address of the following page, null at the end."""
    filters = {name: value for name, value in (("series", series), ("type", type)) if value}
    found = services.find(archive, actor, SearchQuery(q, filters, from_year, to_year, limit, offset))
    following = request.url.include_query_params(offset=offset + limit) if offset + limit < min(found.total, MAX_OFFSET) else None
    place = {"offset": offset, "limit": limit, "next": f"{following.path}?{following.query}" if following else None}
    return JSONResponse(found_json(found) | place)


@router.get("/documents/{document_id}")
def show(request: Request, archive: Here, actor: Caller, document_id: str) -> Response:
    """A record as `archivo show` prints it; its ETag is of all it says."""
    view = records.view_document(archive, actor, document_id)
    response = JSONResponse(jsonable(document_json(view, classification_of(archive, actor, document_id))))
    etag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    response.headers.update({"etag": etag, "cache-control": "private, no-cache"})
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=304, headers={"etag": etag, "cache-control": "private, no-cache"})
    return response


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
