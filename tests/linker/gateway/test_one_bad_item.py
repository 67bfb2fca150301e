"""One item that no loop of the gateway can deal with: the others are announced, released, recalled, linked."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from services.linker.gateway import announce, handlers, housekeeping, linking
from services.linker.gateway.delivery import send, send_reports
from services.linker.gateway.delivery.stow_response import Fate, Verdict
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, StoreAnswer
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.opt_out_records import WITHDRAWALS, Withdrawal, WithdrawalState
from services.linker.gateway.recalls.answering import recall_round
from services.linker.gateway.records import DELIVERIES, Delivery
from services.linker.links import policy
from services.linker.links.records import LINKS
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState, Settled
from services.linker.links.unsettled import Unsettled
from services.linker.service import GATEWAY
from services.linker.settings import LinkerSettings
from shared.errors import Conflict, Unavailable
from shared.events import Delivered, InstanceRef, ReportLinked
from shared.set_aside import SET_ASIDE
from tests.breaking import breaking
from tests.linker.samples import START, document, instances, packed, report, uid
from tests.linker.system import Opened, gateway_environ, keep, opened

ERRORS = [ValueError("unforeseen"), Conflict("kept changing"), Unavailable("for this one")]


@asynccontextmanager
async def gateway_of(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(GATEWAY, tmp_path, gateway_environ("http://127.0.0.1:9"), tasks=False) as gateway:
        yield gateway


def deps_of(gateway: Opened, **ports: Any) -> GatewayDeps:
    settings = LinkerSettings(retention_h=1.0)
    own = {"documents": gateway.documents, "blobs": gateway.blobs["deidentified"], "bus": gateway.bus, **ports}
    return GatewayDeps(**own, settings=settings, policy=policy.parse("at_once"), site="hospital")


def delivered(number: int) -> Delivery:
    study = uid(number)
    batch = instances(study, 1)
    return Delivery(
        id=f"instances/{number}",
        kind=DeliveryKind.INSTANCES,
        state=DeliveryState.DONE,
        due_at=1.0,
        arrived_at=1.0,
        done_at=1.0,
        site="hospital",
        correlation_id="r",
        receipt_id=f"receipt-{number}",
        study_instance_uid=study,
        instances=batch.instances,
        confirmed={ref.sop_instance_uid: "" for ref in batch.instances},
        announce=Announcement.DUE,
    )


async def set_aside(gateway: Opened) -> list[tuple[str, str]]:
    return [(item.work, item.key) for item in (await gateway.documents.find(SET_ASIDE)).documents]


@pytest.mark.parametrize("error", ERRORS)
async def test_a_delivery_that_cannot_be_announced_stops_no_other(tmp_path: Path, error: Exception) -> None:
    async with gateway_of(tmp_path) as gateway:
        for number in (1, 2, 3):
            await gateway.documents.put(DELIVERIES, delivered(number))

        def is_bad(event: object) -> bool:
            return isinstance(event, Delivered) and event.receipt_id == "receipt-2"

        announced = await announce.announce_round(deps_of(gateway, bus=breaking(gateway.bus, "publish", is_bad, error)))

        left = await gateway.documents.find(DELIVERIES)
        assert announced == 2
        assert [each.id for each in left.documents if each.announce is Announcement.DUE] == ["instances/2"]
        assert await set_aside(gateway) == [("announce", "instances/2")]


async def test_more_bad_deliveries_than_a_page_holds_do_not_hide_the_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "_PAGE", 2)
    async with gateway_of(tmp_path) as gateway:
        for number in range(1, 6):
            await gateway.documents.put(DELIVERIES, delivered(number))

        def is_bad(event: object) -> bool:
            return isinstance(event, Delivered) and event.receipt_id < "receipt-5"

        deps = deps_of(gateway, bus=breaking(gateway.bus, "publish", is_bad, ValueError()))

        assert await announce.announce_round(deps) == 1
        assert len(await set_aside(gateway)) == 4


async def test_a_delivery_that_another_process_announced_meanwhile_does_not_stay_set_aside(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = deps_of(gateway)
        await deps.set_asides.of("announce").note("instances/9", ValueError())

        await announce.announce_round(deps)

        assert await set_aside(gateway) == []


@pytest.mark.parametrize("error", ERRORS)
async def test_a_study_whose_bytes_cannot_be_deleted_stops_no_other_release(tmp_path: Path, error: Exception) -> None:
    async with gateway_of(tmp_path) as gateway:
        for number in (1, 2, 3):
            await gateway.documents.put(DELIVERIES, delivered(number))
            await keep(gateway.blobs["deidentified"], instances(uid(number), 1))
        bad = delivered(2).instances[0].blob
        blobs = breaking(gateway.blobs["deidentified"], "delete", lambda key: key == bad, error)

        released = await housekeeping.release_round(deps_of(gateway, blobs=blobs))

        assert released == 2
        assert await set_aside(gateway) == [("release", uid(2))]


class RecallingCentre:
    """A centre that wants Studies back of patients who opted out, and fails for one of the answers."""

    def __init__(self, error: Exception) -> None:
        self.error, self.answers = error, list[str]()

    async def call(self, method: str, path: str, _: object, body: Any = None) -> tuple[int, object]:
        if method == "POST":
            if body["recall_id"] == "recall-2":
                raise self.error
            self.answers.append(body["recall_id"])
        rows = [{"study_instance_uid": uid(n), "recall_id": f"recall-{n}", "site": "hospital"} for n in (1, 2, 3)]
        return 200, {"recalls": rows, "studies": []}


@pytest.mark.parametrize("error", [*ERRORS, CentreUnavailable("http-500", may_be_request=True)])
async def test_a_recall_that_the_centre_breaks_on_stops_no_other(tmp_path: Path, error: Exception) -> None:
    async with gateway_of(tmp_path) as gateway:
        centre, outage = RecallingCentre(error), Outage()
        names = tuple(uid(number) for number in (1, 2, 3))
        state = WithdrawalState.DONE
        gone = Withdrawal(id="w", revision=1, state=state, at=1.0, patient_ids=("P",), study_instance_uids=names)
        await gateway.documents.put(WITHDRAWALS, gone)

        await recall_round(deps_of(gateway), cast("Centre", centre), outage)

        assert centre.answers == ["recall-1", "recall-3"]
        assert outage.tries == 0
        assert await set_aside(gateway) == [("recall", uid(2))]


async def unsettled_reports(gateway: Opened) -> None:
    for number in (1, 2, 3):
        body = document(f"R{number}")
        await keep(gateway.blobs["deidentified"], documents=[body])
        await gateway.take(report(body))
        link = await gateway.documents.get(LINKS, f"R{number}")
        assert link is not None
        await gateway.documents.put(LINKS, msgspec.structs.replace(link, settled=Settled.NO))


@pytest.mark.parametrize("error", ERRORS)
async def test_a_link_that_cannot_be_settled_stops_no_other(tmp_path: Path, error: Exception) -> None:
    async with gateway_of(tmp_path) as gateway:
        await gateway.take(instances(uid(1), 1))
        await unsettled_reports(gateway)

        def is_bad(*events: object) -> bool:
            return any(isinstance(event, ReportLinked) and event.report_id == "R2" for event in events)

        deps = deps_of(gateway, bus=breaking(gateway.bus, "publish", is_bad, error))
        unsettled = Unsettled(deps.documents, deps.set_asides.of("settle"), lambda link: linking.settle(deps, link))

        assert await unsettled.look() == 2
        assert await set_aside(gateway) == [("settle", "R2")]


def _reads(report_id: str) -> Callable[..., bool]:
    return lambda collection, key: collection is LINKS and key == report_id


async def test_a_report_that_cannot_be_linked_keeps_no_other_from_its_study_and_is_tried_again(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        for number in (1, 2, 3):
            body = document(f"R{number}")
            await keep(gateway.blobs["deidentified"], documents=[body])
            await gateway.take(report(body))
        broken = breaking(gateway.documents, "get_versioned", _reads("R2"), ValueError())

        await handlers.take_instances(instances(uid(1), 1, at=START), deps_of(gateway, documents=broken))

        links = {f"R{n}": await gateway.documents.get(LINKS, f"R{n}") for n in (1, 2, 3)}
        assert [bool(link and link.studies) for link in links.values()] == [True, False, True]
        assert await set_aside(gateway) == [("relink", "R2")]

        assert await linking.relink_again(deps_of(gateway)) == 1

        again = await gateway.documents.get(LINKS, "R2")
        assert again is not None
        assert again.studies == (uid(1),)
        assert await set_aside(gateway) == []


class TakingCentre:
    """A centre that takes everything."""

    rate = 0.0

    def __init__(self) -> None:
        self.stored: list[str] = []
        self.reports: list[bytes] = []

    async def store(self, _: str, refs: Sequence[InstanceRef], __: str) -> StoreAnswer:
        uids = [ref.sop_instance_uid for ref in refs]
        self.stored += uids
        return StoreAnswer(200, {uid: Verdict(Fate.STORED, "") for uid in uids})

    async def post_report(self, document: bytes, _: str) -> int:
        self.reports.append(document)
        return 201


async def test_an_instance_whose_bytes_cannot_be_looked_up_waits_alone_and_is_not_given_up(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        batch, other = instances(uid(1), 5), instances(uid(2), 2)
        await keep(gateway.blobs["deidentified"], batch, other)
        await gateway.take(batch, other)
        bad = batch.instances[2]
        blobs = breaking(
            gateway.blobs["deidentified"], "size", lambda key: key == bad.blob, Unavailable("for this one")
        )
        centre, outage = TakingCentre(), Outage()

        for _ in range(3):
            await send.instances_round(deps_of(gateway, blobs=blobs), cast("Centre", centre), outage)

        expected = {ref.sop_instance_uid for ref in (*batch.instances, *other.instances)} - {bad.sop_instance_uid}
        assert set(centre.stored) == expected
        assert outage.tries == 0
        left = await gateway.documents.get(DELIVERIES, f"instances/{batch.id}")
        assert left is not None
        assert (left.state, left.reason, left.tries) == (DeliveryState.PENDING, "Unavailable", {})
        assert left.waiting == (bad,)


async def test_a_delivery_whose_record_cannot_be_written_stops_no_other(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        batches = [instances(uid(number), 1) for number in (1, 2, 3)]
        await keep(gateway.blobs["deidentified"], *batches)
        await gateway.take(*batches)
        bad = f"instances/{batches[1].id}"
        broken = breaking(
            gateway.documents, "get_versioned", lambda kind, key: kind is DELIVERIES and key == bad, ValueError()
        )
        deps, outage = deps_of(gateway, documents=broken), Outage()

        await send.instances_round(deps, cast("Centre", TakingCentre()), outage)

        found = (await gateway.documents.find(DELIVERIES)).documents
        assert {each.id for each in found if each.state is DeliveryState.PENDING} == {bad}
        ((work, key),) = await set_aside(gateway)
        assert (work, key.split()[0]) == ("deliver images", bad)


async def test_a_report_whose_bytes_cannot_be_read_waits_and_is_not_given_up(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        bodies = [document(f"R{number}") for number in (1, 2, 3)]
        for body in bodies:
            await keep(gateway.blobs["deidentified"], documents=[body])
            await gateway.take(report(body))
        bad = f"reports/{packed(bodies[1])[1]}.json"
        blobs = breaking(gateway.blobs["deidentified"], "get", lambda key: key == bad, Unavailable("for this one"))
        centre, outage = TakingCentre(), Outage()

        await send_reports.reports_round(deps_of(gateway, blobs=blobs), cast("Centre", centre), outage)

        assert len(centre.reports) == 2
        assert outage.tries == 0
        left = await gateway.documents.get(DELIVERIES, "report/R2")
        assert left is not None
        assert (left.state, left.reason, left.attempts) == (DeliveryState.PENDING, "Unavailable", 0)
