"""Two queues that are read as one: what has priority first, without holding up the others for good. Pure."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, TypeVar

from shared.events import Event

T = TypeVar("T")
IN_FOUR: Final = 4
"""One in so many is of the bulk, while any of it waits."""


def is_urgent(event: Event) -> bool:
    """Say whether a person sent, or asked for, what an event is about."""
    return bool(getattr(event, "priority", False))


def has_lanes(events: Iterable[type[Event]]) -> bool:
    """Say whether any of these types can have priority."""
    return any("priority" in event.__struct_fields__ for event in events)


class Lanes(Generic[T]):
    """Two queues that are read as one. is_urgent: which an item belongs to."""

    def __init__(self, is_urgent: Callable[[T], bool]) -> None:
        self._is_urgent = is_urgent
        self._urgent: deque[T] = deque()
        self._bulk: deque[T] = deque()
        self._in_row = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._bulk)

    def extend(self, items: Iterable[T]) -> None:
        """Put items behind those of their lane."""
        for item in items:
            self._of(item).append(item)

    def extend_front(self, items: Sequence[T]) -> None:
        """Put items before those of their lane, in their order."""
        for item in reversed(items):
            self._of(item).appendleft(item)

    def pop(self) -> T:
        """Return the next item; every fourth is of the bulk, if any waits. Raises IndexError if none does."""
        is_turn_of_bulk = bool(self._bulk) and (not self._urgent or self._in_row >= IN_FOUR - 1)
        if is_turn_of_bulk:
            self._in_row = 0
            return self._bulk.popleft()
        self._in_row += 1
        return self._urgent.popleft()

    def _of(self, item: T) -> deque[T]:
        return self._urgent if self._is_urgent(item) else self._bulk
