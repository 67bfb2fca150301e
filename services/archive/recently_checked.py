"""Which blobs were read whole and found right a moment ago, so that the next frames of one need not be compared again.

Pure.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 10_000
FOR_S = 60.0


class RecentlyChecked:
    """Keys of blobs, each for FOR_S seconds by the monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()

    def note(self, key: str) -> None:
        """Remember that the blob was right just now."""
        self._until[key] = self._clock() + FOR_S
        self._until.move_to_end(key)
        while len(self._until) > MOST:
            self._until.popitem(last=False)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._until.get(key, 0.0) > self._clock()
