"""Items of one round: a bad one is set aside and stops no other; a store that is away is no item's fault."""

from collections.abc import Callable

import msgspec
import pytest
import pytest_asyncio

from shared.documents import Documents
from shared.errors import Invalid, Unavailable
from shared.lease import LeaseLost
from shared.set_aside import IN_ROW, SET_ASIDE, SetAside


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Deals with items; errors: of those that it cannot deal with."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}
        self.done: list[str] = []
        self.tried: list[str] = []

    async def __call__(self, item: str) -> None:
        self.tried.append(item)
        if item in self.errors:
            raise self.errors[item]
        self.done.append(item)


@pytest_asyncio.fixture
async def clock(documents: Documents) -> Clock:
    await documents.declare(SET_ASIDE)
    return Clock()


@pytest.fixture
def set_aside(documents: Documents, clock: Clock) -> SetAside:
    return SetAside(documents, "linker", "announce", clock)


@pytest.mark.parametrize("make", [lambda: ValueError("a value"), lambda: Invalid("bad"), lambda: Unavailable("away")])
async def test_an_item_that_fails_in_the_middle_is_set_aside_and_the_others_are_done(
    set_aside: SetAside, make: Callable[[], Exception]
) -> None:
    work = Work()
    work.errors["b"] = make()

    done = await set_aside.each(["a", "b", "c"], str, work)

    assert (done, work.done) == (2, ["a", "c"])
    (item,) = await set_aside.items()
    assert (item.service, item.work, item.key, item.attempts) == ("linker", "announce", "b", 1)
    assert item.error == type(work.errors["b"]).__name__
    assert "a value" not in str(item)


async def test_it_is_tried_again_after_a_growing_wait_and_forgotten_when_it_is_done(
    set_aside: SetAside, clock: Clock
) -> None:
    work = Work()
    work.errors["b"] = ValueError()
    waits = []
    for _ in range(3):
        await set_aside.each(["a", "b"], str, work)
        (item,) = await set_aside.items()
        waits.append(item.wait_s)
        clock.now += item.wait_s - 0.001
        await set_aside.each(["b"], str, work)  # not due yet
        clock.now += 0.002

    assert (waits, work.tried.count("b")) == ([1.0, 2.0, 4.0], 3)

    work.errors.clear()
    await set_aside.each(["b"], str, work)

    assert await set_aside.items() == []


async def test_while_a_store_is_away_nothing_is_set_aside_and_the_round_ends_early(set_aside: SetAside) -> None:
    work = Work()
    items = [f"{number:02}" for number in range(3 * IN_ROW)]
    work.errors = {item: Unavailable("away") for item in items}

    with pytest.raises(Unavailable):
        await set_aside.each(items, str, work)

    assert len(work.tried) == IN_ROW
    assert await set_aside.items() == []


async def test_an_error_of_its_own_is_noted_even_while_a_store_is_away(set_aside: SetAside) -> None:
    work = Work()
    work.errors = {"a": ValueError(), "b": Unavailable("away")}

    with pytest.raises(Unavailable):
        await set_aside.each(["a", "b"], str, work)

    assert [item.key for item in await set_aside.items()] == ["a"]


async def test_one_that_was_set_aside_before_is_no_sign_of_an_outage(set_aside: SetAside, clock: Clock) -> None:
    work = Work()
    work.errors["b"] = Unavailable("for this one only")
    await set_aside.each(["a", "b"], str, work)
    clock.now += 10

    assert await set_aside.each(["b"], str, work) == 0
    assert [item.attempts for item in await set_aside.items()] == [2]


async def test_a_lost_lease_ends_the_round(set_aside: SetAside) -> None:
    work = Work()
    work.errors["b"] = LeaseLost("taken by another")

    with pytest.raises(LeaseLost):
        await set_aside.each(["a", "b", "c"], str, work)

    assert work.tried == ["a", "b"]


async def test_a_person_may_ask_for_it_and_another_process_tries_it_at_once(
    set_aside: SetAside, documents: Documents, clock: Clock
) -> None:
    work = Work()
    work.errors["b"] = ValueError()
    await set_aside.each(["a", "b"], str, work)
    assert await set_aside.due() == []
    assert await SetAside(documents, "linker", "announce", clock).due() == ["b"]

    (item,) = await set_aside.items()
    await documents.put(SET_ASIDE, msgspec.structs.replace(item, again=True))

    assert await set_aside.due() == ["b"]


async def test_what_another_process_dealt_with_meanwhile_is_forgotten(set_aside: SetAside) -> None:
    await set_aside.note("done by another", ValueError())
    await set_aside.note("left", ValueError())

    await set_aside.keep_only({"left", "new"})

    assert [item.key for item in await set_aside.items()] == ["left"]


async def test_what_is_no_more_among_all_items_is_forgotten(set_aside: SetAside) -> None:
    work = Work()
    work.errors["b"] = ValueError()
    await set_aside.each(["a", "b"], str, work)

    await set_aside.each(["a"], str, work, is_all=True)

    assert await set_aside.items() == []
