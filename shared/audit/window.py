"""Reads that belong together: one actor, one object, one kind, within a window, are a record with a count. Pure.

The first is due at once, so that a crash loses no fact that somebody read something; those that follow it in the window
are due as one more record when the window ends.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from shared.audit.record import AuditRecord, Happening, record_of
from shared.audit.words import EventKind

WINDOW_S: Final = 60.0
FEED_S: Final = 3600.0
"""Of programs that ask again and again what changed."""
MOST_OPEN: Final = 20_000
Alike = tuple[object, ...]
"""What two happenings of a window have in common: all but the route and the correlation, of which the first counts."""


class _Window:
    """first_s, last_s, count: of those that no record has yet.  ends_s: by the machine's clock."""

    __slots__ = ("alike", "count", "ends_s", "first_s", "happened", "last_s")

    def __init__(self, alike: Alike, happened: Happening, now_s: float, ends_s: float) -> None:
        self.alike, self.happened, self.ends_s = alike, happened, ends_s
        self.first_s = self.last_s = now_s
        self.count = 1

    def taken(self, source: str) -> list[AuditRecord]:
        """Return the record of those that have none yet."""
        count, self.count = self.count, 0
        return [record_of(self.happened, source, self.first_s, self.last_s, count)] if count else []


class Windows:
    """The windows that are open. now_s: seconds since 1970.  machine_s: of a clock that no jump moves."""

    def __init__(self, now_s: Callable[[], float], machine_s: Callable[[], float]) -> None:
        self._now_s, self._machine_s = now_s, machine_s
        self._open: dict[Alike, _Window] = {}
        self._due: list[_Window] = []
        self._by_end: dict[float, deque[_Window]] = {WINDOW_S: deque(), FEED_S: deque()}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, happened: Happening) -> bool:
        """Count a happening; say whether it opened a window, and so is due at once."""
        kind, _, who, outcome, reason, permission, _, objects, _ = happened
        alike = (kind, who, outcome, reason, permission, objects)
        window, now_s = self._open.get(alike), self._now_s()
        if window is not None:
            if not window.count:
                window.first_s = now_s
            window.count += 1
            window.last_s = now_s
            return False
        lasts_s = FEED_S if kind is EventKind.FEED else WINDOW_S
        window = self._open[alike] = _Window(alike, happened, now_s, self._machine_s() + lasts_s)
        self._due.append(window)
        self._by_end[lasts_s].append(window)
        return True

    def take(self, source: str, *, every: bool = False) -> list[AuditRecord]:
        """Return the records that are due, and forget windows that have ended. every: end all, as at a stop."""
        due, self._due = self._due, []
        records = [record for window in due for record in window.taken(source)]
        machine_s, every = self._machine_s(), every or len(self._open) >= MOST_OPEN
        for windows in self._by_end.values():
            while windows and (every or machine_s >= windows[0].ends_s):
                ended = windows.popleft()
                records += ended.taken(source)
                del self._open[ended.alike]
        return records
