"""A plan is the same for the same seed; the proxy cuts, falls silent, answers errors, and passes again."""

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path

from tests.chaos.clocks import JUMPS_H, Clocks
from tests.chaos.plan import TARGETS, Kind, plan_of
from tests.chaos.proxy import Proxy
from tests.flow.system import until
from tests.servers.process import free_ports


def test_the_same_seed_makes_the_same_plan_and_plans_differ() -> None:
    plans = [plan_of(1, number) for number in range(200)]

    assert plans == [plan_of(1, number) for number in range(200)]
    assert len(set(plans)) == 200
    assert {fault.kind for plan in plans for fault in plan} == set(Kind)
    assert {fault.target for plan in plans for fault in plan} == set(chain(*TARGETS.values()))


def test_a_target_has_one_fault_of_its_sort() -> None:
    for plan in (plan_of(2, number) for number in range(200)):
        assert len({fault.target for fault in plan}) == len(plan) > 0
        assert all(fault.target in TARGETS[fault.kind] for fault in plan)


async def test_a_proxy_cuts_is_silent_answers_errors_and_passes_again() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(100):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(free_ports(1)[0], [server.sockets[0].getsockname()[1]])
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

        proxy.err()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 50")
        writer.close()

        proxy.mend()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"three")
        assert await reader.readexactly(5) == b"three"
        writer.close()
    finally:
        proxy.close()
        server.close()


def test_a_clock_jumps_and_is_right_again(tmp_path: Path) -> None:
    clocks = Clocks(tmp_path)
    environ = {**os.environ, **clocks.environ("ingest/0")}
    asked = [sys.executable, "-c", "import time; print(time.time()); input(); print(time.time())"]
    with subprocess.Popen(asked, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        first = float(process.stdout.readline())
        with ThreadPoolExecutor() as pool:
            jump = pool.submit(clocks.jump, "ingest/0", 0.5)
            until(lambda: os.stat(tmp_path / "ingest-0.clock").st_size != 100, "the jump", 10)
            ahead = float(subprocess.check_output(asked, env=environ, text=True, input="\n").split()[0])
            jump.result()
        process.stdin.write("\n")
        process.stdin.flush()
        last = float(process.stdout.readline())
    assert abs(first - time.time()) < 60 > abs(last - time.time())
    assert abs(abs(ahead - time.time()) - 3600 * abs(JUMPS_H[5 % len(JUMPS_H)])) < 60
