"""What becomes of a message, decided without I/O; both buses carry out what is decided here."""

from collections.abc import Iterator, Sequence

import msgspec

from shared.bus import RetryPolicy
from shared.errors import JmidError, Permanent, StorageFull, Unavailable
from shared.events import Event

DELIVERY_LIMIT = 20
"""A message that was delivered more often than this without an answer takes its process down: it is dead.

Source: RabbitMQ's own default for quorum queues since 4.0.
"""


class UnroutableError(Unavailable):
    """The bus works, but no queue takes the event: the next try will not be better for waiting a little."""


class Done(msgspec.Struct, frozen=True):
    """Publish these and ack."""

    events: Sequence[Event] = ()


class _Later(msgspec.Struct, frozen=True):
    delay_s: float
    error: str


class Again(_Later, frozen=True):
    """Deliver it again after this wait."""


class Wait(_Later, frozen=True):
    """Deliver it again after this wait, which counts neither as a delivery nor as a failure: a store was away."""


class Dead(msgspec.Struct, frozen=True):
    """Keep it as a dead letter."""

    error: str


Fate = Done | Again | Wait | Dead


_LONGEST_PAUSE_S = 30.0


class Outage(msgspec.Struct):
    """What one consumer knows about the stores behind it: tells an outage from a message that fails by itself.

    A message that ends with Unavailable or StorageFull while nothing else succeeds meets an outage; if other messages
    succeeded since its own previous attempt, the fault is its own and counts.
    in_row: how many ended so since the last success.  longest_s: the longest pause, seconds.
    """

    longest_s: float = _LONGEST_PAUSE_S
    in_row: int = 0
    successes: int = 0
    _seen: dict[str, int] = {}

    def succeeded(self, event_id: str) -> None:
        """Note that a message was handled."""
        self.successes += 1
        self.in_row = 0
        self._seen.pop(event_id, None)

    def is_outage(self, event_id: str) -> bool:
        """Note that a message met a store that is away; return whether that is no fault of the message."""
        before = self._seen.get(event_id)
        if before is None and len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[event_id] = self.successes
        self.in_row += 1
        return before is None or before == self.successes

    def pause_s(self) -> float:
        """Return how long to take nothing: none until several in a row met an outage, then growing."""
        return 0.0 if self.in_row < _IN_ROW else min(0.5 * 2 ** min(self.in_row - _IN_ROW, 10), self.longest_s)


_IN_ROW = 3
_MOST_SEEN = 10_000


def is_store_away(error: BaseException) -> bool:
    """Return whether a handler's error says that a store is away or full, and nothing else."""
    return all(
        isinstance(leaf, Unavailable | StorageFull) and not isinstance(leaf, UnroutableError) for leaf in _leaves(error)
    )


def outage_of(policy: RetryPolicy) -> Outage:
    """Return that nothing is known yet; who retries soon also looks soon whether the stores are back."""
    return Outage(min([_LONGEST_PAUSE_S, *policy.delays_s[-1:]]))


def outage_delay_s(policy: RetryPolicy, in_row: int) -> float:
    """Return the wait of a message that met an outage: the policy's delays in turn, those up to a minute only."""
    short = [delay_s for delay_s in policy.delays_s if delay_s <= _LONGEST_OUTAGE_WAIT_S] or [min(policy.delays_s)]
    return short[min(in_row, len(short)) - 1]


_LONGEST_OUTAGE_WAIT_S = 60.0


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
