"""The exchanges and queues of one place, and their arguments: all that an operator sees in RabbitMQ."""

import msgspec
from pamqp.common import FieldTable

from shared.bus import Queue
from shared.events import Zone

NO_LIMIT = 1_000_000
"""RabbitMQ 4 drops a message after 20 deliveries unless told otherwise; ours are counted by fate.py."""


class Names(msgspec.Struct, frozen=True):
    """place: tells several J-MIDs on one vhost apart, such as gateway and centre."""

    place: str

    def exchange(self, zone: Zone) -> str:
        """Return the topic exchange of a trust zone."""
        return f"jmid.{self.place}.{zone.value}"

    def queue(self, queue: str) -> str:
        """Return the queue that a service consumes."""
        return f"jmid.{self.place}.{queue}"

    def urgent(self, queue: str) -> str:
        """Return the queue beside it of what has priority; its retries and dead letters are those of the queue."""
        return f"{self.queue(queue)}.urgent"

    def retry(self, queue: str, delay_s: float) -> str:
        """Return the queue in which messages wait this long before they go back."""
        return f"{self.queue(queue)}.retry.{_milliseconds(delay_s)}"

    def dead(self, queue: str) -> str:
        """Return the queue of dead letters."""
        return f"{self.queue(queue)}.dead"

    def work_arguments(self, queue: str) -> FieldTable:
        """Return the arguments of the queue itself; whatever RabbitMQ itself gives up on is a dead letter too."""
        return {**_QUORUM, **_moved_safely_to(self.dead(queue))}

    def retry_arguments(self, queue: str, delay_s: float) -> FieldTable:
        """Return the arguments of a retry queue: after its time to live a message goes back to its queue."""
        return {**_QUORUM, **_moved_safely_to(self.queue(queue)), "x-message-ttl": _milliseconds(delay_s)}

    def dead_arguments(self) -> FieldTable:
        """Return the arguments of the queue of dead letters, which can be listed any number of times."""
        return dict(_QUORUM)

    def topics(self, queue: Queue) -> set[tuple[str, str]]:
        """Return the bindings of a queue: exchange and routing key."""
        return {(self.exchange(event.zone), event.topic) for event in queue.takes}


def urgent_key(topic: str) -> str:
    """Return the routing key of an event that has priority."""
    return f"{topic}.urgent"


_QUORUM: FieldTable = {"x-queue-type": "quorum", "x-delivery-limit": NO_LIMIT}


def _moved_safely_to(queue: str) -> FieldTable:
    """Dead-letter at least once: the source keeps the message until the target has confirmed it (RabbitMQ ≥ 3.10)."""
    return {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _milliseconds(delay_s: float) -> int:
    return max(1, round(delay_s * 1000))
