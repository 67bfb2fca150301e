"""What an operator does with dead letters, on every bus."""

from shared.bus import Bus, Delivery
from shared.errors import Invalid
from shared.events import Event
from tests.bus.conftest import Recorder, consuming, study_changed, until, until_depth


async def refuse_two(bus: Bus) -> None:
    """Make dead letters of one and two."""

    async def refuse(delivery: Delivery) -> list[Event]:
        raise Invalid("not-yet")

    await bus.publish(study_changed("one"), study_changed("two"))
    async with consuming(bus, "studies", refuse):
        await until_depth(bus, "studies", dead=2)


async def test_a_dead_letter_can_be_replayed_as_if_new(bus: Bus) -> None:
    await refuse_two(bus)
    recorder = Recorder()

    async with consuming(bus, "studies", recorder):
        assert await bus.replay("studies", study_changed("two").id)

        await until(lambda: recorder.deliveries == [Delivery(study_changed("two"), 1)])
    assert [letter.id for letter in await bus.dead("studies")] == [study_changed("one").id]


async def test_a_dead_letter_can_be_dropped(bus: Bus) -> None:
    await refuse_two(bus)

    assert await bus.drop("studies", study_changed("one").id)

    assert [letter.id for letter in await bus.dead("studies")] == [study_changed("two").id]


async def test_many_are_replayed_and_dropped_at_once(bus: Bus) -> None:
    await refuse_two(bus)
    one, two, no_letter = study_changed("one").id, study_changed("two").id, study_changed("three").id
    recorder = Recorder()

    async with consuming(bus, "studies", recorder):
        replayed = await bus.replay("studies", two, no_letter, one)
        await until(lambda: len(recorder.deliveries) == 2)
    await refuse_two(bus)
    dropped = await bus.drop("studies", one, no_letter, two)

    assert (replayed, dropped, await bus.replay("studies"), await bus.drop("studies")) == (2, 2, 0, 0)
    assert await bus.dead("studies") == []


async def test_what_is_no_dead_letter_can_neither_be_replayed_nor_dropped(bus: Bus) -> None:
    await bus.publish(study_changed("one"))

    assert not await bus.replay("studies", study_changed("one").id)
    assert not await bus.drop("studies", study_changed("one").id)
    await until_depth(bus, "studies", ready=1, dead=0)


async def test_dead_letters_can_be_listed_in_part_and_again(bus: Bus) -> None:
    async def refuse(delivery: Delivery) -> list[Event]:
        raise Invalid("never")

    await bus.publish(*(study_changed(str(number)) for number in range(5)))
    async with consuming(bus, "studies", refuse):
        await until_depth(bus, "studies", dead=5)

    part, whole = await bus.dead("studies", limit=2), await bus.dead("studies")

    assert len(part) == 2
    assert {letter.id for letter in whole} == {study_changed(str(number)).id for number in range(5)}
