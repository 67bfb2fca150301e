"""The issuer's keys, over real HTTP: read once, read anew when they change, and not for whoever sends nonsense."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from shared.errors import Unavailable
from shared.web.gateway_token import GATEWAY
from shared.web.identity.actor import Actor, Credential
from shared.web.identity.gate import Verifier
from shared.web.identity.issuer import KEPT_S, RETRY_S, UNKNOWN_S, Issuer
from shared.web.identity.settings import access_settings
from shared.web.identity.token import TokenRefused
from tests.web.identity.provider import Provider, provider, rsa


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def verifying(own: Provider, clock: Clock, **environ: str) -> AsyncIterator[Verifier]:
    settings = access_settings(own.environ(**environ))
    async with aiohttp.ClientSession() as session:
        yield Verifier(settings, Issuer(session, settings, clock))


async def refused(verifier: Verifier, token: str) -> str:
    with pytest.raises(TokenRefused) as refusal:
        await verifier.actor(token)
    return refusal.value.reason


async def test_keys_are_read_once_for_many_requests_at_once() -> None:
    async with provider() as own, verifying(own, Clock()) as verifier:
        actors = await asyncio.gather(*(verifier.actor(own.token(sub=f"u{n}")) for n in range(20)))

    assert {actor.subject for actor in actors} == {f"u{n}" for n in range(20)}
    assert own.asked == 1


async def test_a_new_key_is_read_with_the_first_token_that_names_it() -> None:
    clock = Clock()
    async with provider() as own, verifying(own, clock) as verifier:
        await verifier.actor(own.token())
        own.keys.insert(0, rsa("second"))
        clock.now_s += UNKNOWN_S

        actor = await verifier.actor(own.token(sub="u2"))

    assert (actor.subject, own.asked) == ("u2", 2)


async def test_tokens_with_unknown_keys_do_not_make_us_flood_the_issuer() -> None:
    clock = Clock()
    async with provider() as own, verifying(own, clock) as verifier:
        await verifier.actor(own.token())
        clock.now_s += UNKNOWN_S
        reasons = {await refused(verifier, own.token(key=rsa(f"other{n}"))) for n in range(5)}

    assert (reasons, own.asked) == ({"unknown-key"}, 2)


async def test_a_key_that_the_issuer_took_back_is_not_believed_for_longer_than_keys_are_kept() -> None:
    clock = Clock()
    async with provider() as own, verifying(own, clock, JMID_ACCESS_KEYS_S="60") as verifier:
        stolen = own.token()
        await verifier.actor(stolen)
        own.keys[:] = [rsa("second")]
        clock.now_s += 61

        assert await refused(verifier, stolen) == "unknown-key"


async def test_an_issuer_that_is_away_stops_nobody_for_a_while_and_then_nothing_is_believed() -> None:
    clock = Clock()
    async with provider() as own, verifying(own, clock) as verifier:
        await verifier.actor(own.token())
        own.is_up = False
        clock.now_s += 600
        known = await verifier.actor(own.token(sub="u2"))
        clock.now_s += KEPT_S

        with pytest.raises(Unavailable):
            await verifier.actor(own.token())

    assert isinstance(known, Actor)


async def test_an_issuer_that_was_away_at_the_start_is_asked_again() -> None:
    clock = Clock()
    async with provider() as own, verifying(own, clock) as verifier:
        own.is_up = False
        with pytest.raises(Unavailable):
            await verifier.actor(own.token())
        own.is_up = True
        clock.now_s += RETRY_S

        assert (await verifier.actor(own.token())).subject == "u1"


@pytest.mark.parametrize("issuer", ["https://login.other.example", "http://127.0.0.1"])
async def test_metadata_of_another_issuer_are_not_believed(issuer: str) -> None:
    async with provider() as own, verifying(own, Clock()) as verifier:
        own.issuer = issuer

        with pytest.raises(Unavailable):
            await verifier.actor(own.token())


async def test_a_token_of_our_own_settings_needs_no_issuer() -> None:

    settings = access_settings(Provider(url="http://127.0.0.1:9").environ())
    async with aiohttp.ClientSession() as session:
        verifier = Verifier(
            settings, Issuer(session, settings), [Credential("secret", GATEWAY), Credential("", GATEWAY)]
        )

        assert await verifier.actor("secret") is GATEWAY
        assert await refused(verifier, "secre") == "not-a-signed-token"
        assert await refused(verifier, "") == "not-a-signed-token"
