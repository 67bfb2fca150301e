"""Two processes of the linker on the same ports do what one does: nothing twice, whatever grouping it arrives in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from services.linker.centre import feed
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import CURSORS, Cursor
from services.linker.gateway.announce import confirmed_count
from services.linker.gateway.records import DELIVERIES, Delivery
from services.linker.links.states import DeliveryKind, DeliveryState
from services.linker.service import CENTRE, GATEWAY
from services.linker.settings import LinkerSettings
from shared.errors import Conflict
from shared.events import CaseChanged, Delivered, Event
from shared.lease import Leases
from shared.terms.catalogue import Catalogue
from tests.linker.samples import document, instances, report, uid
from tests.linker.system import Archive, Opened, checked, gateway_environ, keep, opened, until

STUDY = uid(1)
E = TypeVar("E", bound=Event)
BATCHES, SIZE = 12, 5


@pytest.fixture
async def gateways(tmp_path: Path, archive: Archive) -> AsyncIterator[list[Opened]]:
    async with AsyncExitStack() as stack:
        environ = gateway_environ(archive.url)
        yield [await stack.enter_async_context(opened(GATEWAY, tmp_path, environ)) for _ in range(2)]


def published(processes: list[Opened], kind: type[E]) -> list[E]:
    """Return what was published of one type: each process witnesses a share of it."""
    return [event for process in processes for event in process.of(kind)]


async def test_two_gateways_ship_each_instance_and_report_once(gateways: list[Opened], archive: Archive) -> None:
    batches = [instances(STUDY, SIZE, first=1 + SIZE * number) for number in range(BATCHES)]
    reports = [report(document(f"R{number}"), receipt=f"r{number}") for number in range(BATCHES)]
    await keep(gateways[0].blobs["deidentified"], *batches, documents=[document(f"R{n}") for n in range(BATCHES)])

    await asyncio.gather(*(process.take(*batches[at::2], *reports[at::2]) for at, process in enumerate(gateways)))
    await until(lambda: len(archive.stored) == BATCHES * SIZE and len(archive.reports) >= BATCHES)
    await asyncio.sleep(0.3)

    assert set(archive.stored.values()) == {1}
    newest = {each["id"]: each for each in archive.reports}
    assert len(newest) == BATCHES
    # a report may go again when a later batch of its Study changes its link, and only then
    assert max(Counter((each["id"], str(each)) for each in archive.reports).values()) == 1


async def test_instances_that_come_again_in_other_batches_are_counted_once(
    gateways: list[Opened], archive: Archive
) -> None:
    one_process = [instances(STUDY, 60)]
    another_process = [instances(STUDY, 59), instances(STUDY, 1, first=60)]
    await keep(gateways[0].blobs["deidentified"], *one_process)

    await asyncio.gather(gateways[0].take(*one_process), gateways[1].take(*another_process))
    await until(lambda: _all_done(gateways[0], 3))

    def most() -> int:
        return max((event.instances for event in published(gateways, Delivered)), default=0)

    await until(lambda: most() >= 60)
    await asyncio.sleep(0.3)
    assert most() == 60


async def _all_done(gateway: Opened, count: int) -> bool:
    found = (await gateway.documents.find(DELIVERIES)).documents
    return [each.state for each in found] == [DeliveryState.DONE] * count


async def test_a_gateway_that_ends_is_followed_by_the_other(tmp_path: Path, archive: Archive) -> None:
    environ = gateway_environ(archive.url)
    async with opened(GATEWAY, tmp_path, environ) as second:
        async with opened(GATEWAY, tmp_path, environ) as first:
            await keep(first.blobs["deidentified"], instances(STUDY))
            await first.take(instances(STUDY))
            await until(lambda: len(archive.stored) == 2)
        later = instances(STUDY, first=3)
        await keep(second.blobs["deidentified"], later)

        await second.take(later)

        await until(lambda: len(archive.stored) == 4)


async def test_every_process_says_that_the_centre_is_away(gateways: list[Opened], archive: Archive) -> None:
    archive.status = 503
    await keep(gateways[0].blobs["deidentified"], instances(STUDY))

    await gateways[0].take(instances(STUDY))

    for process in gateways:

        async def away(process: Opened = process) -> bool:
            return (await process.image_outage())[1] == "http-503"

        await until(away)
        assert process.running.status is not None
        assert (await process.running.status())["centre_away_tries"] > 0


def test_what_earlier_code_wrote_as_text_is_read_as_fields() -> None:
    earlier = {
        "id": "instances/1",
        "kind": "instances",
        "state": "failed",
        "due_at": 1.0,
        "arrived_at": 1.0,
        "site": "hospital",
        "correlation_id": "r",
        "outcomes": {"1.1": "stored", "1.2": "stored:B000", "1.3": "failed:A900"},
        "kept": 2,
    }

    delivery = msgspec.convert(earlier, Delivery)

    assert (delivery.kind, delivery.state) == (DeliveryKind.INSTANCES, DeliveryState.FAILED)
    assert (delivery.confirmed, delivery.failed) == ({"1.1": "", "1.2": "B000"}, {"1.3": "A900"})
    assert confirmed_count([delivery]) == 4
    assert msgspec.convert(msgspec.to_builtins(delivery), Delivery) == delivery


async def test_two_centres_publish_each_change_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        centres = [await stack.enter_async_context(opened(CENTRE, tmp_path, {})) for _ in range(2)]
        for number in range(30):
            body = document(f"R{number}")
            await centres[number % 2].post("/api/reports", body, 201, "application/fhir+json")

        await until(lambda: len({event.report_ids for event in published(centres, CaseChanged)}) == 30)
        await asyncio.sleep(0.3)

        # the first look at unsettled links may note a report again while its POST still runs: that is one more change
        told = Counter(event.id for event in published(centres, CaseChanged))
        assert set(told.values()) == {1}


async def test_a_publisher_that_was_overtaken_does_not_move_the_cursor_back(tmp_path: Path) -> None:
    async with opened(CENTRE, tmp_path, {}, tasks=False) as centre:
        terms = Catalogue(tmp_path / "terms")
        deps = CentreDeps(centre.documents, centre.bus, LinkerSettings(), centre.session, "hospital", checked, terms)
        await feed.note(deps, "report", "R1", (STUDY,))
        leases = Leases(centre.documents, "slow", 60.0)
        async with leases.held("linker-case-changes") as lease:
            publish = deps.bus.publish

            async def overtaken(*events: Event) -> None:
                await publish(*events)
                await centre.documents.put(CURSORS, Cursor(name="case-changed", seq=1_000))

            deps.bus.publish = overtaken  # type: ignore[method-assign]
            with pytest.raises(Conflict):
                await feed.publish_some(deps, lease)

        cursor = await centre.documents.get(CURSORS, "case-changed")
        assert cursor is not None
        assert cursor.seq == 1_000
