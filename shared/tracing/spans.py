"""Traces: what a receipt goes through, from the receiver to the case, as OpenTelemetry spans. Off unless it is opened.

The trace id derives from the receipt's id, which every event and every delivery carries: outbox, ledgers, retries and
restarts need to remember nothing, and spans of all processes meet in one trace. The functions' parameters are the
allow-list of attributes: no UID, no path, no text of an error has one to be written in.
Source: W3C Trace Context; OpenTelemetry semantic conventions for HTTP and messaging; docs/decisions/0149.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

TRACEPARENT: Final = "traceparent"
RECEIPT: Final = "jmid.receipt_id"
_handling: ContextVar[str] = ContextVar("handling", default="")
_tracing: "_Tracing | None" = None


def use(provider: "TracerProvider | None") -> None:
    """Send spans to a provider from now on; None: no more. The provider takes its ids from ``ids()``."""
    global _tracing
    _tracing = _Tracing(provider) if provider is not None else None


def is_on() -> bool:
    """Say whether anything is traced."""
    return _tracing is not None


def begun(receipt_id: str, endpoint: str) -> None:
    """Begin the trace of a receipt; the request that it came by is linked."""
    if _tracing is not None:
        _tracing.begun(receipt_id, endpoint)


@contextmanager
def receiving(receipt_id: str, count: int) -> Iterator[None]:
    """Trace that contents of a receipt are made durable."""
    if _tracing is None:
        yield
        return
    with _tracing.of_receipt("receive", "INTERNAL", receipt_id, "") as span:
        span.set_attributes({"jmid.count": count})
        yield


def published(topic: str, correlation_id: str) -> str:
    """Note that an event is published; return the traceparent that goes with it, empty while tracing is off."""
    return _tracing.published(topic, correlation_id) if _tracing is not None else ""


@contextmanager
def handling(topic: str, correlation_id: str, traceparent: str, service: str, attempt: int) -> Iterator[None]:
    """Trace the handling of an event. What this task publishes later, of the handler's answer too, is caused by it."""
    if _tracing is None:
        yield
        return
    with _tracing.of_receipt(f"{service} {topic}", "CONSUMER", correlation_id, traceparent) as span:
        span.set_attributes({"messaging.destination.name": topic, "jmid.service": service, "jmid.attempt": attempt})
        _handling.set(_told(span))
        yield


@contextmanager
def serving(method: str, route: str, headers: Mapping[str, str]) -> Iterator[MutableMapping[str, int]]:
    """Trace a request that is answered; its status is put into what is yielded.

    route: with its parameters' names, not their values; of an empty one nothing is traced.
    """
    answered: dict[str, int] = {}
    if _tracing is None or not route:
        yield answered
        return
    with _tracing.span(f"{method} {route}", "SERVER", headers.get(TRACEPARENT, "")) as span:
        span.set_attributes({"http.request.method": method, "http.route": route})
        yield answered
        span.set_attributes({"http.response.status_code": answered.get("status", 500)})


@contextmanager
def delivering(what: str, correlation_id: str) -> Iterator[dict[str, str]]:
    """Trace a request about a receipt to the centre; yield the headers that tell the centre of it."""
    if _tracing is None or not correlation_id:
        yield {}
        return
    with _tracing.of_receipt(f"deliver {what}", "CLIENT", correlation_id, "") as span:
        yield {TRACEPARENT: _told(span)}


def indexing(correlation_id: str) -> Callable[[str], None]:
    """Begin a span that lasts until a case is indexed, below the event that is handled; return what ends it.

    That takes the class of an error, empty for none, and may be called from any task.
    """
    return _tracing.until_ended("index case", correlation_id) if _tracing is not None else _end_nothing


def _end_nothing(_error: str) -> None:
    pass


def trace_id_of(correlation_id: str) -> int:
    """Return the trace id of a receipt: 16 bytes of its SHA-256, so that sampling by trace id is fair. Pure."""
    return int.from_bytes(hashlib.sha256(correlation_id.encode()).digest()[:16], "big") or 1


def root_id_of(correlation_id: str) -> int:
    """Return the id of the span with which a receipt's trace begins. Pure."""
    return int.from_bytes(hashlib.sha256(correlation_id.encode()).digest()[16:24], "big") or 1


def _told(span: "Span") -> str:
    """Return the span as a traceparent (W3C Trace Context 3.2)."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


class _Tracing:
    """What is on while tracing is on."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._api: Any = trace
        self._tracer = provider.get_tracer("jmid")
        self._propagator = TraceContextTextMapPropagator()
        self._ids: Any = provider.id_generator

    def begun(self, receipt_id: str, endpoint: str) -> None:
        caller = self._api.get_current_span()
        links = [self._api.Link(caller.get_span_context())] if caller.get_span_context().is_valid else []
        caller.set_attributes({RECEIPT: receipt_id})
        with self._ids.next_are(trace_id_of(receipt_id), root_id_of(receipt_id)):
            span = self._tracer.start_span("receipt", self._empty(), self._api.SpanKind.SERVER, links=links)
        span.set_attributes({RECEIPT: receipt_id, "jmid.endpoint": endpoint})
        span.end()

    def published(self, topic: str, correlation_id: str) -> str:
        with self.of_receipt(f"publish {topic}", "PRODUCER", correlation_id, _handling.get()) as span:
            span.set_attributes({"messaging.destination.name": topic})
            return _told(span)

    def until_ended(self, name: str, correlation_id: str) -> Callable[[str], None]:
        span = self._start(name, "INTERNAL", _handling.get(), correlation_id)
        span.set_attributes({RECEIPT: correlation_id})

        def end(error: str) -> None:
            if error:
                self._fail(span, error)
            span.end()

        return end

    @contextmanager
    def of_receipt(self, name: str, kind: str, correlation_id: str, traceparent: str) -> Iterator["Span"]:
        """Yield a span of a receipt's trace, below the one that is told if that is of it, else below its first."""
        with self.span(name, kind, traceparent, correlation_id) as span:
            span.set_attributes({RECEIPT: correlation_id})
            yield span

    @contextmanager
    def span(self, name: str, kind: str, traceparent: str, correlation_id: str = "") -> Iterator["Span"]:
        span = self._start(name, kind, traceparent, correlation_id)
        with self._api.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except Exception as error:
                self._fail(span, type(error).__name__)
                raise

    def _fail(self, span: "Span", error: str) -> None:
        span.set_attributes({"error.type": error})
        span.set_status(self._api.StatusCode.ERROR)

    def _start(self, name: str, kind: str, traceparent: str, correlation_id: str) -> "Span":
        parent = self._propagator.extract({TRACEPARENT: traceparent}, self._empty())
        told = self._api.get_current_span(parent).get_span_context()
        if correlation_id and told.trace_id != trace_id_of(correlation_id):
            first = self._api.SpanContext(
                trace_id_of(correlation_id),
                root_id_of(correlation_id),
                is_remote=True,
                trace_flags=self._api.TraceFlags(1),
            )
            parent = self._api.set_span_in_context(self._api.NonRecordingSpan(first), self._empty())
        started: Span = self._tracer.start_span(name, parent, getattr(self._api.SpanKind, kind))
        return started

    def _empty(self) -> Any:
        from opentelemetry.context import Context

        return Context()
