"""An event on the wire: JSON of its topic, its version and itself; and of the trace it belongs to, if there is one."""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.errors import Invalid
from shared.events import BY_TOPIC, Event
from shared.tracing import spans


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What surrounds an event, so that a reader can tell what it is before it reads it.

    traceparent: of the span that published it (W3C Trace Context); lacks while nothing is traced.
    """

    topic: str
    version: int
    event: msgspec.Raw
    traceparent: str = ""


_ENCODER = msgspec.json.Encoder()
_ENVELOPES = msgspec.json.Decoder(Envelope)
_EVENTS = {topic: msgspec.json.Decoder(kind) for topic, kind in BY_TOPIC.items()}


def encode(event: Event) -> bytes:
    """Return the message body; raise Invalid if the event breaks its own type, which no reader could then read."""
    body = _ENCODER.encode(event)
    try:
        _EVENTS[event.topic].decode(body)
    except (KeyError, msgspec.MsgspecError) as error:
        raise Invalid("event-breaks-its-type", event.topic) from error
    traceparent = spans.published(event.topic, event.correlation_id)
    return _ENCODER.encode(Envelope(event.topic, event.version, msgspec.Raw(body), traceparent))


def traceparent_of(body: bytes) -> str:
    """Return the traceparent of a message that was decoded before; empty if it has none."""
    return _ENVELOPES.decode(body).traceparent


def decode(body: bytes, kinds: Mapping[str, type[Event]] = BY_TOPIC) -> Event:
    """Return the event, of an earlier version too; raise Invalid for a message that cannot be read.

    The text of the error names only our own topics and versions. kinds: the type of each topic.
    """
    try:
        envelope = _ENVELOPES.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid("undecodable-message", "not an envelope of topic, version and event") from error
    kind = kinds.get(envelope.topic)
    if kind is None:
        raise Invalid("unknown-topic")
    try:
        if envelope.version == kind.version and kinds is BY_TOPIC:
            return _EVENTS[kind.topic].decode(envelope.event)
        return msgspec.convert(_upgraded(envelope, kind), kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise Invalid("undecodable-message", f"not a {kind.topic} of version {envelope.version}") from error


def _upgraded(envelope: Envelope, kind: type[Event]) -> dict[str, Any]:
    """Return the event's JSON object in the version of its type."""
    steps = [kind.upgrades.get(version) for version in range(envelope.version, kind.version)]
    if envelope.version > kind.version or None in steps:
        raise Invalid("unknown-version", f"{kind.topic} {envelope.version}, not {kind.version}")
    event = msgspec.json.decode(envelope.event, type=dict[str, Any])
    for step in steps:
        assert step is not None
        event = step(event)
    return event
