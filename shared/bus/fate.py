"""What becomes of a message, decided without I/O; both buses carry out what is decided here."""

from collections.abc import Iterator, Sequence

import msgspec

from shared.bus import RetryPolicy
from shared.errors import JmidError, Permanent
from shared.events import Event

DELIVERY_LIMIT = 20
"""A message that was delivered more often than this without an answer takes its process down: it is dead.

Source: RabbitMQ's own default for quorum queues since 4.0.
"""


class Done(msgspec.Struct, frozen=True):
    """Publish these and ack."""

    events: Sequence[Event] = ()


class Again(msgspec.Struct, frozen=True):
    """Deliver it again after this wait."""

    delay_s: float
    error: str


class Dead(msgspec.Struct, frozen=True):
    """Keep it as a dead letter."""

    error: str


Fate = Done | Again | Dead


def fate_of_error(error: BaseException, failures: int, policy: RetryPolicy) -> Again | Dead:
    """Return what becomes of a message whose handler raised; failures: how often one had raised before.

    Permanent is dead at once; everything else waits as the policy says, and is dead when the policy has no wait left.
    """
    text = describe(error)
    if all(isinstance(leaf, Permanent) for leaf in _leaves(error)) or failures >= len(policy.delays_s):
        return Dead(text)
    return Again(policy.delays_s[failures], text)


def fate_before_handling(deliveries: int, failures: int) -> Dead | None:
    """Return Dead for a message whose handling never ended, time after time; None lets it be handled.

    deliveries: this one included.  failures: those deliveries that ended with an error, which do not count here.
    """
    if deliveries - failures > DELIVERY_LIMIT:
        return Dead(f"DeliveryLimit: handling never ended in {DELIVERY_LIMIT} deliveries")
    return None


def describe(error: BaseException) -> str:
    """Return class and text of our own errors, whose texts are free of patients' values; of others only the class."""
    return ", ".join(
        f"{type(leaf).__name__}: {leaf}" if isinstance(leaf, JmidError) and str(leaf) else type(leaf).__name__
        for leaf in _leaves(error)
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors of a group, as a handler's TaskGroup raises them, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
