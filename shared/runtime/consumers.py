"""Feeds a service's handlers from its queue, with log line and metric of each event."""

import time
from collections.abc import Mapping, Sequence

from shared.bus import Bus, Delivery
from shared.errors import Permanent
from shared.events import Event
from shared.logs import decided
from shared.metrics import HANDLER
from shared.runtime.tasks import Task, class_name, run_forever
from shared.service import Handler, Service
from shared.supervision import origin


async def consume_forever(
    bus: Bus, service: Service, handlers: Mapping[type[Event], Handler], task: Task | None = None
) -> None:
    """Consume until cancelled; a consumer that ends is started again. task: who watches it; by default nobody."""

    async def handle(delivery: Delivery) -> Sequence[Event]:
        return await _handle_one(service, handlers, delivery)

    async def consume() -> None:
        await bus.consume(service.name, handle, prefetch=service.prefetch)

    await run_forever(task or Task(service, "consumer"), consume)


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
            error=class_name(error) if error else None,
            origin=(origin(error) or None) if error else None,
            reason=error.reason if isinstance(error, Permanent) else None,
        )
