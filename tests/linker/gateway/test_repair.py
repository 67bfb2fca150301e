"""What the centre misses of some receipts is due again once, before the bulk; what is not here is named."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.opt_out_records import WITHDRAWALS, Withdrawal, WithdrawalState
from services.linker.gateway.planning import report_key
from services.linker.gateway.recalls.fetching import ask_repairs, take_fetched
from services.linker.gateway.recalls.records import FETCHES, FetchState
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, WITHDRAWN, Delivery, Lane
from services.linker.gateway.repair import Wanted, ask_pacs, deliver_missing
from services.linker.links.states import DeliveryState
from shared.errors import Unavailable
from shared.events import RecallWanted, StudyFetched
from tests.breaking import breaking
from tests.linker.gateway.test_one_bad_item import delivered, deps_of, gateway_of
from tests.linker.samples import document, report, uid
from tests.linker.system import Opened, keep, until


def name_of(number: int) -> str:
    return delivered(number).instances[0].sop_instance_uid


async def with_bytes(gateway: Opened, number: int, **fields: Any) -> Delivery:
    """Keep a delivery that is done, with its bytes."""
    delivery = delivered(number)
    (ref,) = delivery.instances
    await gateway.blobs["deidentified"].put(ref.blob, bytes(ref.size_bytes))
    delivery = msgspec.structs.replace(delivery, **fields)
    await gateway.documents.put(DELIVERIES, delivery)
    return delivery


async def state_of(deps: GatewayDeps, number: int) -> tuple[DeliveryState, str, tuple[str, ...]]:
    delivery = await deps.documents.get(DELIVERIES, f"instances/{number}")
    assert delivery is not None
    return delivery.state, delivery.lane, delivery.recalled


async def test_what_is_missing_is_due_once_before_the_bulk_and_nothing_else_is(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = deps_of(gateway)
        await with_bytes(gateway, 1)
        await with_bytes(gateway, 2)
        await gateway.documents.put(DELIVERIES, msgspec.structs.replace(delivered(3), state=DeliveryState.RELEASED))
        receipts, missing = ["receipt-1", "receipt-2", "receipt-3"], {name_of(1), name_of(3)}

        first = await deliver_missing(deps, receipts, missing)
        second = await deliver_missing(deps, receipts, missing)

        assert (first.again, first.under_way, second.again, second.under_way) == (1, 0, 0, 1)
        assert first.lost == second.lost == {name_of(3): uid(3)}
        assert await state_of(deps, 1) == (DeliveryState.PENDING, Lane.PRIORITY, (name_of(1),))
        assert (await state_of(deps, 2))[0] is DeliveryState.DONE


async def test_what_was_rejected_or_is_of_who_opted_out_is_not_delivered_again(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = deps_of(gateway)
        await with_bytes(gateway, 1, confirmed={}, failed={name_of(1): WITHDRAWN})
        await with_bytes(gateway, 2)
        await gateway.documents.put(WITHDRAWALS, withdrawal_of(uid(2)))

        result = await deliver_missing(deps, ["receipt-1", "receipt-2"], {name_of(1), name_of(2)})
        wanted = await ask_pacs(deps, [uid(2)])

        assert (result.again, result.opted_out, result.lost) == (0, 1, {})
        assert wanted == Wanted(0, 0, 1)
        assert (await state_of(deps, 1))[0] is (await state_of(deps, 2))[0] is DeliveryState.DONE


@pytest.mark.parametrize("is_opted_out", [False, True])
async def test_a_report_that_is_missing_goes_again_once_unless_its_patient_opted_out(
    tmp_path: Path, is_opted_out: bool
) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = deps_of(gateway)
        body = document("R1")
        await keep(gateway.blobs["deidentified"], documents=[body])
        await gateway.take(report(body))
        (seen,) = (await gateway.documents.find(REPORTS_SEEN)).documents
        key, name = report_key(seen.report_id), f"{seen.report_id}|{seen.current.sha256}"
        planned = await gateway.documents.get(DELIVERIES, key)
        assert planned is not None
        done = msgspec.structs.replace(planned, state=DeliveryState.DONE, sent=planned.want)
        await gateway.documents.put(DELIVERIES, done)
        if is_opted_out:
            await gateway.documents.put(WITHDRAWALS, withdrawal_of(uid(9), seen.report_id))

        first = await deliver_missing(deps, seen.receipt_ids, {name})
        second = await deliver_missing(deps, seen.receipt_ids, {name})

        now = await gateway.documents.get(DELIVERIES, key)
        assert now is not None
        assert (first.reports_again, first.opted_out) == ((0, 1) if is_opted_out else (1, 0))
        assert (second.reports_again, second.under_way) == (0, int(not is_opted_out))
        assert now.state is (DeliveryState.DONE if is_opted_out else DeliveryState.PENDING)


async def test_a_study_that_cannot_be_looked_at_stops_no_other(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        for number in (1, 2):
            await with_bytes(gateway, number)
        bad = delivered(1).instances[0].blob
        blobs = breaking(gateway.blobs["deidentified"], "size", lambda key: key == bad, Unavailable("away"))

        result = await deliver_missing(
            deps_of(gateway, blobs=blobs), ["receipt-1", "receipt-2"], {name_of(1), name_of(2)}
        )

        assert (result.again, result.failed) == (1, {uid(1): "Unavailable"})


async def test_the_pacs_is_asked_once_while_a_repair_is_open(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        deps = deps_of(gateway)

        wanted = [await ask_pacs(deps, [uid(1)]), await ask_pacs(deps, [uid(1)])]
        await ask_repairs(deps)
        await ask_repairs(deps)
        await until(lambda: len(gateway.of(RecallWanted)) == 1)
        (asked,) = gateway.of(RecallWanted)
        own = {"correlation_id": "r", "site": "hospital", "recall_id": asked.recall_id}
        await take_fetched(StudyFetched.first("k", **own, outcome="fetched", is_end=True), deps)
        (fetch,) = (await gateway.documents.find(FETCHES)).documents

        assert wanted == [Wanted(1, 0, 0), Wanted(0, 1, 0)]
        assert asked.study_instance_uid == uid(1)
        assert fetch.state is FetchState.ENDED
        assert await ask_pacs(deps, [uid(1)]) == Wanted(1, 0, 0)


def withdrawal_of(study: str, *report_ids: str) -> Withdrawal:
    """Return the withdrawal of a patient who has this Study and these reports."""
    state = next(iter(WithdrawalState))
    own = Withdrawal(id="w", revision=1, at=1.0, patient_ids=("P",), study_instance_uids=(study,), state=state)
    return msgspec.structs.replace(own, report_ids=report_ids)
