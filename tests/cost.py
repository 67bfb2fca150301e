"""How the cost of a piece of work grows with its size. Both sizes are timed in one run: no machine is too slow."""

import time
from collections.abc import Callable

SMALL, TIMES = 1_500, 6
LINEAR = 3.0 * TIMES
"""Below it the cost grows as the size does, measured at 5 to 6; a cost that grows with the square is at 36."""


def growth(work: Callable[[int], object]) -> float:
    """Return how many times the CPU time grows when the size grows from SMALL to TIMES as much; the best of two."""
    return min(_cpu_s(work, TIMES * SMALL) for _ in range(2)) / min(_cpu_s(work, SMALL) for _ in range(2))


def million_s() -> float:
    """Return the CPU time in which this machine adds up a million numbers now, the best of five: about 10 ms."""
    return min(_cpu_s(lambda size: sum(range(size)), 1_000_000) for _ in range(5))


def _cpu_s(work: Callable[[int], object], size: int) -> float:
    started = time.process_time()
    work(size)
    return time.process_time() - started
