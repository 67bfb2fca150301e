"""Whose address a request has, where proxies stand in front: believed from the right, as far as they are trusted."""

from collections.abc import Sequence

import pytest

from shared.errors import SettingsError
from shared.web.identity.proxies import Proxies
from shared.web.identity.settings import access_settings

TRUSTED = ("10.0.0.0/8", "2001:db8:1::/48")
PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ((), PROXY),
        (("203.0.113.7",), "203.0.113.7"),
        (("198.51.100.1, 203.0.113.7",), "203.0.113.7"),  # the left one is whatever the caller wrote
        (("198.51.100.1", "203.0.113.7, 10.0.0.2"), "203.0.113.7"),  # through two proxies of ours
        (("10.0.0.9, 10.0.0.2",), "10.0.0.9"),  # from inside
        (("::ffff:203.0.113.7",), "203.0.113.7"),
        (("2001:db8:1::5, 10.0.0.2",), "2001:db8:1::5"),
        (("203.0.113.7:4711",), "203.0.113.7"),
        (("203.0.113.7, unknown, 10.0.0.2",), "10.0.0.2"),  # nothing is believed behind what cannot be read
        (("203.0.113.7, ",), PROXY),
        (("127.0.0.1\u0661",), PROXY),
        ((", ".join(["203.0.113.7"] * 1000 + ["10.0.0.2"] * 1000),), "10.0.0.2"),
    ],
)
def test_the_address_is_the_nearest_that_is_no_proxy_of_ours(told: Sequence[str], address: str) -> None:
    assert Proxies(TRUSTED, "X-Forwarded-For").origin(PROXY, told) == address


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ("for=198.51.100.1, For=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
        ('proto=https; for="[2001:db8::17]:4711"', "2001:db8::17"),
        ('for="203.0.113.7:4711", for=10.0.0.2', "203.0.113.7"),
        ("for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("for=203.0.113.7, by=10.0.0.2", PROXY),
        ("203.0.113.7", PROXY),
        ("host=for=203.0.113.7", PROXY),
    ],
)
def test_the_header_of_rfc_7239_is_read(told: str, address: str) -> None:
    assert Proxies(TRUSTED, "Forwarded").origin(PROXY, [told]) == address


@pytest.mark.parametrize(
    ("remote", "is_trusted"),
    [("10.255.0.1", True), ("::ffff:10.0.0.1", True), ("11.0.0.1", False), ("", False), (None, False), ("here", False)],
)
def test_only_what_is_named_is_trusted(remote: str | None, is_trusted: bool) -> None:
    assert Proxies(TRUSTED).trusts(remote) is is_trusted


@pytest.mark.parametrize(
    "environ",
    [
        {"JMID_ACCESS_FORWARDED_HEADER": "X-Forwarded-For"},
        {"JMID_ACCESS_TRUSTED_PROXIES": "10.0.0.0/8"},
        {"JMID_ACCESS_FORWARDED_HEADER": "X-Real-IP", "JMID_ACCESS_TRUSTED_PROXIES": "10.0.0.0/8"},
    ],
)
def test_the_header_and_the_proxies_go_together(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="JMID_ACCESS_"):
        access_settings(environ)
