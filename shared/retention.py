"""The time that a retention goes by: never ahead of what was lived through by more than a day.

A process that starts while the wall clock is wrong by days knows no better. So the time of each sweep is kept, and one
that is more than a day later is not believed: from there the time goes at twice the speed until it has caught up. After
a true absence of days, deletion is late by as long; nothing is ever deleted days before its time.
"""

import msgspec

from shared import clock
from shared.documents import Collection, Documents
from shared.logs import decided

BELIEVED_S = 86_400.0


class RetentionTime(msgspec.Struct, frozen=True):
    """The time of the last sweep of one kind. at: seconds since 1970."""

    name: str
    at: float


RETENTION_TIMES = Collection("retention_times", RetentionTime, key="name")


class RetentionClock:
    """The time of one kind of sweep, which one process at a time does."""

    def __init__(self, documents: Documents, name: str) -> None:
        self._documents, self._name = documents, name
        self._seen: float | None = None

    async def now(self) -> float:
        """Return the time to go by, and keep it."""
        time_s, seen, last = clock.now(), clock.machine_s(), self._seen
        self._seen = seen
        before = await self._documents.get(RETENTION_TIMES, self._name)
        if before is not None and time_s - before.at > BELIEVED_S:
            lived_s = 0.0 if last is None else seen - last
            decided("clock-not-believed", level="warning", reason=self._name, duration_s=round(time_s - before.at))
            time_s = before.at + min(time_s - before.at, 2 * lived_s)
        await self._documents.put(RETENTION_TIMES, RetentionTime(self._name, time_s))
        return time_s


def is_time_again(last_at: float, now: float, waited_s: float, every_s: float) -> bool:
    """Say whether periodic work is to begin again. last_at: of the last time.  waited_s: by this process' own clock.

    A last time in the future is one of a clock that was wrong: a wall clock that jumps holds nothing back.
    """
    return waited_s >= every_s or not 0 <= now - last_at < every_s
