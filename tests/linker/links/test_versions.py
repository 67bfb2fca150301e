"""Which version of a report holds."""

from itertools import permutations

import msgspec

from services.linker.links.versions import current, instant


class Version(msgspec.Struct, frozen=True):
    sha256: str
    status: str = "final"
    issued: str = ""
    seen_at: float = 0.0


def test_the_version_issued_last_holds_whatever_the_order_of_arrival() -> None:
    versions = [
        Version("a", "preliminary", "2026-04-01T09:00:00+09:00", 30),
        Version("b", "final", "2026-04-01T11:00:00+09:00", 20),
        Version("c", "amended", "2026-04-01T04:00:00Z", 10),
    ]

    assert {current(order).sha256 for order in permutations(versions)} == {"c"}


def test_without_a_time_of_issue_the_one_received_last_holds() -> None:
    assert current([Version("a", seen_at=2), Version("b", seen_at=1)]).sha256 == "a"


def test_of_two_issued_at_the_same_moment_the_more_settled_status_holds() -> None:
    at = "2026-04-01T09:00:00Z"

    assert current([Version("z", "preliminary", at), Version("a", "entered-in-error", at)]).sha256 == "a"


def test_an_instant_is_read_with_and_without_zone_and_nonsense_is_none() -> None:
    assert instant("1970-01-01T09:00:00+09:00") == 0
    assert instant("1970-01-01") == 0
    assert instant("soon") is None
