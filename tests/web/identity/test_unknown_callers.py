"""Callers without an identity are bounded by address, and what they do fills no log."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from services.archive.service import SERVICES
from shared.runtime.host import Hosting, hosted
from shared.web.told import TELL_S, Told
from tests.web.identity.provider import Provider, provider

PATH = "/dicom-web/studies"


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Provider]:
    async with provider() as own:
        yield own


@pytest_asyncio.fixture
async def session(tmp_path: Path, issuer: Provider) -> AsyncIterator[aiohttp.ClientSession]:
    environ = issuer.environ(JMID_ACCESS_UNKNOWN_RATE="0.001", JMID_ACCESS_UNKNOWN_BURST="3")
    hosting = Hosting(services=SERVICES, every=SERVICES, home=tmp_path, site="tokyo", environ=environ)
    async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as opened:
        yield opened


async def statuses(session: aiohttp.ClientSession, path: str, count: int, headers: dict[str, str]) -> list[int]:
    answers = []
    for _ in range(count):
        async with session.get(path, headers=headers, allow_redirects=False) as answer:
            answers.append(answer.status)
    return answers


async def test_who_shows_nothing_waits_and_nobody_else_does(issuer: Provider, session: aiohttp.ClientSession) -> None:
    nobody = await statuses(session, PATH, 5, {})
    somebody = await statuses(session, PATH, 5, issuer.bearer(roles=["radiologist"]))
    probe = await statuses(session, "/-/live", 5, {})
    begins = await statuses(session, "/-/sign-in", 1, {})

    assert nobody == [401, 401, 401, 429, 429]
    assert (somebody, probe, begins) == ([200] * 5, [200] * 5, [429])


async def test_who_tries_tokens_waits_and_is_one_line_of_the_log(
    session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "jmid"):
        tried = await statuses(session, PATH, 5, {"Authorization": "Bearer nonsense"})

    lines = [each for each in caplog.messages if "token-refused" in each]
    assert tried == [401, 401, 401, 429, 429]
    assert len(lines) <= 2


def test_what_is_told_says_how_often_it_was(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    told = Told(lambda: now)

    with caplog.at_level(logging.INFO, "jmid"):
        for _ in range(3):
            told.tell("token-refused", "expired")
        told.tell("token-refused", "other-issuer")
        now = TELL_S
        told.tell("token-refused", "expired")

    assert [("expired" in each, '"count":3' in each) for each in caplog.messages] == [
        (True, False),
        (False, False),
        (True, True),
    ]
