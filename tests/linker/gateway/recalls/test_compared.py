"""What of a recalled Study is here, what came back, and whether it is what was delivered first."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.linker.gateway.recalls.compared import compare, is_open, missing, of_images
from services.linker.gateway.recalls.proofs import verdict
from services.linker.gateway.recalls.records import Fetch
from services.linker.gateway.records import Delivery
from services.linker.links.states import DeliveryKind, DeliveryState
from shared.events import InstanceRef, Purpose

BEFORE, ASKED, AFTER = 1.0, 10.0, 20.0


def batch(at: float, digests: Mapping[str, str], **more: object) -> Delivery:
    """Return a delivery of Instances: SOP Instance UID → digest, or digest and what was made of it before."""
    made = {uid: digest.partition("<") for uid, digest in digests.items()}
    refs = tuple(
        InstanceRef(uid, 1, "c", uid, "s", sha256=now, earlier_sha256=earlier)
        for uid, (now, _, earlier) in made.items()
    )
    own: dict[str, Any] = {"confirmed": dict.fromkeys(digests, ""), "state": DeliveryState.DONE, **more}
    named: dict[str, Any] = {
        "id": str(at),
        "kind": DeliveryKind.INSTANCES,
        "site": "a",
        "correlation_id": "",
        "due_at": at,
    }
    return Delivery(arrived_at=at, instances=refs, **named, **own)


def fetch(outcome: str, **more: object) -> Fetch:
    own: dict[str, Any] = {"is_end": True, "told_at": 100.0, **more}
    return Fetch(id="r", study_instance_uid="1", purpose=Purpose.DELIVER, asked_at=ASKED, outcome=outcome, **own)


def test_each_instance_is_compared_with_what_was_delivered_first() -> None:
    first = batch(
        BEFORE, {"1": "a", "2": "b", "3": "c", "4": "d", "5": "e"}, state=DeliveryState.RELEASED, profile="p1"
    )
    again = batch(AFTER, {"1": "a", "2": "x", "3": "y<c", "4": "z<d", "6": "f"}, confirmed={}, profile="p2")

    counts, why = compare([first, again], ASKED)

    assert counts == {"same": 1, "changed": 3, "missing": 1, "new": 1}
    assert why == {"changed-in-pacs": 1, "profile p1 to p2": 2}


def test_the_first_of_several_deliveries_is_what_counts() -> None:
    first = batch(BEFORE, {"1": "a"}, state=DeliveryState.RELEASED)
    second = batch(BEFORE + 1, {"1": "b<a"}, state=DeliveryState.RELEASED)

    counts, why = compare([second, first, batch(AFTER, {"1": "b<a"})], ASKED)

    assert (counts["changed"], why) == (1, {"de-identified-otherwise": 1})


def test_a_second_change_of_the_profile_is_no_change_in_the_pacs() -> None:
    first = batch(BEFORE, {"1": "a"}, state=DeliveryState.RELEASED, profile="p1")
    second = batch(BEFORE + 1, {"1": "b<a"}, state=DeliveryState.RELEASED, profile="p2")

    _, why = compare([first, second, batch(AFTER, {"1": "c<b"}, profile="p3")], ASKED)

    assert why == {"profile p1 to p3": 1}


def test_what_is_delivered_again_from_here_is_the_same() -> None:
    counts, _ = compare([batch(BEFORE, {"1": "a", "2": "b"})], float("inf"))

    assert counts == {"same": 2, "changed": 0, "missing": 0, "new": 0}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, {"released-at-gateway": 3}),
        (fetch("pacs-away"), {"pacs-away": 3}),
        (fetch("through"), {"not-in-pacs": 3}),
        (fetch("sent"), {"did-not-arrive": 3}),
        (fetch("through", refused={"burned-in-text": 2}), {"burned-in-text": 2, "not-in-pacs": 1}),
        (fetch("through", refused={"burned-in-text": 9}), {"burned-in-text": 3}),
    ],
)
def test_each_instance_that_did_not_come_back_has_a_reason(asked: Fetch | None, expected: dict[str, int]) -> None:
    assert missing([], 3, asked) == expected


def test_what_the_centre_does_not_take_has_its_failure_reason() -> None:
    refused = batch(AFTER, {"1": "x", "2": "b"}, confirmed={"2": ""}, failed={"1": "0111"})

    assert missing([refused], 0, fetch("through")) == {"0111": 1}


@pytest.mark.parametrize(
    ("asked", "lost", "now", "expected"),
    [
        (fetch("arrived", is_end=False), 0, 1e9, True),
        (fetch("through"), 1, 101.0, True),
        (fetch("through"), 0, 101.0, False),
        (fetch("through"), 1, 200.0, False),
        (fetch("through", refused={"no-patient-id": 1}), 1, 101.0, False),
        (fetch("not-in-pacs"), 1, 101.0, False),
        (fetch("through"), 1, 99.0, False),  # by a clock that was set back nothing is waited for
    ],
)
def test_a_recall_waits_only_for_what_may_still_come(asked: Fetch, lost: int, now: float, *, expected: bool) -> None:
    assert is_open(asked, lost, came_at=0.0, now=now, settle_s=60.0) is expected


def test_what_never_left_is_no_part_of_a_recall() -> None:
    held = batch(BEFORE, {"1": "a"}, state=DeliveryState.HELD, confirmed={})
    note = batch(BEFORE, {"2": "b"}, withdraws=True)

    assert of_images([held, note]) == []


@pytest.mark.parametrize(
    ("outcome", "instances", "expected"),
    [
        ("found", 3, "in-pacs"),
        ("found", 4, "in-pacs"),
        ("found", 2, "fewer-in-pacs"),
        ("found", 0, "pacs-does-not-count"),
    ]
    + [(word, 0, word) for word in ("not-in-pacs", "pacs-away", "no-pacs", "keys-rotated")],
)
def test_a_pacs_proves_a_study_by_the_number_of_its_instances(outcome: str, instances: int, expected: str) -> None:
    assert verdict(outcome, instances, 3) == expected
