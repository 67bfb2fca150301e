"""A plan is the same for the same seed; the proxy cuts, falls silent, and passes again."""

import asyncio
from contextlib import suppress

from tests.chaos.plan import OF_PROCESSES, PROCESSES, SERVERS, Kind, plan_of
from tests.chaos.proxy import Proxy


def test_the_same_seed_makes_the_same_plan_and_plans_differ() -> None:
    plans = [plan_of(1, number) for number in range(200)]

    assert plans == [plan_of(1, number) for number in range(200)]
    assert len(set(plans)) == 200
    assert {fault.kind for plan in plans for fault in plan} == set(Kind)
    assert {fault.target for plan in plans for fault in plan} == {*PROCESSES, *SERVERS}


def test_a_target_has_one_fault_of_its_sort() -> None:
    for plan in (plan_of(2, number) for number in range(200)):
        assert len({fault.target for fault in plan}) == len(plan) > 0
        assert all((fault.target in PROCESSES) == (fault.kind in OF_PROCESSES) for fault in plan)


async def test_a_proxy_cuts_is_silent_and_passes_again() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(100):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(server.sockets[0].getsockname()[1])
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"

        proxy.silence()
        writer.write(b"two")
        proxy.mend()
        assert await reader.readexactly(3) == b"two"

        proxy.cut()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        proxy.mend()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"three")
        assert await reader.readexactly(5) == b"three"
        writer.close()
    finally:
        proxy.close()
        server.close()
