"""What every bus survives: processes that are killed, poison, a broker that goes away, a store that is full."""

import asyncio
import random
import sqlite3
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import pytest

from shared.bus import Bus, Delivery
from shared.bus.rabbit.names import Names
from shared.errors import Unavailable
from shared.events import Event
from tests.bus.conftest import Maker, Recorder, case_changed, consuming, study_changed, until, until_depth


@asynccontextmanager
async def victim(maker: Maker, mode: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a process that consumes studies; it is killed at the end, if it still lives."""
    arguments = [sys.executable, "-m", "tests.bus.victim", maker.kind, maker.address, maker.place, mode]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def put_raw(maker: Maker, body: bytes) -> None:
    """Put bytes into the queue of studies, as no bus of ours would."""
    if maker.kind == "journal":
        with sqlite3.connect(maker.address) as connection:
            query = "INSERT INTO messages (queue, event_id, topic, body) VALUES ('studies', ?, 'study.changed', ?)"
            connection.execute(query, (str(uuid.uuid4()), body))
        connection.close()
        return
    async with await aio_pika.connect(maker.address) as broker:
        channel = await broker.channel()
        await channel.default_exchange.publish(aio_pika.Message(body), Names(maker.place).queue("studies"))


@pytest.mark.slow
async def test_a_message_whose_process_was_killed_in_its_handler_is_delivered_again(bus: Bus, maker: Maker) -> None:
    await bus.publish(study_changed("one"))
    async with victim(maker, "hang") as process:
        assert await first_line(process) == study_changed("one").id
        process.kill()
        await process.wait()
    recorder = Recorder()

    async with consuming(bus, "studies", recorder):
        await until(lambda: recorder.deliveries == [Delivery(study_changed("one"), 2)], wait_s=5)


@pytest.mark.slow
async def test_a_process_killed_between_publish_and_ack_repeats_its_work_with_the_same_ids(
    bus: Bus, maker: Maker
) -> None:
    cause = study_changed("one")
    cases = Recorder()

    async def follow(delivery: Delivery) -> list[Event]:
        return [case_changed(delivery.event)]

    await bus.publish(cause)
    async with victim(maker, "die-at-ack") as process:
        await first_line(process)
        await process.wait()

    async with consuming(bus, "studies", follow), consuming(bus, "cases", cases):
        await until_depth(bus, "studies", ready=0, unacked=0)
        await until_depth(bus, "cases", ready=0, unacked=0)
        await until(lambda: len(cases.ids) >= 1)
    assert set(cases.ids) == {case_changed(cause).id}


@pytest.mark.slow
async def test_only_what_a_killed_process_held_is_taken_from_it(bus: Bus, maker: Maker) -> None:
    await bus.publish(study_changed("one"))
    async with victim(maker, "hang") as living:
        assert await first_line(living) == study_changed("one").id
        await bus.publish(study_changed("two"))
        async with victim(maker, "hang") as killed:
            assert await first_line(killed) == study_changed("two").id
        recorder = Recorder()

        async with consuming(bus, "studies", recorder):
            await until(lambda: recorder.ids != [])

        assert recorder.ids == [study_changed("two").id]


@pytest.mark.slow
async def test_nothing_is_lost_when_processes_are_killed_at_random(bus: Bus, maker: Maker) -> None:
    events = [study_changed(str(number)) for number in range(120)]
    cases = Recorder()
    chance = random.Random(7)

    async def follow(delivery: Delivery) -> list[Event]:
        return [case_changed(delivery.event)]

    async with consuming(bus, "cases", cases):
        for start in range(0, 120, 40):
            async with victim(maker, "work") as process:
                await bus.publish(*events[start : start + 40])
                await first_line(process)
                await asyncio.sleep(chance.random() * 0.05)
                process.kill()
        async with consuming(bus, "studies", follow):
            await until(lambda: len(set(cases.ids)) == 120)

    assert set(cases.ids) == {case_changed(event).id for event in events}


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe not JSON",
        b'{"topic":"no.such","version":1,"event":{}}',
        b'{"topic":"study.changed","version":99,"event":{}}',
        b'{"topic":"study.changed","version":1,"event":{"id":7}}',
        b"",
    ],
)
async def test_poison_is_a_dead_letter_at_once_and_others_pass(bus: Bus, maker: Maker, body: bytes) -> None:
    recorder = Recorder()
    await put_raw(maker, body)
    await bus.publish(study_changed("one"))

    async with consuming(bus, "studies", recorder):
        await until(lambda: recorder.ids == [study_changed("one").id])
        await until_depth(bus, "studies", ready=0, unacked=0, dead=1)

    (letter,) = await bus.dead("studies")
    assert letter.body == body
    assert letter.error.startswith("Invalid: ")
    assert await bus.drop("studies", letter.id)


async def test_a_bus_that_is_closed_refuses_to_publish(maker: Maker) -> None:
    async with maker.open() as bus:
        pass

    with pytest.raises(Unavailable):
        await bus.publish(study_changed("one"))
