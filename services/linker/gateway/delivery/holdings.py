"""Ask the centre what it holds, before what was sent again is delivered again.

A hospital sends much a second time that is at the centre; and some of it is not there any more: evicted, deleted, lost
with a database. Only what the centre says that it holds, by its digest, is confirmed without being sent.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.linker.gateway.delivery import stow_response
from services.linker.gateway.delivery.answers import answered
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, Holding
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, Delivery
from shared import clock
from shared.documents.optimistic import change
from shared.errors import Transient
from shared.events import InstanceRef
from shared.logs import decided
from shared.supervision import origin

AT_ONCE = 8


class Asked(NamedTuple):
    """deliveries: that still have to go.  confirmed: how many Instances the centre holds."""

    deliveries: list[Delivery]
    confirmed: int


async def confirmed_held(deps: GatewayDeps, centre: Centre, due: Sequence[Delivery], outage: Outage) -> Asked:
    """Confirm of deliveries that were sent again what the centre holds; return the others, and those not sent again.

    When the centre does not answer, the rest waits for the next round.
    """
    tries, confirmed, left = outage.tries, 0, list[Delivery]()
    for delivery in due:
        if not delivery.resent:
            left.append(delivery)
        elif outage.tries == tries:
            asked = await _asked(deps, centre, delivery, outage)
            left += [asked] if asked is not None and asked.waiting else []
            confirmed += len(delivery.waiting) - len(asked.waiting) if asked is not None else 0
    return Asked(left, confirmed)


async def _asked(deps: GatewayDeps, centre: Centre, delivery: Delivery, outage: Outage) -> Delivery | None:
    """Return the delivery as it is after the answer; None if there is none."""
    try:
        held = await held_of(centre, delivery.study_instance_uid, delivery.waiting)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
        return None
    except Transient as error:
        outage.seen(type(error).__name__, 0.0)
        return None
    except Exception as error:  # it is sent, and what is wrong with it shows there
        decided("not-asked", level="error", service="linker", error=type(error).__name__, origin=origin(error))
        return delivery
    there = {uid for uid, holding in held.items() if holding is Holding.HELD}
    verdicts = {uid: stow_response.Verdict(stow_response.Fate.STORED) for uid in there}

    async def step(old: Delivery | None) -> Delivery | None:
        if old is None or not old.resent:
            return old
        return answered(deps, msgspec.structs.replace(old, resent=False), verdicts, clock.now())

    decided("sent-again", service="linker", correlation_id=delivery.correlation_id, count=len(held) - len(there))
    return await change(deps.documents, DELIVERIES, delivery.id, step)


async def held_of(centre: Centre, study: str, instances: Sequence[InstanceRef]) -> Mapping[str, Holding]:
    """Return of each SOP Instance UID whether the centre holds it. Raises CentreUnavailable."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(ref: InstanceRef) -> Holding:
        async with gate:
            return await centre.holding(study, ref)

    answers = await asyncio.gather(*(ask(ref) for ref in instances))
    return {ref.sop_instance_uid: answer for ref, answer in zip(instances, answers, strict=True)}
