"""What every bus does, whichever it is."""

import asyncio

import pytest

from shared.bus import Bus, Delivery, Queue
from shared.errors import Conflict, Invalid, StorageFull, Unavailable
from shared.events import CaseChanged, Event, InstancesReceived, InstancesStored, StudyChanged
from tests.bus.conftest import (
    CASES,
    POLICY,
    STUDIES,
    Maker,
    Recorder,
    case_changed,
    consuming,
    study_changed,
    until,
    until_depth,
)


async def test_an_event_published_reaches_its_queue_whole(bus: Bus) -> None:
    event = study_changed("one")
    recorder = Recorder()

    await bus.publish(event)

    async with consuming(bus, "studies", recorder):
        await until(lambda: recorder.deliveries == [Delivery(event, 1)])
    await until_depth(bus, "studies", ready=0, unacked=0, delayed=0, dead=0)


async def test_an_event_published_is_still_there_after_the_bus_was_closed(maker: Maker) -> None:
    async with maker.open() as bus:
        await bus.declare(STUDIES)
        await bus.publish(study_changed("one"))
    recorder = Recorder()

    async with maker.open() as again, consuming(again, "studies", recorder):
        await until(lambda: recorder.ids == [study_changed("one").id])


async def test_every_queue_that_takes_an_event_gets_it_and_no_other(bus: Bus) -> None:
    second = Queue("studies-too", (StudyChanged,))
    await bus.declare(second)

    await bus.publish(study_changed("one"))

    await until_depth(bus, "studies", ready=1)
    await until_depth(bus, "studies-too", ready=1)
    await until_depth(bus, "cases", ready=0)


async def test_an_event_that_no_queue_takes_is_refused(bus: Bus) -> None:
    event = InstancesStored.first(
        "one", correlation_id="r1", site="a", study_instance_uid="1", series_instance_uid="1", sop_instance_uids=("1",)
    )

    with pytest.raises(Unavailable):
        await bus.publish(event)


async def test_a_queue_declared_anew_takes_only_what_it_takes_now(bus: Bus) -> None:
    await bus.declare(Queue("studies", (CaseChanged,)))

    await bus.publish(case_changed(study_changed("one")))

    await until_depth(bus, "studies", ready=1)
    with pytest.raises(Unavailable):
        await bus.publish(study_changed("one"))


async def test_an_event_that_breaks_its_own_type_is_refused_at_publish(bus: Bus) -> None:
    empty = InstancesStored.first(
        "one", correlation_id="r1", site="a", study_instance_uid="1", series_instance_uid="1", sop_instance_uids=()
    )

    with pytest.raises(Invalid):
        await bus.publish(empty)


async def test_many_events_published_at_once_all_arrive(bus: Bus) -> None:
    events = [study_changed(str(number)) for number in range(300)]
    recorder = Recorder()

    await asyncio.gather(*(bus.publish(*events[start : start + 10]) for start in range(0, 300, 10)))

    async with consuming(bus, "studies", recorder):
        await until(lambda: len(recorder.deliveries) >= 300)
    assert sorted(recorder.ids) == sorted(event.id for event in events)


async def test_what_a_handler_returns_is_published(bus: Bus) -> None:
    cause = study_changed("one")
    cases = Recorder()

    async def follow(delivery: Delivery) -> list[Event]:
        return [case_changed(delivery.event)]

    await bus.publish(cause)

    async with consuming(bus, "studies", follow), consuming(bus, "cases", cases):
        await until(lambda: cases.ids == [case_changed(cause).id])


async def test_a_message_is_kept_when_what_its_handler_returned_cannot_be_published(bus: Bus) -> None:
    await bus.declare(Queue("cases", ()))  # nobody takes case.changed any more

    async def follow(delivery: Delivery) -> list[Event]:
        return [case_changed(delivery.event)]

    await bus.publish(study_changed("one"))

    async with consuming(bus, "studies", follow):
        await until_depth(bus, "studies", ready=0, dead=1)
    assert (await bus.dead("studies"))[0].error.startswith("UnroutableError")


