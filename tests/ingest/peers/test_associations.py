"""Who may open one more association."""

import pytest

from services.ingest.peers.associations import Requestor, exceeds_limits
from services.ingest.settings import IngestSettings

PACS, CT, STRANGER = Requestor("10.0.0.1", "PACS"), Requestor("10.0.0.2", "CT1"), Requestor("10.9.9.9", "X")


def settings(**changes: object) -> IngestSettings:
    return IngestSettings(
        **{"max_associations": 6, "max_associations_per_peer": 4, "reserved_associations": 2, **changes}  # type: ignore[arg-type]
    )


def strangers(count: int) -> list[Requestor]:
    return [Requestor("10.9.9.9", f"X{number}") for number in range(count)]


@pytest.mark.parametrize(("present", "expected"), [(3, False), (4, True)])
def test_one_peer_has_no_more_associations_than_its_limit(present: int, expected: bool) -> None:
    assert exceeds_limits(PACS, [PACS] * present, settings()) is expected


def test_two_ae_titles_at_one_host_are_two_peers() -> None:
    assert not exceeds_limits(Requestor(PACS.address, "OTHER"), [PACS] * 4, settings())


@pytest.mark.parametrize("known", ["PACS", "PACS@10.0.0.1"])
def test_strangers_leave_what_is_reserved_to_the_known(known: str) -> None:
    own = settings(known_ae=(known,))

    assert exceeds_limits(STRANGER, strangers(4), own)
    assert not exceeds_limits(PACS, strangers(4), own)
    assert exceeds_limits(PACS, [*strangers(4), PACS, CT], own)


def test_a_known_title_at_another_host_is_a_stranger() -> None:
    assert exceeds_limits(Requestor("10.9.9.9", "PACS"), strangers(4), settings(known_ae=("PACS@10.0.0.1",)))


def test_nothing_is_reserved_while_nobody_is_named() -> None:
    assert not exceeds_limits(STRANGER, strangers(5), settings())
