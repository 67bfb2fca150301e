"""What callers do again and again is logged with how often, at most once in TELL_S: it must not fill the log."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from shared import clock
from shared.logs import decided

TELL_S: Final = 1.0


class Told:
    """Decisions by reason, and how often since they were told."""

    def __init__(self, machine_s: Callable[[], float] = clock.machine_s) -> None:
        self._machine_s = machine_s
        self._untold: Counter[tuple[str, str]] = Counter()
        self._told_at: dict[tuple[str, str], float] = {}

    def tell(self, decision: str, reason: str) -> None:
        """Count a decision; log it if none of its reason was logged just now. Reasons come from a closed set."""
        key = (decision, reason)
        self._untold[key] += 1
        now = self._machine_s()
        if now - self._told_at.get(key, -TELL_S) >= TELL_S:
            self._told_at[key] = now
            decided(decision, level="warning", reason=reason, count=self._untold.pop(key))
