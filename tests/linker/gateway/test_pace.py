"""Work that costs more the more there is takes no more than its share of the time."""

import asyncio
from itertools import pairwise

from services.linker.gateway.pace import Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_long_round_is_followed_by_a_longer_pause() -> None:
    clock, rounds = Clock(), list[float]()
    pace = Pace(0.1, 100.0, lambda: None, clock)

    async def work() -> int:
        rounds.append(clock.now)
        clock.now += 2.0
        return 1

    while clock.now < 200:
        await pace.round(work)
        clock.now += 0.5

    assert len(rounds) == 5
    assert min(later - earlier for earlier, later in pairwise(rounds)) >= 20


async def test_no_pause_is_longer_than_the_longest() -> None:
    clock = Clock()
    pace = Pace(0.01, 3.0, lambda: None, clock)

    async def work() -> int:
        clock.now += 60
        return 1

    await pace.round(work)
    clock.now += 3.0

    assert await pace.round(work) == 1


async def test_a_round_that_is_put_off_wakes_whoever_waits_for_it() -> None:
    woken, clock = asyncio.Event(), Clock()
    pace = Pace(0.5, 100.0, woken.set, clock)

    async def work() -> int:
        clock.now += 0.01
        return 1

    assert [await pace.round(work), await pace.round(work)] == [1, 0]
    async with asyncio.timeout(10):
        await woken.wait()
    clock.now += 1
    assert await pace.round(work) == 1


async def test_a_round_that_fails_is_paced_too() -> None:
    clock = Clock()
    pace = Pace(0.5, 100.0, lambda: None, clock)

    async def work() -> int:
        clock.now += 1
        raise ValueError

    for expected in (ValueError, type(None)):
        try:
            await pace.round(work)
            error: type = type(None)
        except ValueError as failure:
            error = type(failure)
        assert error is expected
