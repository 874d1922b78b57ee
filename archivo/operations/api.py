"""Whether the service lives and is ready."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from archivo.access.door import Here
from archivo.operations.health import missing

router = APIRouter(tags=["salud"])


@router.get("/health/live")
def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/health/ready")
def ready(archive: Here) -> JSONResponse:
    """Every server that serving needs answers too; 503 says which does not."""
    found = missing(archive)
    return JSONResponse({"status": "missing" if found else "ok", "missing": found}, 503 if found else 200)
