"""Who may open one more association."""

import pytest

from services.ingest.images.peers import Peer, Rejection, rejection
from services.ingest.settings import IngestSettings

PACS, CT, STRANGER = Peer("10.0.0.1", "PACS"), Peer("10.0.0.2", "CT1"), Peer("10.9.9.9", "X")


def settings(**changes: object) -> IngestSettings:
    return IngestSettings(
        **{"max_associations": 6, "max_associations_per_peer": 4, "reserved_associations": 2, **changes}  # type: ignore[arg-type]
    )


def strangers(count: int) -> list[Peer]:
    return [Peer("10.9.9.9", f"X{number}") for number in range(count)]


@pytest.mark.parametrize(("present", "expected"), [(3, None), (4, Rejection.LIMIT_EXCEEDED)])
def test_one_peer_has_no_more_associations_than_its_limit(present: int, expected: Rejection | None) -> None:
    assert rejection(PACS, [PACS] * present, settings()) is expected


def test_two_ae_titles_at_one_host_are_two_peers() -> None:
    assert rejection(Peer(PACS.address, "OTHER"), [PACS] * 4, settings()) is None


@pytest.mark.parametrize("known", ["PACS", "PACS@10.0.0.1"])
def test_strangers_leave_what_is_reserved_to_the_known(known: str) -> None:
    own = settings(known_ae=(known,))

    assert rejection(STRANGER, strangers(4), own) is Rejection.LIMIT_EXCEEDED
    assert rejection(PACS, strangers(4), own) is None
    assert rejection(PACS, [*strangers(4), PACS, CT], own) is Rejection.LIMIT_EXCEEDED


def test_a_known_title_at_another_host_is_a_stranger() -> None:
    assert rejection(Peer("10.9.9.9", "PACS"), strangers(4), settings(known_ae=("PACS@10.0.0.1",))) is not None


def test_nothing_is_reserved_while_nobody_is_named() -> None:
    assert rejection(STRANGER, strangers(5), settings()) is None


def test_who_is_not_on_the_list_is_rejected_for_good() -> None:
    assert rejection(STRANGER, [], settings(allowed_ae=("PACS",))) is Rejection.NOT_RECOGNISED
