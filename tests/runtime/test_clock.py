"""A wall clock that jumps by days, forward and back, ends no retention, holds nothing, and misdates nothing."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared import clock
from shared.clock import SteadyClock
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.retention import RETENTION_TIMES, RetentionClock

DAY = 86_400.0
START = 1_700_000_000.0


class Times:
    """A wall clock that can jump, and the machine's, which cannot."""

    def __init__(self) -> None:
        self.wall_s, self.machine_s = START, 500.0

    def wall(self) -> float:
        return self.wall_s

    def machine(self) -> float:
        return self.machine_s

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.machine_s += seconds


@pytest.mark.parametrize("jump", [30 * DAY, -30 * DAY])
def test_a_jump_of_days_and_back_moves_the_clock_no_more_than_it_lasted(jump: float) -> None:
    times = Times()
    steady = SteadyClock(times.wall, times.machine)

    times.wall_s += jump
    at_once = steady.now()
    times.passes(600)
    meanwhile = steady.now()
    times.wall_s -= jump
    steady.now()
    times.passes(1200)

    assert at_once == START
    assert abs(meanwhile - (START + 600)) <= 600
    assert steady.now() == pytest.approx(START + 1800, abs=1)


def test_a_clock_that_was_wrong_at_the_start_and_is_set_right_is_followed_slowly() -> None:
    times = Times()
    times.wall_s -= DAY
    steady = SteadyClock(times.wall, times.machine)

    times.wall_s += DAY
    for _ in range(25):
        times.passes(3600)
        steady.now()

    assert steady.now() == times.wall_s


def test_small_corrections_are_followed() -> None:
    times = Times()
    steady = SteadyClock(times.wall, times.machine)
    times.passes(100)
    times.wall_s += 5

    assert steady.now() == times.wall_s


@pytest_asyncio.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(RETENTION_TIMES)
        yield opened


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    """Every process' clock that begins now; ``restart`` is a new process."""
    found = Times()
    monkeypatch.setattr(clock, "machine_s", found.machine)
    monkeypatch.setattr(clock, "_CLOCK", SteadyClock(found.wall, found.machine))
    return found


def restart(times: Times, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_CLOCK", SteadyClock(times.wall, times.machine))


async def test_a_process_that_starts_with_a_clock_days_ahead_ends_no_retention(
    documents: Documents, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    await RetentionClock(documents, "ingest").now()

    times.wall_s += 30 * DAY
    restart(times, monkeypatch)
    sweeps = RetentionClock(documents, "ingest")
    first = await sweeps.now()
    times.passes(600)
    second = await sweeps.now()
    times.wall_s -= 30 * DAY
    restart(times, monkeypatch)

    assert first == START
    assert second == START + 1200
    assert await RetentionClock(documents, "ingest").now() == times.wall_s


async def test_after_a_true_absence_the_time_catches_up(
    documents: Documents, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    await RetentionClock(documents, "ingest").now()
    times.passes(3 * DAY)
    restart(times, monkeypatch)
    sweeps = RetentionClock(documents, "ingest")

    for _ in range(73):
        await sweeps.now()
        times.passes(3600)

    assert await sweeps.now() == times.wall_s


def test_nothing_but_the_clock_reads_the_wall_clock() -> None:
    root = Path(clock.__file__).parents[1]
    allowed = {
        "shared/clock.py",
        "shared/logs.py",  # for people
        "shared/blobs/local_files.py",  # the age of files, which the same wall clock dated; who writes one holds a lock
        "services/anonymizer/instances/scratch.py",
    }
    reads = re.compile(r"\btime\.time\(|\bdatetime\.(?:now|utcnow)\(|\bdate\.today\(")
    modules = [path for room in ("shared", "services") for path in (root / room).rglob("*.py")]

    found = {str(path.relative_to(root)) for path in modules if reads.search(path.read_text(encoding="utf-8"))}

    assert found <= allowed, "use shared.clock.now or utc_now: a wall clock may jump"
