"""How many requests one actor may send: a bucket for each, filled at a steady rate. No I/O.

Source: RFC 6585 4 (429), RFC 9110 10.2.3 (Retry-After).
"""

import math
from collections.abc import Callable
from typing import Final

from shared import clock

MOST_BUCKETS: Final = 10_000


def refilled(tokens: float, passed_s: float, rate: float, burst: float) -> float:
    """Return what is in a bucket after some time. Pure."""
    return min(burst, tokens + max(0.0, passed_s) * rate)


class Rates:
    """The buckets by actor. rate: requests a second, 0 is no limit.  burst: how many at once after a pause."""

    def __init__(self, rate: float, burst: int, machine_s: Callable[[], float] = clock.machine_s) -> None:
        self._rate, self._burst, self._machine_s = rate, float(burst), machine_s
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, actor: str) -> int:
        """Count a request; return 0 if it may be answered, else after how many whole seconds one may come."""
        if not self._rate:
            return 0
        now = self._machine_s()
        tokens, at = self._buckets.pop(actor, (self._burst, now))
        tokens = refilled(tokens, now - at, self._rate, self._burst)
        is_in_time = tokens >= 1.0
        if len(self._buckets) >= MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]  # the one that was asked for longest ago
        self._buckets[actor] = (tokens - 1.0 if is_in_time else tokens, now)
        return 0 if is_in_time else max(1, math.ceil((1.0 - tokens) / self._rate))
