"""Read and write the headers that a message carries through its queues."""

import hashlib
from typing import Any

from aio_pika.abc import AbstractIncomingMessage, HeadersType

from shared.bus import DeadLetter
from shared.bus.worker import Taken

EVENT, TOPIC = "jmid-event", "jmid-topic"
DELIVERIES, FAILURES = "jmid-deliveries", "jmid-failures"
ERROR, DIED_AT = "jmid-error", "jmid-died-at"
ALL = 1 << 31


def headers(event_id: str, topic: str) -> HeadersType:
    """Return the headers of a new message."""
    return {EVENT: event_id, TOPIC: topic}


def as_new(message: AbstractIncomingMessage) -> HeadersType:
    """Return the headers of a dead letter that starts again."""
    return headers(id_of(message), _text(message, TOPIC))


def after_failure(message: AbstractIncomingMessage, taken: Taken, error: str, died_at: str = "") -> HeadersType:
    """Return the headers of a message whose handling ended with an error."""
    return {
        **as_new(message),
        DELIVERIES: taken.deliveries,
        FAILURES: taken.failures + 1,
        ERROR: error,
        **({DIED_AT: died_at} if died_at else {}),
    }


def waiting(message: AbstractIncomingMessage, taken: Taken) -> HeadersType:
    """Return the headers of a message that waits for something else to work again: this delivery does not count."""
    return {**as_new(message), DELIVERIES: taken.deliveries - 1, FAILURES: taken.failures}


def taken(queue: str, message: AbstractIncomingMessage) -> Taken:
    """Return a delivered message as the worker knows it.

    RabbitMQ counts in x-delivery-count how often the quorum queue had delivered the message before, without an ack.
    """
    deliveries = _number(message, DELIVERIES) + _number(message, "x-delivery-count") + 1
    return Taken(queue, message.body, deliveries, _number(message, FAILURES), message)


def read(queue: str, message: AbstractIncomingMessage) -> DeadLetter:
    """Return a message of the dead letters' queue as the port shows it."""
    error = _text(message, ERROR)
    return DeadLetter(
        id=id_of(message),
        queue=queue,
        topic=_text(message, TOPIC),
        error=error if _text(message, DIED_AT) else f"RabbitMQ: {_text(message, 'x-first-death-reason')}",
        deliveries=_number(message, DELIVERIES),
        died_at=_text(message, DIED_AT),
        body=message.body,
    )


def id_of(message: AbstractIncomingMessage) -> str:
    """Return the event's id; of a message that somebody else put here, something as stable."""
    return _text(message, EVENT) or message.message_id or hashlib.sha256(message.body).hexdigest()


def _text(message: AbstractIncomingMessage, name: str) -> str:
    value: Any = message.headers.get(name)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def _number(message: AbstractIncomingMessage, name: str) -> int:
    value: Any = message.headers.get(name)
    return value if isinstance(value, int) else 0