async def test_a_transient_error_is_tried_again_and_succeeds(bus: Bus) -> None:
    async def second_time(delivery: Delivery) -> list[Event]:
        if delivery.deliveries == 1:
            raise Conflict("somebody was first")
        return []

    recorder = Recorder(second_time)
    await bus.publish(study_changed("one"))

    async with consuming(bus, "studies", recorder):
        await until(lambda: [delivery.deliveries for delivery in recorder.deliveries] == [1, 2])
        await until_depth(bus, "studies", ready=0, unacked=0, delayed=0, dead=0)


@pytest.mark.parametrize("error", [Conflict("again"), ValueError("a value that may not be shown")])
async def test_when_retries_are_used_up_it_is_a_dead_letter(bus: Bus, error: Exception) -> None:
    async def fail(delivery: Delivery) -> list[Event]:
        raise error

    recorder = Recorder(fail)
    await bus.publish(study_changed("one"))

    async with consuming(bus, "studies", recorder):
        await until_depth(bus, "studies", ready=0, delayed=0, dead=1)

    (letter,) = await bus.dead("studies")
    assert [delivery.deliveries for delivery in recorder.deliveries] == [1, 2, 3]
    assert (letter.id, letter.queue, letter.topic) == (study_changed("one").id, "studies", "study.changed")
    assert letter.deliveries == 3
    assert letter.error == ("Conflict: again" if isinstance(error, Conflict) else "ValueError")


async def test_a_store_that_is_away_makes_no_dead_letter_however_long(bus: Bus) -> None:
    async def at_last(delivery: Delivery) -> list[Event]:
        if len(recorder.deliveries) < often:
            raise StorageFull("no room")
        return []

    often = len(POLICY.delays_s) + 3
    recorder = Recorder(at_last)
    await bus.publish(study_changed("one"))

    async with consuming(bus, "studies", recorder):
        await until(lambda: len(recorder.deliveries) == often, wait_s=40)
        await until_depth(bus, "studies", ready=0, unacked=0, delayed=0, dead=0)

    assert {delivery.deliveries for delivery in recorder.deliveries} == {1}


async def test_the_bus_says_whether_it_delivers_to_a_queue(bus: Bus) -> None:
    before = bus.consumers("studies")

    async with consuming(bus, "studies", Recorder()):
        await until(lambda: bus.consumers("studies") == 1)

    assert (before, bus.consumers("studies")) == (0, 0)


async def test_a_permanent_error_is_a_dead_letter_at_once(bus: Bus) -> None:
    async def refuse(delivery: Delivery) -> list[Event]:
        raise Invalid("no-study", "where it came from")

    recorder = Recorder(refuse)
    await bus.publish(study_changed("one"))

    async with consuming(bus, "studies", recorder):
        await until_depth(bus, "studies", dead=1)

    assert len(recorder.deliveries) == 1
    assert (await bus.dead("studies"))[0].error == "Invalid: no-study: where it came from"


async def test_others_are_handled_while_one_waits_for_its_retry(bus: Bus) -> None:
    slow, quick = study_changed("slow"), study_changed("quick")

    async def fail_slow(delivery: Delivery) -> list[Event]:
        if delivery.event.id == slow.id and delivery.deliveries == 1:
            raise Conflict("again")
        return []

    recorder = Recorder(fail_slow)
    await bus.publish(slow, quick)

    async with consuming(bus, "studies", recorder, prefetch=1):
        await until(lambda: recorder.ids == [slow.id, quick.id, slow.id])


async def test_no_more_than_prefetch_are_handled_at_once(bus: Bus) -> None:
    now = most = 0
    gate = asyncio.Event()

    async def count(delivery: Delivery) -> list[Event]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await gate.wait()
        now -= 1
        return []

    recorder = Recorder(count)
    await bus.publish(*(study_changed(str(number)) for number in range(12)))

    async with consuming(bus, "studies", recorder, prefetch=3):
        await until(lambda: now == 3)
        gate.set()
        await until(lambda: len(recorder.deliveries) == 12)
    assert most == 3


async def test_a_cancelled_consumer_lets_its_handlers_end_and_takes_no_more(bus: Bus) -> None:
    gate, started = asyncio.Event(), asyncio.Event()

    async def hold(delivery: Delivery) -> list[Event]:
        started.set()
        await gate.wait()
        return [case_changed(delivery.event)]

    recorder = Recorder(hold)
    await bus.publish(study_changed("one"), study_changed("two"))
    consumer = asyncio.create_task(bus.consume("studies", recorder, prefetch=1))
    await started.wait()

    consumer.cancel()
    await until_depth(bus, "studies", ready=1, unacked=1)
    gate.set()
    await consumer

    assert len(recorder.deliveries) == 1
    await until_depth(bus, "studies", ready=1, unacked=0)
    await until_depth(bus, "cases", ready=1)


