"""Publish what the centre confirmed, or will not take, of each receipt."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from services.linker.gateway import planning
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, Delivery, SeenReport
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState
from shared.documents import Eq
from shared.documents.optimistic import change
from shared.events import Delivered

_PAGE = 100
_NAMES = 500
"""How many names one event has at most."""


async def announce_round(deps: GatewayDeps) -> int:
    """Publish Delivered for what was answered since; a crash before the mark is cleared publishes it again."""
    totals: dict[str, tuple[int, int]] = {}

    async def announce(delivery: Delivery) -> None:
        receipts = await _receipts(deps, delivery)
        for receipt_id in receipts:
            if receipt_id not in totals:
                totals[receipt_id] = await _totals(deps, receipt_id)
            outcomes = await _outcomes(deps, delivery, receipt_id)
            await deps.bus.publish(*_events(receipt_id, delivery, *outcomes, *totals[receipt_id]))
        await _announced(deps, delivery, receipts)

    work, announced, after = deps.set_asides.of("announce"), 0, None
    keys: set[str] = set()
    while True:  # page by page: those that are set aside stay in front of the others
        page = await deps.documents.find(DELIVERIES, Eq("announce", Announcement.DUE), limit=_PAGE, after=after)
        announced += await work.each(page.documents, lambda delivery: delivery.id, announce)
        keys |= {delivery.id for delivery in page.documents}
        after = page.next
        if after is None:
            await work.keep_only(keys)
            return announced


async def _receipts(deps: GatewayDeps, delivery: Delivery) -> tuple[str, ...]:
    if delivery.kind is DeliveryKind.INSTANCES:
        return () if delivery.withdraws else (delivery.receipt_id,)
    report = await deps.documents.get(REPORTS_SEEN, delivery.report_id)
    return report.receipt_ids if report else ()


async def _outcomes(deps: GatewayDeps, delivery: Delivery, receipt_id: str) -> tuple[set[str], dict[str, str]]:
    """Return what of a receipt the centre confirmed by this delivery, and what it will not take, and why."""
    if delivery.kind is DeliveryKind.INSTANCES:
        return set(delivery.confirmed), dict(delivery.failed)
    report = await deps.documents.get(REPORTS_SEEN, delivery.report_id)
    return report_outcomes(delivery, report, receipt_id) if report else (set(), {})


def report_outcomes(delivery: Delivery, report: SeenReport, receipt_id: str) -> tuple[set[str], dict[str, str]]:
    """Return which versions of a receipt the centre has, or has a later one of; and which it will not take, and why."""
    order = [version.sha256 for version in report.versions]
    sent = delivery.sent.partition("|")[0]
    known = order[: order.index(sent) + 1] if sent in order else []
    own = {version.sha256 for version in report.versions if receipt_id in version.receipt_ids}
    failed = {order[-1]} & own - set(known) if delivery.state is DeliveryState.FAILED else set()
    name = f"{report.report_id}|{{}}"
    return {name.format(each) for each in own & set(known)}, {name.format(each): delivery.reason for each in failed}


def _events(
    receipt_id: str, cause: Delivery, confirmed: set[str], failed: dict[str, str], instances: int, reports: int
) -> Iterator[Delivered]:
    names = sorted({*confirmed, *failed})
    for start in range(0, len(names), _NAMES):
        chosen = names[start : start + _NAMES]
        taken = tuple(name for name in chosen if name in confirmed)
        lost = {name: failed[name] for name in chosen if name not in confirmed}
        content = "|".join((receipt_id, str(instances), str(reports), *taken, "failed", *map("=".join, lost.items())))
        yield Delivered.first(
            hashlib.sha256(content.encode()).hexdigest(),
            correlation_id=cause.correlation_id,
            site=cause.site,
            receipt_id=receipt_id,
            instances=instances,
            reports=reports,
            confirmed=taken,
            failed=lost,
        )


async def _announced(deps: GatewayDeps, seen: Delivery, receipts: tuple[str, ...]) -> None:
    async def step(now: Delivery | None) -> Delivery | None:
        if now is None or now.confirmed != seen.confirmed or now.sent != seen.sent or now.failed != seen.failed:
            return None
        if now.kind is DeliveryKind.REPORT and now.state is not seen.state:
            return None
        return msgspec.structs.replace(now, announce=Announcement.NONE, told=tuple(sorted({*now.told, *receipts})))

    await change(deps.documents, DELIVERIES, seen.id, step)
    if seen.kind is DeliveryKind.REPORT:
        await planning.plan_report(deps, seen.report_id)  # a receipt that came meanwhile is due again


async def _totals(deps: GatewayDeps, receipt_id: str) -> tuple[int, int]:
    """Return how many Instances and versions of reports of a receipt were confirmed."""
    found = await deps.documents.find_all(DELIVERIES, Eq("receipt_id", receipt_id))
    batches = [each for each in found if not each.withdraws]
    reports = 0
    for report in await deps.documents.find_all(REPORTS_SEEN, Eq("receipt_ids", receipt_id)):
        delivery = await deps.documents.get(DELIVERIES, planning.report_key(report.report_id))
        if delivery is not None and delivery.sent:
            reports += len(report_outcomes(delivery, report, receipt_id)[0])
    return confirmed_count(batches), reports


def confirmed_count(deliveries: Iterable[Delivery]) -> int:
    """Return how many different Instances the centre has confirmed.

    The same Instance may be in several deliveries: after a crash contents are published in other batches.
    """
    batches = list(deliveries)
    return len({uid for batch in batches for uid in batch.confirmed}) + sum(batch.kept for batch in batches)
