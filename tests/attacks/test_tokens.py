"""Tokens that are not what they say: whatever is wrong with one, the door is shut and no key is fetched for it."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from services.__main__ import SERVICES
from services.archive.service import SERVICES as ARCHIVE
from shared.runtime.host import Hosting, hosted
from tests.attacks.target import Listener, listener
from tests.web.identity.provider import Provider, provider, rsa

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
DOOR = "/api/cases"
OWN = rsa("attacker")
ROLES: dict[str, Any] = {"roles": ["radiologist"], "sites": ["tokyo"]}


@dataclass
class Site:
    """A process that asks everybody; its issuer; a listener of the attacker's."""

    client: aiohttp.ClientSession
    issuer: Provider
    attacker: Listener

    async def status(self, token: str) -> int:
        async with self.client.get(DOOR, headers={"Authorization": f"Bearer {token}"}) as answer:
            return answer.status


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with provider() as own, listener() as attacker:
        environ = own.environ(JMID_INGEST_DIMSE_PORT="-1", JMID_ACCESS_CLIENT_ID="portal")
        home = tmp_path_factory.mktemp("tokens")
        hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as client:
            yield Site(client, own, attacker)


def encoded(part: dict[str, Any] | bytes) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(site: Site, algorithm: str) -> str:
    return f"{encoded({'alg': algorithm})}.{encoded(site.issuer.claims(**ROLES))}."


def by_public_key(site: Site, pem: Callable[[RSAKey], bytes]) -> str:
    key = site.issuer.keys[0]
    assert isinstance(key, RSAKey)
    text = f"{encoded({'alg': 'HS256', 'kid': key.kid})}.{encoded(site.issuer.claims(**ROLES))}"
    return f"{text}.{encoded(hmac.digest(pem(key), text.encode(), 'sha256'))}"


def by_attacker(site: Site, **header: Any) -> str:
    whole = {"alg": "RS256", "kid": site.issuer.keys[0].kid, **header}
    return jwt.encode(whole, site.issuer.claims(**ROLES), OWN, algorithms=["RS256"])


async def test_a_good_token_opens_the_door_so_that_the_others_say_something(site: Site) -> None:
    assert await site.status(site.issuer.token(**ROLES)) in (200, 503)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
async def test_a_token_without_signature_is_refused(site: Site, algorithm: str) -> None:
    assert await site.status(unsigned(site, algorithm)) == 401


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(site: Site) -> None:
    forms: list[Callable[[RSAKey], bytes]] = [
        lambda key: key.as_pem(private=False),
        lambda key: key.as_pem(private=False).strip(),
        lambda key: key.as_der(private=False),
        lambda key: json.dumps(key.as_dict(private=False)).encode(),
    ]

    assert [await site.status(by_public_key(site, pem)) for pem in forms] == [401] * len(forms)


async def test_a_key_in_the_header_of_a_token_is_not_believed(site: Site) -> None:
    assert await site.status(by_attacker(site, jwk=OWN.as_dict(private=False))) == 401


@pytest.mark.parametrize("name", ["jku", "x5u"])
async def test_an_address_in_the_header_of_a_token_is_not_asked(site: Site, name: str) -> None:
    assert await site.status(by_attacker(site, **{name: site.attacker.url})) == 401
    assert site.attacker.asked == []


