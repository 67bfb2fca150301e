"""Which tokens are good: signed by the issuer's key, for us, now; whatever else is refused with a reason."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from shared.web.identity.token import (
    Expected,
    Header,
    TokenRefused,
    check_access_token,
    checked_claims,
    choose_key,
    read_header,
)

NOW = 1_800_000_000
EXPECTED = Expected("https://login.example", frozenset({"jmid"}), ("RS256", "PS256", "ES256", "EdDSA"), 60.0)
RSA = RSAKey.generate_key(2048, {"kid": "a"})
GOOD = {"iss": "https://login.example", "aud": ["other", "jmid"], "sub": "u1", "exp": NOW + 300, "iat": NOW}


def signed(key: Key = RSA, algorithm: str = "RS256", claims: dict[str, Any] | None = None, **header: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": "a", **header}, claims or GOOD, key, algorithms=[algorithm])


def checked(token: str, *keys: Key) -> Any:
    key = choose_key(keys or (RSA,), read_header(token, EXPECTED))
    if key is None:
        raise TokenRefused("unknown-key")
    return checked_claims(token, key, EXPECTED, NOW)


def without(name: str, **more: Any) -> dict[str, Any]:
    return {**{key: value for key, value in GOOD.items() if key != name}, **more}


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA, "RS256"),
        (RSA, "PS256"),
        (ECKey.generate_key("P-256", {"kid": "a"}), "ES256"),
        (OKPKey.generate_key("Ed25519", {"kid": "a"}), "EdDSA"),
    ],
)
def test_a_token_that_the_issuer_signed_for_us_is_good(key: Key, algorithm: str) -> None:
    assert checked(signed(key, algorithm), key)["sub"] == "u1"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        (without("iss"), "other-issuer"),
        ({**GOOD, "iss": "https://login.example/"}, "other-issuer"),
        (without("aud"), "other-audience"),
        ({**GOOD, "aud": "jmid-other"}, "other-audience"),
        ({**GOOD, "aud": {"jmid": 1}}, "other-audience"),
        (without("sub"), "no-subject"),
        ({**GOOD, "sub": 7}, "no-subject"),
        (without("exp"), "no-time"),
        ({**GOOD, "exp": True}, "time-wrong"),
        ({**GOOD, "exp": "later"}, "time-wrong"),
        ({**GOOD, "exp": NOW - 60}, "expired"),
        ({**GOOD, "nbf": NOW + 61}, "not-yet-valid"),
        ({**GOOD, "iat": NOW + 61}, "not-yet-valid"),
    ],
)
def test_a_token_for_others_or_for_another_time_is_refused(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenRefused, match=reason):
        checked(signed(claims=claims))


def test_clocks_may_differ_a_little() -> None:
    late, early = {**GOOD, "exp": NOW - 59}, {**GOOD, "nbf": NOW + 60, "iat": NOW + 60}

    assert checked(signed(claims=late))["sub"] == checked(signed(claims=early))["sub"] == "u1"


def encoded(part: dict[str, Any] | bytes) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_token_without_signature_or_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    unsigned = f"{encoded({'alg': 'none', 'kid': 'a'})}.{encoded(GOOD)}."
    text = f"{encoded({'alg': 'HS256', 'kid': 'a'})}.{encoded(GOOD)}"
    confused = f"{text}.{encoded(hmac.digest(RSA.as_pem(private=False), text.encode(), 'sha256'))}"

    for token in (unsigned, confused):
        with pytest.raises(TokenRefused, match="algorithm-not-taken"):
            checked(token)


def test_a_token_that_somebody_changed_is_refused() -> None:
    head, _, signature = signed().split(".")

    with pytest.raises(TokenRefused, match="signature-wrong"):
        checked(f"{head}.{encoded({**GOOD, 'sub': 'u2'})}.{signature}")


def test_a_token_of_another_key_with_the_same_id_is_refused() -> None:
    with pytest.raises(TokenRefused, match="signature-wrong"):
        checked(signed(RSAKey.generate_key(2048, {"kid": "a"})))


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c.d.e", "é.b.c", "bnVsbA.e30.x", f"{'a' * 20_000}.b.c"])
def test_what_is_no_signed_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused, match="not-a-signed-token"):
        checked(token)


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"crit": ["exp"], "exp": 1}])
def test_a_token_of_another_kind_is_refused(header: dict[str, Any]) -> None:
    head = encoded({"alg": "RS256", "kid": "a", **header})

    with pytest.raises(TokenRefused, match="kind-not-taken"):
        checked(".".join([head, *signed().split(".")[1:]]))


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [RSAKey.generate_key(2048, {"kid": "b"})],
        [RSAKey.import_key({**RSA.as_dict(private=False), "use": "enc"})],
        [RSAKey.import_key({**RSA.as_dict(private=False), "alg": "PS256"})],
        [ECKey.generate_key("P-256", {"kid": "a"})],
        [RSA, RSA],
    ],
    ids=["none", "another", "for encryption", "for another algorithm", "of another kind", "two"],
)
def test_a_key_that_cannot_have_signed_is_not_taken(keys: list[Key]) -> None:
    assert choose_key(keys, read_header(signed(), EXPECTED)) is None


def test_a_short_key_is_not_taken() -> None:
    with pytest.warns(UserWarning):
        short = RSAKey.generate_key(1024, {"kid": "a"})

    assert choose_key([short], read_header(signed(), EXPECTED)) is None


def test_a_token_that_names_no_key_is_of_the_only_one() -> None:
    token = jwt.encode({"alg": "RS256"}, GOOD, RSA, algorithms=["RS256"])

    assert checked(token)["sub"] == "u1"
    with pytest.raises(TokenRefused, match="unknown-key"):
        checked(token, RSA, RSAKey.generate_key(2048, {"kid": "b"}))


PLAIN, TYPED = Header("RS256", "a"), Header("RS256", "a", "at+jwt")


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (PLAIN, {}),
        (PLAIN, {"typ": "Bearer", "nonce": "n"}),
        (TYPED, {"nonce": "n", "aud": ["jmid", "portal"]}),
        (PLAIN, {"typ": "Bearer", "aud": ["jmid", "portal"]}),
    ],
)
def test_an_access_token_is_one(header: Header, claims: dict[str, Any]) -> None:
    check_access_token(header, {**GOOD, **claims}, "portal")


@pytest.mark.parametrize("header", [PLAIN, TYPED])
@pytest.mark.parametrize(
    "claims", [{"at_hash": "h"}, {"c_hash": "h"}, {"s_hash": "h"}, *({"typ": kind} for kind in ("ID", "Refresh", 1))]
)
def test_what_is_said_to_be_another_token_is_no_access_token(header: Header, claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused, match="kind-not-taken"):
        check_access_token(header, {**GOOD, **claims}, "portal")


@pytest.mark.parametrize("claims", [{"nonce": "n"}, {"aud": "portal"}, {"aud": ["jmid", "portal"]}])
def test_what_may_be_an_id_token_is_no_access_token(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused, match="kind-not-taken"):
        check_access_token(PLAIN, {**GOOD, **claims}, "portal")
