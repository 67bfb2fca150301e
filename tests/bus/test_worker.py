"""What both buses do alike, on a bus that does as it is told."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.bus import Delivery, RetryPolicy, worker
from shared.bus.codec import encode
from shared.bus.fate import DELIVERY_LIMIT, Again, Dead, Done, Fate, Outage, UnroutableError, Wait, outage_of
from shared.bus.worker import LostError, Taken, work
from shared.errors import JmidError, StorageFull, Unavailable
from shared.events import Event
from tests.bus.conftest import Recorder, study_changed, until

POLICY = RetryPolicy((1, 2))


class Scripted:
    """A bus that holds these messages, and fails as often as it is told before it settles."""

    def __init__(self, *messages: Taken, errors: Sequence[JmidError] = ()) -> None:
        self.settled: list[Fate] = []
        self._messages, self._errors = list(messages), list(errors)

    async def take(self, room: int) -> Sequence[Taken]:
        while not self._messages:
            await asyncio.sleep(3600)
        taken, self._messages = self._messages[:room], self._messages[room:]
        return taken

    async def settle(self, taken: Taken, fate: Fate) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self.settled.append(fate)

    async def handle_all(self, recorder: Recorder, wanted: int, prefetch: int = 4) -> list[Fate]:
        task = asyncio.create_task(work(self.take, self.settle, recorder, POLICY, prefetch))
        await until(lambda: len(self.settled) >= wanted and not self._errors)
        task.cancel()
        await task
        return self.settled


def message(deliveries: int = 1, failures: int = 0) -> Taken:
    return Taken("studies", encode(study_changed("one")), deliveries, failures, None)


def named(name: str, failures: int = 0) -> Taken:
    return Taken("studies", encode(study_changed(name)), failures + 1, failures, None)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAUSE_S", 0.01)


async def test_while_the_bus_is_down_what_was_done_is_held_and_not_done_again() -> None:
    bus, recorder = Scripted(message(failures=2), errors=[Unavailable("down"), StorageFull("full")]), Recorder()

    fates = await bus.handle_all(recorder, 1)

    assert fates == [Done([])]
    assert len(recorder.deliveries) == 1


async def test_an_event_that_no_queue_takes_uses_up_a_retry() -> None:
    bus = Scripted(message(), errors=[UnroutableError("no queue takes it")])

    fates = await bus.handle_all(Recorder(), 1)

    assert fates == [Again(1, "UnroutableError: no queue takes it")]


async def test_a_message_that_was_lost_to_another_is_let_go() -> None:
    bus, recorder = Scripted(message(), message(), errors=[LostError("gone")]), Recorder()

    fates = await bus.handle_all(recorder, 1)

    assert fates == [Done([])]
    assert len(recorder.deliveries) == 2


async def test_a_message_delivered_too_often_is_buried_without_being_handled() -> None:
    bus, recorder = Scripted(message(deliveries=DELIVERY_LIMIT + 1)), Recorder()

    (fate,) = await bus.handle_all(recorder, 1)

    assert isinstance(fate, Dead)
    assert fate.error.startswith("DeliveryLimit")
    assert recorder.deliveries == []


async def test_a_store_that_is_away_uses_up_no_retry() -> None:
    async def store_is_away(delivery: Delivery) -> list[Event]:
        raise Unavailable("the store does not answer")

    bus = Scripted(*(named(str(number), failures=2) for number in range(4)))

    fates = await bus.handle_all(Recorder(store_is_away), 4)

    assert [type(fate) for fate in fates] == [Wait] * 4


async def test_a_message_that_fails_while_others_succeed_is_at_fault_itself() -> None:
    async def poison(delivery: Delivery) -> list[Event]:
        if delivery.event.id == study_changed("bad").id:
            raise Unavailable("the store does not answer")
        return []

    bus = Scripted(named("bad"), named("good"), named("bad"), named("bad", failures=2))

    fates = await bus.handle_all(Recorder(poison), 4, prefetch=1)

    assert [type(fate) for fate in fates] == [Wait, Done, Again, Wait]


def test_an_outage_pauses_longer_each_time_up_to_half_a_minute() -> None:
    outage = Outage()
    pauses = []
    for number in range(12):
        outage.is_outage(str(number))
        pauses.append(outage.pause_s())

    assert pauses[:5] == [0, 0, 0.5, 1, 2]
    assert pauses[-1] == 30
    outage.succeeded("any")
    assert outage.pause_s() == 0


def test_an_outage_pauses_no_longer_than_the_longest_retry() -> None:
    outage = outage_of(RetryPolicy((0.5, 2.0)))
    for number in range(12):
        outage.is_outage(str(number))

    assert outage.pause_s() == 2


async def test_taking_is_tried_again_after_the_bus_was_down() -> None:
    bus, recorder = Scripted(message()), Recorder()
    errors = [Unavailable("down")]

    async def take(room: int) -> Sequence[Taken]:
        if errors:
            raise errors.pop()
        return await Scripted.take(bus, room)

    bus.take = take  # type: ignore[method-assign]

    assert await bus.handle_all(recorder, 1) == [Done([])]
