"""When something may leave."""

import msgspec
import pytest

from services.linker.links.policy import Leave, Policy, ReportFacts, instances_leave, parse, report_leaves
from services.linker.links.states import DeliveryState

FACTS = ReportFacts(
    want="v2|1",
    sent="",
    changed_version=True,
    linked=False,
    retracted=False,
    flagged=False,
    approved=False,
    arrived_at=100.0,
)


def facts(**fields: object) -> ReportFacts:
    return msgspec.structs.replace(FACTS, **fields)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("at_once", Policy("at_once")),
        (" When_Linked ", Policy("when_linked")),
        ("after 24h", Policy("after", 86400)),
        ("after 1.5 hours", Policy("after", 5400)),
        ("after 2 days", Policy("after", 172800)),
    ],
)
def test_a_policy_is_read_from_its_setting(text: str, policy: Policy) -> None:
    assert parse(text) == policy


@pytest.mark.parametrize("text", ["", "later", "after", "after h", "after -1h", "after 1 week"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a policy"):
        parse(text)


def test_instances_leave_at_once_when_linked_or_after_a_time() -> None:
    assert instances_leave(parse("at_once"), arrived_at=100, linked=False) == Leave(DeliveryState.PENDING, 100)
    assert instances_leave(parse("when_linked"), arrived_at=100, linked=False) == Leave(DeliveryState.HELD)
    assert instances_leave(parse("when_linked"), arrived_at=100, linked=True) == Leave(DeliveryState.PENDING, 100)
    assert instances_leave(parse("after 1h"), arrived_at=100, linked=True) == Leave(DeliveryState.PENDING, 3700)


def test_a_report_that_the_centre_has_as_it_is_does_not_go_again() -> None:
    assert report_leaves(parse("at_once"), "send", facts(sent="v2|1")) == Leave(DeliveryState.DONE)


def test_a_report_withdrawn_before_it_left_never_leaves() -> None:
    assert report_leaves(parse("at_once"), "send", facts(retracted=True)) == Leave(DeliveryState.WITHDRAWN)


def test_a_report_withdrawn_after_it_left_is_withdrawn_at_the_centre_at_once() -> None:
    leave = report_leaves(parse("after 24h"), "hold", facts(retracted=True, sent="v1|1", flagged=True))

    assert leave == Leave(DeliveryState.PENDING, 100)


def test_a_flagged_report_waits_for_a_person_only_if_the_site_wants_it() -> None:
    assert report_leaves(parse("at_once"), "hold", facts(flagged=True)) == Leave(DeliveryState.REVIEW)
    assert report_leaves(parse("at_once"), "send", facts(flagged=True)) == Leave(DeliveryState.PENDING, 100)
    assert report_leaves(parse("at_once"), "hold", facts(flagged=True, approved=True)) == Leave(
        DeliveryState.PENDING, 100
    )


def test_a_changed_link_of_a_delivered_version_goes_at_once() -> None:
    leave = report_leaves(parse("when_linked"), "send", facts(sent="v2|", changed_version=False))

    assert leave == Leave(DeliveryState.PENDING, 100)


def test_a_new_version_waits_like_a_new_report() -> None:
    assert report_leaves(parse("when_linked"), "send", facts(sent="v1|1")) == Leave(DeliveryState.HELD)
    assert report_leaves(parse("after 1h"), "send", facts(sent="v1|1")) == Leave(DeliveryState.PENDING, 3700)
