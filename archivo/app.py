"""The FastAPI app: routers, middleware, error handlers. No behaviour."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from archivo.access import pages as access_pages
from archivo.access.door import viewer_of
from archivo.archive import Archive
from archivo.custody import deletion_pages
from archivo.custody import pages as custody_pages
from archivo.discovery import api as discovery_api
from archivo.discovery import format_pages, migration_pages
from archivo.discovery import pages as discovery_pages
from archivo.intake import api as intake_api
from archivo.intake import pages as intake_pages
from archivo.operations import api as operations_api
from archivo.operations import metrics
from archivo.operations import pages as operations_pages
from archivo.operations.health import Health
from archivo.retention import pages as retention_pages
from archivo.web import shell

UNTOLD: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
"""What FastAPI would tell by itself carries queries and addresses of people; what is told is in metrics.py."""


def create_app(archive: Archive, secret: str) -> FastAPI:
    """The web of a running archive."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        gc.freeze()  # what is loaded by now stays: no search waits for it to be looked through again
        yield

    app = FastAPI(
        title="Archivo",
        version="1",
        description="Entregar, encontrar y consultar documentos. Los errores son problem+json, con código y remedio.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        telemetry=UNTOLD,
    )
    app.state.archive = archive
    app.state.health = Health(archive)
    shell.install(
        app,
        secret=secret.encode(),
        clock=archive.clock,
        viewer_of=viewer_of,
        timezone=archive.institution.timezone,
        owner=archive.institution.entity_name,
    )
    custody = (custody_pages, format_pages, migration_pages, deletion_pages)
    pages = (discovery_pages, intake_pages, *custody, operations_pages, retention_pages, access_pages)
    for part in (*pages, discovery_api, intake_api, operations_api):
        app.include_router(part.router)
    metrics.install(app, archive)
    return app
