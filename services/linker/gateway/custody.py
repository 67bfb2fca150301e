"""Ask the centre each night what it holds of what it had confirmed, and publish that for the custody ledger.

What is found is published, and counted in the record of the night; nothing is sent again from here: that is what
``jmid reconcile gateway`` does. A night that was cut off is begun anew. A Study that the centre errors on stops no
other; it is counted as one that was not asked for, and asked for the next night.
"""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import msgspec

from services.linker.gateway.announce import report_outcomes
from services.linker.gateway.delivery.holdings import held_of
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, Holding
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.reconcile import AWAY_IN_ROW, confirmed_refs
from services.linker.gateway.records import CUSTODY_NIGHTS, DELIVERIES, REPORTS_SEEN, WITHDRAWN, CustodyNight, Delivery
from services.linker.links.states import DeliveryKind, DeliveryState
from shared import clock
from shared.documents import Eq, Order, Range
from shared.events import CustodyChecked
from shared.logs import decided
from shared.supervision import origin

_DAY_S: Final = 86_400.0
_NAMES: Final = 500
_ANSWERED: Final = (DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.RELEASED, DeliveryState.PENDING)
Holdings = dict[str, dict[str, str]]
"""Receipt → name of a content, as Delivered gives it → what the centre holds of it."""


def night_of(at: str, now: dt.datetime) -> str:
    """Return the date of the last time that it was this time of day. at: HH:MM.  now: in the site's time zone."""
    is_past = now.time() >= dt.time.fromisoformat(at)
    return (now.date() - dt.timedelta(0 if is_past else 1)).isoformat()


async def custody_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Compare if a night is due; return 0. The first start leaves the night that has begun alone."""
    if not deps.settings.reconcile_at:
        return 0
    night = night_of(deps.settings.reconcile_at, deps.site_time.now())
    known = await deps.documents.get(CUSTODY_NIGHTS, night)
    if known is None and not await deps.documents.count(CUSTODY_NIGHTS):
        await deps.documents.put(CUSTODY_NIGHTS, CustodyNight(night=night, began_at=clock.now(), ended_at=clock.now()))
    elif known is None or not known.ended_at:
        try:
            await compare_night(deps, centre, night)
        except CentreUnavailable as error:
            outage.seen(error.reason, error.retry_after_s)
    return 0


async def compare_night(deps: GatewayDeps, centre: Centre, night: str) -> CustodyNight:
    """Ask for what was confirmed in the days of the settings; publish what is held. Raises CentreUnavailable."""
    begun = CustodyNight(night=night, began_at=clock.now())
    await deps.documents.put(CUSTODY_NIGHTS, begun)
    counts: dict[str, int] = dict.fromkeys(("held", "evicted", "withdrawn", "deleted", "absent", "other"), 0)
    unasked, in_row = 0, 0
    since = clock.now() - deps.settings.reconcile_days * _DAY_S
    async for holdings in _each(deps, centre, since):
        if isinstance(holdings, Exception):
            unasked, in_row = unasked + 1, in_row + isinstance(holdings, CentreUnavailable)
            if isinstance(holdings, CentreUnavailable) and in_row >= AWAY_IN_ROW:
                raise holdings
            continue
        in_row = 0
        await deps.bus.publish(*_events(deps, night, holdings))
        for own in holdings.values():
            for word in own.values():
                counts[word] += 1
    ended = msgspec.structs.replace(begun, ended_at=clock.now(), unasked=unasked, **counts)
    await deps.documents.put(CUSTODY_NIGHTS, ended)
    is_good = not (ended.differences or unasked)
    decided("custody-compared", level="info" if is_good else "warning", service="linker", count=ended.asked)
    return ended


async def _each(deps: GatewayDeps, centre: Centre, since: float) -> AsyncIterator[Holdings | Exception]:
    """Yield what is held of each Study and report that was answered about since then, or why that is not known."""
    studies: dict[str, None] = {}
    reports: list[Delivery] = []
    for kind in DeliveryKind:
        for state in _ANSWERED:
            where = (Eq("kind", kind), Eq("state", state), Range("done_at", since, None))
            async for each in deps.documents.every(DELIVERIES, *where):
                if kind is DeliveryKind.INSTANCES:
                    studies[each.study_instance_uid] = None
                else:
                    reports.append(each)
    for study in studies:
        try:
            yield await study_holdings(deps, centre, study)
        except Exception as error:
            yield _noted(error)
    for report in reports:
        try:
            yield await report_holdings(deps, centre, report)
        except Exception as error:
            yield _noted(error)


def _noted(error: Exception) -> Exception:
    decided("not-compared", level="warning", service="linker", error=type(error).__name__, origin=origin(error))
    return error


async def study_holdings(deps: GatewayDeps, centre: Centre, study: str) -> Holdings:
    """Return what the centre holds of a Study's Instances that it confirmed, by receipt."""
    deliveries = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study))
    batches = [each for each in deliveries if each.kind is DeliveryKind.INSTANCES and not each.withdraws]
    held = await held_of(centre, study, list(confirmed_refs(batches).values()))
    return _by_receipt(batches, held)


