"""Decide when a Study or a report may leave the site. Pure.

``at_once``: as soon as it is de-identified.  ``when_linked``: only when report and Study have found each other.
``after 24h``: so long after it was received, so that a hospital can still correct or withdraw.
"""

import re
from typing import Literal

import msgspec

from services.linker.links.states import DeliveryState

_AFTER = re.compile(r"after\s+(\d+(?:\.\d+)?)\s*(h|hours?|m|minutes?|d|days?)", re.ASCII)
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}

Wait = Literal["at_once", "when_linked", "after"]
Review = Literal["hold", "send"]


class Policy(msgspec.Struct, frozen=True):
    """When something may leave; delay_s counts only for ``after``."""

    wait: Wait
    delay_s: float = 0.0


class Leave(msgspec.Struct, frozen=True):
    """What follows for one delivery. due_at: when it may go, seconds since 1970; 0 where it does not wait for time."""

    state: DeliveryState
    due_at: float = 0.0


class ReportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the decision about a report rests on.

    contested: versions of it are of different patients, and nobody decided which is right.
    want, sent: digest of version and link as they are now and as the centre last confirmed them; empty: never.
    changed_version: the version that is now current is another than the one the centre has.
    """

    want: str
    sent: str
    changed_version: bool
    linked: bool
    retracted: bool
    flagged: bool
    approved: bool
    contested: bool = False
    arrived_at: float


def parse(text: str) -> Policy:
    """Return the policy that a setting names; ValueError if it names none."""
    words = " ".join(text.strip().lower().split())
    if words in ("at_once", "when_linked"):
        return Policy("at_once" if words == "at_once" else "when_linked")
    parts = _AFTER.fullmatch(words)
    if parts is None:
        raise ValueError("not a policy: at_once, when_linked or, for example, after 24h")
    return Policy("after", float(parts[1]) * _SECONDS[parts[2][0]])


def instances_leave(policy: Policy, *, arrived_at: float, linked: bool, at_once: bool = False) -> Leave:
    """Decide about a batch of Instances.

    at_once: it waits for nothing: it asks the centre to withdraw others, or has left before and is recalled.
    """
    if at_once:
        return Leave(DeliveryState.PENDING, arrived_at)
    if policy.wait == "when_linked" and not linked:
        return Leave(DeliveryState.HELD)
    return Leave(DeliveryState.PENDING, arrived_at + policy.delay_s)


def report_leaves(policy: Policy, review: Review, facts: ReportFacts) -> Leave:
    """Decide about a report.

    One that is contested waits for a person, whatever the settings say. A report withdrawn before it left never leaves;
    withdrawn later, the centre hears of it at once. A changed link of a version that the centre already has goes at
    once.
    """
    if facts.contested:
        return Leave(DeliveryState.REVIEW)
    if facts.sent == facts.want:
        return Leave(DeliveryState.DONE)
    if facts.retracted:
        return Leave(DeliveryState.PENDING, facts.arrived_at) if facts.sent else Leave(DeliveryState.WITHDRAWN)
    if facts.sent and not facts.changed_version:
        return Leave(DeliveryState.PENDING, facts.arrived_at)
    if facts.flagged and review == "hold" and not facts.approved:
        return Leave(DeliveryState.REVIEW)
    if policy.wait == "when_linked" and not facts.linked:
        return Leave(DeliveryState.HELD)
    return Leave(DeliveryState.PENDING, facts.arrived_at + policy.delay_s)
