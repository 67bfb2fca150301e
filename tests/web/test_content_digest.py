"""Content-Digest (RFC 9530)."""

import hashlib

import pytest

from shared.web.content_digest import content_digest, sha256_of, wants_sha256

DIGEST = hashlib.sha256(b'{"hello": "world"}').hexdigest()
HEADER = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
"""Both are the example of RFC 9530, section 2."""


def test_the_example_of_the_standard() -> None:
    assert (content_digest(DIGEST), sha256_of(HEADER)) == (HEADER, DIGEST)


@pytest.mark.parametrize("header", [f"sha-512=:AAAA:, {HEADER}", f"SHA-256 = {HEADER[8:]}"])
def test_it_is_found_among_others(header: str) -> None:
    assert sha256_of(header) == DIGEST


@pytest.mark.parametrize("header", ["", "sha-256=X48E", "sha-256=:AAAA:", "sha-256=:%%%:", "md5=:AAAA:"])
def test_what_cannot_be_read_is_none(header: str) -> None:
    assert sha256_of(header) == ""


@pytest.mark.parametrize(
    ("header", "wants"),
    [("sha-256=10", True), ("unixsum=3, SHA-256=1", True), ("sha-256=0", False), ("sha-512=10", False), ("", False)],
)
def test_a_preference_above_0_asks_for_the_digest(header: str, wants: bool) -> None:
    assert wants_sha256(header) is wants
