"""What waits for one Series is looked at together, and what one look fails at is left to the next."""

import asyncio
from collections.abc import Sequence

import pytest

from services.anonymizer.pixels.series_ends import Slice
from services.anonymizer.pixels.waiting_slices import WaitingSlices
from shared.errors import Transient


def of(*numbers: int) -> list[Slice]:
    return [Slice(f"blob-{number}", "series", number) for number in numbers]


class Looks:
    """Looks that end when they are let, and see text on the slices of some numbers."""

    def __init__(self, *with_text: int, failing: int = 0) -> None:
        self._with_text, self._failing = with_text, failing
        self.begun: list[tuple[list[int], int]] = []
        self.go_on = asyncio.Event()

    async def __call__(self, slices: Sequence[Slice], beside: int) -> set[str]:
        self.begun.append(([each.number for each in slices], beside))
        await self.go_on.wait()
        if len(self.begun) <= self._failing:
            raise Transient("store-away", "the store does not answer")
        return {each.key for each in slices if each.number in self._with_text}


async def waiting(shares: Sequence[list[Slice]], looks: Looks) -> list[asyncio.Task[set[str]]]:
    """Return the tasks of events, the first of which looks while the others wait."""
    together = WaitingSlices()
    tasks = [asyncio.create_task(together.suspects("series", share, looks)) for share in shares]
    while not looks.begun:
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_while_a_look_is_underway_is_in_the_next_one() -> None:
    looks = Looks(1, 5)
    tasks = await waiting([of(1, 2), of(3), of(4), of(5)], looks)

    looks.go_on.set()
    suspects = await asyncio.gather(*tasks)

    assert looks.begun == [([1, 2], 0), ([3, 4, 5], 2)]
    assert suspects == [{"blob-1"}, {"blob-5"}, {"blob-5"}, {"blob-5"}]


async def test_series_do_not_wait_for_each_other() -> None:
    looks, together = Looks(), WaitingSlices()
    tasks = [asyncio.create_task(together.suspects(name, of(1), looks)) for name in ("one", "other")]
    while len(looks.begun) < 2:
        await asyncio.sleep(0)

    looks.go_on.set()

    assert await asyncio.gather(*tasks) == [set(), set()]


async def test_a_look_that_fails_fails_for_its_event_alone() -> None:
    looks = Looks(2, failing=1)
    tasks = await waiting([of(1), of(2), of(3)], looks)

    looks.go_on.set()
    first, *others = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(first, Transient)
    assert others == [{"blob-2"}, {"blob-2"}]


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_an_event_that_is_cancelled_keeps_no_other_waiting(cancelled: int) -> None:
    looks = Looks(3)
    tasks = await waiting([of(1), of(2), of(3)], looks)

    tasks.pop(cancelled).cancel()
    looks.go_on.set()

    assert "blob-3" in (await asyncio.gather(*tasks))[-1]
    assert looks.begun[-1][0] == ([2, 3] if cancelled == 0 else [3])
