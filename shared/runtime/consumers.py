"""Feeds a service's handlers from its queue, with log line and metric of each event."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from shared.bus import Bus, Delivery
from shared.errors import JmidError, Permanent
from shared.events import Event
from shared.logs import decided
from shared.metrics import HANDLER
from shared.service import Handler, Service

RESTART_S = 1.0


async def consume_forever(bus: Bus, service: Service, handlers: Mapping[type[Event], Handler]) -> None:
    """Consume until cancelled; a consumer that ends by an error is started again."""

    async def handle(delivery: Delivery) -> Sequence[Event]:
        return await _handle_one(service, handlers, delivery)

    async def consume() -> None:
        await bus.consume(service.name, handle, prefetch=service.prefetch)

    await run_forever(service, consume)


async def run_forever(service: Service, task: Callable[[], Awaitable[None]]) -> None:
    """Run a loop until cancelled; when it fails, say so and start it again after a pause."""
    while True:
        try:
            await task()
            return
        except Exception as error:  # the runtime is the one place that may catch everything
            decided("task-restarted", level="error", service=service.name, role=service.role, error=_name(error))
            await asyncio.sleep(RESTART_S)


async def _handle_one(service: Service, handlers: Mapping[type[Event], Handler], delivery: Delivery) -> Sequence[Event]:
    event, started = delivery.event, time.perf_counter()
    outcome = "failed"
    error: Exception | None = None
    try:
        published = await handlers[type(event)](event)
        unknown = {type(each) for each in published} - set(service.publishes)
        if unknown:
            raise Permanent("undeclared-event", f"{service.name} does not declare that it publishes it")
        outcome = "done"
        return published
    except Exception as caught:
        error = caught
        raise
    finally:
        took = time.perf_counter() - started
        HANDLER.labels(service.name, event.topic, outcome).observe(took)
        decided(
            f"event-{outcome}",
            level="info" if outcome == "done" else "warning",
            service=service.name,
            role=service.role,
            topic=event.topic,
            event_id=event.id,
            correlation_id=event.correlation_id,
            attempt=delivery.deliveries,
            duration_s=round(took, 4),
            error=_name(error) if error else None,
            reason=error.reason if isinstance(error, Permanent) else None,
        )


def _name(error: Exception) -> str:
    return type(error).__name__ if isinstance(error, JmidError) else f"{type(error).__module__}.{type(error).__name__}"