def _by_receipt(batches: Sequence[Delivery], held: Mapping[str, Holding]) -> Holdings:
    by_receipt: Holdings = {}
    for batch in batches:
        own = by_receipt.setdefault(batch.receipt_id, {})
        own |= {uid: held[uid].value for uid in batch.confirmed if uid in held}
        own |= {uid: WITHDRAWN for uid, reason in batch.failed.items() if reason == WITHDRAWN}
    return by_receipt


async def report_holdings(deps: GatewayDeps, centre: Centre, delivery: Delivery) -> Holdings:
    """Return what the centre holds of the versions of a report that it has, or has a later one of, by receipt."""
    report = await deps.documents.get(REPORTS_SEEN, delivery.report_id)
    if report is None or not delivery.sent:
        return {}
    version = await centre.report_version(delivery.report_id)
    is_held = version == delivery.sent.partition("|")[0]
    word = Holding.HELD if is_held else Holding.ABSENT if version is None else Holding.OTHER
    names = {receipt: report_outcomes(delivery, report, receipt)[0] for receipt in report.receipt_ids}
    return {receipt: dict.fromkeys(own, word.value) for receipt, own in names.items() if own}


def _events(deps: GatewayDeps, night: str, holdings: Holdings) -> list[CustodyChecked]:
    events: list[CustodyChecked] = []
    for receipt_id, own in holdings.items():
        names = sorted(own)
        for start in range(0, len(names), _NAMES):
            chosen = {name: own[name] for name in names[start : start + _NAMES]}
            key = "|".join((night, receipt_id, *map("=".join, chosen.items())))
            events.append(
                CustodyChecked.first(
                    hashlib.sha256(key.encode()).hexdigest(),
                    correlation_id=receipt_id,
                    site=deps.site,
                    receipt_id=receipt_id,
                    holdings=chosen,
                )
            )
    return events


async def newest_nights(deps: GatewayDeps, limit: int) -> list[CustodyNight]:
    """Return the newest nights, the newest first."""
    order = (Order("night", descending=True),)
    return (await deps.documents.find(CUSTODY_NIGHTS, order=order, limit=limit)).documents


async def figures(deps: GatewayDeps) -> Mapping[str, int]:
    """Return when the centre was compared last, and what it did not hold then; 0 if it never was."""
    ended = [night for night in await newest_nights(deps, 10) if night.ended_at]
    last = ended[0] if ended else CustodyNight(night="", began_at=0.0, ended_at=clock.now())
    return {
        "last compared with the centre, seconds": max(0, int(clock.now() - last.ended_at)),
        "not at the centre as confirmed": last.differences,
        "deleted at the centre": last.deleted,
        "not compared with the centre": last.unasked,
    }


async def evidence(
    deps: GatewayDeps, centre: Centre, receipt_ids: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return of the contents of receipts what the centre holds now, and which delivery's state those have that wait.

    Both by the names that Delivered gives. Raises CentreUnavailable.
    """
    holdings: dict[str, str] = {}
    planned: dict[str, str] = {}
    studies: dict[str, None] = {}
    for receipt_id in receipt_ids:
        for batch in await deps.documents.find_all(DELIVERIES, Eq("receipt_id", receipt_id)):
            studies[batch.study_instance_uid] = None
            planned |= {ref.sop_instance_uid: batch.state.value for ref in batch.waiting}
        for report in await deps.documents.find_all(REPORTS_SEEN, Eq("receipt_ids", receipt_id)):
            delivery = await deps.documents.get(DELIVERIES, f"report/{report.report_id}")
            if delivery is None:
                continue
            for own in (await report_holdings(deps, centre, delivery)).values():
                holdings |= own
            planned |= {f"{report.report_id}|{version.sha256}": delivery.state.value for version in report.versions}
    for study in studies:
        for own in (await study_holdings(deps, centre, study)).values():
            holdings |= own
    return holdings, planned
