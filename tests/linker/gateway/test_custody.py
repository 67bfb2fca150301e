"""Each night the centre is asked what it holds of what it confirmed; what it says is published and counted."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.linker.gateway.custody import compare_night, custody_round, evidence, figures, night_of
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, Holding
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.reconcile import AWAY_IN_ROW
from services.linker.gateway.records import CUSTODY_NIGHTS, DELIVERIES, WITHDRAWN, CustodyNight
from services.linker.links.states import DeliveryState
from shared import clock
from shared.events import CustodyChecked, InstanceRef
from shared.site.times import SiteTime
from tests.linker.gateway.test_one_bad_item import delivered, deps_of, gateway_of
from tests.linker.samples import uid
from tests.linker.system import Opened, until


class HoldingCentre:
    """Answers by Study. answers: Study → what it holds, or what asking raises."""

    def __init__(self, answers: dict[str, Holding | Exception]) -> None:
        self.answers = answers
        self.asked = 0

    async def holding(self, study: str, _: InstanceRef) -> Holding:
        self.asked += 1
        answer = self.answers.get(study, Holding.HELD)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def with_deliveries(gateway: Opened, count: int, **fields: Any) -> GatewayDeps:
    for number in range(1, count + 1):
        await gateway.documents.put(
            DELIVERIES, msgspec.structs.replace(delivered(number), done_at=clock.now(), **fields)
        )
    return deps_of(gateway)


def asked_of(answers: dict[str, Holding | Exception]) -> Centre:
    return cast("Centre", HoldingCentre(answers))


async def test_what_the_centre_holds_is_published_by_receipt_and_counted(tmp_path: Path) -> None:
    answers: dict[str, Holding | Exception] = {
        uid(2): Holding.EVICTED,
        uid(3): Holding.ABSENT,
        uid(4): ValueError("unforeseen"),
        uid(5): Holding.OTHER,
        uid(6): Holding.DELETED,
        uid(7): Holding.WITHDRAWN,
    }
    async with gateway_of(tmp_path) as gateway:
        deps = await with_deliveries(gateway, 7)

        night = await compare_night(deps, asked_of(answers), "2026-11-28")

        await until(lambda: len(gateway.of(CustodyChecked)) == 6)
        words = {event.receipt_id: set(event.holdings.values()) for event in gateway.of(CustodyChecked)}
        assert words == {
            "receipt-1": {"held"},
            "receipt-2": {"evicted"},
            "receipt-3": {"absent"},
            "receipt-5": {"other"},
            "receipt-6": {"deleted"},
            "receipt-7": {"withdrawn"},
        }
        assert (night.held, night.evicted, night.absent, night.other, night.unasked) == (1, 1, 1, 1, 1)
        assert (night.withdrawn, night.deleted, night.differences, night.asked) == (1, 1, 2, 5)
        assert await gateway.documents.get(CUSTODY_NIGHTS, "2026-11-28") == night
        assert (await figures(deps))["not at the centre as confirmed"] == 2
        assert (await figures(deps))["deleted at the centre"] == 1


async def test_what_a_person_rejected_is_withdrawn_and_not_asked_for(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        own = delivered(1).instances[0].sop_instance_uid
        deps = await with_deliveries(gateway, 1, confirmed={}, failed={own: WITHDRAWN})

        night = await compare_night(deps, asked_of({uid(1): Holding.ABSENT}), "2026-11-28")

        assert (night.withdrawn, night.asked) == (1, 0)


async def test_a_night_is_compared_once_and_a_cut_one_anew(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = await with_deliveries(gateway, 1)
        centre, outage = HoldingCentre({}), Outage()

        async def one_round() -> int:
            before = centre.asked
            await custody_round(deps, cast("Centre", centre), outage)
            return centre.asked - before

        first = await one_round()
        (begun,) = (await gateway.documents.find(CUSTODY_NIGHTS)).documents
        await gateway.documents.delete(CUSTODY_NIGHTS, begun.night)
        await gateway.documents.put(CUSTODY_NIGHTS, CustodyNight(night="2020-01-01", began_at=1.0, ended_at=2.0))
        due, again = await one_round(), await one_round()
        await gateway.documents.put(CUSTODY_NIGHTS, CustodyNight(night=begun.night, began_at=1.0))
        cut = await one_round()

        assert (first, due, again, cut) == (0, 1, 0, 1)
        assert outage.tries == 0


async def test_a_centre_that_is_away_ends_the_night_without_a_verdict(tmp_path: Path) -> None:
    away = CentreUnavailable("unreachable")
    async with gateway_of(tmp_path) as gateway:
        deps = await with_deliveries(gateway, AWAY_IN_ROW + 1)
        await gateway.documents.put(CUSTODY_NIGHTS, CustodyNight(night="2020-01-01", began_at=1.0, ended_at=2.0))
        outage = Outage()

        await custody_round(deps, asked_of({uid(n): away for n in range(1, AWAY_IN_ROW + 2)}), outage)

        assert (outage.tries, outage.reason) == (1, "unreachable")
        assert not gateway.of(CustodyChecked)
        nights = (await gateway.documents.find(CUSTODY_NIGHTS)).documents
        assert [night.ended_at > 0 for night in sorted(nights, key=lambda each: each.night)] == [True, False]


async def test_evidence_tells_what_is_held_and_what_waits(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = await with_deliveries(gateway, 1)
        waiting = msgspec.structs.replace(delivered(2), confirmed={}, state=DeliveryState.HELD)
        await gateway.documents.put(DELIVERIES, waiting)

        held, planned = await evidence(deps, asked_of({}), ["receipt-1", "receipt-2", "receipt-3"])

        assert held == {delivered(1).instances[0].sop_instance_uid: "held"}
        assert planned == {waiting.instances[0].sop_instance_uid: "held"}


async def test_the_night_is_that_of_the_sites_time_zone(tmp_path: Path) -> None:
    east, west = (SiteTime(ZoneInfo(name)) for name in ("Pacific/Kiritimati", "Pacific/Niue"))  # 25 hours apart
    async with gateway_of(tmp_path) as gateway:
        deps = dataclasses.replace(deps_of(gateway), site_time=east)
        await custody_round(deps, asked_of({}), Outage())
        await custody_round(dataclasses.replace(deps, site_time=west), asked_of({}), Outage())

        nights = [each.night for each in (await gateway.documents.find(CUSTODY_NIGHTS)).documents]
        assert len(nights) == 2


@pytest.mark.parametrize(("now", "night"), [("02:29", "2026-11-27"), ("02:30", "2026-11-28"), ("23:00", "2026-11-28")])
def test_a_night_begins_at_its_hour(now: str, night: str) -> None:
    assert night_of("02:30", dt.datetime.fromisoformat(f"2026-11-28T{now}:00+00:00")) == night
