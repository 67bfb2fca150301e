"""An event on the wire: JSON of its topic, its version and itself."""

import msgspec

from shared.errors import Invalid
from shared.events import BY_TOPIC, Event


class Envelope(msgspec.Struct, frozen=True):
    """What surrounds an event, so that a reader can tell what it is before it reads it."""

    topic: str
    version: int
    event: msgspec.Raw


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
    return _ENCODER.encode(Envelope(event.topic, event.version, msgspec.Raw(body)))


def decode(body: bytes) -> Event:
    """Return the event; raise Invalid for a poison message. The text names only our own topics and versions."""
    try:
        envelope = _ENVELOPES.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid("undecodable-message", "not an envelope of topic, version and event") from error
    kind = BY_TOPIC.get(envelope.topic)
    if kind is None:
        raise Invalid("unknown-topic")
    if envelope.version != kind.version:
        raise Invalid("unknown-version", f"{kind.topic} {envelope.version}, not {kind.version}")
    try:
        return _EVENTS[kind.topic].decode(envelope.event)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid("undecodable-message", f"not a {kind.topic} of version {kind.version}") from error