async def test_a_handler_that_is_cancelled_too_gives_its_message_back(bus: Bus) -> None:
    started = asyncio.Event()

    async def hang(delivery: Delivery) -> list[Event]:
        started.set()
        await asyncio.Event().wait()
        return []

    await bus.publish(study_changed("one"))
    consumer = asyncio.create_task(bus.consume("studies", hang))
    await started.wait()

    consumer.cancel()
    await until(lambda: asyncio.all_tasks() is not None and consumer.cancelling() == 1)
    await asyncio.sleep(0)
    consumer.cancel()
    await asyncio.wait([consumer])

    await until_depth(bus, "studies", ready=1, unacked=0)


async def test_two_consumers_share_a_queue(bus: Bus, maker: Maker) -> None:
    async def wait_for_the_other(delivery: Delivery) -> list[Event]:
        await until(lambda: bool(here.ids and there.ids))
        return []

    here, there = Recorder(wait_for_the_other), Recorder(wait_for_the_other)
    events = [study_changed(str(number)) for number in range(40)]

    async with (
        maker.open() as other,
        consuming(bus, "studies", here, prefetch=1),
        consuming(other, "studies", there, prefetch=1),
    ):
        await bus.publish(*events)
        await until(lambda: len(here.ids) + len(there.ids) >= 40)

    assert sorted(here.ids + there.ids) == sorted(event.id for event in events)


async def test_an_event_published_twice_does_no_harm(bus: Bus) -> None:
    """At least once: a replay-safe handler sees it once or twice, with the same id."""
    recorder = Recorder()

    await asyncio.gather(bus.publish(study_changed("one")), bus.publish(study_changed("one")))

    async with consuming(bus, "studies", recorder):
        await until(lambda: len(recorder.deliveries) >= 1)
        await until_depth(bus, "studies", ready=0, unacked=0)
    assert set(recorder.ids) == {study_changed("one").id}


async def test_a_bus_that_works_answers_a_ping(bus: Bus) -> None:
    await bus.ping()


async def test_the_depth_of_cases_is_its_own(bus: Bus) -> None:
    await bus.declare(CASES)
    await bus.publish(case_changed(study_changed("one")))

    await until_depth(bus, "cases", ready=1)
    await until_depth(bus, "studies", ready=0)


def received(name: str, *, priority: bool = False) -> InstancesReceived:
    return InstancesReceived.first(name, correlation_id="r", site="a", receipt_id="r", blobs=(name,), priority=priority)


async def test_what_has_priority_is_delivered_before_a_backlog_that_keeps_a_share(bus: Bus) -> None:
    await bus.declare(Queue("received", (InstancesReceived, StudyChanged)))
    bulk = [received(f"bulk {number}") for number in range(12)]
    urgent = [received(f"urgent {number}", priority=True) for number in range(6)]
    recorder = Recorder()

    await bus.publish(*bulk)
    await bus.publish(*urgent)
    depth = await bus.depth("received")
    async with consuming(bus, "received", recorder, prefetch=1):
        await until(lambda: len(recorder.ids) == 18)

    places = [recorder.ids.index(each.id) for each in urgent]
    assert depth.ready == 18
    assert sorted(recorder.ids) == sorted(each.id for each in (*bulk, *urgent))
    assert max(places) <= 12, "nothing that has priority waits for the whole backlog"
    assert max(places) >= 6, "and the bulk had its share"


async def test_what_has_priority_is_tried_again_and_becomes_a_dead_letter_of_its_queue(bus: Bus) -> None:
    async def fail(_: Delivery) -> list[Event]:
        raise Invalid("broken", "for the test")

    await bus.declare(Queue("received", (InstancesReceived,)))
    await bus.publish(received("urgent", priority=True))
    async with consuming(bus, "received", Recorder(fail)):
        await until_depth(bus, "received", dead=1)
    again = Recorder()

    replayed = await bus.replay("received", received("urgent", priority=True).id)

    async with consuming(bus, "received", again):
        await until(lambda: again.ids == [received("urgent", priority=True).id])
    assert replayed == 1
