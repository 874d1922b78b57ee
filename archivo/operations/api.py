"""Whether the service lives and is ready."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from archivo.access.door import Here
from archivo.operations.services import is_ready

router = APIRouter(tags=["salud"])


@router.get("/health/live")
def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/health/ready")
def ready(archive: Here) -> JSONResponse:
    """The database answers too; 503 says what does not."""
    missing = is_ready(archive)
    return JSONResponse({"status": "ok" if not missing else "missing", "missing": missing}, 503 if missing else 200)
