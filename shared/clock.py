"""The time of day as this process has lived through it, and the time of the machine since it was started.

A wall clock that is set wrong by days, and right again, must not end a retention, hold a retry or misdate a record.
``now`` goes by the machine's steady clock; it follows the wall clock where that differs by up to a minute, and beyond
that comes nearer to it only slowly. So a jump forward and back moves it by no more than the jump lasted. What
processes of one machine agree on among themselves, such as a due time in the journal, goes by ``machine_s``.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

FOLLOWED_S = 60.0
"""Up to this difference the wall clock is taken as it is."""
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # only Linux counts sleep apart
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def machine_s() -> float:
    """Return the seconds since this machine was started, in sleep too: one clock for all its processes."""
    return time.clock_gettime(_SINCE_BOOT)


def boot_id() -> str:
    """Return what is another after each start of the machine; empty where the system does not say."""
    return _BOOT_ID.read_text("ascii").strip() if _BOOT_ID.exists() else ""


class SteadyClock:
    """Seconds since 1970; see above. wall, machine: what it is made of."""

    def __init__(self, wall: Callable[[], float] = time.time, machine: Callable[[], float] = machine_s) -> None:
        self._wall, self._machine = wall, machine
        self._at, self._seen = wall(), machine()

    def now(self) -> float:
        """Return the time. While it differs from the wall clock it goes at twice, or at half, the speed."""
        wall, seen = self._wall(), self._machine()
        passed = max(0.0, seen - self._seen)
        ahead = wall - (self._at + passed)
        if abs(ahead) <= FOLLOWED_S:
            self._at = wall
        elif ahead > 0:
            self._at += passed + min(ahead, passed)
        else:
            self._at += passed - min(-ahead, passed / 2)
        self._seen = seen
        return self._at


_CLOCK = SteadyClock()


def now() -> float:
    """Return the time of this process' clock: seconds since 1970."""
    return _CLOCK.now()


def utc_now() -> datetime:
    """Return the same as a date and time."""
    return datetime.fromtimestamp(now(), UTC)
