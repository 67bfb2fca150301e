"""What becomes of a delivery of Instances by the centre's answer. Pure."""

from collections.abc import Mapping

import msgspec

from services.linker.gateway.delivery import stow_response
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import WITHDRAWN, Delivery
from services.linker.links.states import Announcement, DeliveryState


def answered(deps: GatewayDeps, old: Delivery, verdicts: Mapping[str, stow_response.Verdict], now: float) -> Delivery:
    """Return the delivery after an answer about some of its Instances."""
    verdicts = {uid: verdict for uid, verdict in verdicts.items() if old.failed.get(uid) != WITHDRAWN}
    unsure = {uid for uid, verdict in verdicts.items() if verdict.fate is stow_response.Fate.RETRY}
    tries = old.tries | {uid: old.tries.get(uid, 0) + 1 for uid in unsure}
    given_up = {uid for uid in unsure if tries[uid] >= deps.settings.attempts}
    attempts = max(old.attempts, *(tries[uid] for uid in unsure)) if unsure else old.attempts
    confirmed, failed = dict(old.confirmed), dict(old.failed)
    final = {
        uid
        for uid, verdict in verdicts.items()
        if verdict.fate in (stow_response.Fate.STORED, stow_response.Fate.FAILED)
    }
    for uid, verdict in verdicts.items():
        if verdict.fate is stow_response.Fate.STORED:
            confirmed[uid] = verdict.reason
            failed.pop(uid, None)
        elif verdict.fate is stow_response.Fate.FAILED or uid in given_up:
            failed[uid] = verdict.reason
            confirmed.pop(uid, None)
    recalled = tuple(uid for uid in old.recalled if uid not in final | given_up)
    tries = {uid: count for uid, count in tries.items() if uid not in final | given_up}
    new = msgspec.structs.replace(
        old, confirmed=confirmed, failed=failed, attempts=attempts, tries=tries, recalled=recalled
    )
    reasons = sorted(set(failed.values()) - {WITHDRAWN})
    waits = sorted(
        {v.reason for v in verdicts.values() if v.fate in (stow_response.Fate.WAIT, stow_response.Fate.RETRY)}
    )
    delay = min(deps.settings.retry_first_s * 2 ** min(attempts, 20), deps.settings.retry_max_s)
    return msgspec.structs.replace(
        new,
        state=_state(new),
        due_at=now + delay if new.waiting and (waits or unsure) else old.due_at,
        reason=", ".join(reasons or waits),
        announce=Announcement.DUE if _has_news(old, new) else old.announce,
        done_at=0.0 if new.waiting else now,
    )


def _has_news(old: Delivery, new: Delivery) -> bool:
    return bool(new.confirmed.keys() - old.confirmed.keys() or new.failed.keys() - old.failed.keys())


def _state(delivery: Delivery) -> DeliveryState:
    if delivery.waiting:
        return DeliveryState.PENDING
    return DeliveryState.FAILED if set(delivery.failed.values()) - {WITHDRAWN} else DeliveryState.DONE
