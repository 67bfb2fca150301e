"""Opens tracing by the settings: spans go to a collector by OTLP over HTTP, in batches, off the event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from shared import settings as settings_reader
from shared.errors import SettingsError
from shared.tracing import spans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

END_S: Final = 5.0
"""How long a stop waits for spans that are not sent yet."""
_next: ContextVar[tuple[int, int] | None] = ContextVar("next", default=None)


class TracingSettings(msgspec.Struct, frozen=True):
    """Where spans go; read as JMID_TRACING_<FIELD>."""

    endpoint: Annotated[
        str,
        Meta(
            description="URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces; empty: "
            "nothing is traced."
        ),
    ] = ""
    ratio: Annotated[float, Meta(description="Which share of receipts and requests is traced.", ge=0, le=1)] = 1.0


@asynccontextmanager
async def traced(environ: Mapping[str, str], service: str) -> AsyncIterator[None]:
    """Trace while the context lasts, if the settings say so. Raises SettingsError."""
    settings = settings_reader.read(TracingSettings, "TRACING", environ)
    if not settings.endpoint:
        yield
        return
    target = urlsplit(settings.endpoint)
    if target.scheme not in ("http", "https") or not target.hostname:
        raise SettingsError("JMID_TRACING_ENDPOINT takes a URL such as http://127.0.0.1:4318/v1/traces")
    opened = provider(service, settings.ratio, _exporting(settings.endpoint))
    spans.use(opened)
    try:
        yield
    finally:
        spans.use(None)
        await asyncio.to_thread(_ended, opened)


def provider(service: str, ratio: float, *processors: "SpanProcessor") -> "TracerProvider":
    """Return a provider whose ids are ours where they derive, and that samples by the trace id alone."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    resource = Resource({"service.name": service, "service.namespace": "jmid"})
    made = TracerProvider(TraceIdRatioBased(ratio), resource, shutdown_on_exit=False, id_generator=_ids())
    for each in processors:
        made.add_span_processor(each)
    return made


def _ids() -> Any:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """Random ids, except where the next ones are told."""

        @contextmanager
        def next_are(self, trace_id: int, span_id: int) -> Iterator[None]:
            kept = _next.set((trace_id, span_id))
            try:
                yield
            finally:
                _next.reset(kept)

        def generate_span_id(self) -> int:
            told = _next.get()
            return told[1] if told else super().generate_span_id()

        def generate_trace_id(self) -> int:
            told = _next.get()
            return told[0] if told else super().generate_trace_id()

    return Ids()


def _exporting(endpoint: str) -> "SpanProcessor":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError("JMID_TRACING_ENDPOINT needs the packages of jmid[tracing]") from error
    return BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=END_S))


def _ended(opened: "TracerProvider") -> None:
    opened.force_flush(int(END_S * 1000))
    opened.shutdown()
