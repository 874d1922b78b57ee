"""Whether the service lives and is ready."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from archivo.operations.health import Health

router = APIRouter(tags=["salud"])


@router.get("/health/live")
def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/health/ready")
def ready(request: Request) -> JSONResponse:
    """Every server that serving needs answers too; 503 says which does not."""
    health: Health = request.app.state.health
    found = health.missing()
    return JSONResponse({"status": "missing" if found else "ok", "missing": found}, 503 if found else 200)
