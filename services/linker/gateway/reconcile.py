"""Compare the ledger of deliveries with the centre and with our own bytes, and have delivered again what is missing.

Every Instance that the centre confirmed once is asked for by its digest, every report by its version. What the centre
evicted by itself is no difference: a recall brings it back; nor is what was deleted or withdrawn there, which is never
delivered again from here. Runs beside the services: a delivery is made due again by a
guarded write, and the delivery worker ships it. A Study that the centre, or one of our own stores, errors on is told
and the next one is compared; only a centre that answers nothing ends it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from services.linker.gateway import planning
from services.linker.gateway.delivery.holdings import held_of
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, Holding
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, Delivery, Lane
from services.linker.links.states import DeliveryKind, DeliveryState
from shared import clock
from shared.documents import Eq, Order
from shared.documents.optimistic import change
from shared.events import InstanceRef
from shared.logs import decided
from shared.supervision import origin

AWAY_IN_ROW = 20
"""After as many Studies and reports in a row that the centre says nothing of, the others are not asked for."""
Step = Callable[[], Awaitable[bool]]
_SETTLED = (DeliveryState.DONE, DeliveryState.FAILED)


class Compared(msgspec.Struct):
    """What was found, in Instances and reports.

    held: at the centre, with our digest or version.  evicted: the centre let go of the bytes by itself.
    gone: an administrator there deleted it, or it was withdrawn.
    other: the centre has other bytes or another version, or says no digest.  untold: confirmed by code that kept too
    little to ask by.  again: missing at the centre, and due to be delivered again, or would be in a dry run.
    lost: missing at the centre, and the de-identified bytes are not here any more: SOP Instance UID → Study.
    unsendable: waiting to be delivered, and their bytes are not here: SOP Instance UID → Study.
    failed: Study → why it, or a report on it, could not be compared.  ended: whether the centre answered no more.
    """

    held: int = 0
    evicted: int = 0
    gone: int = 0
    other: int = 0
    untold: int = 0
    again: int = 0
    reports_held: int = 0
    reports_again: int = 0
    lost: dict[str, str] = {}
    unsendable: dict[str, str] = {}
    failed: dict[str, str] = {}
    ended: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether the centre has told nothing."""
        instances = self.held + self.evicted + self.gone + self.other + self.untold + self.again + len(self.lost)
        return not (instances + self.reports_held + self.reports_again)


async def reconcile(deps: GatewayDeps, centre: Centre, *, dry_run: bool) -> AsyncIterator[Compared]:
    """Compare all; yield after every Study and report. Raises CentreUnavailable if the centre tells nothing at all."""
    compared, away = Compared(), list[CentreUnavailable]()
    async for study, step in _steps(deps, centre, compared, dry_run=dry_run):
        try:
            if await step():
                away.clear()
        except CentreUnavailable as error:
            away.append(error)
            compared.failed[study] = error.reason
        except Exception as error:
            compared.failed[study] = type(error).__name__
            decided("not-compared", level="error", service="linker", error=type(error).__name__, origin=origin(error))
        compared.ended = len(away) >= AWAY_IN_ROW
        if compared.ended:
            break
        yield compared
    if away and compared.is_empty:
        raise away[-1]
    yield compared


async def _steps(
    deps: GatewayDeps, centre: Centre, compared: Compared, *, dry_run: bool
) -> AsyncIterator[tuple[str, Step]]:
    """Yield each Study with what compares it, then each report with its Study; a step says if the centre answered."""
    async for study, deliveries in _studies(deps):
        yield study, partial(_study, deps, centre, study, deliveries, compared, dry_run=dry_run)
    async for delivery in deps.documents.every(DELIVERIES, Eq("kind", DeliveryKind.REPORT)):
        step = partial(_report, deps, centre, delivery, compared, dry_run=dry_run)
        yield delivery.study_instance_uid, step


async def _studies(deps: GatewayDeps) -> AsyncIterator[tuple[str, list[Delivery]]]:
    study, gathered = "", list[Delivery]()
    where, order = Eq("kind", DeliveryKind.INSTANCES), (Order("study_instance_uid"),)
    async for delivery in deps.documents.every(DELIVERIES, where, order=order):
        if gathered and delivery.study_instance_uid != study:
            yield study, gathered
            gathered = []
        study = delivery.study_instance_uid
        gathered.append(delivery)
    if gathered:
        yield study, gathered