@pytest.mark.parametrize(
    "key_id", ["../../../../dev/null", "' OR 1=1 --", "x\0", "http://evil.example/keys", "a" * 5000, 7, None, ["first"]]
)
async def test_the_name_of_a_key_leads_to_no_other_key(site: Site, key_id: object) -> None:
    head = encoded({"alg": "RS256", "kid": key_id})
    _, claims, signature = by_attacker(site).split(".")
    empty = jwt.encode(
        {"alg": "HS256"}, site.issuer.claims(**ROLES), OctKey.import_key(b"\0" * 32), algorithms=["HS256"]
    )

    assert await site.status(f"{head}.{claims}.{signature}") == 401
    assert await site.status(empty) == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another", "jmid2"]},
        {"iss": "https://login.other.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "2099-01-01"},
        {"nbf": 4_000_000_000},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_for_others_or_for_another_time_is_refused(site: Site, claims: dict[str, Any]) -> None:
    assert await site.status(site.issuer.token(**ROLES, **claims)) == 401


async def test_a_token_of_another_realm_of_the_same_server_is_refused(site: Site) -> None:
    other = site.issuer.token(**ROLES, iss=f"{site.issuer.url}/realms/other")
    longer = site.issuer.token(**ROLES, iss=f"{site.issuer.url}/")

    assert [await site.status(token) for token in (other, longer)] == [401, 401]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "portal"},
        {"aud": ["jmid", "portal"]},
        {"nonce": "n"},
        {"at_hash": "h"},
        {"c_hash": "h"},
        {"s_hash": "h"},
        {"typ": "ID"},
        {"typ": "Refresh"},
    ],
    ids=str,
)
async def test_an_id_token_is_no_access_token(site: Site, claims: dict[str, Any]) -> None:
    assert await site.status(site.issuer.token(**ROLES, **claims)) == 401


async def test_without_the_type_of_access_tokens_none_is_taken_where_the_issuer_gives_it(
    tmp_path: Path, site: Site
) -> None:
    environ = site.issuer.environ(JMID_ACCESS_TYPED_TOKENS="true")
    hosting = Hosting(services=ARCHIVE, every=ARCHIVE, home=tmp_path, site="tokyo", environ=environ)
    async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as client:
        statuses = []
        for header in ({}, {"typ": "JWT"}, {"typ": "at+jwt"}, {"typ": "application/AT+JWT"}):
            shown = {"Authorization": f"Bearer {site.issuer.token(header=header, **ROLES)}"}
            async with client.get("/dicom-web/studies", headers=shown) as answer:
                statuses.append(answer.status)

    assert statuses == [401, 401, 200, 200]


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt", "JWE"])
async def test_a_token_of_another_kind_is_refused(site: Site, kind: str) -> None:
    assert await site.status(site.issuer.token(header={"typ": kind}, **ROLES)) == 401


async def test_claims_that_were_changed_after_the_signature_are_refused(site: Site) -> None:
    head, _, signature = site.issuer.token(roles=["site-reader"]).split(".")

    assert await site.status(f"{head}.{encoded(site.issuer.claims(roles=['administrator']))}.{signature}") == 401


async def test_a_token_in_the_url_or_in_a_form_is_not_looked_at(site: Site) -> None:
    token = site.issuer.token(**ROLES)
    async with site.client.get(DOOR, params={"access_token": token}) as asked:
        pass
    async with site.client.post("/api/links", data={"access_token": token}) as posted:
        pass

    assert (asked.status, posted.status) == (401, 401)


@pytest.mark.parametrize("value", ["{token}", "Basic {token}", "Bearer {token}, Bearer {token}", "Bearer\t{token} x"])
async def test_what_is_no_bearer_token_is_nobody(site: Site, value: str) -> None:
    headers = {"Authorization": value.format(token=site.issuer.token(**ROLES))}
    async with site.client.get(DOOR, headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("roles", ["*", ["*"], ["admin"], {"radiologist": True}, ["RADIOLOGIST"], [["radiologist"]]])
async def test_roles_that_are_none_of_ours_give_nothing(site: Site, roles: object) -> None:
    assert await site.status(site.issuer.token(roles=roles)) == 403


async def test_headers_of_a_proxy_make_nobody_somebody(site: Site) -> None:
    names = ("X-Forwarded-User", "X-Remote-User", "X-Auth-Request-User", "X-SSL-Client-Verify", "X-Original-URL")
    async with site.client.get(DOOR, headers=dict.fromkeys(names, "/-/live")) as answer:
        assert answer.status == 401
