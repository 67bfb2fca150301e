"""What a person asked for goes before the bulk, and the bulk still gets its share."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.linker.gateway.delivery.lanes import chosen
from services.linker.gateway.records import DELIVERIES, Delivery, Lane
from services.linker.links.states import DeliveryState
from services.linker.service import GATEWAY
from shared.bus.lanes import IN_FOUR, Lanes
from shared.events import ReportDeidentified
from tests.linker.gateway.test_one_bad_item import delivered
from tests.linker.samples import document, instances, report, uid
from tests.linker.system import Archive, gateway_environ, keep, opened, until


def of(lane: str, count: int) -> list[Delivery]:
    return [msgspec.structs.replace(delivered(number), id=f"{lane}{number}", lane=lane) for number in range(count)]


@pytest.mark.parametrize(
    ("urgent", "bulk", "taken"),
    [(0, 100, (0, 64)), (3, 100, (3, 61)), (100, 100, (48, 16)), (100, 0, (64, 0)), (2, 1, (2, 1))],
)
def test_a_round_takes_what_has_priority_and_a_share_of_the_others(
    urgent: int, bulk: int, taken: tuple[int, int]
) -> None:
    first, others = of(Lane.PRIORITY, urgent), of("", bulk)

    round_ = chosen(first, [*first, *others], 64)

    assert (sum(each.lane == Lane.PRIORITY for each in round_), sum(not each.lane for each in round_)) == taken
    assert round_[: taken[0]] == first[: taken[0]]
    assert round_[taken[0] :] == others[: taken[1]]


@given(st.lists(st.booleans(), max_size=40))
def test_every_item_comes_out_once_in_the_order_of_its_lane_and_none_starves(items: list[bool]) -> None:
    queue: Lanes[tuple[int, bool]] = Lanes(lambda item: item[1])
    queue.extend(list(enumerate(items)))

    out = [queue.pop() for _ in range(len(queue))]

    assert not queue
    for is_urgent in (True, False):
        own = [number for number, kind in out if kind is is_urgent]
        assert own == [number for number, kind in enumerate(items) if kind is is_urgent]
    waiting_bulk = items.count(False)
    for start in range(len(out) - IN_FOUR + 1):
        if sum(not kind for _, kind in out[:start]) < waiting_bulk:
            assert any(not kind for _, kind in out[start : start + IN_FOUR])


def test_what_is_put_in_front_keeps_its_order() -> None:
    queue: Lanes[int] = Lanes(lambda _: False)
    queue.extend([3])
    queue.extend_front([1, 2])

    assert [queue.pop() for _ in range(3)] == [1, 2, 3]


async def test_what_a_person_sent_passes_a_backlog_that_is_under_way(tmp_path: Path, archive: Archive) -> None:
    bulk = [instances(uid(number), 1, receipt=f"bulk-{number}") for number in range(1, 31)]
    urgent = msgspec.structs.replace(instances(uid(99), 1, receipt="by-hand"), priority=True)
    archive.delay_s = 0.2
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, streams="1")) as gateway:
        await keep(gateway.blobs["deidentified"], *bulk, urgent)
        await gateway.take(*bulk)
        await until(lambda: len(archive.stored) >= 2)

        await gateway.take(urgent)
        await until(lambda: urgent.instances[0].sop_instance_uid in archive.stored)
        before = len(archive.stored)
        archive.delay_s = 0.0
        await until(lambda: len(archive.stored) == 31, timeout_s=60.0)

    assert before < 20  # it did not wait for the round of 30 to end: it was looked for after a second


async def test_a_report_that_a_person_sent_and_what_is_recalled_have_priority(tmp_path: Path, archive: Archive) -> None:
    batch, content = instances(uid(1), 2), document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        told: ReportDeidentified = msgspec.structs.replace(report(content), priority=True)
        await keep(gateway.blobs["deidentified"], batch, documents=[content])
        await gateway.take(batch, told)

        async def lanes() -> dict[str, str]:
            return {each.kind: each.lane for each in (await gateway.documents.find(DELIVERIES)).documents}

        async def is_delivered() -> bool:
            every = (await gateway.documents.find(DELIVERIES)).documents
            return all(each.state is DeliveryState.DONE for each in every)

        sent = await lanes()
        await until(is_delivered)
        archive.recalls.append({"study_instance_uid": uid(1), "recall_id": "recall-1", "site": "hospital"})
        await until(lambda: all(count == 2 for count in archive.stored.values()))
        recalled = await lanes()

    assert sent == {"instances": Lane.BULK, "report": Lane.PRIORITY}
    assert recalled == {"instances": Lane.PRIORITY, "report": Lane.PRIORITY}
