"""Have gateway and centre agree about who opted out, when one of them was restored from a backup of before.

The centre forgot a withdrawal: it is asked for again. The gateway forgot an opt-out: the anonymizer is told of it. What
one says is lifted and the other is not stays as the stricter of both has it, until a person decides anew.
"""

from collections.abc import Iterable

import msgspec

from services.linker.gateway.delivery import withdrawing
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.withdrawing import AtCentre
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.opt_out_records import WITHDRAWALS, Withdrawal, WithdrawalState
from shared.documents import Eq
from shared.documents.optimistic import change
from shared.events import OptOutRemembered
from shared.logs import decided

_IN_FORCE = frozenset({"requested", "done"})
"""What the centre calls a withdrawal that is not lifted."""


async def agreement_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Compare what both know; return how many opt-outs one of them had forgotten."""
    try:
        at_centre = await withdrawing.every(centre, deps.site)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
        return 0
    if at_centre is None:  # a centre of before, which lets no gateway ask
        return 0
    done = await deps.documents.find_all(WITHDRAWALS, Eq("state", WithdrawalState.DONE))
    forgotten = forgotten_there(done, at_centre)
    for row in forgotten:
        await change(deps.documents, WITHDRAWALS, row.id, _requested)
    known = await deps.documents.get_many(WITHDRAWALS, [each.id for each in at_centre])
    unknown = [each for each in at_centre if each.state in _IN_FORCE and each.id not in known and each.patients]
    await deps.bus.publish(*(_remembered(deps, each) for each in unknown))
    if forgotten or unknown:
        decided("opt-outs-remembered", level="warning", service="linker", count=len(forgotten) + len(unknown))
        deps.wake_up.set()
    return len(forgotten)


def forgotten_there(done: Iterable[Withdrawal], at_centre: Iterable[AtCentre]) -> list[Withdrawal]:
    """Return what was carried out and the centre does not know any more, or takes for lifted. Pure."""
    in_force = {each.id for each in at_centre if each.state in _IN_FORCE}
    return [row for row in done if not row.lifts and row.id not in in_force]


async def _requested(old: Withdrawal | None) -> Withdrawal | None:
    if old is None or old.lifts or old.state is not WithdrawalState.DONE:
        return None
    return msgspec.structs.replace(old, state=WithdrawalState.REQUESTED)


def _remembered(deps: GatewayDeps, each: AtCentre) -> OptOutRemembered:
    return OptOutRemembered.first(
        f"{each.id}|{each.requested_at}",
        correlation_id=each.id,
        site=deps.site,
        opt_out_id=each.id,
        digests=each.patients,
    )
