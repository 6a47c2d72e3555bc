"""Traces for OpenTelemetry: the only importer of its SDK, which is there with the extra `telemetry`.

An exception is told by its code or class alone, for its words may hold what somebody sent. The provider is this
process's own and no global one, so libraries that trace on their own account stay silent.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OpenSpan
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.domain.traces import Attributes, Span
from service.errors import EdgewiseError

NAME = "edgewise"


class _Noted:
    def __init__(self, span: OpenSpan) -> None:
        self._span = span

    def note(self, attributes: Attributes, name: str | None = None) -> None:
        self._span.set_attributes(attributes)
        if name is not None:
            self._span.update_name(name)


class OpenTelemetryTracer:
    """Spans as OpenTelemetry has them."""

    is_silent = False

    def __init__(self, processor: SpanProcessor, share: float) -> None:
        release = version(NAME)
        resource = Resource.create({"service.name": NAME, "service.version": release})
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)), resource=resource, shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(NAME, release)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, attributes: Attributes, carrier: Mapping[str, str] | None = None, /) -> Iterator[Span]:
        """A span that lasts as long as the block."""
        context = None if carrier is None else self._propagator.extract(carrier)
        with self._tracer.start_as_current_span(
            name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Noted(span)
            except BaseException as error:
                kind = error.code if isinstance(error, EdgewiseError) else type(error).__name__
                span.set_attribute("error.type", kind)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def close(self) -> None:
        """Hand over what was kept, and stop."""
        self._provider.shutdown()


def open_tracer(endpoint: str, share: float) -> OpenTelemetryTracer:
    """A tracer that sends spans to a collector by OTLP over HTTP, from a thread of its own."""
    return OpenTelemetryTracer(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)), share)
