"""What a monitor reads: counts of the catalogue and of the job table, and how long the web's requests take, in Prometheus' text format.

No label ever carries a person, a document or a query: only routes as they are written in the program, queues, states and statuses.
"""

import logging
import shutil
import time
from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archivo.access.api_door import Bearer
from archivo.access.door import Here
from archivo.access.policy import Grant, require
from archivo.archive import Archive
from archivo.intake.sealing import count_unsealed
from archivo.jobs import Job, JobState
from archivo.records.models import Document
from archivo.tracing import Traces

FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Those that are told by name: a method is any word that a client likes to send."""
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)

LOG: Final = logging.getLogger("archivo.web")

router = APIRouter(include_in_schema=False)


@router.get("/api/v1/metrics")
def metrics(request: Request, archive: Here, actor: Bearer) -> Response:
    """The figures of this process' requests and of the whole archive. For the bearer of an operator's token."""
    require(archive, actor, Grant.SEE_JOBS)
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=FORMAT)


def install(app: FastAPI, archive: Archive) -> None:
    """Measure the requests of `app` and offer its figures."""
    app.state.metrics = registry = CollectorRegistry()
    registry.register(Catalogue(archive))
    took = Histogram("archivo_request_seconds", "Seconds of a request.", ("method", "route", "status"), registry=registry, buckets=SECONDS)
    app.add_middleware(Timed, took=took, traces=archive.traces)
    app.include_router(router)


class Timed:
    """Measures from the first byte of a request to the last of its answer. Middleware of plain ASGI: it never holds a body."""

    def __init__(self, app: ASGIApp, *, took: Histogram, traces: Traces) -> None:
        self.app = app
        self.took = took
        self.traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500
        method = scope["method"] if scope["method"] in METHODS else "OTHER"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with self.traces.span(method, {}, serves=True) as span:
                try:
                    await self.app(scope, receive, watched)
                finally:
                    route = getattr(scope.get("route"), "path", "—")
                    told = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
                    span.tell(f"{method} {route}", told)
        finally:
            seconds = time.perf_counter() - begun
            self.took.labels(method, route, status).observe(seconds)
            data = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1)}
            LOG.info("request", extra={"data": data})


class Catalogue(Collector):
    """The archive's own counts, taken when they are asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def collect(self) -> Iterable[Metric]:
        now = self._archive.clock()
        waiting = GaugeMetricFamily("archivo_oldest_job_seconds", "Age of the oldest job of a queue that waits.", labels=["queue"])
        jobs = GaugeMetricFamily("archivo_jobs", "Jobs, by queue and state.", labels=["queue", "state"])
        documents = GaugeMetricFamily("archivo_documents", "Documents, by state.", labels=["state"])
        unsealed = GaugeMetricFamily("archivo_unsealed_documents", "Documents with acts that no package holds yet.")
        free = GaugeMetricFamily("archivo_home_free_bytes", "Bytes free on the disk of the home.")
        with self._archive.reading() as session:
            for queue, state, count in session.execute(select(Job.queue, Job.state, func.count()).group_by(Job.queue, Job.state)):
                jobs.add_metric([queue, state], count)
            oldest = select(Job.queue, func.min(Job.created_at)).where(Job.state == JobState.QUEUED).group_by(Job.queue)
            for queue, since in session.execute(oldest):
                waiting.add_metric([queue], (now - since).total_seconds())
            for state, count in session.execute(select(Document.state, func.count()).group_by(Document.state)):
                documents.add_metric([state], count)
            unsealed.add_metric([], count_unsealed(session))
        free.add_metric([], shutil.disk_usage(self._archive.cache).free)
        return (jobs, waiting, documents, unsealed, free)
