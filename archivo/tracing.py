"""Spans of requests, jobs and calls to servers, sent by OTLP/HTTP where the operator asks for them; elsewhere they cost nothing.

No span carries a person, an address of one, a query, a title or a document's words: routes as they are written in the program, kinds and
identifiers of jobs, names of operations, statuses, and of an error its kind.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, event

Values = Mapping[str, str | int]
EXPORT: Final = 5.0
"""Seconds in which a collector takes what it is sent; what it does not take is lost, and nobody waits for it."""
STATEMENTS: Final = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE"))


class Span:
    """What is being measured; this one by nobody."""

    def tell(self, name: str, values: Values) -> None:
        """Name it by what is known by now, and add what is known of it."""

    def fail(self, kind: str) -> None:
        """It ended badly; `kind` is no message."""


class Traces:
    """Makes spans; this one none. A span begun inside another, in the same thread or request, is its child."""

    @contextmanager
    def span(self, name: str, values: Values, *, serves: bool = False, cause: str | None = None) -> Iterator[Span]:
        """Measure what is done inside. `serves`: it answers a client. `cause`: what current() gave where it was asked for."""
        yield Span()

    def current(self) -> str | None:
        """The span at hand, as a W3C traceparent for another process; None where there is none."""
        return None

    def follow(self, engine: Engine) -> None:
        """Measure the statements of a database that are made inside a span."""

    def follow_calls(self, thing: object, kind: str, names: Iterable[str]) -> None:
        """Measure these methods of a store or an index where they are called inside a span."""

    def close(self) -> None:
        """Send what was measured, for a moment at most."""


class _Told(Span):
    """A span of OpenTelemetry's."""

    def __init__(self, span: Any) -> None:
        self._span = span

    def tell(self, name: str, values: Values) -> None:
        self._span.update_name(name)
        self._span.set_attributes(values)

    def fail(self, kind: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)


class OtlpTraces(Traces):
    """Sends spans to a collector, in the background. Its provider is our own: no library finds it, so none adds what it likes."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint` as in OTEL_EXPORTER_OTLP_ENDPOINT: `/v1/traces` follows. Raises ImportError where the extra is not installed."""
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = TracerProvider(resource=Resource({"service.name": "archivo"}), shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT))
        )
        self._tracer = self._provider.get_tracer("archivo")
        self._trace, self._carried = trace, TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, values: Values, *, serves: bool = False, cause: str | None = None) -> Iterator[Span]:
        kind = self._trace.SpanKind.SERVER if serves else self._trace.SpanKind.INTERNAL
        links = [self._trace.Link(self._context_of(cause))] if cause else []
        begun = self._tracer.start_as_current_span(
            name, kind=kind, attributes=values, links=links, record_exception=False, set_status_on_exception=False
        )
        with begun as span:
            told = _Told(span)
            try:
                yield told
            except BaseException as fault:
                told.fail(type(fault).__name__)
                raise

    def current(self) -> str | None:
        carrier: dict[str, str] = {}
        self._carried.inject(carrier)
        return carrier.get("traceparent")

    def follow(self, engine: Engine) -> None:
        def before(_c: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
            if self._is_inside():
                word = statement.lstrip().partition(" ")[0].upper()
                name = word if word in STATEMENTS else "OTHER"
                values = {"db.system.name": engine.dialect.name, "db.operation.name": name}
                context.archivo_span = self._tracer.start_span(f"db {name}", kind=self._trace.SpanKind.CLIENT, attributes=values)

        def after(_c: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
            if span := getattr(context, "archivo_span", None):
                span.end()

        def failed(context: Any) -> None:
            if span := getattr(context.execution_context, "archivo_span", None):
                _Told(span).fail(type(context.original_exception).__name__)
                span.end()

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        event.listen(engine, "handle_error", failed)

    def follow_calls(self, thing: object, kind: str, names: Iterable[str]) -> None:
        for name in names:
            setattr(thing, name, self._measured(getattr(thing, name), f"{kind} {name}"))

    def close(self) -> None:
        self._provider.shutdown()

    def _measured(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(call)
        def measured(*given: Any, **named: Any) -> Any:
            if not self._is_inside():
                return call(*given, **named)
            with self.span(name, {}):
                return call(*given, **named)

        return measured

    def _is_inside(self) -> bool:
        inside: bool = self._trace.get_current_span().get_span_context().is_valid
        return inside

    def _context_of(self, traceparent: str) -> Any:
        return self._trace.get_current_span(self._carried.extract({"traceparent": traceparent})).get_span_context()