async def _study(
    deps: GatewayDeps,
    centre: Centre,
    study: str,
    deliveries: Sequence[Delivery],
    compared: Compared,
    *,
    dry_run: bool,
) -> bool:
    refs = confirmed_refs(deliveries)
    holdings, here = await held_of(centre, study, list(refs.values())), await bytes_here(deps, deliveries)
    compared.untold += len({uid for each in deliveries for uid in each.confirmed} - refs.keys())
    compared.held += sum(each is Holding.HELD for each in holdings.values())
    compared.evicted += sum(each is Holding.EVICTED for each in holdings.values())
    compared.gone += sum(each in (Holding.DELETED, Holding.WITHDRAWN) for each in holdings.values())
    other = [uid for uid, each in holdings.items() if each is Holding.OTHER]
    compared.untold += sum(not refs[uid].sha256 for uid in other)
    compared.other += sum(bool(refs[uid].sha256) for uid in other)
    missing = {uid for uid, each in holdings.items() if each is Holding.ABSENT}
    compared.lost |= dict.fromkeys(sorted(missing - here), study)
    compared.again += len(missing & here)
    waiting = {ref.sop_instance_uid for each in deliveries if _is_waiting(each) for ref in each.waiting}
    compared.unsendable |= dict.fromkeys(sorted(waiting - here), study)
    if not dry_run and missing & here:
        await deliver_again(deps, deliveries, missing & here)
    return bool(refs)


def confirmed_refs(deliveries: Iterable[Delivery]) -> dict[str, InstanceRef]:
    """Return what the centre confirmed, as it was sent last."""
    refs: dict[str, InstanceRef] = {}
    for delivery in sorted(deliveries, key=lambda each: each.done_at):
        own = {ref.sop_instance_uid: ref for ref in delivery.instances}
        refs |= {uid: ref for uid, ref in own.items() if uid in delivery.confirmed}
    return refs


def _is_waiting(delivery: Delivery) -> bool:
    return delivery.state in (DeliveryState.PENDING, DeliveryState.HELD) and not delivery.resent


async def bytes_here(deps: GatewayDeps, deliveries: Iterable[Delivery]) -> set[str]:
    """Return the SOP Instance UIDs whose de-identified bytes are at the gateway."""
    refs: Mapping[str, InstanceRef] = {
        ref.sop_instance_uid: ref
        for each in deliveries
        if each.state is not DeliveryState.RELEASED
        for ref in each.instances
    }
    return {uid for uid, ref in refs.items() if await deps.blobs.size(ref.blob) == ref.size_bytes}


async def deliver_again(
    deps: GatewayDeps, deliveries: Sequence[Delivery], missing: set[str], lane: Lane | None = None
) -> None:
    """Make each missing Instance due in one delivery that has it. lane: that it goes in; None is that of before."""
    left = set(missing)
    for delivery in (each for each in deliveries if each.state in _SETTLED):
        own = left & {ref.sop_instance_uid for ref in delivery.instances} & delivery.confirmed.keys()
        if not own:
            continue
        left -= own

        async def step(old: Delivery | None, own: set[str] = own) -> Delivery | None:
            if old is None or old.state not in _SETTLED:
                return None
            recalled = tuple(sorted({*old.recalled, *own}))
            due = msgspec.structs.replace(old, recalled=recalled, attempts=0, tries={}, due_at=clock.now())
            return msgspec.structs.replace(due, state=DeliveryState.PENDING, done_at=0.0, lane=lane or old.lane)

        await change(deps.documents, DELIVERIES, delivery.id, step)


async def _report(deps: GatewayDeps, centre: Centre, delivery: Delivery, compared: Compared, *, dry_run: bool) -> bool:
    if delivery.state is not DeliveryState.DONE or not delivery.sent:
        return False
    version = await centre.report_version(delivery.report_id)
    if version == delivery.sent.partition("|")[0]:
        compared.reports_held += 1
    elif version is not None:
        compared.other += 1
    else:
        compared.reports_again += 1
        if not dry_run:
            await planning.resend_report(deps, delivery.report_id)
            await planning.plan_report(deps, delivery.report_id)
    return True
