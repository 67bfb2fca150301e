"""The processes of a gateway divide the limit of the bandwidth: together they never have more than it."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.linker.gateway.delivery.bandwidth import Allowance
from services.linker.gateway.delivery.share import Share, others_of, terms_of
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import Transient, Unavailable
from shared.lease import LEASES, LeaseRecord, Leases
from shared.text.hours import rate_by_hour
from tests.breaking import breaking
from tests.linker.gateway.delivery.test_bandwidth import Clock, sent_s

TTL_S = 60.0
LIMIT = 100_000.0
RATES = rate_by_hour("800 kbit/s")


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(LEASES)
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def leases(documents: Documents, owner: str) -> Leases:
    return Leases(documents, owner, TTL_S)


@dataclasses.dataclass
class Budget:
    """What one process of a gateway has of the limit."""

    share: Share
    allowance: Allowance

    async def rate(self) -> float:
        """The bytes a second that may go now."""
        return 0.0 if await self.share.wait_s() else self.allowance.rate


def budget(documents: Documents, owner: str, clock: Clock) -> Budget:
    share = Share(leases(documents, owner), steady=clock)
    return Budget(share, Allowance(RATES, share, steady=clock, sleep=clock.sleep))


async def test_two_processes_have_half_of_the_limit_each_and_never_more_than_it_together(
    documents: Documents, clock: Clock
) -> None:
    a, b = budget(documents, "a", clock), budget(documents, "b", clock)
    rates: list[tuple[float, float]] = []

    async def go_on(seconds: int) -> tuple[float, float]:
        for _ in range(seconds):
            clock.seconds += 1.0
            rates.append((await a.rate(), await b.rate()))
        return rates[-1]

    async with leases(documents, "a").held("linker-images"):
        clock.seconds += 1.0
        alone = await a.rate()
        async with leases(documents, "b").held("linker-reports"):
            joining = await go_on(int(TTL_S) - 1)
            joined = await go_on(3)
        left = [(await a.rate()) for clock.seconds in (clock.seconds, clock.seconds + TTL_S / 3)]

    assert alone == LIMIT
    assert joining == (LIMIT / 2, 0.0)
    assert joined == (LIMIT / 2, LIMIT / 2)
    assert left == [LIMIT / 2, LIMIT]
    assert max(map(sum, rates)) == LIMIT


async def test_together_two_processes_send_as_much_as_the_limit(documents: Documents) -> None:
    async with AsyncExitStack() as stack:
        for owner, name in (("a", "linker-images"), ("b", "linker-reports")):
            await stack.enter_async_context(leases(documents, owner).held(name))
        took = []
        for owner in ("a", "b"):
            clock = Clock()
            own = budget(documents, owner, clock)
            while wait_s := await own.share.wait_s():
                clock.seconds += wait_s
            took.append(await sent_s(own.allowance, clock, 500_000))

    assert took == pytest.approx([10.0, 10.0], abs=0.3)  # 1 MB in 10 s, at 100 kB a second


async def test_a_process_with_both_leases_has_the_whole_limit_at_once(documents: Documents, clock: Clock) -> None:
    async with leases(documents, "a").held("linker-images"), leases(documents, "a").held("linker-reports"):
        assert await budget(documents, "a", clock).rate() == LIMIT


async def test_who_lost_a_lease_and_got_it_again_waits_again(documents: Documents, clock: Clock) -> None:
    a = budget(documents, "a", clock)
    async with leases(documents, "b").held("linker-reports"):
        rates = []
        for _ in range(2):
            async with leases(documents, "a").held("linker-images"):
                for _ in range(2):
                    rates.append(await a.rate())
                    clock.seconds += TTL_S

    assert rates == [0.0, LIMIT / 2, 0.0, LIMIT / 2]


async def test_while_the_number_cannot_be_read_the_last_one_holds_and_then_nothing_goes(
    documents: Documents, clock: Clock
) -> None:
    is_away = [False]
    port = breaking(documents, "get_many", lambda *_: is_away[0], Unavailable("away"))
    known, unknown = budget(port, "a", clock), budget(port, "a", clock)
    async with leases(documents, "a").held("linker-images"), leases(documents, "b").held("linker-reports"):
        await known.rate()
        clock.seconds += TTL_S
        assert await known.rate() == LIMIT / 2

    is_away[0] = True
    clock.seconds += TTL_S - 1.0
    assert await known.rate() == LIMIT / 2
    clock.seconds += 1.0
    with pytest.raises(Transient, match="not known"):
        await known.allowance.take(1)
    with pytest.raises(Transient, match="not known"):
        await unknown.allowance.take(1)


async def test_who_waits_beside_one_that_left_waits_no_longer(documents: Documents, clock: Clock) -> None:
    a = budget(documents, "a", clock)
    async with leases(documents, "a").held("linker-images"):
        async with leases(documents, "b").held("linker-reports"):
            waits = await a.share.wait_s()
        clock.seconds += waits

        assert (waits, await a.rate()) == (TTL_S / 3, LIMIT)


def test_a_lease_that_nobody_has_counts_for_nobody() -> None:
    records = [LeaseRecord(name="linker-images", fence=3), LeaseRecord(name="linker-reports", owner="a", fence=2)]

    assert (others_of(records, "a"), terms_of(records, "a")) == (frozenset(), frozenset({("linker-reports", 2)}))
    assert (others_of(records, "b"), terms_of(records, "b")) == (frozenset("a"), frozenset())
