"""A token of an OpenID Provider that we did not write: discovery, keys and ID Token of oidc-provider-mock (Authlib)."""

import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from oidc_provider_mock import User, run_server_in_thread

from shared import clock
from shared.web.access.words import AccessRole
from shared.web.identity.claims import ClaimReader
from shared.web.identity.gate import Verifier
from shared.web.identity.issuer import Issuer
from shared.web.identity.settings import access_settings
from shared.web.identity.token import Expected, TokenRefused, checked_claims, read_header

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
REDIRECT = "http://localhost/"
CLAIMS = {"roles": ["radiologist"], "sites": ["tokyo"], "preferred_username": "hanako"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    before = set(threading.enumerate())
    with run_server_in_thread(user_claims=[User(sub="u1", claims=CLAIMS)]) as server:
        yield f"http://localhost:{server.server_port}"
    for thread in set(threading.enumerate()) - before:
        thread.join(10)


async def id_token(session: aiohttp.ClientSession, issuer: str, client: str) -> str:
    """Return what the authorization code flow gives for the user."""
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": REDIRECT,
        "scope": "openid profile",
    }
    url = f"{issuer}/oauth2/authorize"
    async with session.post(url, params=query, data={"sub": "u1"}, allow_redirects=False) as answer:
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    async with session.post(f"{issuer}/oauth2/token", data=form, auth=aiohttp.BasicAuth(client, "secret")) as answer:
        return str((await answer.json())["id_token"])


async def test_a_token_of_a_provider_that_is_not_ours_is_read(issuer: str) -> None:
    environ = {"JMID_ACCESS": "oidc", "JMID_ACCESS_ISSUER": issuer, "JMID_ACCESS_AUDIENCE": "jmid"}
    settings = access_settings(environ)
    expected = Expected(issuer, frozenset({"jmid"}), ("RS256",), 60.0)

    async with aiohttp.ClientSession() as session:
        keys = Issuer(session, settings)
        token = await id_token(session, issuer, "jmid")
        key = await keys.key(read_header(token, expected))
        actor = ClaimReader(settings).actor(checked_claims(token, key, expected, clock.now()))
        for client, reason in (("jmid", "kind-not-taken"), ("another", "other-audience")):  # as an access token
            with pytest.raises(TokenRefused, match=reason):
                await Verifier(settings, keys).actor(await id_token(session, issuer, client))

    assert (actor.subject, actor.name, actor.sites) == ("u1", "hanako", frozenset({"tokyo"}))
    assert actor.roles == {AccessRole.RADIOLOGIST}
