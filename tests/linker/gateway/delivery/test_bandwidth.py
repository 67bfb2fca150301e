"""What goes to the centre keeps to the rate of the hour."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.linker.gateway.delivery.bandwidth import BATCH_S, Allowance, batch_bytes
from services.linker.service import GATEWAY
from shared.errors import SettingsError
from shared.text.hours import rate_by_hour
from tests.linker.samples import instances, uid
from tests.linker.system import Archive, gateway_environ, keep, opened, until


@dataclass
class Clock:
    """A steady clock that sleeping moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


async def sent_s(allowance: Allowance, clock: Clock, size_bytes: int) -> float:
    """Return how long sending takes."""
    began = clock.seconds
    assert b"".join([piece async for piece in allowance.pieces(b"x" * size_bytes)]) == b"x" * size_bytes
    return clock.seconds - began


async def test_bytes_go_at_the_rate_of_the_hour_and_the_rate_changes_without_a_restart() -> None:
    clock, hour = Clock(), [12]
    rates = rate_by_hour("07-19: 800 kbit/s, else 8 Mbit/s")
    allowance = Allowance(rates, now=lambda: dt.time(hour[0]), steady=clock, sleep=clock.sleep)

    by_day = await sent_s(allowance, clock, 1_000_000)
    hour[0] = 20
    by_night = await sent_s(allowance, clock, 1_000_000)

    assert by_day == pytest.approx(10.0, abs=0.3)  # the burst of a quarter of a second is given at once
    assert by_night == pytest.approx(1.0, abs=0.3)


async def test_all_requests_share_one_allowance() -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    allowance = Allowance(rate_by_hour("800 kbit/s"), steady=lambda: 1000.0, sleep=note)
    await asyncio.gather(*(allowance.take(100_000) for _ in range(5)))

    assert waits == pytest.approx([0.75, 1.75, 2.75, 3.75, 4.75])  # 100 kB a second, less the burst


async def test_without_a_limit_nothing_waits() -> None:
    clock = Clock()
    assert await sent_s(Allowance(rate_by_hour(""), steady=clock, sleep=clock.sleep), clock, 10_000_000) == 0.0


def test_a_request_is_no_longer_than_a_minute_of_the_rate() -> None:
    assert batch_bytes(256 << 20, 0.0, 2) == 256 << 20
    assert batch_bytes(256 << 20, 2.5e6, 2) == int(2.5e6 * BATCH_S / 2)
    assert batch_bytes(256 << 20, 1000.0, 2) == 1 << 20


async def test_a_gateway_with_a_limit_delivers(tmp_path: Path, archive: Archive) -> None:
    event = instances(uid(1), 2)
    environ = gateway_environ(archive.url, bandwidth="else 80 Mbit/s")
    async with opened(GATEWAY, tmp_path, environ) as gateway:
        await keep(gateway.blobs["deidentified"], event, size_bytes=300_000)
        await gateway.take(event)

        await until(lambda: len(archive.stored) == 2)


async def test_a_wrong_limit_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="JMID_LINKER_BANDWIDTH"):
        async with opened(GATEWAY, tmp_path, gateway_environ("http://127.0.0.1:9", bandwidth="20")):
            pass
