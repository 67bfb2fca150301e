"""Callers without an identity are bounded by address, and what they do fills no log."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


@asynccontextmanager
async def asking(home: Path, issuer: Provider, **more: str) -> AsyncIterator[aiohttp.ClientSession]:
    environ = issuer.environ(JMID_ACCESS_UNKNOWN_RATE="0.001", JMID_ACCESS_UNKNOWN_BURST="3", **more)
    hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
    async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def session(tmp_path: Path, issuer: Provider) -> AsyncIterator[aiohttp.ClientSession]:
    async with asking(tmp_path, issuer) as opened:
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


FORWARDED = {"JMID_ACCESS_FORWARDED_HEADER": "X-Forwarded-For"}


async def test_behind_a_trusted_proxy_each_caller_is_counted_alone(tmp_path: Path, issuer: Provider) -> None:
    environ = {**FORWARDED, "JMID_ACCESS_TRUSTED_PROXIES": "127.0.0.0/8"}
    async with asking(tmp_path, issuer, **environ) as session:
        first = await statuses(session, PATH, 4, {"X-Forwarded-For": "203.0.113.7"})
        spoofed = await statuses(session, PATH, 1, {"X-Forwarded-For": "192.0.2.1, 203.0.113.7"})
        second = await statuses(session, PATH, 1, {"X-Forwarded-For": "203.0.113.8"})

    assert (first, spoofed, second) == ([401, 401, 401, 429], [429], [401])


@pytest.mark.parametrize("environ", [{}, {**FORWARDED, "JMID_ACCESS_TRUSTED_PROXIES": "192.0.2.0/24"}])
async def test_a_header_of_whoever_calls_makes_nobody_another_caller(
    tmp_path: Path, issuer: Provider, environ: dict[str, str]
) -> None:
    async with asking(tmp_path, issuer, **environ) as session:
        answers = [
            await statuses(session, PATH, 1, dict.fromkeys(("X-Forwarded-For", "X-Real-IP"), f"203.0.113.{n}"))
            + await statuses(session, PATH, 1, {"Forwarded": f"for=203.0.113.{n}"})
            for n in range(2)
        ]

    assert answers == [[401, 401], [401, 429]]


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
