"""What of a Study is still here, what came back, and whether it is what was delivered first. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from services.linker.gateway.recalls.records import Fetch
from services.linker.gateway.records import WITHDRAWN, Delivery
from services.linker.links.states import DeliveryKind, DeliveryState
from shared.events import InstanceRef

FINISHED: Final = (DeliveryState.DONE, DeliveryState.FAILED)
THROUGH, SENT = "through", "sent"
_CAME: Final = (THROUGH, SENT)
NOT_SENT: Final = "not-in-pacs"
NOT_SEEN: Final = "did-not-arrive"
_CHANGED_AT_SOURCE: Final = "changed-in-pacs"
_MADE_OTHERWISE: Final = "de-identified-otherwise"


class Comparison(NamedTuple):
    """What came back, by digest. counts: same, changed, missing and new.  why: why Instances changed, and how many."""

    counts: dict[str, int]
    why: dict[str, int]


def of_images(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Return the deliveries of Instances that have left, or are leaving; not those that ask for a withdrawal."""
    images = (each for each in deliveries if each.kind is DeliveryKind.INSTANCES and not each.withdraws)
    return [each for each in images if each.state is not DeliveryState.HELD]


def held_and_lost(batches: Sequence[Delivery]) -> tuple[list[Delivery], set[str]]:
    """Return the deliveries whose bytes are here, and the Instances of others that none of these has."""
    held = [batch for batch in batches if batch.state is not DeliveryState.RELEASED]
    released = [batch for batch in batches if batch.state is DeliveryState.RELEASED]
    here = {ref.sop_instance_uid for batch in held for ref in batch.instances}
    return held, {uid for batch in released for uid in batch.confirmed} - here


def is_open(fetch: Fetch, lost: int, came_at: float, now: float, settle_s: float) -> bool:
    """Say whether more of a Study may still come.

    lost: Instances that did not come yet.  came_at: when the last batch came; came_at, now: seconds since 1970.
    """
    if not fetch.is_end:
        return True
    if fetch.outcome not in _CAME or lost <= sum(fetch.refused.values()):
        return False
    return 0 <= now - max(fetch.told_at, came_at) < settle_s


def missing(held: Sequence[Delivery], lost: int, fetch: Fetch | None) -> dict[str, int]:
    """Return why Instances did not come back, and how many.

    The reason is the centre's Failure Reason, that of the gateway's own refusal, or what the PACS did. 0111 is what the
    centre answers where the bytes differ from those that it stored the first time.
    """
    reasons = {uid: reason for batch in held for uid, reason in batch.failed.items() if reason != WITHDRAWN}
    stored = {uid for batch in held for uid in batch.confirmed}
    counted = Counter(reason for uid, reason in reasons.items() if uid not in stored)
    for reason, count in sorted((fetch.refused if fetch and lost else {}).items()):
        counted[reason] += min(lost, count)
        lost -= min(lost, count)
    if lost:
        counted[_why_lost(fetch)] += lost
    return {reason: count for reason, count in counted.items() if count}


def _why_lost(fetch: Fetch | None) -> str:
    if fetch is None:
        return "released-at-gateway"
    return {THROUGH: NOT_SENT, SENT: NOT_SEEN}.get(fetch.outcome, fetch.outcome)


def compare(batches: Sequence[Delivery], since: float) -> Comparison:
    """Compare what was made since then with what was delivered before. since: seconds since 1970.

    What is delivered again from here is what it was: the centre compares its bytes with the digest.
    """
    first = _first([batch for batch in batches if batch.arrived_at < since])
    again = _last([batch for batch in batches if batch.arrived_at >= since])
    here = {
        ref.sop_instance_uid
        for batch in batches
        if batch.arrived_at < since and batch.state is not DeliveryState.RELEASED
        for ref in batch.instances
    }
    both = first.keys() & again.keys()
    changed = {uid for uid in both if first[uid][0].sha256 not in ("", again[uid][0].sha256)}
    kept = (first.keys() & here) - again.keys()
    counts = {
        "same": len(both) - len(changed) + len(kept),
        "changed": len(changed),
        "missing": len(first.keys() - again.keys() - kept),
        "new": len(again.keys() - first.keys()),
    }
    made = _made_before(batches, since)
    return Comparison(counts, dict(Counter(_why(first[uid], again[uid], made[uid]) for uid in sorted(changed))))


_Made = tuple[InstanceRef, str]
"""An Instance as it was made, and the profile that it was made by."""


def _first(batches: Sequence[Delivery]) -> Mapping[str, _Made]:
    """Return each Instance that the centre confirmed, as it was made first."""
    ordered = sorted(batches, key=lambda batch: batch.arrived_at, reverse=True)
    return {
        ref.sop_instance_uid: (ref, batch.profile)
        for batch in ordered
        for ref in batch.instances
        if ref.sop_instance_uid in batch.confirmed
    }


def _made_before(batches: Sequence[Delivery], since: float) -> Mapping[str, set[str]]:
    """Return the digests of each Instance that the centre confirmed at one time or another."""
    made = defaultdict[str, set[str]](set)
    for batch in batches:
        for ref in batch.instances if batch.arrived_at < since else ():
            if ref.sop_instance_uid in batch.confirmed:
                made[ref.sop_instance_uid].add(ref.sha256)
    return made


def _last(batches: Sequence[Delivery]) -> Mapping[str, _Made]:
    ordered = sorted(batches, key=lambda batch: batch.arrived_at)
    return {ref.sop_instance_uid: (ref, batch.profile) for batch in ordered for ref in batch.instances}


def _why(first: _Made, again: _Made, made: set[str]) -> str:
    """Return why an Instance changed. The de-identifier knows contents by digest: what it knew did not change."""
    if again[0].earlier_sha256 not in made:
        return _CHANGED_AT_SOURCE
    profiles = first[1], again[1]
    return f"profile {profiles[0]} to {profiles[1]}" if all(profiles) and len({*profiles}) == 2 else _MADE_OTHERWISE
